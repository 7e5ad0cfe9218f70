// Pairs of samples for verification: genuine (of one identity) and impostor (of two identities).
import type { random } from '@thetagrad/core';
import { checkInteger, checkOptions } from '@thetagrad/core/backend';
import {
  checkGenuinePair,
  checkTwoClasses,
  type Classes,
  cosine,
  denseClasses,
  type FeatureArray,
  type Labels,
  unitRows,
} from './rows.ts';
import { sampleDistinct, streamOf } from './sampling.ts';

/** Pair p compares sample first[p] with sample second[p]; genuine[p] is 1 if they are of one identity, else 0. */
export interface Pairs {
  readonly first: Int32Array;
  readonly second: Int32Array;
  readonly genuine: Uint8Array;
}

/** Pairs in folds for cross-validation; fold[p] is in [0, folds). */
export interface FoldedPairs extends Pairs {
  readonly fold: Int32Array;
  /** Whether no identity occurs in two folds. */
  readonly identityDisjoint: boolean;
}

/**
 * All n(n − 1)/2 pairs of samples, in the order (0, 1), (0, 2) … (1, 2) ….
 * @throws {RangeError} if there are fewer than 2 labels, or one is not an integer.
 */
export function allPairs(labels: Labels): Pairs {
  const { indices } = denseClasses('allPairs', labels);
  const n = indices.length;
  if (n < 2) throw new RangeError(`allPairs: needs at least 2 samples, got ${n}`);
  const count = (n * (n - 1)) / 2;
  const first = new Int32Array(count);
  const second = new Int32Array(count);
  const genuine = new Uint8Array(count);
  for (let i = 0, p = 0; i < n; i++) {
    for (let j = i + 1; j < n; j++, p++) {
      first[p] = i;
      second[p] = j;
      genuine[p] = indices[i] === indices[j] ? 1 : 0;
    }
  }
  return { first, second, genuine };
}

export interface BalancedPairsOptions {
  /** The number of folds. Default: 10. */
  readonly folds?: number;
  /** Genuine pairs per fold, and as many impostor pairs. Default: 300, or fewer where a fold has fewer. */
  readonly pairsPerFold?: number;
  /** The seed of the choice, an integer in [0, 2³²). Default: 0. */
  readonly seed?: number;
}

/**
 * Random pairs as in view 2 of LFW (Huang et al., "Labeled Faces in the Wild", technical report 07-49, 2007): each fold
 * has equal numbers of genuine and impostor pairs, no pair occurs twice, and no identity in two folds. Within a fold
 * all genuine pairs are equally likely, and so are all impostor pairs. The result depends only on the seed and on which
 * labels are equal.
 *
 * Each fold needs two identities, one of them with two samples. With fewer identities the folds share identities (but
 * no pair), and `identityDisjoint` is false.
 * @throws {RangeError} if an option is out of range, there are fewer than 2 identities or none with 2 samples, or there
 *   are too few pairs.
 */
export function balancedPairs(labels: Labels, options: BalancedPairsOptions = {}): FoldedPairs {
  const operation = 'balancedPairs';
  checkOptions(operation, options, ['folds', 'pairsPerFold', 'seed']);
  const { folds = 10, pairsPerFold, seed = 0 } = options;
  checkInteger(operation, 'folds', folds, { min: 1 });
  if (pairsPerFold !== undefined) checkInteger(operation, 'pairsPerFold', pairsPerFold, { min: 1 });
  const stream = streamOf(operation, seed);
  const classes = denseClasses(operation, labels);
  checkTwoClasses(operation, classes);
  checkGenuinePair(operation, classes);

  const repeated = classes.sizes.reduce((sum, size) => sum + (size > 1 ? 1 : 0), 0);
  const identityDisjoint = repeated >= folds && classes.count >= 2 * folds;
  const pools = identityDisjoint
    ? dealClasses(classes, folds, stream).map((members) => new PairPool(classes, members))
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
      `balancedPairs: the labels have ${available} genuine and impostor pairs for each of ${folds} folds, fewer than ` +
        `${Math.max(perFold, 1)}; use fewer folds or pairs per fold`,
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
  pools.forEach((pool, number) => {
    const genuine = sampleDistinct(perFold * foldsPerPool, pool.genuineCount, stream);
    const impostor = sampleDistinct(perFold * foldsPerPool, pool.impostorCount, stream);
    for (let f = 0; f < foldsPerPool; f++) {
      for (const [indices, isGenuine] of [
        [genuine, true],
        [impostor, false],
      ] as const) {
        for (let i = f * perFold; i < (f + 1) * perFold; i++, p++) {
          const [a, b] = pool.pair(indices[i]!, isGenuine);
          pairs.first[p] = a;
          pairs.second[p] = b;
          pairs.genuine[p] = isGenuine ? 1 : 0;
          pairs.fold[p] = number * foldsPerPool + f;
        }
      }
    }
  });
  return { ...pairs, identityDisjoint };
}

/**
 * The cosine of each pair of features, in [−1, 1], in float64.
 * @param features n features, row-major
 * @param dimension the dimension of a feature
 * @throws {TypeError} if the features are not a Float32Array or Float64Array.
 * @throws {RangeError} if the sizes do not fit, a feature is not finite or zero, or an index is out of range.
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
    checkInteger('cosineSimilarities', `pairs.first[${p}]`, i, { min: 0, max: rows.count - 1 });
    checkInteger('cosineSimilarities', `pairs.second[${p}]`, j, { min: 0, max: rows.count - 1 });
    return cosine(rows, i, rows, j);
  });
}

/** Deals classes to folds in random order, first those with a genuine pair, so that every fold gets one. */
function dealClasses(classes: Classes, folds: number, stream: random.Stream): number[][] {
  const order = stream.shuffle(Array.from({ length: classes.count }, (_, k) => k));
  const dealt = Array.from({ length: folds }, (): number[] => []);
  const repeated = order.filter((k) => classes.sizes[k]! > 1);
  const single = order.filter((k) => classes.sizes[k] === 1);
  [...repeated, ...single].forEach((k, i) => dealt[i % folds]!.push(k));
  return dealt;
}

/**
 * Enumerates the pairs among the samples of some classes without storing them. With samples ordered by class, the
 * sample at position p has genuine partners at p + 1 … end − 1 and impostor partners at end … n − 1, where `end` is the
 * end of its class.
 */
class PairPool {
  readonly genuineCount: number;
  readonly impostorCount: number;
  readonly #samples: number[] = [];
  readonly #ends: number[] = [];
  /** The number of genuine (impostor) pairs that start before each position. */
  readonly #genuineBefore: number[] = [];
  readonly #impostorBefore: number[] = [];

  constructor(classes: Classes, members: readonly number[]) {
    const samplesOf = new Map(members.map((k) => [k, [] as number[]]));
    classes.indices.forEach((k, sample) => samplesOf.get(k)?.push(sample));
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

  /** The pair with the given index among the genuine or the impostor pairs. */
  pair(index: number, genuine: boolean): [number, number] {
    const before = genuine ? this.#genuineBefore : this.#impostorBefore;
    // Finds the last position with at most `index` pairs before it. A position without partners has the same number as
    // the next.
    let low = 0;
    let high = before.length;
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if (before[middle]! <= index) low = middle;
      else high = middle;
    }
    const partner = (genuine ? low + 1 : this.#ends[low]!) + index - before[low]!;
    return [this.#samples[low]!, this.#samples[partner]!];
  }
}
