import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { cumulativeMatchCurve, distractorMatchCurve, selectRows, splitGallery } from '../src/index.ts';
import { clusters, expectInvariant, type FeatureSet, featureSets, plainAngle } from './featureSets.ts';

const circle = (...degrees: number[]): Float64Array =>
  Float64Array.from(degrees.flatMap((a) => [Math.cos((a * Math.PI) / 180), Math.sin((a * Math.PI) / 180)]));
const equal = (a: readonly number[], b: readonly number[]): void => {
  expect(a).toEqual(b);
};

describe('splitGallery', () => {
  test('takes the given number of samples of every class, or all', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: -3, max: 3 }), { minLength: 1, maxLength: 30 }),
        fc.integer({ min: 1, max: 4 }),
        fc.nat(),
        (labels, perClass, seed) => {
          const { gallery, probes } = splitGallery(labels, { perClass, seed });
          expect([...gallery, ...probes].sort((a, b) => a - b)).toEqual(labels.map((_, i) => i));
          for (const label of new Set(labels)) {
            const size = labels.filter((l) => l === label).length;
            expect(Array.from(gallery).filter((i) => labels[i] === label).length).toBe(Math.min(size, perClass));
          }
          expect(
            splitGallery(
              labels.map((l) => 10 - l),
              { perClass, seed },
            ),
          ).toEqual({ gallery, probes });
        },
      ),
    );
  });

  test('depends on the seed', () => {
    const labels = Array.from({ length: 60 }, (_, i) => i % 6);
    expect(splitGallery(labels, { seed: 1 })).not.toEqual(splitGallery(labels, { seed: 2 }));
  });

  test('rejects bad input', () => {
    expect(() => splitGallery([])).toThrow(/labels is empty/);
    expect(() => splitGallery([0.5])).toThrow(/label 0 must be an integer/);
    for (const perClass of [0, 1.5])
      expect(() => splitGallery([0], { perClass })).toThrow(/perClass must be an integer ≥ 1/);
    expect(() => splitGallery([0], { seed: -1 })).toThrow(/seed must be an integer/);
  });
});

describe('selectRows', () => {
  test('copies rows into an array of the same type', () => {
    expect(selectRows(Float32Array.of(1, 2, 3, 4, 5, 6), 2, [2, 0, 2])).toEqual(Float32Array.of(5, 6, 1, 2, 5, 6));
    expect(selectRows(Float64Array.of(1, 2), 1, [])).toEqual(new Float64Array(0));
  });

  test('rejects indices out of range', () => {
    expect(() => selectRows(Float32Array.of(1, 2), 1, [2])).toThrow(/index 0 must be an integer from 0 to 1, got 2/);
    expect(() => selectRows(Float32Array.of(1, 2), 0, [0])).toThrow(/dimension must be an integer/);
  });
});

describe('cumulativeMatchCurve', () => {
  test('has the values computed by hand', () => {
    const gallery = { features: circle(0, 40, 100, 170), labels: [1, 2, 3, 1] };
    // 10°, class 1: rank 1. 25°, class 1: class 2 is nearer, at 15°: rank 2. 160°, class 1: its sample at 170° is
    // nearest: rank 1. 5°, class 3: classes 1 (5°), 2 (35°), 3 (95°): rank 3.
    const probes = { features: circle(10, 25, 160, 5), labels: [1, 1, 1, 3] };
    expect(Array.from(cumulativeMatchCurve(gallery, probes, { dimension: 2 }))).toEqual([0.5, 0.75, 1]);
    expect(Array.from(cumulativeMatchCurve(gallery, probes, { dimension: 2, maxRank: 2 }))).toEqual([0.5, 0.75]);
  });

  const curve = ({ features, dimension, labels }: FeatureSet): Float64Array => {
    const { gallery, probes } = splitGallery(labels, { perClass: 2, seed: 3 });
    const subset = (indices: Int32Array) => ({
      features: selectRows(features, dimension, indices),
      labels: Array.from(indices, (i) => labels[i]!),
    });
    return cumulativeMatchCurve(subset(gallery), subset(probes), { dimension });
  };

  test('matches sorting identities by their nearest sample', () => {
    fc.assert(
      fc.property(featureSets, (set) => {
        const { gallery, probes } = splitGallery(set.labels, { perClass: 2, seed: 3 });
        const identities = [...new Set(set.labels)];
        const ranks = Array.from(probes, (p) => {
          const nearest = (label: number): number =>
            Math.min(
              ...Array.from(gallery)
                .filter((i) => set.labels[i] === label)
                .map((i) => plainAngle(set, p, i)),
            );
          return identities.sort((a, b) => nearest(a) - nearest(b)).indexOf(set.labels[p]!) + 1;
        });
        const expected = identities.map((_, k) => ranks.filter((rank) => rank <= k + 1).length / ranks.length);
        expect(Array.from(curve(set))).toEqual(expected);
      }),
    );
  });

  test('is invariant under scaling, rotation and relabeling', () =>
    expectInvariant((set) => Array.from(curve(set)), equal));

  test('counts equal scores of other identities as better', () => {
    const same = { features: Float64Array.of(1, 2, 1, 2, 1, 2), labels: [0, 1, 2] };
    expect(Array.from(cumulativeMatchCurve(same, same, { dimension: 2 }))).toEqual([0, 0, 1]);
  });

  test('rejects bad input', () => {
    const gallery = { features: circle(0, 90), labels: [0, 1] };
    const options = { dimension: 2 };
    expect(() => cumulativeMatchCurve(gallery, { features: circle(3), labels: [2] }, options)).toThrow(
      /the gallery lacks label 2 of probe 0/,
    );
    for (const maxRank of [0, 3, 1.5, NaN]) {
      expect(() => cumulativeMatchCurve(gallery, gallery, { dimension: 2, maxRank })).toThrow(
        /maxRank must be an integer from 1 to 2/,
      );
    }
    expect(() => cumulativeMatchCurve({ ...gallery, labels: [0] }, gallery, options)).toThrow(
      /gallery: 2 features need 2 labels, got 1/,
    );
    expect(() => cumulativeMatchCurve(gallery, { ...gallery, labels: [0] }, options)).toThrow(
      /probes: 2 features need 2 labels, got 1/,
    );
    expect(() => cumulativeMatchCurve(gallery, { ...gallery, features: circle(NaN, 1) }, options)).toThrow(
      /probes: features must be finite, got NaN at component 0 of feature 0/,
    );
    expect(() => cumulativeMatchCurve(gallery, gallery, { dimension: 3 })).toThrow(
      /4 numbers are not rows of dimension 3/,
    );
  });
});

describe('distractorMatchCurve', () => {
  test('has the values computed by hand', () => {
    // Mates at 0° and 20°, distractors at −10°, −15° and 100°: the mate of 0° has rank 3, the mate of 20° rank 1.
    const curve = distractorMatchCurve({ features: circle(0, 20), labels: [4, 4] }, circle(-10, -15, 100), {
      dimension: 2,
    });
    expect(Array.from(curve)).toEqual([0.5, 0.5, 1, 1]);
  });

  const others = (dimension: number): Float64Array => clusters(7, 1, dimension, 1, 99).features;

  test('matches counting distractors nearer than the mate', () => {
    fc.assert(
      fc.property(featureSets, (set) => {
        const distractors = others(set.dimension);
        const all = { ...set, features: Float64Array.of(...set.features, ...distractors) };
        const n = set.labels.length;
        const ranks: number[] = [];
        for (let p = 0; p < n; p++) {
          for (let mate = 0; mate < n; mate++) {
            if (p === mate || set.labels[p] !== set.labels[mate]) continue;
            ranks.push(
              1 + [0, 1, 2, 3, 4, 5, 6].filter((i) => plainAngle(all, p, n + i) < plainAngle(all, p, mate)).length,
            );
          }
        }
        const expected = Array.from(
          { length: 8 },
          (_, k) => ranks.filter((rank) => rank <= k + 1).length / ranks.length,
        );
        expect(Array.from(distractorMatchCurve(set, distractors, { dimension: set.dimension }))).toEqual(expected);
      }),
    );
  });

  test('does not rise as distractors are added', () => {
    fc.assert(
      fc.property(featureSets, (set) => {
        const distractors = others(set.dimension);
        const few = distractorMatchCurve(set, distractors.subarray(0, 3 * set.dimension), {
          dimension: set.dimension,
          maxRank: 3,
        });
        const many = distractorMatchCurve(set, distractors, { dimension: set.dimension, maxRank: 3 });
        many.forEach((rate, k) => expect(rate).toBeLessThanOrEqual(few[k]!));
      }),
    );
  });

  test('skips identities with one sample, and counts equal scores of distractors as better', () => {
    const samples = { features: circle(0, 10, 50), labels: [0, 0, 1] };
    expect(Array.from(distractorMatchCurve(samples, circle(90), { dimension: 2 }))).toEqual([1, 1]);
    expect(Array.from(distractorMatchCurve(samples, circle(0, 10), { dimension: 2 }))).toEqual([0, 0, 1]);
  });

  test('rejects bad input', () => {
    const samples = { features: circle(0, 10), labels: [0, 0] };
    expect(() => distractorMatchCurve({ ...samples, labels: [0, 1] }, circle(1), { dimension: 2 })).toThrow(
      /an identity with at least 2 samples/,
    );
    expect(() => distractorMatchCurve({ ...samples, labels: [0] }, circle(1), { dimension: 2 })).toThrow(
      /2 features need 2 labels, got 1/,
    );
    expect(() => distractorMatchCurve(samples, new Float64Array(0), { dimension: 2 })).toThrow(
      /distractors: features is empty/,
    );
    expect(() => distractorMatchCurve(samples, Float64Array.of(0, 0), { dimension: 2 })).toThrow(
      /distractors: feature 0 is zero and has no direction/,
    );
    for (const maxRank of [0, 3, 1.5]) {
      expect(() => distractorMatchCurve(samples, circle(1), { dimension: 2, maxRank })).toThrow(
        /maxRank must be an integer from 1 to 2/,
      );
    }
  });
});
