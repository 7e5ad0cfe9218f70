// Preprocessing shared by all measures: features of unit length, dense class indices, cosines of pairs.
import { argumentError, checkInteger, typedArrayType } from '@thetagrad/core/backend';

/** n features of d numbers each, row-major [n, d]. */
export type FeatureArray = Float32Array | Float64Array;

/** Class labels, one per feature: any integers. */
export type Labels = ArrayLike<number>;

/** Features as unit vectors in double precision. */
export interface UnitRows {
  readonly values: Float64Array;
  readonly count: number;
  readonly dimension: number;
}

/** Labels renumbered 0, 1, 2 … in order of first appearance, so that results do not depend on their values. */
export interface Classes {
  /** The class of each sample. */
  readonly indices: Int32Array;
  /** The number of samples of each class. */
  readonly sizes: Int32Array;
  /** The number of classes. */
  readonly count: number;
}

/**
 * Scales every feature to unit length. Lengths are computed relative to the largest component, without overflow or
 * underflow.
 * @throws {TypeError} if the features are not a Float32Array or Float64Array.
 * @throws {RangeError} if the sizes do not fit, there is no feature, a value is not finite, or a feature is zero.
 */
export function unitRows(operation: string, features: FeatureArray, dimension: number): UnitRows {
  const type = typedArrayType(features);
  if (type !== 'Float32Array' && type !== 'Float64Array') {
    throw argumentError(operation, 'features', 'a Float32Array or Float64Array', features, false);
  }
  checkInteger(operation, 'dimension', dimension, { min: 1 });
  if (features.length === 0) throw new RangeError(`${operation}: features is empty`);
  if (features.length % dimension !== 0) {
    throw new RangeError(`${operation}: ${features.length} numbers are not rows of dimension ${dimension}`);
  }
  const count = features.length / dimension;
  const values = new Float64Array(features.length);
  for (let row = 0, start = 0; row < count; row++, start += dimension) {
    let largest = 0;
    for (let c = start; c < start + dimension; c++) {
      const value = features[c]!;
      if (!Number.isFinite(value)) {
        throw new RangeError(
          `${operation}: features must be finite, got ${value} at component ${c - start} of feature ${row}`,
        );
      }
      largest = Math.max(largest, Math.abs(value));
    }
    if (largest === 0) throw new RangeError(`${operation}: feature ${row} is zero and has no direction`);
    let squares = 0;
    for (let c = start; c < start + dimension; c++) {
      const scaled = features[c]! / largest;
      values[c] = scaled;
      squares += scaled * scaled;
    }
    const length = Math.sqrt(squares);
    for (let c = start; c < start + dimension; c++) values[c] = values[c]! / length;
  }
  return { values, count, dimension };
}

/**
 * Renumbers labels densely.
 * @param expected the number of labels that there must be. Default: any.
 * @throws {TypeError} if the labels are not an array.
 * @throws {RangeError} if there is another number of labels, none, or one is not an integer.
 */
export function denseClasses(operation: string, labels: Labels, expected?: number): Classes {
  if (typeof labels?.length !== 'number') {
    throw argumentError(operation, 'labels', 'an array of integers', labels, false);
  }
  if (expected !== undefined && labels.length !== expected) {
    throw new RangeError(`${operation}: ${expected} features need ${expected} labels, got ${labels.length}`);
  }
  if (labels.length === 0) throw new RangeError(`${operation}: labels is empty`);
  const indexOf = new Map<number, number>();
  const sizes: number[] = [];
  const indices = new Int32Array(labels.length);
  for (let i = 0; i < labels.length; i++) {
    const label = labels[i]!;
    checkInteger(operation, `label ${i}`, label);
    let index = indexOf.get(label);
    if (index === undefined) {
      index = indexOf.size;
      indexOf.set(label, index);
      sizes.push(0);
    }
    indices[i] = index;
    sizes[index] = sizes[index]! + 1;
  }
  return { indices, sizes: Int32Array.from(sizes), count: sizes.length };
}

/** @throws {RangeError} if there are fewer than two classes. */
export function checkTwoClasses(operation: string, { count }: Classes): void {
  if (count < 2) throw new RangeError(`${operation}: needs samples of at least 2 classes, got ${count}`);
}

/** @throws {RangeError} if no class has two samples. */
export function checkGenuinePair(operation: string, { count, sizes }: Classes): void {
  if (sizes.some((size) => size > 1)) return;
  throw new RangeError(`${operation}: needs a class with at least 2 samples, got ${count} classes of 1`);
}

/** Counts the pairs of samples of one class and of two classes. */
export function countPairs(classes: Classes): { genuine: number; impostor: number } {
  const total = (classes.indices.length * (classes.indices.length - 1)) / 2;
  const genuine = classes.sizes.reduce((sum, size) => sum + (size * (size - 1)) / 2, 0);
  return { genuine, impostor: total - genuine };
}

/** The cosine of row i of a and row j of b, in [−1, 1]. */
export function cosine(a: UnitRows, i: number, b: UnitRows, j: number): number {
  const { values: x, dimension } = a;
  const y = b.values;
  let p = i * dimension;
  let q = j * dimension;
  const end = p + dimension;
  // Four accumulators, so that additions do not depend on each other.
  let s0 = 0;
  let s1 = 0;
  let s2 = 0;
  let s3 = 0;
  for (; p + 3 < end; p += 4, q += 4) {
    s0 += x[p]! * y[q]!;
    s1 += x[p + 1]! * y[q + 1]!;
    s2 += x[p + 2]! * y[q + 2]!;
    s3 += x[p + 3]! * y[q + 3]!;
  }
  for (; p < end; p++, q++) s0 += x[p]! * y[q]!;
  return Math.min(1, Math.max(-1, s0 + s1 + (s2 + s3)));
}

/** Calls `visit` for every pair i < j, in blocks of rows that fit the cache. */
export function forEachPair(rows: UnitRows, visit: (i: number, j: number, cosine: number) => void): void {
  const { count, dimension } = rows;
  const block = Math.max(1, Math.floor(8192 / dimension));
  for (let top = 0; top < count; top += block) {
    for (let left = top; left < count; left += block) {
      for (let i = top; i < Math.min(count, top + block); i++) {
        for (let j = Math.max(left, i + 1); j < Math.min(count, left + block); j++)
          visit(i, j, cosine(rows, i, rows, j));
      }
    }
  }
}

/**
 * The angle of rows i and j in radians, accurate near 0 and π, where acos is not (Kahan: 2 atan2(‖a − b‖, ‖a + b‖)).
 */
export function angle(rows: UnitRows, i: number, j: number): number {
  let difference = 0;
  let sum = 0;
  for (let c = 0; c < rows.dimension; c++) {
    const a = rows.values[i * rows.dimension + c]!;
    const b = rows.values[j * rows.dimension + c]!;
    difference += (a - b) ** 2;
    sum += (a + b) ** 2;
  }
  return 2 * Math.atan2(Math.sqrt(difference), Math.sqrt(sum));
}
