import { addScaled } from './dense.ts';
import { factorLu, swapRows } from './lu.ts';
import { addProduct } from './product.ts';
import { substitute } from './triangular.ts';

/** The coefficients of the numerator of the [13/13] Padé approximant of eˣ. */
const coefficients: readonly number[] = [
  64764752532480000, 32382376266240000, 7771770303897600, 1187353796428800, 129060195264000, 10559470521600,
  670442572800, 33522128640, 1323241920, 40840800, 960960, 16380, 182, 1,
];

/** The largest 1-norm for which the approximant is exact in double precision. */
const maxNorm = 5.371920351148152;

/**
 * The exponential of an [n, n] matrix, by a Padé approximant of degree 13 with scaling and squaring (Higham, The scaling and
 * squaring method for the matrix exponential revisited, 2005). Overwrites the matrix.
 */
export function exponentiate(a: Float64Array, n: number, result: Float64Array): void {
  const size = n * n;
  const squarings = Math.max(0, Math.ceil(Math.log2(maxColumnSum(a, n) / maxNorm) + 64));
  if (squarings > 0) for (let i = 0; i < size; i++) a[i]! *= 2 ** -squarings;
  const multiply = (x: Float64Array, y: Float64Array, sum = new Float64Array(size)): Float64Array => {
    addProduct(sum, x, y, [n, n, n]);
    return sum;
  };
  const a2 = multiply(a, a);
  const a4 = multiply(a2, a2);
  const a6 = multiply(a2, a4);
  /** Σ of every other coefficient, from number `lowest` on, times its even power of a. */
  const polynomial = (lowest: number): Float64Array => {
    const coefficient = (power: number): number => coefficients[lowest + power]!;
    const upper = new Float64Array(size);
    const lower = new Float64Array(size);
    [a2, a4, a6].forEach((power, i) => {
      addScaled(upper, 0, coefficient(2 * i + 8), power, 0, size);
      addScaled(lower, 0, coefficient(2 * i + 2), power, 0, size);
    });
    for (let i = 0; i < n; i++) lower[i * n + i]! += coefficient(0);
    return multiply(a6, upper, lower);
  };
  const odd = multiply(a, polynomial(1));
  const even = polynomial(0);
  const denominator = new Float64Array(size);
  for (let i = 0; i < size; i++) {
    denominator[i] = even[i]! - odd[i]!;
    result[i] = even[i]! + odd[i]!;
  }
  solveInPlace(denominator, n, result);
  for (let step = 0; step < squarings; step++) result.set(multiply(result, result));
}

/** Solves d · x = b for [n, n] matrices. Overwrites both, b with the solution. */
function solveInPlace(d: Float64Array, n: number, b: Float64Array): void {
  const pivots = new Float64Array(n);
  factorLu(d, n, n, pivots);
  for (let i = 0; i < n; i++) if (pivots[i]! !== i) swapRows(b, i * n, pivots[i]! * n, n);
  substitute(d, n, b, n, { upper: false, unitriangular: true });
  substitute(d, n, b, n, { upper: true, unitriangular: false });
}

/** The 1-norm times 2⁻⁶⁴, which does not overflow. */
function maxColumnSum(a: Float64Array, n: number): number {
  const sums = new Float64Array(n);
  for (let i = 0; i < n; i++) for (let j = 0; j < n; j++) sums[j]! += Math.abs(a[i * n + j]!) * 2 ** -64;
  return sums.reduce((largest, sum) => Math.max(largest, sum), 0);
}
