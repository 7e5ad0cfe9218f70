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
