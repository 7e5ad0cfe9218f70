import { broadcastTo, tensor, type Shape, type Tensor } from '@thetagrad/core';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  angles,
  axesOf,
  axisOf,
  broadcastablePairs,
  broadcastableTriples,
  classWeights,
  distinctTensors,
  labels,
  shapes,
  slicesOf,
  tensors,
  unitVectors,
  values,
} from '../src/index.ts';

/** The smallest value that fast-check finds for a predicate, as it prints it. */
function smallest<Value>(arbitrary: fc.Arbitrary<Value>, predicate: (value: Value) => boolean): string {
  const { counterexample } = fc.check(
    fc.property(arbitrary, (value) => !predicate(value)),
    { seed: 3, numRuns: 1000 },
  );
  return fc.stringify(counterexample?.[0]);
}

/** Runs an assertion on generated values. */
function forAll<Value>(arbitrary: fc.Arbitrary<Value>, check: (value: Value) => void): void {
  fc.assert(
    fc.property(arbitrary, (value) => {
      check(value);
    }),
  );
}

/** The share of generated values for which a predicate holds. */
function share<Value>(arbitrary: fc.Arbitrary<Value>, predicate: (value: Value) => boolean): number {
  const sample = fc.sample(arbitrary, { numRuns: 400, seed: 5 });
  return sample.filter((value) => predicate(value)).length / sample.length;
}

function broadcast(all: readonly Shape[]): Shape {
  return all.map((shape) => tensor(0).broadcastTo(shape)).reduce((a, b) => a.add(b)).shape;
}

describe('shapes', () => {
  test('are within their bounds and reach them', () => {
    const arbitrary = shapes({ minRank: 1, maxRank: 2, minSize: 0, maxSize: 4 });
    forAll(arbitrary, (shape) => {
      expect([1, 2]).toContain(shape.length);
      expect(shape.every((size) => Number.isInteger(size) && size >= 0 && size <= 4)).toBe(true);
    });
    expect(share(arbitrary, (shape) => shape.includes(0))).toBeGreaterThan(0.05);
    expect(share(arbitrary, (shape) => shape.includes(4))).toBeGreaterThan(0.05);
    expect(share(shapes(), (shape) => shape.length === 0)).toBeGreaterThan(0.05);
  });

  test('shrink to few and short axes', () => {
    expect(smallest(shapes(), () => true)).toBe('[]');
    expect(smallest(shapes(), (shape) => shape.length > 1)).toBe('[1,1]');
    expect(smallest(shapes(), (shape) => shape.includes(3))).toBe('[3]');
  });

  test('pairs and triples broadcast, and often differ', () => {
    forAll(broadcastablePairs(), (pair) => expect(() => broadcast(pair)).not.toThrow());
    forAll(broadcastableTriples({ minRank: 1 }), (triple) => {
      expect(() => broadcast(triple)).not.toThrow();
      expect(triple.every((shape) => shape.length > 0)).toBe(true);
    });
    expect(share(broadcastablePairs(), ([a, b]) => String(a) !== String(b))).toBeGreaterThan(0.3);
    expect(share(broadcastablePairs(), ([a, b]) => a.length !== b.length)).toBeGreaterThan(0.15);
    expect(smallest(broadcastablePairs(), ([a, b]) => String(a) !== String(b))).toMatch(
      /^(\[\[1\],\[\]\]|\[\[\],\[1\]\])$/,
    );
  });
});

describe('axes and ranges', () => {
  test('name axes of the shape', () => {
    forAll(axisOf([2, 3]), (axis) => expect([-2, -1, 0, 1]).toContain(axis));
    forAll(axesOf([2, 1, 3]), (axes) => expect(() => tensor(0).broadcastTo([2, 1, 3]).sum(axes)).not.toThrow());
    forAll(axesOf([]), (axes) => expect([undefined, []]).toContainEqual(axes));
    for (const is of [
      (a: unknown) => a === undefined,
      (a: unknown) => typeof a === 'number',
      (a: unknown) => Array.isArray(a) && a.length > 1,
    ]) {
      expect(share(axesOf([2, 1, 3]), is)).toBeGreaterThan(0.1);
    }
    expect(() => axisOf([])).toThrow('axisOf: a scalar has no axes');
    expect(smallest(axesOf([2, 3]), () => true)).toBe('undefined');
  });

  test('are ranges of all kinds that slice accepts', () => {
    const shape = [3, 4];
    forAll(slicesOf(shape), (ranges) => expect(() => broadcastTo(tensor(0), shape).slice(ranges)).not.toThrow());
    forAll(slicesOf([0, 2]), (ranges) => expect(() => broadcastTo(tensor(0), [0, 2]).slice(ranges)).not.toThrow());
    expect(share(slicesOf(shape), (ranges) => ranges.some((range) => typeof range === 'number'))).toBeGreaterThan(0.1);
    expect(
      share(slicesOf(shape), (ranges) => ranges.some((range) => Array.isArray(range) && (range[2] ?? 1) < 0)),
    ).toBeGreaterThan(0.1);
    expect(smallest(slicesOf(shape), () => true)).toBe('[]');
  });
});

describe('values and tensors', () => {
  const numbersOf = (x: Tensor): number[] => [...x.dataSync()];

  test('are in the interval and away from the points to avoid', () => {
    const arbitrary = tensors({ from: -1, to: 2, avoid: [0, 1], margin: 0.25 });
    forAll(arbitrary, (x) => {
      expect(x.dtype).toBe('float64');
      for (const value of numbersOf(x)) {
        expect(value).toBeGreaterThanOrEqual(-1);
        expect(value).toBeLessThanOrEqual(2);
        expect(Math.min(Math.abs(value), Math.abs(value - 1))).toBeGreaterThanOrEqual(0.25);
      }
    });
  });

  test('cover narrow and wide intervals', () => {
    for (const [from, to] of [
      [0, 1e-3],
      [-1e6, 1e6],
      [0.2, 0.8],
    ] as const) {
      const sample = fc.sample(values({ from, to }), { numRuns: 300, seed: 1 });
      expect(new Set(sample).size).toBeGreaterThan(100);
      expect(sample.every((value) => value >= from && value <= to)).toBe(true);
    }
    expect(() => values({ from: 1, to: 1 })).toThrow('values: needs from < to, got 1 and 1');
    expect(() => values({ from: 0, to: 0.1, avoid: [0], margin: 1 })).toThrow('values: [0, 0.1] is all within 1 of 0');
  });

  test('shrink to small shapes and simple values', () => {
    expect(smallest(tensors(), () => true)).toBe("tensor(0, { dtype: 'float64' })");
    expect(smallest(tensors({ avoid: [0] }), (x) => x.ndim === 2)).toBe("tensor([[1]], { dtype: 'float64' })");
    expect(smallest(tensors(), (x) => numbersOf(x).some((value) => value > 0))).toMatch(/^tensor\((1|2|3|0\.5), /);
    expect(smallest(values({ from: 0.2, to: 0.8 }), () => true)).toBe('0.5');
  });

  test('accept a shape or an arbitrary of shapes, and a dtype', () => {
    forAll(tensors({ shape: [2, 3], dtype: 'float32' }), (x) => {
      expect(x.shape).toEqual([2, 3]);
      expect(x.dtype).toBe('float32');
    });
    forAll(tensors({ shape: fc.constantFrom([1], [2]) }), (x) => expect([[1], [2]]).toContainEqual(x.shape));
  });

  test('print as the code that makes them', () => {
    const print = (shape: Shape): string => fc.stringify(fc.sample(tensors({ shape }), { numRuns: 1, seed: 9 })[0]);
    expect(print([2, 1])).toMatch(/^tensor\(\[\[-?[\d.]+\], \[-?[\d.]+\]\], \{ dtype: 'float64' \}\)$/);
    expect(print([2, 0])).toBe("tensor([], { dtype: 'float64', shape: [2, 0] })");
    expect(print([0])).toBe("tensor([], { dtype: 'float64' })");
  });

  test('depend on the seed alone', () => {
    const draw = (seed: number): string => fc.stringify(fc.sample(tensors(), { numRuns: 5, seed }));
    expect(draw(1)).toBe(draw(1));
    expect(draw(1)).not.toBe(draw(2));
  });

  test('of distinctTensors are a gap apart, in any order', () => {
    const arbitrary = distinctTensors({ gap: 0.25 });
    forAll(arbitrary, (x) => {
      const sorted = numbersOf(x).toSorted((a, b) => a - b);
      for (let i = 1; i < sorted.length; i++) expect(sorted[i]! - sorted[i - 1]!).toBeGreaterThanOrEqual(0.25);
    });
    expect(share(distinctTensors({ shape: [2] }), (x) => numbersOf(x)[0]! > numbersOf(x)[1]!)).toBeGreaterThan(0.2);
    expect(smallest(arbitrary, (x) => x.size > 1)).toMatch(/^tensor\(\[-0\.25, 0\.25\], /);
  });
});

describe('vectors, angles, weights and labels', () => {
  const lengths = (x: Tensor): number[] => [...x.norm(-1).reshape([-1]).dataSync()];

  test('unit vectors have length 1 and all directions', () => {
    forAll(unitVectors({ dimension: 4, count: 3 }), (x) => {
      expect(x.shape).toEqual([3, 4]);
      for (const length of lengths(x)) expect(length).toBeCloseTo(1, 12);
    });
    forAll(unitVectors({ dimension: 1 }), (x) => expect([1, -1]).toContain(x.slice([0]).itemSync()));
    expect(share(unitVectors({ dimension: 2 }), (x) => x.slice([0]).itemSync() < 0)).toBeGreaterThan(0.2);
    expect(smallest(unitVectors(), () => true)).toBe("tensor([1, 0, 0], { dtype: 'float64' })");
    expect(() => unitVectors({ dimension: 0 })).toThrow('unitVectors: dimension must be an integer ≥ 1, got 0');
  });

  test.for([1, 2, 3, 4, 5, 6])('angles are in every piece of ψ and away from its ends (m = %i)', (m) => {
    const arbitrary = angles({ m, margin: 0.1, shape: [2] });
    forAll(arbitrary, (x) => {
      for (const angle of x.dataSync()) {
        const end = (Math.round((angle * m) / Math.PI) * Math.PI) / m;
        expect(Math.abs(angle - end)).toBeGreaterThanOrEqual(0.1);
        expect(angle > 0 && angle < Math.PI).toBe(true);
      }
    });
    for (let k = 0; k < m; k++) {
      const inside = share(angles({ m, margin: 0.1 }), (x) => Math.floor((x.itemSync() * m) / Math.PI) === k);
      expect(inside).toBeGreaterThan(0.3 / m);
    }
  });

  test('angles reject an invalid m, and a margin that covers whole pieces', () => {
    expect(() => angles({ m: 0 })).toThrow('angles: m must be an integer ≥ 1, got 0');
    expect(() => angles({ m: 6, margin: 0.3 })).toThrow('is all within 0.3 of');
  });

  test('class weights can be normalized', () => {
    forAll(classWeights({ classes: 2, dimension: 3 }), (x) => {
      expect(x.shape).toEqual([2, 3]);
      expect(Math.min(...lengths(x))).toBeGreaterThanOrEqual(0.5);
    });
  });

  test('labels are classes', () => {
    forAll(labels({ count: 4, classes: 3 }), (x) => {
      expect(x.dtype).toBe('int32');
      expect(x.shape).toEqual([4]);
      expect([...x.dataSync()].every((label) => label >= 0 && label < 3)).toBe(true);
    });
    expect(smallest(labels({ count: 2 }), () => true)).toBe("tensor([0, 0], { dtype: 'int32' })");
  });
});
