// Padding, with a constant or with elements of the tensor itself.
import { concat, type Tensor } from '@thetagrad/core';
import {
  areIntegers,
  areNumbers,
  argumentError,
  at,
  checkOptions,
  checkTensor,
  formatShape,
  unknownValue,
} from '@thetagrad/core/backend';
import { sliceAxis } from './split.ts';

/** What surrounds a tensor, by NumPy's names. */
export type PadMode = 'constant' | 'edge' | 'reflect' | 'symmetric' | 'wrap';

export interface PadOptions {
  /**
   * 'constant'; 'edge' repeats the outermost element (PyTorch's 'replicate'); 'reflect' mirrors at the outermost element, and
   * 'symmetric' behind it, which repeats it; 'wrap' continues at the other end (PyTorch's 'circular'). Default: 'constant'.
   */
  readonly mode?: PadMode;
  /** The constant, converted to the dtype of the tensor. Default: 0. */
  readonly value?: number;
}

/** The number of elements to add before and after an axis; negative numbers remove elements. */
export type PadWidth = readonly [before: number, after: number];

/** For an axis of `length` elements, the index that continues it at `i`. */
const sourceIndex: Record<Exclude<PadMode, 'constant'>, (i: number, length: number) => number> = {
  edge: (i, length) => Math.max(0, Math.min(length - 1, i)),
  reflect: (i, length) => (length === 1 ? 0 : fold(i, 2 * length - 2, 0)),
  symmetric: (i, length) => fold(i, 2 * length, 1),
  wrap: (i, length) => modulo(i, length),
};

function modulo(i: number, n: number): number {
  return ((i % n) + n) % n;
}

/** Folds the second half of each period back onto the first. */
function fold(i: number, period: number, repeated: number): number {
  const place = modulo(i, period);
  return Math.min(place, period - repeated - place);
}

/**
 * Pads x, or cuts it where a width is negative (NumPy's `pad`, PyTorch's `functional.pad`). Core's `pad` does the first with a
 * constant. What is cut is cut first.
 * @param widths a pair [before, after] for each axis, or one number for all ends.
 * @param options `mode` and `value`, see {@link PadOptions}.
 * @throws {TypeError} if x is not a tensor, widths are neither a number nor pairs of numbers, or an option is invalid.
 * @throws {RangeError} if there is not one pair of integers for each axis, more is cut than there is, an empty axis is padded
 *   with its own elements, or x is int32 and the value is not.
 * @example
 * pad(tensor([1, 2, 3]), 2, { mode: 'reflect' }); // tensor([3, 2, 1, 2, 3, 2, 1])
 */
export function pad(x: Tensor, widths: number | readonly PadWidth[], options: PadOptions = {}): Tensor {
  checkTensor('pad', x);
  checkOptions('pad', options, ['mode', 'value']);
  const { mode = 'constant', value = 0 } = options;
  if (mode !== 'constant' && !Object.hasOwn(sourceIndex, mode)) {
    throw unknownValue('pad', 'mode', mode, "'constant', 'edge', 'reflect', 'symmetric' or 'wrap'");
  }
  if (mode !== 'constant' && options.value !== undefined) {
    throw new TypeError(`pad: 'value' is for the mode 'constant', not for '${mode}'`);
  }
  const pairs = resolveWidths(x, widths);
  const kept = pairs.map((pair, axis) => cutsOf(pair, x, axis));
  const cut = kept.some(([start, end], axis) => end - start < at(x.shape, axis)) ? x.slice(kept) : x;
  const added = pairs.map(([before, after]): PadWidth => [Math.max(0, before), Math.max(0, after)]);
  if (mode === 'constant') return cut.pad(added, value);
  return added.reduce((padded, width, axis) => padAxis(padded, axis, width, mode), cut);
}

function resolveWidths(x: Tensor, widths: number | readonly PadWidth[]): readonly PadWidth[] {
  const pairs = typeof widths === 'number' ? x.shape.map((): PadWidth => [widths, widths]) : widths;
  const isKind: boolean = Array.isArray(pairs) && pairs.every(areNumbers);
  if (isKind && pairs.length === x.ndim && pairs.every((pair) => areIntegers(pair, -Infinity) && pair.length === 2)) {
    return pairs;
  }
  const expected = `an integer, or a pair [before, after] of integers for each of the ${x.ndim} axes of ${formatShape(x.shape)}`;
  throw argumentError('pad', 'widths', expected, widths, isKind);
}

/** The part of an axis that negative widths leave. */
function cutsOf([before, after]: PadWidth, x: Tensor, axis: number): [start: number, end: number] {
  const length = at(x.shape, axis);
  const [start, end] = [Math.max(0, -before), length - Math.max(0, -after)];
  if (start <= end) return [start, end];
  throw new RangeError(
    `pad: widths [${before}, ${after}] cut more than the ${length} elements of axis ${axis} of ${formatShape(x.shape)}`,
  );
}

/** Joins runs of neighboring elements, forward, backward or repeated. */
function padAxis(x: Tensor, axis: number, [before, after]: PadWidth, mode: Exclude<PadMode, 'constant'>): Tensor {
  if (before === 0 && after === 0) return x;
  const length = at(x.shape, axis);
  if (length === 0) {
    throw new RangeError(
      `pad: the empty axis ${axis} of ${formatShape(x.shape)} has no elements for the mode '${mode}'`,
    );
  }
  const indices = Array.from({ length: before + length + after }, (_, i) => sourceIndex[mode](i - before, length));
  const parts: Tensor[] = [];
  for (let start = 0; start < indices.length;) {
    const step = start + 1 < indices.length ? at(indices, start + 1) - at(indices, start) : 1;
    const isRun = Math.abs(step) <= 1;
    let end = start + 1;
    while (isRun && end < indices.length && at(indices, end) - at(indices, end - 1) === step) end++;
    parts.push(takeRun(x, axis, at(indices, start), end - start, isRun ? step : 1));
    start = end;
  }
  return concat(parts, axis);
}

/** `count` elements from an index on, each `step` further, which is −1, 0 or 1. */
function takeRun(x: Tensor, axis: number, first: number, count: number, step: number): Tensor {
  if (step === 0) return sliceAxis(x, axis, [first, first + 1]).broadcastTo(x.shape.with(axis, count));
  if (step > 0) return sliceAxis(x, axis, [first, first + count]);
  return sliceAxis(x, axis, [first - count + 1, first + 1]).flip(axis);
}
