import { grad, random, tensor, type Tensor, valueAndGrad } from '@thetagrad/core';
import { values } from '@thetagrad/gradcheck';
import * as nn from '@thetagrad/nn';
import {
  binaryCrossEntropy,
  binaryCrossEntropyWithLogits,
  crossEntropy,
  type CrossEntropyOptions,
  mseLoss,
} from '@thetagrad/nn';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

const int32 = (values: readonly number[]): Tensor => tensor(Int32Array.from(values));

/** The definition for each sample: Σ over classes of −target · log softmax. */
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
  test('matches the definition for all options', () => {
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
        // The mean of no samples is 0 / 0.
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

  test.for([[-1], [2], [-3], [-100], [2 ** 31 - 1]])('label %d is out of range for two classes', async ([label]) => {
    const logits = tensor([
      [1, 2],
      [3, 4],
    ]);
    const message = `crossEntropy: label ${label} at index 1 is out of range for 2 classes; use 0 to 1`;
    const labels = int32([0, label!]);
    expect(() => crossEntropy(logits, labels)).toThrow(message);
    expect(() => crossEntropy(logits, labels, { ignoreIndex: 0 })).toThrow(message);
    // Computed labels are checked at evaluation, also where the gradient alone is evaluated.
    const computed = labels.mul(1);
    expect(() => crossEntropy(logits, computed).itemSync()).toThrow(message);
    await expect(crossEntropy(logits, computed, { ignoreIndex: 0, labelSmoothing: 0.1 }).item()).rejects.toThrow(
      message,
    );
    await expect(grad(crossEntropy)(logits, computed).data()).rejects.toThrow(message);
    await expect(crossEntropy(logits, computed).item()).rejects.toBeInstanceOf(RangeError);
    expect(crossEntropy(logits, labels, { ignoreIndex: label! }).itemSync()).toBeCloseTo(Math.log(1 + Math.E), 5);
  });

  test.for([
    [() => crossEntropy(tensor([1, 2]), int32([0])), 'crossEntropy: logits must be [N, C, …], got [2]'],
    [() => crossEntropy(tensor([[1, 2]]), int32([0, 1])), 'crossEntropy: labels must be [1], one per sample, got [2]'],
    [
      () => crossEntropy(tensor([[1, 2]]), tensor([0])),
      'crossEntropy: labels must be int32 class indices, got float32',
    ],
    [() => crossEntropy(tensor([[1, 2]]), [0] as unknown as Tensor), 'crossEntropy: labels must be a tensor, got [0]'],
    [
      () => crossEntropy([[1, 2]] as unknown as Tensor, int32([0])),
      'crossEntropy: logits must be a tensor, got [[1, 2]]',
    ],
    [
      () => crossEntropy(tensor([[1, 2]]), int32([0]), { labelSmoothing: 1.5 }),
      'labelSmoothing must be between 0 and 1, got 1.5',
    ],
    [
      () => crossEntropy(tensor([[1, 2]]), int32([0]), { reduction: 'avg' as 'mean' }),
      "crossEntropy: unknown reduction 'avg'; expected 'mean', 'sum' or 'none'",
    ],
    [
      () => crossEntropy(tensor([[1, 2]]), int32([0]), { reduction: 'avg' as 'mean', ignoreIndex: 5 }),
      "crossEntropy: unknown reduction 'avg'; expected 'mean', 'sum' or 'none'",
    ],
  ] as const)('rejects bad arguments: %#', ([compute, message]) => {
    expect(compute).toThrow(message);
  });
});

test('mseLoss', () => {
  const [a, b] = [tensor([[1, 2]]), tensor([[3, 5]])];
  expect(mseLoss(a, b).itemSync()).toBe(6.5);
  expect(mseLoss(a, b, { reduction: 'sum' }).itemSync()).toBe(13);
  expect(mseLoss(a, b, { reduction: 'none' }).toArraySync()).toEqual([[4, 9]]);
  const large = tensor([2147483647], { dtype: 'int32' });
  expect(mseLoss(large, tensor([-2147483648], { dtype: 'int32' })).itemSync()).toBe(2 ** 64);
  expect(() => mseLoss(a, tensor([1, 2]))).toThrow('mseLoss: shapes [1, 2] and [2] must be equal');
});

test('binaryCrossEntropyWithLogits', () => {
  const found = binaryCrossEntropyWithLogits(tensor([0, 2, -1000, 1000]), tensor([0.25, 1, 1, 1]), {
    reduction: 'none',
  }).dataSync();
  [Math.LN2, Math.log(1 + Math.exp(-2)), 1000, 0].forEach((loss, i) => expect(found[i]).toBeCloseTo(loss, 5));
  expect(() => binaryCrossEntropyWithLogits(tensor([0]), tensor([0, 1]))).toThrow(
    'binaryCrossEntropyWithLogits: shapes [1] and [2] must be equal',
  );
});

describe('binaryCrossEntropy', () => {
  const float64 = (numbers: readonly number[]): Tensor => tensor([...numbers], { dtype: 'float64' });

  test('matches the definition for all reductions', () => {
    const pairs = fc.array(fc.tuple(values({ from: 0.001, to: 0.999 }), values({ from: 0, to: 1 })), { minLength: 1 });
    fc.assert(
      fc.property(pairs, (all) => {
        const [p, t] = [all.map(([probability]) => probability), all.map(([, target]) => target)];
        const expected = all.map(([q, y]) => -(y * Math.log(q) + (1 - y) * Math.log(1 - q)));
        const total = expected.reduce((sum, loss) => sum + loss, 0);
        const found = binaryCrossEntropy(float64(p), float64(t), { reduction: 'none' }).dataSync();
        expected.forEach((loss, i) => expect(found[i]).toBeCloseTo(loss, 12));
        expect(binaryCrossEntropy(float64(p), float64(t), { reduction: 'sum' }).itemSync()).toBeCloseTo(total, 9);
        expect(binaryCrossEntropy(float64(p), float64(t)).itemSync()).toBeCloseTo(total / all.length, 9);
      }),
    );
  });

  test('equals binaryCrossEntropyWithLogits of the logits', () => {
    const logits = float64([-12, -1, 0, 0.5, 9]);
    const targets = float64([0, 1, 0.25, 0.5, 1]);
    const expected = binaryCrossEntropyWithLogits(logits, targets, { reduction: 'none' }).dataSync();
    const found = binaryCrossEntropy(logits.sigmoid(), targets, { reduction: 'none' }).dataSync();
    expected.forEach((loss, i) => expect(found[i]).toBeCloseTo(loss, 9));
  });

  test.for(['float32', 'float64'] as const)('is finite for p = 0 and p = 1 in %s, with PyTorch’s gradient', (dtype) => {
    const p = tensor([0, 0, 1, 1, 0, 1], { dtype });
    const t = tensor([1, 0, 0, 1, 0.5, 0.5], { dtype });
    const loss = (x: Tensor, y: Tensor): Tensor => binaryCrossEntropy(x, y, { reduction: 'sum' });
    const losses = binaryCrossEntropy(p, t, { reduction: 'none' }).dataSync();
    [100, 0, 100, 0, 50, 50].forEach((expected, i) => expect(losses[i]).toBeCloseTo(expected, 12));
    // (p − t) / max(p (1 − p), 1e-12), and log(1 − p) − log p with both clamped.
    const slopes = grad(loss)(p, t).dataSync();
    [-1e12, 0, 1e12, 0, -5e11, 5e11].forEach((slope, i) => expect(slopes[i]! / 1e12).toBeCloseTo(slope / 1e12, 6));
    expect([...grad((y: Tensor) => loss(p, y))(t).dataSync()]).toEqual([100, 100, -100, -100, 100, -100]);
    const second = grad((x: Tensor) => grad(loss)(x, t).sum())(p).dataSync();
    expect(second.every(Number.isFinite)).toBe(true);
  });

  test('clamps logarithms of tiny probabilities', () => {
    const found = binaryCrossEntropy(float64([1e-30, 1e-50]), float64([1, 1]), { reduction: 'none' }).dataSync();
    expect(found[0]).toBeCloseTo(30 * Math.LN10, 9);
    expect(found[1]).toBe(100);
  });

  test('is NaN outside [0, 1]', () => {
    const found = binaryCrossEntropy(tensor([-0.5, 1.5]), tensor([1, 0]), { reduction: 'none' }).dataSync();
    expect([...found]).toEqual([NaN, NaN]);
  });

  test.for([
    [() => binaryCrossEntropy(tensor([0]), tensor([0, 1])), 'binaryCrossEntropy: shapes [1] and [2] must be equal'],
    [
      () => binaryCrossEntropy(tensor([0]), tensor([0]), { reduction: 'avg' as 'mean' }),
      "binaryCrossEntropy: unknown reduction 'avg'",
    ],
  ] as const)('rejects bad arguments: %#', ([compute, message]) => {
    expect(compute).toThrow(message);
  });
});

describe('gradients where losses have none, as in PyTorch', () => {
  const none = { reduction: 'none' } as const;
  const sign = int32([1]);

  test.for<readonly [string, (x: Tensor) => Tensor, number, number]>([
    ['l1Loss of equal operands', (x) => nn.l1Loss(x, tensor([1]), none), 1, 0],
    ['smoothL1Loss at beta', (x) => nn.smoothL1Loss(x, tensor([0]), none), 1, 1],
    ['huberLoss at delta', (x) => nn.huberLoss(x, tensor([0]), { delta: 2, ...none }), -2, -2],
    ['hingeEmbeddingLoss at the margin', (x) => nn.hingeEmbeddingLoss(x, sign.neg(), none), 1, -1],
    ['marginRankingLoss at the margin', (x) => nn.marginRankingLoss(x, tensor([0]), sign, none), 0, -1],
    ['gaussianNllLoss of a variance below eps', (v) => nn.gaussianNllLoss(tensor([2]), tensor([2]), v), 0, 5e5],
    ['klDiv of an impossible event', (x) => nn.klDiv(x, tensor([0])), -Infinity, 0],
    ['binaryCrossEntropyWithLogits at ∞', (x) => nn.binaryCrossEntropyWithLogits(x, tensor([1])), Infinity, 0],
  ])('%s', ([, loss, point, slope]) => {
    const found = grad((x: Tensor) => loss(x).sum())(tensor([point])).dataSync()[0]!;
    expect(found).toBeCloseTo(slope, slope > 1e3 ? -1 : 6);
  });

  test('smoothL1Loss and huberLoss are curved where operands are equal', () => {
    for (const loss of [nn.smoothL1Loss, nn.huberLoss]) {
      const slope = grad((x: Tensor) => loss(x, tensor([1]), { reduction: 'sum' }));
      expect(grad((x: Tensor) => slope(x).sum())(tensor([1])).dataSync()[0]).toBe(1);
    }
  });

  test('ctcLoss of a target without alignment', () => {
    const x = random.normal(random.key(0), [1, 1, 3]);
    const loss = (zeroInfinity: boolean) => (logits: Tensor) =>
      nn.ctcLoss(logits.logSoftmax(), tensor([[1, 2]], { dtype: 'int32' }), [1], [2], { zeroInfinity });
    for (const zeroInfinity of [false, true]) {
      expect([...grad(loss(zeroInfinity))(x).dataSync()]).toEqual([0, 0, 0]);
    }
  });

  test('labels and lengths of ctcLoss that are computed are the same as plain ones', () => {
    const x = random.normal(random.key(0), [4, 2, 3]).logSoftmax();
    const [labels, frames, lengths] = [
      tensor(
        [
          [1, 2],
          [2, 9],
        ],
        { dtype: 'int32' },
      ),
      int32([4, 3]),
      int32([2, 1]),
    ];
    const plain = nn.ctcLoss(x, labels, [4, 3], [2, 1]).itemSync();
    expect(nn.ctcLoss(x, labels.mul(1), frames.mul(1), lengths.mul(1)).itemSync()).toBe(plain);
  });
});
