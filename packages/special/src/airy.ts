// The Airy function.
import { defineUnary, type Unary } from '@thetagrad/core';
import { airyOf } from './values/airy.ts';

const real = { from: -5, to: 3 };

/**
 * The Airy function Ai(x), a solution of y″ = x y. For large |x| its error is that of ⅔ |x|^(3/2), the phase or exponent. int32 and
 * bool become float32.
 * @example
 * airyAi(tensor([-2, 0, 2])) // tensor([0.2274, 0.3550, 0.0349])
 */
export const airyAi: Unary = defineUnary({
  name: 'airyAi',
  dtypes: 'float',
  value: (x) => airyOf(0, x),
  derivatives: [(t, x) => t.strongMul(airyAiPrime(x))],
  domain: [real],
});

const airyAiPrime: Unary = defineUnary({
  name: "airyAi'",
  dtypes: 'float',
  value: (x) => airyOf(1, x),
  derivatives: [(t, x) => t.strongMul(airyAi(x)).strongMul(x)],
  domain: [real],
});
