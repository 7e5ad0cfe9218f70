// Samplers that reject or count: they need an unknown number of random numbers for each element.
import { lgamma } from '@thetagrad/special';
import type { Generator } from './generator.ts';

const lgammaOf = lgamma.primitive.value;

/** The logarithm of a gamma distributed number of shape a (Marsaglia and Tsang 2000, "A simple method for generating gamma variables"). */
export function logGammaSample(a: number, generator: Generator): number {
  if (!(a > 0) || a === Infinity) return a === 0 ? -Infinity : a === Infinity ? Infinity : NaN;
  // A number of shape a + 1, times a power of a uniform one.
  const boost = a < 1 ? Math.log(generator.uniform()) / a : 0;
  const d = (a < 1 ? a + 1 : a) - 1 / 3;
  const c = 1 / Math.sqrt(9 * d);
  for (;;) {
    const x = generator.normal();
    const v = (1 + c * x) ** 3;
    if (v <= 0) continue;
    const logarithm = Math.log(v);
    if (Math.log(generator.uniform()) < 0.5 * x * x + d * (1 - v + logarithm)) return Math.log(d) + logarithm + boost;
  }
}

/** A Poisson distributed number; −1 if the rate is negative or NaN, and 2³¹ − 1 at most. */
export function poissonSample(rate: number, generator: Generator): number {
  if (!(rate >= 0)) return -1;
  if (rate >= 2 ** 31) return 2 ** 31 - 1;
  if (rate < 10) {
    // Counts events until the product of uniform numbers is below e^(−rate) (Knuth).
    const limit = Math.exp(-rate);
    let count = 0;
    for (let product = generator.uniform(); product > limit; product *= generator.uniform()) count++;
    return count;
  }
  // Transformed rejection (Hörmann 1993, "The transformed rejection method for generating Poisson random variables", PTRS).
  const b = 0.931 + 2.53 * Math.sqrt(rate);
  const a = -0.059 + 0.02483 * b;
  const inverseAlpha = 1.1239 + 1.1328 / (b - 3.4);
  const quick = 0.9277 - 3.6224 / (b - 2);
  for (;;) {
    const u = generator.uniform() - 0.5;
    const v = generator.uniform();
    const us = 0.5 - Math.abs(u);
    const k = Math.floor(((2 * a) / us + b) * u + rate + 0.43);
    const isQuick = us >= 0.07 && v <= quick;
    if (!isQuick && (k < 0 || (us < 0.013 && v > us))) continue;
    const ratio = (v * inverseAlpha) / (a / (us * us) + b);
    if (isQuick || Math.log(ratio) <= k * Math.log(rate) - rate - lgammaOf(k + 1)) return Math.min(k, 2 ** 31 - 1);
  }
}

/** A binomially distributed number; −1 if n is negative or not an integer, or p is not in [0, 1]. */
export function binomialSample(n: number, p: number, generator: Generator): number {
  if (!Number.isInteger(n) || n < 0 || !(p >= 0 && p <= 1)) return -1;
  if (p > 0.5) return n - binomialSample(n, 1 - p, generator);
  if (p === 0) return 0;
  return n * p < 10 ? byGaps(n, p, generator) : byRejection(n, p, generator);
}

/** Adds up the geometrically distributed gaps between successes (Devroye 1986, section X.4.3). */
function byGaps(n: number, p: number, generator: Generator): number {
  const logarithm = Math.log1p(-p);
  let [count, position] = [-1, 0];
  while (position <= n) {
    position += Math.floor(Math.log(generator.uniform()) / logarithm) + 1;
    count++;
  }
  return count;
}

/** Transformed rejection (Hörmann 1993, "The generation of binomial random variates", BTRS). */
function byRejection(n: number, p: number, generator: Generator): number {
  const deviation = Math.sqrt(n * p * (1 - p));
  const b = 1.15 + 2.53 * deviation;
  const a = -0.0873 + 0.0248 * b + 0.01 * p;
  const alpha = (2.83 + 5.1 / b) * deviation;
  const quick = 0.92 - 4.2 / b;
  const mode = Math.floor((n + 1) * p);
  const odds = Math.log(p / (1 - p));
  const height = lgammaOf(mode + 1) + lgammaOf(n - mode + 1);
  for (;;) {
    const u = generator.uniform() - 0.5;
    const v = generator.uniform();
    const us = 0.5 - Math.abs(u);
    const k = Math.floor(((2 * a) / us + b) * u + n * p + 0.5);
    if (us >= 0.07 && v <= quick) return k;
    if (k < 0 || k > n) continue;
    const density = height - lgammaOf(k + 1) - lgammaOf(n - k + 1) + (k - mode) * odds;
    if (Math.log((v * alpha) / (a / (us * us) + b)) <= density) return k;
  }
}

/**
 * An angle of the von Mises distribution about 0 (Best and Fisher 1979, "Efficient simulation of the von Mises distribution"); NaN
 * if kappa is negative or NaN. Numerators and denominators are multiplied by kappa, so that it may be 0.
 */
export function vonMisesSample(kappa: number, generator: Generator): number {
  if (!(kappa >= 0)) return NaN;
  // The normal limit, whose density differs by less than 1e-8.
  if (kappa > 1e8) return generator.normal() / Math.sqrt(kappa);
  const root = Math.sqrt(1 + 4 * kappa * kappa);
  const tau = 1 + root;
  // (τ − √(2τ)) / 2κ, without the difference.
  const rho = (2 * kappa) / (tau + Math.sqrt(2 * tau));
  const scaled = rho === 0 ? 1 : (kappa * (1 + rho * rho)) / (2 * rho);
  for (;;) {
    const z = Math.cos(Math.PI * generator.uniform());
    const cosine = (kappa + scaled * z) / (scaled + kappa * z);
    const y = scaled - kappa * cosine;
    const v = generator.uniform();
    if (y * (2 - y) < v && Math.log(y / v) + 1 < y) continue;
    const angle = Math.acos(Math.min(1, Math.max(-1, cosine)));
    return generator.uniform() < 0.5 ? -angle : angle;
  }
}

/** A number of the Wald distribution of mean 1 (Michael, Schucany and Haas 1976); NaN if the scale is not positive. */
export function waldSample(scale: number, generator: Generator): number {
  if (!(scale > 0)) return NaN;
  const v = generator.normal() ** 2 / (2 * scale);
  // The larger root of w² − 2 (1 + v) w + 1; the other one is its reciprocal.
  const root = 1 + v + Math.sqrt(v * (v + 2));
  return generator.uniform() * (1 + root) < root ? 1 / root : root;
}
