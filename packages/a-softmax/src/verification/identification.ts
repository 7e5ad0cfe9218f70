// Identification: whether the correct identity is among the k best matches.
import { checkInteger, checkOptions, typedArrayType } from '@thetagrad/core/backend';
import { cosine, denseClasses, type FeatureArray, type Labels, type UnitRows, unitRows } from './rows.ts';
import { sampleDistinct, streamOf } from './sampling.ts';

/** Features, row-major, with the identity of each. */
export interface LabeledFeatures {
  readonly features: FeatureArray;
  readonly labels: Labels;
}

export interface MatchOptions {
  /** The dimension of a feature. */
  readonly dimension: number;
  /** The length of the curve. Default: the longest possible. */
  readonly maxRank?: number;
}

export interface SplitGalleryOptions {
  /** Gallery samples per class, an integer ≥ 1. Default: 1. */
  readonly perClass?: number;
  /** An integer in [0, 2³²). Default: 0. */
  readonly seed?: number;
}

export interface GallerySplit {
  /** Indices of the enrolled samples, ascending. */
  readonly gallery: Int32Array;
  /** Indices of all other samples, ascending. */
  readonly probes: Int32Array;
}

/**
 * Splits samples at random into a gallery with `perClass` samples of every class, or all where it has fewer, and
 * probes. A class may have no probe. The result depends only on the seed and on which labels are equal.
 * @throws {RangeError} if an option is out of range, there is no label, or one is not an integer.
 */
export function splitGallery(labels: Labels, options: SplitGalleryOptions = {}): GallerySplit {
  const operation = 'splitGallery';
  checkOptions(operation, options, ['perClass', 'seed']);
  const { perClass = 1, seed = 0 } = options;
  checkInteger(operation, 'perClass', perClass, { min: 1 });
  const stream = streamOf(operation, seed);
  const classes = denseClasses(operation, labels);
  const samplesOf = Array.from({ length: classes.count }, (): number[] => []);
  classes.indices.forEach((k, sample) => samplesOf[k]!.push(sample));
  const enrolled = new Uint8Array(classes.indices.length);
  for (const samples of samplesOf) {
    for (const i of sampleDistinct(Math.min(perClass, samples.length), samples.length, stream))
      enrolled[samples[i]!] = 1;
  }
  const indices = Int32Array.from(enrolled, (_, i) => i);
  return { gallery: indices.filter((i) => enrolled[i] === 1), probes: indices.filter((i) => enrolled[i] === 0) };
}

/**
 * Copies the features with the given indices into a new array of the same type.
 * @throws {RangeError} if `dimension` is not an integer ≥ 1, or an index is out of range.
 */
export function selectRows(features: FeatureArray, dimension: number, indices: ArrayLike<number>): FeatureArray {
  checkInteger('selectRows', 'dimension', dimension, { min: 1 });
  const count = Math.floor(features.length / dimension);
  const size = indices.length * dimension;
  const rows = typedArrayType(features) === 'Float32Array' ? new Float32Array(size) : new Float64Array(size);
  for (let i = 0; i < indices.length; i++) {
    checkInteger('selectRows', `index ${i}`, indices[i]!, { min: 0, max: count - 1 });
    rows.set(features.subarray(indices[i]! * dimension, (indices[i]! + 1) * dimension), i * dimension);
  }
  return rows;
}

/**
 * Closed-set identification (the cumulative match characteristic): entry k − 1 is the share of probes whose identity is
 * among the k best. The score of an identity is the largest cosine with its gallery samples. Other identities with the
 * same score count as better, so that indistinguishable features do not look perfect.
 * @param options `maxRank`, from 1 to the number of identities in the gallery (the default)
 * @returns maxRank rates, ascending
 * @throws {TypeError} if the features are not a Float32Array or Float64Array.
 * @throws {RangeError} if the sizes do not fit, a feature is not finite or zero, a label is not an integer, the gallery
 *   lacks the identity of a probe, or `maxRank` is out of range.
 */
export function cumulativeMatchCurve(
  gallery: LabeledFeatures,
  probes: LabeledFeatures,
  options: MatchOptions,
): Float64Array {
  const operation = 'cumulativeMatchCurve';
  checkOptions(operation, options, ['dimension', 'maxRank']);
  const { dimension, maxRank } = options;
  const enrolled = unitRows(`${operation}: gallery`, gallery.features, dimension);
  const probeRows = unitRows(`${operation}: probes`, probes.features, dimension);
  const classes = denseClasses(`${operation}: gallery`, gallery.labels, enrolled.count);
  denseClasses(`${operation}: probes`, probes.labels, probeRows.count);
  const classOf = new Map<number, number>();
  classes.indices.forEach((k, i) => classOf.set(gallery.labels[i]!, k));
  const length = maxRank ?? classes.count;
  checkInteger(operation, 'maxRank', length, { min: 1, max: classes.count });

  const best = new Float64Array(classes.count);
  const ranks = Array.from({ length: probeRows.count }, (_, p) => {
    const own = classOf.get(probes.labels[p]!);
    if (own === undefined) {
      throw new RangeError(`${operation}: the gallery lacks label ${probes.labels[p]} of probe ${p}`);
    }
    best.fill(-Infinity);
    for (let i = 0; i < enrolled.count; i++) {
      const k = classes.indices[i]!;
      best[k] = Math.max(best[k]!, cosine(probeRows, p, enrolled, i));
    }
    return best.reduce((rank, score) => (score >= best[own]! ? rank + 1 : rank), 0);
  });
  return accumulateShares(ranks, length);
}

/**
 * Identification with distractors, as in MegaFace (Kemelmacher-Shlizerman et al., "The MegaFace Benchmark", CVPR 2016).
 * In each trial one sample is the probe, and the gallery consists of one other sample of its identity (the mate) and
 * all distractors. Entry k − 1 is the share of trials in which the mate is among the k best by cosine; distractors with
 * the same score count as better.
 * @param samples the probe set; identities with one sample are skipped
 * @param distractors features of other identities
 * @param options `maxRank`, from 1 to the number of distractors + 1 (the default)
 * @returns maxRank rates, ascending
 * @throws {TypeError} if the features are not a Float32Array or Float64Array.
 * @throws {RangeError} if the sizes do not fit, a feature is not finite or zero, a label is not an integer, no identity
 *   has two samples, or `maxRank` is out of range.
 */
export function distractorMatchCurve(
  samples: LabeledFeatures,
  distractors: FeatureArray,
  options: MatchOptions,
): Float64Array {
  const operation = 'distractorMatchCurve';
  checkOptions(operation, options, ['dimension', 'maxRank']);
  const { dimension, maxRank } = options;
  const rows = unitRows(`${operation}: samples`, samples.features, dimension);
  const others = unitRows(`${operation}: distractors`, distractors, dimension);
  const classes = denseClasses(operation, samples.labels, rows.count);
  const length = maxRank ?? others.count + 1;
  checkInteger(operation, 'maxRank', length, { min: 1, max: others.count + 1 });
  const ranks: number[] = [];
  for (let p = 0; p < rows.count; p++) {
    if (classes.sizes[classes.indices[p]!] === 1) continue;
    const scores = sortCosines(rows, p, others);
    for (let mate = 0; mate < rows.count; mate++) {
      if (mate !== p && classes.indices[mate] === classes.indices[p])
        ranks.push(1 + countAtLeast(scores, cosine(rows, p, rows, mate)));
    }
  }
  if (ranks.length === 0) throw new RangeError(`${operation}: needs an identity with at least 2 samples`);
  return accumulateShares(ranks, length);
}

/** The share of ranks ≤ 1, ≤ 2 … ≤ length. */
function accumulateShares(ranks: readonly number[], length: number): Float64Array {
  const hits = new Float64Array(length);
  for (const rank of ranks) if (rank <= length) hits[rank - 1] = hits[rank - 1]! + 1;
  let total = 0;
  return hits.map((count) => (total += count) / ranks.length);
}

function sortCosines(rows: UnitRows, p: number, others: UnitRows): Float64Array {
  return Float64Array.from({ length: others.count }, (_, i) => cosine(rows, p, others, i)).sort();
}

/** Counts the numbers ≥ value in an ascending array, by bisection. */
function countAtLeast(ascending: Float64Array, value: number): number {
  let low = 0;
  let high = ascending.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (ascending[middle]! < value) low = middle + 1;
    else high = middle;
  }
  return ascending.length - low;
}
