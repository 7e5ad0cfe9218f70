// Matrix products and convolutions large enough for tiles, with odd sizes, strides and slices of the depth. Values are small
// integers, so that sums are exact.
import { conv2d, vjp, type Tensor } from '@thetagrad/core';
import { describe, test, vi } from 'vitest';
import { integerValues } from '../../../test/support/values.ts';
import { expectSame, modes } from './modes.ts';

// Drivers in software compile slowly.
vi.setConfig({ testTimeout: 60_000 });

/** The value and both gradients of f, for some cotangent. */
function three(f: (a: Tensor, b: Tensor) => Tensor, a: readonly number[], b: readonly number[]): Tensor[] {
  const make = (shape: readonly number[], seed: number): Tensor => integerValues('float32', seed, 2)(shape);
  const { value, pullback } = vjp(f, make(a, 1), make(b, 2));
  return [value, ...pullback(make(value.shape, 3))].map((x) => x.add(0));
}

const make = integerValues('float32', 5, 2);
const [long, other] = [make([20, 3000]), make([3000, 12])];

// Few cases, since a driver in software takes seconds to compile a kernel with tiles.
describe.each(modes)('%s', (mode) => {
  test('matmul of odd sizes, transposed, with a bias and an activation', () =>
    expectSame(mode, () => three((a, b) => a.transpose().matmul(b.transpose()).add(1).relu(), [41, 66], [35, 41])));

  test('matmul of a long depth, in slices', () => expectSame(mode, () => [long.matmul(other).add(0)]));

  test('matmul of batches of int32, modulo 2³², with a broadcast matrix', () =>
    expectSame(mode, () => [
      integerValues('int32', 1, 2 ** 20)([3, 40, 50]).matmul(integerValues('int32', 2, 2 ** 20)([50, 17])),
    ]));

  test('conv2d with padding, stride, dilation and groups', () => {
    const options = { padding: [2, 1], dilation: [1, 2], stride: [2, 1], groups: 2 } as const;
    return expectSame(mode, () => three((x, w) => conv2d(x, w, options), [2, 16, 9, 10], [18, 8, 3, 3]));
  });
});
