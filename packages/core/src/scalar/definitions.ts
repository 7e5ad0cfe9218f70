// Functions that JavaScript's Math lacks or defines differently, in double precision.

/**
 * erf(x) in double precision, by the series e^(−x²) · 2/√π · Σ 2ⁿ x^(2n+1) / (2n+1)!!, whose terms all have one sign.
 * (Abramowitz and Stegun, 7.1.6.)
 */
export function erfOf(x: number): number {
  if (Math.abs(x) > 6) return Math.sign(x);
  let term = x;
  let sum = x;
  for (let n = 1; Math.abs(term) > Math.abs(sum) * 1e-17; n++) {
    term *= (2 * x * x) / (2 * n + 1);
    sum += term;
  }
  return (2 / Math.sqrt(Math.PI)) * Math.exp(-x * x) * sum;
}

/** x ** y by IEEE 754, as in NumPy: 1 ** NaN and (±1) ** ±Infinity are 1, where JavaScript returns NaN. */
export function powerOf(x: number, y: number): number {
  return x === 1 || (x === -1 && Math.abs(y) === Infinity) ? 1 : x ** y;
}

/** x ** y of int32, modulo 2³², by repeated squaring; truncated to an integer for y < 0, where 0 ** y is 0. */
export function integerPowerOf(x: number, y: number): number {
  if (y < 0) return x === 0 ? 0 : Math.trunc(x ** y);
  let result = 1;
  for (let base = x, exponent = y; exponent > 0; exponent >>= 1, base = Math.imul(base, base)) {
    if (exponent & 1) result = Math.imul(result, base);
  }
  return result;
}

/** The function (sum, x, y) → sum + x · y: for integers modulo 2³², whose low bits double precision would lose. */
export function multiplyAddOf(isInteger: boolean): (sum: number, x: number, y: number) => number {
  return isInteger ? (sum, x, y) => (sum + Math.imul(x, y)) | 0 : (sum, x, y) => sum + x * y;
}

/** The remainder with the sign of y; a zero has the sign of x. */
export function remainderOf(x: number, y: number): number {
  const remainder = x % y;
  return remainder !== 0 && remainder < 0 !== y < 0 ? remainder + y : remainder;
}

/** The logistic function 1 / (1 + e⁻ˣ). */
export function sigmoidOf(x: number): number {
  return 1 / (1 + Math.exp(-x));
}

/** log(1 + eˣ), without overflow. */
export function softplusOf(x: number): number {
  return Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));
}
