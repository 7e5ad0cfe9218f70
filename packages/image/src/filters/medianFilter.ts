import type { Tensor } from '@thetagrad/core';
import { at, sizeOf } from '@thetagrad/core/backend';
import { checkImages, parseOddPair } from '../checks.ts';
import { extendAxis } from './border.ts';

/**
 * The median of the pixels around each of images [..., H, W] (SciPy's `median_filter`). Beyond their edges images are reflected
 * with their outermost pixels. The dtype stays; the gradient goes to the pixel that is the median.
 * @param kernelSize the height and width of the neighborhood, odd numbers, or one number for both
 * @throws {TypeError} if x is not a tensor, or the size is not made of numbers.
 * @throws {RangeError} if x has fewer than two axes, a size is not an odd integer ≥ 1, or it reaches beyond what is reflected.
 * @example
 * medianFilter(tensor([[1, 9, 2, 3]]), [1, 3]); // tensor([[1, 2, 3, 3]])
 */
export function medianFilter(x: Tensor, kernelSize: number | readonly [height: number, width: number]): Tensor {
  checkImages('medianFilter', x, 2);
  const size = parseOddPair('medianFilter', kernelSize);
  const [vertical, horizontal] = [x.ndim - 2, x.ndim - 1];
  const extended = [vertical, horizontal].reduce((images, axis, i) => {
    const radius = (at(size, i) - 1) / 2;
    return extendAxis('medianFilter', images, axis, [radius, radius], 'symmetric');
  }, x);
  const count = sizeOf(size);
  const neighbors = extended
    .unfold(vertical, at(size, 0))
    .unfold(horizontal, at(size, 1))
    .reshape([...x.shape, count]);
  return neighbors.sort().slice([...x.shape.map(() => null), (count - 1) / 2]);
}
