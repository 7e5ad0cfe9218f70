// The gamma function, its logarithm and their derivatives.
import {
  arange,
  defineBinary,
  defineUnary,
  type Binary,
  type Tensor,
  type TensorLike,
  type Unary,
} from '@thetagrad/core';
import { checkInteger, checkTensor } from '@thetagrad/core/backend';
import { inFloat32 } from './expressions/common.ts';
import * as expressions from './expressions/gamma.ts';
import { family } from './family.ts';
import * as values from './values/gamma.ts';
import { polygammaOf } from './values/zeta.ts';

/** ψ and its derivatives. */
const polygammaOperation: (n: number) => Unary = family((n: number) =>
  defineUnary({
    name: n === 0 ? 'digamma' : `polygamma(${n})`,
    dtypes: 'float',
    value: n === 0 ? values.digammaOf : (x) => polygammaOf(n, x),
    ...(n <= 6 && { lower: inFloat32((x) => (n === 0 ? expressions.digamma(x) : expressions.polygamma(n, x))) }),
    derivatives: [(t, x) => t.strongMul(polygammaOperation(n + 1)(x))],
    domain: [{ from: 0.4, to: 4 }],
  }),
);

/**
 * The logarithm of |Γ(x)| (also known as `gammaln`); ∞ at 0 and the negative integers. Near zeros at negative x its error is
 * that of the terms that cancel. int32 and bool become float32.
 * @example
 * lgamma(tensor([0.5, 1, 11])) // tensor([ 0.5724, 0.0000, 15.1044])
 */
export const lgamma: Unary = defineUnary({
  name: 'lgamma',
  dtypes: 'float',
  value: values.lgammaOf,
  lower: inFloat32(expressions.lgamma),
  derivatives: [(t, x) => t.strongMul(digamma(x))],
  domain: [{ from: 0.3, to: 4 }],
});

/**
 * The gamma function Γ(x), which is (x − 1)! for positive integers, exactly up to 22!; ±∞ at ±0, NaN at the negative integers.
 * int32 and bool become float32.
 * @example
 * gamma(tensor([0.5, 1, 5])) // tensor([ 1.7725, 1.0000, 24.0000])
 */
export const gamma: Unary = defineUnary({
  name: 'gamma',
  dtypes: 'float',
  value: values.gammaOf,
  lower: inFloat32(expressions.gamma),
  derivatives: [(t, x, out) => t.strongMul(out).strongMul(digamma(x))],
  domain: [{ from: 0.4, to: 4 }],
});

/**
 * ψ(x), the derivative of log Γ(x); ∓∞ at ±0, NaN at the negative integers. int32 and bool become float32.
 * @example
 * digamma(tensor([1, 2, 10])) // tensor([-0.5772, 0.4228, 2.2518])
 */
export const digamma: Unary = polygammaOperation(0);

/**
 * The n-th derivative of {@link digamma}. int32 and bool become float32.
 * @param n an integer ≥ 0.
 * @throws {RangeError} if n is not an integer ≥ 0.
 * @example
 * polygamma(1, tensor([1, 10])) // tensor([1.6449, 0.1052])
 */
export function polygamma(n: number, x: TensorLike): Tensor {
  checkInteger('polygamma', 'n', n, { min: 0 });
  return polygammaOperation(n)(x);
}

/**
 * The logarithm of the multivariate gamma function of dimension p (torch's `mvlgamma`):
 * p (p − 1) / 4 · log π + Σ log Γ(x − j / 2) over j < p. int32 and bool become float32.
 * @param p an integer ≥ 1.
 * @throws {TypeError} if x is not a tensor.
 * @throws {RangeError} if p is not an integer ≥ 1.
 * @example
 * multigammaln(tensor([3, 5]), 2) // tensor([1.5502, 6.2042])
 */
export function multigammaln(x: Tensor, p: number): Tensor {
  checkTensor('multigammaln', x);
  checkInteger('multigammaln', 'p', p, { min: 1 });
  const halves = arange(p).mul(0.5);
  return lgamma(x.expandDims(-1).sub(halves))
    .sum(-1)
    .add(((p * (p - 1)) / 4) * Math.log(Math.PI));
}

/**
 * The logarithm of the beta function, log Γ(x) + log Γ(y) − log Γ(x + y), without cancellation where x and y are large.
 * int32 and bool become float32.
 * @example
 * betaln(tensor([1, 2]), tensor([3, 1000])) // tensor([ -1.0986, -13.8165])
 */
export const betaln: Binary = defineBinary({
  name: 'betaln',
  dtypes: 'float',
  value: values.betalnOf,
  derivatives: [
    (t, x, y) => t.strongMul(digamma(x).sub(digamma(x.add(y)))),
    (t, x, y) => t.strongMul(digamma(y).sub(digamma(x.add(y)))),
  ],
  domain: [
    { from: 0.4, to: 4 },
    { from: 0.4, to: 4 },
  ],
});
