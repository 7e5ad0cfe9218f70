import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { allPairs, balancedPairs, cosineSimilarities, type FoldedPairs } from '../src/index.ts';
import { dot, featureSets, row } from './featureSets.ts';

describe('allPairs', () => {
  test('lists every pair in order and marks the genuine ones', () => {
    expect(allPairs([7, 8, 7])).toEqual({
      first: Int32Array.of(0, 0, 1),
      second: Int32Array.of(1, 2, 2),
      genuine: Uint8Array.of(0, 1, 0),
    });
  });

  test('rejects fewer than two labels and labels that are not integers', () => {
    expect(() => allPairs([])).toThrow(/labels is empty/);
    expect(() => allPairs([1])).toThrow(/at least 2 samples, got 1/);
    expect(() => allPairs([1, NaN])).toThrow(/label 1 must be an integer, got NaN/);
  });
});

describe('cosineSimilarities', () => {
  test('is the cosine of each pair', () => {
    fc.assert(
      fc.property(featureSets, (set) => {
        const pairs = allPairs(set.labels);
        const cosines = cosineSimilarities(set.features, set.dimension, pairs);
        expect(cosines.length).toBe(pairs.first.length);
        cosines.forEach((cosine, p) => {
          const [a, b] = [row(set, pairs.first[p]!), row(set, pairs.second[p]!)];
          expect(cosine).toBeCloseTo(dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b)), 12);
        });
      }),
    );
  });

  test('stays within [−1, 1]', () => {
    const features = Float64Array.of(0.1, 0.2, 0.3, 0.1, 0.2, 0.3, -0.1, -0.2, -0.3);
    const pairs = { first: Int32Array.of(0, 0), second: Int32Array.of(1, 2) };
    const [same, opposite] = cosineSimilarities(features, 3, pairs);
    expect(same).toBeLessThanOrEqual(1);
    expect(same).toBeCloseTo(1, 14);
    expect(opposite).toBeGreaterThanOrEqual(-1);
    expect(opposite).toBeCloseTo(-1, 14);
  });

  test('rejects lists of different lengths and indices out of range', () => {
    const features = Float32Array.of(1, 0, 0, 1);
    const similarities = (first: number[], second: number[]) => () =>
      cosineSimilarities(features, 2, { first: Int32Array.from(first), second: Int32Array.from(second) });
    expect(similarities([0], [0, 1])).toThrow(/pairs.first has 1 entries and pairs.second 2/);
    expect(similarities([2], [0])).toThrow(/pairs.first\[0\] must be an integer from 0 to 1, got 2/);
    expect(similarities([0], [-1])).toThrow(/pairs.second\[0\] must be an integer from 0 to 1, got -1/);
    expect(() => cosineSimilarities(features.with(0, NaN), 2, allPairs([0, 1]))).toThrow(
      /features must be finite, got NaN at component 0 of feature 0/,
    );
  });
});

describe('balancedPairs', () => {
  const labelsOf = (sizes: readonly number[]): number[] =>
    sizes.flatMap((size, k) => Array.from({ length: size }, () => k));
  const sizeLists = fc
    .array(fc.integer({ min: 1, max: 5 }), { minLength: 2, maxLength: 12 })
    .filter((sizes) => sizes.some((s) => s > 1));

  const check = (labels: readonly number[], pairs: FoldedPairs, folds: number, perFold: number): void => {
    expect(pairs.first.length).toBe(2 * folds * perFold);
    const seen = new Set<string>();
    const genuineIn = new Array<number>(folds).fill(0);
    const impostorIn = new Array<number>(folds).fill(0);
    const foldOf = new Map<number, number>();
    let shared = false;
    pairs.first.forEach((i, p) => {
      const j = pairs.second[p]!;
      const f = pairs.fold[p]!;
      seen.add([Math.min(i, j), Math.max(i, j)].join());
      expect(i).not.toBe(j);
      expect(pairs.genuine[p]).toBe(labels[i] === labels[j] ? 1 : 0);
      if (pairs.genuine[p]) genuineIn[f]!++;
      else impostorIn[f]!++;
      for (const label of [labels[i]!, labels[j]!]) {
        if ((foldOf.get(label) ?? f) !== f) shared = true;
        foldOf.set(label, f);
      }
    });
    expect(seen.size).toBe(pairs.first.length);
    expect(genuineIn).toEqual(new Array(folds).fill(perFold));
    expect(impostorIn).toEqual(new Array(folds).fill(perFold));
    if (pairs.identityDisjoint) expect(shared).toBe(false);
  };

  test('has as many genuine as impostor pairs per fold, none twice, and disjoint identities where possible', () => {
    fc.assert(
      fc.property(sizeLists, fc.integer({ min: 1, max: 4 }), fc.nat(1000), (sizes, folds, seed) => {
        const labels = labelsOf(sizes);
        const genuine = sizes.reduce((sum, s) => sum + (s * (s - 1)) / 2, 0);
        const impostor = (labels.length * (labels.length - 1)) / 2 - genuine;
        const disjoint = sizes.length >= 2 * folds && sizes.filter((s) => s > 1).length >= folds;
        fc.pre(disjoint || Math.min(genuine, impostor) >= folds);
        const pairs = balancedPairs(labels, { folds, seed });
        expect(pairs.identityDisjoint).toBe(disjoint);
        check(labels, pairs, folds, pairs.first.length / (2 * folds));
        expect(pairs.first.length).toBeGreaterThan(0);
        const inOnePool = 2 * folds * Math.floor(Math.min(genuine, impostor) / folds);
        expect(disjoint ? pairs.first.length <= inOnePool : pairs.first.length === inOnePool).toBe(true);
      }),
    );
  });

  test('is LFW view 2 by default: 10 folds of 300 and 300 pairs', () => {
    const labels = labelsOf(new Array<number>(40).fill(20));
    const pairs = balancedPairs(labels);
    expect(pairs.identityDisjoint).toBe(true);
    check(labels, pairs, 10, 300);
  });

  test('can reach every pair', () => {
    const labels = labelsOf([3, 1, 4, 2]);
    const reached = new Set<string>();
    for (let seed = 0; seed < 300; seed++) {
      const { first, second } = balancedPairs(labels, { folds: 1, pairsPerFold: 2, seed });
      first.forEach((i, p) => reached.add([i, second[p]!].sort((a, b) => a - b).join()));
    }
    expect(reached.size).toBe((10 * 9) / 2);
  });

  test('depends only on the seed', () => {
    const labels = labelsOf([4, 4, 4, 4, 4, 4]);
    const options = { folds: 3, pairsPerFold: 5 };
    expect(balancedPairs(labels, { ...options, seed: 4 })).toEqual(balancedPairs(labels, { ...options, seed: 4 }));
    expect(
      balancedPairs(
        labels.map((l) => 100 - 3 * l),
        { ...options, seed: 4 },
      ),
    ).toEqual(balancedPairs(labels, { ...options, seed: 4 }));
    expect(balancedPairs(labels, { ...options, seed: 5 })).not.toEqual(balancedPairs(labels, { ...options, seed: 4 }));
  });

  test('rejects bad options, and labels with too few pairs', () => {
    const labels = labelsOf([2, 2, 2, 2]);
    expect(() => balancedPairs([])).toThrow(/labels is empty/);
    expect(() => balancedPairs([1, 1])).toThrow(/at least 2 classes, got 1/);
    expect(() => balancedPairs([1, 2, 3])).toThrow(/a class with at least 2 samples/);
    expect(() => balancedPairs(labels, { folds: 2, pairsPerFold: 3 })).toThrow(
      /the labels have 2 genuine and impostor pairs for each of 2 folds, fewer than 3; use fewer/,
    );
    expect(() => balancedPairs(labels)).toThrow(
      /the labels have 0 genuine and impostor pairs for each of 10 folds, fewer than 1; use fewer/,
    );
    for (const folds of [0, 1.5, NaN])
      expect(() => balancedPairs(labels, { folds })).toThrow(/folds must be an integer ≥ 1/);
    for (const n of [0, 1.5])
      expect(() => balancedPairs(labels, { pairsPerFold: n })).toThrow(/pairsPerFold must be an integer/);
    for (const seed of [-1, 0.5, 2 ** 32])
      expect(() => balancedPairs(labels, { seed })).toThrow(/seed must be an integer from 0 to/);
  });
});
