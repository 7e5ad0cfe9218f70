import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  allPairs,
  angularFisherScore,
  areaUnderCurve,
  cosineSimilarities,
  equalErrorRate,
  largestIntraClassAngle,
  rocCurve,
  smallestInterClassAngle,
  trueAcceptRateAt,
  verify,
} from '../src/index.ts';
import { clusters, expectClose, expectInvariant, type FeatureSet, featureSets, plainAngles } from './featureSets.ts';

const falseAcceptRates = [0.3, 0.1];
const report = (set: FeatureSet) =>
  verify(set.features, set.dimension, set.labels, { folds: 2, far: falseAcceptRates, seed: 5 });

describe('verify', () => {
  test('agrees with the separate measures', () => {
    fc.assert(
      fc.property(featureSets, (set) => {
        const { features, dimension, labels } = set;
        const result = report(set);
        const pairs = allPairs(labels);
        const roc = rocCurve(cosineSimilarities(features, dimension, pairs), pairs.genuine);
        expect(result.roc).toEqual(roc);
        expect(result.auc).toBe(areaUnderCurve(roc));
        expect(result.eer).toBe(equalErrorRate(roc).rate);
        for (const far of falseAcceptRates) {
          const point = trueAcceptRateAt(roc, far);
          expect(result.tarAtFar[far]).toBe(point.trueAcceptRate);
          expect(result.unresolvedFar.includes(far)).toBe(!point.resolved);
        }
        expect(result.angularFisherScore).toBe(angularFisherScore(features, dimension, labels));
        expect(result.largestIntraClassAngle).toBe(largestIntraClassAngle(features, dimension, labels));
        expect(result.smallestInterClassAngle).toBe(smallestInterClassAngle(features, dimension, labels));
        for (const [angles, same] of [
          [result.genuineAngles, true],
          [result.impostorAngles, false],
        ] as const) {
          const expected = Float32Array.from(plainAngles(set, same)).sort();
          expect(angles.length).toBe(expected.length);
          angles.toSorted().forEach((a, i) => expect(a).toBeCloseTo(expected[i]!, 5));
        }
      }),
      { numRuns: 40 },
    );
  });

  test('includes every pair once for features of any size', () => {
    // Features of 16,385 numbers make blocks of one row, those of 3,000 blocks of two.
    for (const dimension of [3000, 16385]) {
      const set = clusters(3, 3, dimension, 1);
      const result = report(set);
      for (const [angles, same] of [
        [result.genuineAngles, true],
        [result.impostorAngles, false],
      ] as const) {
        const expected = Float32Array.from(plainAngles(set, same)).sort();
        angles.toSorted().forEach((a, i) => expect(a).toBeCloseTo(expected[i]!, 5));
      }
    }
  });

  test('is invariant under scaling, rotation and relabeling', () => {
    expectInvariant((set) => {
      const r = report(set);
      const { 0.3: tar3, 0.1: tar1 } = r.tarAtFar;
      return [
        r.accuracy,
        r.accuracyStandardError,
        r.eer,
        r.auc,
        tar3!,
        tar1!,
        r.rank1,
        r.angularFisherScore,
        r.largestIntraClassAngle,
        r.smallestInterClassAngle,
      ];
    }, expectClose);
  });

  test('is perfect for compact classes', () => {
    const set = clusters(24, 6, 16, 0.01);
    const result = verify(set.features, set.dimension, set.labels, { distractors: clusters(9, 1, 16, 1, 77).features });
    expect(result).toMatchObject({
      accuracy: 1,
      accuracyStandardError: 0,
      identityDisjoint: true,
      eer: 0,
      auc: 1,
      rank1: 1,
      rank1WithDistractors: 1,
    });
    expect(result.tarAtFar).toEqual({ 0.1: 1, 0.01: 1, 0.001: 1 });
    expect(result.unresolvedFar).toEqual([]);
    expect(result.largestIntraClassAngle).toBeLessThan(result.smallestInterClassAngle);
    expect(result.angularFisherScore).toBeLessThan(0.01);
  });

  test('is at chance for equal features', () => {
    const labels = Array.from({ length: 40 }, (_, i) => i % 5);
    const features = new Float32Array(80).map((_, i) => (i % 2 === 0 ? 1 : 2));
    const result = verify(features, 2, labels);
    expect(result).toMatchObject({ accuracy: 0.5, eer: 0.5, auc: 0.5, rank1: 0, angularFisherScore: Infinity });
    expect(result.tarAtFar).toEqual({ 0.1: 0, 0.01: 0, 0.001: 0 });
    expect(result.identityDisjoint).toBe(false);
  });

  test('omits the rank with distractors without distractors, and lists rates too small for the pairs', () => {
    const set = clusters(3, 4, 3, 1);
    const result = verify(set.features, 3, set.labels, { folds: 3 });
    expect('rank1WithDistractors' in result).toBe(false);
    // There are 48 impostor pairs.
    expect(result.unresolvedFar).toEqual([0.01, 0.001]);
  });

  test('depends on the seed, and takes float32 features', () => {
    const set = clusters(6, 8, 4, 1);
    const features = Float32Array.from(set.features);
    const run = (seed: number) => verify(features, 4, set.labels, { folds: 3, pairsPerFold: 20, seed });
    expect(run(1)).toEqual(run(1));
    expect(run(1).accuracy).not.toBe(run(2).accuracy);
  });

  test('rejects bad input', () => {
    const { features, labels } = clusters(4, 3, 2, 1);
    expect(() =>
      verify(
        features,
        2,
        labels.map(() => 1),
      ),
    ).toThrow(/verify: needs samples of at least 2 classes, got 1/);
    expect(() =>
      verify(
        features,
        2,
        labels.map((_, i) => i),
      ),
    ).toThrow(/verify: needs a class with at least 2 samples/);
    expect(() => verify(features, 2, labels.slice(1))).toThrow(/verify: 12 features need 12 labels, got 11/);
    expect(() => verify(features, 5, labels)).toThrow(/verify: 24 numbers are not rows of dimension 5/);
    expect(() => verify(features.with(3, NaN), 2, labels)).toThrow(
      /verify: features must be finite, got NaN at component 1 of feature 1/,
    );
    expect(() => verify(features, 2, labels, { folds: 1 })).toThrow(/at least 2 folds/);
    expect(() => verify(features, 2, labels, { folds: 50 })).toThrow(/use fewer folds/);
    expect(() => verify(features, 2, labels, { folds: 2, far: [1] })).toThrow(/far must be in \(0, 1\), got 1/);
    expect(() => verify(features, 2, labels, { folds: 2, galleryPerClass: 3 })).toThrow(
      /galleryPerClass 3 leaves no probe/,
    );
    expect(() => verify(features, 2, labels, { folds: 2, seed: 1.5 })).toThrow(/seed must be an integer/);
    expect(() => verify(features, 2, labels, { folds: 2, distractors: new Float64Array(3) })).toThrow(
      /3 numbers are not rows/,
    );
  });
});
