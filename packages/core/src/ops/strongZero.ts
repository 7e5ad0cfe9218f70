// Products and quotients for the rules of derivatives, in which a zero is strong (Julia's term): what a function does not
// depend on has the derivative 0, also where another factor has no finite slope.
import { binary, type Binary } from './define.ts';

const real = { from: -3, to: 3 };

/**
 * t · slope, where 0 · ∞ and 0 · NaN are 0. int32 wraps around; bool becomes int32.
 * @example
 * strongMul(tensor([0, 2]), Infinity); // tensor([ 0, Infinity])
 */
export const strongMul: Binary = binary({
  name: 'strongMul',
  dtypes: 'number',
  value: (t, slope) => (t === 0 || slope === 0 ? 0 : t * slope),
  integer: Math.imul,
  lower: (t, slope) => (t.type === 'i32' ? t.mul(slope) : t.eq(0).or(slope.eq(0)).select(0, t.mul(slope))),
  derivatives: [(u, _t, slope) => strongMul(u, slope), (u, t) => strongMul(u, t)],
  domain: [real, real],
});

/**
 * t / divisor, where 0 / 0, 0 / NaN, ±∞ / ±∞ and NaN / ±∞ are 0. int32 and bool become float32.
 * @example
 * strongDiv(tensor([0, 2]), 0); // tensor([ 0, Infinity])
 */
export const strongDiv: Binary = binary({
  name: 'strongDiv',
  dtypes: 'float',
  value: (t, divisor) => (t === 0 || Math.abs(divisor) === Infinity ? 0 : t / divisor),
  lower: (t, divisor) => t.eq(0).or(divisor.abs().eq(Infinity)).select(0, t.div(divisor)),
  derivatives: [
    (u, _t, divisor) => strongDiv(u, divisor),
    (u, _t, divisor, out) => strongMul(strongDiv(u, divisor), out).neg(),
  ],
  domain: [real, { ...real, avoid: [0] }],
});
