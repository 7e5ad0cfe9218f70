import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { random, tensor, type Key } from '../src/index.ts';
import { threefry } from '../src/scalar/threefry.ts';
import { numbers } from './helpers.ts';

const seeds = fc.maxSafeInteger();
const hex = (words: readonly number[]): string[] => words.map((word) => (word >>> 0).toString(16).padStart(8, '0'));

describe('Threefry-2x32, 20 rounds', () => {
  // Known-answer tests of Random123.
  test.each([
    [
      [0, 0],
      [0, 0],
      ['6b200159', '99ba4efe'],
    ],
    [
      [-1, -1],
      [-1, -1],
      ['1cb996fc', 'bb002be7'],
    ],
    [
      [0x13198a2e, 0x03707344],
      [0x243f6a88, 0x85a308d3],
      ['c4923a9c', '483df7a0'],
    ],
  ] as const)('key %j, counter %j', (key, counter, answer) => {
    expect(hex(threefry(key, counter[0], counter[1]))).toEqual(answer);
  });

  test('element i of random.bits is the first word for counter (0, i)', () => {
    const bits = numbers(random.bits(random.key(0), [3]));
    expect(bits).toEqual([0, 1, 2].map((i) => threefry([0, 0], 0, i)[0]));
  });
});

describe('a pure function of key and index', () => {
  const draws = {
    bits: (key: Key, shape: number[]) => random.bits(key, shape),
    uniform: (key: Key, shape: number[]) => random.uniform(key, shape, { low: -1, high: 2 }),
    'uniform float64': (key: Key, shape: number[]) => random.uniform(key, shape, { dtype: 'float64' }),
    normal: (key: Key, shape: number[]) => random.normal(key, shape, { mean: 1, std: 2 }),
    integers: (key: Key, shape: number[]) => random.integers(key, shape, { low: -5, high: 5 }),
    bernoulli: (key: Key, shape: number[]) => random.bernoulli(key, shape, 0.3),
  };

  test.each(Object.entries(draws))('%s', (_, draw) => {
    fc.assert(
      fc.property(seeds, fc.nat(20), fc.nat(20), (seed, short, more) => {
        const long = numbers(draw(random.key(seed), [short + more]));
        expect(numbers(draw(random.key(seed), [short]))).toEqual(long.slice(0, short));
        expect(numbers(draw(random.key(seed), [1, short + more, 1]))).toEqual(long);
      }),
      { numRuns: 30 },
    );
  });

  test('drawing has no side effects', () => {
    const key = random.key(5);
    expect(numbers(random.normal(key, [4]))).toEqual(numbers(random.normal(key, [4])));
  });
});

describe('keys', () => {
  test('seeds, splits and folds all differ', () => {
    fc.assert(
      fc.property(fc.uniqueArray(seeds, { minLength: 2, maxLength: 5 }), (list) => {
        const keys = list.flatMap((seed) => {
          const key = random.key(seed);
          const folded = [0, 1, -1, 2 ** 32, 2 ** 32 + 1].map((n) => key.foldIn(n));
          return [key, ...key.split(3), ...folded, ...key.split()[0]!.split()];
        });
        // split(2) is a prefix of split(3), which the list contains once.
        expect(new Set(keys.map(({ words }) => words.join())).size).toBe(keys.length);
      }),
      { numRuns: 50 },
    );
  });

  test('the first keys of a split do not depend on the count', () => {
    const key = random.key(1);
    expect(key.split(5).slice(0, 2)).toEqual(key.split());
    expect(key.split(0)).toEqual([]);
    expect(random.Key.stack(key.split(3)).toArraySync()).toEqual(key.split(3).map(({ words }) => [...words]));
    expect(random.Key.stack([]).shape).toEqual([0, 2]);
  });

  test('streams of related keys are uncorrelated', () => {
    const n = 20_000;
    const key = random.key(3);
    const [a, b] = key.split() as [Key, Key];
    const streams = [key, a, b, key.foldIn(0), key.foldIn(1), random.key(4)].map((k) => random.normal(k, [n]));
    streams.forEach((x, i) =>
      streams.slice(i + 1).forEach((y) => {
        // The mean of n products of independent standard normal numbers has the standard error 1/√n.
        expect(Math.abs(x.mul(y).mean().itemSync())).toBeLessThan(4.5 / Math.sqrt(n));
      }),
    );
  });
});

// Seeds are fixed; bounds of 4.5 standard errors are exceeded by chance less than once in 100,000.
const n = 50_000;
const within = (actual: number, expected: number, standardDeviation: number): void =>
  expect(Math.abs(actual - expected)).toBeLessThan((4.5 * standardDeviation) / Math.sqrt(n));

describe('distributions', () => {
  test.each([['float32'], ['float64']] as const)('uniform in %s', (dtype) => {
    const x = random.uniform(random.key(10), [n], { dtype });
    expect(x.dtype).toBe(dtype);
    expect(x.min().itemSync()).toBeGreaterThanOrEqual(0);
    expect(x.max().itemSync()).toBeLessThan(1);
    within(x.mean().itemSync(), 1 / 2, Math.sqrt(1 / 12));
    within(x.square().mean().itemSync(), 1 / 3, Math.sqrt(4 / 45));
    // Counts in tenths of the interval: χ² with 9 degrees of freedom, 99.99 % quantile 33.7.
    const counts = numbers(x.mul(10).floor().astype('int32').oneHot(10).sum(0));
    expect(counts.reduce((sum, count) => sum + (count - n / 10) ** 2 / (n / 10), 0)).toBeLessThan(33.7);
  });

  test('uniform between bounds', () => {
    const x = random.uniform(random.key(11), [1000], { low: -3, high: 5 });
    expect(x.min().itemSync()).toBeGreaterThanOrEqual(-3);
    expect(x.max().itemSync()).toBeLessThan(5);
    expect(random.uniform(random.key(0), []).shape).toEqual([]);
    expect(numbers(random.uniform(random.key(0), [0]))).toEqual([]);
  });

  test.each([['float32'], ['float64']] as const)('normal in %s', (dtype) => {
    const x = random.normal(random.key(12), [n], { dtype, mean: 3, std: 2 });
    expect(x.dtype).toBe(dtype);
    expect(x.isfinite().all().toArraySync()).toBe(true);
    const z = x.sub(3).div(2);
    within(z.mean().itemSync(), 0, 1);
    within(z.square().mean().itemSync(), 1, Math.sqrt(2));
    within(z.pow(3).mean().itemSync(), 0, Math.sqrt(15));
    within(z.pow(4).mean().itemSync(), 3, Math.sqrt(96));
    // Φ(1) − Φ(−1).
    within(z.abs().less(1).mean().itemSync(), 0.6826894921, 0.47);
  });

  test('integers', () => {
    const x = random.integers(random.key(13), [n], { low: -2, high: 3 });
    expect(x.dtype).toBe('int32');
    expect([x.min().itemSync(), x.max().itemSync()]).toEqual([-2, 2]);
    const counts = numbers(x.add(2).oneHot(5).sum(0));
    // χ² with 4 degrees of freedom, 99.99 % quantile 23.5.
    expect(counts.reduce((sum, count) => sum + (count - n / 5) ** 2 / (n / 5), 0)).toBeLessThan(23.5);
    const wide = random.integers(random.key(1), [100], { low: -(2 ** 31), high: -1 });
    expect(wide.dtype).toBe('int32');
    expect(wide.max().itemSync()).toBeLessThan(0);
  });

  test('bernoulli, with one probability or many', () => {
    const x = random.bernoulli(random.key(14), [n], 0.3);
    expect(x.dtype).toBe('bool');
    within(x.mean().itemSync(), 0.3, Math.sqrt(0.21));
    expect(random.bernoulli(random.key(0), [2, 3], tensor([0, 1, 0])).toArraySync()).toEqual([
      [false, true, false],
      [false, true, false],
    ]);
  });

  test('permutation', () => {
    fc.assert(
      fc.property(seeds, fc.nat(30), (seed, count) => {
        const order = numbers(random.permutation(random.key(seed), count));
        expect(order.toSorted((a, b) => a - b)).toEqual(Array.from({ length: count }, (_, i) => i));
      }),
    );
    const firsts = Array.from({ length: 600 }, (_, i) => numbers(random.permutation(random.key(i), 3)).join());
    const counts = [...new Set(firsts)].map((order) => firsts.filter((other) => other === order).length);
    // χ² with 5 degrees of freedom, 99.99 % quantile 25.7.
    expect(counts.length).toBe(6);
    expect(counts.reduce((sum, count) => sum + (count - 100) ** 2 / 100, 0)).toBeLessThan(25.7);
  });
});

const key = random.key(0);
test.each([
  [() => random.key(0.5), 'random.key: seed must be an integer from -9007199254740991 to 9007199254740991, got 0.5'],
  [
    () => random.key('1' as unknown as number),
    "random.key: seed must be an integer from -9007199254740991 to 9007199254740991, got '1'",
  ],
  [() => key.split(-1), 'random.Key.split: count must be an integer ≥ 0, got -1'],
  [
    () => key.foldIn(0.5),
    'random.Key.foldIn: n must be an integer from -9007199254740991 to 9007199254740991, got 0.5',
  ],
  [
    () => random.Key.stack([key, 3 as unknown as Key]),
    'random.Key.stack: expected a key as from random.key(seed), got 3',
  ],
  [() => random.bits(0 as unknown as Key, [2]), 'random.bits: expected a key as from random.key(seed), got 0'],
  [() => random.uniform([2] as unknown as Key, [2]), 'random.uniform: expected a key as from random.key(seed)'],
  [() => random.normal([2] as unknown as Key, [2]), 'random.normal: expected a key as from random.key(seed)'],
  [() => random.permutation(5 as unknown as Key, 5), 'random.permutation: expected a key as from random.key(seed)'],
  [() => random.bernoulli(5 as unknown as Key, [5]), 'random.bernoulli: expected a key as from random.key(seed)'],
  [
    () => random.uniform(key, 2 as unknown as number[]),
    'random.uniform: shape must be an array of integers ≥ 0, got 2',
  ],
  [() => random.normal(key, [-1]), 'random.normal: shape must be an array of integers ≥ 0, got [-1]'],
  [() => random.permutation(key, -1), 'random.permutation: n must be an integer ≥ 0, got -1'],
  [
    () => random.uniform(key, [2], { dtype: 'int32' }),
    'random.uniform: dtype must be float32 or float64, got int32; for integers use random.integers',
  ],
  [() => random.normal(key, [2], { dtype: 'bool' }), 'random.normal: dtype must be float32 or float64, got bool'],
  [
    () => random.integers(key, [2], { high: 0 }),
    'random.integers: high − low must be from 1 to 2^31 − 1, got low 0 and high 0',
  ],
  [
    () => random.integers(key, [2], { low: -2, high: 2 ** 31 }),
    'random.integers: high − low must be from 1 to 2^31 − 1, got low -2 and high 2147483648',
  ],
  [
    () => random.integers(key, [2], { low: -3e9, high: 0 }),
    'random.integers: low must be an integer ≥ -2147483648, got -3000000000',
  ],
  [() => random.integers(key, [2], { high: 1.5 }), 'random.integers: high must be an integer ≤ 2147483648, got 1.5'],
  [
    () => random.integers(key, [2], undefined as unknown as { high: number }),
    'random.integers: options must be an object such as { low: … }, got undefined',
  ],
  [() => random.uniform(key, [2], { low: '0' as unknown as number }), "random.uniform: low must be a number, got '0'"],
  [() => random.normal(key, [2], { std: null as unknown as number }), 'random.normal: std must be a number, got null'],
])('error %#', (make, message) => expect(make).toThrow(message));
