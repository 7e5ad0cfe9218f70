// Arguments of angular classification losses.
import type { Shape, Tensor } from '@thetagrad/core';
import { checkInteger, checkOptions } from '@thetagrad/core/backend';
import fc from 'fast-check';
import { makeTensor, tensors, values } from './tensors.ts';

export interface UnitVectorOptions {
  /** The number of components of each vector. Default: 3. */
  readonly dimension?: number;
  /** The number of rows of a matrix [count, dimension]. Default: one vector [dimension]. */
  readonly count?: number;
}

/**
 * float64 vectors of length 1 in all directions. They shrink to vectors along axes.
 * @throws {RangeError} if the dimension is not an integer ≥ 1.
 */
export function unitVectors(options: UnitVectorOptions = {}): fc.Arbitrary<Tensor> {
  checkOptions('unitVectors', options, ['dimension', 'count']);
  const { dimension = 3, count } = options;
  const vector = rows('unitVectors', dimension).map((row) => row.map((value) => value / Math.hypot(...row)));
  return matrix(vector, dimension, count);
}

export interface AngleOptions {
  /** The margin parameter of A-Softmax: ψ has m pieces, from kπ / m to (k + 1)π / m. */
  readonly m: number;
  /** The distance to keep from the ends of the pieces, in radians. Default: 1/16. */
  readonly margin?: number;
  /** The shape of the tensor, or an arbitrary of shapes. Default: a scalar. */
  readonly shape?: Shape | fc.Arbitrary<Shape>;
}

/**
 * float64 angles in radians from 0 to π, away from kπ / m for k = 0, …, m: where the function
 * ψ(θ) = (−1)ᵏ cos(mθ) − 2k of A-Softmax changes from one piece to the next.
 * @throws {RangeError} if m is not an integer ≥ 1, or the margin covers whole pieces.
 */
export function angles(options: AngleOptions): fc.Arbitrary<Tensor> {
  checkOptions('angles', options, ['m', 'margin', 'shape']);
  const { m, margin = 1 / 16, shape = [] } = options;
  checkInteger('angles', 'm', m, { min: 1 });
  const seams = Array.from({ length: m + 1 }, (_, k) => (k * Math.PI) / m);
  return tensors({ shape, from: 0, to: Math.PI, avoid: seams, margin });
}

export interface ClassWeightOptions {
  /** The number of classes. Default: 3. */
  readonly classes?: number;
  /** The number of features. Default: 3. */
  readonly dimension?: number;
}

/**
 * float64 matrices [classes, dimension] whose rows are the weight vectors of classes, at least 1/2 long so that they can be
 * normalized.
 * @throws {RangeError} if the dimension is not an integer ≥ 1.
 */
export function classWeights(options: ClassWeightOptions = {}): fc.Arbitrary<Tensor> {
  checkOptions('classWeights', options, ['classes', 'dimension']);
  const { classes = 3, dimension = 3 } = options;
  return matrix(rows('classWeights', dimension), dimension, classes);
}

export interface LabelOptions {
  /** The number of labels. Default: 2. */
  readonly count?: number;
  /** The number of classes: labels are from 0 to classes − 1. Default: 3. */
  readonly classes?: number;
}

/** int32 class indices [count]. They shrink to class 0. */
export function labels(options: LabelOptions = {}): fc.Arbitrary<Tensor> {
  checkOptions('labels', options, ['count', 'classes']);
  const { count = 2, classes = 3 } = options;
  return fc
    .array(fc.nat(classes - 1), { minLength: count, maxLength: count, size: 'max' })
    .map((numbers) => makeTensor(numbers, [count], 'int32'));
}

/** Vectors of length 1/2 or more: shorter ones get 1 as their first component. */
function rows(operation: string, dimension: number): fc.Arbitrary<number[]> {
  checkInteger(operation, 'dimension', dimension, { min: 1 });
  return fc
    .array(values({ from: -2, to: 2 }), { minLength: dimension, maxLength: dimension, size: 'max' })
    .map((row) => (Math.hypot(...row) < 0.5 ? row.with(0, 1) : row));
}

/** Stacks rows to a matrix; without a count, a single row. */
function matrix(row: fc.Arbitrary<number[]>, dimension: number, count: number | undefined): fc.Arbitrary<Tensor> {
  if (count === undefined) return row.map((numbers) => makeTensor(numbers, [dimension], 'float64'));
  return fc
    .array(row, { minLength: count, maxLength: count, size: 'max' })
    .map((all) => makeTensor(all.flat(), [count, dimension], 'float64'));
}
