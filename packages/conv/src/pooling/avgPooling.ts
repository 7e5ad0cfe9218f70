import { tensor, type Tensor } from '@thetagrad/core';
import { applyRoutine, argumentError, at, checkBoolean, toFloat, WindowSum } from '@thetagrad/core/backend';
import { type Padding, type Rank, toBatch } from '../windows.ts';
import { parseWindows, type PoolOptions, type Windows } from './windows.ts';

/** Options of average pooling. */
export interface AvgPoolOptions<R extends Rank> extends PoolOptions<R> {
  /** Zeros around the images. Default: 0. */
  readonly padding?: Padding<R>;
  /** Whether means count the zeros of the padding. Default: true. */
  readonly countIncludePad?: boolean;
  /** The number that sums are divided by, other than 0. Default: the number of elements in each window. */
  readonly divisorOverride?: number;
}

/**
 * Average pooling of signals [N, C, L] or [C, L] (PyTorch's `avg_pool1d`). The result is [N, C, L′] or [C, L′], where
 * L′ = ⌊(L + before + after − kernel) / stride⌋ + 1. int32 and bool become float32.
 * @throws {TypeError} if x is not a tensor.
 * @throws {RangeError} if x has another rank, an option is out of range, or the window exceeds the padded signals.
 * @example
 * avgPool1d(tensor([[1, 5, 2, 4]]), { kernelSize: 2 }); // tensor([[3, 3]])
 */
export function avgPool1d(x: Tensor, options: AvgPoolOptions<1>): Tensor {
  return avgPool('avgPool1d', 1, x, options);
}

/**
 * Average pooling of images [N, C, H, W] or [C, H, W] (PyTorch's `avg_pool2d`): core's `avgPool2d` with more options. The
 * result is [N, C, H′, W′] or [C, H′, W′], where H′ = ⌊(H + top + bottom − kernel height) / stride⌋ + 1, and W′ likewise. int32
 * and bool become float32.
 * @throws {TypeError} if x is not a tensor.
 * @throws {RangeError} if x has another rank, an option is out of range, or the window exceeds the padded images.
 * @example
 * avgPool2d(tensor([[[1, 2], [3, 4]]]), { kernelSize: 2 }); // tensor([[[2.5]]])
 * avgPool2d(tensor([[[4]]]), { kernelSize: 2, padding: 1, stride: 1, countIncludePad: false }); // tensor([[[4, 4], [4, 4]]])
 */
export function avgPool2d(x: Tensor, options: AvgPoolOptions<2>): Tensor {
  return avgPool('avgPool2d', 2, x, options);
}

/**
 * Average pooling of volumes [N, C, D, H, W] or [C, D, H, W] (PyTorch's `avg_pool3d`). The result is [N, C, D′, H′, W′] or
 * [C, D′, H′, W′], where D′ = ⌊(D + before + after − kernel depth) / stride⌋ + 1, and H′ and W′ likewise. int32 and bool become
 * float32.
 * @throws {TypeError} if x is not a tensor.
 * @throws {RangeError} if x has another rank, an option is out of range, or the window exceeds the padded volumes.
 * @example
 * avgPool3d(arange(8).reshape([1, 2, 2, 2]), { kernelSize: 2 }); // tensor([[[[3.5]]]])
 */
export function avgPool3d(x: Tensor, options: AvgPoolOptions<3>): Tensor {
  return avgPool('avgPool3d', 3, x, options);
}

function avgPool<R extends Rank>(operation: string, rank: R, x: Tensor, options: AvgPoolOptions<R>): Tensor {
  const windows = parseWindows(operation, rank, x, options, ['padding', 'countIncludePad', 'divisorOverride']);
  const { images, restore } = toBatch(operation, x, rank);
  const { divisorOverride, countIncludePad = true } = options;
  checkBoolean(operation, 'countIncludePad', countIncludePad);
  const sums = sumWindows(images.astype(toFloat(x.dtype)), windows);
  if (divisorOverride === undefined) {
    return restore(divideByCounts(sums, windows, x.shape.slice(-rank), countIncludePad));
  }
  if (!Number.isFinite(divisorOverride) || divisorOverride === 0) {
    throw argumentError(operation, 'divisorOverride', 'a finite number other than 0', divisorOverride);
  }
  return restore(sums.div(divisorOverride));
}

/** The sum of each window of images [N, C, …]. */
export function sumWindows(images: Tensor, { kernelSize, stride, before, counts }: Windows): Tensor {
  const [batch, channels, ...lengths] = images.shape as [number, number, ...number[]];
  const [height, width] = lengths.length === 1 ? [1, at(lengths, 0)] : lengths.slice(-2);
  const lastTwo = (values: readonly number[], ofHeight: number): readonly [number, number] => [
    values.length === 1 ? ofHeight : at(values, values.length - 2),
    at(values, values.length - 1),
  ];
  const depth = lengths.length === 3 ? at(lengths, 0) : 1;
  const planes = images.reshape([batch, channels * depth, height ?? 1, width ?? 1]);
  const size = lastTwo(counts, 1);
  let sums = applyRoutine(
    WindowSum,
    [planes],
    { shape: [batch, channels * depth, ...size], dtype: planes.dtype },
    { kernelSize: lastTwo(kernelSize, 1), stride: lastTwo(stride, 1), padBefore: lastTwo(before, 0) },
  );
  if (lengths.length === 3) {
    sums = applyRoutine(
      WindowSum,
      [sums.reshape([batch, channels, depth, size[0] * size[1]])],
      { shape: [batch, channels, at(counts, 0), size[0] * size[1]], dtype: planes.dtype },
      { kernelSize: [at(kernelSize, 0), 1], stride: [at(stride, 0), 1], padBefore: [at(before, 0), 0] },
    );
  }
  return sums.reshape([batch, channels, ...counts]);
}

/** Divides sums by the number of elements in their windows, at least 1. What `ceilMode` adds at the end does not count. */
function divideByCounts(sums: Tensor, windows: Windows, lengths: readonly number[], countIncludePad: boolean): Tensor {
  const { kernelSize, stride, before, after, counts } = windows;
  return lengths.reduce((means, length, axis) => {
    const elements = Array.from({ length: at(counts, axis) }, (_, window) => {
      const start = window * at(stride, axis) - at(before, axis);
      const end = Math.min(start + at(kernelSize, axis), length + at(after, axis));
      return Math.max(1, countIncludePad ? end - start : Math.min(end, length) - Math.max(start, 0));
    });
    const [first = 1] = elements;
    if (elements.every((count) => count === first)) return means.div(first);
    const divisors = tensor(elements, { dtype: sums.dtype });
    return means.div(divisors.reshape([elements.length, ...lengths.slice(axis + 1).map(() => 1)]));
  }, sums);
}
