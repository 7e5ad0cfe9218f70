// Products with logarithms, which are 0 where the factor is 0.
import { defineBinary, defineUnary, type Binary, type Unary } from '@thetagrad/core';
import { inFloat32, log, log1p } from './expressions/common.ts';

/**
 * −x log x, the summand of an entropy: 0 at 0, −∞ for x < 0. int32 and bool become float32.
 * @example
 * entr(tensor([0, 0.5, 1])) // tensor([0.0000, 0.3466, 0.0000])
 */
export const entr: Unary = defineUnary({
  name: 'entr',
  dtypes: 'float',
  value: (x) => (x > 0 ? -x * Math.log(x) + 0 : x === 0 ? 0 : x < 0 ? -Infinity : x),
  lower: inFloat32((x) => x.le(0).select(x.eq(0).select(0, x.sub(Infinity)), x.neg().mul(log(x)).add(0))),
  derivatives: [(t, x) => t.strongMul(x.log().add(1)).neg()],
  domain: [{ from: 0.2, to: 3 }],
});

/**
 * x log y, which is 0 where x is 0 and y is not NaN. The gradient with respect to x is 0 where x is 0 and y ≤ 0. int32 and bool
 * become float32.
 * @example
 * xlogy(tensor([0, 2]), tensor([0, 3])) // tensor([0.0000, 2.1972])
 */
export const xlogy: Binary = defineBinary({
  name: 'xlogy',
  dtypes: 'float',
  value: (x, y) => (x === 0 && !Number.isNaN(y) ? 0 : x * Math.log(y)),
  lower: inFloat32((x, y) =>
    x
      .eq(0)
      .and(y.eq(y))
      .select(0, x.mul(log(y))),
  ),
  derivatives: [
    (t, x, y) => t.strongMul(x.equal(0).logicalAnd(y.lessEqual(0)).where(1, y).log()),
    (t, x, y) => t.strongMul(x.strongDiv(y)),
  ],
  domain: [
    { from: -2, to: 2 },
    { from: 0.3, to: 3 },
  ],
});

/**
 * x log(1 + y), which is 0 where x is 0 and y is not NaN. The gradient with respect to x is 0 where x is 0 and y ≤ −1. int32 and
 * bool become float32.
 * @example
 * xlog1py(tensor([0, 2]), tensor([-1, 2])) // tensor([0.0000, 2.1972])
 */
export const xlog1py: Binary = defineBinary({
  name: 'xlog1py',
  dtypes: 'float',
  value: (x, y) => (x === 0 && !Number.isNaN(y) ? 0 : x * Math.log1p(y)),
  lower: inFloat32((x, y) =>
    x
      .eq(0)
      .and(y.eq(y))
      .select(0, x.mul(log1p(y))),
  ),
  derivatives: [
    (t, x, y) => t.strongMul(x.equal(0).logicalAnd(y.lessEqual(-1)).where(0, y).log1p()),
    (t, x, y) => t.strongMul(x.strongDiv(y.add(1))),
  ],
  domain: [
    { from: -2, to: 2 },
    { from: -0.7, to: 3 },
  ],
});
