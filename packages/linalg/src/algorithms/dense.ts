// Loops over rows of matrices in double precision, which the algorithms are made of. Matrices are row-major.

/** The spacing of doubles at 1. */
export const epsilon: number = 2 ** -52;

/** Part of a matrix: its element (i, j) is at index `offset + i · stride + j`. */
export interface Block {
  readonly values: Float64Array;
  readonly offset: number;
  readonly stride: number;
}

/** Σ x[i] · y[i] over n elements from the starts. */
export function dot(x: Float64Array, xStart: number, y: Float64Array, yStart: number, n: number): number {
  let s0 = 0;
  let s1 = 0;
  let s2 = 0;
  let s3 = 0;
  let i = 0;
  for (; i + 3 < n; i += 4) {
    const p = xStart + i;
    const q = yStart + i;
    s0 += x[p]! * y[q]!;
    s1 += x[p + 1]! * y[q + 1]!;
    s2 += x[p + 2]! * y[q + 2]!;
    s3 += x[p + 3]! * y[q + 3]!;
  }
  for (; i < n; i++) s0 += x[xStart + i]! * y[yStart + i]!;
  return s0 + s1 + (s2 + s3);
}

/** y += factor · x over n elements from the starts. */
export function addScaled(
  y: Float64Array,
  yStart: number,
  factor: number,
  x: Float64Array,
  xStart: number,
  n: number,
): void {
  for (let i = 0; i < n; i++) y[yStart + i]! += factor * x[xStart + i]!;
}

/** √Σ x², of n elements from the start whose squares stay in range. */
export function lengthOf(x: Float64Array, start: number, n: number): number {
  return Math.sqrt(dot(x, start, x, start, n));
}

/** c += factor · a · b for [m, k] · [k, n], two rows and four products at a time. c must not overlap a or b. */
export function addProduct(
  c: Block,
  a: Block,
  b: Block,
  [m, k, n]: readonly [number, number, number],
  factor: number,
): void {
  const { values: z } = c;
  const { values: x } = a;
  const { values: y } = b;
  for (let i = 0; i < m; i += 2) {
    const hasSecond = i + 1 < m;
    const row0 = c.offset + i * c.stride;
    const row1 = row0 + c.stride;
    const left0 = a.offset + i * a.stride;
    const left1 = left0 + a.stride;
    let l = 0;
    for (; l + 3 < k; l += 4) {
      const p0 = factor * x[left0 + l]!;
      const p1 = factor * x[left0 + l + 1]!;
      const p2 = factor * x[left0 + l + 2]!;
      const p3 = factor * x[left0 + l + 3]!;
      const y0 = b.offset + l * b.stride;
      const y1 = y0 + b.stride;
      const y2 = y1 + b.stride;
      const y3 = y2 + b.stride;
      if (!hasSecond) {
        for (let j = 0; j < n; j++)
          z[row0 + j]! += p0 * y[y0 + j]! + p1 * y[y1 + j]! + (p2 * y[y2 + j]! + p3 * y[y3 + j]!);
        continue;
      }
      const q0 = factor * x[left1 + l]!;
      const q1 = factor * x[left1 + l + 1]!;
      const q2 = factor * x[left1 + l + 2]!;
      const q3 = factor * x[left1 + l + 3]!;
      for (let j = 0; j < n; j++) {
        const b0 = y[y0 + j]!;
        const b1 = y[y1 + j]!;
        const b2 = y[y2 + j]!;
        const b3 = y[y3 + j]!;
        z[row0 + j]! += p0 * b0 + p1 * b1 + (p2 * b2 + p3 * b3);
        z[row1 + j]! += q0 * b0 + q1 * b1 + (q2 * b2 + q3 * b3);
      }
    }
    for (; l < k; l++) {
      const start = b.offset + l * b.stride;
      addScaled(z, row0, factor * x[left0 + l]!, y, start, n);
      if (hasSecond) addScaled(z, row1, factor * x[left1 + l]!, y, start, n);
    }
  }
}

/** Writes the transpose of an [m, n] matrix. */
export function transposeInto(target: Float64Array, source: Float64Array, m: number, n: number): void {
  for (let i = 0; i < m; i++) for (let j = 0; j < n; j++) target[j * m + i] = source[i * n + j]!;
}

/** Writes the identity, or its first rows or columns. */
export function setIdentity(target: Float64Array, m: number, n: number): void {
  target.fill(0, 0, m * n);
  for (let i = 0; i < Math.min(m, n); i++) target[i * n + i] = 1;
}

/** The largest magnitude of n elements from the start. */
export function largestMagnitude(x: Float64Array, start = 0, n: number = x.length): number {
  let largest = 0;
  for (let i = start; i < start + n; i++) largest = Math.max(largest, Math.abs(x[i]!));
  return largest;
}

/**
 * Scales elements by a power of two where squares of them would overflow or lose digits. Returns the factor by which results
 * that are linear in them are to be multiplied; mostly 1.
 */
export function scaleToRange(x: Float64Array): number {
  const largest = largestMagnitude(x);
  if (largest === 0 || (largest < 2 ** 300 && largest > 2 ** -300)) return 1;
  const exponent = Math.floor(Math.log2(largest));
  // In two steps, since 2 ** 1074 is not a double.
  const [first, second] = [2 ** Math.trunc(-exponent / 2), 2 ** (-exponent - Math.trunc(-exponent / 2))];
  for (let i = 0; i < x.length; i++) x[i] = x[i]! * first * second;
  return 2 ** exponent;
}
