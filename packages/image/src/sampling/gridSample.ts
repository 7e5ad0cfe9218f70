import { promoteTypes, Tensor } from '@thetagrad/core';
import {
  argumentError,
  at,
  checkBoolean,
  checkOptions,
  checkTensor,
  formatShape,
  toFloat,
  unknownValue,
} from '@thetagrad/core/backend';
import { type PaddingMode, samplePixels, type SamplingMode } from './sample.ts';

/** Options of {@link gridSample}. */
export interface GridSampleOptions {
  /** How values between pixels are computed; 'bilinear' is trilinear for volumes, which 'bicubic' is not for. Default: 'bilinear'. */
  readonly mode?: SamplingMode;
  /** What lies outside of the images. Default: 'zeros'. */
  readonly paddingMode?: PaddingMode;
  /** Whether −1 and 1 are the centers of the outermost pixels, instead of their outer edges. Default: false. */
  readonly alignCorners?: boolean;
}

/**
 * Samples images at the positions of a grid (PyTorch's `grid_sample`): images [N, C, H, W] at a grid [N, H′, W′, 2] of (x, y), or
 * volumes [N, C, D, H, W] at a grid [N, D′, H′, W′, 3] of (x, y, z), where −1 and 1 are the ends of each axis. The result is
 * [N, C, H′, W′] or [N, C, D′, H′, W′]. NaN in the grid is −1. dtypes are promoted; int32 and bool become float32. 'bilinear'
 * and 'bicubic' have gradients of images and grid; between pixels, those of the grid are one-sided.
 * @throws {TypeError} if an operand is not a tensor, or an option is unknown.
 * @throws {RangeError} if shapes do not match, images are empty, or the mode is not for volumes.
 * @example
 * gridSample(tensor([[[[1, 2], [3, 4]]]]), tensor([[[[0, 0], [0.5, -0.5]]]])); // tensor([[[[2.5, 2.0]]]])
 */
export function gridSample(x: Tensor, grid: Tensor, options: GridSampleOptions = {}): Tensor {
  checkTensor('gridSample', x);
  if (!(grid instanceof Tensor)) throw argumentError('gridSample', 'the grid', 'a tensor', grid, false);
  checkOptions('gridSample', options, ['mode', 'paddingMode', 'alignCorners']);
  const { alignCorners = false } = options;
  const [mode, paddingMode] = parseModes('gridSample', options);
  checkBoolean('gridSample', 'alignCorners', alignCorners);
  const rank = x.ndim - 2;
  if ((rank !== 2 && rank !== 3) || grid.ndim !== x.ndim || at(grid.shape, rank + 1) !== rank) {
    throw new RangeError(
      `gridSample: expected images [N, C, H, W] and a grid [N, H′, W′, 2], or volumes [N, C, D, H, W] and a grid ` +
        `[N, D′, H′, W′, 3], got ${formatShape(x.shape)} and ${formatShape(grid.shape)}`,
    );
  }
  if (x.shape[0] !== grid.shape[0]) {
    throw new RangeError(
      `gridSample: there are ${x.shape[0]} images ${formatShape(x.shape)}, but ${grid.shape[0]} grids ${formatShape(grid.shape)}`,
    );
  }
  if (x.shape.slice(2).includes(0)) throw new RangeError(`gridSample: images ${formatShape(x.shape)} have no pixels`);
  if (mode === 'bicubic' && rank === 3)
    throw new RangeError("gridSample: mode 'bicubic' is for images, not for volumes");
  const dtype = toFloat(promoteTypes(x.dtype, grid.dtype));
  const given = grid.astype(dtype);
  const normalized = given.isnan().where(-1, given);
  const positions = x.shape.slice(2).map((length, axis) => {
    const coordinate = normalized.slice([...x.shape.slice(1).map(() => null), rank - 1 - axis]);
    return alignCorners ? coordinate.add(1).mul((length - 1) / 2) : coordinate.add(1).mul(length).sub(1).div(2);
  });
  return samplePixels(x.astype(dtype), positions, { mode, paddingMode, alignCorners });
}

const modes: readonly SamplingMode[] = ['bilinear', 'nearest', 'bicubic'];
const paddingModes: readonly PaddingMode[] = ['zeros', 'border', 'reflection'];

/** @throws {TypeError} if a mode is unknown. */
export function parseModes(
  operation: string,
  { mode = 'bilinear', paddingMode = 'zeros' }: GridSampleOptions,
): [SamplingMode, PaddingMode] {
  if (!modes.includes(mode)) throw unknownValue(operation, 'mode', mode, "'bilinear', 'nearest' or 'bicubic'");
  if (!paddingModes.includes(paddingMode)) {
    throw unknownValue(operation, 'paddingMode', paddingMode, "'zeros', 'border' or 'reflection'");
  }
  return [mode, paddingMode];
}
