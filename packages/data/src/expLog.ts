/**
 * eˣ by Taylor series after reduction by ln 2, to about 1e-15. The same to the last bit in every engine, unlike Math.exp.
 * @param x from −700 to 700
 */
export function exp(x: number): number {
  const exponent = Math.round(x / Math.LN2);
  const rest = x - exponent * Math.LN2;
  let sum = 0;
  let term = 1;
  for (let n = 1; n < 24; n++) {
    sum += term;
    term *= rest / n;
  }
  for (let n = 0; n < Math.abs(exponent); n++) sum *= exponent > 0 ? 2 : 0.5;
  return sum;
}

/**
 * Natural logarithm by the series of 2 artanh((m − 1) / (m + 1)) with x = m · 2ⁿ, to about 1e-15. The same to the last bit
 * in every engine, unlike Math.log.
 * @param x a finite number above 0
 */
export function log(x: number): number {
  let exponent = 0;
  let mantissa = x;
  for (; mantissa > Math.SQRT2; exponent++) mantissa /= 2;
  for (; mantissa < Math.SQRT1_2; exponent--) mantissa *= 2;
  const ratio = (mantissa - 1) / (mantissa + 1);
  let sum = 0;
  let power = ratio;
  for (let n = 1; n < 48; n += 2) {
    sum += power / n;
    power *= ratio * ratio;
  }
  return 2 * sum + exponent * Math.LN2;
}
