import { load } from '../data/strided.ts';
import { checkInteger, checkOptions } from '../data/checks.ts';
import { at, normalizeLineAxis, positions, contiguous } from '../data/shape.ts';
import { batchAlongAxis } from '../graph/batching.ts';
import type { Routine } from '../graph/primitive.ts';
import { applyRoutine, type Tensor } from '../graph/tensor.ts';
import { checkTensor, toLines } from './define.ts';

/** int32: the indices that sort along an axis, or the first of them; stable, NaN last. */
export const Argsort: Routine<'argsort'> = {
  kind: 'routine',
  name: 'argsort',
  run: (output, shape, [x], { axis, descending, count }) => {
    const length = at(x.view.shape, axis);
    const lines = shape.with(axis, 1);
    const outputView = contiguous(shape);
    const outputStarts = positions({ ...outputView, shape: lines });
    const outputStride = at(outputView.strides, axis);
    const stride = at(x.view.strides, axis);
    const indices = Array.from({ length }, (_, i) => i);
    positions({ ...x.view, shape: lines }).forEach((start, line) => {
      const value = (i: number): number => load(x.values, start + i * stride);
      const outputStart = load(outputStarts, line);
      const sorted = indices.toSorted((i, j) => compare(value(i), value(j), descending)).slice(0, count);
      sorted.forEach((index, i) => (output[outputStart + i * outputStride] = index));
    });
  },
  batch: batchAlongAxis,
};

function compare(a: number, b: number, descending: boolean): number {
  if (a !== a || b !== b) return Number(a !== a) - Number(b !== b);
  // Compares instead of subtracting, which gives NaN for equal infinities.
  return (Number(a > b) - Number(a < b)) * (descending ? -1 : 1);
}

export interface SortOptions {
  /** Whether to sort from the largest to the smallest. NaN comes last either way. Default: false. */
  readonly descending?: boolean;
}

/**
 * int32: the indices that sort x along an axis (NumPy's `argsort`). Stable; NaN comes last.
 * @param axis Default: −1.
 * @throws {RangeError} if the axis is out of range.
 * @example
 * argsort(tensor([3, 1, 2])); // tensor([1, 2, 0], int32)
 */
export function argsort(x: Tensor, axis = -1, options: SortOptions = {}): Tensor {
  checkTensor('argsort', x);
  checkOptions('argsort', options, ['descending']);
  const { descending = false } = options;
  const axisIndex = normalizeLineAxis('argsort', axis, x.ndim);
  const lines = toLines(x);
  return applyArgsort(lines, axisIndex, descending, at(lines.shape, axisIndex)).reshape(x.shape);
}

function applyArgsort(x: Tensor, axis: number, descending: boolean, count: number): Tensor {
  return applyRoutine(Argsort, [x], { shape: x.shape.with(axis, count), dtype: 'int32' }, { axis, descending, count });
}

/**
 * Sorts x along an axis; NaN comes last. The gradient returns to the original positions of the elements.
 * @param axis Default: −1.
 * @throws {RangeError} if the axis is out of range.
 * @example
 * sort(tensor([3, 1, 2])); // tensor([1, 2, 3])
 */
export function sort(x: Tensor, axis = -1, options: SortOptions = {}): Tensor {
  checkTensor('sort', x);
  checkOptions('sort', options, ['descending']);
  const axisIndex = normalizeLineAxis('sort', axis, x.ndim);
  const lines = toLines(x);
  return lines.takeAlongAxis(argsort(lines, axisIndex, options), axisIndex).reshape(x.shape);
}

export interface TopkOptions {
  /** Whether to find the largest elements; else the smallest. Default: true. */
  readonly largest?: boolean;
}

/**
 * The k largest or smallest elements along an axis, beginning with the largest (smallest), and their int32 indices (PyTorch's
 * `topk`). NaN comes last. Of a scalar, k = 1 gives scalars.
 * @param axis Default: −1.
 * @throws {RangeError} if the axis is out of range, or k is not an integer from 0 to its length.
 * @example
 * topk(tensor([3, 1, 2]), 2); // { values: tensor([3, 2]), indices: tensor([0, 2], int32) }
 */
export function topk(
  x: Tensor,
  k: number,
  axis = -1,
  options: TopkOptions = {},
): { readonly values: Tensor; readonly indices: Tensor } {
  checkTensor('topk', x);
  checkOptions('topk', options, ['largest']);
  const axisIndex = normalizeLineAxis('topk', axis, x.ndim);
  const lines = toLines(x);
  checkInteger('topk', 'k', k, { min: 0, max: at(lines.shape, axisIndex) });
  const indices = applyArgsort(lines, axisIndex, options.largest ?? true, k);
  const values = lines.takeAlongAxis(indices, axisIndex);
  const shape = x.ndim === 0 && k === 1 ? x.shape : indices.shape;
  return { values: values.reshape(shape), indices: indices.reshape(shape) };
}
