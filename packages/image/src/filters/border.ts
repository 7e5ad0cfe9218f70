// What filters see beyond the edges of images.
import type { Tensor } from '@thetagrad/core';
import { at, formatShape } from '@thetagrad/core/backend';
import { takeAlong } from '../interpolation/taps.ts';

/**
 * What lies beyond an edge: `reflect` repeats the images without their outermost pixels, d c b | a b c d | c b a, and
 * `symmetric` with them, c b a | a b c d | d c b, as NumPy's `pad` calls them.
 */
export type Border = 'reflect' | 'symmetric';

/**
 * Extends an axis.
 * @throws {RangeError} if the axis is empty, or `reflect` needs more than it has.
 */
export function extendAxis(
  operation: string,
  x: Tensor,
  axis: number,
  [before, after]: readonly [number, number],
  border: Border,
): Tensor {
  const length = at(x.shape, axis);
  const most = border === 'reflect' ? length - 1 : length;
  if (length === 0 || Math.max(before, after) > most) {
    throw new RangeError(
      `${operation}: a filter that reaches ${Math.max(before, after)} pixels beyond the edge is too large for ` +
        `${formatShape(x.shape)}`,
    );
  }
  const offset = border === 'reflect' ? 0 : 1;
  const indices = Array.from({ length: before + length + after }, (_, i) => {
    const position = i - before;
    if (position < 0) return -position - offset;
    return position < length ? position : 2 * (length - 1) - position + offset;
  });
  return takeAlong(x, axis, indices);
}
