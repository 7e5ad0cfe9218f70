// Dropout as functions of a random key.
import { type Key, random, type Shape, type Tensor } from '@thetagrad/core';
import { argumentError, checkFraction, checkOptions, checkTensor, formatShape, toFloat } from '@thetagrad/core/backend';

export interface DropoutOptions {
  /** The probability with which an element is dropped. Default: 0.5. */
  readonly p?: number;
  /** Whether anything is dropped. Default: true. */
  readonly training?: boolean;
}

/**
 * Sets each element to 0 with probability p, and divides the others by 1 − p, which preserves the expectation (Srivastava et al.,
 * JMLR 2014, inverted). The same key drops the same elements. int32 and bool become float32.
 * @throws {TypeError} if the key is not one, x is not a tensor, or an option is unknown.
 * @throws {RangeError} if p is not between 0 and 1.
 */
export function dropout(key: Key, x: Tensor, options: DropoutOptions = {}): Tensor {
  return drop('dropout', key, x, x.shape, options);
}

/**
 * {@link dropout} of whole channels of sequences (PyTorch's `dropout1d`; Tompson et al., CVPR 2015, section 3.2).
 * @param x [N, C, L] or [C, L]
 * @throws {TypeError} as {@link dropout}.
 * @throws {RangeError} if p is not between 0 and 1, or x has another number of axes.
 */
export function dropout1d(key: Key, x: Tensor, options: DropoutOptions = {}): Tensor {
  return drop('dropout1d', key, x, channelShape('dropout1d', x, 1), options);
}

/**
 * {@link dropout} of whole channels of images (PyTorch's `dropout2d`; Tompson et al., CVPR 2015, section 3.2).
 * @param x [N, C, H, W] or [C, H, W]
 * @throws {TypeError} as {@link dropout}.
 * @throws {RangeError} if p is not between 0 and 1, or x has another number of axes.
 */
export function dropout2d(key: Key, x: Tensor, options: DropoutOptions = {}): Tensor {
  return drop('dropout2d', key, x, channelShape('dropout2d', x, 2), options);
}

/**
 * {@link dropout} of whole channels of volumes (PyTorch's `dropout3d`; Tompson et al., CVPR 2015, section 3.2).
 * @param x [N, C, D, H, W] or [C, D, H, W]
 * @throws {TypeError} as {@link dropout}.
 * @throws {RangeError} if p is not between 0 and 1, or x has another number of axes.
 */
export function dropout3d(key: Key, x: Tensor, options: DropoutOptions = {}): Tensor {
  return drop('dropout3d', key, x, channelShape('dropout3d', x, 3), options);
}

/**
 * Dropout for networks of SELU: elements are set to SELU's limit at −∞ with probability p, and all are scaled and shifted, which
 * preserves mean 0 and variance 1 (Klambauer et al., NeurIPS 2017, "Alpha Dropout"). With p = 1 the result is 0. int32 and bool become
 * float32.
 * @throws {TypeError} as {@link dropout}.
 * @throws {RangeError} if p is not between 0 and 1.
 */
export function alphaDropout(key: Key, x: Tensor, options: DropoutOptions = {}): Tensor {
  return dropToLimit('alphaDropout', key, x, x.shape, options);
}

/**
 * {@link alphaDropout} of whole channels.
 * @param x [N, C, …]
 * @throws {TypeError} as {@link dropout}.
 * @throws {RangeError} if p is not between 0 and 1, or x has fewer than two axes.
 */
export function featureAlphaDropout(key: Key, x: Tensor, options: DropoutOptions = {}): Tensor {
  checkTensor('featureAlphaDropout', x);
  if (x.ndim < 2) throw new RangeError(`featureAlphaDropout: input must be [N, C, …], got ${formatShape(x.shape)}`);
  const shape = x.shape.map((length, axis) => (axis < 2 ? length : 1));
  return dropToLimit('featureAlphaDropout', key, x, shape, options);
}

/** Drops what a mask of a shape that broadcasts to x says. */
function drop(operation: string, key: Key, x: Tensor, shape: Shape, options: DropoutOptions): Tensor {
  const { values, p } = checkDropout(operation, key, x, options);
  if (p === 0) return values;
  const kept = random.bernoulli(key, shape, 1 - p);
  return kept.where(values, 0).mul(p === 1 ? 0 : 1 / (1 - p));
}

/** The limit of SELU at −∞, −scale · alpha. */
const limit = -1.0507009873554805 * 1.6732632423543772;

function dropToLimit(operation: string, key: Key, x: Tensor, shape: Shape, options: DropoutOptions): Tensor {
  const { values, p } = checkDropout(operation, key, x, options);
  if (p === 0) return values;
  const kept = random.bernoulli(key, shape, 1 - p);
  if (p === 1) return kept.where(values, 0);
  const scale = 1 / Math.sqrt((1 - p) * (1 + p * limit * limit));
  return kept
    .where(values, limit)
    .mul(scale)
    .sub(scale * p * limit);
}

function checkDropout(
  operation: string,
  key: Key,
  x: Tensor,
  options: DropoutOptions,
): { readonly values: Tensor; readonly p: number } {
  if (!(key instanceof random.Key))
    throw argumentError(operation, 'key', 'a key, as from random.key(seed)', key, false);
  checkTensor(operation, x);
  checkOptions(operation, options, ['p', 'training']);
  const { p = 0.5, training = true } = options;
  checkFraction(operation, 'p', p);
  return { values: x.astype(toFloat(x.dtype)), p: training ? p : 0 };
}

/** The shape of a mask of whole channels. */
function channelShape(operation: string, x: Tensor, spatial: number): Shape {
  checkTensor(operation, x);
  if (x.ndim !== spatial + 1 && x.ndim !== spatial + 2) {
    const axes = ['L', 'H, W', 'D, H, W'][spatial - 1];
    throw new RangeError(`${operation}: input must be [N, C, ${axes}] or [C, ${axes}], got ${formatShape(x.shape)}`);
  }
  return x.shape.map((length, axis) => (axis < x.ndim - spatial ? length : 1));
}
