// What scans accumulate, element by element, block by block, and from what is carried into a block.
import { constant, parameter, type Scalar } from '@thetagrad/core/backend';

export type Combination = 'sum' | 'prod' | 'max' | 'min' | 'linear';

/** How values are accumulated, in terms of what is there (parameter 0), the next value (1) and, of `linear`, its factor (2). */
export interface Rule {
  readonly initial: Scalar;
  readonly combined: Scalar;
}

export interface Rules {
  readonly rule: Rule;
  /** What becomes of the elements of a block: one number each; of `linear`, what 0 becomes, and the product of the factors. */
  readonly totals: readonly Rule[];
  /** What accumulation begins with, from what is carried (parameter 0). */
  readonly carried: Scalar;
}

/**
 * Of elements, or of totals of blocks. They combine as on the reference backend: NaN from the first on, the first of equals.
 *
 * The product of a block's elements may leave the range of float32 where the scan does not, which is 0 already: 0 · ∞ would
 * be NaN. So a product of finite numbers that is out of range is held as the largest of them, which stays so whatever finite
 * numbers follow, but 0. Where it is used it counts as infinite, unless it meets 0. No other total is so large.
 */
export function rulesOf(combination: Combination, type: 'f32' | 'i32', isOfTotals: boolean): Rules {
  const [accumulator, value, factor] = [0, 1, 2].map((i) => parameter(type, i)) as [Scalar, Scalar, Scalar];
  const least = type === 'f32' ? Infinity : 2 ** 31;
  const same = (initial: number, combined: Scalar): Rules => {
    const rule = { initial: constant(type, initial), combined };
    return { rule, totals: [rule], carried: accumulator };
  };
  /** The product of a block's values or factors. */
  const product = (next: Scalar): Rule => ({
    initial: constant(type, 1),
    combined: type === 'i32' ? accumulator.mul(next) : bounded(accumulator, isOfTotals ? next : belowLargest(next)),
  });
  switch (combination) {
    case 'sum':
      return same(0, accumulator.add(value));
    case 'max':
      return same(-least, value.gt(accumulator).or(value.isNaN()).select(value, accumulator));
    case 'min':
      return same(least, value.lt(accumulator).or(value.isNaN()).select(value, accumulator));
    case 'prod': {
      const plain = same(1, accumulator.mul(value));
      if (type === 'i32') return plain;
      return isOfTotals
        ? { ...plain, rule: product(value), totals: [product(value)] }
        : {
            ...plain,
            totals: [product(value)],
            carried: isLargest(accumulator).select(infinite(accumulator), accumulator),
          };
    }
    case 'linear': {
      const scaled = factor.mul(accumulator);
      const known = isOfTotals && type === 'f32' ? isLargest(factor).select(unbounded(scaled), scaled) : scaled;
      const plain = same(0, known.add(value));
      return { ...plain, totals: [plain.rule, product(factor)] };
    }
  }
}

const [signBit, largestBits, infinityBits] = [-(2 ** 31), 0x7f7fffff, 0x7f800000];

function magnitudeBits(x: Scalar): Scalar {
  return x.bitcastI32().and(0x7fffffff);
}

function isLargest(x: Scalar): Scalar {
  return magnitudeBits(x).eq(largestBits);
}

/** With the sign of x. */
function infinite(x: Scalar): Scalar {
  return x.bitcastI32().and(signBit).or(infinityBits).bitcastF32();
}

/** The product of a number and the largest, where that stands for more: infinite, unless it is 0. */
function unbounded(x: Scalar): Scalar {
  return x.eq(0).or(x.isNaN()).select(x, infinite(x));
}

/** The next smaller magnitude in place of the largest. */
function belowLargest(x: Scalar): Scalar {
  return isLargest(x).select(x.bitcastI32().sub(1).bitcastF32(), x);
}

/** A product of finite numbers, the largest of which stands for all that is beyond it. */
function bounded(x: Scalar, y: Scalar): Scalar {
  const product = x.mul(y);
  const areFinite = magnitudeBits(x).lt(infinityBits).and(magnitudeBits(y).lt(infinityBits));
  const isBeyond = isLargest(x).or(isLargest(y)).or(magnitudeBits(product).eq(infinityBits));
  const largest = product.bitcastI32().and(signBit).or(largestBits).bitcastF32();
  return areFinite.and(isBeyond).and(product.ne(0)).select(largest, product);
}
