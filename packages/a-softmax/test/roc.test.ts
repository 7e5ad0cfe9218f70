import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { areaUnderCurve, equalErrorRate, rocCurve, trueAcceptRateAt } from '../src/index.ts';

/** Genuine and impostor scores with many ties. */
const scored = fc
  .array(fc.tuple(fc.integer({ min: -4, max: 4 }), fc.boolean()), { minLength: 2, maxLength: 40 })
  .filter((list) => list.some(([, g]) => g) && list.some(([, g]) => !g))
  .map((list) => ({ scores: list.map(([s]) => s), genuine: list.map(([, g]) => g) }));

const targets = fc.double({ min: 0.001, max: 0.999, noNaN: true });

const share = (of: readonly number[], accept: (s: number) => boolean): number => of.filter(accept).length / of.length;
const split = ({ scores, genuine }: { scores: number[]; genuine: boolean[] }): [number[], number[]] => [
  scores.filter((_, i) => genuine[i]),
  scores.filter((_, i) => !genuine[i]),
];
/** All operating points, also those between corners: [threshold, FAR, TAR]. */
const operatingPoints = (set: { scores: number[]; genuine: boolean[] }): [number, number, number][] => {
  const [g, n] = split(set);
  const thresholds = [Infinity, ...[...new Set(set.scores)].sort((a, b) => b - a)];
  return thresholds.map((t) => [t, share(n, (s) => s >= t), share(g, (s) => s >= t)]);
};

describe('rocCurve', () => {
  test('has the corners computed by hand', () => {
    // Descending: genuine 5, genuine 4, impostor 3, both 2, impostor 1.
    const roc = rocCurve([5, 4, 3, 2, 2, 1], [1, 1, 0, 1, 0, 0]);
    expect(Array.from(roc.thresholds)).toEqual([Infinity, 4, 3, 2, 1]);
    expect(Array.from(roc.falseAcceptRate)).toEqual([0, 0, 1 / 3, 2 / 3, 1]);
    expect(Array.from(roc.trueAcceptRate)).toEqual([0, 2 / 3, 2 / 3, 1, 1]);
    expect(roc.genuineCount).toBe(3);
    expect(roc.impostorCount).toBe(3);
  });

  test('has the rates of its thresholds, from (0, 0) to (1, 1), and all corners', () => {
    fc.assert(
      fc.property(scored, (set) => {
        const roc = rocCurve(set.scores, set.genuine);
        const points = operatingPoints(set);
        const kept = points.filter(([t]) => roc.thresholds.includes(t));
        expect(kept).toEqual(Array.from(roc.thresholds, (t, i) => [t, roc.falseAcceptRate[i], roc.trueAcceptRate[i]]));
        expect(kept[0]).toEqual([Infinity, 0, 0]);
        expect(kept.at(-1)).toEqual([Math.min(...set.scores), 1, 1]);
        for (const [t, far, tar] of points) {
          // An omitted point is on a vertical or horizontal edge between corners.
          const b = roc.thresholds.findIndex((corner) => corner <= t);
          const a = Math.max(0, b - 1);
          const straight =
            roc.falseAcceptRate[a] === roc.falseAcceptRate[b] || roc.trueAcceptRate[a] === roc.trueAcceptRate[b];
          expect(roc.thresholds[b] === t || straight).toBe(true);
          expect(far).toBeLessThanOrEqual(roc.falseAcceptRate[b]!);
          expect(tar).toBeLessThanOrEqual(roc.trueAcceptRate[b]!);
        }
      }),
    );
  });

  test('takes flags as booleans or numbers, and does not change its arguments', () => {
    const scores = Float64Array.of(3, 1, 2);
    expect(rocCurve(scores, [true, false, true])).toEqual(rocCurve(scores, Uint8Array.of(1, 0, 1)));
    expect(Array.from(scores)).toEqual([3, 1, 2]);
  });

  test('rejects bad input', () => {
    expect(() => rocCurve([1, 2], [1])).toThrow(/2 scores need 2 genuine flags, got 1/);
    for (const bad of [NaN, Infinity])
      expect(() => rocCurve([1, bad], [1, 0])).toThrow(`score 1 must be finite, got ${bad}`);
    expect(() => rocCurve([1, 2], [1, 1])).toThrow(/at least one impostor pair among the 2/);
    expect(() => rocCurve([1, 2], [0, 0])).toThrow(/at least one genuine pair among the 2/);
    expect(() => rocCurve([], [])).toThrow(/at least one genuine pair/);
  });
});

describe('areaUnderCurve', () => {
  test('is the Mann-Whitney statistic', () => {
    fc.assert(
      fc.property(scored, (set) => {
        const [g, n] = split(set);
        let wins = 0;
        for (const a of g) for (const b of n) wins += a > b ? 1 : a === b ? 0.5 : 0;
        expect(areaUnderCurve(rocCurve(set.scores, set.genuine))).toBeCloseTo(wins / (g.length * n.length), 12);
      }),
    );
  });

  test('of negated scores is 1 minus the area', () => {
    fc.assert(
      fc.property(scored, ({ scores, genuine }) => {
        const opposite = rocCurve(
          scores.map((s) => -s),
          genuine,
        );
        expect(areaUnderCurve(rocCurve(scores, genuine)) + areaUnderCurve(opposite)).toBeCloseTo(1, 12);
      }),
    );
  });
});

describe('equalErrorRate', () => {
  test('has the values computed by hand', () => {
    // The curve of the first test meets FAR = FRR at 1/3, at the end of a horizontal edge.
    expect(equalErrorRate(rocCurve([5, 4, 3, 2, 2, 1], [1, 1, 0, 1, 0, 0]))).toEqual({ rate: 1 / 3, threshold: 3 });
    // A vertical edge at FAR 1/2 from FRR 1 to FRR 0.
    expect(equalErrorRate(rocCurve([4, 3, 2, 1], [0, 1, 1, 0]))).toEqual({ rate: 1 / 2, threshold: 2 });
    // A tie of 1 of 2 genuine and 1 of 4 impostor pairs, an edge from (0, 1/2) to (1/4, 1): FRR 1/2 − t/2 = FAR t/4 at
    // t = 2/3.
    const tied = equalErrorRate(rocCurve([3, 2, 2, 1, 1, 1], [1, 1, 0, 0, 0, 0]));
    expect(tied.rate).toBeCloseTo(1 / 6, 14);
    expect(tied.threshold).toBe(2);
  });

  test('is on the curve, between corners with FAR ≤ FRR and FAR ≥ FRR', () => {
    fc.assert(
      fc.property(scored, (set) => {
        const { rate, threshold } = equalErrorRate(rocCurve(set.scores, set.genuine));
        const points = operatingPoints(set);
        const b = points.findIndex(([, far, tar]) => far >= 1 - tar);
        const [[, far0, tar0], [, far1, tar1]] = [points[b - 1]!, points[b]!];
        // The line through both points has TAR = 1 − rate at FAR = rate.
        expect((1 - rate - tar0) * (far1 - far0)).toBeCloseTo((rate - far0) * (tar1 - tar0), 12);
        expect(rate).toBeGreaterThanOrEqual(far0 - 1e-12);
        expect(rate).toBeLessThanOrEqual(far1 + 1e-12);
        const larger = ([, far, tar]: [number, number, number]): number => Math.max(far, 1 - tar);
        expect(larger(points.find(([t]) => t === threshold)!)).toBeCloseTo(Math.min(...points.map(larger)), 12);
      }),
    );
  });

  test('is 0 for separated scores, 1 for scores separated in reverse, 1/2 for uninformative scores', () => {
    expect(equalErrorRate(rocCurve([0.9, 0.8, 0.2, 0.1], [1, 1, 0, 0]))).toEqual({ rate: 0, threshold: 0.8 });
    expect(equalErrorRate(rocCurve([0.9, 0.8, 0.2, 0.1], [0, 0, 1, 1])).rate).toBe(1);
    expect(equalErrorRate(rocCurve([1, 1, 1, 1, 1], [0, 0, 1, 1, 0])).rate).toBe(0.5);
    // Genuine and impostor scores of the same distribution.
    const scores = Array.from({ length: 50 }, (_, i) => i);
    const roc = rocCurve([...scores, ...scores], [...scores.map(() => 1), ...scores.map(() => 0)]);
    expect(equalErrorRate(roc).rate).toBeCloseTo(0.5, 14);
    expect(areaUnderCurve(roc)).toBeCloseTo(0.5, 14);
  });
});

describe('trueAcceptRateAt', () => {
  test('is the highest rate with at most the given false accept rate', () => {
    fc.assert(
      fc.property(scored, targets, (set, far) => {
        const point = trueAcceptRateAt(rocCurve(set.scores, set.genuine), far);
        const allowed = operatingPoints(set).filter(([, f]) => f <= far);
        expect(point.trueAcceptRate).toBe(Math.max(...allowed.map(([, , tar]) => tar)));
        expect(allowed).toContainEqual([point.threshold, point.falseAcceptRate, point.trueAcceptRate]);
        expect(point.resolved).toBe(Math.floor(far * split(set)[1].length) >= 1);
      }),
    );
  });

  test('reports too few impostor pairs for the given rate', () => {
    const roc = rocCurve(
      [...Array.from({ length: 100 }, (_, i) => i), 98.5, 200],
      [...new Array<number>(100).fill(0), 1, 1],
    );
    expect(trueAcceptRateAt(roc, 0.01)).toEqual({
      trueAcceptRate: 1,
      falseAcceptRate: 0.01,
      threshold: 98.5,
      resolved: true,
    });
    expect(trueAcceptRateAt(roc, 0.009)).toEqual({
      trueAcceptRate: 0.5,
      falseAcceptRate: 0,
      threshold: 200,
      resolved: false,
    });
  });

  test('is 1 at any rate for separated scores', () => {
    const roc = rocCurve([0.9, 0.8, 0.2, 0.1], [1, 1, 0, 0]);
    fc.assert(
      fc.property(targets, (far) => {
        expect(trueAcceptRateAt(roc, far).trueAcceptRate).toBe(1);
      }),
    );
  });

  test.each([0, 1, -0.1, 2, NaN])('rejects FAR %s', (far) => {
    expect(() => trueAcceptRateAt(rocCurve([1, 0], [1, 0]), far)).toThrow(/far must be in \(0, 1\)/);
  });
});

test('an increasing function of the scores changes thresholds only', () => {
  const rising = [
    (s: number) => 3 * s - 7,
    (s: number) => s ** 3,
    (s: number) => Math.exp(s),
    (s: number) => Math.atan(s) - 100,
  ];
  fc.assert(
    fc.property(scored, fc.constantFrom(...rising), targets, ({ scores, genuine }, change, far) => {
      const before = rocCurve(scores, genuine);
      const after = rocCurve(scores.map(change), genuine);
      expect(after.falseAcceptRate).toEqual(before.falseAcceptRate);
      expect(after.trueAcceptRate).toEqual(before.trueAcceptRate);
      expect(Array.from(after.thresholds).slice(1)).toEqual(Array.from(before.thresholds).slice(1).map(change));
      expect(equalErrorRate(after).rate).toBe(equalErrorRate(before).rate);
      expect(areaUnderCurve(after)).toBe(areaUnderCurve(before));
      expect(trueAcceptRateAt(after, far).trueAcceptRate).toBe(trueAcceptRateAt(before, far).trueAcceptRate);
    }),
  );
});
