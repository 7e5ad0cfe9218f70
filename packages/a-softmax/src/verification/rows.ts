/** What every metric starts from: features checked and scaled to unit length, labels made dense, cosines of pairs. */

/** n features of d numbers each, row after row (n × d). */
export type FeatureArray = Float32Array | Float64Array;

/** Class labels: any integers, one per feature. */
export type Labels = ArrayLike<number>;

/** Features as unit vectors in double precision. */
export interface UnitRows {
  readonly values: Float64Array;
  readonly count: number;
  readonly dimension: number;
}

/** Labels renumbered 0, 1, 2 … in order of first appearance, so that nothing depends on how the classes are named. */
export interface Classes {
  readonly of: Int32Array;
  readonly sizes: Int32Array;
  readonly count: number;
}

/**
 * Scales every feature to unit length. Lengths are taken relative to the largest component, so none overflows or
 * underflows.
 *
 * @throws TypeError if features is not a Float32Array or Float64Array
 * @throws RangeError if the sizes disagree, there is no feature, a value is not finite, or a feature is zero and so has
 *   no direction
 */
export function unitRows(operation: string, features: FeatureArray, dimension: number): UnitRows {
  if (!(features instanceof Float32Array || features instanceof Float64Array)) {
    throw new TypeError(`${operation}: features must be a Float32Array or Float64Array`);
  }
  requireInteger(operation, 'dimension', dimension, 1);
  if (features.length === 0) throw new RangeError(`${operation}: features is empty`);
  if (features.length % dimension !== 0) {
    throw new RangeError(`${operation}: ${features.length} numbers cannot be rows of dimension ${dimension}`);
  }
  const count = features.length / dimension;
  const values = new Float64Array(features.length);
  for (let row = 0, start = 0; row < count; row++, start += dimension) {
    let largest = 0;
    for (let c = start; c < start + dimension; c++) {
      const value = features[c]!;
      if (!Number.isFinite(value)) {
        throw new RangeError(
          `${operation}: feature ${row} holds ${value} at component ${c - start}; features must be finite`,
        );
      }
      largest = Math.max(largest, Math.abs(value));
    }
    if (largest === 0) throw new RangeError(`${operation}: feature ${row} is the zero vector, which has no direction`);
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
 *
 * @param expected how many labels there must be, if that is known
 * @throws RangeError if their number differs from it, there is none, or one is not an integer
 */
export function denseClasses(operation: string, labels: Labels, expected: number = labels.length): Classes {
  if (labels.length !== expected) {
    throw new RangeError(`${operation}: ${expected} features need ${expected} labels, got ${labels.length}`);
  }
  if (labels.length === 0) throw new RangeError(`${operation}: labels is empty`);
  const indices = new Map<number, number>();
  const sizes: number[] = [];
  const of = new Int32Array(labels.length);
  for (let i = 0; i < labels.length; i++) {
    const label = labels[i]!;
    if (!Number.isInteger(label)) throw new RangeError(`${operation}: label ${i} must be an integer, got ${label}`);
    let index = indices.get(label);
    if (index === undefined) {
      index = indices.size;
      indices.set(label, index);
      sizes.push(0);
    }
    of[i] = index;
    sizes[index] = sizes[index]! + 1;
  }
  return { of, sizes: Int32Array.from(sizes), count: sizes.length };
}

/** @throws RangeError unless there are two classes or more */
export function requireTwoClasses(operation: string, classes: Classes): void {
  if (classes.count < 2)
    throw new RangeError(`${operation}: needs samples of at least 2 classes, got ${classes.count}`);
}

/** @throws RangeError unless some class has two samples or more */
export function requireGenuinePair(operation: string, classes: Classes): void {
  if (!classes.sizes.some((size) => size > 1)) {
    throw new RangeError(
      `${operation}: needs a class with at least 2 samples; every one of the ${classes.count} has 1`,
    );
  }
}

/** The number of pairs of samples within one class, and of two different classes. */
export function pairCounts(classes: Classes): { genuine: number; impostor: number } {
  const total = (classes.of.length * (classes.of.length - 1)) / 2;
  const genuine = classes.sizes.reduce((sum, size) => sum + (size * (size - 1)) / 2, 0);
  return { genuine, impostor: total - genuine };
}

/** Cosine between row i of a and row j of b, in [−1, 1]. */
export function cosine(a: UnitRows, i: number, b: UnitRows, j: number): number {
  const { values: x, dimension } = a;
  const y = b.values;
  let p = i * dimension;
  let q = j * dimension;
  const end = p + dimension;
  // Four sums, so that an addition need not wait for the one before it.
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

/** Calls visit for every pair i < j, block by block so that the rows in use stay in the cache. */
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

/** Angle of rows i and j in radians, accurate near 0 and π where acos is not (Kahan: 2 atan2(‖a − b‖, ‖a + b‖)). */
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

/** @throws RangeError unless value is an integer in [low, high] */
export function requireInteger(
  operation: string,
  name: string,
  value: number,
  low: number,
  high: number = Number.MAX_SAFE_INTEGER,
): void {
  if (Number.isSafeInteger(value) && value >= low && value <= high) return;
  const range = high === Number.MAX_SAFE_INTEGER ? `of at least ${low}` : `from ${low} to ${high}`;
  throw new RangeError(`${operation}: ${name} must be an integer ${range}, got ${value}`);
}
