// Slices of known values: their start is an input of kernels.
import {
  arange,
  concat,
  evaluate,
  profile,
  setBackend,
  portable,
  tensor,
  Variable,
  type Tensor,
} from '@thetagrad/core';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { backendOf, modes } from './modes.ts';

// Drivers in software compile slowly.
vi.setConfig({ testTimeout: 60_000 });

afterEach(() => setBackend(portable()));

const valuesOf = async (x: Tensor): Promise<number[]> => Array.from(await x.data());

describe.each(modes)('slices of known values in mode %s', (mode) => {
  test.each([10, 4096])('of a tensor of %i rows', async (rows) => {
    const backend = await backendOf(mode);
    setBackend(backend);
    const x = arange(rows * 3)
      .reshape([rows, 3])
      .astype('float32');
    await evaluate(x);
    const row = (i: number): number[] => [3 * i, 3 * i + 1, 3 * i + 2];
    for (const i of [0, 7, 3]) {
      const j = rows - i - 2;
      const [a, b, c] = [x.slice([[i, i + 2]]), x.slice([[j, j + 2]]), x.slice([null, i % 3]).slice([j])];
      await evaluate(a, b, c);
      expect(await valuesOf(a)).toEqual([...row(i), ...row(i + 1)]);
      expect(await valuesOf(b)).toEqual([...row(j), ...row(j + 1)]);
      expect(await valuesOf(c)).toEqual([3 * j + (i % 3)]);
      expect(await valuesOf(a.sub(b).sum())).toEqual([18 * (i - j)]);
    }
  });

  test('compile nothing for another start', async () => {
    const backend = await backendOf(mode);
    setBackend(backend);
    const x = arange(5000).astype('float32');
    const step = async (i: number): Promise<void> => {
      expect(await valuesOf(x.slice([[i, i + 5]]).mul(2))).toEqual([0, 2, 4, 6, 8].map((value) => value + 2 * i));
    };
    await evaluate(x);
    await step(1);
    const { kernelBytes } = backend;
    for (const i of [0, 4995, 2]) await step(i);
    expect(backend.kernelBytes).toBe(kernelBytes);
  });

  test('of host memory, int32 and bool', async () => {
    setBackend(await backendOf(mode));
    const x = arange(10).astype('float32');
    const order = tensor([-1, 70_000, 8, 0, 3, 5, -2], { dtype: 'int32' });
    const mask = tensor([0, 1, 1, 0, 1, 0, 0], { dtype: 'bool' });
    await evaluate(x);
    for (const i of [2, 4, 3]) {
      const indices = order.slice([[i, i + 3]]);
      expect(await valuesOf(x.take(indices))).toEqual([-1, 70_000, 8, 0, 3, 5, 8].slice(i, i + 3));
      expect(await valuesOf(mask.slice([[i, i + 3]]).where(1, 2))).toEqual([2, 1, 1, 2, 1, 2, 2].slice(i, i + 3));
    }
    await expect(valuesOf(x.take(order.slice([[1, 4]])))).rejects.toThrow('take: index 70000 is out of range');
  });

  test('that are empty', async () => {
    setBackend(await backendOf(mode));
    const x = arange(2000).reshape([1000, 2]).astype('float32');
    await evaluate(x);
    for (const i of [0, 1, 1000]) {
      const [empty, whole] = [x.slice([[i, i]]), x.slice([[0, 1]])];
      expect(await valuesOf(concat([empty, whole]))).toEqual([0, 1]);
      expect(await valuesOf(empty.sum(0).add(whole))).toEqual([0, 1]);
    }
  });

  test('of variables, and with profiles', async () => {
    setBackend(await backendOf(mode));
    const v = new Variable(arange(6).astype('float32'));
    let values = [0, 1, 2, 3, 4, 5];
    for (const i of [1, 4, 2]) {
      const part = v.value.slice([[i, i + 2]]).mul(10);
      v.assign(v.value.slice([i]).add(v.value));
      await evaluate(part, v);
      expect(await valuesOf(part)).toEqual([10 * values[i]!, 10 * values[i + 1]!]);
      values = values.map((value) => value + values[i]!);
      expect(await valuesOf(v.value)).toEqual(values);
    }
    const x = arange(100).astype('float32');
    await evaluate(x);
    const { kernels } = await profile(() =>
      evaluate(
        x
          .slice([[3, 9]])
          .exp()
          .sum(),
      ),
    );
    expect(kernels.map(({ name, runs }) => [name, runs])).toEqual([['exp → sum', 1]]);
  });
});
