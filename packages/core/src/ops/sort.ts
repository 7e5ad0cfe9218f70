import { checkInteger } from '../data/checks.ts';
import { normalizeAxis, positions, rowMajorStrides } from '../data/shape.ts';
import type { Routine } from '../graph/primitive.ts';
import { applyRoutine, type Tensor } from '../graph/tensor.ts';
import { checkTensor } from './define.ts';

/** int32: the order that sorts along an axis: stable, NaN last. */
export const Argsort: Routine<'argsort'> = {
  kind: 'routine',
  name: 'argsort',
  run: (output, shape, [x], { axis, descending }) => {
    const length = shape[axis]!;
    const lines = shape.with(axis, 1);
    const from = positions({ ...x.view, shape: lines });
    const strides = rowMajorStrides(shape);
    const to = positions({ shape: lines, strides, offset: 0 });
    const order = Array.from({ length }, (_, i) => i);
    for (let line = 0; line < from.length; line++) {
      const value = (i: number): number => x.values[from[line]! + i * x.view.strides[axis]!]!;
      const sorted = order.toSorted((i, j) => compare(value(i), value(j), descending));
      for (let i = 0; i < length; i++) output[to[line]! + i * strides[axis]!] = sorted[i]!;
    }
  },
};

function compare(a: number, b: number, descending: boolean): number {
  if (a !== a || b !== b) return Number(a !== a) - Number(b !== b);
  // Not a difference, which is NaN for two infinities.
  return (Number(a > b) - Number(a < b)) * (descending ? -1 : 1);
}

export interface SortOptions {
  /** Largest first. NaN is last either way. */
  readonly descending?: boolean;
}

/** int32: the order that sorts x along an axis. Stable: ties keep their order. NaN is last. */
export function argsort(x: Tensor, axis = -1, { descending = false }: SortOptions = {}): Tensor {
  checkTensor('argsort', x);
  const along = normalizeAxis('argsort', axis, x.ndim);
  return applyRoutine(Argsort, [x], { shape: x.shape, dtype: 'int32' }, { axis: along, descending });
}

/** x sorted along an axis, NaN last. The gradient goes to where each element came from. */
export function sort(x: Tensor, axis = -1, options: SortOptions = {}): Tensor {
  checkTensor('sort', x);
  const along = normalizeAxis('sort', axis, x.ndim);
  return x.takeAlongAxis(argsort(x, along, options), along);
}

/**
 * The k largest elements along an axis, largest first, and their indices (int32).
 * @throws {RangeError} if k is not an integer from 0 to the axis' length.
 */
export function topk(x: Tensor, k: number, axis = -1): { readonly values: Tensor; readonly indices: Tensor } {
  checkTensor('topk', x);
  const along = normalizeAxis('topk', axis, x.ndim);
  checkInteger('topk', 'k', k, { min: 0, max: x.shape[along]! });
  const order = argsort(x, along, { descending: true });
  const indices = order.slice(x.shape.map((_, i) => (i === along ? [0, k] : null)));
  return { values: x.takeAlongAxis(indices, along), indices };
}
