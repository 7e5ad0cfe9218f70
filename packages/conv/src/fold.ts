import type { Tensor } from '@thetagrad/core';
import { applyRoutine, at, dilate, Fold, last } from '@thetagrad/core/backend';

/** Windows along an axis, and the part of their sum to keep. */
export interface FoldOptions {
  readonly step: number;
  readonly dilation: number;
  /** Elements to leave out at the beginning. */
  readonly start: number;
  /** The length of the result, with zeros where there is no window. */
  readonly length: number;
}

/** Sums windows that overlap, the transpose of `unfold`: the last axis holds their elements, and `axis` counts them. */
export function foldAxis(windows: Tensor, axis: number, { step, dilation, start, length }: FoldOptions): Tensor {
  const size = last(windows.shape);
  const covered = dilate(at(windows.shape, axis), step) + dilate(size, dilation) - 1;
  const shape = windows.shape.slice(0, -1).with(axis, covered);
  const sums = applyRoutine(Fold, [windows], { shape, dtype: windows.dtype }, { axis, size, step, dilation });
  const missing = Math.max(0, start + length - covered);
  const padded = sums.pad(shape.map((_, i) => (i === axis ? [0, missing] : [0, 0])));
  return padded.slice(shape.map((_, i) => (i === axis ? [start, start + length] : null)));
}
