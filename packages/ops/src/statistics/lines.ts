// Reduced axes joined into one, for reductions that sort.
import type { Axis, Tensor } from '@thetagrad/core';
import { formatShape, normalizeAxes, sizeOf, type Shape } from '@thetagrad/core/backend';

/** The elements that are reduced together, along the last axis. */
export interface Lines {
  /** [kept axes…, elements]. */
  readonly lines: Tensor;
  /** The shape of the result of a reduction. */
  readonly shape: Shape;
}

/**
 * Moves the reduced axes to the end and joins them. Default: all axes.
 * @throws {RangeError} if an axis is out of range or occurs twice, or there are no elements to reduce.
 */
export function joinReduced(operation: string, x: Tensor, axis: Axis | undefined, keepdims = false): Lines {
  const reduced = normalizeAxes(operation, axis, x.ndim);
  checkNotEmpty(operation, x, reduced);
  const kept = x.shape.flatMap((_, i) => (reduced.includes(i) ? [] : [i]));
  const ordered = x.permute([...kept, ...reduced]);
  const keptShape = ordered.shape.slice(0, kept.length);
  return {
    lines: ordered.reshape([...keptShape, sizeOf(ordered.shape.slice(kept.length))]),
    shape: keepdims ? x.shape.map((length, i) => (reduced.includes(i) ? 1 : length)) : keptShape,
  };
}

/** @throws {RangeError} if there are results, but no elements along the axes to reduce. */
export function checkNotEmpty(operation: string, x: Tensor, axes: readonly number[]): void {
  if (x.size > 0 || x.shape.some((length, i) => length === 0 && !axes.includes(i))) return;
  throw new RangeError(
    `${operation}: expected at least one element along the reduced axes of shape ${formatShape(x.shape)}, got none`,
  );
}
