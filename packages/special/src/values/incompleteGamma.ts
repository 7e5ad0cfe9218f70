// The regularized incomplete gamma functions P(a, x) and Q(a, x) in double precision, and their derivatives with respect to a.
import { erfcOf } from './error.ts';
import { digammaOf, gammaOf, lgamma1pOf, stirlingError } from './gamma.ts';
import {
  add,
  divide,
  exponential,
  integrate,
  multiply,
  polynomialOf,
  scale,
  shift,
  squareRoot,
  variable,
  type Jet,
} from './jet.ts';
import { polynomial } from './polynomial.ts';
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
function exponentOf(a: number, x: number): number {
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
    if (Math.abs(c * d - 1) <= negligible * 4) return result;
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
  return x > 1.1 ? factorOf(a, x) * a * fractionOf(a, x) : complementOf(a, x);
}

/** The derivative of P with respect to a, of an order ≥ 1. */
export function gammaincDerivativeOf(order: number, a: number, x: number): number {
  const known = limits(a, x);
  if (known && Number.isNaN(known[0])) return NaN;
  if (known && (a > 0 || x === Infinity)) return 0;
  const jet = isUniform(a, x) ? uniformJet(a, x, order) : convergentJet(a, x, order);
  let factorial = 1;
  for (let k = 2; k <= order; k++) factorial *= k;
  return factorial * jet[order]!;
}

/** P, up to its constant coefficient, by the series or from the continued fraction. */
function convergentJet(a: number, x: number, order: number): Jet {
  const jet = variable(a, order);
  const logarithm = Array.from({ length: order + 1 }, (_, k) => {
    if (k === 0) return 0;
    let derivative = k === 1 ? Math.log(x) - digammaOf(a + 1) : -polygammaOf(k - 1, a + 1);
    for (let j = 2; j <= k; j++) derivative /= j;
    return derivative;
  });
  const factor = exponential(logarithm, factorOf(a, x));
  if (x <= 1.5 || x < a + 1) return multiply(factor, seriesJet(jet, x));
  return scale(multiply(multiply(factor, jet), fractionJet(jet, x)), -1);
}

/** {@link seriesOf}. */
function seriesJet(a: Jet, x: number): Jet {
  let sum: Jet = a.map((_, k) => (k === 0 ? 1 : 0));
  let term = sum;
  const counts = (coefficient: number, k: number): boolean => Math.abs(coefficient) > negligible * Math.abs(sum[k]!);
  for (let n = 1; n === 1 || term.some(counts); n++) {
    term = divide(scale(term, x), shift(a, n));
    sum = add(sum, term);
  }
  return sum;
}

/** {@link fractionOf}, from its end, which is far enough for all coefficients. */
function fractionJet(a: Jet, x: number): Jet {
  const count = 60 + Math.ceil(400 / x + 4 * Math.sqrt(a[0]!) + 10 * (a.length - 1));
  let rest: Jet = shift(scale(a, -1), x + 2 * count + 1);
  for (let n = count; n >= 1; n--) {
    const numerator = scale(shift(a, -n), n);
    rest = add(shift(scale(a, -1), x + 2 * n - 1), divide(numerator, rest));
  }
  const one = a.map((_, k) => (k === 0 ? 1 : 0));
  return divide(one, rest);
}

/** P by Temme's expansion. */
function uniformJet(a: number, x: number, order: number): Jet {
  const jet = variable(a, order);
  const one: Jet = jet.map((_, k) => (k === 0 ? 1 : 0));
  const inverse = divide(one, jet);
  const mu = scale(inverse, x).with(0, (x - a) / a);
  const eta = multiply(mu, polynomialOf(mu, etaSeries));
  const z = multiply(eta, squareRoot(scale(jet, 0.5)));
  const bell = exponential(scale(multiply(z, z), -1), Math.exp(-exponentOf(a, x)));
  let sum: Jet = jet.map(() => 0);
  for (const coefficients of temme.toReversed()) sum = add(multiply(sum, inverse), polynomialOf(eta, coefficients));
  const error = integrate(0, scale(bell, 1 / Math.sqrt(Math.PI)), z);
  const rest = divide(multiply(bell, sum), squareRoot(scale(jet, 2 * Math.PI)));
  return add(error, scale(rest, -1));
}
