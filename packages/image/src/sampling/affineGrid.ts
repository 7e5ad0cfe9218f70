import { ones, stack, type Tensor } from '@thetagrad/core';
import {
  areIntegers,
  argumentError,
  at,
  checkBoolean,
  checkOptions,
  checkTensor,
  formatShape,
  toFloat,
} from '@thetagrad/core/backend';
import { normalizedCenters } from './sample.ts';

/** Options of {@link affineGrid}. */
export interface AffineGridOptions {
  /** Whether −1 and 1 are the centers of the outermost pixels, instead of their outer edges. Default: false. */
  readonly alignCorners?: boolean;
}

/**
 * The grid of positions for `gridSample` that an affine map gives for each pixel of the result (PyTorch's `affine_grid`).
 * int32 and bool become float32.
 * @param theta matrices [N, 2, 3] of (x, y, 1) ↦ (x, y), or [N, 3, 4] of (x, y, z, 1) ↦ (x, y, z)
 * @param size the shape of the result that is sampled, [N, C, H, W] or [N, C, D, H, W]
 * @returns [N, H, W, 2] or [N, D, H, W, 3]
 * @throws {TypeError} if theta is not a tensor, or the size is not an array of numbers.
 * @throws {RangeError} if theta or the size has another shape.
 * @example
 * affineGrid(tensor([[[1, 0, 0], [0, 1, 0]]]), [1, 1, 1, 2]); // tensor([[[[-0.5, 0.0], [ 0.5, 0.0]]]])
 */
export function affineGrid(theta: Tensor, size: readonly number[], options: AffineGridOptions = {}): Tensor {
  checkTensor('affineGrid', theta);
  checkOptions('affineGrid', options, ['alignCorners']);
  const { alignCorners = false } = options;
  checkBoolean('affineGrid', 'alignCorners', alignCorners);
  const rank = theta.shape[1];
  if (theta.ndim !== 3 || (rank !== 2 && rank !== 3) || theta.shape[2] !== rank + 1) {
    throw new RangeError(`affineGrid: expected matrices [N, 2, 3] or [N, 3, 4], got ${formatShape(theta.shape)}`);
  }
  if (!areIntegers(size, 0) || size.length !== rank + 2 || size[0] !== theta.shape[0] || size.slice(2).includes(0)) {
    const expected = `the shape [${theta.shape[0]}, C, ${rank === 2 ? 'H, W' : 'D, H, W'}] of the result, with pixels`;
    throw argumentError('affineGrid', 'size', expected, size, Array.isArray(size));
  }
  const dtype = toFloat(theta.dtype);
  const lengths = size.slice(2);
  const coordinates = lengths.map((length, axis) =>
    normalizedCenters(length, alignCorners, dtype)
      .reshape([length, ...lengths.slice(axis + 1).map(() => 1)])
      .broadcastTo(lengths),
  );
  const points = stack([...coordinates.reverse(), ones(lengths, { dtype })], -1).reshape([-1, rank + 1]);
  return points.matmul(theta.astype(dtype).transpose()).reshape([at(size, 0), ...lengths, rank]);
}
