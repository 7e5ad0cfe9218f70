import { values } from '@thetagrad/gradcheck';
import { tensor, type Tensor, valueAndGrad } from '@thetagrad/core';
import { accuracy, binaryCrossEntropy, crossEntropy, type CrossEntropyOptions, meanSquaredError } from '@thetagrad/nn';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

const int32 = (values: readonly number[]): Tensor => tensor(Int32Array.from(values));

/** The definition, sample by sample: Σ over classes of −target · log softmax. */
function definition(
  logits: readonly (readonly number[])[],
  labels: readonly number[],
  options: CrossEntropyOptions,
): number[] {
  const { labelSmoothing = 0, ignoreIndex } = options;
  return logits.map((row, n) => {
    if (labels[n] === ignoreIndex) return 0;
    const total = row.reduce((sum, value) => sum + Math.exp(value), 0);
    return row.reduce((loss, value, c) => {
      const target = (c === labels[n] ? 1 - labelSmoothing : 0) + labelSmoothing / row.length;
      return loss - target * Math.log(Math.exp(value) / total);
    }, 0);
  });
}

describe('crossEntropy', () => {
  test('is the definition, for all options', () => {
    const cases = fc.integer({ min: 1, max: 5 }).chain((classes) =>
      fc.record({
        samples: fc.array(
          fc.tuple(
            fc.array(values({ from: -5, to: 5 }), { minLength: classes, maxLength: classes }),
            fc.oneof({ weight: 4, arbitrary: fc.nat(classes - 1) }, fc.constant(-100)),
          ),
          { minLength: 1, maxLength: 5 },
        ),
        labelSmoothing: fc.oneof(fc.constant(0), values({ from: 0, to: 1 })),
      }),
    );
    fc.assert(
      fc.property(cases, ({ samples, labelSmoothing }) => {
        const [rows, labels] = [samples.map(([row]) => row), samples.map(([, label]) => label)];
        const options = { labelSmoothing, ignoreIndex: -100 };
        const x = tensor(rows, { dtype: 'float64' });
        const losses = definition(rows, labels, options);
        const total = losses.reduce((sum, loss) => sum + loss, 0);
        const counted = labels.filter((label) => label !== -100).length;
        const found = crossEntropy(x, int32(labels), { ...options, reduction: 'none' }).dataSync();
        losses.forEach((loss, i) => expect(found[i]).toBeCloseTo(loss, 9));
        expect(crossEntropy(x, int32(labels), { ...options, reduction: 'sum' }).itemSync()).toBeCloseTo(total, 9);
        const mean = crossEntropy(x, int32(labels), options).itemSync();
        // 0 / 0 is NaN: of no samples there is no mean.
        expect(mean).toSatisfy((value: number) =>
          counted === 0 ? Number.isNaN(value) : Math.abs(value - total / counted) < 1e-9,
        );
      }),
    );
  });

  test('known values', () => {
    expect(crossEntropy(tensor([[0, 0]]), int32([1])).itemSync()).toBeCloseTo(Math.LN2, 6);
    expect(crossEntropy(tensor([[Math.log(3), 0]]), int32([0])).itemSync()).toBeCloseTo(Math.log(4 / 3), 6);
  });

  test('is finite for huge logits, in value and gradient', () => {
    const f = valueAndGrad((x: Tensor) => crossEntropy(x, int32([1, 0])));
    const { value, grads } = f(
      tensor([
        [1e4, -1e4],
        [1e4, -1e4],
      ]),
    );
    expect(value.itemSync()).toBe(1e4);
    expect(grads.toArraySync()).toEqual([
      [0.5, -0.5],
      [0, 0],
    ]);
  });

  test('ignored samples have no gradient', () => {
    const f = valueAndGrad((x: Tensor) => crossEntropy(x, int32([0, 1]), { ignoreIndex: 1 }));
    const { grads } = f(
      tensor([
        [0, 0],
        [3, 4],
      ]),
    );
    expect(grads.toArraySync()).toEqual([
      [-0.5, 0.5],
      [0, 0],
    ]);
  });

  test.for([[-1], [2], [-3]])('label %d is out of range for two classes', ([label]) => {
    expect(() => crossEntropy(tensor([[1, 2]]), int32([label!])).itemSync()).toThrow('out of range');
  });

  test.for([
    [
      () => crossEntropy(tensor([1, 2]), int32([0])),
      'crossEntropy: needs logits [N, C] and labels [N], got [2] and [1]',
    ],
    [() => crossEntropy(tensor([[1, 2]]), int32([0, 1])), 'got [1, 2] and [2]'],
    [
      () => crossEntropy(tensor([[1, 2]]), tensor([0])),
      'crossEntropy: labels must be int32 class indices, got float32',
    ],
    [() => crossEntropy(tensor([[1, 2]]), [0] as unknown as Tensor), 'crossEntropy: logits and labels must be tensors'],
    [
      () => crossEntropy(tensor([[1, 2]]), int32([0]), { labelSmoothing: 1.5 }),
      'labelSmoothing must be between 0 and 1, got 1.5',
    ],
    [
      () => crossEntropy(tensor([[1, 2]]), int32([0]), { reduction: 'avg' as 'mean' }),
      "crossEntropy: no reduction 'avg'",
    ],
    [
      () => crossEntropy(tensor([[1, 2]]), int32([0]), { reduction: 'avg' as 'mean', ignoreIndex: 5 }),
      "crossEntropy: no reduction 'avg'",
    ],
  ] as const)('bad arguments are refused: %#', ([compute, message]) => {
    expect(compute).toThrow(message);
  });
});

test('meanSquaredError', () => {
  const [a, b] = [tensor([[1, 2]]), tensor([[3, 5]])];
  expect(meanSquaredError(a, b).itemSync()).toBe(6.5);
  expect(meanSquaredError(a, b, { reduction: 'sum' }).itemSync()).toBe(13);
  expect(meanSquaredError(a, b, { reduction: 'none' }).toArraySync()).toEqual([[4, 9]]);
  expect(() => meanSquaredError(a, tensor([1, 2]))).toThrow('meanSquaredError: shapes [1, 2] and [2] must be equal');
});

test('binaryCrossEntropy', () => {
  const found = binaryCrossEntropy(tensor([0, 2, -1000, 1000]), tensor([0.25, 1, 1, 1]), {
    reduction: 'none',
  }).dataSync();
  [Math.LN2, Math.log(1 + Math.exp(-2)), 1000, 0].forEach((loss, i) => expect(found[i]).toBeCloseTo(loss, 5));
  expect(() => binaryCrossEntropy(tensor([0]), tensor([0, 1]))).toThrow(
    'binaryCrossEntropy: shapes [1] and [2] must be equal',
  );
});

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
  expect(() => accuracy(logits, int32([0]))).toThrow('accuracy: needs logits [N, C] and labels [N]');
});
