// The regularized incomplete beta function in double precision, and its derivatives with respect to a and b.
import { betalnOf, stirlingError } from './gamma.ts';
import { exponentOf, lgammaJet } from './incompleteGamma.ts';
import { Jet, type Orders } from './jet.ts';

/** xᵃ (1 − x)ᵇ / B(a, b). */
function powersOf(a: number, b: number, x: number): number {
  if (a < 10 || b < 10) return Math.exp(a * Math.log(x) + b * Math.log1p(-x) - betalnOf(a, b));
  // Stirling's formula, in which the powers are relative to those at the mean (DiDonato and Morris 1992, algorithm 708).
  const sum = a + b;
  const error = stirlingError(a) + stirlingError(b) - stirlingError(sum);
  const root = Math.sqrt(((a / sum) * b) / (2 * Math.PI));
  return root * Math.exp(-exponentOf(a, sum * x) - exponentOf(b, sum * (1 - x)) - error);
}

/** The density of the beta distribution, xᵃ⁻¹ (1 − x)ᵇ⁻¹ / B(a, b). */
export function betaDensityOf(a: number, b: number, x: number): number {
  if (!(a > 0 && b > 0 && x >= 0 && x <= 1) || a === Infinity || b === Infinity) return NaN;
  if (x === 0) return a < 1 ? Infinity : a === 1 ? b : 0;
  if (x === 1) return b < 1 ? Infinity : b === 1 ? a : 0;
  return powersOf(a, b, x) / x / (1 - x);
}

/** Whether to compute the function of x and not that of 1 − x, which converges faster there. */
function isLower(a: number, b: number, x: number): boolean {
  return x <= (a + 1) / (a + b + 2);
}

/** Where the function follows without computation. */
function limits(a: number, b: number, x: number): number | undefined {
  if (!(a >= 0 && b >= 0 && x >= 0 && x <= 1) || (a === 0 && b === 0)) return NaN;
  if (a === Infinity && b === Infinity) return NaN;
  if (x === 0 || b === 0 || a === Infinity) return x === 1 ? 1 : a === 0 ? 1 : 0;
  return x === 1 || a === 0 || b === Infinity ? 1 : undefined;
}

/** The continued fraction of DLMF 8.17.22, by the method of Lentz. */
function fractionOf(a: number, b: number, x: number): number {
  let c = 1;
  let d = 1 / (1 - ((a + b) * x) / (a + 1));
  let result = d;
  for (let m = 1; ; m++) {
    const even = (((m * (b - m)) / (a + 2 * m - 1)) * x) / (a + 2 * m);
    d = 1 / (1 + even * d);
    c = 1 + even / c;
    result *= c * d;
    const odd = (((-(a + m) * (a + b + m)) / (a + 2 * m)) * x) / (a + 2 * m + 1);
    d = 1 / (1 + odd * d);
    c = 1 + odd / c;
    result *= c * d;
    if (!(Math.abs(c * d - 1) > 2 ** -52)) return result;
  }
}

/** I_x(a, b). */
export function betaincOf(a: number, b: number, x: number): number {
  const known = limits(a, b, x);
  if (known !== undefined) return known;
  const powers = powersOf(a, b, x);
  if (isLower(a, b, x)) return powers === 0 ? 0 : (powers * fractionOf(a, b, x)) / a;
  return powers === 0 ? 1 : 1 - (powers * fractionOf(b, a, 1 - x)) / b;
}

/** The derivative of I with respect to a and b, of orders that are not both 0. */
export function betaincDerivativeOf([first, second]: Orders, a: number, b: number, x: number): number {
  const known = limits(a, b, x);
  if (known !== undefined) return Number.isNaN(known) || a === 0 || b === 0 ? NaN : 0;
  if (powersOf(a, b, x) === 0) return 0;
  if (isLower(a, b, x)) return jetOf([first, second], [a, b], x).derivative;
  return -jetOf([second, first], [b, a], 1 - x).derivative;
}

/** I where {@link isLower}. */
function jetOf(orders: Orders, [p, q]: readonly [number, number], x: number): Jet {
  const [a, b] = [Jet.variable(p, 0, orders), Jet.variable(q, 1, orders)];
  const powers = a.scale(Math.log(x)).add(b.scale(Math.log1p(-x)));
  const lgammas = lgammaJet(p + q, [true, true], orders)
    .add(lgammaJet(p, [true, false], orders).scale(-1))
    .add(lgammaJet(q, [false, true], orders).scale(-1));
  const factor = powers.add(lgammas).exp(powersOf(p, q, x));
  return factor.div(a).div(fractionJet(a, b, x, orders));
}

/** The denominator of {@link fractionOf}, from an end that is far enough for all coefficients. */
function fractionJet(a: Jet, b: Jet, x: number, orders: Orders): Jet {
  const count = 60 + Math.ceil(5 * Math.sqrt(Math.max(a.value, b.value)) + 10 * (orders[0] + orders[1]));
  const sum = a.add(b);
  let rest = Jet.constant(1, orders);
  for (let m = count; m >= 0; m--) {
    const odd = a
      .shift(m)
      .mul(sum.shift(m))
      .scale(-x)
      .div(a.shift(2 * m))
      .div(a.shift(2 * m + 1));
    rest = odd.div(rest).shift(1);
    if (m === 0) return rest;
    const even = b
      .shift(-m)
      .scale(m * x)
      .div(a.shift(2 * m - 1))
      .div(a.shift(2 * m));
    rest = even.div(rest).shift(1);
  }
  return rest;
}
