// Powers and remainders of float32.
import { call, constant, type Scalar } from '../scalar.ts';
import { atLeast, atMost, polynomial, rounded, powerOfTwo, upperBits } from './common.ts';
import { isNormal, parts } from './logarithm.ts';
import { remainderOf } from '../definitions.ts';

// xʸ = 2^(y log₂ x), where the logarithm needs some 33 bits: it and its product with y are sums of two numbers, of which the
// higher has 12 bits, so that products of them are exact.

const slope = 2 / Math.LN2;
const slopeHigh = Math.floor(slope * 2 ** 10) / 2 ** 10;

/** A number near m, and its binary logarithm in two parts. */
interface Centre {
  readonly c: number;
  readonly high: number;
  readonly low: number;
}

const [below, above] = [51 / 64, 5 / 4].map((c) => {
  const high = Math.round(Math.log2(c) * 2 ** 12) / 2 ** 12;
  return { c, high, low: Math.log2(c) - high };
}) as [Centre, Centre];

/** 2^(y (k + log₂ m)), for √½ ≤ m < √2. */
function power(k: Scalar, m: Scalar, y: Scalar): Scalar {
  const [isBelow, isAbove] = [m.lt(0.89), m.gt(1.12)];
  const choose = (a: number, b: number, c: number): Scalar => isBelow.select(a, isAbove.select(b, constant('f32', c)));
  const centre = choose(below.c, above.c, 1);

  // log (m / c) = 2 artanh q with q = (m − c) / (m + c) in two parts: the second is the quotient of the division's rest.
  const difference = m.sub(centre);
  const sum = m.add(centre);
  const inverse = constant('f32', 1).div(sum);
  const sumHigh = upperBits(sum);
  const sumLow = m.sub(sumHigh.sub(centre));
  const qHigh = upperBits(difference.mul(inverse));
  const qLow = difference.sub(qHigh.mul(sumHigh)).sub(qHigh.mul(sumLow)).mul(inverse);
  const q = qHigh.add(qLow);
  const z = q.mul(q);
  // 2/ln 2 (artanh q − q) for |q| ≤ 0.062: q³ times a polynomial in q² of degree 2, to 6e-13 of the logarithm.
  const tail = z.mul(q).mul(polynomial(z, 0.961796701, 0.577069283, 0.415263593));

  const whole = k.add(choose(below.high, above.high, 0));
  const part = qHigh.mul(slopeHigh);
  const logarithm = whole.add(part);
  const lost = part.sub(logarithm.sub(whole));
  const corrections = qHigh
    .mul(slope - slopeHigh)
    .add(qLow.mul(slope))
    .add(choose(below.low, above.low, 0));
  const logHigh = upperBits(logarithm);
  const logLow = logarithm.sub(logHigh).add(tail.add(corrections).add(lost));

  // Limits that are out of reach of a finite result, and keep infinities out of the sums.
  const limited = between(y, -(2 ** 40), 2 ** 40);
  const yHigh = upperBits(limited);
  const product = between(yHigh.mul(logHigh), -152, 129);
  const productLow = between(limited.sub(yHigh).mul(logHigh).add(limited.mul(logLow)), -1, 1);
  const { integer, bits } = rounded(product.add(productLow), 2 * 127);
  const f = product.sub(integer).add(productLow);
  // 2ᶠ for |f| ≤ ½: degree 6, relative error 3e-9.
  const p = polynomial(f, 1, 0.693147182, 0.240226477, 0.0555035993, 0.00961850584, 0.00133908063, 0.000153264729);
  const half = bits.shrS(1);
  return p.mul(powerOfTwo(half)).mul(powerOfTwo(bits.sub(half)));
}

function between(x: Scalar, low: number, high: number): Scalar {
  return atMost(atLeast(x, low), high);
}

export function pow(x: Scalar, y: Scalar): Scalar {
  const usual = parts(x);
  return isNormal(x, 128)
    .and(y.eq(y))
    .not()
    .rarely(specialPower(x, y), power(usual.k, usual.m, y));
}

/** xʸ also where x is negative, denormal, 0, infinite or NaN, or y is NaN. */
function specialPower(x: Scalar, y: Scalar): Scalar {
  const magnitude = x.abs();
  const denormal = magnitude.lt(2 ** -126);
  const { k, m } = parts(denormal.select(magnitude.mul(2 ** 23), magnitude));
  const finite = power(k.sub(denormal.select(23, constant('f32', 0))), m, y);
  const isZero = magnitude.eq(0);
  const isLimit = isZero.or(magnitude.eq(Infinity));
  const zeroOrInfinite = isZero.xor(y.lt(0)).select(0, constant('f32', Infinity));
  const absolute = isLimit.select(y.eq(0).select(1, zeroOrInfinite), finite);
  const isInteger = y.trunc().eq(y);
  const half = y.mul(0.5);
  const isOdd = isInteger.and(half.trunc().ne(half));
  const signed = isOdd.and(x.bitcastI32().lt(0)).select(absolute.neg(), absolute);
  const real = x.lt(0).and(isInteger.or(isLimit).not()).select(NaN, signed);
  const hasNaN = x.isNaN().or(y.isNaN());
  return hasNaN.select(x.eq(1).or(y.eq(0)).select(1, constant('f32', NaN)), real);
}

/** The remainder with the sign of the divisor, exactly. */
export function mod(x: Scalar, y: Scalar): Scalar {
  const [a, b] = [x.abs(), y.abs()];
  const ratio = a.div(b);
  const q = ratio.trunc();
  // q has 12 bits, as have both parts of b, so that all is exact. It is one too large where the ratio was rounded up to it.
  const bHigh = upperBits(b);
  const near = a.sub(q.mul(bHigh)).sub(q.mul(b.sub(bHigh)));
  const size = near.lt(0).select(near.add(b), near);
  const remainder = size
    .bitcastI32()
    .xor(x.bitcastI32().and(-(2 ** 31)))
    .bitcastF32();
  const isOpposite = remainder.ne(0).and(remainder.lt(0).xor(y.lt(0)));
  return ratio
    .lt(4096)
    .and(b.lt(Infinity))
    .not()
    .rarely(call(remainderOf, 'f32', [x, y]), isOpposite.select(remainder.add(y), remainder));
}
