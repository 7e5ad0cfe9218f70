import { values } from '@thetagrad/gradcheck';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { angularMargin, decisionBoundary, type DecisionRule, minimumMargin, psi } from '../src/geometry.ts';

const margins = fc.integer({ min: 1, max: 8 });
const angles = fc.oneof(values({ from: 0, to: Math.PI }), fc.constantFrom(0, Math.PI));
const arcs = fc.double({ min: 0.01, max: Math.PI, noNaN: true });

describe('psi', () => {
  test('equals cos(mθ) on [0, π/m]', () => {
    fc.assert(
      fc.property(margins, values({ from: 0, to: 1 }), (m, t) => {
        const theta = (t * Math.PI) / m;
        expect(psi(theta, m)).toBeCloseTo(Math.cos(m * theta), 12);
      }),
    );
  });

  test('is strictly decreasing', () => {
    fc.assert(
      fc.property(margins, angles, angles, (m, a, b) => {
        fc.pre(Math.abs(a - b) > 1e-5);
        expect(psi(Math.min(a, b), m)).toBeGreaterThan(psi(Math.max(a, b), m));
      }),
    );
  });

  test('is continuous across the seams kπ/m', () => {
    for (let m = 2; m <= 8; m++) {
      for (let k = 1; k < m; k++) {
        const seam = (k * Math.PI) / m;
        expect(psi(seam, m)).toBeCloseTo(1 - 2 * k, 12);
        expect(psi(seam - 1e-9, m)).toBeCloseTo(1 - 2 * k, 12);
        expect(psi(seam + 1e-9, m)).toBeCloseTo(1 - 2 * k, 12);
      }
    }
  });

  test('falls from 1 at 0 to 1 − 2m at π, and is cos θ for m = 1', () => {
    for (let m = 1; m <= 8; m++) {
      expect(psi(0, m)).toBe(1);
      expect(psi(Math.PI, m)).toBeCloseTo(1 - 2 * m, 12);
    }
    fc.assert(
      fc.property(angles, (theta) => {
        expect(psi(theta, 1)).toBeCloseTo(Math.cos(theta), 14);
      }),
    );
  });

  test('has the values computed by hand', () => {
    // m = 2, θ = 2π/3: k = 1, −cos(4π/3) − 2 = 1/2 − 2
    expect(psi((2 * Math.PI) / 3, 2)).toBeCloseTo(-1.5, 14);
    // m = 4, θ = 5π/12: k = 1, −cos(5π/3) − 2 = −1/2 − 2
    expect(psi((5 * Math.PI) / 12, 4)).toBeCloseTo(-2.5, 14);
  });

  test.each([0, -1, 1.5, NaN, Infinity])('rejects m = %s', (m) => {
    expect(() => psi(1, m)).toThrow(/psi: m must be an integer ≥ 1/);
  });

  test.each([-0.1, 3.2, NaN])('rejects θ = %s', (theta) => {
    expect(() => psi(theta, 2)).toThrow(/psi: theta must be an angle in radians in \[0, π\]/);
  });
});

describe('angularMargin', () => {
  test('is (m − 1)/(m + 1) · θ₁₂', () => {
    expect(angularMargin(1, 1)).toBe(0);
    expect(angularMargin(0.9, 2)).toBeCloseTo(0.3, 15);
    expect(angularMargin(1, 4)).toBeCloseTo(0.6, 15);
  });

  test('is the distance of the boundaries, at θ₁₂/(m + 1) from each weight', () => {
    fc.assert(
      fc.property(arcs, margins, (theta12, m) => {
        const boundary = decisionBoundary(theta12, { loss: 'aSoftmax', m });
        expect(boundary.class1).toBeCloseTo(theta12 / (m + 1), 14);
        expect(boundary.margin).toBeCloseTo(theta12 - (2 * theta12) / (m + 1), 14);
        expect(boundary.margin).toBeCloseTo(angularMargin(theta12, m), 14);
      }),
    );
  });

  test('rejects m below 1 and angles outside [0, π]', () => {
    for (const m of [0.9, 0, -2, NaN, Infinity])
      expect(() => angularMargin(1, m)).toThrow(/m must be a finite number ≥ 1/);
    for (const theta of [-1, 4, NaN]) expect(() => angularMargin(theta, 2)).toThrow(/theta12 must be an angle/);
  });
});

describe('minimumMargin', () => {
  /** The largest t in [0, limit] with inside(0 … t), for a set that is an interval from 0. */
  const edge = (limit: number, inside: (t: number) => boolean): number => {
    let low = 0;
    let high = limit;
    for (let i = 0; i < 60; i++) {
      const middle = (low + high) / 2;
      if (inside(middle)) low = middle;
      else high = middle;
    }
    return low;
  };
  const onCircle = (a: number, b: number): number => Math.acos(Math.cos(a - b));

  /**
   * Whether the largest angle within a class is less than the smallest between classes, for weights at these angles on
   * the circle. The first class is where mθ₁ < θⱼ for all j > 1 (which implies mθ₁ ≤ π); the others are copies of it,
   * mirrored for two classes and rotated for more.
   */
  const separates = (m: number, weights: readonly number[], mirrored: boolean): boolean => {
    const inClass = (at: number): boolean => weights.every((w, j) => j === 0 || m * onCircle(at, 0) < onCircle(at, w));
    const up = edge(Math.PI, (t) => inClass(t));
    const down = edge(Math.PI, (t) => inClass(-t));
    const gap = weights[1]!;
    const toNext = mirrored ? gap - 2 * up : gap - up - down;
    const around = mirrored ? 2 * Math.PI - gap - 2 * down : Infinity;
    return up + down < Math.min(toNext, around);
  };
  const smallestM = (separatesAt: (m: number) => boolean): number => 1 + edge(9, (t) => !separatesAt(1 + t));

  test('is 2 + √3 for two classes, the smallest m that separates them at every angle', () => {
    const worst = Math.max(
      ...Array.from({ length: 60 }, (_, i) => ((i + 1) / 60) * Math.PI * 0.999).map((gap) =>
        smallestM((m) => separates(m, [0, gap], true)),
      ),
    );
    expect(worst).toBeCloseTo(minimumMargin('binary'), 6);
    expect(minimumMargin('binary')).toBe(2 + Math.sqrt(3));
  });

  test('is 3 for any number of evenly spaced weights', () => {
    for (const classes of [3, 4, 5, 8, 12]) {
      const weights = Array.from({ length: classes }, (_, i) => (2 * Math.PI * i) / classes);
      expect(smallestM((m) => separates(m, weights, false))).toBeCloseTo(minimumMargin('multiclass'), 6);
    }
  });

  test('agrees with the inequalities of the paper', () => {
    // binary: θ/(m − 1) + θ/(m + 1) = (m − 1)/(m + 1) θ; multi-class: 2θ/(m + 1) = (m − 1)/(m + 1) θ
    const binary = minimumMargin('binary');
    expect(1 / (binary - 1) + 1 / (binary + 1)).toBeCloseTo(angularMargin(1, binary), 14);
    expect(2 / (3 + 1)).toBeCloseTo(angularMargin(1, minimumMargin('multiclass')), 14);
  });

  test('rejects other cases', () => {
    expect(() => minimumMargin('ternary' as 'binary')).toThrow(
      new TypeError("minimumMargin: unknown classes 'ternary'; expected 'binary' or 'multiclass'"),
    );
  });
});

describe('decisionBoundary', () => {
  /** Both sides of the equation of a class, at the angles from its own weight and from the other's. */
  const sides = (
    rule: DecisionRule,
    own: number,
    other: number,
    norms: readonly [number, number],
  ): [number, number] => {
    switch (rule.loss) {
      case 'modifiedSoftmax':
        return [Math.cos(own), Math.cos(other)];
      case 'aSoftmax':
        return [psi(own, rule.m), Math.cos(other)];
      case 'lSoftmax':
        return [norms[0] * psi(own, rule.m), norms[1] * Math.cos(other)];
      case 'cosFace':
        return [Math.cos(own) - rule.margin, Math.cos(other)];
      case 'arcFace':
        return [Math.cos(own + rule.margin), Math.cos(other)];
    }
  };

  const rules = fc.oneof(
    fc.constant<DecisionRule>({ loss: 'modifiedSoftmax' }),
    margins.map((m): DecisionRule => ({ loss: 'aSoftmax', m })),
    fc
      .tuple(fc.integer({ min: 2, max: 6 }), fc.double({ min: 0.8, max: 1.25, noNaN: true }))
      .map(([m, norm]): DecisionRule => ({ loss: 'lSoftmax', m, weightNorms: [1, norm] })),
    values({ from: 0, to: 0.5 }).map((margin): DecisionRule => ({ loss: 'cosFace', margin })),
    values({ from: 0, to: 1 }).map((margin): DecisionRule => ({ loss: 'arcFace', margin })),
  );

  test('satisfies the equation of each class', () => {
    fc.assert(
      fc.property(fc.double({ min: 1.1, max: Math.PI, noNaN: true }), rules, (theta12, rule) => {
        const { class1, class2, margin } = decisionBoundary(theta12, rule);
        const norms = rule.loss === 'lSoftmax' ? rule.weightNorms : ([1, 1] as const);
        const [left1, right1] = sides(rule, class1, theta12 - class1, norms);
        expect(left1).toBeCloseTo(right1, 12);
        const [left2, right2] = sides(rule, theta12 - class2, class2, [norms[1], norms[0]]);
        expect(left2).toBeCloseTo(right2, 12);
        expect(margin).toBeCloseTo(class2 - class1, 14);
        expect(margin).toBeGreaterThanOrEqual(0);
      }),
    );
  });

  test('is the bisector for every loss without a margin', () => {
    const bisector = { class1: 0.5, class2: 0.5, margin: 0 };
    expect(decisionBoundary(1, { loss: 'modifiedSoftmax' })).toEqual(bisector);
    expect(decisionBoundary(1, { loss: 'aSoftmax', m: 1 })).toEqual(bisector);
    expect(decisionBoundary(1, { loss: 'cosFace', margin: 0 })).toEqual(bisector);
    expect(decisionBoundary(1, { loss: 'arcFace', margin: 0 })).toEqual(bisector);
    expect(decisionBoundary(1, { loss: 'lSoftmax', m: 1, weightNorms: [2, 2] }).class1).toBeCloseTo(0.5, 14);
  });

  test('has the values computed by hand', () => {
    expect(decisionBoundary(1, { loss: 'arcFace', margin: 0.5 })).toEqual({ class1: 0.25, class2: 0.75, margin: 0.5 });
    // θ₁₂ = π/2, margin 1: cos 0 − 1 = cos(π/2)
    expect(decisionBoundary(Math.PI / 2, { loss: 'cosFace', margin: 0.999999999999 }).class1).toBeCloseTo(0, 11);
    // ‖W₁‖cos θ = ‖W₂‖cos(π/2 − θ): tan θ = ‖W₁‖/‖W₂‖
    const { class1, margin } = decisionBoundary(Math.PI / 2, { loss: 'lSoftmax', m: 1, weightNorms: [3, 1] });
    expect(class1).toBeCloseTo(Math.atan(3), 14);
    expect(margin).toBeCloseTo(0, 14);
  });

  test('of L-Softmax with equal norms is that of A-Softmax; a longer weight has a larger class', () => {
    fc.assert(
      fc.property(arcs, margins, (theta12, m) => {
        const equal = decisionBoundary(theta12, { loss: 'lSoftmax', m, weightNorms: [0.7, 0.7] });
        expect(equal.class1).toBeCloseTo(theta12 / (m + 1), 8);
      }),
    );
    const longer = decisionBoundary(2, { loss: 'lSoftmax', m: 3, weightNorms: [1.5, 1] });
    expect(longer.class1).toBeGreaterThan(0.5);
    expect(2 - longer.class2).toBeLessThan(0.5);
  });

  test('rejects classes without a boundary on the arc', () => {
    expect(() => decisionBoundary(0.5, { loss: 'cosFace', margin: 0.35 })).toThrow(
      /no boundary .* exceeds 1 − cos θ₁₂/,
    );
    expect(() => decisionBoundary(0.4, { loss: 'arcFace', margin: 0.5 })).toThrow(/no boundary .* exceeds θ₁₂/);
    expect(() => decisionBoundary(0.4, { loss: 'lSoftmax', m: 2, weightNorms: [1, 2] })).toThrow(/loses the whole arc/);
    expect(() => decisionBoundary(0.4, { loss: 'lSoftmax', m: 1, weightNorms: [2, 1] })).toThrow(/wins the whole arc/);
  });

  test('rejects parameters out of range', () => {
    for (const theta of [-1, 4, NaN])
      expect(() => decisionBoundary(theta, { loss: 'modifiedSoftmax' })).toThrow(/theta12 must be/);
    expect(() => decisionBoundary(0, { loss: 'modifiedSoftmax' })).toThrow(/theta12 must be > 0, got 0/);
    expect(() => decisionBoundary(1, { loss: 'aSoftmax', m: 2.5 })).toThrow(/m must be an integer ≥ 1, got 2.5/);
    expect(() => decisionBoundary(1, { loss: 'lSoftmax', m: 0, weightNorms: [1, 1] })).toThrow(
      /m must be an integer ≥ 1/,
    );
    expect(() => decisionBoundary(1, { loss: 'lSoftmax', m: 2, weightNorms: [1, 0] })).toThrow(
      /weightNorms must be finite numbers > 0/,
    );
    for (const margin of [-0.1, NaN, Infinity]) {
      expect(() => decisionBoundary(1, { loss: 'cosFace', margin })).toThrow(/margin must be a finite number/);
      expect(() => decisionBoundary(1, { loss: 'arcFace', margin })).toThrow(/margin must be a finite number/);
    }
    expect(() => decisionBoundary(1, { loss: 'hinge' } as unknown as DecisionRule)).toThrow(
      new TypeError(
        "decisionBoundary: unknown loss 'hinge'; expected 'modifiedSoftmax', 'aSoftmax', 'lSoftmax', 'cosFace' or 'arcFace'",
      ),
    );
  });
});
