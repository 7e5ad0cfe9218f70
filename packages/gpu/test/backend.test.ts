import {
  arange,
  evaluate,
  evaluateSync,
  explain,
  profile,
  portable,
  setBackend,
  tensor,
  Variable,
  zeros,
} from '@thetagrad/core';
import { afterEach, describe, expect, test } from 'vitest';
import { valuesOn } from '../../../test/support/backends.ts';
import { gpu, type GpuMode } from '../src/index.ts';
import { backendOf, hasWebGl2, hasWebGpu, modes } from './modes.ts';

afterEach(() => setBackend(portable()));

test('an unknown mode is an error that names the modes', async () => {
  await expect(gpu({ mode: 'opengl' as GpuMode })).rejects.toThrow(
    `gpu: unknown mode 'opengl'; expected webgpu, webgl2, headlessgl, webasm, cpu`,
  );
});

test('without a mode it opens the fastest that works, and says why', async () => {
  const best = hasWebGpu ? 'webgpu' : hasWebGl2 ? 'webgl2' : 'webasm';
  // Chromium also has WebGPU.
  if (best === 'webgl2') Object.defineProperty(navigator, 'gpu', { value: undefined, configurable: true });
  const backend = await gpu();
  if (best === 'webgl2') Reflect.deleteProperty(navigator, 'gpu');
  expect(backend.mode).toBe(best);
  const description = {
    webgpu: /; the fastest available mode$/,
    webgl2: /; the fastest available mode; webgpu does not work here \(.+\)$/,
    webasm: /; webgpu does not work here \(.+\); webgl2 does not work here \(.+\)$/,
  };
  expect(backend.describe()).toMatch(description[best]);
});

describe.each(modes)('%s', (mode) => {
  test('describe says what computes, and why', async () => {
    const backend = await backendOf(mode);
    expect(backend.describe()).toMatch(new RegExp(`^gpu.js ${mode}: .+; as requested$`));
    expect([backend.mode, backend.name]).toEqual([mode, `gpu ${mode}`]);
  });

  test('variables take their new values, computed from the old ones, also if they are exchanged', async () => {
    setBackend(await backendOf(mode));
    const [x, y] = [new Variable(tensor([1, 2])), new Variable(tensor([30, 40]))];
    const before = x.value.add(y.value);
    const [old, other] = [x.value, y.value];
    x.assign(other.mul(2));
    y.assign(old.add(1));
    await evaluate(before, x, y);
    expect(await before.data()).toEqual(Float32Array.of(31, 42));
    expect(await x.value.data()).toEqual(Float32Array.of(60, 80));
    expect(await y.value.data()).toEqual(Float32Array.of(2, 3));
  });

  test('values are not overwritten when others are computed from them', async () => {
    setBackend(await backendOf(mode));
    const x = tensor(
      Float32Array.from({ length: 3000 }, (_, i) => i),
      { shape: [3000] },
    ).add(0);
    await evaluate(x);
    for (let i = 0; i < 30; i++) {
      const y = x.add(i);
      await evaluate(y);
      expect((await y.data())[2999]).toBe(2999 + i);
    }
    expect((await x.data())[7]).toBe(7);
  });

  test('an evaluation that fails leaves variables unchanged', async () => {
    setBackend(await backendOf(mode));
    const x = new Variable(tensor([1, 2, 3]));
    await x.value.data();
    const bad = tensor([1], { dtype: 'float64' }).add(1);
    x.assign(x.value.mul(2));
    await expect(evaluate(bad, x)).rejects.toThrow('does not support float64');
    await evaluate(x);
    expect(await x.value.data()).toEqual(Float32Array.of(2, 4, 6));
  });

  test('explain shows the source of each kernel', async () => {
    setBackend(await backendOf(mode));
    const { kernels } = explain(tensor([1.5, 2]).add(1).relu().sum());
    expect(kernels.map(({ source }) => source)).toEqual([
      expect.stringContaining(
        { webgpu: '@compute', webasm: 'function kernel(a, b', cpu: 'function kernel(a, b' }[mode as string] ??
          '#version',
      ),
    ]);
  });

  test('kernels can be profiled, also those with several commands', async () => {
    setBackend(await backendOf(mode));
    const x = arange(2 ** 15, { dtype: 'float32' }).reshape([2 ** 6, 2 ** 9]);
    await evaluate(x);
    const work = async (): Promise<void> => evaluate(x.mul(3).add(1), x.matmul(x.transpose()), x.sort(1));
    const plain = await profile(work);
    const { kernels, milliseconds } = await profile(async () => {
      await work();
      await work();
    });
    expect(kernels.map(({ name, runs }) => [name, runs])).toEqual(
      expect.arrayContaining([
        ['mul → add', 2],
        ['matmul', 2],
        ['argsort', 2],
      ]),
    );
    expect(plain.kernels.length).toBe(kernels.length);
    // Browsers round timestamps to 0.1 ms.
    expect(kernels.every((kernel) => kernel.milliseconds >= 0)).toBe(true);
    expect(milliseconds).toBeGreaterThan(0);
  });
});

test.runIf(hasWebGpu)('webgpu: reading without waiting is an error that says what to do', async () => {
  setBackend(await backendOf('webgpu'));
  const x = tensor([1, 2]).add(1);
  evaluateSync(x);
  expect(() => x.dataSync()).toThrow(`only with 'await': use data()`);
  expect(await x.data()).toEqual(Float32Array.of(2, 3));
});

test.runIf(hasWebGpu)('webgpu: an array larger than the device allows is an error, and nothing is lost', async () => {
  const backend = await backendOf('webgpu');
  const build = (): [ReturnType<typeof zeros>] => [
    zeros([1])
      .broadcastTo([2 ** 29])
      .add(1),
  ];
  await expect(valuesOn(backend, build)).rejects.toThrow(/an array of 2147483648 bytes is more than the \d+ that/);
  expect(await valuesOn(backend, () => [tensor([1]).add(1)])).toEqual([Float32Array.of(2)]);
});
