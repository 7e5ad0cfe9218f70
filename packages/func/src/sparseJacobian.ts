// Jacobians of which most elements are known to be 0: several columns, or rows, are found by one derivative.
import { arange, tensor, zeros, type DType, type Tensor } from '@thetagrad/core';
import {
  argumentError,
  checkFunction,
  checkInteger,
  checkOptions,
  checkTensor,
  differentiateAt,
  isPlainObject,
} from '@thetagrad/core/backend';
import { vmap } from './vmap.ts';

/**
 * Where a Jacobian may differ from 0, its rows being the elements of the value and its columns those of the input, in row-major
 * order: on the diagonal; in a band of `lower` diagonals below it and `upper` above it; or where a matrix of booleans is true.
 */
export type Sparsity =
  | 'diagonal'
  | { readonly lower: number; readonly upper: number }
  | readonly (readonly boolean[])[];

/** The elements of a Jacobian that may differ from 0. */
export interface SparseJacobian {
  /** The elements, [count], row by row. */
  readonly values: Tensor;
  /** The row of each, int32 [count]. */
  readonly rows: Int32Array;
  /** The column of each, int32 [count]. */
  readonly columns: Int32Array;
  /** The number of rows and of columns. */
  readonly shape: readonly [number, number];
  /** The number of derivatives that were computed: Jacobian-vector products, or vector-Jacobian products in reverse mode. */
  readonly probes: number;
  /** The whole matrix. */
  toDense(): Tensor;
}

export interface SparseJacobianOptions {
  /** Whether to find columns, 'forward', or rows, 'reverse'. Default: what needs fewer derivatives. */
  readonly mode?: 'forward' | 'reverse' | undefined;
}

/**
 * The Jacobian of a function from a tensor to a tensor, of which most elements are known to be 0. Columns that share no row are found
 * by one Jacobian-vector product, and rows that share no column by one vector-Jacobian product (Curtis, Powell, Reid, "On the
 * estimation of sparse Jacobian matrices", 1974): a diagonal takes one, a band as many as it has diagonals, whatever its size.
 * The others are grouped greedily, those of most elements first. All are computed in one plan. Of a gradient, it is a sparse Hessian.
 * Elements that differ from 0 outside of the sparsity make others wrong.
 * @throws {TypeError} if f is not a synchronous function from a floating-point tensor to a tensor, or an option or the sparsity is invalid.
 * @throws {RangeError} if the sparsity does not fit the sizes of the input and the value.
 * @example
 * sparseJacobian((x) => x.square(), 'diagonal')(tensor([1, 2])).values; // tensor([2, 4])
 */
export function sparseJacobian(
  f: (x: Tensor) => Tensor,
  sparsity: Sparsity,
  options: SparseJacobianOptions = {},
): (x: Tensor) => SparseJacobian {
  checkFunction('sparseJacobian', f);
  checkOptions('sparseJacobian', options, ['mode']);
  checkSparsity(sparsity);
  const { mode } = options;
  if (mode !== undefined && mode !== 'forward' && mode !== 'reverse') {
    throw argumentError('sparseJacobian', 'mode', `'forward' or 'reverse'`, mode, typeof mode === 'string');
  }
  let known: Grouping | undefined;
  return (x) => {
    checkTensor('sparseJacobian', x);
    const { value, pullback, derivative } = differentiateAt('sparseJacobian', f, [x]);
    checkTensor('sparseJacobian: the result', value);
    if (known?.shape[0] !== value.size || known.shape[1] !== x.size) {
      known = groupPattern(toPattern(sparsity, value.size, x.size), mode);
    }
    const product = known.isForward
      ? (column: Tensor) => derivative(column.reshape(x.shape)).flatten().astype(x.dtype)
      : (row: Tensor) => pullback(row.reshape(value.shape))[0].flatten();
    return probe(product, x.dtype, known);
  };
}

/** Positions of elements in a matrix, row by row. */
interface Pattern {
  readonly rows: Int32Array;
  readonly columns: Int32Array;
  readonly shape: readonly [number, number];
}

/** A pattern and the derivatives that find it. */
interface Grouping extends Pattern {
  readonly isForward: boolean;
  /** The group of each column, or row in reverse mode. */
  readonly groups: Int32Array;
  readonly count: number;
}

function checkSparsity(sparsity: unknown): void {
  if (sparsity === 'diagonal') return;
  if (isPlainObject(sparsity)) {
    checkOptions('sparseJacobian', sparsity as { lower?: number; upper?: number }, ['lower', 'upper'], 'field');
    for (const name of ['lower', 'upper']) checkInteger('sparseJacobian', name, sparsity[name], { min: 0 });
    return;
  }
  const isMatrix = Array.isArray(sparsity) && sparsity.every((row) => Array.isArray(row));
  if (isMatrix && sparsity.flat().every((isKept) => typeof isKept === 'boolean')) return;
  throw argumentError(
    'sparseJacobian',
    'the sparsity',
    `'diagonal', { lower, upper } or rows of booleans`,
    sparsity,
    false,
  );
}

function toPattern(sparsity: Sparsity, height: number, width: number): Pattern {
  const rows: number[] = [];
  const columns: number[] = [];
  if (typeof sparsity === 'object' && !('lower' in sparsity)) {
    if (sparsity.length !== height || !sparsity.every(({ length }) => length === width)) {
      const widths = [...new Set(sparsity.map(({ length }) => length))].join(' and ');
      const given = sparsity.length === 0 ? 'none' : `${sparsity.length} rows of ${widths}`;
      throw new RangeError(`sparseJacobian: expected a sparsity of ${height} rows of ${width}, got ${given}`);
    }
    sparsity.forEach((row, i) =>
      row.forEach((isKept, j) => {
        if (!isKept) return;
        rows.push(i);
        columns.push(j);
      }),
    );
  } else {
    if (sparsity === 'diagonal' && height !== width) {
      throw new RangeError(`sparseJacobian: a diagonal needs a value of ${width} elements, got ${height}`);
    }
    const { lower, upper } = sparsity === 'diagonal' ? { lower: 0, upper: 0 } : sparsity;
    for (let i = 0; i < height; i++) {
      for (let j = Math.max(0, i - lower); j <= Math.min(width - 1, i + upper); j++) {
        rows.push(i);
        columns.push(j);
      }
    }
  }
  return { rows: Int32Array.from(rows), columns: Int32Array.from(columns), shape: [height, width] };
}

function groupPattern(pattern: Pattern, mode: SparseJacobianOptions['mode']): Grouping {
  const { rows, columns, shape } = pattern;
  const forward = mode === 'reverse' ? undefined : group(columns, rows, shape[1], shape[0]);
  const reverse = mode === 'forward' ? undefined : group(rows, columns, shape[0], shape[1]);
  if (forward && !(reverse && reverse.count < forward.count)) return { ...pattern, ...forward, isForward: true };
  return { ...pattern, ...reverse!, isForward: false };
}

/** Groups lines (columns, or rows) that cross no line in common, greedily. */
function group(
  lines: Int32Array,
  crossed: Int32Array,
  lineCount: number,
  crossedCount: number,
): { readonly groups: Int32Array; readonly count: number } {
  const crossings = Array.from({ length: lineCount }, (): number[] => []);
  const linesAt = Array.from({ length: crossedCount }, (): number[] => []);
  lines.forEach((line, i) => {
    crossings[line]!.push(crossed[i]!);
    linesAt[crossed[i]!]!.push(line);
  });
  // Stable: the lines of a band stay in their order, for which as many groups as it has diagonals are enough.
  const order = crossings.map((_, line) => line).sort((a, b) => crossings[b]!.length - crossings[a]!.length || a - b);
  const groups = new Int32Array(lineCount).fill(-1);
  /** The last line that each group was refused. */
  const refusedFor: number[] = [];
  for (const line of order) {
    for (const at of crossings[line]!) {
      for (const other of linesAt[at]!) if (groups[other]! >= 0) refusedFor[groups[other]!] = line;
    }
    const free = refusedFor.findIndex((refused) => refused !== line);
    groups[line] = free < 0 ? refusedFor.push(-1) - 1 : free;
  }
  return { groups, count: refusedFor.length };
}

/** Finds the elements from the derivatives along sums of vectors of the standard basis, one for each group. */
function probe(
  product: (seed: Tensor) => Tensor,
  dtype: DType,
  { rows, columns, shape, isForward, groups, count }: Grouping,
): SparseJacobian {
  const seeds = arange(count, { dtype: 'int32' }).expandDims(1).equal(tensor(groups)).astype(dtype);
  const [lines, crossed] = isForward ? [columns, rows] : [rows, columns];
  const length = isForward ? shape[0] : shape[1];
  const positions = lines.map((line, i) => groups[line]! * length + crossed[i]!);
  const values = vmap(product)(seeds).flatten().take(tensor(positions), 0);
  return {
    values,
    rows,
    columns,
    shape,
    probes: count,
    toDense: () => {
      const at = rows.map((row, i) => row * shape[1] + columns[i]!);
      return zeros([shape[0] * shape[1]], { dtype })
        .scatterAdd(tensor(at), values)
        .reshape(shape);
    },
  };
}
