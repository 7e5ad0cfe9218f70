import { arange, Tensor } from '@thetagrad/core';
import { argumentError, at, checkOptions, formatShape, toFloat } from '@thetagrad/core/backend';
import { checkImages } from '../checks.ts';
import { type GridSampleOptions, parseModes } from './gridSample.ts';
import { samplePixels } from './sample.ts';

/** Options of {@link rotate}. */
export interface RotateOptions extends Omit<GridSampleOptions, 'alignCorners'> {
  /** The point that stays, [x, y] in pixels from the center of the first. Default: the center of the image. */
  readonly center?: readonly [x: number, y: number];
}

/**
 * Rotates images [C, H, W] or [N, C, H, W] counterclockwise, in images of the same size (torchvision's `rotate`, but bilinear by
 * default). int32 and bool become float32. Has gradients of images and angles.
 * @param angle in degrees: a number, or a tensor of one for all images or one for each
 * @throws {TypeError} if x is not a tensor, the angle is neither number nor tensor, or an option is unknown.
 * @throws {RangeError} if a shape does not match.
 * @example
 * rotate(tensor([[[1, 2], [3, 4]]]), 90, { mode: 'nearest' }); // tensor([[[2, 4], [1, 3]]])
 */
export function rotate(x: Tensor, angle: number | Tensor, options: RotateOptions = {}): Tensor {
  checkImages('rotate', x, 3);
  checkOptions('rotate', options, ['mode', 'paddingMode', 'center']);
  const [mode, paddingMode] = parseModes('rotate', options);
  if (x.ndim > 4) throw new RangeError(`rotate: expected [C, H, W] or [N, C, H, W], got ${formatShape(x.shape)}`);
  if (typeof angle !== 'number' && !(angle instanceof Tensor)) {
    throw argumentError('rotate', 'the angle', 'a number of degrees or a tensor', angle, false);
  }
  const images = (x.ndim === 4 ? x : x.expandDims(0)).astype(toFloat(x.dtype));
  const [batch, , height, width] = images.shape as [number, number, number, number];
  if (height === 0 || width === 0) throw new RangeError(`rotate: images ${formatShape(x.shape)} have no pixels`);
  if (typeof angle !== 'number' && angle.ndim > 0 && !(angle.ndim === 1 && angle.size === batch)) {
    throw new RangeError(
      `rotate: expected one angle or [${batch}], one for each image, got ${formatShape(angle.shape)}`,
    );
  }
  const { center = [(width - 1) / 2, (height - 1) / 2] } = options;
  if (!Array.isArray(center) || center.length !== 2 || !center.every(Number.isFinite)) {
    throw argumentError('rotate', 'center', 'two finite numbers [x, y]', center, Array.isArray(center));
  }
  const { dtype } = images;
  const degrees = typeof angle === 'number' ? arange(1, { dtype }).add(angle) : angle.astype(dtype);
  const radians = degrees.mul(Math.PI / 180).reshape([-1, 1, 1]);
  const [sine, cosine] = [radians.sin(), radians.cos()];
  const right = arange(width, { dtype }).sub(at(center, 0));
  const down = arange(height, { dtype }).sub(at(center, 1)).reshape([height, 1]);
  // Each pixel of the result is at a position that is turned back, clockwise: y points down.
  const column = right.mul(cosine).sub(down.mul(sine)).add(at(center, 0));
  const row = right.mul(sine).add(down.mul(cosine)).add(at(center, 1));
  const positions = [row, column].map((position) => position.broadcastTo([batch, height, width]));
  const result = samplePixels(images, positions, { mode, paddingMode, alignCorners: false });
  return x.ndim === 4 ? result : result.squeeze(0);
}
