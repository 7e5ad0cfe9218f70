/**
 * Cosine and sine of an angle in radians, to about 1e-15 for |angle| ≤ 2π, by Taylor series: unlike Math.cos and
 * Math.sin the same to the last bit in every engine.
 */
export function cosSin(angle: number): [cos: number, sin: number] {
  let cos = 0;
  let sin = 0;
  let term = 1;
  for (let n = 0; n < 48; n += 2) {
    cos += term;
    term *= angle / (n + 1);
    sin += term;
    term *= -angle / (n + 2);
  }
  return [cos, sin];
}
