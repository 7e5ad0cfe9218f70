import { arange, random } from '@thetagrad/core';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { randomBitsCommand } from '../src/kernels/randomBits.ts';
import { backwards, link, slot } from './link.ts';
import { expectSame } from './backends.ts';

const sizes = fc.oneof(
  { weight: 5, arbitrary: fc.nat(70) },
  { weight: 1, arbitrary: fc.constantFrom(16_383, 16_384, 16_385, 40_003) },
);

test('random bits equal the portable backend, for all keys and sizes', () => {
  fc.assert(
    fc.property(fc.maxSafeInteger(), sizes, (seed, size) => {
      expectSame(() => random.bits(random.key(seed), [size]));
    }),
  );
});

test('functions of random bits are computed in the same pass', () => {
  fc.assert(
    fc.property(fc.maxSafeInteger(), sizes, (seed, size) => {
      expectSame(() => random.uniform(random.key(seed), [size], { low: -2, high: 3 }));
      expectSame(() => random.bits(random.key(seed), [size]).mul(3).add(1));
      expectSame(() => random.integers(random.key(seed), [2, size], { high: 10 }));
    }),
    { numRuns: 30 },
  );
});

test('keys may have any strides, and chunks may run in any order', () => {
  const [key, output] = [slot('int32', 6), slot('int32', 40_000)];
  const bitsOf = (words: Int32Array, first: number, second: number): Int32Array => {
    const view = { shape: [2], strides: [second - first], offset: first };
    const command = randomBitsCommand({ operands: [{ slot: key, view }], output });
    const result = new Int32Array(output.size);
    const linked = link(
      [command],
      new Map([
        [key, words],
        [output, result],
      ]),
    );
    linked.run(backwards);
    return linked.read(output, result);
  };
  const forwards = bitsOf(Int32Array.of(5, 6, 0, 0, 0, 0), 0, 1);
  expect(bitsOf(Int32Array.of(0, 0, 6, 0, 5, 0), 4, 2)).toEqual(forwards);
  // The known answer of Random123 for zeros.
  expect(bitsOf(new Int32Array(6), 0, 1)[0]! >>> 0).toBe(0x6b200159);
});

test('iota counts', () => {
  fc.assert(
    fc.property(fc.oneof(sizes, fc.constantFrom(65_535, 65_536, 65_537, 200_001)), (size) => {
      expectSame(() => arange(size));
      expectSame(() => arange(size).mul(3).sub(7));
    }),
    { numRuns: 50 },
  );
});
