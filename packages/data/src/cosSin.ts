/**
 * Cosine and sine of an angle in radians, by Taylor series, to about 1e-15 for |angle| ≤ 2π. The same to the last bit
 * in every engine, unlike Math.cos and Math.sin.
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
