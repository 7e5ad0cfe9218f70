import { epsilon } from './dense.ts';

/** The most steps for a root; a bisection of all doubles takes no more. */
const maxSteps = 1100;

/**
 * Solves the secular equation f(λ) = 1 + ρ Σ zᵢ² / (dᵢ − λ) = 0 for root number j, which lies between dⱼ and the next dⱼ₊₁, by
 * rational interpolation within a bracket (Li, Solving secular equations stably and efficiently, 1993: the middle way).
 * @param d the poles, in ascending order.
 * @param weights ρ zᵢ², positive.
 * @param differences receives dᵢ − λ, precise also where λ is next to dᵢ.
 */
export function solveSecular(d: Float64Array, weights: Float64Array, j: number, differences: Float64Array): number {
  const n = d.length;
  const isLast = j === n - 1;
  // The interval in which the root is: to the next pole, or as far as the weights reach together.
  let gap = 0;
  if (isLast) for (let i = 0; i < n; i++) gap += weights[i]! * (1 + 4 * epsilon);
  else gap = d[j + 1]! - d[j]!;
  let origin = d[j]!;
  let low = 0;
  let high = gap;
  let mu = isLast ? gap : gap / 2;
  for (let step = 0; step < maxSteps; step++) {
    let left = 0;
    let leftSlope = 0;
    for (let i = 0; i <= j; i++) {
      const inverse = 1 / (d[i]! - origin - mu);
      const term = weights[i]! * inverse;
      left += term;
      leftSlope += term * inverse;
    }
    let right = 0;
    let rightSlope = 0;
    for (let i = j + 1; i < n; i++) {
      const inverse = 1 / (d[i]! - origin - mu);
      const term = weights[i]! * inverse;
      right += term;
      rightSlope += term * inverse;
    }
    const value = 1 + left + right;
    if (Math.abs(value) <= 4 * epsilon * (1 + right - left)) break;
    if (step === 0 && !isLast && value < 0) {
      // The nearer pole is the origin: its distance to λ has all digits then.
      origin = d[j + 1]!;
      high = 0;
      mu = -gap / 2;
    }
    if (value > 0) high = mu;
    else low = mu;
    const before = d[j]! - origin - mu;
    const after = isLast ? 0 : d[j + 1]! - origin - mu;
    let change = isLast
      ? (before * value) / (value - before * leftSlope)
      : interpolate(value, before, after, leftSlope, rightSlope);
    if (!(change * value < 0)) change = -value / (leftSlope + rightSlope);
    let next = mu + change;
    if (!(next > low && next < high)) next = (low + high) / 2;
    if (next === mu || next === low || next === high) break;
    mu = next;
  }
  for (let i = 0; i < n; i++) differences[i] = d[i]! - origin - mu;
  return origin + mu;
}

/** The step to the root of c + r / (before − η) + s / (after − η), which has the value and the slopes of both sums. */
function interpolate(value: number, before: number, after: number, leftSlope: number, rightSlope: number): number {
  const c = value - before * leftSlope - after * rightSlope;
  const a = (before + after) * value - before * after * (leftSlope + rightSlope);
  const b = before * after * value;
  const root = Math.sqrt(Math.max(0, a * a - 4 * b * c));
  return a <= 0 ? (a - root) / (2 * c) : (2 * b) / (a + root);
}
