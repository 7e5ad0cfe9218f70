// Arguments of losses that classify by angles.
import type { Shape, Tensor } from '@thetagrad/core';
import fc from 'fast-check';
import { asTensor, values, withShape, sizeOf } from './tensors.ts';

export interface UnitVectorOptions {
  /** The length of each vector; 3. */
  readonly dimension?: number;
  /** How many, as the rows of a matrix [count, dimension]; without it, one vector [dimension]. */
  readonly count?: number;
}

/** Vectors of length 1 in all directions, float64. Shrink to vectors along axes. */
export function unitVectors({ dimension = 3, count }: UnitVectorOptions = {}): fc.Arbitrary<Tensor> {
  const vector = rows(dimension).map((row) => row.map((value) => value / Math.hypot(...row)));
  return matrix(vector, dimension, count);
}

export interface AngleOptions {
  /** The seams are the multiples of π / m. */
  readonly m: number;
  /** How far to stay from them, in radians; 1/16. */
  readonly margin?: number;
  /** The shape of the tensor, or shapes to choose from; a scalar by default. */
  readonly shape?: Shape | fc.Arbitrary<Shape>;
}

/**
 * Angles in radians from 0 to π, float64, away from kπ / m for k = 0, …, m: where the function
 * ψ(θ) = (−1)ᵏ cos(mθ) − 2k of A-Softmax changes from one piece to the next.
 * @throws {RangeError} if m is not an integer > 0, or the margin leaves nothing.
 */
export function angles({ m, margin = 1 / 16, shape = [] }: AngleOptions): fc.Arbitrary<Tensor> {
  if (!Number.isInteger(m) || m < 1) throw new RangeError(`angles: m must be an integer > 0, got ${m}`);
  const seams = Array.from({ length: m + 1 }, (_, k) => (k * Math.PI) / m);
  const angle = values({ from: 0, to: Math.PI, avoid: seams, margin });
  return withShape(shape, (fixed) => {
    const size = sizeOf(fixed);
    return fc
      .array(angle, { minLength: size, maxLength: size, size: 'max' })
      .map((numbers) => asTensor(numbers, fixed, 'float64'));
  });
}

export interface ClassWeightOptions {
  /** The number of classes; 3. */
  readonly classes?: number;
  /** The length of the features; 3. */
  readonly dimension?: number;
}

/** A weight vector for each class, the rows of a matrix [classes, dimension], float64: of lengths from 1/2 up, so that they can be normalised. */
export function classWeights({ classes = 3, dimension = 3 }: ClassWeightOptions = {}): fc.Arbitrary<Tensor> {
  return matrix(rows(dimension), dimension, classes);
}

export interface LabelOptions {
  /** How many labels; 2. */
  readonly count?: number;
  /** Labels are below this; 3. */
  readonly classes?: number;
}

/** Class indices, int32 [count]. Shrink to class 0. */
export function labels({ count = 2, classes = 3 }: LabelOptions = {}): fc.Arbitrary<Tensor> {
  return fc
    .array(fc.nat(classes - 1), { minLength: count, maxLength: count, size: 'max' })
    .map((numbers) => asTensor(numbers, [count], 'int32'));
}

/** Vectors of length 1/2 or more: those that are shorter get a 1 in front. */
function rows(dimension: number): fc.Arbitrary<number[]> {
  if (!Number.isInteger(dimension) || dimension < 1)
    throw new RangeError(`the dimension must be an integer > 0, got ${dimension}`);
  return fc
    .array(values({ from: -2, to: 2 }), { minLength: dimension, maxLength: dimension, size: 'max' })
    .map((row) => (Math.hypot(...row) < 0.5 ? row.with(0, 1) : row));
}

function matrix(row: fc.Arbitrary<number[]>, dimension: number, count: number | undefined): fc.Arbitrary<Tensor> {
  if (count === undefined) return row.map((numbers) => asTensor(numbers, [dimension], 'float64'));
  return fc
    .array(row, { minLength: count, maxLength: count, size: 'max' })
    .map((all) => asTensor(all.flat(), [count, dimension], 'float64'));
}
