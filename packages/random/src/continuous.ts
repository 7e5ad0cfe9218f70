// Continuous distributions by the inverses of their distribution functions. Results are differentiable in the parameters.
import type { Key, Shape, Tensor, TensorLike } from '@thetagrad/core';
import { argumentError, checkOptions } from '@thetagrad/core/backend';
import { ndtr, ndtri } from '@thetagrad/special';
import { finite, positive, prepare, type DTypeOptions, type LocationOptions } from './arguments.ts';
import { openUniform } from './uniform.ts';

/** loc + scale · f(uniform numbers in (0, 1)). */
function scaled(
  operation: string,
  [key, shape]: readonly [Key, Shape],
  options: LocationOptions,
  f: (uniform: Tensor) => Tensor,
): Tensor {
  checkOptions(operation, options, ['loc', 'scale', 'dtype']);
  const { loc = 0, scale = 1 } = options;
  const parameters = { loc: [loc, finite], scale: [scale, positive] } as const;
  const { tensors, dtype } = prepare(operation, [key, shape], parameters, options.dtype);
  const [shift, factor] = tensors as [Tensor, Tensor];
  return f(openUniform(key, shape, dtype))
    .mul(factor)
    .add(shift);
}

/** Options of {@link exponential}. */
export interface ExponentialOptions extends DTypeOptions {
  /** The mean, > 0: a number or a tensor that broadcasts to the shape. Default: 1. */
  readonly scale?: TensorLike;
}

/**
 * Exponentially distributed numbers of mean `scale`, with the density e^(−x/scale) / scale for x ≥ 0.
 * @param options `scale`, Default: 1; `dtype`, Default: that of the parameters, float32 for numbers.
 * @throws {TypeError} if the key, the shape or an option is of the wrong kind.
 * @throws {RangeError} if a number is out of range, or a tensor does not broadcast to the shape.
 * @example
 * exponential(random.key(1), [2], { scale: 2 }).shape // [2]
 */
export function exponential(key: Key, shape: Shape, options: ExponentialOptions = {}): Tensor {
  checkOptions('exponential', options, ['scale', 'dtype']);
  return scaled('exponential', [key, shape], options, (u) => u.log().neg());
}

/**
 * Numbers of the standard Gumbel distribution, shifted and scaled: with the distribution function e^(−e^(−x)).
 * @param options `loc`, Default: 0; `scale`, Default: 1; `dtype`, Default: that of the parameters, float32 for numbers.
 * @throws {TypeError} if the key, the shape or an option is of the wrong kind.
 * @throws {RangeError} if a number is out of range, or a tensor does not broadcast to the shape.
 * @example
 * gumbel(random.key(1), [2, 3]).shape // [2, 3]
 */
export function gumbel(key: Key, shape: Shape, options: LocationOptions = {}): Tensor {
  return scaled('gumbel', [key, shape], options, (u) => u.log().neg().log().neg());
}

/**
 * Numbers of the Laplace distribution, with the density e^(−|x − loc|/scale) / (2 scale).
 * @param options `loc`, Default: 0; `scale`, Default: 1; `dtype`, Default: that of the parameters, float32 for numbers.
 * @throws {TypeError} if the key, the shape or an option is of the wrong kind.
 * @throws {RangeError} if a number is out of range, or a tensor does not broadcast to the shape.
 * @example
 * laplace(random.key(1), [2], { loc: 1 }).dtype // "float32"
 */
export function laplace(key: Key, shape: Shape, options: LocationOptions = {}): Tensor {
  return scaled('laplace', [key, shape], options, (u) => {
    const centered = u.sub(0.5);
    return centered.sign().mul(centered.abs().mul(-2).log1p()).neg();
  });
}

/**
 * Numbers of the logistic distribution, with the distribution function 1 / (1 + e^(−(x − loc)/scale)).
 * @param options `loc`, Default: 0; `scale`, Default: 1; `dtype`, Default: that of the parameters, float32 for numbers.
 * @throws {TypeError} if the key, the shape or an option is of the wrong kind.
 * @throws {RangeError} if a number is out of range, or a tensor does not broadcast to the shape.
 * @example
 * logistic(random.key(1), [], { dtype: 'float64' }).dtype // "float64"
 */
export function logistic(key: Key, shape: Shape, options: LocationOptions = {}): Tensor {
  return scaled('logistic', [key, shape], options, (u) => u.log().sub(u.neg().log1p()));
}

/**
 * Numbers of the Cauchy distribution, with the density 1 / (π scale (1 + ((x − loc)/scale)²)).
 * @param options `loc`, Default: 0; `scale`, Default: 1; `dtype`, Default: that of the parameters, float32 for numbers.
 * @throws {TypeError} if the key, the shape or an option is of the wrong kind.
 * @throws {RangeError} if a number is out of range, or a tensor does not broadcast to the shape.
 * @example
 * cauchy(random.key(1), [3]).shape // [3]
 */
export function cauchy(key: Key, shape: Shape, options: LocationOptions = {}): Tensor {
  return scaled('cauchy', [key, shape], options, (u) => u.sub(0.5).mul(Math.PI).tan());
}

/**
 * Numbers of the triangular distribution, whose density rises from left to mode and falls to right, each linearly.
 * @param left the lower limit: a number or a tensor that broadcasts to the shape.
 * @param mode where the density is largest, from left to right.
 * @param right the upper limit.
 * @param options `dtype`, Default: that of the parameters, float32 for numbers.
 * @throws {TypeError} if the key, the shape, a parameter or an option is of the wrong kind.
 * @throws {RangeError} if numbers are not in order, left is not less than right, or a tensor does not broadcast to the shape.
 * @example
 * triangular(random.key(1), [100], 0, 1, 3).less(3).all() // tensor(true, bool)
 */
export function triangular(
  key: Key,
  shape: Shape,
  left: TensorLike,
  mode: TensorLike,
  right: TensorLike,
  options: DTypeOptions = {},
): Tensor {
  checkOptions('triangular', options, ['dtype']);
  const parameters = { left: [left, finite], mode: [mode, finite], right: [right, finite] } as const;
  const { tensors, dtype } = prepare('triangular', [key, shape], parameters, options.dtype);
  const numbers = [left, mode, right].map((value) => (typeof value === 'number' ? value : NaN));
  const [from, peak, to] = numbers as [number, number, number];
  if (from > peak || peak > to || from >= to) {
    throw argumentError('triangular', '[left, mode, right]', 'ascending, with left < right', [left, mode, right], true);
  }
  const [low, top, high] = tensors as [Tensor, Tensor, Tensor];
  const [width, rise, fall] = [high.sub(low), top.sub(low), high.sub(top)];
  const u = openUniform(key, shape, dtype);
  const isRising = u.mul(width).less(rise);
  return isRising.where(
    low.add(u.mul(width).sqrt().mul(rise.sqrt())),
    high.sub(u.neg().add(1).mul(width).sqrt().mul(fall.sqrt())),
  );
}

/** Options of {@link truncatedNormal}. */
export interface TruncatedNormalOptions extends DTypeOptions {
  /** The mean before truncation: a number or a tensor that broadcasts to the shape. Default: 0. */
  readonly mean?: TensorLike;
  /** The standard deviation before truncation, > 0: a number or a tensor that broadcasts to the shape. Default: 1. */
  readonly std?: TensorLike;
}

/** A bound of an interval, which may be infinite. */
const bound = { text: 'a number', test: (x: number) => !Number.isNaN(x) };

/**
 * Normally distributed numbers between two bounds, by the quantile function. Bounds beyond twelve standard deviations from the mean,
 * both on one side, are too far for float32.
 * @param low the lower bound of results: a number, −∞ too, or a tensor that broadcasts to the shape.
 * @param high the upper bound.
 * @param options `mean`, Default: 0; `std`, Default: 1; `dtype`, Default: that of the parameters, float32 for numbers.
 * @throws {TypeError} if the key, the shape, a bound or an option is of the wrong kind.
 * @throws {RangeError} if a number is out of range, low ≥ high, or a tensor does not broadcast to the shape.
 * @example
 * truncatedNormal(random.key(1), [100], -2, 2).abs().lessEqual(2).all() // tensor(true, bool)
 */
export function truncatedNormal(
  key: Key,
  shape: Shape,
  low: TensorLike,
  high: TensorLike,
  options: TruncatedNormalOptions = {},
): Tensor {
  checkOptions('truncatedNormal', options, ['mean', 'std', 'dtype']);
  const { mean = 0, std = 1 } = options;
  const parameters = { low: [low, bound], high: [high, bound], mean: [mean, finite], std: [std, positive] } as const;
  const { tensors, dtype } = prepare('truncatedNormal', [key, shape], parameters, options.dtype);
  if (typeof low === 'number' && typeof high === 'number' && low >= high) {
    throw new RangeError(`truncatedNormal: low must be less than high, got ${low} and ${high}`);
  }
  const [from, to, center, width] = tensors as [Tensor, Tensor, Tensor, Tensor];
  const [a, b] = [from.sub(center).div(width), to.sub(center).div(width)];
  // In the lower tail, where probabilities are not rounded to 1: an interval above the mean is mirrored.
  const isUpper = a.greater(0);
  const [start, end] = [ndtr(isUpper.where(b.neg(), a)), ndtr(isUpper.where(a.neg(), b))];
  const u = openUniform(key, shape, dtype);
  const quantile = ndtri(start.add(u.mul(end.sub(start))));
  return isUpper.where(quantile.neg(), quantile).mul(width).add(center).clip(from, to);
}
