import fc from 'fast-check';
import { expect, test } from 'vitest';
import { random } from '../src/index.ts';

const seeds = fc.maxSafeInteger();

test('a shuffle is a permutation', () => {
  fc.assert(
    fc.property(seeds, fc.nat(200), (seed, n) => {
      const order = random.key(seed).stream().permutation(n);
      expect(order.toSorted()).toEqual(Int32Array.from({ length: n }, (_, i) => i));
    }),
  );
});

test('the same key gives the same numbers, another gives others', () => {
  const draw = (key: random.Key): number[] => {
    const stream = key.stream();
    return Array.from({ length: 4 }, () => stream.uint32());
  };
  fc.assert(
    fc.property(seeds, fc.nat(), (seed, n) => {
      const key = random.key(seed);
      expect(draw(key.foldIn(n))).toEqual(draw(key.foldIn(n)));
      expect(draw(key.foldIn(n))).not.toEqual(draw(key.foldIn(n + 1)));
      expect(draw(key)).not.toEqual(draw(key.foldIn(n)));
    }),
  );
});

test('the numbers are these, in every engine', () => {
  expect([...random.key(0).stream().permutation(10)]).toMatchInlineSnapshot(`
    [
      1,
      4,
      0,
      9,
      3,
      6,
      7,
      8,
      2,
      5,
    ]
  `);
  const stream = random.key(-42).foldIn(7).stream();
  expect([stream.uint32(), stream.uint32(), stream.normal(), stream.uniform(-1, 1)]).toMatchInlineSnapshot(`
    [
      2708544807,
      3402396846,
      1.0421423842199147,
      0.44051814125850797,
    ]
  `);
  expect([stream.integer(6), stream.integer(2 ** 53)]).toMatchInlineSnapshot(`
    [
      1,
      3142203862706059,
    ]
  `);
});

test('integers, uniforms and normals have the moments of their distributions', () => {
  const stream = random.key(1).stream();
  const n = 60_000;
  const counts = new Int32Array(6);
  let [sum, squares, uniforms] = [0, 0, 0];
  for (let i = 0; i < n; i++) {
    counts[stream.integer(6)]!++;
    const z = stream.normal();
    sum += z;
    squares += z * z;
    uniforms += stream.uniform(2, 4);
  }
  // Six standard errors each.
  for (const count of counts) expect(Math.abs(count - n / 6)).toBeLessThan(6 * Math.sqrt((n * 5) / 36));
  expect(Math.abs(sum / n)).toBeLessThan(6 / Math.sqrt(n));
  expect(Math.abs(squares / n - 1)).toBeLessThan(6 * Math.sqrt(2 / n));
  expect(Math.abs(uniforms / n - 3)).toBeLessThan(6 * Math.sqrt(1 / (3 * n)));
});

test('refuses a bound that is not an integer from 1 to 2⁵³', () => {
  for (const bound of [0, -1, 1.5, 2 ** 54]) expect(() => random.key(0).stream().integer(bound)).toThrow('bound');
});
