// The Hurwitz zeta function and polygamma functions, in double precision.
import { polynomial } from '@thetagrad/core/backend';

/** B₂ₖ / (2k)!, from k = 1 on. */
const bernoulli = [
  1 / 12,
  -1 / 720,
  1 / 30240,
  -1 / 1209600,
  1 / 47900160,
  -691 / 1307674368000,
  1 / 74724249600,
  -3617 / 10670622842880000,
  43867 / 5109094217170944000,
  -174611 / 802857662698291200000,
];

/**
 * The derivative of the Hurwitz zeta function ζ(s, q) = Σ (q + n)⁻ˢ of the given order with respect to s. For s of 1 it is
 * infinite, and for smaller s NaN; so it is for q < 0, except at the integers s, where the sum is real.
 */
export function zetaOf(order: number, s: number, q: number): number {
  if (Number.isNaN(q) || !(s >= 1)) return NaN;
  if (s === 1) return order % 2 === 0 ? Infinity : -Infinity;
  if (q <= 0) return order === 0 ? ofNegative(s, q) : NaN;
  if (q === Infinity) return 0;
  if (s === Infinity) return q < 1 ? Infinity : q === 1 && order === 0 ? 1 : 0;
  return scaledZeta(order, s, q) * q ** -s;
}

/** ζ(s, q) for q ≤ 0. */
function ofNegative(s: number, q: number): number {
  if (Number.isInteger(q)) return Infinity;
  if (!Number.isInteger(s) || q === -Infinity) return NaN;
  // Terms of negative q + n are those of a + n with the sign of (−1)ˢ.
  const a = -q % 1;
  return zetaOf(0, s, 1 - a) + (s % 2 === 0 ? 1 : -1) * (zetaOf(0, s, a) - zetaOf(0, s, 1 - q));
}

/**
 * qˢ times {@link zetaOf} for q > 0: by the Euler–Maclaurin formula (DLMF 25.11.5) the sum of f(q + n) with
 * f(y) = (−log y)ᵒʳᵈᵉʳ (q / y)ˢ.
 */
function scaledZeta(order: number, s: number, q: number): number {
  let [sum, y] = [0, q];
  // Terms until the series at y converges, or the rest does not count.
  while (y < 10 + s) {
    const term = (order === 0 ? 1 : (-Math.log(y)) ** order) * (q / y) ** s;
    sum += term;
    y += 1;
    if (y > 3 && Math.abs(term) * y < Math.abs(sum) * 1e-18) return sum;
  }
  return sum + (order === 0 ? tailOfZeta(s, y) : tailOf(order, s, y)) * (q / y) ** s;
}

/** The sum of (y / (y + n))ˢ over n ≥ 0, for y ≥ 10 + s. */
function tailOfZeta(s: number, y: number): number {
  let sum = y / (s - 1) + 0.5;
  let factor = s / y;
  for (const [k, coefficient] of bernoulli.entries()) {
    sum += coefficient * factor;
    factor *= ((s + 2 * k + 1) * (s + 2 * k + 2)) / (y * y);
  }
  return sum;
}

/** The sum of (−log(y + n))ᵒʳᵈᵉʳ (y / (y + n))ˢ over n ≥ 0, for y ≥ 10 + s. */
function tailOf(order: number, s: number, y: number): number {
  const logarithm = Math.log(y);
  // The integral from y on is y / (s − 1) times a polynomial in log y, by parts.
  let integral = 1 / (s - 1);
  for (let k = 1; k <= order; k++) integral = ((-logarithm) ** k - k * integral) / (s - 1);
  // The m-th derivative at y is y⁻ᵐ times a polynomial in log y, with these coefficients.
  let derivative = Array.from({ length: order + 1 }, (_, k) => (k === order ? (-1) ** order : 0));
  let sum = polynomial(logarithm, derivative) / 2;
  let scale = 1;
  for (let m = 0; m < 2 * bernoulli.length - 1; m++) {
    const before = derivative;
    derivative = before.map((coefficient, k) => (k + 1) * (before[k + 1] ?? 0) - (s + m) * coefficient);
    scale /= y;
    if (m % 2 === 0) sum -= bernoulli[m / 2]! * polynomial(logarithm, derivative) * scale;
  }
  return y * integral + sum;
}

/** The n-th derivative of ψ, (−1)ⁿ⁺¹ n! ζ(n + 1, x), for n ≥ 1. */
export function polygammaOf(n: number, x: number): number {
  const sign = n % 2 === 0 ? -1 : 1;
  const isPositive = x > 0 && x < Infinity;
  let scale = isPositive ? 1 / x : 1;
  for (let k = 1; k <= n; k++) scale *= isPositive ? k / x : k;
  return sign * scale * (isPositive ? scaledZeta(0, n + 1, x) : zetaOf(0, n + 1, x));
}

/** The coefficients of the n-th derivative of cot as a polynomial of cot, by cot′ = −1 − cot². */
export function cotangentCoefficients(n: number): number[] {
  let coefficients = [0, 1];
  for (let k = 0; k < n; k++) {
    const before = coefficients;
    coefficients = Array.from({ length: before.length + 1 }, (_, i) => {
      return -((i + 1) * (before[i + 1] ?? 0) + (i - 1) * (before[i - 1] ?? 0));
    });
  }
  return coefficients;
}
