// Scalar expressions that several operations are made of.
import { constant, lowered, type Scalar } from '@thetagrad/core/backend';

/** A function of `Math` in float32, by core's expression for it. */
export function applyFunction(value: (...x: number[]) => number, ...inputs: readonly Scalar[]): Scalar {
  return lowered({ name: value.name, value }, inputs, 'float32');
}

/** Whether x is negative or −0; false for NaN, whose sign depends on the machine. */
export function isNegative(x: Scalar): Scalar {
  if (x.type === 'i32') return x.lt(0);
  return x.type === 'f32' ? x.bitcastI32().lt(0).and(x.isNaN().not()) : x.lt(0).or(constant(x.type, 1).div(x).lt(0));
}

/** The f32 power of two whose biased exponent (bias 127), from 1 to 254, is an i32. */
export function powerOfTwo(biasedExponent: Scalar): Scalar {
  return biasedExponent.shl(23).bitcastF32();
}

/** The i32 quotient x / y rounded to the nearest integer, and the remainder that it leaves; both are 0 for y = 0. */
export function divideToNearest(x: Scalar, y: Scalar): { readonly quotient: Scalar; readonly remainder: Scalar } {
  const isZero = y.eq(0);
  const divisor = isZero.select(1, y).to('f32');
  // Wrong by up to 2⁹, as float32 has 24 bits; the second quotient is small, and so off by rounding alone.
  const first = x.to('f32').div(divisor).nearest().toInteger();
  const rest = x.sub(first.mul(y));
  const second = rest.to('f32').div(divisor).nearest().toInteger();
  return {
    quotient: isZero.select(0, first.add(second)),
    remainder: isZero.select(0, rest.sub(second.mul(y))),
  };
}

/** The i32 quotient rounded down; 0 for y = 0. */
export function floorQuotient(x: Scalar, y: Scalar): Scalar {
  const { quotient, remainder } = divideToNearest(x, y);
  return remainder
    .ne(0)
    .and(remainder.lt(0).xor(y.lt(0)))
    .select(quotient.sub(1), quotient);
}

/** The i32 quotient rounded toward 0; 0 for y = 0. */
export function truncatedQuotient(x: Scalar, y: Scalar): Scalar {
  const { quotient, remainder } = divideToNearest(x, y);
  const isBeyond = remainder.ne(0).and(remainder.lt(0).xor(x.lt(0)));
  const towardZero = x.lt(0).xor(y.lt(0)).select(quotient.add(1), quotient.sub(1));
  return isBeyond.select(towardZero, quotient);
}
