// Kernels without elements, and indices out of range: the values and the errors of the portable backend.
import {
  arange,
  concat,
  conv2d,
  evaluate,
  maxPool2d,
  ones,
  pad,
  portable,
  random,
  tensor,
  vjp,
  zeros,
  type Backend,
  type Tensor,
} from '@thetagrad/core';
import { describe, expect, test } from 'vitest';
import { withBackend } from '../../../test/support/backends.ts';
import { backendOf, modes } from './modes.ts';

type Build = () => Tensor | readonly Tensor[];

const int = (values: number[], shape: number[] = [values.length]): Tensor => tensor(values, { shape, dtype: 'int32' });
/** Zeros that the device computes. */
const computed = (...shape: number[]): Tensor => zeros(shape).mul(2);
const gradients = (f: (...x: Tensor[]) => Tensor, ...x: Tensor[]): Tensor[] => {
  const { value, pullback } = vjp(f, ...x);
  return [value, ...pullback(ones(value.shape))];
};

const empties: Readonly<Record<string, Build>> = {
  maps: () => [computed(0).add(1).relu(), computed(0, 3).greater(0).where(computed(0, 3), 1)],
  reductions: () => [
    computed(0).sum(),
    arange(0).sum(),
    computed(3, 0).sum(1),
    computed(3, 0).sum(0),
    computed(0).mean(),
    computed(3, 0).prod(1),
  ],
  'views of nothing': () => [
    ones([3])
      .mul(2)
      .slice([[1, 1]])
      .sum(),
    concat([computed(0), ones([2]).mul(3), computed(0)]),
    concat([computed(0), computed(0)]).sum(),
    pad(computed(0), [[1, 2]], 5),
  ],
  'matrix products': () => [
    computed(2, 0).matmul(computed(0, 3)).add(1).relu(),
    computed(4, 2, 0).matmul(computed(4, 0, 3)),
    computed(0, 2)
      .matmul(ones([2, 3]))
      .sum(),
  ],
  'convolutions and pools': () => [
    ...gradients((x, w) => conv2d(x!, w!), computed(0, 1, 4, 4), ones([1, 1, 3, 3])),
    conv2d(computed(1, 0, 4, 4), computed(2, 0, 3, 3)),
    ...gradients((x) => maxPool2d(x!, { kernelSize: 2 }), computed(1, 0, 4, 4)),
  ],
  'scans and sorts': () => [computed(0).cumsum(0), computed(3, 0).cumsum(1).sum(), computed(3, 0).sort(0)],
  'random numbers': () => random.uniform(random.key(1), [0]).sum(),
  gathers: () => [
    arange(3).take(int([])),
    computed(3, 0).take(int([0])),
    ...gradients((x) => x!.take(int([])), computed(3)),
    ones([3]).scatterAdd(int([]), computed(0), 0),
    computed(2, 0).scatterAdd(int([], [1, 0]), computed(1, 0), 0),
  ],
};

/** Each has an index out of range. */
const errors: Readonly<Record<string, Build>> = {
  'an index into nothing': () => arange(0).take(int([0])),
  'an index into no rows': () => computed(0, 3).take(int([0])),
  'a computed index into nothing': () => computed(0).take(int([1, 2]).add(1)),
  'the first of several': () => arange(3).take(int([1, 9, -8, 5])),
  'the first of several, computed': () =>
    arange(3)
      .mul(2)
      .take(int([0, 3, -8, 1]).mul(3)),
  'the last of thousands, computed': () =>
    arange(3).take(tensor(new Int32Array(3000).fill(1).with(2999, -4), { dtype: 'int32' }).mul(1)),
  'in columns': () => computed(2, 3).take(int([0, 5, 3]), 1),
  'along an axis': () => ones([2, 3]).takeAlongAxis(int([0, 2, 5, 1, -9, 4], [2, 3]), 0),
  'along an empty axis': () => computed(2, 0).takeAlongAxis(int([0, 0], [2, 1]), 1),
  'scattered to nothing': () => computed(0).scatterAdd(int([0]), ones([1]), 0),
  'scattered to nothing, computed': () => computed(0).scatterAdd(int([0]).add(3), ones([1]), 0),
  'scattered to no rows': () => computed(0, 2).scatterAdd(int([0, 1], [1, 2]), ones([1, 2]), 0),
  'scattered in two dimensions': () => ones([3, 2]).scatterAdd(int([0, 3, -4, 0], [2, 2]), ones([2, 2]), 0),
  'in the first of several kernels': () => [arange(3).take(int([1]).mul(7)), arange(4).take(int([8]))],
  'in the second of several kernels': () => [arange(9).take(int([1]).mul(7)), arange(4).take(int([8]))],
  'that another gather reads': () => arange(9).take(arange(3).take(int([8]))),
};

/** The shapes and values of the tensors, or the error. */
const outcome = (backend: Backend, build: Build): Promise<unknown> =>
  withBackend(backend, async () => {
    const results = [build()].flat();
    try {
      await evaluate(results);
      return await Promise.all(results.map(async (x) => [x.shape, await x.data()]));
    } catch (error) {
      return `${(error as Error).name}: ${(error as Error).message}`;
    }
  });

describe.each(modes)('%s', (mode) => {
  test.each(Object.entries(empties))('without elements: %s', async (_name, build) => {
    const expected = await outcome(portable(), build);
    expect(expected).toBeInstanceOf(Array);
    expect(await outcome(await backendOf(mode), build)).toEqual(expected);
  });

  test.each(Object.entries(errors))('an index out of range: %s', async (_name, build) => {
    const expected = await outcome(portable(), build);
    expect(expected).toMatch(
      /^RangeError: (take|takeAlongAxis|scatterAdd): index -?\d+ is out of range for axis \d of length \d/,
    );
    expect(await outcome(await backendOf(mode), build)).toBe(expected);
  });
});
