import fc from 'fast-check';
import { expect, test } from 'vitest';
import { cosSin, permutation, Random } from '../src/random.ts';

const seeds = fc.maxSafeInteger();

test('a shuffle is a permutation', () => {
  fc.assert(
    fc.property(seeds, fc.nat(200), fc.nat(), (seed, n, epoch) => {
      expect([...permutation(n, seed, epoch)].sort((a, b) => a - b)).toEqual([...Array.from({ length: n }).keys()]);
    }),
  );
});

test('the same seed and counters give the same numbers, others give others', () => {
  const draw = (...names: [number, ...number[]]): number[] => {
    const random = new Random(...names);
    return Array.from({ length: 4 }, () => random.uint32());
  };
  fc.assert(
    fc.property(seeds, fc.nat(), (seed, counter) => {
      expect(draw(seed, counter)).toEqual(draw(seed, counter));
      expect(draw(seed, counter)).not.toEqual(draw(seed, counter + 1));
      expect(draw(seed)).not.toEqual(draw(seed, counter));
      expect(draw(seed, counter, 0)).not.toEqual(draw(seed, 0, counter + 1));
    }),
  );
});

test('the numbers are these, on every platform', () => {
  expect([...permutation(10, 0)]).toMatchInlineSnapshot(`
    [
      2,
      6,
      0,
      7,
      9,
      3,
      8,
      5,
      4,
      1,
    ]
  `);
  const random = new Random(-42, 7, 2 ** 40);
  expect([random.uint32(), random.uint32(), random.normal(), random.uniform(-1, 1)]).toMatchInlineSnapshot(`
    [
      3923602252,
      1048066489,
      1.7724627293646336,
      -0.5374646978452802,
    ]
  `);
});

test('integers, uniforms and normals have the moments of their distributions', () => {
  const random = new Random(1);
  const n = 60_000;
  const counts = new Int32Array(6);
  let [sum, squares, uniforms] = [0, 0, 0];
  for (let i = 0; i < n; i++) {
    counts[random.integer(6)]!++;
    const z = random.normal();
    sum += z;
    squares += z * z;
    uniforms += random.uniform(2, 4);
  }
  // Six standard errors each.
  for (const count of counts) expect(Math.abs(count - n / 6)).toBeLessThan(6 * Math.sqrt((n * 5) / 36));
  expect(Math.abs(sum / n)).toBeLessThan(6 / Math.sqrt(n));
  expect(Math.abs(squares / n - 1)).toBeLessThan(6 * Math.sqrt(2 / n));
  expect(Math.abs(uniforms / n - 3)).toBeLessThan(6 * Math.sqrt(1 / (3 * n)));
});

test('cosSin agrees with Math.cos and Math.sin', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: -1000, max: 1000 }).map((n) => (n / 1000) * 2 * Math.PI),
      (angle) => {
        const [cos, sin] = cosSin(angle);
        expect(cos).toBeCloseTo(Math.cos(angle), 12);
        expect(sin).toBeCloseTo(Math.sin(angle), 12);
      },
    ),
  );
  expect(cosSin(0)).toEqual([1, 0]);
});

test('bad seeds and bounds are refused', () => {
  expect(() => new Random(0.5)).toThrow('Random: seed and counters must be safe integers, got 0.5');
  expect(() => new Random(0, Number.NaN)).toThrow('got NaN');
  for (const bound of [0, -1, 1.5, 2 ** 33]) expect(() => new Random(0).integer(bound)).toThrow('bound must be');
});
