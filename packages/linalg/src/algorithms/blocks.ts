import { solvedRows, type Block, type Kernels } from '../kernels/kernels.ts';
import { transposeBlock } from '../kernels/workspace.ts';

/** Half of n rows or columns, a multiple of the rows that a kernel solves for. */
export function halfOf(n: number): number {
  return Math.ceil(n / (2 * solvedRows)) * solvedRows;
}

/** The block from row i and column j on. */
export function blockFrom({ offset, row, column }: Block, i: number, j: number): Block {
  return { offset: offset + i * row + j * column, row, column };
}

/** The same matrix with rows and columns in reverse order; `n` is their number. */
export function reverseBlock({ offset, row, column }: Block, n: number): Block {
  return { offset: offset + (n - 1) * (row + column), row: -row, column: -column };
}

/**
 * Replaces b, of n rows and k columns, by the solution x of t · x = b with a lower triangular t, by halves (Golub & Van Loan, §3.1).
 * @param unitriangular whether the diagonal of t counts as ones.
 */
export function solveLower(kernels: Kernels, t: Block, n: number, b: Block, k: number, unitriangular: boolean): void {
  if (n <= solvedRows) return kernels.solveRows(t, b, [n, k], unitriangular);
  const half = halfOf(n);
  const rest = blockFrom(b, half, 0);
  solveLower(kernels, t, half, b, k, unitriangular);
  kernels.addProduct(rest, blockFrom(t, half, 0), b, [n - half, half, k], -1);
  solveLower(kernels, blockFrom(t, half, half), n - half, rest, k, unitriangular);
}

/** As {@link solveLower}, for an upper triangular t: from the last row to the first. */
export function solveUpper(kernels: Kernels, t: Block, n: number, b: Block, k: number, unitriangular: boolean): void {
  const last = { offset: b.offset + (n - 1) * b.row, row: -b.row, column: b.column };
  solveLower(kernels, reverseBlock(t, n), n, last, k, unitriangular);
}

/**
 * Replaces the upper triangle of a symmetric matrix a, which alone is read, by u with uᵀ · u = a, by halves. What is below the
 * diagonal may be overwritten.
 * @returns the order of the first leading minor that is not positive, or 0 if there is none.
 */
export function factorUpper(z: Float64Array, kernels: Kernels, a: Block, n: number): number {
  if (n <= solvedRows) return factorSmall(z, a, n);
  const half = halfOf(n);
  const right = blockFrom(a, 0, half);
  const failure = factorUpper(z, kernels, a, half);
  if (failure > 0) return failure;
  solveLower(kernels, transposeBlock(a), half, right, n - half, false);
  kernels.addGram(blockFrom(a, half, half), right, [half, n - half], -1);
  const later = factorUpper(z, kernels, blockFrom(a, half, half), n - half);
  return later > 0 ? half + later : 0;
}

function factorSmall(z: Float64Array, { offset, row, column }: Block, n: number): number {
  for (let i = 0; i < n; i++) {
    const diagonal = offset + i * (row + column);
    let pivot = z[diagonal]!;
    for (let l = 0; l < i; l++) pivot -= z[offset + l * row + i * column]! ** 2;
    if (!(pivot > 0)) return i + 1;
    const root = Math.sqrt(pivot);
    z[diagonal] = root;
    for (let j = i + 1; j < n; j++) {
      let rest = z[offset + i * row + j * column]!;
      for (let l = 0; l < i; l++) rest -= z[offset + l * row + i * column]! * z[offset + l * row + j * column]!;
      z[offset + i * row + j * column] = rest / root;
    }
  }
  return 0;
}
