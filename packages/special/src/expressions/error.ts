// Functions of the normal distribution and the error function in float32.
import type { Scalar } from '@thetagrad/core/backend';
import { gaussian, log, log1p, number, polynomial, withSign } from './common.ts';

// prettier-ignore
const erfcxCoefficients = [0.51079136, 0.6871607, 0.55894417, 0.14577119, -0.17208377, -0.10374183, 0.09885174, 0.054681048, -0.08424634, -0.016960476, 0.07021222, -0.0025893133, -0.03605365];

/** erfcx x for x ≥ 0: t times a polynomial in t − ½, where t = 1 / (1 + x/2). */
function positiveErfcx(x: Scalar): Scalar {
  const t = number(1).div(x.mul(0.5).add(1));
  return polynomial(t.sub(0.5), erfcxCoefficients).mul(t);
}

export function erfc(x: Scalar): Scalar {
  const tail = gaussian(x, -1).mul(positiveErfcx(x.abs()));
  return x.lt(0).select(number(2).sub(tail), tail);
}

// prettier-ignore
const slopeCoefficients = [0.21359292, 0.4833164, 0.47387147, 0.05972664, -0.27989772, -0.081349, 0.21995766, 0.022863654, -0.20108466, 0.06393718, 0.15993524, -0.13259973, -0.07406385, 0.10094228];

/** −½ erfcx′ x, which is 1/√π − x erfcx x: for x ≥ 0, t² times a polynomial in t − ½, as of {@link positiveErfcx}. */
export function erfcxSlope(x: Scalar): Scalar {
  const t = number(1).div(x.abs().mul(0.5).add(1));
  const positive = polynomial(t.sub(0.5), slopeCoefficients).mul(t).mul(t);
  return x.lt(0).select(number(1 / Math.sqrt(Math.PI)).sub(x.mul(erfcx(x))), positive);
}

export function erfcx(x: Scalar): Scalar {
  const positive = positiveErfcx(x.abs());
  return x.lt(0).select(gaussian(x, 1).mul(2).sub(positive), positive);
}

/** The probability beyond |x| on one side. */
function normalTail(x: Scalar): Scalar {
  return gaussian(x, -0.5).mul(positiveErfcx(x.abs().mul(Math.SQRT1_2)).mul(0.5));
}

export function ndtr(x: Scalar): Scalar {
  const tail = normalTail(x);
  return x.gt(0).select(number(1).sub(tail), tail);
}

export function logNdtr(x: Scalar): Scalar {
  const scaled = positiveErfcx(x.abs().mul(Math.SQRT1_2)).mul(0.5);
  return x.gt(0).select(log1p(normalTail(x).neg()), log(scaled).sub(x.mul(x).mul(0.5)));
}

// Wichura, "Algorithm AS 241: The percentage points of the normal distribution", Applied Statistics 37 (1988), PPND7.
const center = [
  [3.3871327179, 5.0434271938e1, 1.5929113202e2, 5.910937472e1],
  [1, 1.7895169469e1, 7.8757757664e1, 6.71875636e1],
] as const;
const tail = [
  [1.4234372777, 2.75681539, 1.3067284816, 1.7023821103e-1],
  [1, 7.370016425e-1, 1.2021132975e-1],
] as const;
const farTail = [
  [6.657905115, 3.081226386, 4.2868294337e-1, 1.7337203997e-2],
  [1, 2.4197894225e-1, 1.2258202635e-2],
] as const;

/** The normal quantile of ½ + q, given the smaller of the probabilities ½ + q and ½ − q. */
function quantile(q: Scalar, smaller: Scalar): Scalar {
  const isCentral = q.abs().le(0.425);
  const r = log(smaller).neg().sqrt();
  const isTail = r.le(5);
  const z = isCentral.select(number(0.180625).sub(q.mul(q)), isTail.select(r.sub(1.6), r.sub(5)));
  const part = (i: 0 | 1): Scalar => {
    const [first, second, third] = [center[i], tail[i], farTail[i]].map((coefficients) => polynomial(z, coefficients));
    return isCentral.select(first!, isTail.select(second!, third!));
  };
  const magnitude = part(0).div(part(1));
  const finite = isCentral.select(q.mul(magnitude), withSign(magnitude, q));
  return smaller.eq(0).select(withSign(number(Infinity), q), finite);
}

export function ndtri(p: Scalar): Scalar {
  return quantile(p.sub(0.5), p.min(number(1).sub(p)));
}

export function erfinv(x: Scalar): Scalar {
  return quantile(x.mul(0.5), number(0.5).sub(x.abs().mul(0.5))).mul(Math.SQRT1_2);
}
