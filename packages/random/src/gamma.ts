// The gamma distribution and those that are made of it. Results are differentiable in the parameters, by implicit
// reparameterization.
import { random, type Key, type Shape, type Tensor, type TensorLike } from '@thetagrad/core';
import { argumentError, checkOptions, checkTensor, formatShape } from '@thetagrad/core/backend';
import { positive, prepare, type DTypeOptions, type Parameters } from './arguments.ts';
import { drawLogGamma } from './routines.ts';

/** Checks the arguments of a distribution without options but the dtype, and converts its parameters. */
function parametersOf(
  operation: string,
  drawn: readonly [Key, Shape],
  parameters: Parameters,
  options: DTypeOptions,
): readonly [Tensor, Tensor] {
  checkOptions(operation, options, ['dtype']);
  return prepare(operation, drawn, parameters, options.dtype).tensors as [Tensor, Tensor];
}

/** Options of {@link gamma}. */
export interface GammaOptions extends DTypeOptions {
  /** The factor, > 0: a number or a tensor that broadcasts to the shape. Default: 1. */
  readonly scale?: TensorLike;
}

/**
 * Gamma distributed numbers, with the density xᵃ⁻¹ e⁻ˣ / Γ(a) for scale 1 (Marsaglia and Tsang 2000). The decisions are the same on
 * every backend.
 * @param a the shape parameter, > 0: a number or a tensor that broadcasts to the shape.
 * @param options `scale`, Default: 1; `dtype`, Default: that of the parameters, float32 for numbers.
 * @throws {TypeError} if the key, the shape, a parameter or an option is of the wrong kind.
 * @throws {RangeError} if a number is out of range, or a tensor does not broadcast to the shape.
 * @example
 * gamma(random.key(1), [2, 3], 2.5).shape // [2, 3]
 */
export function gamma(key: Key, shape: Shape, a: TensorLike, options: GammaOptions = {}): Tensor {
  checkOptions('gamma', options, ['scale', 'dtype']);
  const { scale = 1, dtype } = options;
  const parameters = { a: [a, positive], scale: [scale, positive] } as const;
  const { tensors } = prepare('gamma', [key, shape], parameters, dtype);
  const [shapes, factor] = tensors as [Tensor, Tensor];
  return drawLogGamma(key, shapes).exp().mul(factor);
}

/**
 * Numbers of the chi-square distribution.
 * @param df the degrees of freedom, > 0: a number or a tensor that broadcasts to the shape.
 * @param options `dtype`, Default: that of df, float32 for a number.
 * @throws {TypeError} if the key, the shape, df or an option is of the wrong kind.
 * @throws {RangeError} if df is out of range or does not broadcast to the shape.
 * @example
 * chisquare(random.key(1), [4], 3).shape // [4]
 */
export function chisquare(key: Key, shape: Shape, df: TensorLike, options: DTypeOptions = {}): Tensor {
  const [freedom] = parametersOf('chisquare', [key, shape], { df: [df, positive] }, options);
  return drawLogGamma(key, freedom.mul(0.5)).exp().mul(2);
}

/**
 * Numbers of Student's t distribution.
 * @param df the degrees of freedom, > 0: a number or a tensor that broadcasts to the shape.
 * @param options `dtype`, Default: that of df, float32 for a number.
 * @throws {TypeError} if the key, the shape, df or an option is of the wrong kind.
 * @throws {RangeError} if df is out of range or does not broadcast to the shape.
 * @example
 * standardT(random.key(1), [4], 3).shape // [4]
 */
export function standardT(key: Key, shape: Shape, df: TensorLike, options: DTypeOptions = {}): Tensor {
  const [freedom] = parametersOf('standardT', [key, shape], { df: [df, positive] }, options);
  const [forNormal, forGamma] = key.split() as [Key, Key];
  const half = freedom.mul(0.5);
  const scale = half.log().sub(drawLogGamma(forGamma, half)).mul(0.5).exp();
  return random.normal(forNormal, shape, { dtype: freedom.dtype }).mul(scale);
}

/**
 * Numbers of the F distribution: the ratio of two chi-square distributed numbers, each over its degrees of freedom.
 * @param dfnum the degrees of freedom of the numerator, > 0: a number or a tensor that broadcasts to the shape.
 * @param dfden those of the denominator.
 * @param options `dtype`, Default: that of the parameters, float32 for numbers.
 * @throws {TypeError} if the key, the shape, a parameter or an option is of the wrong kind.
 * @throws {RangeError} if a number is out of range, or a tensor does not broadcast to the shape.
 * @example
 * f(random.key(1), [4], 2, 5).shape // [4]
 */
export function f(key: Key, shape: Shape, dfnum: TensorLike, dfden: TensorLike, options: DTypeOptions = {}): Tensor {
  const parameters = { dfnum: [dfnum, positive], dfden: [dfden, positive] } as const;
  const [above, below] = parametersOf('f', [key, shape], parameters, options);
  const [forAbove, forBelow] = key.split() as [Key, Key];
  const logRatio = drawLogGamma(forAbove, above.mul(0.5)).sub(drawLogGamma(forBelow, below.mul(0.5)));
  return logRatio.exp().mul(below).div(above);
}

/**
 * Numbers of the beta distribution, in [0, 1] with the density xᵃ⁻¹ (1 − x)ᵇ⁻¹ / B(a, b). Small parameters do not underflow.
 * @param a a shape parameter, > 0: a number or a tensor that broadcasts to the shape.
 * @param b the other shape parameter.
 * @param options `dtype`, Default: that of the parameters, float32 for numbers.
 * @throws {TypeError} if the key, the shape, a parameter or an option is of the wrong kind.
 * @throws {RangeError} if a number is out of range, or a tensor does not broadcast to the shape.
 * @example
 * beta(random.key(1), [2], 0.5, 0.5).shape // [2]
 */
export function beta(key: Key, shape: Shape, a: TensorLike, b: TensorLike, options: DTypeOptions = {}): Tensor {
  const [first, second] = parametersOf('beta', [key, shape], { a: [a, positive], b: [b, positive] }, options);
  const [forFirst, forSecond] = key.split() as [Key, Key];
  return drawLogGamma(forFirst, first).sub(drawLogGamma(forSecond, second)).sigmoid();
}

/**
 * Vectors of the Dirichlet distribution, along the last axis: nonnegative, of sum 1. Small parameters do not underflow.
 * @param shape the shape of the result, whose last axis is as long as that of alpha.
 * @param alpha parameters > 0, of a shape [..., n] that broadcasts to the shape.
 * @param options `dtype`, Default: that of alpha.
 * @throws {TypeError} if the key, the shape, alpha or an option is of the wrong kind.
 * @throws {RangeError} if alpha is a scalar, or does not broadcast to the shape.
 * @example
 * dirichlet(random.key(1), [4, 3], tensor([1, 1, 2])).shape // [4, 3]
 */
export function dirichlet(key: Key, shape: Shape, alpha: Tensor, options: DTypeOptions = {}): Tensor {
  checkTensor('dirichlet: alpha', alpha);
  const [parameters] = parametersOf('dirichlet', [key, shape], { alpha: [alpha, positive] }, options);
  if (alpha.ndim > 0 && alpha.shape.at(-1) === shape.at(-1)) return drawLogGamma(key, parameters).softmax();
  const got = `of shapes ${formatShape(alpha.shape)} and ${formatShape(shape)}`;
  throw argumentError('dirichlet', 'the last axis of alpha', 'that of the shape', got, true);
}
