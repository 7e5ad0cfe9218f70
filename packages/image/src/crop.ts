import type { Tensor } from '@thetagrad/core';
import { areIntegers, argumentError, at, checkInteger, formatShape } from '@thetagrad/core/backend';
import { checkImages } from './checks.ts';

/**
 * The part of images [..., H, W] with a top left corner, height and width (torchvision's `crop`). A view; the dtype stays.
 * @throws {TypeError} if x is not a tensor, or an argument is not a number.
 * @throws {RangeError} if x has fewer than two axes, or the part is not within the images.
 * @example
 * crop(arange(9).reshape([3, 3]), 1, 0, 2, 2); // tensor([[3, 4], [6, 7]], int32)
 */
export function crop(x: Tensor, top: number, left: number, height: number, width: number): Tensor {
  checkImages('crop', x, 2);
  for (const [name, value] of Object.entries({ top, left, height, width }))
    checkInteger('crop', name, value, { min: 0 });
  if (top + height > at(x.shape, x.ndim - 2) || left + width > at(x.shape, x.ndim - 1)) {
    throw new RangeError(
      `crop: rows ${top} to ${top + height} and columns ${left} to ${left + width} are not within ${formatShape(x.shape)}; ` +
        'pad the images first',
    );
  }
  return x.slice([...x.shape.slice(0, -2).map(() => null), [top, top + height], [left, left + width]]);
}

/**
 * The middle part of images [..., H, W] (torchvision's `center_crop`). Where the images are smaller, zeros surround them. The
 * dtype stays.
 * @param size the height and width, or one number for both
 * @throws {TypeError} if x is not a tensor, or the size is not made of numbers.
 * @throws {RangeError} if x has fewer than two axes, or the size is not one or two integers ≥ 0.
 * @example
 * centerCrop(arange(9).reshape([3, 3]), 1); // tensor([[4]], int32)
 */
export function centerCrop(x: Tensor, size: number | readonly [height: number, width: number]): Tensor {
  checkImages('centerCrop', x, 2);
  const pair: unknown = typeof size === 'number' ? [size, size] : size;
  if (!areIntegers(pair, 0) || pair.length !== 2) {
    const isKind = typeof size === 'number' || Array.isArray(size);
    throw argumentError('centerCrop', 'size', 'an integer ≥ 0 or a pair of them', size, isKind);
  }
  const missing = pair.map((length, axis) => Math.max(0, length - at(x.shape, x.ndim - 2 + axis)));
  const lead = x.shape.slice(0, -2).map(() => [0, 0] as const);
  const padded = x.pad([...lead, ...missing.map((count) => [Math.floor(count / 2), Math.ceil(count / 2)] as const)]);
  const [top, left] = pair.map((length, axis) => roundHalfEven((at(padded.shape, x.ndim - 2 + axis) - length) / 2));
  return crop(padded, top ?? 0, left ?? 0, at(pair, 0), at(pair, 1));
}

/** Rounds as Python does, so that an odd row or column is left out on the same side as in torchvision. */
function roundHalfEven(value: number): number {
  const up = Math.round(value);
  return up - value === 0.5 && up % 2 !== 0 ? up - 1 : up;
}
