// Sizes of layers over one to three spatial axes.
import type { Tensor } from '@thetagrad/core';
import { areIntegers, areNumbers, argumentError, formatShape } from '@thetagrad/core/backend';
import type { Size } from '@thetagrad/conv';

/** The number of spatial axes. */
export type Rank = 1 | 2 | 3;

/** The spatial axes of a rank in messages. */
const spatialAxes = { 1: 'L', 2: 'H, W', 3: 'D, H, W' } as const;

/**
 * The length of a window along each axis.
 * @throws {TypeError} if a size is not made of numbers.
 * @throws {RangeError} if it is not an integer ≥ 1, or one for each axis.
 */
export function parseKernelSize<R extends Rank>(layer: string, kernelSize: Size<R>, rank: R): readonly number[] {
  const sizes: unknown = typeof kernelSize === 'number' ? Array.from({ length: rank }, () => kernelSize) : kernelSize;
  if (areIntegers(sizes, 1) && sizes.length === rank) return sizes;
  const expected = rank === 1 ? 'an integer ≥ 1' : `an integer ≥ 1 or an array of ${rank}, one for each axis`;
  throw argumentError(layer, 'kernelSize', expected, kernelSize, areNumbers(sizes));
}

/** @throws {RangeError} if x is neither [N, C, …] nor [C, …] with as many spatial axes as the rank. */
export function checkSpatial(layer: string, x: Tensor, rank: Rank): void {
  if (x.ndim === rank + 1 || x.ndim === rank + 2) return;
  const axes = spatialAxes[rank];
  throw new RangeError(`${layer}: input must be [N, C, ${axes}] or [C, ${axes}], got ${formatShape(x.shape)}`);
}
