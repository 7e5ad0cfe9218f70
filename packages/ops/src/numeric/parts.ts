// Quotients with remainders, fractions with integers, and the spacing of numbers.
import { defineUnary, mod, stopGradient, Tensor, trunc, type TensorLike, type Unary } from '@thetagrad/core';
import { broadcastShapes, checkOperand, checkTensor, toFloat } from '@thetagrad/core/backend';
import { floorDivide } from '../elementwise/division.ts';
import { isNegative } from '../elementwise/expressions.ts';
import { frexp, ldexp } from '../elementwise/floats.ts';

/**
 * The quotient rounded down, as of `floorDivide`, and the remainder with the sign of y, as of `mod` (NumPy's `divmod`):
 * x = quotient · y + remainder. int32 is exact; bool becomes int32. The gradient of the quotient is 0.
 * @param x a tensor or a number, broadcast against y; one of them is a tensor.
 * @throws {TypeError} if an operand is neither a tensor nor a number.
 * @throws {RangeError} if shapes do not broadcast.
 * @example
 * divmod(tensor([7, -7]), 3) // { quotient: tensor([ 2, -3]), remainder: tensor([1, 2]) }
 */
export function divmod(x: TensorLike, y: TensorLike): { readonly quotient: Tensor; readonly remainder: Tensor } {
  for (const [index, operand] of [x, y].entries()) checkOperand('divmod', operand, index);
  broadcastShapes('divmod', ...[x, y].map((operand) => (operand instanceof Tensor ? operand.shape : [])));
  return { quotient: floorDivide(x, y), remainder: mod(x, y) };
}

const fraction: Unary = /* @__PURE__ */ defineUnary({
  name: 'modf',
  dtypes: 'float',
  // JavaScript's remainder has the sign of x, also if it is 0.
  value: (x) => (Math.abs(x) === Infinity ? 1 / x : x % 1),
  lower: (x) => {
    const magnitude = x.abs();
    const part = magnitude.eq(Infinity).select(0, magnitude.sub(magnitude.trunc()));
    if (x.type === 'f32') {
      // GPUs may lose the sign of a zero in arithmetic.
      const sign = x.bitcastI32().and(-(2 ** 31));
      return part.bitcastI32().or(sign).bitcastF32();
    }
    return isNegative(x).select(part.neg(), part);
  },
  derivatives: [(t) => t],
  domain: [{ from: 0.2, to: 0.8 }],
});

/**
 * The fraction of x and the integer that is left, both with the sign of x (NumPy's `modf`). Infinities have the fraction 0. int32
 * and bool become float32. The gradient of the fraction is 1, that of the integer 0.
 * @throws {TypeError} if x is not a tensor.
 * @example
 * modf(tensor([1.5, -0.25])) // { fractional: tensor([ 0.50, -0.25]), integral: tensor([1, 0]) }
 */
export function modf(x: Tensor): { readonly fractional: Tensor; readonly integral: Tensor } {
  checkTensor('modf', x);
  return { fractional: fraction(x), integral: trunc(x.astype(toFloat(x.dtype))) };
}

/**
 * The distance from x to the next number of the dtype away from 0, with the sign of x (NumPy's `spacing`). NaN for infinities
 * and NaN. int32 and bool become float32. The gradient is 0.
 * @throws {TypeError} if x is not a tensor.
 * @example
 * spacing(tensor([1, -4])) // tensor([ 1.1921e-7, -4.7684e-7])
 */
export function spacing(x: Tensor): Tensor {
  checkTensor('spacing', x);
  const values = stopGradient(x.astype(toFloat(x.dtype)));
  const [digits, smallest] = values.dtype === 'float64' ? [53, -1074] : [24, -149];
  const power = values.equal(0).where(smallest, frexp(values).exponent.sub(digits).maximum(smallest));
  const direction = values.less(0).where(-1, 1).astype(values.dtype);
  return values.isfinite().where(ldexp(direction, power), NaN);
}
