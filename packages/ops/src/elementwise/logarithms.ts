// Sums of exponentials and log-odds.
import {
  clip,
  defineBinary,
  defineUnary,
  strongDiv,
  strongMul,
  type Binary,
  type Tensor,
  type Unary,
} from '@thetagrad/core';
import { argumentError, checkOptions, checkTensor } from '@thetagrad/core/backend';
import { applyFunction } from './expressions.ts';

const real = { from: -3, to: 3 };

/** x − y, and 0 for equal infinities. */
function finiteDifference(x: Tensor, y: Tensor): Tensor {
  return x.equal(y).logicalAnd(x.isfinite().logicalNot()).where(0, x.sub(y));
}

/**
 * log(eˣ + e^y), without overflow (NumPy's `logaddexp`). −∞ for two −∞. int32 and bool become float32. Each of two equal
 * infinities gets half of the gradient.
 * @example
 * logaddexp(tensor([0, 1000]), tensor([0, 1000])); // tensor([ 0.6931, 1000.6932])
 */
export const logaddexp: Binary = /* @__PURE__ */ defineBinary({
  name: 'logaddexp',
  dtypes: 'float',
  value: (x, y) => (x === y ? x + Math.LN2 : Math.max(x, y) + Math.log1p(Math.exp(-Math.abs(x - y)))),
  lower: (x, y) => {
    if (x.type === 'f64') return undefined;
    const rest = applyFunction(Math.log1p, applyFunction(Math.exp, x.sub(y).abs().neg()));
    return x.eq(y).select(x.add(Math.LN2), x.max(y).add(rest));
  },
  derivatives: [
    (t, x, y) => strongMul(t, finiteDifference(x, y).sigmoid()),
    (t, x, y) => strongMul(t, finiteDifference(y, x).sigmoid()),
  ],
  domain: [real, real],
});

/**
 * log₂(2ˣ + 2^y), without overflow (NumPy's `logaddexp2`). −∞ for two −∞. int32 and bool become float32. Each of two equal
 * infinities gets half of the gradient.
 * @example
 * logaddexp2(tensor(3), 3); // tensor(4)
 */
export const logaddexp2: Binary = /* @__PURE__ */ defineBinary({
  name: 'logaddexp2',
  dtypes: 'float',
  value: (x, y) => (x === y ? x + 1 : Math.max(x, y) + Math.log1p(2 ** -Math.abs(x - y)) * Math.LOG2E),
  lower: (x, y) => {
    if (x.type === 'f64') return undefined;
    const rest = applyFunction(Math.log1p, applyFunction(Math.exp, x.sub(y).abs().mul(-Math.LN2)));
    return x.eq(y).select(x.add(1), x.max(y).add(rest.mul(Math.LOG2E)));
  },
  derivatives: [
    (t, x, y) => strongMul(t, finiteDifference(x, y).mul(Math.LN2).sigmoid()),
    (t, x, y) => strongMul(t, finiteDifference(y, x).mul(Math.LN2).sigmoid()),
  ],
  domain: [real, real],
});

const logOdds: Unary = /* @__PURE__ */ defineUnary({
  name: 'logit',
  dtypes: 'float',
  // 2x − 1 is exact from ¼ on, where log (x / (1 − x)) would lose digits near ½.
  value: (x) => (x < 0.25 ? Math.log(x / (1 - x)) : 2 * Math.atanh(2 * x - 1)),
  lower: (x) => {
    if (x.type === 'f64') return undefined;
    const small = applyFunction(Math.log, x.div(x.neg().add(1)));
    return x.lt(0.25).select(small, applyFunction(Math.atanh, x.mul(2).sub(1)).mul(2));
  },
  derivatives: [(t, x) => strongDiv(strongDiv(t, x), x.neg().add(1))],
  domain: [{ from: 0.1, to: 0.9 }],
});

export interface LogitOptions {
  /** Clamps x to [eps, 1 − eps], outside of which the gradient is 0. Default: no clamp. */
  readonly eps?: number;
}

/**
 * The log-odds log(x / (1 − x)), the inverse of `sigmoid`, accurate near ½. −∞ at 0, ∞ at 1, NaN outside. int32 and bool become
 * float32.
 * @throws {TypeError | RangeError} if `eps` is not a number from 0 to ½.
 * @example
 * logit(tensor([0.5, 0.75, 1])); // tensor([ 0.0000, 1.0986, Infinity])
 */
export function logit(x: Tensor, options: LogitOptions = {}): Tensor {
  checkTensor('logit', x);
  checkOptions('logit', options, ['eps']);
  const { eps } = options;
  if (eps === undefined) return logOdds(x);
  if (!(typeof eps === 'number' && eps >= 0 && eps <= 0.5)) {
    throw argumentError('logit', 'eps', 'a number from 0 to 0.5', eps);
  }
  return logOdds(clip(x, eps, 1 - eps));
}
