/** Bunch and Kaufman's bound, which balances the growth of elements in steps of one and of two rows. */
const alpha = (1 + Math.sqrt(17)) / 8;

/**
 * The factorization p · a · pᵀ = l · d · lᵀ of a symmetric [n, n] matrix with the pivoting of Bunch and Kaufman (Golub & Van Loan,
 * §4.4.4), where d has blocks of 1 × 1 and 2 × 2 on its diagonal. Replaces the lower triangle, which alone is read, by d and what
 * of l is below the blocks.
 * @param pivots receives the row that was exchanged with row i in step i; in both rows of a block of two −1 less the row that was
 *   exchanged with the second.
 */
export function factorLdl(a: Float64Array, n: number, pivots: Float64Array): void {
  const columns = [new Float64Array(n), new Float64Array(n)] as const;
  for (let k = 0; k < n;) {
    const { pivot, size } = choosePivot(a, n, k);
    const target = k + size - 1;
    if (pivot !== target) exchange(a, n, target, pivot);
    pivots.fill(size === 1 ? pivot : -1 - pivot, k, k + size);
    if (size === 1) eliminateOne(a, n, k, columns[0]);
    else eliminateTwo(a, n, k, columns);
    k += size;
  }
}

/** The row to be exchanged with the last of the next block, and the size of the block. */
function choosePivot(a: Float64Array, n: number, k: number): { readonly pivot: number; readonly size: 1 | 2 } {
  const diagonal = Math.abs(a[k * n + k]!);
  let row = k;
  let largest = 0;
  for (let i = k + 1; i < n; i++) {
    const size = Math.abs(a[i * n + k]!);
    if (size <= largest) continue;
    largest = size;
    row = i;
  }
  // Also where they are NaN: the last row has no other for a block of two.
  if (!(diagonal < alpha * largest)) return { pivot: k, size: 1 };
  // The largest element next to the diagonal in the row and column of that one.
  let other = 0;
  for (let j = k; j < row; j++) other = Math.max(other, Math.abs(a[row * n + j]!));
  for (let i = row + 1; i < n; i++) other = Math.max(other, Math.abs(a[i * n + row]!));
  // Without squares, which may overflow or underflow.
  if (diagonal >= alpha * largest * (largest / other)) return { pivot: k, size: 1 };
  if (Math.abs(a[row * n + row]!) >= alpha * other) return { pivot: row, size: 1 };
  return { pivot: row, size: 2 };
}

/** Exchanges rows and columns i and j > i of a symmetric matrix, and what of l is left of them. */
function exchange(a: Float64Array, n: number, i: number, j: number): void {
  const swap = (x: number, y: number): void => {
    const value = a[x]!;
    a[x] = a[y]!;
    a[y] = value;
  };
  for (let l = 0; l < i; l++) swap(i * n + l, j * n + l);
  for (let l = i + 1; l < j; l++) swap(l * n + i, j * n + l);
  for (let l = j + 1; l < n; l++) swap(l * n + i, l * n + j);
  swap(i * n + i, j * n + j);
}

function eliminateOne(a: Float64Array, n: number, k: number, column: Float64Array): void {
  const pivot = a[k * n + k]!;
  if (pivot === 0) return;
  for (let i = k + 1; i < n; i++) column[i] = a[i * n + k]!;
  for (let i = k + 1; i < n; i++) {
    const factor = column[i]! / pivot;
    a[i * n + k] = factor;
    for (let j = k + 1; j <= i; j++) a[i * n + j]! -= factor * column[j]!;
  }
}

function eliminateTwo(
  a: Float64Array,
  n: number,
  k: number,
  [first, second]: readonly [Float64Array, Float64Array],
): void {
  const between = a[(k + 1) * n + k]!;
  const upper = a[(k + 1) * n + k + 1]! / between;
  const lower = a[k * n + k]! / between;
  const divisor = (upper * lower - 1) * between;
  for (let i = k + 2; i < n; i++) {
    first[i] = a[i * n + k]!;
    second[i] = a[i * n + k + 1]!;
  }
  for (let i = k + 2; i < n; i++) {
    const x = (upper * first[i]! - second[i]!) / divisor;
    const y = (lower * second[i]! - first[i]!) / divisor;
    a[i * n + k] = x;
    a[i * n + k + 1] = y;
    for (let j = k + 2; j <= i; j++) a[i * n + j]! -= x * first[j]! + y * second[j]!;
  }
}
