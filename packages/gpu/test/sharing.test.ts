// WGSL with subgroups, with shared memory alone and without, and blocks in GLSL, whichever of them the device would use.
import { arange, conv2d, explain, vjp, zeros, type Tensor } from '@thetagrad/core';
import { describe, expect, test, vi } from 'vitest';
import { expectSame, withBackend } from '../../../test/support/backends.ts';
import { testAccumulations } from '../../../test/support/testAccumulations.ts';
import { anyValues, integerValues } from '../../../test/support/values.ts';
import { DeviceBackend } from '../src/backend.ts';
import { acquireDevice } from '../src/device/context.ts';
import { acquireGlContext, type GlMode } from '../src/device/glContext.ts';
import { WebGl2Device } from '../src/device/webgl2.ts';
import { WebGpuDevice } from '../src/device/webgpu.ts';
import { glsl, glslInNode, wgsl, wgslInSoftware, wgslWithSubgroups, type Language } from '../src/code/language.ts';
import { anyValuesIn, hasWebGl2, hasWebGpu, modes } from './modes.ts';

vi.setConfig({ testTimeout: 60_000 });

const small = (seed: number, shape: readonly number[]): Tensor => integerValues('float32', seed, 3)(shape);

function gradients(f: (a: Tensor, b: Tensor) => Tensor, a: readonly number[], b: readonly number[]): Tensor[] {
  const { value, pullback } = vjp(f, small(1, a), small(2, b));
  return [value, ...pullback(small(3, value.shape))];
}

const cases: Readonly<Record<string, () => readonly Tensor[]>> = {
  'matrix products of odd sizes, transposed, long and skinny': () => [
    ...gradients((a, b) => a.transpose().matmul(b.transpose()).add(1).relu(), [41, 66], [35, 41]),
    small(4, [3, 5000]).matmul(small(5, [5000, 70])),
    small(6, [90, 70]).matmul(small(7, [70])),
  ],
  'products of a matrix and a vector': () => [
    small(1, [70, 300])
      .matmul(small(2, [300]))
      .add(small(3, [70])),
    small(4, [3, 2, 700])
      .matmul(small(5, [3, 5, 700]).transpose())
      .relu(),
    small(6, [40_000]).matmul(small(7, [40_000])),
  ],
  'batched products of small matrices': () => gradients((a, b) => a.matmul(b), [70, 8, 9], [70, 9, 7]),
  'convolutions with stride, dilation and groups': () => [
    ...gradients((x, w) => conv2d(x, w, { padding: [2, 1], stride: 2, groups: 2 }), [2, 16, 13, 14], [18, 8, 3, 3]),
    ...gradients((x, w) => conv2d(x, w, { padding: 1, dilation: 2 }), [1, 40, 12, 11], [20, 40, 3, 3]),
    conv2d(small(1, [1, 300, 5, 5]), small(2, [9, 300, 3, 3])).relu(),
  ],
  'sums, maxima and arguments along each axis': () => {
    const x = small(8, [600, 700]);
    const long = small(9, [200_000]);
    return [x.sum(0), x.sum(1), x.sum(), x.max(0), x.max(1), x.argmax(0), x.argmin(1), long.sum(), long.argmax()];
  },
  'extrema of NaN and infinities': () => {
    const rows = [
      anyValuesIn('webgpu')('float32', 10)([5, 333]),
      small(11, [5, 333]).mul(1e30).mul(1e30),
      zeros([5, 333]).sub(Infinity),
    ];
    return rows.flatMap((x) => [x.max(1), x.min(1), x.argmax(1), x.argmin(1)]);
  },
  'products and sums of int32 that wrap around': () => {
    const x = anyValues('int32', 13)([6, 400]);
    return [x.sum(1), x.prod(1), x.max(1), x.argmin(1), x.notEqual(0).all(1)];
  },
  'maps of many elements': () => [
    arange(2 ** 17 + 13).mul(3),
    small(1, [401, 1])
      .mul(small(2, [1, 331]))
      .relu(),
  ],
};

const webGpu = (language: Language) => async (): Promise<DeviceBackend> =>
  new DeviceBackend(new WebGpuDevice(await acquireDevice(), 2 ** 26, language), 'for a test');
const webGl2 = (mode: GlMode, language: Language) => async (): Promise<DeviceBackend> =>
  new DeviceBackend(new WebGl2Device(mode, await acquireGlContext(mode), 2 ** 26, language), 'for a test');
const hasHeadlessGl = modes.includes('headlessgl');
const hasSubgroups = hasWebGpu && (await acquireDevice()).device.features.has('subgroups');

describe.each([
  ['webgpu with subgroups', hasSubgroups, webGpu(wgslWithSubgroups)],
  ['webgpu with shared memory', hasWebGpu, webGpu(wgsl)],
  ['webgpu without shared memory', hasWebGpu, webGpu(wgslInSoftware)],
  ['webgl2 in blocks', hasWebGl2, webGl2('webgl2', { ...glsl, busyThreads: 1 })],
  ['webgl2 in blocks of one layer', hasWebGl2, webGl2('webgl2', { ...glslInNode, busyThreads: 1 })],
  ['headlessgl in blocks of one layer', hasHeadlessGl, webGl2('headlessgl', { ...glslInNode, busyThreads: 1 })],
] as const)('%s', (name, isAvailable, open) => {
  test.runIf(isAvailable)('describe and explain tell whether it uses subgroups', async () => {
    const backend = await open();
    const { kernels } = withBackend(backend, () => explain(zeros([3, 400]).add(1).max(1)));
    const usesSubgroups = name.endsWith('with subgroups');
    expect(backend.describe().endsWith(', with subgroups; for a test')).toBe(usesSubgroups);
    expect(kernels[0]!.source!.includes('enable subgroups;')).toBe(usesSubgroups);
  });

  test.runIf(isAvailable).each(Object.entries(cases))('%s', async (_name, build) => {
    await expectSame(await open(), build);
  });

  // In a page and on WebGL accumulations.test.ts alone, as drivers in software are slow there.
  const isFast = name.startsWith('webgpu') && globalThis.document === undefined;
  if (isAvailable && isFast) testAccumulations(open, 2 ** 20);
});
