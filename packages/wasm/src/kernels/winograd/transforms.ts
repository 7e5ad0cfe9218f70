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
}

/** Emits the constants, so it is to be called outside of loops. */
export function arithmetic(code: Code, factors: readonly number[]): Arithmetic {
  const constants = new Map<number, Local<'v128'>>();
  for (const factor of factors) constants.set(factor, code.local('v128', f32x4.splat(f32.const(factor))));
  return {
    add: (a, b) => code.local('v128', f32x4.add(a, b)),
    sub: (a, b) => code.local('v128', f32x4.sub(a, b)),
    times: (factor, a) => code.local('v128', f32x4.mul(constants.get(factor)!, a)),
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
export const patchTransform: Transform = ({ add, sub, times }, [d0, d1, d2, d3, d4, d5]) => {
  const even = sub(d4!, times(b2, d2!));
  const odd = times(a, sub(d3!, times(b2, d1!)));
  const farEven = sub(d4!, times(a2, d2!));
  const rest = sub(d3!, times(a2, d1!));
  const farOdd = times(b, rest);
  return [
    sub(farEven, times(b2, sub(d2!, times(a2, d0!)))),
    add(even, odd),
    sub(even, odd),
    add(farEven, farOdd),
    sub(farEven, farOdd),
    sub(sub(d5!, times(a2, d3!)), times(b2, rest)),
  ];
};

export const filterFactors: readonly number[] = [a, b, a2, b2, atZero, atA, atB];

/** G g, 3 → 6. */
export const filterTransform: Transform = ({ add, sub, times }, [g0, g1, g2]) => {
  const even = add(g0!, times(a2, g2!));
  const odd = times(a, g1!);
  const farEven = add(g0!, times(b2, g2!));
  const farOdd = times(b, g1!);
  return [
    times(atZero, g0!),
    times(atA, add(even, odd)),
    times(atA, sub(even, odd)),
    times(atB, add(farEven, farOdd)),
    times(atB, sub(farEven, farOdd)),
    g2!,
  ];
};

export const tileFactors: readonly number[] = [a, b, a2, b2, a3, b3];

/** Aᵀ m, 6 → 4. */
export const tileTransform: Transform = ({ add, sub, times }, [m0, m1, m2, m3, m4, m5]) => {
  const even = add(m1!, m2!);
  const odd = sub(m1!, m2!);
  const farEven = add(m3!, m4!);
  const farOdd = sub(m3!, m4!);
  return [
    add(add(m0!, even), farEven),
    add(times(a, odd), times(b, farOdd)),
    add(times(a2, even), times(b2, farEven)),
    add(add(times(a3, odd), times(b3, farOdd)), m5!),
  ];
};

/** A y, 4 → 6. */
export const tileAdjoint: Transform = ({ add, sub, times }, [y0, y1, y2, y3]) => {
  const even = add(y0!, times(a2, y2!));
  const odd = add(times(a, y1!), times(a3, y3!));
  const farEven = add(y0!, times(b2, y2!));
  const farOdd = add(times(b, y1!), times(b3, y3!));
  return [y0!, add(even, odd), sub(even, odd), add(farEven, farOdd), sub(farEven, farOdd), y3!];
};

export const filterAdjointFactors: readonly number[] = [a, b, a2, b2, atZero, atA, atB];

/** Gᵀ u, 6 → 3. */
export const filterAdjoint: Transform = ({ add, sub, times }, [u0, u1, u2, u3, u4, u5]) => {
  const even = times(atA, add(u1!, u2!));
  const odd = times(atA, sub(u1!, u2!));
  const farEven = times(atB, add(u3!, u4!));
  const farOdd = times(atB, sub(u3!, u4!));
  return [
    add(add(times(atZero, u0!), even), farEven),
    add(times(a, odd), times(b, farOdd)),
    add(add(times(a2, even), times(b2, farEven)), u5!),
  ];
};
