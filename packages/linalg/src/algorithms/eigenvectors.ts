import { epsilon, largestMagnitude } from './dense.ts';
import { multiplyTransposed, reduceToSchur, type SchurForm } from './schur.ts';

/** Eigenvectors of a general matrix, as rows. */
export interface Eigenvectors {
  /** [n, n]. */
  readonly real: Float64Array;
  /** [n, n]. */
  readonly imaginary: Float64Array;
}

/**
 * The eigenvalues of an [n, n] matrix, in the order of its Schur form, and its eigenvectors of length 1, by substitution (Golub
 * & Van Loan, §7.6.3). In each the element of the largest magnitude (the first of these) is real and positive. Destroys the
 * matrix.
 */
export function decomposeGeneral(a: Float64Array, n: number, vectors?: Eigenvectors): SchurForm {
  const form = reduceToSchur(a, n, vectors && new Float64Array(n * n));
  const { q, imaginary } = form;
  if (!vectors || !q) return form;
  const x = { real: new Float64Array(n), imaginary: new Float64Array(n) };
  for (let k = 0; k < n; k++) {
    const isPair = imaginary[k]! > 0;
    const last = isPair ? k + 1 : k;
    solveForVector(form, n, k, last, x);
    const row = {
      real: vectors.real.subarray(k * n, (k + 1) * n),
      imaginary: vectors.imaginary.subarray(k * n, (k + 1) * n),
    };
    multiplyTransposed(row.real, q, x.real, n);
    multiplyTransposed(row.imaginary, q, x.imaginary, n);
    normalize(row);
    if (!isPair) continue;
    for (let i = 0; i < n; i++) {
      vectors.real[last * n + i] = row.real[i]!;
      vectors.imaginary[last * n + i] = -row.imaginary[i]!;
    }
    k++;
  }
  return form;
}

/** The eigenvector of t for the eigenvalue of the block from row `first` to row `last`. */
function solveForVector(
  { t, real, imaginary }: SchurForm,
  n: number,
  first: number,
  last: number,
  x: Eigenvectors,
): void {
  const [re, im] = [x.real.fill(0), x.imaginary.fill(0)];
  const [lambda, mu] = [real[first]!, imaginary[first]!];
  const smallest = epsilon * largestMagnitude(t) || epsilon;
  if (first === last) {
    re[first] = 1;
  } else {
    re[last] = t[last * n + first]!;
    re[first] = lambda - t[last * n + last]!;
    im[first] = mu;
  }
  const residual = (i: number, parts: Float64Array): number => {
    let sum = 0;
    for (let j = i + 1; j <= last; j++) sum -= t[i * n + j]! * parts[j]!;
    return sum;
  };
  for (let i = first - 1; i >= 0; i--) {
    if (imaginary[i]! < 0) {
      solvePair(
        { t, n, i: i - 1, lambda, mu, smallest },
        x,
        [i - 1, i].map((row) => [residual(row, re), residual(row, im)]),
      );
      i--;
    } else {
      [re[i], im[i]] = divide([residual(i, re), residual(i, im)], notZero([t[i * n + i]! - lambda, -mu], smallest));
    }
    const size = Math.max(Math.abs(re[i]!), Math.abs(im[i]!), Math.abs(re[i + 1]!), Math.abs(im[i + 1]!));
    if (size < 2 ** 200) continue;
    for (let j = i; j <= last; j++) {
      re[j]! /= size;
      im[j]! /= size;
    }
  }
}

type Complex = readonly [real: number, imaginary: number];

const multiply = ([a, b]: Complex, [c, d]: Complex): Complex => [a * c - b * d, a * d + b * c];
const subtract = ([a, b]: Complex, [c, d]: Complex): Complex => [a - c, b - d];
const notZero = (x: Complex, smallest: number): Complex =>
  Math.max(Math.abs(x[0]), Math.abs(x[1])) < smallest ? [smallest, 0] : x;

function divide([a, b]: Complex, [c, d]: Complex): [number, number] {
  // Scaled by the larger part, so that squares stay in range.
  const scale = Math.max(Math.abs(c), Math.abs(d));
  const [x, y] = [c / scale, d / scale];
  const square = (x * x + y * y) * scale;
  return [(a * x + b * y) / square, (b * x - a * y) / square];
}

interface PairOfRows {
  readonly t: Float64Array;
  readonly n: number;
  /** The first row. */
  readonly i: number;
  readonly lambda: number;
  readonly mu: number;
  readonly smallest: number;
}

/** Solves for two elements of an eigenvector, at a 2 × 2 block of another pair, by Cramer's rule. */
function solvePair({ t, n, i, lambda, mu, smallest }: PairOfRows, x: Eigenvectors, sides: number[][]): void {
  const [r, s] = sides as [[number, number], [number, number]];
  const a: Complex = [t[i * n + i]! - lambda, -mu];
  const d: Complex = [t[(i + 1) * n + i + 1]! - lambda, -mu];
  const b: Complex = [t[i * n + i + 1]!, 0];
  const c: Complex = [t[(i + 1) * n + i]!, 0];
  const size = Math.abs(b[0]) + Math.abs(c[0]);
  const determinant = notZero(subtract(multiply(a, d), multiply(b, c)), smallest * size);
  [x.real[i], x.imaginary[i]] = divide(subtract(multiply(r, d), multiply(b, s)), determinant);
  [x.real[i + 1], x.imaginary[i + 1]] = divide(subtract(multiply(a, s), multiply(c, r)), determinant);
}

/** Scales to length 1, with a real and positive element of the largest magnitude. */
function normalize({ real, imaginary }: Eigenvectors): void {
  const scale = Math.max(largestMagnitude(real), largestMagnitude(imaginary));
  let sum = 0;
  let largest = 0;
  let at = 0;
  for (let i = 0; i < real.length; i++) {
    const square = (real[i]! / scale) ** 2 + (imaginary[i]! / scale) ** 2;
    sum += square;
    if (square * (1 - 2 ** -30) <= largest) continue;
    largest = square;
    at = i;
  }
  const length = Math.sqrt(sum) * scale;
  const magnitude = Math.sqrt(largest) * scale;
  const phase: Complex = [real[at]! / magnitude, -imaginary[at]! / magnitude];
  for (let i = 0; i < real.length; i++) {
    [real[i], imaginary[i]] = multiply([real[i]! / length, imaginary[i]! / length], phase) as [number, number];
  }
  imaginary[at] = 0;
}
