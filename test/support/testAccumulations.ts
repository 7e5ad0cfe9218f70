import { full, random, type Backend } from '@thetagrad/core';
import { expect, test } from 'vitest';
import { accumulationError, accumulations, unevenSums } from './accumulations.ts';
import { valuesOn } from './backends.ts';

/** Declares tests of sums of up to n terms: their errors must not grow with n. */
export function testAccumulations(open: () => Promise<Backend>, n: number): void {
  test.each(Object.entries(accumulations(n)))('%s', async (_, { terms, build }) => {
    const exact = terms * Math.fround(0.1);
    const [values] = await valuesOn(await open(), build);
    const worst = Math.max(...Array.from(values!, (value) => Math.abs(value / exact - 1)));
    expect(worst).toBeLessThan(accumulationError(terms));
  });

  test('random numbers', async () => {
    const stream = random.key(1).stream();
    const numbers = Float32Array.from({ length: n }, () => stream.uniform() ** 8);
    const exact = numbers.reduce((sum, x) => sum + x, 0);
    for (const values of await valuesOn(await open(), () => unevenSums(numbers))) {
      expect(Math.abs(values[0]! / exact - 1)).toBeLessThan(accumulationError(n));
    }
  });

  test('products are as exact as if each factor were rounded', async () => {
    const factor = 1 + 2 ** -20;
    const [values] = await valuesOn(await open(), () => full([n], factor).add(0).prod());
    expect(Math.abs(values![0]! / factor ** n - 1)).toBeLessThan(n * 2 ** -24);
  });
}
