// Feature sets for tests of measures, and transformations under which the measures are invariant.
import { random } from '@thetagrad/core';
import fc from 'fast-check';
import { expect } from 'vitest';

export interface FeatureSet {
  readonly features: Float64Array;
  readonly dimension: number;
  readonly labels: number[];
}

/** Samples scattered around a random direction for each class. */
export function clusters(classes: number, perClass: number, dimension: number, spread: number, seed = 1): FeatureSet {
  const stream = random.key(seed).stream();
  const centers = Array.from({ length: classes }, () => Array.from({ length: dimension }, () => stream.normal()));
  const labels: number[] = [];
  const values: number[] = [];
  for (let s = 0; s < perClass; s++) {
    for (let k = 0; k < classes; k++) {
      labels.push(k);
      for (const center of centers[k]!) values.push(center + spread * stream.normal());
    }
  }
  return { features: Float64Array.from(values), dimension, labels };
}

export const featureSets: fc.Arbitrary<FeatureSet> = fc
  .record({
    classes: fc.integer({ min: 2, max: 6 }),
    perClass: fc.integer({ min: 3, max: 5 }),
    dimension: fc.integer({ min: 2, max: 6 }),
    spread: fc.double({ min: 0.05, max: 2, noNaN: true }),
    seed: fc.integer({ min: 0, max: 1e6 }),
  })
  .map(({ classes, perClass, dimension, spread, seed }) => clusters(classes, perClass, dimension, spread, seed));

/** Every feature multiplied by a random positive factor. */
export function scaled({ features, dimension, labels }: FeatureSet, seed: number): FeatureSet {
  const stream = random.key(seed).stream();
  const factors = labels.map(() => Math.exp(4 * stream.normal()));
  return { features: features.map((value, i) => value * factors[Math.floor(i / dimension)]!), dimension, labels };
}

/** All features rotated by the same random rotation, a product of plane rotations. */
export function rotated({ features, dimension, labels }: FeatureSet, seed: number): FeatureSet {
  const stream = random.key(seed).stream();
  const turned = features.slice();
  for (let a = 0; a < dimension; a++) {
    for (let b = a + 1; b < dimension; b++) {
      const angle = stream.uniform(0, 2 * Math.PI);
      for (let row = 0; row < features.length; row += dimension) {
        const [x, y] = [turned[row + a]!, turned[row + b]!];
        turned[row + a] = Math.cos(angle) * x - Math.sin(angle) * y;
        turned[row + b] = Math.sin(angle) * x + Math.cos(angle) * y;
      }
    }
  }
  return { features: turned, dimension, labels };
}

/** The same classes with other labels. */
export function relabeled({ features, dimension, labels }: FeatureSet, seed: number): FeatureSet {
  return {
    features,
    dimension,
    labels: labels.map((label) => (seed % 2 === 0 ? 1 : -1) * (label * 7919 + (seed % 1000))),
  };
}

/** Checks that numbers are equal up to rounding. */
export function expectClose(after: readonly number[], before: readonly number[]): void {
  expect(after.length).toBe(before.length);
  after.forEach((a, i) => expect(Math.abs(a - before[i]!)).toBeLessThanOrEqual(1e-9 * Math.max(1, Math.abs(a))));
}

/** Checks that a measure is invariant under scaling, rotation and relabeling. */
export function expectInvariant<T>(measure: (set: FeatureSet) => T, compare: (after: T, before: T) => void): void {
  for (const change of [scaled, rotated, relabeled]) {
    fc.assert(
      fc.property(featureSets, fc.integer({ min: 0, max: 1e6 }), (set, seed) => {
        compare(measure(change(set, seed)), measure(set));
      }),
      { numRuns: 30 },
    );
  }
}

export function dot(a: ArrayLike<number>, b: ArrayLike<number>): number {
  return Array.from(a).reduce((sum, value, i) => sum + value * b[i]!, 0);
}

export function row({ features, dimension }: FeatureSet, i: number): Float64Array {
  return features.slice(i * dimension, (i + 1) * dimension);
}

/** The angle between samples by the arccosine. */
export function plainAngle(set: FeatureSet, i: number, j: number): number {
  const [a, b] = [row(set, i), row(set, j)];
  return Math.acos(dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b)));
}

/** The angles of all pairs i < j of one class, or of two classes. */
export function plainAngles(set: FeatureSet, sameClass: boolean): number[] {
  const angles: number[] = [];
  for (let i = 0; i < set.labels.length; i++) {
    for (let j = i + 1; j < set.labels.length; j++) {
      if ((set.labels[i] === set.labels[j]) === sameClass) angles.push(plainAngle(set, i, j));
    }
  }
  return angles;
}
