/** Pairs of samples to compare: genuine (one identity) and impostor (two identities). */

import { generator, type Generator, sampleDistinct, shuffle } from './random.ts';
import {
  cosine,
  denseClasses,
  type Classes,
  type FeatureArray,
  type Labels,
  requireGenuinePair,
  requireInteger,
  requireTwoClasses,
  unitRows,
} from './rows.ts';

/** Pair p compares sample first[p] with sample second[p]; genuine[p] is 1 if they are of one identity, else 0. */
export interface Pairs {
  readonly first: Int32Array;
  readonly second: Int32Array;
  readonly genuine: Uint8Array;
}

/** Pairs divided into folds for cross-validation; fold[p] is in [0, folds). */
export interface FoldedPairs extends Pairs {
  readonly fold: Int32Array;
  /** Whether no identity occurs in two folds. */
  readonly identityDisjoint: boolean;
}

/**
 * Every pair of samples, in the order (0, 1), (0, 2) … (1, 2) …: n(n − 1)/2 pairs.
 *
 * @throws RangeError if there are fewer than 2 labels or one is not an integer
 */
export function allPairs(labels: Labels): Pairs {
  const { of } = denseClasses('allPairs', labels);
  const n = of.length;
  if (n < 2) throw new RangeError(`allPairs: needs at least 2 samples, got ${n}`);
  const count = (n * (n - 1)) / 2;
  const first = new Int32Array(count);
  const second = new Int32Array(count);
  const genuine = new Uint8Array(count);
  for (let i = 0, p = 0; i < n; i++) {
    for (let j = i + 1; j < n; j++, p++) {
      first[p] = i;
      second[p] = j;
      genuine[p] = of[i] === of[j] ? 1 : 0;
    }
  }
  return { first, second, genuine };
}

export interface BalancedPairsOptions {
  /** Number of folds; default 10. */
  readonly folds?: number;
  /** Genuine pairs per fold, and as many impostor pairs; default 300, or as many as every fold has if that is less. */
  readonly pairsPerFold?: number;
  /** Seed of the choice, an integer in [0, 2³²); default 0. */
  readonly seed?: number;
}

/**
 * Random pairs as in view 2 of LFW (Huang et al., "Labeled Faces in the Wild", technical report 07-49, 2007): every
 * fold has as many genuine pairs as impostor pairs, none twice, and no identity occurs in two folds. Within a fold
 * every genuine pair is equally likely, and every impostor pair. The result depends only on the seed and on which
 * labels are equal, not on their values.
 *
 * Folds of different identities need two identities each, one of them with two samples. With fewer the folds share
 * identities (but no pair), and `identityDisjoint` says so.
 *
 * @throws RangeError if an option is out of range, there are fewer than 2 identities or none with 2 samples, or there
 *   are too few pairs
 */
export function balancedPairs(
  labels: Labels,
  { folds = 10, pairsPerFold, seed = 0 }: BalancedPairsOptions = {},
): FoldedPairs {
  const operation = 'balancedPairs';
  requireInteger(operation, 'folds', folds, 1);
  if (pairsPerFold !== undefined) requireInteger(operation, 'pairsPerFold', pairsPerFold, 1);
  const random = generator(operation, seed);
  const classes = denseClasses(operation, labels);
  requireTwoClasses(operation, classes);
  requireGenuinePair(operation, classes);

  const repeated = classes.sizes.reduce((sum, size) => sum + (size > 1 ? 1 : 0), 0);
  const identityDisjoint = repeated >= folds && classes.count >= 2 * folds;
  const pools = identityDisjoint
    ? dealClasses(classes, folds, random).map((members) => new PairPool(classes, members))
    : [
        new PairPool(
          classes,
          Array.from({ length: classes.count }, (_, k) => k),
        ),
      ];
  const foldsPerPool = folds / pools.length;
  const available = Math.min(
    ...pools.map((pool) => Math.floor(Math.min(pool.genuineCount, pool.impostorCount) / foldsPerPool)),
  );
  const perFold = pairsPerFold ?? Math.min(300, available);
  if (perFold > available || available === 0) {
    throw new RangeError(
      `balancedPairs: ${folds} folds of ${Math.max(perFold, 1)} genuine and as many impostor pairs are more than ` +
        `the labels give (${available} per fold); use fewer folds or pairs per fold`,
    );
  }

  const total = 2 * perFold * folds;
  const pairs = {
    first: new Int32Array(total),
    second: new Int32Array(total),
    genuine: new Uint8Array(total),
    fold: new Int32Array(total),
  };
  let p = 0;
  pools.forEach((pool, index) => {
    const genuine = sampleDistinct(perFold * foldsPerPool, pool.genuineCount, random);
    const impostor = sampleDistinct(perFold * foldsPerPool, pool.impostorCount, random);
    for (let f = 0; f < foldsPerPool; f++) {
      for (const [ranks, isGenuine] of [
        [genuine, true],
        [impostor, false],
      ] as const) {
        for (let i = f * perFold; i < (f + 1) * perFold; i++, p++) {
          const [a, b] = pool.pair(ranks[i]!, isGenuine);
          pairs.first[p] = a;
          pairs.second[p] = b;
          pairs.genuine[p] = isGenuine ? 1 : 0;
          pairs.fold[p] = index * foldsPerPool + f;
        }
      }
    }
  });
  return { ...pairs, identityDisjoint };
}

/**
 * Cosine of each pair of features, in [−1, 1] (double precision).
 *
 * @param features n features, row after row
 * @param dimension numbers per feature
 * @throws TypeError or RangeError on features of the wrong kind or size, not finite or zero, lists of different length,
 *   or an index out of range
 */
export function cosineSimilarities(
  features: FeatureArray,
  dimension: number,
  pairs: Pick<Pairs, 'first' | 'second'>,
): Float64Array {
  const rows = unitRows('cosineSimilarities', features, dimension);
  const { first, second } = pairs;
  if (first.length !== second.length) {
    throw new RangeError(
      `cosineSimilarities: pairs.first has ${first.length} entries and pairs.second ${second.length}`,
    );
  }
  return Float64Array.from(first, (i, p) => {
    const j = second[p]!;
    requireInteger('cosineSimilarities', `pairs.first[${p}]`, i, 0, rows.count - 1);
    requireInteger('cosineSimilarities', `pairs.second[${p}]`, j, 0, rows.count - 1);
    return cosine(rows, i, rows, j);
  });
}

/** Deals the classes to the folds in random order, those with a genuine pair first, so that every fold gets one. */
function dealClasses(classes: Classes, folds: number, random: Generator): number[][] {
  const order = shuffle(
    Array.from({ length: classes.count }, (_, k) => k),
    random,
  );
  const dealt = Array.from({ length: folds }, (): number[] => []);
  const repeated = order.filter((k) => classes.sizes[k]! > 1);
  const single = order.filter((k) => classes.sizes[k] === 1);
  [...repeated, ...single].forEach((k, i) => dealt[i % folds]!.push(k));
  return dealt;
}

/**
 * The pairs among the samples of some classes, numbered without listing them. With the samples ordered by class, the
 * one at position p has its genuine partners at p + 1 … end − 1 and its impostor partners at end … n − 1, where end is
 * the end of its class.
 */
class PairPool {
  readonly genuineCount: number;
  readonly impostorCount: number;
  readonly #samples: number[] = [];
  readonly #ends: number[] = [];
  /** How many genuine (impostor) pairs start before each position. */
  readonly #genuineBefore: number[] = [];
  readonly #impostorBefore: number[] = [];

  constructor(classes: Classes, members: readonly number[]) {
    const samplesOf = new Map(members.map((k) => [k, [] as number[]]));
    classes.of.forEach((k, sample) => samplesOf.get(k)?.push(sample));
    for (const samples of samplesOf.values()) {
      const end = this.#samples.length + samples.length;
      for (const sample of samples) {
        this.#samples.push(sample);
        this.#ends.push(end);
      }
    }
    let genuine = 0;
    let impostor = 0;
    this.#ends.forEach((end, p) => {
      this.#genuineBefore.push(genuine);
      this.#impostorBefore.push(impostor);
      genuine += end - p - 1;
      impostor += this.#samples.length - end;
    });
    this.genuineCount = genuine;
    this.impostorCount = impostor;
  }

  /** The pair of that number among the genuine or the impostor pairs. */
  pair(rank: number, genuine: boolean): [number, number] {
    const before = genuine ? this.#genuineBefore : this.#impostorBefore;
    // The last position at which no more than `rank` pairs came before. Positions without partners share their count
    // with the next.
    let low = 0;
    let high = before.length;
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if (before[middle]! <= rank) low = middle;
      else high = middle;
    }
    const partner = (genuine ? low + 1 : this.#ends[low]!) + rank - before[low]!;
    return [this.#samples[low]!, this.#samples[partner]!];
  }
}
