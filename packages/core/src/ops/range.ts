// Sums and squares that stay within the range of their dtype.
import { at } from '../data/shape.ts';
import { batchLeading } from '../graph/batching.ts';
import type { Movement } from '../graph/primitive.ts';
import type { NoAttributes } from '../graph/routines.ts';
import { Tensor } from '../graph/tensor.ts';
import { onesLike } from './creation.ts';
import { stopGradient } from './identity.ts';

/** The number of elements that are reduced over axes. */
export function countOf(x: Tensor, axes: readonly number[]): number {
  return axes.reduce((product, i) => product * at(x.shape, i), 1);
}

/** The values of the first input with the derivatives of the second, of the same shape and dtype. */
export const Surrogate: Movement<NoAttributes> = {
  kind: 'movement',
  name: 'surrogate',
  view: (view) => view,
  vjp: (cotangent, _output, input) => (input === 1 ? cotangent : undefined),
  jvp: (tangent, _output, input) => (input === 1 ? tangent : undefined),
  batch: batchLeading,
};

/**
 * Sums floats over axes and divides by a number of about their count. Scales the terms down first, so that the sum cannot
 * overflow; terms below count · 2⁻¹²⁶ (2⁻¹⁰²² in float64) lose digits.
 */
export function divideScaledSum(
  x: Tensor,
  axes: readonly number[],
  divisor: number,
  { keepdims = false }: { readonly keepdims?: boolean },
): Tensor {
  const scale = 2 ** -Math.ceil(Math.log2(Math.max(1, countOf(x, axes))));
  return x
    .mul(scale)
    .sum(axes, { keepdims })
    .div(divisor * scale);
}

/** The most elements that are added up twice, for all digits at both ends of the range. */
const fewElements = 2 ** 20;

/**
 * Sums floats over axes and divides by a number of about their count. As {@link divideScaledSum} where the sum overflows, and
 * for many elements.
 */
export function divideSum(
  x: Tensor,
  axes: readonly number[],
  divisor: number,
  options: { readonly keepdims?: boolean },
): Tensor {
  if (x.size > fewElements) return divideScaledSum(x, axes, divisor, options);
  const total = x.sum(axes, options);
  const quotient = total.div(divisor);
  if (countOf(x, axes) < 2) return quotient;
  const exact = total.isfinite().where(quotient, divideScaledSum(x, axes, divisor, options));
  return new Tensor(Surrogate, [exact, quotient], quotient);
}

/**
 * Multiplies floats by a power of two, one for each line over axes, such that squares and their sums stay in range. It is 1
 * where they do so anyway; it is not above 1 without `enlarge`. A result that is divided by the scale does not depend on it, so
 * that it has no gradient.
 */
export function scaleSquares(
  x: Tensor,
  axes: readonly number[],
  { enlarge = true }: { readonly enlarge?: boolean } = {},
): { scaled: Tensor; scale: Tensor } {
  if (x.size === 0) return { scaled: x, scale: onesLike(x.sum(axes, { keepdims: true })) };
  const [limit, factor] = x.dtype === 'float64' ? [2 ** 256, 2 ** 640] : [2 ** 32, 2 ** 80];
  const largest = stopGradient(x.abs().max(axes, { keepdims: true }));
  const ones = onesLike(largest);
  const scale = largest.greater(limit).where(1 / factor, enlarge ? largest.less(1 / limit).where(factor, ones) : ones);
  return { scaled: x.mul(scale), scale };
}
