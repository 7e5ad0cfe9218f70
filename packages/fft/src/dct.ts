// Cosine transforms.
import { concat, stack, type Tensor } from '@thetagrad/core';
import { argumentError, at, checkOptions, last, normalizeAxis, sizeOf } from '@thetagrad/core/backend';
import { checkLength, resize, toReal, type Norm } from './axes.ts';
import { cosineFactors } from './constants.ts';
import { halfLength, inverseTransformReal, rotate, transformReal } from './transform.ts';

export interface DctOptions {
  /**
   * 2: 2 Σⱼ x[j] cos(πk(2j + 1)/(2n)); 3, its inverse up to a factor: x[0] + 2 Σⱼ x[j] cos(πj(2k + 1)/(2n)) over j ≥ 1.
   * Default: 2.
   */
  readonly type?: 2 | 3;
  /** The length: the axis is cut, or padded with zeros. Default: that of the axis. */
  readonly n?: number;
  /**
   * Where the factor 1/(2n) goes: to the inverse, to both so that they are orthogonal, or to the forward one. Default:
   * 'backward'.
   */
  readonly norm?: Norm;
}

/**
 * The discrete cosine transform along an axis (SciPy's `fft.dct`), in O(n log n).
 * @param x real. int32 and bool become float32.
 * @param axis Default: −1.
 * @throws {TypeError} if x is not a tensor, or an option is invalid.
 * @throws {RangeError} if x is a scalar, the axis is out of range, the type is not 2 or 3, or the length is not an integer ≥ 1.
 * @example
 * dct(tensor([1, 2]), -1, { norm: 'ortho' }); // tensor([ 2.1213, -0.7071])
 */
export function dct(x: Tensor, axis = -1, options: DctOptions = {}): Tensor {
  return transformCosine('dct', x, axis, options);
}

/**
 * The inverse of {@link dct} of the same type (SciPy's `fft.idct`).
 * @param x real. int32 and bool become float32.
 * @param axis Default: −1.
 * @throws {TypeError} if x is not a tensor, or an option is invalid.
 * @throws {RangeError} if x is a scalar, the axis is out of range, the type is not 2 or 3, or the length is not an integer ≥ 1.
 * @example
 * idct(dct(tensor([1, 2, 3]))); // tensor([1, 2, 3])
 */
export function idct(x: Tensor, axis = -1, options: DctOptions = {}): Tensor {
  return transformCosine('idct', x, axis, options);
}

function transformCosine(operation: 'dct' | 'idct', x: Tensor, axis: number, options: DctOptions): Tensor {
  checkOptions(operation, options, ['type', 'n', 'norm']);
  const values = toReal(operation, x);
  const axisIndex = normalizeAxis(operation, axis, x.ndim);
  const { type = 2, n = at(x.shape, axisIndex), norm = 'backward' } = options;
  if (type !== 2 && type !== 3) throw argumentError(operation, 'type', '2 or 3', type);
  if (norm !== 'backward' && norm !== 'ortho' && norm !== 'forward') {
    throw argumentError(operation, 'norm', `'backward', 'ortho' or 'forward'`, norm, false);
  }
  checkLength(operation, n, at(x.shape, axisIndex));
  const front = resize(values, axisIndex, n).transpose(0, axisIndex);
  const columns = front.reshape([n, sizeOf(front.shape.slice(1))]);
  // The inverse of a type is the other type, with the factor.
  const isSecond = (type === 2) === (operation === 'dct');
  const isScaled = (norm === 'backward') === (operation === 'idct');
  let result: Tensor;
  if (norm === 'ortho') {
    const [first, others] = [Math.sqrt(1 / (isSecond ? 4 * n : n)), Math.sqrt(1 / (2 * n))];
    result = isSecond ? scaleRows(second(columns, 1), first, others) : third(scaleRows(columns, first, others), 1);
  } else {
    const factor = isScaled ? 1 / (2 * n) : 1;
    result = isSecond ? second(columns, factor) : third(columns, factor);
  }
  return result.reshape(front.shape).transpose(0, axisIndex);
}

/** Multiplies the first row by one factor and the others by another. */
function scaleRows(x: Tensor, first: number, others: number): Tensor {
  return concat([x.slice([[0, 1]]).mul(first), x.slice([[1]]).mul(others)], 0);
}

/**
 * Type 2 along axis 0 of [n, columns], times a factor, by the transform of the even elements followed by the odd ones in
 * reverse (Makhoul 1980). With V its coefficients and w = e^(−πi/(2n)), result k is 2 Re wᵏV[k], and result n − k is −2 Im
 * wᵏV[k].
 */
function second(x: Tensor, factor: number): Tensor {
  const n = at(x.shape, 0);
  const half = halfLength(n);
  const order = concat([x.slice([[null, null, 2]]), x.slice([[1, null, 2]]).flip(0)], 0);
  const rotated = rotate(transformReal(order, 2 * factor), cosineFactors(n, x.dtype), -1, [half, 1]);
  const mirrored = rotated.slice([1, [1, n - half + 1]]).flip(0);
  return concat([rotated.slice([0]), mirrored.neg()], 0);
}

/** Type 3 along axis 0 of [n, columns], times a factor: the steps of {@link second} in reverse. */
function third(x: Tensor, factor: number): Tensor {
  const [n, columns] = [at(x.shape, 0), last(x.shape)];
  const half = halfLength(n);
  const mirrored = x.slice([[n - half + 1]]).flip(0);
  const imaginary = mirrored.neg().pad([
    [1, 0],
    [0, 0],
  ]);
  const spectrum = rotate(stack([x.slice([[0, half]]), imaginary]), cosineFactors(n, x.dtype), 1, [half, 1]);
  const order = inverseTransformReal(spectrum, n, factor);
  const evenCount = Math.ceil(n / 2);
  const [even, odd] = [order.slice([[0, evenCount]]), order.slice([[evenCount]]).flip(0)];
  return stack([even, resize(odd, 0, evenCount)], 1)
    .reshape([2 * evenCount, columns])
    .slice([[0, n]]);
}
