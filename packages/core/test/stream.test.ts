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
    return Array.from({ length: 130 }, () => stream.uint32());
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
  let inRange = true;
  for (let i = 0; i < n; i++) {
    counts[stream.integer(6)]!++;
    const z = stream.normal();
    sum += z;
    squares += z * z;
    const uniform = stream.uniform(2, 4);
    inRange &&= uniform >= 2 && uniform < 4;
    uniforms += uniform;
  }
  expect(inRange).toBe(true);
  // Six standard errors each.
  for (const count of counts) expect(Math.abs(count - n / 6)).toBeLessThan(6 * Math.sqrt((n * 5) / 36));
  expect(Math.abs(sum / n)).toBeLessThan(6 / Math.sqrt(n));
  expect(Math.abs(squares / n - 1)).toBeLessThan(6 * Math.sqrt(2 / n));
  expect(Math.abs(uniforms / n - 3)).toBeLessThan(6 * Math.sqrt(1 / (3 * n)));
});

test('integers are below their bound', () => {
  fc.assert(
    fc.property(seeds, fc.constantFrom(1, 2, 3, 7, 2 ** 32, 2 ** 32 + 1, 2 ** 53), (seed, bound) => {
      const stream = random.key(seed).stream();
      for (let i = 0; i < 20; i++) {
        const value = stream.integer(bound);
        expect(Number.isSafeInteger(value) && value >= 0 && value < bound).toBe(true);
      }
    }),
  );
});

test('shuffles give every order', () => {
  const stream = random.key(3).stream();
  const orders = new Set(Array.from({ length: 200 }, () => [...stream.permutation(3)].join('')));
  expect([...orders].toSorted()).toEqual(['012', '021', '102', '120', '201', '210']);
  expect(stream.shuffle(['a'])).toEqual(['a']);
});

test.each([-1, 2.5, NaN])('refuses a permutation of %d', (n) => {
  expect(() => random.key(0).stream().permutation(n)).toThrow('random.Stream.permutation: n must be an integer ≥ 0');
});

test.each([0, -1, 1.5, 2 ** 53 + 2, NaN])('refuses the bound %d', (bound) => {
  expect(() => random.key(0).stream().integer(bound)).toThrow('random.Stream.integer: bound must be an integer');
});
