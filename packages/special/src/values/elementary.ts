/** The coefficients of a polynomial, from the constant on. */
export type Coefficients = readonly number[];

/** sin πx, exact at integers and halves. */
export function sinPi(x: number): number {
  const nearest = Math.round(x);
  const sine = Math.sin(Math.PI * (x - nearest));
  return nearest % 2 === 0 ? sine : -sine;
}

/** e^(−x²/divisor) for a divisor of 1 or 2, without the error of rounding x². */
export function gaussian(x: number, divisor: 1 | 2): number {
  if (!(Math.abs(x) < 64)) return Math.exp((-x * x) / divisor);
  // 17 bits, so that the square is exact.
  const upper = Math.trunc(x * 2048) / 2048;
  return Math.exp((-upper * upper) / divisor) * Math.exp(((upper - x) * (upper + x)) / divisor);
}
