// The regularized incomplete gamma functions P(a, x) and Q(a, x) in double precision, and their derivatives with respect to a.
import { polynomial } from '@thetagrad/core/backend';
import { erfcOf } from './error.ts';
import { digammaOf, gammaOf, lgamma1pOf, stirlingError } from './gamma.ts';
import { Jet, type Orders } from './jet.ts';
import { etaSeries, temme } from './temme.ts';
import { polygammaOf } from './zeta.ts';

/** The relative size of terms that do not count. */
const negligible = 2 ** -54;

/** P and Q where they follow without computation: [P, Q]. */
function limits(a: number, x: number): readonly [number, number] | undefined {
  if (!(a >= 0 && x >= 0) || (a === 0 && x === 0) || (a === Infinity && x === Infinity)) return [NaN, NaN];
  if (x === 0 || a === Infinity) return [0, 1];
  return a === 0 || x === Infinity ? [1, 0] : undefined;
}

/** Whether Temme's expansion is accurate. */
function isUniform(a: number, x: number): boolean {
  return a >= 40 && Math.abs(x - a) <= 0.3 * a;
}

/** a (μ − log(1 + μ)) for μ = x/a − 1. */
export function exponentOf(a: number, x: number): number {
  const mu = (x - a) / a;
  if (Math.abs(mu) > 0.4) return x - a - a * Math.log(x / a);
  // With s = μ / (2 + μ), the logarithm is 2 artanh s.
  const s = mu / (2 + mu);
  const z = s * s;
  let sum = 0;
  for (let k = 29; k >= 3; k -= 2) sum = sum * z + 1 / k;
  return a * (mu * s - 2 * s * z * sum);
}

/** xᵃ e⁻ˣ / Γ(a + 1). */
function factorOf(a: number, x: number): number {
  if (a >= 10) return Math.exp(-exponentOf(a, x) - stirlingError(a)) / Math.sqrt(2 * Math.PI * a);
  return x > 1000 ? 0 : (x ** a * Math.exp(-x)) / gammaOf(a + 1);
}

/** xᵃ⁻¹ e⁻ˣ / Γ(a), the density of the gamma distribution. */
export function gammaDensityOf(a: number, x: number): number {
  if (!(a >= 0 && x >= 0) || a === Infinity) return a === Infinity && x >= 0 && x < Infinity ? 0 : NaN;
  if (x === 0) return a < 1 ? (a === 0 ? NaN : Infinity) : a === 1 ? 1 : 0;
  if (x === Infinity || a === 0) return 0;
  if (a >= 10) return (factorOf(a, x) * a) / x;
  return x > 1000 ? 0 : (x ** (a - 1) * Math.exp(-x) * a) / gammaOf(a + 1);
}

/** The sum of xⁿ / (a + 1)ₙ, which is P over {@link factorOf} (DLMF 8.7.1). */
function seriesOf(a: number, x: number): number {
  let [sum, term] = [1, 1];
  for (let n = 1; term > sum * negligible; n++) sum += term *= x / (a + n);
  return sum;
}

/** The continued fraction of Q over a times {@link factorOf} (DLMF 8.9.2), by the method of Lentz. */
function fractionOf(a: number, x: number): number {
  let b = x + 1 - a;
  let c = Infinity;
  let d = 1 / b;
  let result = d;
  for (let n = 1; ; n++) {
    b += 2;
    const numerator = n * (a - n);
    d = 1 / (b + numerator * d);
    c = b + numerator / c;
    result *= c * d;
    if (!(Math.abs(c * d - 1) > negligible * 4)) return result;
  }
}

/** Q by Temme's expansion (DLMF 8.12.4), or P for `side` −1. */
function uniformOf(a: number, x: number, side: 1 | -1): number {
  const exponent = exponentOf(a, x);
  const z = Math.sign(x - a) * Math.sqrt(exponent);
  const eta = z * Math.sqrt(2 / a);
  let sum = 0;
  for (let k = temme.length - 1; k >= 0; k--) sum = sum / a + polynomial(eta, temme[k]!);
  return 0.5 * erfcOf(side * z) + (side * Math.exp(-exponent) * sum) / Math.sqrt(2 * Math.PI * a);
}

/** Q for x ≤ 1 and small a, where P is near 1: 1 − xᵃ / Γ(a + 1) − a xᵃ / Γ(a + 1) Σ (−x)ⁿ / (n! (a + n)), from DLMF 8.7.1. */
function complementOf(a: number, x: number): number {
  let [sum, term] = [0, 1];
  for (let n = 1; Math.abs(term) > negligible * Math.abs(sum); n++) {
    term *= -x / n;
    sum += term / (a + n);
  }
  const power = a * Math.log(x) - lgamma1pOf(a);
  return -Math.expm1(power) - a * Math.exp(power) * sum;
}

/** Whether to compute P and not Q, which is larger or equal there. */
function isLower(a: number, x: number): boolean {
  if (x > 1.1) return x < a;
  return x <= 0.5 ? -0.4 / Math.log(x) < a : x * 1.1 < a;
}

/** P(a, x). */
export function gammaincOf(a: number, x: number): number {
  const known = limits(a, x);
  if (known) return known[0];
  if (isUniform(a, x)) return uniformOf(a, x, -1);
  return x <= 1.1 || x < a ? factorOf(a, x) * seriesOf(a, x) : 1 - gammainccOf(a, x);
}

/** Q(a, x). */
export function gammainccOf(a: number, x: number): number {
  const known = limits(a, x);
  if (known) return known[1];
  if (isUniform(a, x)) return uniformOf(a, x, 1);
  if (isLower(a, x)) return 1 - gammaincOf(a, x);
  if (x <= 1.1) return complementOf(a, x);
  const factor = factorOf(a, x);
  return factor === 0 ? 0 : factor * a * fractionOf(a, x);
}

/** The derivative of P with respect to a, of an order ≥ 1. */
export function gammaincDerivativeOf(order: number, a: number, x: number): number {
  const known = limits(a, x);
  if (known && Number.isNaN(known[0])) return NaN;
  if (known && (a > 0 || x === Infinity)) return 0;
  if (isUniform(a, x)) return uniformJet(a, x, [order, 0]).derivative;
  if (factorOf(a, x) === 0) return 0;
  return order === 1 ? slopeOf(a, x) : convergentJet(a, x, [order, 0]).derivative;
}

/** log Γ of c plus the variables that are in use, without its value. */
export function lgammaJet(c: number, [first, second]: readonly [boolean, boolean], orders: Orders): Jet {
  return Jet.of(orders, (i, j) => {
    if (i + j === 0 || (i > 0 && !first) || (j > 0 && !second)) return 0;
    let coefficient = i + j === 1 ? digammaOf(c) : polygammaOf(i + j - 1, c);
    for (let k = 2; k <= i; k++) coefficient /= k;
    for (let k = 2; k <= j; k++) coefficient /= k;
    return coefficient;
  });
}

/** The first derivative of P: {@link convergentJet} without arrays, for speed. */
function slopeOf(a: number, x: number): number {
  const factor = factorOf(a, x);
  const slope = Math.log(x) - digammaOf(a + 1);
  if (usesSeries(a, x)) {
    // The derivative of 1 / (a + 1)ₙ is −1 / (a + 1)ₙ times the sum of 1 / (a + k).
    let [sum, sumOfSlopes, term, harmonic] = [1, 0, 1, 0];
    for (let n = 1; term * harmonic > sumOfSlopes * negligible || term > sum * negligible; n++) {
      term *= x / (a + n);
      harmonic += 1 / (a + n);
      sum += term;
      sumOfSlopes += term * harmonic;
    }
    return factor * (sum * slope - sumOfSlopes);
  }
  const count = fractionLength(a, x);
  let [rest, restSlope] = [x + 2 * count + 1 - a, -1];
  for (let n = count; n >= 1; n--) {
    const quotient = (n * (a - n)) / rest;
    restSlope = (n - quotient * restSlope) / rest - 1;
    rest = x + 2 * n - 1 - a + quotient;
  }
  return -(factor / rest) * (1 + a * (slope - restSlope / rest));
}

/** Whether derivatives come from the series, and not from the continued fraction. */
function usesSeries(a: number, x: number): boolean {
  return x <= 1.5 || x < a + 1;
}

/** How many terms of the continued fraction count for first derivatives. */
function fractionLength(a: number, x: number): number {
  return 60 + Math.ceil(400 / x + 4 * Math.sqrt(a));
}

/** P, up to its value, by the series or from the continued fraction. */
function convergentJet(a: number, x: number, orders: Orders): Jet {
  const jet = Jet.variable(a, 0, orders);
  const logarithm = jet.scale(Math.log(x)).add(lgammaJet(a + 1, [true, false], orders).scale(-1));
  const factor = logarithm.exp(factorOf(a, x));
  if (usesSeries(a, x)) return factor.mul(seriesJet(jet, x, orders));
  return factor
    .mul(jet)
    .mul(fractionJet(jet, x, orders))
    .scale(-1);
}

/** {@link seriesOf}. */
function seriesJet(a: Jet, x: number, orders: Orders): Jet {
  let sum = Jet.constant(1, orders);
  let term = sum;
  for (let n = 1; n === 1 || term.exceeds(sum, negligible); n++) {
    term = term.scale(x).div(a.shift(n));
    sum = sum.add(term);
  }
  return sum;
}

/** {@link fractionOf}, from its end, which is far enough for all coefficients. */
function fractionJet(a: Jet, x: number, orders: Orders): Jet {
  const count = fractionLength(a.value, x) + 10 * orders[0];
  const minus = a.scale(-1);
  let rest = minus.shift(x + 2 * count + 1);
  for (let n = count; n >= 1; n--) rest = minus.shift(x + 2 * n - 1).add(a.shift(-n).scale(n).div(rest));
  return Jet.constant(1, orders).div(rest);
}

/** P by Temme's expansion. */
function uniformJet(a: number, x: number, orders: Orders): Jet {
  const jet = Jet.variable(a, 0, orders);
  const inverse = Jet.constant(1, orders).div(jet);
  const mu = inverse.scale(x).withValue((x - a) / a);
  const eta = mu.mul(mu.polynomial(etaSeries));
  const z = eta.mul(jet.scale(0.5).sqrt());
  const bell = z
    .mul(z)
    .scale(-1)
    .exp(Math.exp(-exponentOf(a, x)));
  let sum = Jet.constant(0, orders);
  for (const coefficients of temme.toReversed()) sum = sum.mul(inverse).add(eta.polynomial(coefficients));
  const rest = bell.mul(sum).div(jet.scale(2 * Math.PI).sqrt());
  return z.integrate(0, bell.scale(1 / Math.sqrt(Math.PI))).add(rest.scale(-1));
}
