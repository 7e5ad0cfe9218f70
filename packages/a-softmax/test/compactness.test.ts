import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { angularFisherScore, largestIntraClassAngle, smallestInterClassAngle } from '../src/index.ts';
import { dot, expectClose, expectInvariant, type FeatureSet, featureSets, plainAngles, row } from './featureSets.ts';

const degrees = (...angles: number[]): Float64Array =>
  Float64Array.from(angles.flatMap((a) => [Math.cos((a * Math.PI) / 180), Math.sin((a * Math.PI) / 180)]));
const radians = (angle: number): number => (angle * Math.PI) / 180;
const measures = { angularFisherScore, largestIntraClassAngle, smallestInterClassAngle };

describe('angularFisherScore', () => {
  test('has the value computed by hand', () => {
    // Classes of ±10° around 0° and 90°: S_w = 4 (1 − cos 10°). Means at 0° and 90°, the mean of all at 45°:
    // S_b = 4 (1 − cos 45°).
    const score = angularFisherScore(degrees(-10, 10, 80, 100), 2, [0, 0, 1, 1]);
    expect(score).toBeCloseTo((1 - Math.cos(radians(10))) / (1 - Math.cos(radians(45))), 12);
  });

  test('matches the definition', () => {
    const written = (set: FeatureSet): number => {
      const unit = set.labels.map((_, i) =>
        Array.from(row(set, i), (x) => x / Math.sqrt(dot(row(set, i), row(set, i)))),
      );
      const meanOf = (rows: number[][]): number[] =>
        rows[0]!.map((_, c) => rows.reduce((sum, r) => sum + r[c]!, 0) / rows.length);
      const distance = (a: number[], b: number[]): number => 1 - dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b));
      let within = 0;
      let between = 0;
      for (const label of new Set(set.labels)) {
        const members = unit.filter((_, i) => set.labels[i] === label);
        for (const x of members) within += distance(x, meanOf(members));
        between += members.length * distance(meanOf(members), meanOf(unit));
      }
      return within / between;
    };
    fc.assert(
      fc.property(featureSets, (set) => {
        const score = angularFisherScore(set.features, set.dimension, set.labels);
        expect(score / written(set)).toBeCloseTo(1, 7);
      }),
    );
  });

  test('is 0 for classes without scatter, Infinity for classes of the same direction', () => {
    expect(angularFisherScore(degrees(20, 20, 130, 130), 2, [0, 0, 1, 1])).toBeCloseTo(0, 15);
    expect(angularFisherScore(Float64Array.of(1, 0, 2, 0, 3, 0, 4, 0), 2, [0, 0, 1, 1])).toBe(Infinity);
  });

  test('counts the cosine of a mean of zero as 0', () => {
    // Opposite classes: the mean of all is zero, and each term of S_b is 1.
    const opposite = degrees(-10, 10, 170, 190);
    expect(angularFisherScore(opposite, 2, [0, 0, 1, 1])).toBeCloseTo(1 - Math.cos(radians(10)), 12);
    // A class with mean zero: 1 in S_w for each of its samples. The mean of all has the direction of the other class:
    // S_b = 2 · 1 + 2 · 0.
    expect(angularFisherScore(degrees(90, 270, 0, 0), 2, [0, 0, 1, 1])).toBeCloseTo(1, 12);
  });
});

describe('largestIntraClassAngle and smallestInterClassAngle', () => {
  test('have the values computed by hand', () => {
    const features = degrees(0, 30, 50, 100, 140, 155);
    const labels = [5, 5, 5, -1, -1, -1];
    expect(largestIntraClassAngle(features, 2, labels)).toBeCloseTo(radians(55), 14);
    expect(smallestInterClassAngle(features, 2, labels)).toBeCloseTo(radians(50), 14);
    // Angles within classes: 15 20 30 40 50 55, with median 35.
    expect(largestIntraClassAngle(features, 2, labels, { percentile: 50 })).toBeCloseTo(radians(35), 12);
    // Percentile 90 is at position 4.5.
    expect(largestIntraClassAngle(features, 2, labels, { percentile: 90 })).toBeCloseTo(radians(52.5), 12);
    expect(smallestInterClassAngle(features, 2, labels, { percentile: 100 })).toBeCloseTo(radians(155), 12);
  });

  test('are the extremes over all pairs', () => {
    fc.assert(
      fc.property(featureSets, (set) => {
        const args = [set.features, set.dimension, set.labels] as const;
        const intra = plainAngles(set, true);
        const inter = plainAngles(set, false);
        expect(largestIntraClassAngle(...args)).toBeCloseTo(Math.max(...intra), 6);
        expect(smallestInterClassAngle(...args)).toBeCloseTo(Math.min(...inter), 6);
        expect(largestIntraClassAngle(...args, { percentile: 0 })).toBeCloseTo(Math.min(...intra), 6);
        expect(smallestInterClassAngle(...args, { percentile: 100 })).toBeCloseTo(Math.max(...inter), 6);
      }),
    );
  });

  test('are accurate for tiny and straight angles, unlike an arccosine', () => {
    expect(smallestInterClassAngle(Float64Array.of(1, 0, 1, 1e-9), 2, [0, 1])).toBeCloseTo(1e-9, 20);
    expect(largestIntraClassAngle(Float64Array.of(1, 2, 1, 2), 2, [0, 0])).toBe(0);
    expect(largestIntraClassAngle(Float64Array.of(1, 2, -1, -2), 2, [0, 0])).toBe(Math.PI);
  });

  test('include every pair when features need more than one block', () => {
    const count = 300;
    const features = new Float32Array(count * 64).map((_, i) =>
      i % 64 === 0 ? 1 : i % 64 === 1 ? Math.floor(i / 64) / 1000 : 0,
    );
    features[(count - 1) * 64 + 1] = 5;
    const labels = Array.from({ length: count }, (_, i) => i % 2);
    expect(largestIntraClassAngle(features, 64, labels)).toBeCloseTo(Math.atan(5) - Math.atan(0.001), 6);
    expect(smallestInterClassAngle(features, 64, labels)).toBeCloseTo(Math.atan(0.298) - Math.atan(0.297), 6);
  });

  test('reject a percentile out of range', () => {
    for (const percentile of [-1, 101, NaN]) {
      expect(() => largestIntraClassAngle(degrees(0, 1), 2, [0, 0], { percentile })).toThrow(
        /percentile must be from 0 to 100/,
      );
      expect(() => smallestInterClassAngle(degrees(0, 1), 2, [0, 1], { percentile })).toThrow(
        /percentile must be from 0 to 100/,
      );
    }
  });

  test('reject labels without such pairs', () => {
    expect(() => largestIntraClassAngle(degrees(0, 1), 2, [0, 1])).toThrow(/needs a class with at least 2 samples/);
    expect(() => smallestInterClassAngle(degrees(0, 1), 2, [3, 3])).toThrow(/at least 2 classes, got 1/);
    expect(() => angularFisherScore(degrees(0, 1), 2, [3, 3])).toThrow(/at least 2 classes, got 1/);
  });
});

describe.each(Object.entries(measures))('%s', (name, measure) => {
  test('is invariant under scaling, rotation and relabeling', () => {
    expectInvariant((set) => [measure(set.features, set.dimension, set.labels)], expectClose);
  });

  test('is accurate for lengths whose squares overflow or underflow', () => {
    const features = degrees(0, 30, 60, 90);
    const factors = [1e200, 1e-200, 1, 1e300];
    const extreme = features.map((value, i) => value * factors[Math.floor(i / 2)]!);
    expect(measure(extreme, 2, [0, 0, 1, 1])).toBeCloseTo(measure(features, 2, [0, 0, 1, 1]), 12);
  });

  test('rejects bad features and labels', () => {
    const labels = [0, 0, 1, 1];
    const features = degrees(0, 1, 2, 3);
    expect(() => measure([1, 2] as unknown as Float32Array, 2, [0])).toThrow(
      new TypeError(`${name}: features must be a Float32Array or Float64Array, got [1, 2]`),
    );
    expect(() => measure(new Float32Array(0), 2, [])).toThrow(/features is empty/);
    expect(() => measure(features, 3, labels)).toThrow(/8 numbers are not rows of dimension 3/);
    for (const d of [0, -2, 1.5, NaN])
      expect(() => measure(features, d, labels)).toThrow(/dimension must be an integer ≥ 1/);
    expect(() => measure(features, 2, [0, 0, 1])).toThrow(/4 features need 4 labels, got 3/);
    expect(() => measure(features, 2, [0, 0, 1, 0.5])).toThrow(/label 3 must be an integer, got 0.5/);
    for (const bad of [NaN, Infinity]) {
      expect(() => measure(features.with(5, bad), 2, labels)).toThrow(
        `features must be finite, got ${bad} at component 1 of feature 2`,
      );
    }
    expect(() => measure(Float64Array.of(1, 0, 0, 0, 0, 1, 1, 1), 2, labels)).toThrow(
      /feature 1 is zero and has no direction/,
    );
  });
});
