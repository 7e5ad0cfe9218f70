// What transforms along one axis and along several have in common.
import type { Shape, Tensor } from '@thetagrad/core';
import { at, last } from '@thetagrad/core/backend';
import {
  checkLength,
  factorOf,
  fromPlanar,
  hasPlanarForm,
  inverseRealAxis,
  resize,
  toComplex,
  toPlanar,
  toReal,
  transformAxis,
  transformRealAxis,
  type Norm,
} from './axes.ts';
import { rowDftMatrix, rowInverseRealDftMatrix, rowRealDftMatrix, type Sign } from './constants.ts';
import { conjugate, halfLength } from './transform.ts';

/** The axes of a transform, and its length along each. */
export interface Selection {
  readonly axes: readonly number[];
  readonly lengths: readonly number[];
  readonly norm: Norm;
}

/**
 * Checks what a call selects of a shape.
 * @param isHalf whether the last of the axes holds half of a spectrum.
 */
export type Select = (shape: Shape, isHalf: boolean) => Selection;

/**
 * Finds the lengths of a transform, by default those of the axes.
 * @throws {TypeError | RangeError} if a length is not an integer ≥ 1.
 */
export function selectAxes(
  operation: string,
  shape: Shape,
  selected: {
    readonly axes: readonly number[];
    readonly lengths: readonly number[] | undefined;
    readonly norm: Norm | undefined;
    readonly isHalf: boolean;
  },
): Selection {
  const { axes, norm = 'backward', isHalf } = selected;
  const full = axes.map((axis, i) => {
    const length = at(shape, axis);
    return isHalf && i === axes.length - 1 ? 2 * (length - 1) : length;
  });
  const lengths = selected.lengths ?? full;
  lengths.forEach((length, i) => checkLength(operation, length, at(full, i)));
  return { axes, lengths, norm };
}

/** Transforms complex numbers. */
export function transformComplex(operation: string, x: Tensor, select: Select, sign: Sign): Tensor {
  const values = toComplex(operation, x);
  const { axes, lengths, norm } = select(x.shape.slice(0, -1), false);
  const factor = factorOf(operation, product(lengths), norm, sign > 0);
  const [axis, length] = [last(axes), last(lengths)];
  if (isShortRow(axes, length, x.ndim - 1) && !hasPlanarForm(x)) {
    const matrix = rowDftMatrix(length, sign, factor, values.dtype);
    return multiplyRows(resize(values, axis, length), 2, matrix, [length, 2]);
  }
  const z = toPlanar(operation, x);
  return fromPlanar(transformAxes(z, axes.toReversed(), lengths.toReversed(), sign, factor));
}

/** Transforms real numbers to half of their spectrum, or of its conjugate by the inverse. */
export function transformHalf(operation: string, x: Tensor, select: Select, isInverse: boolean): Tensor {
  const values = toReal(operation, x);
  const { axes, lengths, norm } = select(x.shape, false);
  const [axis, length] = [last(axes), last(lengths)];
  const factor = factorOf(operation, product(lengths), norm, isInverse);
  const real = resize(values, axis, length);
  if (isShortRow(axes, length, x.ndim)) {
    const matrix = rowRealDftMatrix(length, isInverse ? 1 : -1, factor, real.dtype);
    return multiplyRows(real, 1, matrix, [halfLength(length), 2]);
  }
  const half = transformRealAxis(real, axis, factor);
  const spectrum = transformAxes(half, axes.slice(0, -1), lengths.slice(0, -1), -1);
  return fromPlanar(isInverse ? conjugate(spectrum) : spectrum);
}

/** Finds the real numbers of half of a spectrum by the inverse, or of its conjugate. */
export function transformHalfInverse(operation: string, x: Tensor, select: Select, isInverse: boolean): Tensor {
  const values = toComplex(operation, x);
  const { axes, lengths, norm } = select(x.shape.slice(0, -1), true);
  const [axis, length] = [last(axes), last(lengths)];
  const factor = factorOf(operation, product(lengths), norm, isInverse);
  if (isShortRow(axes, length, x.ndim - 1) && !hasPlanarForm(x)) {
    const matrix = rowInverseRealDftMatrix(length, isInverse ? 1 : -1, factor, values.dtype);
    return multiplyRows(resize(values, axis, halfLength(length)), 2, matrix, [length]);
  }
  const z = isInverse ? toPlanar(operation, x) : conjugate(toPlanar(operation, x));
  const inverse = transformAxes(z, axes.slice(0, -1), lengths.slice(0, -1), 1);
  return inverseRealAxis(resize(inverse, axis + 1, halfLength(length)), axis, length, factor);
}

/** The longest rows that are transformed by one product, as they are in memory. */
const maxRow = 64;

/** Whether the axis is the only one, the last of `rank`, and short. */
function isShortRow(axes: readonly number[], length: number, rank: number): boolean {
  return axes.length === 1 && axes[0] === rank - 1 && length > 1 && length <= maxRow;
}

/** Multiplies the last `count` axes, as rows, by a matrix. */
function multiplyRows(x: Tensor, count: number, matrix: Tensor, shape: Shape): Tensor {
  const length = at(matrix.shape, 0);
  const rows = x.reshape([x.size / length, length]);
  return rows.matmul(matrix).reshape([...x.shape.slice(0, x.ndim - count), ...shape]);
}

function product(lengths: readonly number[]): number {
  return lengths.reduce((total, length) => total * length, 1);
}

/** Transforms a planar tensor along each of the axes, times a factor. */
function transformAxes(z: Tensor, axes: readonly number[], lengths: readonly number[], sign: Sign, factor = 1): Tensor {
  return axes.reduce(
    (result, axis, i) => transformAxis(resize(result, axis + 1, at(lengths, i)), axis, sign, i === 0 ? factor : 1),
    z,
  );
}
