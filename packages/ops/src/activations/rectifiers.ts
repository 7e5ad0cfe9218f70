// Activations that are linear for x > 0.
import { random, where, type Key, type Tensor } from '@thetagrad/core';
import { argumentError, at, checkKey, checkOptions, checkTensor, formatShape } from '@thetagrad/core/backend';
import { toFloatTensor } from './floating.ts';

/** Reads the one option of an activation, which must be a finite number. */
function checkNumber<Name extends string>(
  operation: string,
  options: { readonly [N in Name]?: number },
  name: Name,
  fallback: number,
): number {
  checkOptions<{ readonly [N in Name]?: number }>(operation, options, [name]);
  const value = options[name] ?? fallback;
  if (!Number.isFinite(value)) throw argumentError(operation, name, 'a finite number', value);
  return value;
}

export interface LeakyReluOptions {
  /** The slope for x ≤ 0. Default: 0.01. */
  readonly negativeSlope?: number;
}

/**
 * x for x > 0, else negativeSlope · x. int32 and bool become float32. The slope at 0 is `negativeSlope`.
 * @throws {TypeError | RangeError} if `negativeSlope` is not a finite number.
 * @example
 * leakyRelu(tensor([-2, 3]), { negativeSlope: 0.1 }); // tensor([-0.2, 3.0])
 */
export function leakyRelu(x: Tensor, options: LeakyReluOptions = {}): Tensor {
  const values = toFloatTensor('leakyRelu', x);
  const slope = checkNumber('leakyRelu', options, 'negativeSlope', 0.01);
  return values.greater(0).where(values, values.strongMul(slope));
}

/**
 * x for x > 0, else weight · x with a learned weight (He et al. 2015, equation 1). int32 and bool become float32. The slope at 0
 * is the weight.
 * @param weight one number, or one for each index of axis 1 of x.
 * @throws {TypeError} if x or weight is not a tensor.
 * @throws {RangeError} if weight has neither one element nor as many as axis 1 of x.
 * @example
 * prelu(tensor([[-2, -2]]), tensor([0.5, 0.25])); // tensor([[-1.0, -0.5]])
 */
export function prelu(x: Tensor, weight: Tensor): Tensor {
  const values = toFloatTensor('prelu', x);
  checkTensor('prelu: weight', weight);
  const channels = x.ndim < 2 ? 1 : at(x.shape, 1);
  if (weight.ndim > 1 || (weight.size !== 1 && weight.size !== channels)) {
    throw new RangeError(
      `prelu: weight must have shape [] or [${channels}] for x of shape ${formatShape(x.shape)}, got ${formatShape(weight.shape)}`,
    );
  }
  const slopes = weight.size === 1 ? weight.reshape([]) : weight.reshape([channels, ...x.shape.slice(2).map(() => 1)]);
  return where(values.greater(0), values, values.strongMul(slopes));
}

export interface RreluOptions {
  /** The smallest slope for x ≤ 0. Default: 1/8. */
  readonly lower?: number;
  /** The largest slope for x ≤ 0. Default: 1/3. */
  readonly upper?: number;
}

/**
 * x for x > 0, else x times a random slope from `lower` to `upper`, for training (Xu et al. 2015); afterwards, `leakyRelu` with the
 * mean of both takes its place. int32 and bool become float32.
 * @throws {TypeError | RangeError} if a slope is not a finite number, or `lower` is not below `upper`.
 * @example
 * rrelu(random.key(0), tensor([2, 3])); // tensor([2, 3])
 */
export function rrelu(key: Key, x: Tensor, options: RreluOptions = {}): Tensor {
  checkKey('rrelu', key);
  const values = toFloatTensor('rrelu', x);
  checkOptions('rrelu', options, ['lower', 'upper']);
  const { lower = 1 / 8, upper = 1 / 3 } = options;
  if (!Number.isFinite(lower)) throw argumentError('rrelu', 'lower', 'a finite number', lower);
  if (!(upper > lower && upper < Infinity)) throw argumentError('rrelu', 'upper', `a finite number > ${lower}`, upper);
  const slopes = random.uniform(key, x.shape, { low: lower, high: upper, dtype: values.dtype });
  return values.greater(0).where(values, values.mul(slopes));
}

export interface EluOptions {
  /** The magnitude of the limit at −∞. Default: 1. */
  readonly alpha?: number;
}

/**
 * The exponential linear unit: x for x > 0, else alpha · (eˣ − 1) (Clevert et al. 2016, equation 15). int32 and bool become
 * float32. The slope at 0 is alpha.
 * @throws {TypeError | RangeError} if `alpha` is not a finite number.
 * @example
 * elu(tensor([-1, 0, 2])); // tensor([-0.6321, 0.0000, 2.0000])
 */
export function elu(x: Tensor, options: EluOptions = {}): Tensor {
  const values = toFloatTensor('elu', x);
  const alpha = checkNumber('elu', options, 'alpha', 1);
  return values.greater(0).where(values, values.expm1().mul(alpha));
}

/**
 * The continuously differentiable exponential linear unit: x for x > 0, else alpha · (e^(x / alpha) − 1) (Barron 2017). int32
 * and bool become float32.
 * @throws {TypeError | RangeError} if `alpha` is not a finite number other than 0.
 * @example
 * celu(tensor([-1, 0, 2]), { alpha: 0.5 }); // tensor([-0.4323, 0.0000, 2.0000])
 */
export function celu(x: Tensor, options: EluOptions = {}): Tensor {
  const values = toFloatTensor('celu', x);
  const alpha = checkNumber('celu', options, 'alpha', 1);
  if (alpha === 0) throw argumentError('celu', 'alpha', 'other than 0', alpha);
  return values.greater(0).where(values, values.div(alpha).expm1().mul(alpha));
}

export interface SoftplusOptions {
  /** The sharpness of the bend at 0, other than 0. Default: 1. */
  readonly beta?: number;
  /** Where beta · x exceeds it, the result is x. Default: 20. */
  readonly threshold?: number;
}

/**
 * log(1 + e^(beta · x)) / beta, and x where beta · x exceeds the threshold (PyTorch's `softplus`). Core's `softplus` has beta 1 and
 * no threshold. int32 and bool become float32.
 * @throws {TypeError | RangeError} if `beta` is not a finite number other than 0, or `threshold` is not a number.
 * @example
 * softplus(tensor([-1, 0, 15]), { beta: 2 }); // tensor([ 0.0635, 0.3466, 15.0000])
 */
export function softplus(x: Tensor, options: SoftplusOptions = {}): Tensor {
  const values = toFloatTensor('softplus', x);
  checkOptions('softplus', options, ['beta', 'threshold']);
  const { beta = 1, threshold = 20 } = options;
  if (!Number.isFinite(beta) || beta === 0) {
    throw argumentError('softplus', 'beta', 'a finite number other than 0', beta);
  }
  if (typeof threshold !== 'number' || Number.isNaN(threshold)) {
    throw argumentError('softplus', 'threshold', 'a number', threshold);
  }
  const scaled = values.mul(beta);
  return scaled.greater(threshold).where(values, scaled.softplus().div(beta));
}

// The constants for which layers keep mean 0 and variance 1 (Klambauer et al. 2017, equation 14).
const seluScale = 1.0507009873554805;
const seluAlpha = 1.6732632423543772;

/**
 * The scaled exponential linear unit: 1.0507 · elu(x) with alpha 1.6733, which keeps mean 0 and variance 1 (Klambauer et al.
 * 2017). int32 and bool become float32.
 * @example
 * selu(tensor([-1, 0, 1])); // tensor([-1.1113, 0.0000, 1.0507])
 */
export function selu(x: Tensor): Tensor {
  const values = toFloatTensor('selu', x);
  return values.greater(0).where(values.mul(seluScale), values.expm1().mul(seluScale * seluAlpha));
}

export interface HardtanhOptions {
  /** The lower bound. Default: −1. */
  readonly minVal?: number;
  /** The upper bound. Default: 1. */
  readonly maxVal?: number;
}

/**
 * x clamped to [minVal, maxVal]. int32 and bool become float32. Unlike `clip`, the gradient at the bounds is 0.
 * @throws {TypeError | RangeError} if a bound is not a number, or `minVal` exceeds `maxVal`.
 * @example
 * hardtanh(tensor([-2, 0.5, 2])); // tensor([-1.0, 0.5, 1.0])
 */
export function hardtanh(x: Tensor, options: HardtanhOptions = {}): Tensor {
  const values = toFloatTensor('hardtanh', x);
  checkOptions('hardtanh', options, ['minVal', 'maxVal']);
  const { minVal = -1, maxVal = 1 } = options;
  if (typeof minVal !== 'number') throw argumentError('hardtanh', 'minVal', 'a number', minVal);
  if (!(maxVal >= minVal)) throw argumentError('hardtanh', 'maxVal', `a number ≥ ${minVal}`, maxVal);
  return clampInside(values, minVal, maxVal);
}

/** Clamps to [low, high], with gradient 0 at the bounds. */
function clampInside(x: Tensor, low: number, high: number): Tensor {
  return x.lessEqual(low).where(low, x.greaterEqual(high).where(high, x));
}

/**
 * min(max(x, 0), 6). int32 and bool become float32. The gradient at 0 and 6 is 0.
 * @example
 * relu6(tensor([-1, 5, 9])); // tensor([0, 5, 6])
 */
export function relu6(x: Tensor): Tensor {
  return clampInside(toFloatTensor('relu6', x), 0, 6);
}

/**
 * The piecewise linear sigmoid relu6(x + 3) / 6 (Howard et al. 2019). int32 and bool become float32. The gradient at −3 and 3
 * is 0.
 * @example
 * hardsigmoid(tensor([-4, 0, 1.5])); // tensor([0.00, 0.50, 0.75])
 */
export function hardsigmoid(x: Tensor): Tensor {
  return clampInside(toFloatTensor('hardsigmoid', x).add(3), 0, 6).div(6);
}

/**
 * x where it exceeds the threshold, else a value (PyTorch's `threshold`); NaN if x is. bool becomes int32. The gradient at the
 * threshold is 0.
 * @throws {TypeError} if `threshold` or `value` is not a number.
 * @example
 * threshold(tensor([-1, 0.5, 2]), 1, 0); // tensor([0, 0, 2])
 */
export function threshold(x: Tensor, threshold: number, value: number): Tensor {
  checkTensor('threshold', x);
  for (const [name, argument] of Object.entries({ threshold, value })) {
    if (typeof argument !== 'number') throw argumentError('threshold', name, 'a number', argument);
  }
  return x.lessEqual(threshold).where(value, x);
}

export interface ShrinkOptions {
  /** The half-width of the interval around 0 that is mapped to 0. Default: 0.5. */
  readonly lambd?: number;
}

/**
 * x where |x| > lambd, else 0. int32 and bool become float32. The gradient at ±lambd is 0.
 * @throws {TypeError | RangeError} if `lambd` is not a finite number ≥ 0.
 * @example
 * hardshrink(tensor([-1, 0.25, 0.75])); // tensor([-1.00, 0.00, 0.75])
 */
export function hardshrink(x: Tensor, options: ShrinkOptions = {}): Tensor {
  const values = toFloatTensor('hardshrink', x);
  return values.abs().lessEqual(checkWidth('hardshrink', options)).where(0, values);
}

/**
 * x moved by lambd toward 0, and 0 where |x| ≤ lambd: the proximal operator of lambd · |x|. int32 and bool become float32. The
 * gradient at ±lambd is 0.
 * @throws {TypeError | RangeError} if `lambd` is not a finite number ≥ 0.
 * @example
 * softshrink(tensor([-1, 0.25, 0.75])); // tensor([-0.50, 0.00, 0.25])
 */
export function softshrink(x: Tensor, options: ShrinkOptions = {}): Tensor {
  const values = toFloatTensor('softshrink', x);
  const width = checkWidth('softshrink', options);
  return values
    .abs()
    .lessEqual(width)
    .where(0, values.sub(values.sign().mul(width)));
}

function checkWidth(operation: string, options: ShrinkOptions): number {
  const width = checkNumber(operation, options, 'lambd', 0.5);
  if (width < 0) throw argumentError(operation, 'lambd', 'a finite number ≥ 0', width);
  return width;
}
