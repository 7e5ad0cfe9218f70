/** Identification: is the right identity among the k best matches? */

import { generator, sampleDistinct } from './random.ts';
import {
  cosine,
  denseClasses,
  type FeatureArray,
  type Labels,
  requireInteger,
  type UnitRows,
  unitRows,
} from './rows.ts';

/** Features, row after row, with the identity of each. */
export interface LabelledFeatures {
  readonly features: FeatureArray;
  readonly labels: Labels;
}

export interface MatchOptions {
  /** Numbers per feature. */
  readonly dimension: number;
  /** Length of the curve; by default as long as it can be. */
  readonly maxRank?: number;
}

export interface GallerySplit {
  /** Indices of the samples to enrol, rising. */
  readonly gallery: Int32Array;
  /** Indices of all the others, rising. */
  readonly probes: Int32Array;
}

/**
 * Chooses samples of every class for the gallery at random; the others are probes. A class always leaves the gallery at
 * least one sample and may leave no probe. The result depends only on the seed and on which labels are equal.
 *
 * @param options `perClass` gallery samples per class (default 1; a class with fewer gives all it has), `seed` in [0,
 *   2³²) (default 0)
 * @throws RangeError if an option is out of range, there is no label or one is not an integer
 */
export function splitGallery(
  labels: Labels,
  { perClass = 1, seed = 0 }: { perClass?: number; seed?: number } = {},
): GallerySplit {
  const operation = 'splitGallery';
  requireInteger(operation, 'perClass', perClass, 1);
  const random = generator(operation, seed);
  const classes = denseClasses(operation, labels);
  const samplesOf = Array.from({ length: classes.count }, (): number[] => []);
  classes.of.forEach((k, sample) => samplesOf[k]!.push(sample));
  const enrolled = new Uint8Array(classes.of.length);
  for (const samples of samplesOf) {
    for (const i of sampleDistinct(Math.min(perClass, samples.length), samples.length, random))
      enrolled[samples[i]!] = 1;
  }
  const indices = Int32Array.from(enrolled, (_, i) => i);
  return { gallery: indices.filter((i) => enrolled[i] === 1), probes: indices.filter((i) => enrolled[i] === 0) };
}

/**
 * The rows of features with the given indices, as a new array of the same kind.
 *
 * @throws RangeError if an index is out of range
 */
export function selectRows(features: FeatureArray, dimension: number, indices: ArrayLike<number>): FeatureArray {
  requireInteger('selectRows', 'dimension', dimension, 1);
  const count = Math.floor(features.length / dimension);
  const size = indices.length * dimension;
  const rows = features instanceof Float32Array ? new Float32Array(size) : new Float64Array(size);
  for (let i = 0; i < indices.length; i++) {
    requireInteger('selectRows', `index ${i}`, indices[i]!, 0, count - 1);
    rows.set(features.subarray(indices[i]! * dimension, (indices[i]! + 1) * dimension), i * dimension);
  }
  return rows;
}

/**
 * Closed-set identification (the cumulative match characteristic): entry k − 1 is the share of probes whose identity is
 * among the k best. An identity scores as its best gallery sample does, by cosine. Another identity with the same score
 * counts as better, so that features which tell nothing apart do not look perfect.
 *
 * @param options `maxRank` from 1 to the number of identities in the gallery (the default)
 * @returns maxRank rates, rising
 * @throws TypeError or RangeError on features or labels of the wrong kind or number, not finite or zero features, a
 *   probe whose identity is not in the gallery, or maxRank out of range
 */
export function cumulativeMatchCurve(
  gallery: LabelledFeatures,
  probes: LabelledFeatures,
  { dimension, maxRank }: MatchOptions,
): Float64Array {
  const operation = 'cumulativeMatchCurve';
  const enrolled = unitRows(`${operation}: gallery`, gallery.features, dimension);
  const asked = unitRows(`${operation}: probes`, probes.features, dimension);
  const classes = denseClasses(`${operation}: gallery`, gallery.labels, enrolled.count);
  denseClasses(`${operation}: probes`, probes.labels, asked.count);
  const classOf = new Map<number, number>();
  classes.of.forEach((k, i) => classOf.set(gallery.labels[i]!, k));
  const length = maxRank ?? classes.count;
  requireInteger(operation, 'maxRank', length, 1, classes.count);

  const best = new Float64Array(classes.count);
  const ranks = Array.from({ length: asked.count }, (_, p) => {
    const own = classOf.get(probes.labels[p]!);
    if (own === undefined) {
      throw new RangeError(
        `${operation}: probe ${p} has label ${probes.labels[p]}, which the gallery lacks (closed set)`,
      );
    }
    best.fill(-Infinity);
    for (let i = 0; i < enrolled.count; i++) {
      const k = classes.of[i]!;
      best[k] = Math.max(best[k]!, cosine(asked, p, enrolled, i));
    }
    return best.reduce((rank, score) => (score >= best[own]! ? rank + 1 : rank), 0);
  });
  return shareWithin(ranks, length);
}

/**
 * Identification with distractors, as in MegaFace (Kemelmacher-Shlizerman et al., "The MegaFace Benchmark", CVPR 2016):
 * each sample in turn is the probe and each other sample of its identity in turn the one mate that is added to a
 * gallery of distractors. Entry k − 1 is the share of these trials in which the mate is among the k best of the gallery
 * by cosine; a distractor with the same score counts as better.
 *
 * @param samples the probe set; identities with one sample give no trial
 * @param distractors features of other identities
 * @param options `maxRank` from 1 to the number of distractors + 1 (the default)
 * @returns maxRank rates, rising
 * @throws TypeError or RangeError on features or labels of the wrong kind or number, not finite or zero features, no
 *   identity with two samples, or maxRank out of range
 */
export function distractorMatchCurve(
  samples: LabelledFeatures,
  distractors: FeatureArray,
  { dimension, maxRank }: MatchOptions,
): Float64Array {
  const operation = 'distractorMatchCurve';
  const rows = unitRows(`${operation}: samples`, samples.features, dimension);
  const others = unitRows(`${operation}: distractors`, distractors, dimension);
  const classes = denseClasses(operation, samples.labels, rows.count);
  const length = maxRank ?? others.count + 1;
  requireInteger(operation, 'maxRank', length, 1, others.count + 1);
  const ranks: number[] = [];
  for (let p = 0; p < rows.count; p++) {
    if (classes.sizes[classes.of[p]!] === 1) continue;
    const scores = sortedCosines(rows, p, others);
    for (let mate = 0; mate < rows.count; mate++) {
      if (mate !== p && classes.of[mate] === classes.of[p])
        ranks.push(1 + countAtLeast(scores, cosine(rows, p, rows, mate)));
    }
  }
  if (ranks.length === 0) throw new RangeError(`${operation}: needs an identity with at least 2 samples`);
  return shareWithin(ranks, length);
}

/** The share of ranks ≤ 1, ≤ 2 … ≤ length. */
function shareWithin(ranks: readonly number[], length: number): Float64Array {
  const hits = new Float64Array(length);
  for (const rank of ranks) if (rank <= length) hits[rank - 1] = hits[rank - 1]! + 1;
  let total = 0;
  return hits.map((count) => (total += count) / ranks.length);
}

function sortedCosines(rows: UnitRows, p: number, others: UnitRows): Float64Array {
  return Float64Array.from({ length: others.count }, (_, i) => cosine(rows, p, others, i)).sort();
}

/** How many of some rising numbers are at least value. */
function countAtLeast(rising: Float64Array, value: number): number {
  let low = 0;
  let high = rising.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (rising[middle]! < value) low = middle + 1;
    else high = middle;
  }
  return rising.length - low;
}
