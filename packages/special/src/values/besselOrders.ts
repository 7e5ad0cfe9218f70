// Bessel functions of any order n ≥ 0 in double precision, from those of orders 0 and 1: derivatives are combinations of them.
import { j0Of, j1Of, y0Of, y1Of } from './bessel.ts';
import { i0eOf, i0Of, i1eOf, i1Of, k0eOf, k0Of, k1eOf, k1Of } from './modifiedBessel.ts';

/** The product of quotients of neighboring orders from n down to 1, by the recurrence backward (Gautschi 1967): rₖ = 1 / (2k/x ± rₖ₊₁). */
function quotients(n: number, x: number, sign: 1 | -1): number {
  let [quotient, product] = [0, 1];
  for (let k = n + 30 + Math.ceil(2 * Math.abs(x)); k >= 1; k--) {
    quotient = 1 / ((2 * k) / x + sign * quotient);
    if (k <= n) product *= quotient;
  }
  return product;
}

/** The value of order n from those of orders 0 and 1, by fₖ₊₁ = sign · fₖ₋₁ + factor · k fₖ. */
function recur(n: number, first: number, second: number, { sign, factor }: { sign: 1 | -1; factor: number }): number {
  if (n === 0) return first;
  let [before, value] = [first, second];
  for (let k = 1; k < n; k++) [before, value] = [value, sign * before + factor * k * value];
  return value;
}

/** Jₙ(x). */
export function besselJOf(n: number, x: number): number {
  if (n < 2) return n === 0 ? j0Of(x) : j1Of(x);
  if (x === 0) return x ** n;
  if (Math.abs(x) > n) return recur(n, j0Of(x), j1Of(x), { sign: -1, factor: 2 / x });
  // J₀ has no zero below 2.
  return Math.abs(x) < 2 ? j0Of(x) * quotients(n, x, -1) : millerJ(n, x);
}

/** Jₙ(x) by Miller's algorithm: the sum J₀ + 2 J₂ + 2 J₄ + … is 1 (DLMF 10.12.4). */
function millerJ(n: number, x: number): number {
  let [after, value, sum, result] = [0, 1e-300, 0, 0];
  for (let k = 2 * Math.ceil((n + 40 + Math.abs(x)) / 2); k >= 0; k--) {
    if (k === n) result = value;
    if (k % 2 === 0) sum += k === 0 ? value : 2 * value;
    [after, value] = [value, ((2 * k) / x) * value - after];
  }
  return result / sum;
}

/** Yₙ(x). */
export function besselYOf(n: number, x: number): number {
  if (x === Infinity) return 0;
  return x === 0 ? -Infinity : recur(n, y0Of(x), y1Of(x), { sign: -1, factor: 2 / x });
}

/** Iₙ(x), or e^(−|x|) Iₙ(x). */
export function modifiedIOf(n: number, isScaled: boolean, x: number): number {
  if (n === 1) return isScaled ? i1eOf(x) : i1Of(x);
  const zeroth = isScaled ? i0eOf(x) : i0Of(x);
  if (n === 0 || zeroth === 0) return zeroth;
  if (!(Math.abs(x) < Infinity)) return x ** n;
  // The forward recurrence loses no digits for large arguments.
  if (Math.abs(x) > 50 * n) return recur(n, zeroth, isScaled ? i1eOf(x) : i1Of(x), { sign: 1, factor: -2 / x });
  return zeroth * quotients(n, x, 1);
}

/** Kₙ(x), or eˣ Kₙ(x). */
export function modifiedKOf(n: number, isScaled: boolean, x: number): number {
  if (x === Infinity) return 0;
  const [zeroth, first] = isScaled ? [k0eOf(x), k1eOf(x)] : [k0Of(x), k1Of(x)];
  return x === 0 ? Infinity : recur(n, zeroth, first, { sign: 1, factor: 2 / x });
}
