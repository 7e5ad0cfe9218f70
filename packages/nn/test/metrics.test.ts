import { tensor, type Tensor } from '@thetagrad/core';
import { accuracy } from '@thetagrad/nn';
import { expect, test } from 'vitest';

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
