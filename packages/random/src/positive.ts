// Distributions of positive numbers that are powers of exponentially or exponentials of normally distributed ones. Results are
// differentiable in the parameters.
import { random, type Key, type Shape, type Tensor, type TensorLike } from '@thetagrad/core';
import { checkOptions } from '@thetagrad/core/backend';
import { finite, positive, prepare, type DTypeOptions } from './arguments.ts';
import { drawWald } from './routines.ts';
import { openUniform } from './uniform.ts';

/** Options of {@link lognormal}. */
export interface LognormalOptions extends DTypeOptions {
  /** The mean of the logarithm: a number or a tensor that broadcasts to the shape. Default: 0. */
  readonly mean?: TensorLike;
  /** The standard deviation of the logarithm, > 0: a number or a tensor that broadcasts to the shape. Default: 1. */
  readonly sigma?: TensorLike;
}

/**
 * Numbers whose logarithm is normally distributed.
 * @param options `mean`, Default: 0; `sigma`, Default: 1; `dtype`, Default: that of the parameters, float32 for numbers.
 * @throws {TypeError} if the key, the shape or an option is of the wrong kind.
 * @throws {RangeError} if a number is out of range, or a tensor does not broadcast to the shape.
 * @example
 * lognormal(random.key(1), [2], { sigma: 0.5 }).shape // [2]
 */
export function lognormal(key: Key, shape: Shape, options: LognormalOptions = {}): Tensor {
  checkOptions('lognormal', options, ['mean', 'sigma', 'dtype']);
  const { mean = 0, sigma = 1 } = options;
  const parameters = { mean: [mean, finite], sigma: [sigma, positive] } as const;
  const { tensors, dtype } = prepare('lognormal', [key, shape], parameters, options.dtype);
  return random.normal(key, shape, { dtype }).mul(tensors[1]!).add(tensors[0]!).exp();
}

/** Options of {@link weibull} and {@link rayleigh}. */
export interface ScaleOptions extends DTypeOptions {
  /** The factor, > 0: a number or a tensor that broadcasts to the shape. Default: 1. */
  readonly scale?: TensorLike;
}

/** Exponentially distributed numbers. */
function unitExponential(key: Key, { shape, dtype }: Tensor): Tensor {
  return openUniform(key, shape, dtype).log().neg();
}

/**
 * Numbers of the Weibull distribution, with the distribution function 1 − e^(−(x/scale)ᵃ).
 * @param a the shape parameter, > 0: a number or a tensor that broadcasts to the shape.
 * @param options `scale`, Default: 1; `dtype`, Default: that of the parameters, float32 for numbers.
 * @throws {TypeError} if the key, the shape, a parameter or an option is of the wrong kind.
 * @throws {RangeError} if a number is out of range, or a tensor does not broadcast to the shape.
 * @example
 * weibull(random.key(1), [2], 1.5).shape // [2]
 */
export function weibull(key: Key, shape: Shape, a: TensorLike, options: ScaleOptions = {}): Tensor {
  checkOptions('weibull', options, ['scale', 'dtype']);
  const { scale = 1, dtype } = options;
  const { tensors } = prepare('weibull', [key, shape], { a: [a, positive], scale: [scale, positive] }, dtype);
  const [power, factor] = tensors as [Tensor, Tensor];
  return unitExponential(key, power).pow(power.reciprocal()).mul(factor);
}

/**
 * Numbers of the Rayleigh distribution, the length of vectors of two normally distributed numbers of standard deviation `scale`.
 * @param options `scale`, Default: 1; `dtype`, Default: that of the scale, float32 for a number.
 * @throws {TypeError} if the key, the shape or an option is of the wrong kind.
 * @throws {RangeError} if the scale is out of range or does not broadcast to the shape.
 * @example
 * rayleigh(random.key(1), [2]).shape // [2]
 */
export function rayleigh(key: Key, shape: Shape, options: ScaleOptions = {}): Tensor {
  checkOptions('rayleigh', options, ['scale', 'dtype']);
  const { scale = 1, dtype } = options;
  const [factor] = prepare('rayleigh', [key, shape], { scale: [scale, positive] }, dtype).tensors as [Tensor];
  return unitExponential(key, factor).mul(2).sqrt().mul(factor);
}

/**
 * Numbers of the Pareto distribution of the second kind (Lomax), with the distribution function 1 − (1 + x)⁻ᵃ, as in NumPy. Add 1 for
 * that of the first kind.
 * @param a the shape parameter, > 0: a number or a tensor that broadcasts to the shape.
 * @param options `dtype`, Default: that of the parameter, float32 for a number.
 * @throws {TypeError} if the key, the shape, the parameter or an option is of the wrong kind.
 * @throws {RangeError} if the parameter is out of range or does not broadcast to the shape.
 * @example
 * pareto(random.key(1), [2], 3).shape // [2]
 */
export function pareto(key: Key, shape: Shape, a: TensorLike, options: DTypeOptions = {}): Tensor {
  checkOptions('pareto', options, ['dtype']);
  const [power] = prepare('pareto', [key, shape], { a: [a, positive] }, options.dtype).tensors as [Tensor];
  return unitExponential(key, power).div(power).expm1();
}

/**
 * Numbers of the Wald distribution, also called inverse Gaussian: with the density √(scale / 2πx³) e^(−scale (x − mean)² / (2 mean² x)).
 * Differentiable in both parameters, by implicit reparameterization.
 * @param mean the mean, > 0: a number or a tensor that broadcasts to the shape.
 * @param scale mean³ over the variance, > 0: a number or a tensor that broadcasts to the shape.
 * @param options `dtype`, Default: that of the parameters, float32 for numbers.
 * @throws {TypeError} if the key, the shape, a parameter or an option is of the wrong kind.
 * @throws {RangeError} if a number is out of range, or a tensor does not broadcast to the shape.
 * @example
 * wald(random.key(1), [2], 3, 2).shape // [2]
 */
export function wald(key: Key, shape: Shape, mean: TensorLike, scale: TensorLike, options: DTypeOptions = {}): Tensor {
  checkOptions('wald', options, ['dtype']);
  const parameters = { mean: [mean, positive], scale: [scale, positive] } as const;
  const [center, spread] = prepare('wald', [key, shape], parameters, options.dtype).tensors as [Tensor, Tensor];
  return drawWald(key, spread.div(center)).mul(center);
}
