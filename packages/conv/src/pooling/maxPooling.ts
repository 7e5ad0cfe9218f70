import { stopGradient, type Tensor } from '@thetagrad/core';
import { argumentError, at, dilate } from '@thetagrad/core/backend';
import { type Padding, type Rank, type Size, toBatch } from '../windows.ts';
import { type FindMaxima, firstInside, padWithLowest, searchWindows } from './maxIndices.ts';
import { parseWindows, type PoolOptions, type Windows } from './windows.ts';

/** Options of max pooling. */
export interface MaxPoolOptions<R extends Rank> extends PoolOptions<R> {
  /** Padding around the images, which counts as −∞ (−2³¹ for int32, false for bool). Default: 0. */
  readonly padding?: Padding<R>;
  /** The step between elements of a window. Default: 1. */
  readonly dilation?: Size<R>;
}

/** Maxima, and where they are. */
export interface MaxPool {
  /** The largest element of each window. */
  readonly values: Tensor;
  /** int32: the row-major index of each within the spatial axes of its channel. */
  readonly indices: Tensor;
}

/**
 * Max pooling of signals [N, C, L] or [C, L] (PyTorch's `max_pool1d`). The result has x's dtype and is [N, C, L′] or [C, L′],
 * where L′ = ⌊(L + before + after − dilation·(kernel − 1) − 1) / stride⌋ + 1. At a tie the gradient goes to the first.
 * @throws {TypeError} if x is not a tensor.
 * @throws {RangeError} if x has another rank, an option is out of range, or the window exceeds the padded signals.
 * @example
 * maxPool1d(tensor([[1, 5, 2, 3]]), { kernelSize: 2 }); // tensor([[5, 3]])
 */
export function maxPool1d(x: Tensor, options: MaxPoolOptions<1>): Tensor {
  return maxPool('maxPool1d', 1, x, options);
}

/**
 * Max pooling of images [N, C, H, W] or [C, H, W] (PyTorch's `max_pool2d`): core's `maxPool2d` with more options. The result
 * has x's dtype and is [N, C, H′, W′] or [C, H′, W′], where
 * H′ = ⌊(H + top + bottom − dilation·(kernel height − 1) − 1) / stride⌋ + 1, and W′ likewise. At a tie the gradient goes to
 * the first in row-major order.
 * @throws {TypeError} if x is not a tensor.
 * @throws {RangeError} if x has another rank, an option is out of range, or the window exceeds the padded images.
 * @example
 * maxPool2d(tensor([[[1, 2, 3], [4, 5, 6]]]), { kernelSize: 2, ceilMode: true }); // tensor([[[5, 6]]])
 */
export function maxPool2d(x: Tensor, options: MaxPoolOptions<2>): Tensor {
  return maxPool('maxPool2d', 2, x, options);
}

/**
 * Max pooling of volumes [N, C, D, H, W] or [C, D, H, W] (PyTorch's `max_pool3d`). The result has x's dtype and is
 * [N, C, D′, H′, W′] or [C, D′, H′, W′], where
 * D′ = ⌊(D + before + after − dilation·(kernel depth − 1) − 1) / stride⌋ + 1, and H′ and W′ likewise. At a tie the gradient
 * goes to the first in row-major order.
 * @throws {TypeError} if x is not a tensor.
 * @throws {RangeError} if x has another rank, an option is out of range, or the window exceeds the padded volumes.
 * @example
 * maxPool3d(arange(8).reshape([1, 2, 2, 2]), { kernelSize: 2 }); // tensor([[[[7]]]], int32)
 */
export function maxPool3d(x: Tensor, options: MaxPoolOptions<3>): Tensor {
  return maxPool('maxPool3d', 3, x, options);
}

/**
 * {@link maxPool1d}, also with the indices of the maxima, for {@link maxUnpool1d} (PyTorch's `return_indices`).
 * @throws {TypeError} if x is not a tensor.
 * @throws {RangeError} as `maxPool1d`, and if a window has no element of the signals.
 * @example
 * maxPool1dWithIndices(tensor([[1, 5, 2]]), { kernelSize: 3 }); // { values: tensor([[5]]), indices: tensor([[1]], int32) }
 */
export function maxPool1dWithIndices(x: Tensor, options: MaxPoolOptions<1>): MaxPool {
  return maxPoolWithIndices('maxPool1dWithIndices', 1, x, options);
}

/**
 * {@link maxPool2d}, also with the indices of the maxima, for {@link maxUnpool2d} (PyTorch's `return_indices`).
 * @throws {TypeError} if x is not a tensor.
 * @throws {RangeError} as `maxPool2d`, and if a window has no element of the images.
 * @example
 * maxPool2dWithIndices(tensor([[[1, 2], [4, 3]]]), { kernelSize: 2 }).indices; // tensor([[[2]]], int32)
 */
export function maxPool2dWithIndices(x: Tensor, options: MaxPoolOptions<2>): MaxPool {
  return maxPoolWithIndices('maxPool2dWithIndices', 2, x, options);
}

/**
 * {@link maxPool3d}, also with the indices of the maxima, for {@link maxUnpool3d} (PyTorch's `return_indices`).
 * @throws {TypeError} if x is not a tensor.
 * @throws {RangeError} as `maxPool3d`, and if a window has no element of the volumes.
 * @example
 * maxPool3dWithIndices(arange(8).reshape([1, 2, 2, 2]), { kernelSize: 2 }).indices; // tensor([[[[7]]]], int32)
 */
export function maxPool3dWithIndices(x: Tensor, options: MaxPoolOptions<3>): MaxPool {
  return maxPoolWithIndices('maxPool3dWithIndices', 3, x, options);
}

const optionNames = ['padding', 'dilation'];

function maxPool<R extends Rank>(operation: string, rank: R, x: Tensor, options: MaxPoolOptions<R>): Tensor {
  const windows = parseWindows(operation, rank, x, options, optionNames);
  const { images, restore } = toBatch(operation, x, rank);
  if (!hasEmptyWindow(windows, x.shape.slice(-rank))) {
    return restore(takeMaxima(images, searchWindows(windows), windows.counts).values);
  }
  // Materializes the padding, for windows that have nothing else.
  const after = windows.counts.map((count, axis) => {
    const [length, before] = [at(x.shape, x.ndim - rank + axis), at(windows.before, axis)];
    const extent = dilate(at(windows.kernelSize, axis), at(windows.dilation, axis));
    return Math.max(0, (count - 1) * at(windows.stride, axis) + extent - before - length);
  });
  const padded = padWithLowest(images, [0, 0, ...windows.before], [0, 0, ...after]);
  const unpadded = { ...windows, before: windows.before.map(() => 0), after: windows.after.map(() => 0) };
  return restore(takeMaxima(padded, searchWindows(unpadded), windows.counts).values);
}

function maxPoolWithIndices<R extends Rank>(
  operation: string,
  rank: R,
  x: Tensor,
  options: MaxPoolOptions<R>,
): MaxPool {
  const windows = parseWindows(operation, rank, x, options, optionNames);
  const { images, restore } = toBatch(operation, x, rank);
  if (hasEmptyWindow(windows, x.shape.slice(-rank))) {
    throw argumentError(operation, 'padding', 'small enough for an element in each window', options.padding, true);
  }
  const { values, indices } = takeMaxima(images, searchWindows(windows), windows.counts);
  return { values: restore(values), indices: restore(indices) };
}

/** Whether a window covers padding alone. */
function hasEmptyWindow(
  { kernelSize, stride, dilation, before, counts }: Windows,
  lengths: readonly number[],
): boolean {
  return lengths.some((length, axis) =>
    Array.from({ length: at(counts, axis) }, (_, window) => {
      const start = window * at(stride, axis) - at(before, axis);
      const first = firstInside(start, at(dilation, axis));
      return first >= at(kernelSize, axis) || start + first * at(dilation, axis) >= length;
    }).includes(true),
  );
}

/** Maxima of images [N, C, …] and their indices, [N, C, …counts]. */
export function takeMaxima(images: Tensor, find: FindMaxima, counts: readonly number[]): MaxPool {
  const shape = [...images.shape.slice(0, 2), ...counts];
  const indices = find(stopGradient(images));
  return { values: images.flatten(2).takeAlongAxis(indices, 2).reshape(shape), indices: indices.reshape(shape) };
}
