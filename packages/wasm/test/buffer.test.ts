import type { DType, TypedArray } from '@thetagrad/core';
import { describe, expect, test } from 'vitest';
import { affine, affineWords, at, command, input, machine, output, Plans } from './machine.ts';

/** out[0] = a · in[0] + b, of n float32. */
function affinePlan(plans: Plans, n: number, a: number, b: number) {
  return plans.of([command(affine, affineWords(at(output(0, n)), at(input(0, n)), n, a, b))]);
}

describe('buffers', () => {
  const uploads: [DType, TypedArray][] = [
    ['float32', Float32Array.of(1.5, -2)],
    ['float64', Float64Array.of(0.1)],
    ['int32', Int32Array.of(-7, 8, 9)],
    ['bool', Uint8Array.of(0, 1)],
  ];
  test.each(uploads)('keeps uploaded %s elements and gives copies of them', async (dtype, values) => {
    const buffer = machine(new Plans(), { threads: 1 }).upload(values, dtype);
    const copy = buffer.readSync();
    expect(copy).toEqual(values);
    expect(copy).not.toBe(values);
    expect(await buffer.read()).toEqual(values);
    expect([buffer.dtype, buffer.size]).toEqual([dtype, values.length]);
  });

  test.each([1, 2])('gives results in plain memory with %i threads', (threads) => {
    const plans = new Plans();
    const backend = machine(plans, { threads });
    const out = backend.allocate('float32', 4);
    expect(out.readSync()).toEqual(new Float32Array(4));
    backend.execute(affinePlan(plans, 4, 2, 1), [backend.upload(Float32Array.of(0, 1, 2, 3), 'float32')], [out]);
    const values = out.readSync();
    expect(values).toEqual(Float32Array.of(1, 3, 5, 7));
    expect(values.buffer).toBeInstanceOf(ArrayBuffer);
    values[0] = 100;
    expect(out.readSync()[0]).toBe(1);
    backend.close();
  });

  test.each([8, 4096])('writes results over an uploaded buffer of %i elements, which it reads too', (n) => {
    const plans = new Plans();
    const backend = machine(plans, { threads: 1 });
    const cell = backend.upload(new Float32Array(n).fill(1), 'float32');
    const plan = affinePlan(plans, n, 2, 1);
    backend.execute(plan, [cell], [cell]);
    expect(cell.readSync()).toEqual(new Float32Array(n).fill(3));
    backend.execute(plan, [cell], [cell]);
    expect(cell.readSync()).toEqual(new Float32Array(n).fill(7));
  });

  test('reads small inputs anew in each run', () => {
    const plans = new Plans();
    const backend = machine(plans, { threads: 1 });
    const plan = affinePlan(plans, 1, 1, 0);
    const results = [5, 6, 7].map((value) => {
      const out = backend.allocate('float32', 1);
      backend.execute(plan, [backend.upload(Float32Array.of(value), 'float32')], [out]);
      return out;
    });
    expect(results.map((out) => out.readSync()[0])).toEqual([5, 6, 7]);
  });

  test('evicts the oldest results, which can still be read and used', () => {
    const plans = new Plans();
    const backend = machine(plans, { threads: 1, minBudget: 16 * 2 ** 20 });
    const n = 2 ** 18;
    const plan = affinePlan(plans, n, 1, 1);
    let last = backend.upload(new Float32Array(n), 'float32');
    const results = Array.from({ length: 34 }, () => {
      const out = backend.allocate('float32', n);
      backend.execute(plan, [last], [out]);
      return (last = out);
    });
    expect(backend.bytesInUse).toBeLessThan(17 * 2 ** 20);
    for (const i of [0, 1, 16, 32, 33]) expect(results[i]!.readSync()[n - 1]).toBe(i + 1);
    const again = backend.allocate('float32', n);
    backend.execute(plan, [results[0]!], [again]);
    expect(again.readSync()[7]).toBe(2);
  });

  test('yields to the collector once many results have been made, and not before', async () => {
    const plans = new Plans();
    const backend = machine(plans, { threads: 1 });
    const n = 2 ** 19;
    const plan = affinePlan(plans, n, 1, 1);
    const x = backend.upload(new Float32Array(n), 'float32');
    const make = (): void => backend.execute(plan, [x], [backend.allocate('float32', n)]);
    make();
    expect(backend.yieldToCollector()).toBeUndefined();
    for (let i = 0; i < 8; i++) make();
    await expect(backend.yieldToCollector()).resolves.toBeUndefined();
    expect(backend.yieldToCollector()).toBeUndefined();
  });

  test('makes room below a small limit, and reports what does not fit without losing anything', () => {
    const plans = new Plans();
    const backend = machine(plans, { threads: 1, memoryLimit: 4 * 2 ** 20 });
    const n = 2 ** 18;
    const plan = affinePlan(plans, n, 1, 1);
    const x = backend.upload(new Float32Array(n), 'float32');
    const results = Array.from({ length: 10 }, () => {
      const out = backend.allocate('float32', n);
      backend.execute(plan, [x], [out]);
      return out;
    });
    const large = backend.allocate('float32', 2 ** 20);
    expect(() => backend.execute(affinePlan(plans, 1, 1, 1), [x], [large])).toThrow(RangeError);
    expect(() => backend.execute(affinePlan(plans, 1, 1, 1), [x], [large])).toThrow(
      /no room for 4194304 bytes more: .* limit is 4194304 bytes; .* needs 64 bytes for intermediates, 5242880 for inputs and outputs, and 64 for each of 1 threads/,
    );
    backend.execute(plan, [results[0]!], [x]);
    expect(x.readSync()[3]).toBe(2);
    for (const out of results) expect(out.readSync()[n - 1]).toBe(1);
  });
});
