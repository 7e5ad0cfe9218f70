import { values } from '@thetagrad/gradcheck';
import { evaluateSync, oneHot, type Tensor, tensor } from '@thetagrad/core';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decisionBoundary, type DecisionRule } from '../src/geometry.ts';
import {
  arcFaceLogits,
  arcFaceLoss,
  aSoftmaxLogits,
  aSoftmaxLoss,
  cosFaceLogits,
  cosineLogits,
  lSoftmaxLogits,
  modifiedSoftmaxLogits,
  modifiedSoftmaxLoss,
  softmaxLogits,
  softmaxLoss,
} from '../src/losses.ts';
import { expectedLogits, expectedLoss, family, samples, smoothSamples, tensorsOf } from './family.ts';

const double = (values: readonly number[] | readonly (readonly number[])[]): Tensor =>
  tensor(values as number[][], { dtype: 'float64' });
const classes = (...labels: readonly number[]): Tensor => tensor(labels, { dtype: 'int32' });
const margins = fc.integer({ min: 1, max: 6 });
const lambdas = fc.oneof(fc.constant(0), values({ from: 0, to: 1000 }));

/** Runs of a property that is asserted for every member of the family. */
const numRuns = 10;

function expectEqual(a: Tensor, b: Tensor): void {
  evaluateSync(a, b);
  expect(a.itemSync()).toBeCloseTo(b.itemSync(), 9);
}

/** Equal in every bit but the sign of 0. */
function expectSame(a: Tensor, b: Tensor): void {
  expect(a.equal(b).all().itemSync()).toBe(1);
}

/** A feature of length `length` at angle `theta` from a class along the first axis, and another class at `theta12`. */
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
  test('has the logits and the loss of the formula in angles', () => {
    fc.assert(
      fc.property(samples, (sample) => {
        const { features, weight, labels } = tensorsOf(sample);
        const logits = member.logits(features, weight, labels);
        const loss = member.loss(features, weight, labels);
        evaluateSync(logits, loss);
        // arccos loses half the digits at θ = 0 and π, and so does the formula, not the logits.
        const expected = expectedLogits(member, sample).flat();
        logits.dataSync().forEach((value, i) => expect(value).toBeCloseTo(expected[i]!, 6));
        expect(loss.itemSync()).toBeCloseTo(expectedLoss(member, sample), 6);
      }),
      { numRuns },
    );
  });

  test('does not change when features and weights rotate together', () => {
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

  test('is float32 for float32 and float64 for float64', () => {
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

test.each(family.filter(({ normalisesWeight }) => normalisesWeight))(
  '$name does not change with the length of a weight',
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

test.each(family.filter(({ normalisesFeatures }) => normalisesFeatures))(
  '$name does not change with the lengths of the features',
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

describe('values worked out by hand', () => {
  // x of length 2 at 60° from W_0 and 30° from W_1; W_1 of length 3.
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
    // 60° > 180° − 150°: cos 60° − 5π/6 · sin 150°
    [
      'ArcFace beyond π − m',
      arcFaceLogits(x, w, classes(0), { margin: (5 * Math.PI) / 6, scale: 10 }),
      [5 - (25 * Math.PI) / 6, 5 * root3],
    ],
  ])('%s', (_, found, expected) => {
    logits(found).forEach((value, j) => expect(value).toBeCloseTo(expected[j]!, 12));
  });

  test('takes the mean cross entropy', () => {
    // two samples: log(1 + e^(√3 − 1)) and log(1 + e^(1 − √3))
    const twice = double([
      [1, root3],
      [1, root3],
    ]);
    const expected = (Math.log(1 + Math.exp(root3 - 1)) + Math.log(1 + Math.exp(1 - root3))) / 2;
    expect(modifiedSoftmaxLoss(twice, w, classes(0, 1)).itemSync()).toBeCloseTo(expected, 12);
  });
});

describe('the margin', () => {
  test('m = 1 is modified softmax, exactly', () => {
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

  test('makes the loss of a correctly classified sample rise with m', () => {
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

  test('touches the target class alone', () => {
    fc.assert(
      fc.property(samples, margins, lambdas, (sample, margin, lambda) => {
        const { features, weight, labels } = tensorsOf(sample);
        const others = oneHot(labels, weight.shape[0]!, { dtype: 'bool' }).logicalNot();
        const found = aSoftmaxLogits(features, weight, labels, { margin, lambda });
        expectSame(others.where(found, 0), others.where(modifiedSoftmaxLogits(features, weight), 0));
      }),
    );
  });

  // The lemma of SphereFace, section 3.2, measured: where along the arc from W_1 to W_2 the target's logit stops
  // exceeding the other one.
  const measured = (rule: DecisionRule, theta12: number): { class1: number; class2: number } => {
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

  test('lies (m − 1)/(m + 1) · θ₁₂ between the classes', () => {
    fc.assert(
      fc.property(margins, fc.double({ min: 0.1, max: Math.PI - 0.01, noNaN: true }), (m, theta12) => {
        const { class1, class2 } = measured({ loss: 'aSoftmax', m }, theta12);
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
  ])('has its boundaries where geometry puts them: %o', (rule) => {
    fc.assert(
      fc.property(fc.double({ min: 0.9, max: 3, noNaN: true }), (theta12) => {
        const expected = decisionBoundary(theta12, rule);
        const { class1, class2 } = measured(rule, theta12);
        expect(class1).toBeCloseTo(expected.class1, 6);
        expect(class2).toBeCloseTo(expected.class2, 6);
      }),
      { numRuns: 10 },
    );
  });
});

describe('λ', () => {
  test('0 is the pure loss, ∞ modified softmax, and a large one close to it', () => {
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

  test('may be a scalar tensor, which leaves the dtype of the logits alone', () => {
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

describe('ArcFace', () => {
  test('falls on all of [0, π], with a step down at π − m', () => {
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

describe('bad input', () => {
  const x = tensor([
    [1, 2],
    [3, 4],
  ]);
  const w = tensor([
    [1, 0],
    [0, 1],
    [1, 1],
  ]);
  const y = classes(0, 2);

  test.each([0, -2, 1.5, NaN, Infinity])('margin %s of the angular losses', (margin) => {
    expect(() => aSoftmaxLoss(x, w, y, { margin })).toThrow(
      `aSoftmaxLogits: margin must be an integer ≥ 1, got ${margin}`,
    );
    expect(() => lSoftmaxLogits(x, w, y, { margin })).toThrow('lSoftmaxLogits: margin must be an integer');
  });

  test('λ', () => {
    expect(() => aSoftmaxLoss(x, w, y, { lambda: -0.1 })).toThrow('aSoftmaxLogits: lambda must be ≥ 0, got -0.1');
    expect(() => aSoftmaxLoss(x, w, y, { lambda: NaN })).toThrow('lambda must be ≥ 0, got NaN');
    expect(() => lSoftmaxLogits(x, w, y, { lambda: tensor([1]) })).toThrow(
      'lSoftmaxLogits: lambda must be a scalar, got shape [1]',
    );
    expect(() => aSoftmaxLoss(x, w, y, { lambda: tensor(1, { dtype: 'int32' }) })).toThrow(
      'lambda must be float32 or float64, got int32',
    );
  });

  test('margin and scale of the additive losses', () => {
    for (const margin of [-0.1, NaN, Infinity]) {
      expect(() => cosFaceLogits(x, w, y, { margin })).toThrow(`margin must be a finite number ≥ 0, got ${margin}`);
    }
    for (const margin of [-0.1, NaN, Math.PI, 4]) {
      expect(() => arcFaceLogits(x, w, y, { margin })).toThrow(
        `margin must be an angle in radians in [0, π), got ${margin}`,
      );
    }
    for (const scale of [0, -1, NaN, Infinity]) {
      expect(() => cosFaceLogits(x, w, y, { scale })).toThrow(`cosFaceLogits: scale must be a finite number > 0`);
      expect(() => arcFaceLoss(x, w, y, { scale })).toThrow(`arcFaceLogits: scale must be a finite number > 0`);
      expect(() => cosineLogits(x, w, { scale })).toThrow(`cosineLogits: scale must be a finite number > 0`);
    }
  });

  test.each(family)('shapes and dtypes: $name', ({ loss }) => {
    expect(() => loss(tensor([1, 2]), w, y)).toThrow(/: features must be \[N, D\], got \[2\]/);
    expect(() => loss(x, tensor([1, 2]), y)).toThrow(/: weight must be \[C, D\], one row per class, got \[2\]/);
    expect(() => loss(x, tensor([[1, 2, 3]]), y)).toThrow(
      /: features \[2, 2\] and weight \[1, 3\] must have rows of one length, got 2 and 3/,
    );
    expect(() => loss(x.astype('int32'), w, y)).toThrow(/: features must be float32 or float64, got int32/);
    expect(() => loss(x, w.astype('bool'), y)).toThrow(/: weight must be float32 or float64, got bool/);
    expect(() => loss(x.slice([[0, 0]]), w, y)).toThrow(/: features must not be empty, got \[0, 2\]/);
    expect(() => loss(x, w, tensor([0, 1]))).toThrow(
      /: labels must be int32 class indices, got float32; convert with astype\('int32'\)/,
    );
    expect(() => loss(x, w, classes(0))).toThrow(/: labels must be \[2\], one per sample, got \[1\]/);
    expect(() => loss(x, w, y.expandDims(1))).toThrow(/: labels must be \[2\], one per sample, got \[2, 1\]/);
  });

  test.each(family)('labels that are no class: $name', ({ loss }) => {
    expect(() => loss(x, w, classes(0, 3))).toThrow(/: label 3 is out of range for 3 classes, 0 to 2/);
    expect(() => loss(x, w, classes(-1, 0))).toThrow(/: label -1 is out of range for 3 classes, 0 to 2/);
    // Computed labels are known at evaluation only.
    expect(() => loss(x, w, y.add(1)).itemSync()).toThrow(/out of range/);
    expect(() => loss(x, w, y.sub(1)).itemSync()).toThrow(/out of range/);
  });

  test('computed labels in the logits alone', () => {
    for (const labels of [y.add(1), y.sub(1)]) {
      expect(() => aSoftmaxLogits(x, w, labels).dataSync()).toThrow(/out of range/);
      expect(() => lSoftmaxLogits(x, w, labels).dataSync()).toThrow(/out of range/);
      expect(() => cosFaceLogits(x, w, labels).dataSync()).toThrow(/out of range/);
    }
  });

  test('bias', () => {
    expect(() => softmaxLoss(x, w, y, { bias: tensor([1, 2]) })).toThrow(
      'softmaxLogits: bias must be [3], one number per class, got [2]',
    );
  });
});

/** A rotation by the same angle in every plane of two neighbouring axes. */
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

/** The zero of a function that falls from above 0 at 0 to below 0 at `high`. */
function bisect(f: (t: number) => number, high: number): number {
  let low = 0;
  for (let i = 0; i < 30; i++) {
    const middle = (low + high) / 2;
    if (f(middle) > 0) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}
