// WGSL with and without shared memory, whichever of the two the adapter would use.
import { arange, conv2d, portable, vjp, type Tensor } from '@thetagrad/core';
import { describe, expect, test, vi } from 'vitest';
import { valuesOn } from '../../../test/support/backends.ts';
import { testAccumulations } from '../../../test/support/testAccumulations.ts';
import { integerValues } from '../../../test/support/values.ts';
import { DeviceBackend } from '../src/backend.ts';
import { acquireDevice } from '../src/device/context.ts';
import { WebGpuDevice } from '../src/device/webgpu.ts';
import { wgsl, wgslInSoftware } from '../src/code/language.ts';
import { hasWebGpu } from './modes.ts';

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
  'maps of many elements': () => [
    arange(2 ** 17 + 13).mul(3),
    small(1, [401, 1])
      .mul(small(2, [1, 331]))
      .relu(),
  ],
};

describe.runIf(hasWebGpu).each([
  ['with shared memory', wgsl],
  ['without shared memory', wgslInSoftware],
] as const)('webgpu %s', (_, language) => {
  const open = async (): Promise<DeviceBackend> =>
    new DeviceBackend(new WebGpuDevice(await acquireDevice(), 2 ** 26, language), 'for a test');

  test.each(Object.entries(cases))('%s', async (_name, build) => {
    expect(await valuesOn(await open(), build)).toEqual(await valuesOn(portable(), build));
  });

  // In a page accumulations.test.ts alone, as drivers in software are slow there.
  if (globalThis.document === undefined) testAccumulations(open, 2 ** 20);
});
