import type { Tensor } from '@thetagrad/core';
import { normalizeAxis, toFloat } from '@thetagrad/core/backend';
import { checkImages } from '../checks.ts';
import { extendAxis } from './border.ts';
import { correlateAxis } from './correlate.ts';

/**
 * The slope of images [..., H, W] along one of their axes by the Sobel filter (SciPy's `ndimage.sobel`): differences
 * [−1, 0, 1] along the axis, smoothed by [1, 2, 1] along the other. Beyond their edges the outermost pixels are repeated.
 * int32 and bool become float32.
 * @param axis −1 or the last for horizontal slopes, −2 or the one before for vertical ones. Default: −1.
 * @throws {TypeError} if x is not a tensor.
 * @throws {RangeError} if x has fewer than two axes or no pixels, or the axis is not one of the last two.
 * @example
 * sobel(tensor([[1, 1, 3], [1, 1, 3]])); // tensor([[0, 8, 8], [0, 8, 8]])
 */
export function sobel(x: Tensor, axis = -1): Tensor {
  checkImages('sobel', x, 2);
  const along = normalizeAxis('sobel', axis, x.ndim);
  if (along < x.ndim - 2) throw new RangeError(`sobel: axis ${axis} must be one of the last two, −1 or −2`);
  return [x.ndim - 2, x.ndim - 1].reduce(
    (images, each) => {
      const extended = extendAxis('sobel', images, each, [1, 1], 'symmetric');
      return correlateAxis(extended, each, each === along ? [-1, 0, 1] : [1, 2, 1]);
    },
    x.astype(toFloat(x.dtype)),
  );
}
