import type { Block, Kernels } from '../kernels/kernels.ts';
import { blockAt, copyIn, copyOut, strideFor, transposeBlock, withWorkspace } from '../kernels/workspace.ts';
import { blockFrom, halfOf, solveLower, solveUpper } from './blocks.ts';

/** Columns that are eliminated one by one. */
const smallSize = 8;

/**
 * The LU factorization of an [m, n] matrix with partial pivoting, by halves of the columns (Toledo, Locality of reference in LU
 * decomposition with partial pivoting, 1997): replaces the matrix by the strictly lower part of L, whose diagonal is 1, and by U.
 * @param pivots receives the row that was exchanged with row i in step i, for min(m, n) steps.
 */
export function factorLu(a: Float64Array, m: number, n: number, pivots: Float64Array): void {
  const stride = strideFor(n);
  const steps = Math.min(m, n);
  if (steps === 0) return;
  withWorkspace([m * stride], (workspace) => {
    const { values, kernels } = workspace;
    const start = workspace.allocate(m * stride);
    copyIn(workspace, start, stride, a, m, n);
    const matrix = blockAt(start, stride);
    new Elimination(values, kernels, { start, stride, m, n }, pivots).factor(0, steps);
    if (n > m) solveLower(kernels, matrix, m, blockFrom(matrix, 0, m), n - m, true);
    copyOut(a, m, n, workspace, start, stride);
  });
}

interface Matrix {
  readonly start: number;
  readonly stride: number;
  readonly m: number;
  readonly n: number;
}

class Elimination {
  readonly #z: Float64Array;
  readonly #kernels: Kernels;
  readonly #matrix: Matrix;
  readonly #pivots: Float64Array;

  constructor(z: Float64Array, kernels: Kernels, matrix: Matrix, pivots: Float64Array) {
    this.#z = z;
    this.#kernels = kernels;
    this.#matrix = matrix;
    this.#pivots = pivots;
  }

  /** Factors the columns from `first` to `last` − 1, from row `first` on. Rows are exchanged as a whole. */
  factor(first: number, last: number): void {
    const count = last - first;
    if (count <= smallSize) {
      for (let k = first; k < last; k++) this.#eliminate(k, last);
      return;
    }
    const middle = first + halfOf(count);
    this.factor(first, middle);
    const right = this.#block(first, middle);
    solveLower(this.#kernels, this.#block(first, first), middle - first, right, last - middle, true);
    const size = [this.#matrix.m - middle, middle - first, last - middle] as const;
    this.#kernels.addProduct(this.#block(middle, middle), this.#block(middle, first), right, size, -1);
    this.factor(middle, last);
  }

  #block(i: number, j: number): Block {
    return blockAt(this.#matrix.start, this.#matrix.stride, i, j);
  }

  /** Eliminates column k from the columns before `end`. */
  #eliminate(k: number, end: number): void {
    const z = this.#z;
    const { start, stride, m, n } = this.#matrix;
    const top = start + k * stride;
    let pivot = k;
    let largest = Math.abs(z[top + k]!);
    for (let i = k + 1; i < m; i++) {
      const size = Math.abs(z[start + i * stride + k]!);
      if (size <= largest) continue;
      largest = size;
      pivot = i;
    }
    this.#pivots[k] = pivot;
    if (pivot !== k) swapRows(z, start + pivot * stride, top, n);
    const value = z[top + k]!;
    if (value === 0) return;
    for (let i = k + 1; i < m; i++) {
      const row = start + i * stride;
      const factor = z[row + k]! / value;
      z[row + k] = factor;
      for (let j = k + 1; j < end; j++) z[row + j]! -= factor * z[top + j]!;
    }
  }
}

/** The factors and the exchanges of an [n, n] matrix, in rows of n + 1: see {@link factorLu}. */
export interface Factors {
  readonly packed: Float64Array;
  readonly n: number;
  /** Whether they stand for the transposed matrix. */
  readonly isTransposed: boolean;
}

/** Replaces b [n, k] by the solution x of a · x = b, for the matrix a of the factors. */
export function solveFactored({ packed, n, isTransposed }: Factors, b: Float64Array, k: number): void {
  if (n === 0 || k === 0) return;
  const [stride, sideStride] = [strideFor(n + 1), strideFor(k)];
  if (!isTransposed) exchangeRows(b, n, k, packed, false);
  withWorkspace([n * stride, n * sideStride], (workspace) => {
    const { kernels } = workspace;
    const factors = workspace.allocate(n * stride);
    const sides = workspace.allocate(n * sideStride);
    copyIn(workspace, factors, stride, packed, n, n + 1);
    copyIn(workspace, sides, sideStride, b, n, k);
    const matrix = isTransposed ? transposeBlock(blockAt(factors, stride)) : blockAt(factors, stride);
    solveLower(kernels, matrix, n, blockAt(sides, sideStride), k, !isTransposed);
    solveUpper(kernels, matrix, n, blockAt(sides, sideStride), k, isTransposed);
    copyOut(b, n, k, workspace, sides, sideStride);
  });
  if (isTransposed) exchangeRows(b, n, k, packed, true);
}

/** Exchanges rows of length k as the last column of a factorization says, or the other way round. */
function exchangeRows(b: Float64Array, n: number, k: number, packed: Float64Array, isReverse: boolean): void {
  for (let step = 0; step < n; step++) {
    const i = isReverse ? n - 1 - step : step;
    const pivot = packed[i * (n + 1) + n]!;
    if (pivot > i) swapRows(b, i * k, pivot * k, k);
  }
}

/** Exchanges two rows of length n. */
export function swapRows(a: Float64Array, first: number, second: number, n: number): void {
  for (let l = 0; l < n; l++) {
    const value = a[first + l]!;
    a[first + l] = a[second + l]!;
    a[second + l] = value;
  }
}
