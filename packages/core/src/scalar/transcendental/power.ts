// Powers and remainders in float32.
import { call, constant, type Scalar } from '../scalar.ts';
import { clampMin, clampMax, polynomial, roundToInteger, powerOfTwo, truncateToUpperBits } from './common.ts';
import { decompose, isNormal } from './logarithm.ts';
import { remainderOf } from '../definitions.ts';

// xʸ = 2^(y log₂ x), where the logarithm needs about 33 bits: it and its product with y are sums of two numbers (double-float
// arithmetic), whose high parts have 12 bits, so that products of high parts are exact.

const slope = 2 / Math.LN2;
const slopeHigh = Math.floor(slope * 2 ** 10) / 2 ** 10;

/** A reference point near m, and its binary logarithm as the sum of two parts. */
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
  const center = choose(below.c, above.c, 1);

  // log (m / c) = 2 artanh q with q = (m − c) / (m + c) = qHigh + qLow, where qLow comes from the remainder of the division.
  const difference = m.sub(center);
  const sum = m.add(center);
  const inverse = constant('f32', 1).div(sum);
  const sumHigh = truncateToUpperBits(sum);
  const sumLow = m.sub(sumHigh.sub(center));
  const qHigh = truncateToUpperBits(difference.mul(inverse));
  const qLow = difference.sub(qHigh.mul(sumHigh)).sub(qHigh.mul(sumLow)).mul(inverse);
  const q = qHigh.add(qLow);
  const z = q.mul(q);
  // 2/ln 2 (artanh q − q) for |q| ≤ 0.062: q³ times a polynomial in q² of degree 2, to 6e-13 of the logarithm.
  const higherTerms = z.mul(q).mul(polynomial(z, 0.961796701, 0.577069283, 0.415263593));

  const leading = k.add(choose(below.high, above.high, 0));
  const correction = qHigh.mul(slopeHigh);
  const logarithm = leading.add(correction);
  const roundingError = correction.sub(logarithm.sub(leading));
  const smallTerms = qHigh
    .mul(slope - slopeHigh)
    .add(qLow.mul(slope))
    .add(choose(below.low, above.low, 0));
  const logHigh = truncateToUpperBits(logarithm);
  const logLow = logarithm.sub(logHigh).add(higherTerms.add(smallTerms).add(roundingError));

  // Clamps beyond which no result is finite, to keep infinities out of the sums.
  const clamped = clamp(y, -(2 ** 40), 2 ** 40);
  const yHigh = truncateToUpperBits(clamped);
  const product = clamp(yHigh.mul(logHigh), -152, 129);
  const productLow = clamp(clamped.sub(yHigh).mul(logHigh).add(clamped.mul(logLow)), -1, 1);
  const { integer, bits } = roundToInteger(product.add(productLow), 2 * 127);
  const f = product.sub(integer).add(productLow);
  // 2ᶠ for |f| ≤ ½: degree 6, relative error 3e-9.
  const p = polynomial(f, 1, 0.693147182, 0.240226477, 0.0555035993, 0.00961850584, 0.00133908063, 0.000153264729);
  const half = bits.shrS(1);
  return p.mul(powerOfTwo(half)).mul(powerOfTwo(bits.sub(half)));
}

function clamp(x: Scalar, low: number, high: number): Scalar {
  return clampMax(clampMin(x, low), high);
}

export function pow(x: Scalar, y: Scalar): Scalar {
  const { k, m } = decompose(x);
  return isNormal(x, 128)
    .and(y.eq(y))
    .not()
    .rarely(specialPower(x, y), power(k, m, y));
}

/** xʸ for all inputs: also if x is negative, denormal, 0, infinite or NaN, or y is NaN. */
function specialPower(x: Scalar, y: Scalar): Scalar {
  const magnitude = x.abs();
  const denormal = magnitude.lt(2 ** -126);
  const { k, m } = decompose(denormal.select(magnitude.mul(2 ** 23), magnitude));
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

/** The exact remainder with the sign of the divisor. */
export function mod(x: Scalar, y: Scalar): Scalar {
  const [a, b] = [x.abs(), y.abs()];
  const ratio = a.div(b);
  const q = ratio.trunc();
  // Exact, since q and both parts of b have 12 bits. q is one too large if the ratio was rounded up to an integer.
  const bHigh = truncateToUpperBits(b);
  const candidate = a.sub(q.mul(bHigh)).sub(q.mul(b.sub(bHigh)));
  const magnitude = candidate.lt(0).select(candidate.add(b), candidate);
  const remainder = magnitude
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
