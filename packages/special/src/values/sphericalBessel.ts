// Spherical Bessel functions of the first kind in double precision.

/** jₙ(x). */
export function sphericalBesselJOf(n: number, x: number): number {
  const zeroth = x === 0 ? 1 : Math.abs(x) === Infinity ? 0 : Math.sin(x) / x;
  if (n === 0 || Number.isNaN(x)) return zeroth;
  if (x === 0 || Math.abs(x) === Infinity) return 0;
  const first = Math.sin(x) / (x * x) - Math.cos(x) / x;
  if (Math.abs(x) > Math.max(2, n)) {
    // The recurrence of DLMF 10.51.1, which is stable in this direction.
    let [before, value] = [zeroth, first];
    for (let k = 1; k < n; k++) [before, value] = [value, ((2 * k + 1) / x) * value - before];
    return value;
  }
  return Math.abs(x) < 2 ? zeroth * quotients(n, x) : miller(n, x, zeroth, first);
}

/** jₙ over j₀, a product of quotients of neighboring orders by the recurrence backward: rₖ = 1 / ((2k + 1)/x − rₖ₊₁). */
function quotients(n: number, x: number): number {
  let [quotient, product] = [0, 1];
  for (let k = n + 30; k >= 1; k--) {
    quotient = 1 / ((2 * k + 1) / x - quotient);
    if (k <= n) product *= quotient;
  }
  return product;
}

/** Miller's algorithm: the recurrence backward, scaled by the larger of the first two. */
function miller(n: number, x: number, zeroth: number, first: number): number {
  let [after, value, result] = [0, 1e-300, 0];
  for (let k = n + 30 + Math.ceil(Math.abs(x)); k >= 1; k--) {
    if (k === n) result = value;
    [after, value] = [value, ((2 * k + 1) / x) * value - after];
  }
  return Math.abs(zeroth) > Math.abs(first) ? (result / value) * zeroth : (result / after) * first;
}
