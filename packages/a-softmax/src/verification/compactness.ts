/** How tight the classes are and how far apart: measures that need no threshold. Features count by direction only. */

import {
  angle,
  type Classes,
  denseClasses,
  type FeatureArray,
  forEachPair,
  type Labels,
  pairCounts,
  requireGenuinePair,
  requireTwoClasses,
  type UnitRows,
  unitRows,
} from './rows.ts';

/** A mean of unit vectors shorter than this is zero but for rounding. */
const ZERO_MEAN = 1e-12;

/**
 * Angular Fisher score S_w / S_b, smaller is better (SphereFace, arXiv 1704.08063, the appendix on the angular Fisher
 * score): S_w = Σ_i Σ_{x ∈ X_i} (1 − cos⟨x, m_i⟩) and S_b = Σ_i n_i (1 − cos⟨m_i, m⟩), where m_i is the mean of class
 * i, n_i its number of samples and m the mean of all samples. Means are taken of the features scaled to unit length, so
 * that the score depends on directions only.
 *
 * A mean that is zero (opposite features cancel) has no direction; its cosine with anything counts as 0.
 *
 * @param features n features, row after row
 * @param dimension numbers per feature
 * @param labels the class of each feature
 * @returns the score, at least 0; Infinity if the class means all have one direction
 * @throws TypeError or RangeError on features or labels of the wrong kind or number, not finite or zero features, or
 *   fewer than 2 classes
 */
export function angularFisherScore(features: FeatureArray, dimension: number, labels: Labels): number {
  const rows = unitRows('angularFisherScore', features, dimension);
  const classes = denseClasses('angularFisherScore', labels, rows.count);
  requireTwoClasses('angularFisherScore', classes);
  return fisherScore(rows, classes);
}

export interface AnglePercentile {
  /**
   * Percentile of the angles to return, from 0 to 100, interpolated linearly as NumPy does; one step back from the
   * extreme makes the measure robust to single outliers. Takes 8 bytes per pair.
   */
  readonly percentile?: number;
}

/**
 * The largest angle between two samples of one class, in radians, over all pairs (SphereFace, section 3.4).
 *
 * @param options `percentile` (default 100, the largest) of the angles within classes
 * @throws TypeError or RangeError as {@link angularFisherScore}, if no class has two samples, or percentile is out of
 *   range
 */
export function largestIntraClassAngle(
  features: FeatureArray,
  dimension: number,
  labels: Labels,
  { percentile = 100 }: AnglePercentile = {},
): number {
  const operation = 'largestIntraClassAngle';
  requirePercentile(operation, percentile);
  const rows = unitRows(operation, features, dimension);
  const classes = denseClasses(operation, labels, rows.count);
  requireGenuinePair(operation, classes);
  if (percentile === 100) return extremeAngles(rows, classes).largestIntra;
  return percentileOf(splitCosines(rows, classes).genuine, percentile);
}

/**
 * The smallest angle between two samples of different classes, in radians, over all pairs (SphereFace, section 3.4).
 *
 * @param options `percentile` (default 0, the smallest) of the angles between classes
 * @throws TypeError or RangeError as {@link angularFisherScore}, or if percentile is out of range
 */
export function smallestInterClassAngle(
  features: FeatureArray,
  dimension: number,
  labels: Labels,
  { percentile = 0 }: AnglePercentile = {},
): number {
  const operation = 'smallestInterClassAngle';
  requirePercentile(operation, percentile);
  const rows = unitRows(operation, features, dimension);
  const classes = denseClasses(operation, labels, rows.count);
  requireTwoClasses(operation, classes);
  if (percentile === 0) return extremeAngles(rows, classes).smallestInter;
  return percentileOf(splitCosines(rows, classes).impostor, percentile);
}

export function fisherScore(rows: UnitRows, classes: Classes): number {
  const { values, count, dimension } = rows;
  const classMeans = new Float64Array(classes.count * dimension);
  const mean = new Float64Array(dimension);
  for (let i = 0; i < count; i++) {
    const target = classes.of[i]! * dimension;
    for (let c = 0; c < dimension; c++) {
      const value = values[i * dimension + c]!;
      classMeans[target + c] = classMeans[target + c]! + value / classes.sizes[classes.of[i]!]!;
      mean[c] = mean[c]! + value / count;
    }
  }
  for (let k = 0; k < classes.count; k++) toDirection(classMeans.subarray(k * dimension, (k + 1) * dimension));
  toDirection(mean);

  let within = 0;
  for (let i = 0; i < count; i++) {
    within += cosineDistance(values, i * dimension, classMeans, classes.of[i]! * dimension, dimension);
  }
  let between = 0;
  for (let k = 0; k < classes.count; k++) {
    between += classes.sizes[k]! * cosineDistance(classMeans, k * dimension, mean, 0, dimension);
  }
  return between === 0 ? Infinity : within / between;
}

/** The two extremes in one pass; 0 and π where there is no such pair. */
export function extremeAngles(rows: UnitRows, classes: Classes): { largestIntra: number; smallestInter: number } {
  let lowest = 2;
  let highest = -2;
  let intra: [number, number] | undefined;
  let inter: [number, number] | undefined;
  forEachPair(rows, (i, j, cos) => {
    if (classes.of[i] === classes.of[j]) {
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

/** The cosines of all pairs, those within a class and those between two classes. */
export function splitCosines(rows: UnitRows, classes: Classes): { genuine: Float64Array; impostor: Float64Array } {
  const counts = pairCounts(classes);
  const genuine = new Float64Array(counts.genuine);
  const impostor = new Float64Array(counts.impostor);
  let g = 0;
  let n = 0;
  forEachPair(rows, (i, j, cos) => {
    if (classes.of[i] === classes.of[j]) genuine[g++] = cos;
    else impostor[n++] = cos;
  });
  return { genuine, impostor };
}

/** Scales a vector to unit length in place, or to exact zero if it is zero but for rounding. */
function toDirection(vector: Float64Array): void {
  const length = Math.hypot(...vector);
  for (let c = 0; c < vector.length; c++) vector[c] = length < ZERO_MEAN ? 0 : vector[c]! / length;
}

/** 1 − cos of two vectors of length 1 (or 0), as half the squared distance if both have a direction: exact near 0. */
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

function percentileOf(cosines: Float64Array, percentile: number): number {
  const angles = cosines.map(Math.acos).sort();
  const position = (percentile / 100) * (angles.length - 1);
  const below = Math.floor(position);
  const low = angles[below]!;
  return low + (position - below) * (angles[Math.min(below + 1, angles.length - 1)]! - low);
}

function requirePercentile(operation: string, percentile: number): void {
  if (!(percentile >= 0 && percentile <= 100)) {
    throw new RangeError(`${operation}: percentile must be from 0 to 100, got ${percentile}`);
  }
}
