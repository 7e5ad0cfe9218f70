// Distributions of angles.
import type { Key, Shape, Tensor, TensorLike } from '@thetagrad/core';
import { checkOptions } from '@thetagrad/core/backend';
import { finite, nonnegative, prepare, type DTypeOptions } from './arguments.ts';
import { drawVonMises } from './routines.ts';

/**
 * Angles of the von Mises distribution, in [−π, π] with a density proportional to e^(kappa cos(x − mu)). They are differentiable in
 * mu and, by implicit reparameterization, in kappa.
 * @param mu the mean direction: a number or a tensor that broadcasts to the shape.
 * @param kappa the concentration, ≥ 0: a number or a tensor that broadcasts to the shape. 0 is the uniform distribution.
 * @param options `dtype`, Default: that of the parameters, float32 for numbers.
 * @throws {TypeError} if the key, the shape, a parameter or an option is of the wrong kind.
 * @throws {RangeError} if a number is out of range, or a tensor does not broadcast to the shape.
 * @example
 * vonmises(random.key(1), [100], 0, 4).abs().lessEqual(Math.PI).all() // tensor(true, bool)
 */
export function vonmises(
  key: Key,
  shape: Shape,
  mu: TensorLike,
  kappa: TensorLike,
  options: DTypeOptions = {},
): Tensor {
  checkOptions('vonmises', options, ['dtype']);
  const parameters = { mu: [mu, finite], kappa: [kappa, nonnegative] } as const;
  const { tensors } = prepare('vonmises', [key, shape], parameters, options.dtype);
  const [direction, concentration] = tensors as [Tensor, Tensor];
  const angle = direction.add(drawVonMises(key, concentration));
  const turns = angle.mul(0.5 / Math.PI).round();
  return angle.sub(turns.mul(2 * Math.PI)).clip(-Math.PI, Math.PI);
}
