import fc from 'fast-check';
import { expect, test } from 'vitest';
import { keyFor } from '../src/keys.ts';

type Purpose = Parameters<typeof keyFor>[2];

function draw(seed: number, purpose: Purpose, ...counters: readonly number[]): number[] {
  const stream = counters.reduce((key, n) => key.foldIn(n), keyFor('test', seed, purpose)).stream();
  return Array.from({ length: 4 }, () => stream.uint32());
}

test('equal seeds, purposes and counters give equal numbers, others different ones', () => {
  fc.assert(
    fc.property(fc.maxSafeInteger(), fc.nat(), (seed, counter) => {
      expect(draw(seed, 'order', counter)).toEqual(draw(seed, 'order', counter));
      expect(draw(seed, 'order', counter)).not.toEqual(draw(seed, 'order', counter + 1));
      expect(draw(seed, 'order')).not.toEqual(draw(seed, 'order', counter));
      expect(draw(seed, 'order', counter, 0)).not.toEqual(draw(seed, 'order', 0, counter + 1));
      expect(draw(seed, 'order', counter)).not.toEqual(draw(seed, 'augmentation', counter));
    }),
  );
});

test('the numbers are the same on every platform', () => {
  expect([...keyFor('test', 0, 'order').stream().permutation(10)]).toMatchInlineSnapshot(`
    [
      1,
      5,
      2,
      0,
      9,
      4,
      6,
      3,
      8,
      7,
    ]
  `);
  expect(draw(-42, 'augmentation', 7, 2 ** 40)).toMatchInlineSnapshot(`
    [
      2472165268,
      2920208947,
      3767718958,
      3630446178,
    ]
  `);
});

test('refuses a seed that is not an integer', () => {
  expect(() => keyFor('glyphs', 0.5, 'classes')).toThrow(new RangeError('glyphs: seed must be an integer, got 0.5'));
});
