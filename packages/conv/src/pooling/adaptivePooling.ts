import { tensor, type Tensor } from '@thetagrad/core';
import { areNumbers, argumentError, at, checkTensor, toFloat } from '@thetagrad/core/backend';
import { eachAxis, type Rank, toBatch } from '../windows.ts';
import { sumWindows } from './avgPooling.ts';
import { findInSpans, searchAxes } from './maxIndices.ts';
import { type MaxPool, takeMaxima } from './maxPooling.ts';
import { checkNotEmpty } from './windows.ts';

interface OutputSizes {
  1: readonly [length: number | null];
  2: readonly [height: number | null, width: number | null];
  3: readonly [depth: number | null, height: number | null, width: number | null];
}

/** The number of windows: one number for all spatial axes, or one for each, where `null` keeps the length. */
export type OutputSize<R extends Rank> = number | OutputSizes[R];

/**
 * Average pooling of signals [N, C, L] or [C, L] into `outputSize` windows (PyTorch's `adaptive_avg_pool1d`), of which number i
 * covers ⌊i·L / size⌋ to ⌈(i + 1)·L / size⌉. With size 1 this is global average pooling. int32 and bool become float32.
 * @throws {TypeError} if x is not a tensor.
 * @throws {RangeError} if x has another rank, an axis is empty, or a size is not an integer ≥ 1.
 * @example
 * adaptiveAvgPool1d(tensor([[1, 2, 3, 4, 6]]), 2); // tensor([[2.0000, 4.3333]])
 */
export function adaptiveAvgPool1d(x: Tensor, outputSize: OutputSize<1>): Tensor {
  return adaptiveAvgPool('adaptiveAvgPool1d', 1, x, outputSize);
}

/**
 * Average pooling of images [N, C, H, W] or [C, H, W] into `outputSize` windows (PyTorch's `adaptive_avg_pool2d`), of which
 * number i covers ⌊i·H / size⌋ to ⌈(i + 1)·H / size⌉, and the same for W. With size 1 this is global average pooling. int32 and
 * bool become float32.
 * @throws {TypeError} if x is not a tensor.
 * @throws {RangeError} if x has another rank, an axis is empty, or a size is not an integer ≥ 1.
 * @example
 * adaptiveAvgPool2d(tensor([[[1, 2], [3, 4]]]), 1); // tensor([[[2.5]]])
 * adaptiveAvgPool2d(tensor([[[1, 2], [3, 4]]]), [1, null]); // tensor([[[2, 3]]])
 */
export function adaptiveAvgPool2d(x: Tensor, outputSize: OutputSize<2>): Tensor {
  return adaptiveAvgPool('adaptiveAvgPool2d', 2, x, outputSize);
}

/**
 * Average pooling of volumes [N, C, D, H, W] or [C, D, H, W] into `outputSize` windows (PyTorch's `adaptive_avg_pool3d`), of
 * which number i covers ⌊i·D / size⌋ to ⌈(i + 1)·D / size⌉, and the same for H and W. With size 1 this is global average
 * pooling. int32 and bool become float32.
 * @throws {TypeError} if x is not a tensor.
 * @throws {RangeError} if x has another rank, an axis is empty, or a size is not an integer ≥ 1.
 * @example
 * adaptiveAvgPool3d(arange(8).reshape([1, 2, 2, 2]), 1); // tensor([[[[3.5]]]])
 */
export function adaptiveAvgPool3d(x: Tensor, outputSize: OutputSize<3>): Tensor {
  return adaptiveAvgPool('adaptiveAvgPool3d', 3, x, outputSize);
}

/**
 * Max pooling of signals [N, C, L] or [C, L] into `outputSize` windows (PyTorch's `adaptive_max_pool1d`), those of
 * {@link adaptiveAvgPool1d}. With size 1 this is global max pooling. At a tie the gradient goes to the first.
 * @throws {TypeError} if x is not a tensor.
 * @throws {RangeError} if x has another rank, an axis is empty, or a size is not an integer ≥ 1.
 * @example
 * adaptiveMaxPool1d(tensor([[1, 2, 9, 4, 6]]), 2); // tensor([[9, 9]])
 */
export function adaptiveMaxPool1d(x: Tensor, outputSize: OutputSize<1>): Tensor {
  return adaptiveMaxPool('adaptiveMaxPool1d', 1, x, outputSize).values;
}

/**
 * Max pooling of images [N, C, H, W] or [C, H, W] into `outputSize` windows (PyTorch's `adaptive_max_pool2d`), those of
 * {@link adaptiveAvgPool2d}. With size 1 this is global max pooling. At a tie the gradient goes to the first in row-major
 * order.
 * @throws {TypeError} if x is not a tensor.
 * @throws {RangeError} if x has another rank, an axis is empty, or a size is not an integer ≥ 1.
 * @example
 * adaptiveMaxPool2d(tensor([[[1, 2], [3, 4]]]), [2, 1]); // tensor([[[2], [4]]])
 */
export function adaptiveMaxPool2d(x: Tensor, outputSize: OutputSize<2>): Tensor {
  return adaptiveMaxPool('adaptiveMaxPool2d', 2, x, outputSize).values;
}

/**
 * Max pooling of volumes [N, C, D, H, W] or [C, D, H, W] into `outputSize` windows (PyTorch's `adaptive_max_pool3d`), those of
 * {@link adaptiveAvgPool3d}. With size 1 this is global max pooling. At a tie the gradient goes to the first in row-major
 * order.
 * @throws {TypeError} if x is not a tensor.
 * @throws {RangeError} if x has another rank, an axis is empty, or a size is not an integer ≥ 1.
 * @example
 * adaptiveMaxPool3d(arange(8).reshape([1, 2, 2, 2]), 1); // tensor([[[[7]]]], int32)
 */
export function adaptiveMaxPool3d(x: Tensor, outputSize: OutputSize<3>): Tensor {
  return adaptiveMaxPool('adaptiveMaxPool3d', 3, x, outputSize).values;
}

/**
 * {@link adaptiveMaxPool1d}, also with the indices of the maxima.
 * @throws {TypeError} if x is not a tensor.
 * @throws {RangeError} if x has another rank, an axis is empty, or a size is not an integer ≥ 1.
 * @example
 * adaptiveMaxPool1dWithIndices(tensor([[1, 2, 9, 4, 6]]), 2); // { values: tensor([[9, 9]]), indices: tensor([[2, 2]], int32) }
 */
export function adaptiveMaxPool1dWithIndices(x: Tensor, outputSize: OutputSize<1>): MaxPool {
  return adaptiveMaxPool('adaptiveMaxPool1dWithIndices', 1, x, outputSize);
}

/**
 * {@link adaptiveMaxPool2d}, also with the indices of the maxima.
 * @throws {TypeError} if x is not a tensor.
 * @throws {RangeError} if x has another rank, an axis is empty, or a size is not an integer ≥ 1.
 * @example
 * adaptiveMaxPool2dWithIndices(tensor([[[1, 2], [4, 3]]]), 1); // { values: tensor([[[4]]]), indices: tensor([[[2]]], int32) }
 */
export function adaptiveMaxPool2dWithIndices(x: Tensor, outputSize: OutputSize<2>): MaxPool {
  return adaptiveMaxPool('adaptiveMaxPool2dWithIndices', 2, x, outputSize);
}

/**
 * {@link adaptiveMaxPool3d}, also with the indices of the maxima.
 * @throws {TypeError} if x is not a tensor.
 * @throws {RangeError} if x has another rank, an axis is empty, or a size is not an integer ≥ 1.
 * @example
 * adaptiveMaxPool3dWithIndices(arange(8).reshape([1, 2, 2, 2]), 1).indices; // tensor([[[[7]]]], int32)
 */
export function adaptiveMaxPool3dWithIndices(x: Tensor, outputSize: OutputSize<3>): MaxPool {
  return adaptiveMaxPool('adaptiveMaxPool3dWithIndices', 3, x, outputSize);
}

/** Where windows along an axis begin and end. */
interface Spans {
  readonly starts: readonly number[];
  readonly ends: readonly number[];
}

function spansOf(length: number, count: number): Spans {
  const windows = Array.from({ length: count }, (_, window) => window);
  return {
    starts: windows.map((window) => Math.floor((window * length) / count)),
    ends: windows.map((window) => Math.ceil(((window + 1) * length) / count)),
  };
}

function adaptiveAvgPool(operation: string, rank: Rank, x: Tensor, outputSize: unknown): Tensor {
  const counts = parseOutputSize(operation, rank, x, outputSize);
  const { images, restore } = toBatch(operation, x, rank);
  const lengths = x.shape.slice(-rank);
  const values = images.astype(toFloat(x.dtype));
  if (counts.every((count) => count === 1)) {
    return restore(
      values.mean(
        eachAxis(rank, (axis) => 2 + axis),
        { keepdims: true },
      ),
    );
  }
  if (counts.every((count, axis) => at(lengths, axis) % count === 0)) {
    const kernelSize = counts.map((count, axis) => at(lengths, axis) / count);
    const zeros = counts.map(() => 0);
    const dilation = counts.map(() => 1);
    const sums = sumWindows(values, { kernelSize, stride: kernelSize, dilation, counts, before: zeros, after: zeros });
    return restore(sums.div(kernelSize.reduce((product, size) => product * size, 1)));
  }
  return restore(counts.reduce((means, count, axis) => averageAxis(means, 2 + axis, count), values));
}

/** Averages windows along an axis. */
function averageAxis(x: Tensor, axis: number, count: number): Tensor {
  const length = at(x.shape, axis);
  if (count === length) return x;
  const { starts, ends } = spansOf(length, count);
  const sizes = starts.map((start, window) => at(ends, window) - start);
  const size = Math.max(...sizes);
  const offsets = Array.from({ length: size }, (_, i) => i);
  const positions = starts.map((start) => offsets.map((i) => Math.min(start + i, length - 1)));
  const isInside = sizes.map((size) => offsets.map((i) => i < size));
  const rest = x.shape.slice(axis + 1).map(() => 1);
  const elements = x.take(tensor(positions, { dtype: 'int32' }), axis);
  const mask = tensor(isInside).reshape([count, size, ...rest]);
  return mask
    .where(elements, 0)
    .sum(axis + 1)
    .div(tensor(sizes, { dtype: x.dtype }).reshape([count, ...rest]));
}

function adaptiveMaxPool(operation: string, rank: Rank, x: Tensor, outputSize: unknown): MaxPool {
  const counts = parseOutputSize(operation, rank, x, outputSize);
  const { images, restore } = toBatch(operation, x, rank);
  const find = searchAxes(rank, (axis) => {
    const { starts, ends } = spansOf(at(images.shape, 2 + axis), at(counts, axis));
    return findInSpans(starts, ends);
  });
  const { values, indices } = takeMaxima(images, find, counts);
  return { values: restore(values), indices: restore(indices) };
}

function parseOutputSize(operation: string, rank: Rank, x: Tensor, outputSize: unknown): readonly number[] {
  checkTensor(operation, x);
  toBatch(operation, x, rank);
  checkNotEmpty(operation, x, rank);
  const given: unknown = typeof outputSize === 'number' ? eachAxis(rank, () => outputSize) : outputSize;
  const sizes: unknown = Array.isArray(given)
    ? given.map((size: unknown, axis) => size ?? x.shape[x.ndim - rank + axis])
    : given;
  if (areNumbers(sizes) && sizes.length === rank && sizes.every((size) => Number.isInteger(size) && size >= 1)) {
    return sizes;
  }
  const expected = `an integer ≥ 1 or an array of ${rank}, one or null for each axis`;
  throw argumentError(operation, 'outputSize', expected, outputSize, areNumbers(sizes));
}
