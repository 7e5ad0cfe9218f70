// The memory of compiled kernels is bounded.
import { arange, evaluate, portable, setBackend, tensor, Variable } from '@thetagrad/core';
import { afterEach, describe, expect, test } from 'vitest';
import { DeviceBackend } from '../src/backend.ts';
import { KernelCache } from '../src/device/kernelCache.ts';
import { WasmMemory } from '../src/device/wasmMemory.ts';
import { gpu } from '../src/index.ts';
import { newDevice } from './devices.ts';
import { modes } from './modes.ts';

afterEach(() => setBackend(portable()));

test('the least recently used kernels are destroyed where their sizes exceed the limit, but not the last', () => {
  const cache = new KernelCache<{ readonly bytes: number; destroy(): void }>(100);
  const destroyed: string[] = [];
  const get = (name: string, bytes: number): object =>
    cache.get(name, () => ({ bytes, destroy: () => destroyed.push(name) }));
  const a = get('a', 40);
  get('b', 40);
  expect(get('a', 40)).toBe(a);
  get('c', 30);
  expect([destroyed, cache.bytes]).toEqual([['b'], 70]);
  get('d', 1000);
  expect([destroyed, cache.bytes]).toEqual([['b', 'a', 'c'], 1000]);
  get('e', 1);
  expect([destroyed, cache.bytes]).toEqual([['b', 'a', 'c', 'd'], 1]);
  cache.clear();
  expect([destroyed.at(-1), cache.bytes]).toEqual(['e', 0]);
});

test('kernels in WebAssembly share one memory, which grows; very large ones do not keep theirs', () => {
  const memory = new WasmMemory();
  const shared = memory.reserve(2);
  shared.floats[7] = 3;
  expect(memory.reserve(5)).toBe(shared);
  expect([shared.floats.length, shared.floats[7]]).toEqual([5 * 2 ** 14, 3]);
  expect(memory.reserve(1)).toBe(shared);
  const large = memory.reserve(4097);
  expect([large.isKept, large.memory.buffer.byteLength]).toEqual([false, 4097 * 2 ** 16]);
  expect(memory.reserve(1)).toBe(shared);
});

test.each([
  [{ maxKernelBytes: 0 }, RangeError, 'gpu: maxKernelBytes must be an integer ≥ 1, got 0'],
  [{ maxKernelBytes: '1' }, TypeError, `gpu: maxKernelBytes must be an integer ≥ 1, got '1'`],
  [{ cache: 1 }, TypeError, `gpu: unknown option 'cache'; expected mode, maxKernelBytes`],
])('the options %j are an error', async (options, kind, message) => {
  const opened = gpu({ mode: 'cpu', ...(options as object) });
  await expect(opened).rejects.toThrow(kind);
  await expect(opened).rejects.toThrow(message);
});

describe.each(modes)('%s', (mode) => {
  test('ever-new structures stay within the limit, and evicted kernels are compiled again', async () => {
    const maxKernelBytes = 2 ** 18;
    const device = await newDevice(mode, maxKernelBytes);
    const backend = new DeviceBackend(device, 'for a test');
    setBackend(backend);
    const x = new Variable(arange(3, { dtype: 'float32' }));
    let total = 0;
    for (let round = 0; round < 2; round++) {
      for (let n = 1; n <= 12; n++) {
        const numbers = arange(n, { dtype: 'float32' });
        const sum = numbers.mul(numbers).add(n).sum();
        x.assign(x.value.add(sum));
        await evaluate(sum, x);
        const expected = ((n - 1) * n * (2 * n - 1)) / 6 + n * n;
        expect(await sum.item()).toBe(expected);
        total += expected;
      }
      expect(backend.kernelBytes).toBeGreaterThan(maxKernelBytes / 4);
      expect(backend.kernelBytes).toBeLessThanOrEqual(maxKernelBytes);
    }
    expect(await x.value.data()).toEqual(Float32Array.of(total, total + 1, total + 2));
  });

  test('destroying a device frees all of its memory', async () => {
    const device = await newDevice(mode);
    setBackend(new DeviceBackend(device, 'for a test'));
    const x = tensor(new Float32Array(2000)).add(1);
    await evaluate(x, x.sum());
    expect(device.kernelBytes).toBeGreaterThan(0);
    device.destroy();
    expect([device.bytesAllocated, device.bytesInUse, device.kernelBytes]).toEqual([0, 0, 0]);
  });
});
