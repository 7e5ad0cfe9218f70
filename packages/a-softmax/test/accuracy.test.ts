import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { crossValidatedAccuracy } from '../src/index.ts';

describe('crossValidatedAccuracy', () => {
  test('has the values computed by hand', () => {
    // Genuine (G) and impostor (I) scores. Fold 0: G 4, I 1; fold 1: G 3, I 2; fold 2: G 2, I 3.
    // Without fold 0, G 3, I 3, G 2, I 2: no threshold is better than accepting nothing; 1 of 2 in fold 0 is correct.
    // Without fold 1, G 4, I 3, G 2, I 1: gains 1, 0, 1, 0, the highest best threshold is 3.5; 1 of 2 is correct.
    // Without fold 2, G 4, G 3, I 2, I 1: the threshold is 2.5; none is correct.
    const result = crossValidatedAccuracy([4, 1, 3, 2, 2, 3], [1, 0, 1, 0, 1, 0], [0, 0, 1, 1, 2, 2]);
    expect(Array.from(result.thresholds)).toEqual([Infinity, 3.5, 2.5]);
    expect(Array.from(result.foldAccuracies)).toEqual([0.5, 0.5, 0]);
    expect(result.accuracy).toBeCloseTo(1 / 3, 15);
    // Deviations 1/6, 1/6, −1/3: the variance is (1/36 + 1/36 + 4/36)/2 = 1/12, divided by 3 folds.
    expect(result.standardError).toBeCloseTo(1 / 6, 15);
  });

  const data = fc
    .array(fc.tuple(fc.integer({ min: -5, max: 5 }), fc.boolean()), { minLength: 6, maxLength: 40 })
    .filter((list) => list.some(([, g]) => g) && list.some(([, g]) => !g))
    .chain((list) => fc.record({ list: fc.constant(list), folds: fc.integer({ min: 2, max: 6 }) }))
    .map(({ list, folds }) => ({
      scores: list.map(([s]) => s),
      genuine: list.map(([, g]) => g),
      fold: list.map((_, i) => i % folds),
      folds,
    }));

  test('uses for each fold the highest of the best thresholds on the others', () => {
    fc.assert(
      fc.property(data, ({ scores, genuine, fold, folds }) => {
        const result = crossValidatedAccuracy(scores, genuine, fold);
        const right = (t: number, inFold: (f: number) => boolean): number =>
          scores.filter((s, i) => inFold(fold[i]!) && s >= t === genuine[i]).length;
        for (let f = 0; f < folds; f++) {
          const others = [...new Set(scores.filter((_, i) => fold[i] !== f))].sort((a, b) => b - a);
          const candidates = [Infinity, ...others.slice(1).map((s, i) => (s + others[i]!) / 2), -Infinity];
          const counts = candidates.map((t) => right(t, (g) => g !== f));
          const best = candidates[counts.indexOf(Math.max(...counts))]!;
          expect(result.thresholds[f]).toBe(best);
          expect(result.foldAccuracies[f]).toBe(right(best, (g) => g === f) / fold.filter((g) => g === f).length);
        }
        const mean = result.foldAccuracies.reduce((a, b) => a + b) / folds;
        expect(result.accuracy).toBeCloseTo(mean, 14);
        const deviation = Math.sqrt(result.foldAccuracies.reduce((sum, a) => sum + (a - mean) ** 2, 0) / (folds - 1));
        expect(result.standardError).toBeCloseTo(deviation / Math.sqrt(folds), 14);
      }),
    );
  });

  test('is 1 ± 0 for separated scores', () => {
    const score = (low: number) => fc.double({ min: low, max: low + 0.2, noNaN: true });
    fc.assert(
      fc.property(fc.array(fc.tuple(score(0.8), score(0)), { minLength: 4, maxLength: 20 }), (pairs) => {
        const result = crossValidatedAccuracy(
          pairs.flat(),
          pairs.flatMap(() => [1, 0]),
          pairs.flatMap((_, i) => [i % 4, i % 4]),
        );
        expect(result.accuracy).toBe(1);
        expect(result.standardError).toBe(0);
      }),
    );
  });

  test('separates adjacent doubles', () => {
    const low = 1;
    const high = 1 + Number.EPSILON;
    expect(crossValidatedAccuracy([high, low, high, low], [1, 0, 1, 0], [0, 0, 1, 1]).accuracy).toBe(1);
    expect(crossValidatedAccuracy([5e-324, 0, 5e-324, 0], [1, 0, 1, 0], [0, 0, 1, 1]).accuracy).toBe(1);
  });

  test('rejects bad input', () => {
    const run = (scores: number[], genuine: number[], fold: number[]) => () =>
      crossValidatedAccuracy(scores, genuine, fold);
    expect(run([1, 2], [1], [0, 1])).toThrow(/2 scores need 2 genuine flags, got 1/);
    expect(run([1, 2], [1, 0], [0])).toThrow(/2 scores need 2 fold numbers, got 1/);
    expect(run([1, NaN], [1, 0], [0, 1])).toThrow(/score 1 must be finite/);
    expect(run([1, 2], [1, 1], [0, 1])).toThrow(/at least one impostor pair/);
    expect(run([1, 2], [1, 0], [0, 0])).toThrow(/at least 2 folds, got 1/);
    for (const bad of [-1, 0.5, NaN, 7])
      expect(run([1, 2], [1, 0], [0, bad])).toThrow(/fold 1 must be an integer from 0 to 1/);
    expect(run([1, 2, 3], [1, 0, 1], [0, 2, 2])).toThrow(/fold 1 of 3 is empty/);
  });
});
