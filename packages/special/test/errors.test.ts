import { tensor } from '@thetagrad/core';
import { describe, expect, test } from 'vitest';
import { erfc, gammainc, legendrePolynomialP, multigammaln, polygamma } from '../src/index.ts';

const x = tensor([1, 2, 3]);

describe('bad arguments', () => {
  test.for<readonly [string, () => unknown]>([
    [
      'TypeError: erfc: expected a tensor or a number, got Array; make a tensor of it with tensor(…)',
      () => erfc([1] as never),
    ],
    ['RangeError: gammainc: shapes [3] and [2] do not broadcast', () => gammainc(x, tensor([1, 2]))],
    ['RangeError: polygamma: n must be an integer ≥ 0, got -1', () => polygamma(-1, x)],
    ["TypeError: polygamma: n must be an integer ≥ 0, got '1'", () => polygamma('1' as never, x)],
    ['RangeError: multigammaln: p must be an integer ≥ 1, got 0', () => multigammaln(x, 0)],
    [
      'TypeError: multigammaln: expected a tensor, got 2; make a tensor of it with tensor(…)',
      () => multigammaln(2 as never, 1),
    ],
    ['RangeError: legendrePolynomialP: n must be an integer ≥ 0, got 1.5', () => legendrePolynomialP(x, 1.5)],
  ])('%s', ([message, call]) => {
    expect(() => call()).toThrow(message.slice(message.indexOf(': ') + 2));
    expect(call).toThrow(message.startsWith('TypeError') ? TypeError : RangeError);
  });
});

test('integers become float32', () => {
  const integers = tensor([1, 2], { dtype: 'int32' });
  for (const result of [
    erfc(integers),
    polygamma(1, integers),
    gammainc(integers, 2),
    legendrePolynomialP(integers, 2),
  ]) {
    expect(result.dtype).toBe('float32');
  }
  expect(erfc(tensor([], { shape: [0, 3] })).shape).toEqual([0, 3]);
});
