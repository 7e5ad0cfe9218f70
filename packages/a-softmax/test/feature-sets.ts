/** Feature sets for the tests of the metrics, and what the metrics must not notice. */

import fc from 'fast-check';
import { expect } from 'vitest';

export interface FeatureSet {
  readonly features: Float64Array;
  readonly dimension: number;
  readonly labels: number[];
}

/** Uniform numbers in (0, 1) from a seed, so that no two features are equal or equally far apart. */
export function uniform(seed: number): () => number {
  let state = BigInt(seed) + 1n;
  return () => {
    state = (state * 6364136223846793005n + 1442695040888963407n) & 0xffffffffffffffffn;
    return (Number(state >> 11n) + 0.5) / 2 ** 53;
  };
}

export function normal(next: () => number): number {
  return Math.sqrt(-2 * Math.log(next())) * Math.cos(2 * Math.PI * next());
}

/** Samples scattered around a random direction for each class. */
export function clusters(classes: number, perClass: number, dimension: number, spread: number, seed = 1): FeatureSet {
  const next = uniform(seed);
  const centres = Array.from({ length: classes }, () => Array.from({ length: dimension }, () => normal(next)));
  const labels: number[] = [];
  const values: number[] = [];
  for (let s = 0; s < perClass; s++) {
    for (let k = 0; k < classes; k++) {
      labels.push(k);
      for (const centre of centres[k]!) values.push(centre + spread * normal(next));
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

/** Every feature times a positive factor of its own. */
export function scaled({ features, dimension, labels }: FeatureSet, seed: number): FeatureSet {
  const next = uniform(seed);
  const factors = labels.map(() => Math.exp(4 * normal(next)));
  return { features: features.map((value, i) => value * factors[Math.floor(i / dimension)]!), dimension, labels };
}

/** All features turned by one random rotation (a product of plane rotations). */
export function rotated({ features, dimension, labels }: FeatureSet, seed: number): FeatureSet {
  const next = uniform(seed);
  const turned = features.slice();
  for (let a = 0; a < dimension; a++) {
    for (let b = a + 1; b < dimension; b++) {
      const angle = 2 * Math.PI * next();
      for (let row = 0; row < features.length; row += dimension) {
        const [x, y] = [turned[row + a]!, turned[row + b]!];
        turned[row + a] = Math.cos(angle) * x - Math.sin(angle) * y;
        turned[row + b] = Math.sin(angle) * x + Math.cos(angle) * y;
      }
    }
  }
  return { features: turned, dimension, labels };
}

/** The same classes under other names. */
export function relabelled({ features, dimension, labels }: FeatureSet, seed: number): FeatureSet {
  return {
    features,
    dimension,
    labels: labels.map((label) => (seed % 2 === 0 ? 1 : -1) * (label * 7919 + (seed % 1000))),
  };
}

/** Checks that numbers agree but for rounding. */
export function expectClose(after: readonly number[], before: readonly number[]): void {
  expect(after.length).toBe(before.length);
  after.forEach((a, i) => expect(Math.abs(a - before[i]!)).toBeLessThanOrEqual(1e-9 * Math.max(1, Math.abs(a))));
}

/** Checks that a metric is the same after each of these changes. */
export function expectInvariant<T>(metric: (set: FeatureSet) => T, compare: (after: T, before: T) => void): void {
  for (const change of [scaled, rotated, relabelled]) {
    fc.assert(
      fc.property(featureSets, fc.integer({ min: 0, max: 1e6 }), (set, seed) => {
        compare(metric(change(set, seed)), metric(set));
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

/** The angle between samples, by the textbook formula. */
export function plainAngle(set: FeatureSet, i: number, j: number): number {
  const [a, b] = [row(set, i), row(set, j)];
  return Math.acos(dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b)));
}

/** The angles of all pairs i < j with that relation. */
export function plainAngles(set: FeatureSet, sameClass: boolean): number[] {
  const angles: number[] = [];
  for (let i = 0; i < set.labels.length; i++) {
    for (let j = i + 1; j < set.labels.length; j++) {
      if ((set.labels[i] === set.labels[j]) === sameClass) angles.push(plainAngle(set, i, j));
    }
  }
  return angles;
}
