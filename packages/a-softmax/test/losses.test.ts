import { evaluateSync, oneHot, type Tensor, tensor } from '@thetagrad/core';
import { values } from '@thetagrad/gradcheck';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decisionBoundary, type DecisionRule } from '../src/geometry.ts';
import {
  arcFaceLogits,
  aSoftmaxLogits,
  aSoftmaxLoss,
  cosFaceLogits,
  cosineLogits,
  lSoftmaxLogits,
  modifiedSoftmaxLogits,
  modifiedSoftmaxLoss,
  softmaxLogits,
} from '../src/losses.ts';
import {
  arcFace,
  aSoftmax,
  expectedLogits,
  expectedLoss,
  family,
  samples,
  smoothSamples,
  tensorsOf,
} from './family.ts';

const double = (values: readonly number[] | readonly (readonly number[])[]): Tensor =>
  tensor(values as number[][], { dtype: 'float64' });
const classes = (...labels: readonly number[]): Tensor => tensor(labels, { dtype: 'int32' });
const margins = fc.integer({ min: 1, max: 6 });
const lambdas = fc.oneof(fc.constant(0), values({ from: 0, to: 1000 }));

/** Runs of properties that are asserted for every member of the family. */
const numRuns = 10;

function expectEqual(a: Tensor, b: Tensor): void {
  evaluateSync(a, b);
  expect(a.itemSync()).toBeCloseTo(b.itemSync(), 9);
}

/** Checks exact equality. */
function expectSame(a: Tensor, b: Tensor): void {
  expect(a.equal(b).all().itemSync()).toBe(1);
}

/** A feature at angle `theta` from the weight of class 0, whose angle to that of class 1 is `theta12`. */
function onTheCircle(length: number, theta: number, theta12: number): { x: Tensor; w: Tensor } {
  return {
    x: double([[length * Math.cos(theta), length * Math.sin(theta)]]),
    w: double([
      [1, 0],
      [Math.cos(theta12), Math.sin(theta12)],
    ]),
  };
}

describe.each(family)('$name', (member) => {
  test('has the logits and the loss of the formula on angles', () => {
    fc.assert(
      fc.property(samples, (sample) => {
        const { features, weight, labels } = tensorsOf(sample);
        const logits = member.logits(features, weight, labels);
        const loss = member.loss(features, weight, labels);
        evaluateSync(logits, loss);
        // The arccosine in the formula loses half of the digits at θ = 0 and π.
        const expected = expectedLogits(member, sample).flat();
        logits.dataSync().forEach((value, i) => expect(value).toBeCloseTo(expected[i]!, 6));
        expect(loss.itemSync()).toBeCloseTo(expectedLoss(member, sample), 6);
      }),
      { numRuns },
    );
  });

  test('is invariant under a rotation of features and weights', () => {
    fc.assert(
      fc.property(smoothSamples(member), values({ from: -3, to: 3 }), (sample, angle) => {
        const { features, weight, labels } = tensorsOf(sample);
        const rotation = givens(features.shape[1]!, angle);
        const turned = member.loss(features.matmul(rotation), weight.matmul(rotation), labels);
        expectEqual(turned, member.loss(features, weight, labels));
      }),
      { numRuns },
    );
  });

  test('has the dtype of its inputs', () => {
    const sample = {
      features: [[1, 2]],
      weight: [
        [1, 0],
        [0, 1],
      ],
      labels: [1],
    };
    for (const dtype of ['float32', 'float64'] as const) {
      const { features, weight, labels } = tensorsOf(sample, dtype);
      expect(member.logits(features, weight, labels).dtype).toBe(dtype);
      expect(member.loss(features, weight, labels).dtype).toBe(dtype);
    }
  });
});

const factors = fc.double({ min: 1e-6, max: 1e6, noNaN: true });

test.each(family.filter(({ normalizesWeight }) => normalizesWeight))(
  '$name is invariant under scaling of a weight',
  (member) => {
    fc.assert(
      fc.property(smoothSamples(member), factors, (sample, factor) => {
        const { features, weight, labels } = tensorsOf(sample);
        const first = double(sample.weight.map((_, j) => [j === 0 ? factor : 1]));
        expectEqual(member.loss(features, weight.mul(first), labels), member.loss(features, weight, labels));
      }),
      { numRuns },
    );
  },
);

test.each(family.filter(({ normalizesFeatures }) => normalizesFeatures))(
  '$name is invariant under scaling of features',
  (member) => {
    fc.assert(
      fc.property(smoothSamples(member), factors, (sample, factor) => {
        const { features, weight, labels } = tensorsOf(sample);
        expectEqual(member.loss(features.mul(factor), weight, labels), member.loss(features, weight, labels));
      }),
      { numRuns },
    );
  },
);

describe('values computed by hand', () => {
  // x has length 2, and angles of 60° to W_0 and 30° to W_1; W_1 has length 3.
  const x = double([[1, Math.sqrt(3)]]);
  const w = double([
    [1, 0],
    [0, 3],
  ]);
  const logits = (tensor: Tensor): number[] => [...tensor.dataSync()];
  const root3 = Math.sqrt(3);

  test.each([
    ['softmax', softmaxLogits(x, w), [1, 3 * root3]],
    ['softmax with a bias', softmaxLogits(x, w, { bias: double([10, 20]) }), [11, 20 + 3 * root3]],
    ['modified softmax', modifiedSoftmaxLogits(x, w), [1, root3]],
    // cos 120° = −1/2
    ['A-Softmax, m = 2', aSoftmaxLogits(x, w, classes(0), { margin: 2 }), [-1, root3]],
    // cos 180° = −1, the seam
    ['A-Softmax, m = 3', aSoftmaxLogits(x, w, classes(0), { margin: 3 }), [-2, root3]],
    // k = 1: −cos 240° − 2 = −3/2
    ['A-Softmax, m = 4 by default', aSoftmaxLogits(x, w, classes(0)), [-3, root3]],
    // 30° · 4 = 120°, k = 0
    ['A-Softmax, m = 4, other class', aSoftmaxLogits(x, w, classes(1)), [1, -1]],
    ['A-Softmax, λ = 3', aSoftmaxLogits(x, w, classes(0), { lambda: 3 }), [(3 * 1 + -3) / 4, root3]],
    ['L-Softmax, m = 4, other class', lSoftmaxLogits(x, w, classes(1)), [1, -3]],
    ['cosines', cosineLogits(x, w, { scale: 10 }), [5, 5 * root3]],
    ['CosFace', cosFaceLogits(x, w, classes(1), { margin: 0.25, scale: 10 }), [5, 5 * root3 - 2.5]],
    // cos(60° + 30°) = 0
    ['ArcFace', arcFaceLogits(x, w, classes(0), { margin: Math.PI / 6, scale: 10 }), [0, 5 * root3]],
    // 60° > 180° − 130°: cos 60° − 13π/18 · sin 130°
    [
      'ArcFace beyond π − m',
      arcFaceLogits(x, w, classes(0), { margin: (13 * Math.PI) / 18, scale: 10 }),
      [5 - ((130 * Math.PI) / 18) * Math.sin((13 * Math.PI) / 18), 5 * root3],
    ],
    // 60° > 180° − 150°, and 150° > 2.331: cos 60° − 1 + cos 150°
    [
      'ArcFace beyond π − m, of a large margin',
      arcFaceLogits(x, w, classes(0), { margin: (5 * Math.PI) / 6, scale: 10 }),
      [-5 - 5 * root3, 5 * root3],
    ],
  ])('%s', (_, found, expected) => {
    logits(found).forEach((value, j) => expect(value).toBeCloseTo(expected[j]!, 12));
  });

  test('is the mean cross entropy', () => {
    // log(1 + e^(√3 − 1)) and log(1 + e^(1 − √3)) for the two samples.
    const twice = double([
      [1, root3],
      [1, root3],
    ]);
    const expected = (Math.log(1 + Math.exp(root3 - 1)) + Math.log(1 + Math.exp(1 - root3))) / 2;
    expect(modifiedSoftmaxLoss(twice, w, classes(0, 1)).itemSync()).toBeCloseTo(expected, 12);
  });
});

describe('the margin', () => {
  test('m = 1 is exactly modified softmax', () => {
    fc.assert(
      fc.property(samples, lambdas, (sample, lambda) => {
        const { features, weight, labels } = tensorsOf(sample, 'float32');
        expectSame(
          aSoftmaxLogits(features, weight, labels, { margin: 1, lambda }),
          modifiedSoftmaxLogits(features, weight),
        );
        expectSame(lSoftmaxLogits(features, weight, labels, { margin: 1, lambda }), softmaxLogits(features, weight));
      }),
    );
  });

  test('increases the loss of a correctly classified sample with m', () => {
    fc.assert(
      fc.property(
        fc.double({ min: 0.3, max: 3, noNaN: true }),
        fc.double({ min: 0.2, max: Math.PI, noNaN: true }),
        fc.double({ min: 0.05, max: 0.95, noNaN: true }),
        values({ from: 0, to: 10 }),
        (length, theta12, t, lambda) => {
          const { x, w } = onTheCircle(length, (t * theta12) / 2, theta12);
          const losses = [1, 2, 3, 4, 5, 6].map((margin) =>
            aSoftmaxLoss(x, w, classes(0), { margin, lambda }).itemSync(),
          );
          for (let m = 1; m < losses.length; m++) expect(losses[m]).toBeGreaterThan(losses[m - 1]!);
        },
      ),
    );
  });

  test('changes the target class only', () => {
    fc.assert(
      fc.property(samples, margins, lambdas, (sample, margin, lambda) => {
        const { features, weight, labels } = tensorsOf(sample);
        const others = oneHot(labels, weight.shape[0]!, { dtype: 'bool' }).logicalNot();
        const found = aSoftmaxLogits(features, weight, labels, { margin, lambda });
        expectSame(others.where(found, 0), others.where(modifiedSoftmaxLogits(features, weight), 0));
      }),
    );
  });

  // Where on the arc from W_1 to W_2 both logits are equal (SphereFace, section 3.2).
  const findBoundaries = (rule: DecisionRule, theta12: number): { class1: number; class2: number } => {
    const excess = (theta: number, target: 0 | 1): number => {
      const { x, w } = onTheCircle(1, theta, theta12);
      const [first, second] = logitsOf(rule, x, w, classes(target)).dataSync() as unknown as [number, number];
      return target === 0 ? first - second : second - first;
    };
    return {
      class1: bisect((theta) => excess(theta, 0), theta12),
      class2: bisect((theta) => -excess(theta, 1), theta12),
    };
  };

  test('is (m − 1)/(m + 1) · θ₁₂ between the classes', () => {
    fc.assert(
      fc.property(margins, fc.double({ min: 0.1, max: Math.PI - 0.01, noNaN: true }), (m, theta12) => {
        const { class1, class2 } = findBoundaries({ loss: 'aSoftmax', m }, theta12);
        expect(class2 - class1).toBeCloseTo(((m - 1) / (m + 1)) * theta12, 6);
      }),
      { numRuns: 30 },
    );
  });

  test.each<DecisionRule>([
    { loss: 'modifiedSoftmax' },
    { loss: 'aSoftmax', m: 3 },
    { loss: 'lSoftmax', m: 2, weightNorms: [1, 1.2] },
    { loss: 'cosFace', margin: 0.3 },
    { loss: 'arcFace', margin: 0.4 },
  ])('has the boundaries of decisionBoundary: %o', (rule) => {
    fc.assert(
      fc.property(fc.double({ min: 0.9, max: 3, noNaN: true }), (theta12) => {
        const expected = decisionBoundary(theta12, rule);
        const { class1, class2 } = findBoundaries(rule, theta12);
        expect(class1).toBeCloseTo(expected.class1, 6);
        expect(class2).toBeCloseTo(expected.class2, 6);
      }),
      { numRuns: 10 },
    );
  });
});

describe('λ', () => {
  test('= 0 is the pure loss, ∞ modified softmax, and large values are close to it', () => {
    fc.assert(
      fc.property(samples, margins, (sample, margin) => {
        const { features, weight, labels } = tensorsOf(sample);
        const loss = (lambda?: number): number =>
          aSoftmaxLoss(features, weight, labels, lambda === undefined ? { margin } : { margin, lambda }).itemSync();
        const modified = modifiedSoftmaxLoss(features, weight, labels).itemSync();
        expect(loss(0)).toBe(loss());
        expect(loss(Infinity)).toBe(modified);
        expect(loss(1e9)).toBeCloseTo(modified, 6);
      }),
    );
  });

  test('may be a scalar tensor, which does not change the dtype of the logits', () => {
    fc.assert(
      fc.property(samples, margins, values({ from: 0, to: 1000 }), (sample, margin, lambda) => {
        for (const dtype of ['float32', 'float64'] as const) {
          const { features, weight, labels } = tensorsOf(sample, dtype);
          for (const lambdaType of ['float32', 'float64'] as const) {
            const scalar = tensor(lambda, { dtype: lambdaType });
            const logits = aSoftmaxLogits(features, weight, labels, { margin, lambda: scalar });
            expect(logits.dtype).toBe(dtype);
            const plain = aSoftmaxLogits(features, weight, labels, { margin, lambda }).dataSync();
            logits.dataSync().forEach((value, i) => expect(value).toBeCloseTo(plain[i]!, dtype === 'float32' ? 4 : 9));
          }
        }
      }),
      { numRuns: 30 },
    );
  });
});

test('the logit of the target decreases with its angle, for every loss and margin', () => {
  const thetas = Array.from({ length: 300 }, (_, i) => (i * Math.PI) / 299);
  const x = double(thetas.map((theta) => [Math.cos(theta), Math.sin(theta)]));
  const members = [
    ...family,
    ...[0.1, 1.5, 2.33, 2.34, 2.8, 3.14].map((margin) => arcFace(margin, 1)),
    aSoftmax(12, 0),
  ];
  for (const { name, logits } of members) {
    const target = logits(x, double([[1, 0]]), classes(...thetas.map(() => 0))).dataSync();
    const rise = target.findIndex((value, i) => i > 0 && value > target[i - 1]! + 1e-12);
    expect([name, rise]).toEqual([name, -1]);
  }
});

describe('ArcFace', () => {
  test('is strictly decreasing on [0, π], with a step at π − m', () => {
    const thetas = Array.from({ length: 400 }, (_, i) => (i * Math.PI) / 399);
    const x = double(thetas.map((theta) => [Math.cos(theta), Math.sin(theta)]));
    const target = arcFaceLogits(x, double([[1, 0]]), classes(...thetas.map(() => 0)), { scale: 1 }).dataSync();
    for (let i = 1; i < target.length; i++) expect(target[i]).toBeLessThan(target[i - 1]!);
    expect(target[0]).toBeCloseTo(Math.cos(0.5), 12);
    expect(target.at(-1)).toBeCloseTo(-1 - 0.5 * Math.sin(0.5), 12);
  });

  test('without a margin is the scaled cosine', () => {
    fc.assert(
      fc.property(samples, (sample) => {
        const { features, weight, labels } = tensorsOf(sample);
        const plain = cosineLogits(features, weight, { scale: 8 }).dataSync();
        arcFaceLogits(features, weight, labels, { margin: 0, scale: 8 })
          .dataSync()
          .forEach((value, i) => expect(value).toBeCloseTo(plain[i]!, 12));
      }),
    );
  });
});

/** A rotation by the same angle in every plane of two adjacent axes. */
function givens(dimension: number, angle: number): Tensor {
  let rotation = double(
    Array.from({ length: dimension }, (_, i) => Array.from({ length: dimension }, (_, j) => Number(i === j))),
  );
  for (let axis = 0; axis + 1 < dimension; axis++) {
    const plane = Array.from({ length: dimension }, (_, i) =>
      Array.from({ length: dimension }, (_, j) => Number(i === j)),
    );
    plane[axis]![axis] = plane[axis + 1]![axis + 1] = Math.cos(angle);
    plane[axis]![axis + 1] = -Math.sin(angle);
    plane[axis + 1]![axis] = Math.sin(angle);
    rotation = rotation.matmul(double(plane));
  }
  return rotation;
}

function logitsOf(rule: DecisionRule, x: Tensor, w: Tensor, y: Tensor): Tensor {
  switch (rule.loss) {
    case 'modifiedSoftmax':
      return modifiedSoftmaxLogits(x, w);
    case 'aSoftmax':
      return aSoftmaxLogits(x, w, y, { margin: rule.m });
    case 'lSoftmax':
      return lSoftmaxLogits(x, w.mul(double(rule.weightNorms.map((norm) => [norm]))), y, { margin: rule.m });
    case 'cosFace':
      return cosFaceLogits(x, w, y, { margin: rule.margin });
    case 'arcFace':
      return arcFaceLogits(x, w, y, { margin: rule.margin });
  }
}

/** The root in [0, high] of a decreasing function. */
function bisect(f: (t: number) => number, high: number): number {
  let low = 0;
  for (let i = 0; i < 30; i++) {
    const middle = (low + high) / 2;
    if (f(middle) > 0) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}
