import { tensor, type Tensor } from '@thetagrad/core';
import {
  accuracy,
  averagePrecisionScore,
  confusionMatrix,
  f1Score,
  meanAveragePrecision,
  meanAveragePrecisionAtR,
  precisionScore,
  recallScore,
  rocAucScore,
} from '@thetagrad/nn';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

const int32 = (values: readonly number[]): Tensor => tensor(Int32Array.from(values));

test('accuracy', () => {
  const logits = tensor([
    [3, 2, 1],
    [1, 2, 3],
    [2, 3, 1],
    [1, 3, 2],
  ]);
  const labels = int32([0, 2, 0, 0]);
  expect(accuracy(logits, labels).itemSync()).toBe(0.5);
  expect(accuracy(logits, labels, { topk: 2 }).itemSync()).toBe(0.75);
  expect(accuracy(logits, labels, { topk: 3 }).itemSync()).toBe(1);
  expect(() => accuracy(logits, int32([0]))).toThrow('accuracy: labels must be [4], one per sample, got [1]');
  expect(() => accuracy(tensor([1]), int32([0]))).toThrow('accuracy: logits must be [N, C], got [1]');
  expect(() => accuracy(logits, tensor([0, 2, 0, 0]))).toThrow(
    'accuracy: labels must be int32 class indices, got float32',
  );
});

describe('classes', () => {
  // The example of scikit-learn's precision_score, recall_score and f1_score.
  const labels = int32([0, 1, 2, 0, 1, 2]);
  const predictions = int32([0, 2, 1, 0, 0, 1]);

  test('confusionMatrix', () => {
    // scikit-learn's example.
    expect(confusionMatrix(int32([0, 0, 2, 2, 0, 2]), int32([2, 0, 2, 2, 0, 1]), 3).toArraySync()).toEqual([
      [2, 0, 0],
      [0, 0, 1],
      [1, 0, 2],
    ]);
    expect(confusionMatrix(int32([]), int32([]), 2).toArraySync()).toEqual([
      [0, 0],
      [0, 0],
    ]);
  });

  test.for([
    ['macro', 2 / 9, 1 / 3, 4 / 15],
    ['micro', 1 / 3, 1 / 3, 1 / 3],
    ['weighted', 2 / 9, 1 / 3, 4 / 15],
  ] as const)('%s averages', ([average, precision, recall, f1]) => {
    const scores = [precisionScore, recallScore, f1Score].map((score) => score(predictions, labels, 3, { average }));
    [precision, recall, f1].forEach((expected, i) => expect(scores[i]!.itemSync()).toBeCloseTo(expected, 6));
  });

  test('scores of each class, and of a class without samples', () => {
    const score = precisionScore(predictions, labels, 4, { average: 'none', zeroDivision: -1 });
    expect(score.toArraySync()).toEqual([Math.fround(2 / 3), 0, 0, -1]);
    expect(recallScore(predictions, labels, 4, { average: 'none' }).toArraySync()).toEqual([1, 0, 0, 0]);
    expect(f1Score(predictions, labels, 3, { average: 'none' }).toArraySync()).toEqual([Math.fround(0.8), 0, 0]);
  });

  test.for([
    [
      () => confusionMatrix(tensor([[1, 2]]), int32([0]), 2),
      'confusionMatrix: predictions must be classes, int32 [N], got float32 [1, 2]; of logits take argmax(1)',
    ],
    [() => confusionMatrix(predictions, int32([0]), 3), 'confusionMatrix: labels must be [6], one per sample, got [1]'],
    [
      () => f1Score(predictions, int32([0, 1, 2, 0, 1, 2]), 2),
      'f1Score: label 2 at index 2 is out of range for 2 classes; use 0 to 1',
    ],
    [
      () => recallScore(int32([0, -1]), int32([0, 1]), 2).itemSync(),
      'recallScore: the label or prediction at index 1 is out of range for 2 classes; use 0 to 1',
    ],
    [
      () => precisionScore(predictions, labels, 3, { average: 'mean' as never }),
      "precisionScore: unknown average 'mean'; expected 'macro', 'weighted', 'micro' or 'none'",
    ],
  ] as const)('bad calls are errors: %#', ([call, message]) => {
    expect(call).toThrow(message);
  });
});

describe('rankings', () => {
  // scikit-learn's example of roc_auc_score and average_precision_score.
  const scores = tensor([0.1, 0.4, 0.35, 0.8]);
  const targets = int32([0, 0, 1, 1]);

  test('known values', () => {
    expect(rocAucScore(scores, targets).itemSync()).toBe(0.75);
    expect(averagePrecisionScore(scores, targets).itemSync()).toBeCloseTo(0.8333333, 6);
    expect(rocAucScore(scores, int32([1, 1, 1, 1])).itemSync()).toBeNaN();
    expect(averagePrecisionScore(scores, int32([0, 0, 0, 0])).itemSync()).toBe(0);
    expect(averagePrecisionScore(tensor([]), int32([])).itemSync()).toBe(0);
  });

  test('agree with their definitions, with ties, row by row', () => {
    const row = fc.array(fc.tuple(fc.integer({ min: 0, max: 3 }), fc.boolean()), { minLength: 5, maxLength: 5 });
    fc.assert(
      fc.property(row, row, (...rows) => {
        const all = tensor(
          rows.map((items) => items.map(([score]) => score)),
          { dtype: 'float64' },
        );
        const flags = tensor(rows.map((items) => items.map(([, flag]) => flag)));
        const [area, precision] = [rocAucScore(all, flags).dataSync(), averagePrecisionScore(all, flags).dataSync()];
        rows.forEach((items, i) => {
          const positives = items.filter(([, flag]) => flag).map(([score]) => score);
          const negatives = items.filter(([, flag]) => !flag).map(([score]) => score);
          const wins = positives.flatMap((p) => negatives.map((n) => (p > n ? 1 : p === n ? 0.5 : 0)));
          const precisionAt = (threshold: number): number =>
            positives.filter((p) => p >= threshold).length / items.filter(([score]) => score >= threshold).length;
          const mean = (numbers: readonly number[]): number => numbers.reduce((a, b) => a + b, 0) / numbers.length;
          // NaN without wins.
          expect(Math.abs(area[i]! - mean(wins))).not.toBeGreaterThan(1e-12);
          expect(Number.isNaN(area[i])).toBe(wins.length === 0);
          expect(precision[i]).toBeCloseTo(positives.length === 0 ? 0 : mean(positives.map(precisionAt)), 12);
        });
      }),
      { numRuns: 50 },
    );
  });

  test('mean average precision, of queries with relevant items', () => {
    // Musgrave et al.: of ten items that are relevant 1st, 2nd and 10th, R = 3, MAP@R is (1 + 1) / 3.
    const ranks = tensor([
      [9, 8, 7, 6, 5, 4, 3, 2, 1, 0],
      [9, 8, 7, 6, 5, 4, 3, 2, 1, 0],
      [9, 8, 7, 6, 5, 4, 3, 2, 1, 0],
    ]);
    const relevant = int32([1, 1, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 1, 1, 0, 0, 0, 0, 0, 0, ...Array<number>(10).fill(0)]);
    const flags = relevant.reshape([3, 10]);
    expect(meanAveragePrecisionAtR(ranks, flags).itemSync()).toBeCloseTo((2 / 3 + 0) / 2, 6);
    expect(meanAveragePrecision(ranks, flags).itemSync()).toBeCloseTo((2.3 / 3 + (1 / 3 + 1 / 2) / 2) / 2, 6);
  });

  test('shapes that differ are an error', () => {
    expect(() => rocAucScore(scores, int32([1]))).toThrow(
      'rocAucScore: scores and targets must be [..., N], got [4] and [1]',
    );
  });
});
