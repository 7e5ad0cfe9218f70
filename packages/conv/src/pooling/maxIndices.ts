// Where the largest element of each window is. Windows of several axes are searched an axis at a time, the last first: the
// first of equals is then the first in row-major order.
import { arange, maximum, tensor, type Tensor } from '@thetagrad/core';
import { applyRoutine, at, dilate, MaxIndices, sizeOf } from '@thetagrad/core/backend';
import type { Windows } from './windows.ts';

/**
 * Finds the largest element of each window of images [N, C, …L]: the first of equals, or the first NaN.
 * @returns int32 [N, C, P]: row-major indices within the spatial axes, for all P windows.
 */
export type FindMaxima = (images: Tensor) => Tensor;

/**
 * Finds the largest element of each window along the axis L of [N, M, L, R], or of each window of both axes.
 * @returns int32 [N, M, L′, R′]: row-major indices within [L, R].
 */
type FindInPlanes = (planes: Tensor) => Tensor;

/** Searches several axes one by one. */
export function searchAxes(count: number, finderOf: (axis: number) => FindInPlanes): FindMaxima {
  return nest(count - 1, finderOf, toFlat(finderOf(count - 1)));
}

/** Searches windows that each cover an element: the last two axes at once where they are dense. */
export function searchWindows(windows: Windows): FindMaxima {
  const rank = windows.counts.length;
  const isDense = (axis: number): boolean => at(windows.dilation, axis) === 1;
  const finderOf = (axis: number): FindInPlanes =>
    isDense(axis) ? findDense(windows, axis) : findDilated(windows, axis);
  if (rank === 1 || !isDense(rank - 1) || !isDense(rank - 2)) return searchAxes(rank, finderOf);
  return nest(rank - 2, finderOf, toFlat(findIn(windows, [rank - 2, rank - 1])));
}

/** Searches the first `count` axes after all that follow have been searched by `inner`. */
function nest(count: number, finderOf: (axis: number) => FindInPlanes, inner: FindMaxima): FindMaxima {
  let search = inner;
  for (let axis = count - 1; axis >= 0; axis--) search = searchAfter(search, finderOf(axis));
  return search;
}

/** Searches the first axis, and all others at once. */
function toFlat(find: FindInPlanes): FindMaxima {
  return (images) => {
    const [batch, channels, length, ...rest] = images.shape as Shape3;
    return find(images.reshape([batch, channels, length, sizeOf(rest)])).flatten(2);
  };
}

type Shape3 = [number, number, number, ...number[]];

/** Searches the first axis among the maxima of those that follow. */
function searchAfter(inner: FindMaxima, find: FindInPlanes): FindMaxima {
  return (images) => {
    const [batch, channels, length, ...rest] = images.shape as Shape3;
    const size = sizeOf(rest);
    const innerIndices = inner(images.reshape([batch, channels * length, ...rest]));
    const planes = [batch, channels, length, at(innerIndices.shape, 2)];
    const largest = images
      .reshape([batch, channels * length, size])
      .takeAlongAxis(innerIndices, 2)
      .reshape(planes);
    const rows = arange(length, { dtype: 'int32' }).mul(size).reshape([length, 1]);
    return innerIndices.reshape(planes).add(rows).flatten(2).takeAlongAxis(find(largest).flatten(2), 2);
  };
}

/** The first element of a window that lies on the axis. */
export function firstInside(start: number, dilation: number): number {
  return Math.max(0, Math.ceil(-start / dilation));
}

function findDense(windows: Windows, axis: number): FindInPlanes {
  const find = findIn(windows, [axis, undefined]);
  const findAlone = findIn(windows, [undefined, axis]);
  // A single axis is searched as rows of height 1.
  return (lines) => {
    const [batch, channels, length, left] = lines.shape as [number, number, number, number];
    return left === 1 ? findAlone(lines.reshape([batch, channels, 1, length])).transpose() : find(lines);
  };
}

/** Finds by core's routine, along one axis of the windows, or two. */
function findIn(windows: Windows, axes: readonly [number | undefined, number | undefined]): FindInPlanes {
  const pair = (values: readonly number[], otherwise: number): readonly [number, number] => [
    axes[0] === undefined ? otherwise : at(values, axes[0]),
    axes[1] === undefined ? otherwise : at(values, axes[1]),
  ];
  const { kernelSize, stride, before, counts } = windows;
  const attributes = { kernelSize: pair(kernelSize, 1), stride: pair(stride, 1), padBefore: pair(before, 0) };
  return (planes) => {
    const [batch, channels, height, width] = planes.shape as [number, number, number, number];
    const shape = [
      batch,
      channels,
      axes[0] === undefined ? height : at(counts, axes[0]),
      axes[1] === undefined ? width : at(counts, axes[1]),
    ];
    return applyRoutine(MaxIndices, [planes], { shape, dtype: 'int32' }, attributes);
  };
}

function findDilated(windows: Windows, axis: number): FindInPlanes {
  const [size, step, spacing] = [at(windows.kernelSize, axis), at(windows.stride, axis), at(windows.dilation, axis)];
  const [before, count] = [at(windows.before, axis), at(windows.counts, axis)];
  const starts = Array.from({ length: count }, (_, window) => window * step - before);
  const first = starts.map((start) => firstInside(start, spacing));
  return (lines) => {
    const after = Math.max(0, (count - 1) * step + dilate(size, spacing) - before - at(lines.shape, 2));
    const elements = padWithLowest(lines, [0, 0, before, 0], [0, 0, after, 0]).unfold(2, size, step, spacing);
    // Padding comes first among equals; it gives way to the first element on the axis.
    const chosen = maximum(elements.argmax(4), toColumn(first));
    return toPlaneIndices(chosen.mul(spacing).add(toColumn(starts)), lines);
  };
}

/** Finds the largest element of windows [start, end) along the axis L. */
export function findInSpans(starts: readonly number[], ends: readonly number[]): FindInPlanes {
  const size = Math.max(...ends.map((end, window) => end - at(starts, window)));
  // Windows shorter than the longest repeat their last element, which the first of equals comes before.
  const positions = starts.map((start, window) =>
    Array.from({ length: size }, (_, i) => Math.min(start + i, at(ends, window) - 1)),
  );
  return (lines) => {
    const elements = lines.take(tensor(positions, { dtype: 'int32' }), 2);
    return toPlaneIndices(elements.argmax(3).add(toColumn(starts)), lines);
  };
}

function toColumn(values: readonly number[]): Tensor {
  return tensor([...values], { dtype: 'int32' }).reshape([values.length, 1]);
}

/** Converts indices [N, M, L′, R] along the axis L of lines [N, M, L, R] to indices within [L, R]. */
function toPlaneIndices(indices: Tensor, lines: Tensor): Tensor {
  const size = at(lines.shape, 3);
  return indices.mul(size).add(arange(size, { dtype: 'int32' }));
}

/** Pads with the smallest value of the dtype. */
export function padWithLowest(x: Tensor, before: readonly number[], after: readonly number[]): Tensor {
  const lowest = { bool: 0, int32: -(2 ** 31), float32: -Infinity, float64: -Infinity }[x.dtype];
  return x.pad(
    before.map((width, axis) => [width, at(after, axis)]),
    lowest,
  );
}
