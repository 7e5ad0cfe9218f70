// Compactness and separation of classes: measures without a threshold, which depend on the directions of features only.
import { argumentError, checkOptions } from '@thetagrad/core/backend';
import {
  angle,
  checkGenuinePair,
  checkTwoClasses,
  type Classes,
  countPairs,
  denseClasses,
  type FeatureArray,
  forEachPair,
  type Labels,
  type UnitRows,
  unitRows,
} from './rows.ts';

/** A mean of unit vectors shorter than this is zero up to rounding. */
const zeroMeanLength = 1e-12;

/**
 * Angular Fisher score S_w / S_b; smaller is better (SphereFace, arXiv 1704.08063, the appendix on the angular Fisher
 * score): S_w = Σ_i Σ_{x ∈ X_i} (1 − cos⟨x, m_i⟩) and S_b = Σ_i n_i (1 − cos⟨m_i, m⟩), where m_i is the mean of class
 * i, n_i its number of samples and m the mean of all samples. Means are those of the features scaled to unit length, so
 * that the score depends on directions only. The cosine of a mean of zero, which has no direction, counts as 0.
 * @param features n features, row-major
 * @param dimension the dimension of a feature
 * @param labels the class of each feature
 * @returns a number ≥ 0; Infinity if all class means have the same direction
 * @throws {TypeError} if the features are not a Float32Array or Float64Array.
 * @throws {RangeError} if the sizes do not fit, a feature is not finite or zero, a label is not an integer, or there
 *   are fewer than 2 classes.
 */
export function angularFisherScore(features: FeatureArray, dimension: number, labels: Labels): number {
  const rows = unitRows('angularFisherScore', features, dimension);
  const classes = denseClasses('angularFisherScore', labels, rows.count);
  checkTwoClasses('angularFisherScore', classes);
  return computeFisherScore(rows, classes);
}

export interface AnglePercentile {
  /**
   * The percentile of the angles to return, from 0 to 100, interpolated linearly as by NumPy. Less extreme percentiles
   * are robust to outliers; they need 8 bytes per pair. Default: the extreme.
   */
  readonly percentile?: number;
}

/**
 * The largest angle between two samples of one class, in radians, over all pairs (SphereFace, section 3.4).
 * @param options `percentile` of the angles within classes. Default: 100, the largest.
 * @throws {TypeError} as {@link angularFisherScore}.
 * @throws {RangeError} as {@link angularFisherScore}, except that one class is enough; and if no class has two
 *   samples, or `percentile` is out of range.
 */
export function largestIntraClassAngle(
  features: FeatureArray,
  dimension: number,
  labels: Labels,
  options: AnglePercentile = {},
): number {
  const operation = 'largestIntraClassAngle';
  checkOptions(operation, options, ['percentile']);
  const { percentile = 100 } = options;
  checkPercentile(operation, percentile);
  const rows = unitRows(operation, features, dimension);
  const classes = denseClasses(operation, labels, rows.count);
  checkGenuinePair(operation, classes);
  if (percentile === 100) return findExtremeAngles(rows, classes).largestIntra;
  return computePercentile(computeCosines(rows, classes).genuine, percentile);
}

/**
 * The smallest angle between two samples of different classes, in radians, over all pairs (SphereFace, section 3.4).
 * @param options `percentile` of the angles between classes. Default: 0, the smallest.
 * @throws {TypeError} as {@link angularFisherScore}.
 * @throws {RangeError} as {@link angularFisherScore}, and if `percentile` is out of range.
 */
export function smallestInterClassAngle(
  features: FeatureArray,
  dimension: number,
  labels: Labels,
  options: AnglePercentile = {},
): number {
  const operation = 'smallestInterClassAngle';
  checkOptions(operation, options, ['percentile']);
  const { percentile = 0 } = options;
  checkPercentile(operation, percentile);
  const rows = unitRows(operation, features, dimension);
  const classes = denseClasses(operation, labels, rows.count);
  checkTwoClasses(operation, classes);
  if (percentile === 0) return findExtremeAngles(rows, classes).smallestInter;
  return computePercentile(computeCosines(rows, classes).impostor, percentile);
}

/** {@link angularFisherScore} of preprocessed features. */
export function computeFisherScore(rows: UnitRows, classes: Classes): number {
  const { values, count, dimension } = rows;
  const classMeans = new Float64Array(classes.count * dimension);
  const mean = new Float64Array(dimension);
  for (let i = 0; i < count; i++) {
    const target = classes.indices[i]! * dimension;
    for (let c = 0; c < dimension; c++) {
      const value = values[i * dimension + c]!;
      classMeans[target + c] = classMeans[target + c]! + value / classes.sizes[classes.indices[i]!]!;
      mean[c] = mean[c]! + value / count;
    }
  }
  for (let k = 0; k < classes.count; k++) normalizeInPlace(classMeans.subarray(k * dimension, (k + 1) * dimension));
  normalizeInPlace(mean);

  let within = 0;
  for (let i = 0; i < count; i++) {
    within += cosineDistance(values, i * dimension, classMeans, classes.indices[i]! * dimension, dimension);
  }
  let between = 0;
  for (let k = 0; k < classes.count; k++) {
    between += classes.sizes[k]! * cosineDistance(classMeans, k * dimension, mean, 0, dimension);
  }
  return between === 0 ? Infinity : within / between;
}

/** Finds both extremes in one pass; 0 and π where there is no such pair. */
export function findExtremeAngles(rows: UnitRows, classes: Classes): { largestIntra: number; smallestInter: number } {
  let lowest = 2;
  let highest = -2;
  let intra: [number, number] | undefined;
  let inter: [number, number] | undefined;
  forEachPair(rows, (i, j, cos) => {
    if (classes.indices[i] === classes.indices[j]) {
      if (cos < lowest) {
        lowest = cos;
        intra = [i, j];
      }
    } else if (cos > highest) {
      highest = cos;
      inter = [i, j];
    }
  });
  return { largestIntra: intra ? angle(rows, ...intra) : 0, smallestInter: inter ? angle(rows, ...inter) : Math.PI };
}

/** Computes the cosines of all pairs of one class and of two classes. */
export function computeCosines(rows: UnitRows, classes: Classes): { genuine: Float64Array; impostor: Float64Array } {
  const counts = countPairs(classes);
  const genuine = new Float64Array(counts.genuine);
  const impostor = new Float64Array(counts.impostor);
  let g = 0;
  let n = 0;
  forEachPair(rows, (i, j, cos) => {
    if (classes.indices[i] === classes.indices[j]) genuine[g++] = cos;
    else impostor[n++] = cos;
  });
  return { genuine, impostor };
}

/** Scales a vector to unit length in place, or to exactly zero if it is zero up to rounding. */
function normalizeInPlace(vector: Float64Array): void {
  const length = Math.hypot(...vector);
  for (let c = 0; c < vector.length; c++) vector[c] = length < zeroMeanLength ? 0 : vector[c]! / length;
}

/** 1 − cos of two vectors of length 1 or 0, as half the squared distance, which is accurate near 0. */
function cosineDistance(a: Float64Array, p: number, b: Float64Array, q: number, dimension: number): number {
  let squares = 0;
  let lengthA = 0;
  let lengthB = 0;
  for (let c = 0; c < dimension; c++) {
    const x = a[p + c]!;
    const y = b[q + c]!;
    squares += (x - y) ** 2;
    lengthA += x * x;
    lengthB += y * y;
  }
  return lengthA === 0 || lengthB === 0 ? 1 : squares / 2;
}

/** The percentile of the angles with the given cosines. */
function computePercentile(cosines: Float64Array, percentile: number): number {
  const angles = cosines.map(Math.acos).sort();
  const position = (percentile / 100) * (angles.length - 1);
  const below = Math.floor(position);
  const low = angles[below]!;
  return low + (position - below) * (angles[Math.min(below + 1, angles.length - 1)]! - low);
}

function checkPercentile(operation: string, percentile: number): void {
  if (!(percentile >= 0 && percentile <= 100)) {
    throw argumentError(operation, 'percentile', 'from 0 to 100', percentile);
  }
}
