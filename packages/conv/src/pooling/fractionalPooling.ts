// Max pooling over windows at random places, of which neighbors are a fractional step apart on average.
import { arange, full, random, tensor, type Key, type Tensor } from '@thetagrad/core';
import { areNumbers, argumentError, at, checkKey, checkOptions, checkTensor, sizeOf } from '@thetagrad/core/backend';
import { eachAxis, parseSize, type Rank, type Size, toBatch } from '../windows.ts';
import type { FindMaxima } from './maxIndices.ts';
import { type MaxPool, takeMaxima } from './maxPooling.ts';

/** Options of fractional max pooling: one of `outputSize` and `outputRatio` is required. */
export interface FractionalMaxPoolOptions<R extends Rank> {
  /** The lengths of windows. */
  readonly kernelSize: Size<R>;
  /** The number of windows on each spatial axis. */
  readonly outputSize?: Size<R>;
  /** The number of windows as a fraction of the length of each spatial axis, in (0, 1), rounded down. */
  readonly outputRatio?: Size<R>;
}

/**
 * Max pooling of images [N, C, H, W] or [C, H, W] over windows at random places (Graham 2014; PyTorch's `fractional_max_pool2d`):
 * window i of n begins at ⌊(i + u)·a⌋ − ⌊u·a⌋ with a = (H − kernel height) / (n − 1), and the last one ends where the image does,
 * for a random u of each channel; the same for W. The result has x's dtype. At a tie the gradient goes to the first in row-major
 * order.
 * @throws {TypeError} if the key is not one, x is not a tensor, or an option is of the wrong kind.
 * @throws {RangeError} if x has another rank, an option is out of range, or there are more windows than places.
 * @example
 * fractionalMaxPool2d(random.key(0), ones([1, 8, 8]), { kernelSize: 2, outputRatio: 0.7 }).shape; // [1, 5, 5]
 */
export function fractionalMaxPool2d(key: Key, x: Tensor, options: FractionalMaxPoolOptions<2>): Tensor {
  return fractionalMaxPool('fractionalMaxPool2d', 2, key, x, options).values;
}

/**
 * Max pooling of volumes [N, C, D, H, W] or [C, D, H, W] over windows at random places (PyTorch's `fractional_max_pool3d`), those of
 * {@link fractionalMaxPool2d}.
 * @throws {TypeError} if the key is not one, x is not a tensor, or an option is of the wrong kind.
 * @throws {RangeError} if x has another rank, an option is out of range, or there are more windows than places.
 * @example
 * fractionalMaxPool3d(random.key(0), ones([1, 4, 4, 4]), { kernelSize: 2, outputSize: [2, 3, 3] }).shape; // [1, 2, 3, 3]
 */
export function fractionalMaxPool3d(key: Key, x: Tensor, options: FractionalMaxPoolOptions<3>): Tensor {
  return fractionalMaxPool('fractionalMaxPool3d', 3, key, x, options).values;
}

/**
 * {@link fractionalMaxPool2d}, also with the indices of the maxima (PyTorch's `return_indices`).
 * @throws {TypeError} if the key is not one, x is not a tensor, or an option is of the wrong kind.
 * @throws {RangeError} if x has another rank, an option is out of range, or there are more windows than places.
 * @example
 * fractionalMaxPool2dWithIndices(random.key(0), tensor([[[1, 2], [4, 3]]]), { kernelSize: 2, outputSize: 1 }).indices; // tensor([[[2]]], int32)
 */
export function fractionalMaxPool2dWithIndices(key: Key, x: Tensor, options: FractionalMaxPoolOptions<2>): MaxPool {
  return fractionalMaxPool('fractionalMaxPool2dWithIndices', 2, key, x, options);
}

/**
 * {@link fractionalMaxPool3d}, also with the indices of the maxima (PyTorch's `return_indices`).
 * @throws {TypeError} if the key is not one, x is not a tensor, or an option is of the wrong kind.
 * @throws {RangeError} if x has another rank, an option is out of range, or there are more windows than places.
 * @example
 * fractionalMaxPool3dWithIndices(random.key(0), arange(8).reshape([1, 2, 2, 2]), { kernelSize: 2, outputSize: 1 }).indices; // tensor([[[[7]]]], int32)
 */
export function fractionalMaxPool3dWithIndices(key: Key, x: Tensor, options: FractionalMaxPoolOptions<3>): MaxPool {
  return fractionalMaxPool('fractionalMaxPool3dWithIndices', 3, key, x, options);
}

function fractionalMaxPool<R extends Rank>(
  operation: string,
  rank: R,
  key: Key,
  x: Tensor,
  options: FractionalMaxPoolOptions<R>,
): MaxPool {
  checkKey(operation, key);
  checkTensor(operation, x);
  checkOptions(operation, options, ['kernelSize', 'outputSize', 'outputRatio']);
  const { images, restore } = toBatch(operation, x, rank);
  const kernelSize = parseSize(operation, 'kernelSize', options.kernelSize, rank, 1);
  const counts = parseCounts(operation, rank, images.shape.slice(2), options);
  const places = images.shape.slice(2).map((length, axis) => length - at(kernelSize, axis) + 1);
  if (!counts.every((count, axis) => count >= 1 && count <= at(places, axis))) {
    throw argumentError(operation, 'the number of windows', `from 1 to ${places.join(' × ')}`, counts, true);
  }
  const { values, indices } = takeMaxima(images, searchAtRandom(key, kernelSize, counts), counts);
  return { values: restore(values), indices: restore(indices) };
}

/** The number of windows on each axis. */
function parseCounts<R extends Rank>(
  operation: string,
  rank: R,
  lengths: readonly number[],
  { outputSize, outputRatio }: FractionalMaxPoolOptions<R>,
): readonly number[] {
  if ((outputSize === undefined) === (outputRatio === undefined)) {
    throw new TypeError(`${operation}: expected one of outputSize and outputRatio`);
  }
  if (outputRatio === undefined) return parseSize(operation, 'outputSize', outputSize, rank, 1);
  const ratios: unknown = typeof outputRatio === 'number' ? eachAxis(rank, () => outputRatio) : outputRatio;
  if (areNumbers(ratios) && ratios.length === rank && ratios.every((ratio) => ratio > 0 && ratio < 1)) {
    return ratios.map((ratio, axis) => Math.floor(ratio * at(lengths, axis)));
  }
  const expected = `between 0 and 1, a number or an array of ${rank}, one for each axis`;
  throw argumentError(operation, 'outputRatio', expected, outputRatio, areNumbers(ratios));
}

/** Searches windows at random places of each channel, in copies of them. */
function searchAtRandom(key: Key, kernelSize: readonly number[], counts: readonly number[]): FindMaxima {
  const ones = counts.map(() => 1);
  return (images) => {
    const [batch, channels, ...lengths] = images.shape as [number, number, ...number[]];
    let places = tensor(0, { dtype: 'int32' });
    for (const [axis, length] of lengths.entries()) {
      const [size, count] = [at(kernelSize, axis), at(counts, axis)];
      const starts = startsOf(key.foldIn(axis), [batch, channels], length - size, count);
      const along = starts
        .reshape([batch, channels, ...ones.with(axis, count), ...ones])
        .add(arange(size, { dtype: 'int32' }).reshape(ones.with(axis, size)));
      places = places.mul(length).add(along);
    }
    const all = places.reshape([batch, channels, sizeOf(counts), sizeOf(kernelSize)]);
    const elements = images.flatten(2).takeAlongAxis(all.flatten(2), 2).reshape(all.shape);
    return all.takeAlongAxis(elements.argmax(3).expandDims(3), 3).squeeze(3);
  };
}

/** int32 [N, C, count]: where windows begin along an axis, from 0 to `last`. */
function startsOf(key: Key, lead: readonly [number, number], last: number, count: number): Tensor {
  if (count === 1) return full([...lead, 1], last, { dtype: 'int32' });
  const step = last / (count - 1);
  const shift = random.uniform(key, [...lead, 1]);
  const windows = arange(count);
  const starts = windows.add(shift).mul(step).floor().sub(shift.mul(step).floor());
  return windows
    .equal(count - 1)
    .where(last, starts)
    .astype('int32');
}
