// The transforms of Winograd's minimal filtering F(4×4, 3×3): Lavin and Gray, "Fast Algorithms for Convolutional Neural
// Networks" (2016), section 4.3. A 4×4 output tile Y is Aᵀ[(G g Gᵀ) ⊙ (Bᵀ d B)]A of a 3×3 filter g and a 6×6 patch d:
// 36 products instead of 144. The gradient of g is Gᵀ[(A dY Aᵀ) ⊙ (Bᵀ d B)]G. All transforms apply to four tiles,
// channels or filters at once, one in each lane.
import { f32, f32x4, type Code, type Local, type Value } from '../../assembler/index.ts';

type Vector = Value<'v128'>;

/** The number of elements of a transformed tile, 6 × 6. */
export const points = 36;

/** One dimension of a transform: the product of a small constant matrix and a column. */
export type Transform = (on: Arithmetic, column: readonly Vector[]) => readonly Vector[];

/** Arithmetic on vectors, whose results are locals and can be used more than once. */
export interface Arithmetic {
  readonly add: (a: Vector, b: Vector) => Vector;
  readonly sub: (a: Vector, b: Vector) => Vector;
  readonly times: (factor: number, a: Vector) => Vector;
  /** a + factor · b */
  readonly addTimes: (a: Vector, factor: number, b: Vector) => Vector;
  /** a − factor · b */
  readonly subTimes: (a: Vector, factor: number, b: Vector) => Vector;
  /** Both a + factor · b and a − factor · b. */
  readonly addAndSubTimes: (a: Vector, factor: number, b: Vector) => readonly [Vector, Vector];
}

/** Emits the constants, so it is to be called outside of loops. With `relaxed`, multiplies and adds at once. */
export function arithmetic(code: Code, factors: readonly number[], relaxed: boolean): Arithmetic {
  const constants = new Map<number, Local<'v128'>>();
  for (const factor of factors) constants.set(factor, code.local('v128', f32x4.splat(f32.const(factor))));
  const add = (a: Vector, b: Vector): Vector => code.local('v128', f32x4.add(a, b));
  const sub = (a: Vector, b: Vector): Vector => code.local('v128', f32x4.sub(a, b));
  const times = (factor: number, a: Vector): Vector => code.local('v128', f32x4.mul(constants.get(factor)!, a));
  if (!relaxed) {
    return {
      add,
      sub,
      times,
      addTimes: (a, factor, b) => add(a, times(factor, b)),
      subTimes: (a, factor, b) => sub(a, times(factor, b)),
      addAndSubTimes(a, factor, b) {
        const product = times(factor, b);
        return [add(a, product), sub(a, product)];
      },
    };
  }
  const addTimes = (a: Vector, factor: number, b: Vector): Vector =>
    code.local('v128', f32x4.relaxedMadd(constants.get(factor)!, b, a));
  const subTimes = (a: Vector, factor: number, b: Vector): Vector =>
    code.local('v128', f32x4.relaxedNmadd(constants.get(factor)!, b, a));
  return {
    add,
    sub,
    times,
    addTimes,
    subTimes,
    addAndSubTimes: (a, factor, b) => [addTimes(a, factor, b), subTimes(a, factor, b)],
  };
}

/** Applies a transform to both dimensions of a matrix: T x Tᵀ, row by row. */
export function emitTransform(on: Arithmetic, transform: Transform, rows: readonly (readonly Vector[])[]): Vector[][] {
  const half = transposeMatrix(rows.map((row) => transform(on, row)));
  return transposeMatrix(half.map((column) => transform(on, column)));
}

function transposeMatrix(rows: readonly (readonly Vector[])[]): Vector[][] {
  return rows[0]!.map((_, j) => rows.map((row) => row[j]!));
}

// The polynomials are interpolated at 0, ±a, ±b and ∞. With these values, rather than the customary 1 and 2, rounding
// errors are less than half as large, and A and B are still exact in float32: Barabasz et al., "Error Analysis and
// Improving the Accuracy of Winograd Convolution for Deep Neural Networks" (2020), on the choice of points.
const a = 5 / 8;
const b = 3 / 2;
const a2 = a * a;
const b2 = b * b;
const a3 = a * a2;
const b3 = b * b2;
const atZero = 1 / (a2 * b2);
const atA = 1 / (2 * a2 * (a2 - b2));
const atB = 1 / (2 * b2 * (b2 - a2));

export const patchFactors: readonly number[] = [a, b, a2, b2];

/** Bᵀ d, 6 → 6. */
export const patchTransform: Transform = ({ subTimes, addAndSubTimes }, [d0, d1, d2, d3, d4, d5]) => {
  const even = subTimes(d4!, b2, d2!);
  const odd = subTimes(d3!, b2, d1!);
  const farEven = subTimes(d4!, a2, d2!);
  const farOdd = subTimes(d3!, a2, d1!);
  return [
    subTimes(farEven, b2, subTimes(d2!, a2, d0!)),
    ...addAndSubTimes(even, a, odd),
    ...addAndSubTimes(farEven, b, farOdd),
    subTimes(subTimes(d5!, a2, d3!), b2, farOdd),
  ];
};

export const filterFactors: readonly number[] = [a, b, a2, b2, atZero, atA, atB];

/** G g, 3 → 6. */
export const filterTransform: Transform = ({ times, addTimes, addAndSubTimes }, [g0, g1, g2]) => {
  const near = addAndSubTimes(addTimes(g0!, a2, g2!), a, g1!);
  const far = addAndSubTimes(addTimes(g0!, b2, g2!), b, g1!);
  return [times(atZero, g0!), ...near.map((point) => times(atA, point)), ...far.map((point) => times(atB, point)), g2!];
};

export const tileFactors: readonly number[] = [a, b, a2, b2, a3, b3];

/** Aᵀ m, 6 → 4. */
export const tileTransform: Transform = ({ add, sub, times, addTimes }, [m0, m1, m2, m3, m4, m5]) => {
  const even = add(m1!, m2!);
  const odd = sub(m1!, m2!);
  const farEven = add(m3!, m4!);
  const farOdd = sub(m3!, m4!);
  return [
    add(add(m0!, even), farEven),
    addTimes(times(a, odd), b, farOdd),
    addTimes(times(a2, even), b2, farEven),
    add(addTimes(times(a3, odd), b3, farOdd), m5!),
  ];
};

/** A y, 4 → 6. */
export const tileAdjoint: Transform = ({ add, sub, times, addTimes }, [y0, y1, y2, y3]) => {
  const even = addTimes(y0!, a2, y2!);
  const odd = addTimes(times(a, y1!), a3, y3!);
  const farEven = addTimes(y0!, b2, y2!);
  const farOdd = addTimes(times(b, y1!), b3, y3!);
  return [y0!, add(even, odd), sub(even, odd), add(farEven, farOdd), sub(farEven, farOdd), y3!];
};

export const filterAdjointFactors: readonly number[] = [a, b, a2, b2, atZero, atA, atB];

/** Gᵀ u, 6 → 3. */
export const filterAdjoint: Transform = ({ add, sub, times, addTimes }, [u0, u1, u2, u3, u4, u5]) => {
  const even = times(atA, add(u1!, u2!));
  const odd = times(atA, sub(u1!, u2!));
  const farEven = times(atB, add(u3!, u4!));
  const farOdd = times(atB, sub(u3!, u4!));
  return [
    add(addTimes(even, atZero, u0!), farEven),
    addTimes(times(a, odd), b, farOdd),
    add(addTimes(times(a2, even), b2, farEven), u5!),
  ];
};
