// How scans combine elements within a block, totals of blocks, and the result for earlier blocks with a block.
import { constant, parameter, type Scalar, type ScanCombination } from '@thetagrad/core/backend';

export type ScanType = 'f32' | 'i32';

/** An accumulation: `combined` is in terms of the accumulator (parameter 0), the next value (1) and, for `linear`, its factor (2). */
export interface Rule {
  readonly initial: Scalar;
  readonly combined: Scalar;
}

export interface Rules {
  /** Accumulates the elements of a block. */
  readonly rule: Rule;
  /** Accumulate the totals of a block: one, or for `linear` the value that 0 becomes, and the product of the factors. */
  readonly totals: readonly Rule[];
  /** The initial value of a block, from the result for the blocks before it (parameter 0). */
  readonly carried: Scalar;
}

/**
 * The rules for elements, or for totals of blocks. As on the portable backend, maxima and minima are the first NaN if there
 * is one, else the first of equals.
 *
 * The product of a block's elements may overflow float32 where the scan does not, because it is already 0: then 0 · ∞ would
 * be NaN. So a product of finite numbers that overflows is saturated to the largest finite number, which later finite factors
 * other than 0 leave as it is. Where it is used, it counts as infinite, unless it is multiplied by 0.
 */
export function rulesOf(combination: ScanCombination, type: ScanType, isOfTotals: boolean): Rules {
  const [accumulator, value, factor] = [parameter(type, 0), parameter(type, 1), parameter(type, 2)];
  const lowest = type === 'f32' ? -Infinity : -(2 ** 31);
  /** The same rule for elements and totals. */
  const uniform = (initial: number, combined: Scalar): Rules => {
    const rule = { initial: constant(type, initial), combined };
    return { rule, totals: [rule], carried: accumulator };
  };
  /** The product of a block's values or factors. */
  const product = (next: Scalar): Rule => ({
    initial: constant(type, 1),
    combined:
      type === 'i32'
        ? accumulator.mul(next)
        : multiplySaturating(accumulator, isOfTotals ? next : lowerIfLargest(next)),
  });
  switch (combination) {
    case 'sum':
      return uniform(0, accumulator.add(value));
    case 'max':
      return uniform(lowest, value.gt(accumulator).or(value.isNaN()).select(value, accumulator));
    case 'min':
      return uniform(-lowest, value.lt(accumulator).or(value.isNaN()).select(value, accumulator));
    case 'prod': {
      const rules = uniform(1, accumulator.mul(value));
      if (type === 'i32') return rules;
      return isOfTotals
        ? { ...rules, rule: product(value), totals: [product(value)] }
        : {
            ...rules,
            totals: [product(value)],
            carried: isLargest(accumulator).select(toInfinity(accumulator), accumulator),
          };
    }
    case 'linear': {
      const scaled = factor.mul(accumulator);
      const next =
        isOfTotals && type === 'f32' ? isLargest(factor).select(toInfinityUnlessZero(scaled), scaled) : scaled;
      const rules = uniform(0, next.add(value));
      return { ...rules, totals: [rules.rule, product(factor)] };
    }
  }
}

const [signBit, largestBits, infinityBits] = [-(2 ** 31), 0x7f7fffff, 0x7f800000];

function magnitudeBits(x: Scalar): Scalar {
  return x.bitcastI32().and(0x7fffffff);
}

/** Whether |x| is the largest finite number. */
function isLargest(x: Scalar): Scalar {
  return magnitudeBits(x).eq(largestBits);
}

/** ∞ with the sign of x. */
function toInfinity(x: Scalar): Scalar {
  return x.bitcastI32().and(signBit).or(infinityBits).bitcastF32();
}

/** The product of a number and a saturated one, from the product `x` with the largest finite number. */
function toInfinityUnlessZero(x: Scalar): Scalar {
  return x.eq(0).or(x.isNaN()).select(x, toInfinity(x));
}

/** Replaces the largest magnitude by the next smaller one: an element with that value is not saturated. */
function lowerIfLargest(x: Scalar): Scalar {
  return isLargest(x).select(x.bitcastI32().sub(1).bitcastF32(), x);
}

/** x · y, saturated where both are finite. */
function multiplySaturating(x: Scalar, y: Scalar): Scalar {
  const product = x.mul(y);
  const areFinite = magnitudeBits(x).lt(infinityBits).and(magnitudeBits(y).lt(infinityBits));
  const overflows = isLargest(x).or(isLargest(y)).or(magnitudeBits(product).eq(infinityBits));
  const largest = product.bitcastI32().and(signBit).or(largestBits).bitcastF32();
  return areFinite.and(overflows).and(product.ne(0)).select(largest, product);
}
