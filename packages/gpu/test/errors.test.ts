// Failures of a device are errors that name their cause, and leave earlier results intact.
import {
  arange,
  concat,
  evaluate,
  evaluateSync,
  full,
  grad,
  profile,
  portable,
  setBackend,
  tensor,
  Variable,
  zeros,
  type Tensor,
} from '@thetagrad/core';
import { crossEntropy } from '@thetagrad/nn';
import { afterEach, describe, expect, test } from 'vitest';
import { valuesOn } from '../../../test/support/backends.ts';
import { DeviceBackend } from '../src/backend.ts';
import { deviceOf, newDevice, plainDevice } from './devices.ts';
import { backendOf, hasWebGpu, modes } from './modes.ts';

afterEach(() => setBackend(portable()));

async function backendOn(device: GPUDevice): Promise<DeviceBackend> {
  return new DeviceBackend(await deviceOf(device), 'for a test');
}

describe.each(modes)('%s', (mode) => {
  test('what exceeds int32 indices is an error at once', async () => {
    const huge = full([70_000, 70_000], 1);
    const backend = await backendOf(mode);
    await expect(valuesOn(backend, () => huge.sum())).rejects.toThrow(
      `evaluate: sum of shape [70000, 70000] reduces 4900000000 elements; the backend 'gpu ${mode}' allows ` +
        '2147483647 elements in a reduction; compute it in parts',
    );
    await expect(valuesOn(backend, () => huge.exp())).rejects.toThrow('allows 2147483647 elements in an array');
  });

  test('using or freeing memory after it was freed is an error', async () => {
    const device = await newDevice(mode);
    const memory = device.upload(Float32Array.of(1, 2), 'float32');
    expect(await device.read(memory, 'float32', 2)).toEqual(Float32Array.of(1, 2));
    device.free(memory);
    await expect(device.read(memory, 'float32', 2)).rejects.toThrow('gpu: memory is used after it was freed');
    expect(() => device.free(memory)).toThrow('gpu: memory is freed twice');
    device.begin(false);
    const code = { name: 'none', source: '', inputs: ['float32'], output: { dtype: 'float32', size: 1 } } as const;
    expect(() => device.dispatch(code, [memory])).toThrow('gpu: memory is used after it was freed');
    device.end();
  });

  test('an index out of range is described by the call that was given it', async () => {
    setBackend(await backendOf(mode));
    const labels = tensor([0, -1], { dtype: 'int32' });
    const loss = (): Tensor => crossEntropy(zeros([2, 3]), labels.mul(1));
    const message = 'crossEntropy: label -1 at index 1 is out of range for 3 classes; use 0 to 2';
    await expect(evaluate(loss())).rejects.toThrow(message);
    await expect(grad((x: Tensor) => crossEntropy(x, labels.mul(1)))(zeros([2, 3])).data()).rejects.toThrow(message);
    await expect(zeros([2, 3]).takeAlongAxis(labels.mul(7).expandDims(1), 1).data()).rejects.toThrow(
      'takeAlongAxis: index -7 is out of range for axis 1 of length 3; use -3 to 2',
    );
    const { value } = new Variable(tensor([1, 2]));
    await evaluate(value);
    expect(await value.data()).toEqual(Float32Array.of(1, 2));
  });
});

/** Gives every kernel with this name an invalid source while `isWrong` returns true. */
function breakKernel(device: GPUDevice, name: string, isWrong = (): boolean => true): void {
  const create = device.createShaderModule.bind(device);
  device.createShaderModule = (descriptor) =>
    create(descriptor.label === name && isWrong() ? { ...descriptor, code: 'nonsense' } : descriptor);
}

describe.runIf(hasWebGpu)('webgpu', () => {
  test('a device with minimal limits computes everything, with fewer operands in each kernel', async () => {
    const backend = await backendOn(await plainDevice());
    expect(backend.maxOperands).toBe(6);
    const build = (): Tensor[] => {
      const parts = Array.from({ length: 20 }, (_, i) => arange(6, { dtype: 'float32' }).mul(i + 1));
      const sum = parts.reduce((x, y) => x.mul(0.5).add(y));
      return [
        sum,
        concat([...parts, ...parts, ...parts]).cumsum(0),
        sum.cumprod(0).add(parts[3]!).mul(parts[4]!).sub(parts[5]!),
      ];
    };
    expect(await valuesOn(backend, build)).toEqual(await valuesOn(portable(), build));
  });

  test('profiling on a device that cannot time kernels is an error', async () => {
    setBackend(await backendOn(await plainDevice()));
    await expect(profile(() => evaluate(tensor([1]).add(1)))).rejects.toThrow(
      `profile: kernels cannot be timed on this GPU: its driver (or browser) lacks the feature 'timestamp-query'`,
    );
    expect(await tensor([1]).add(1).data()).toEqual(Float32Array.of(2));
  });

  test('a kernel that is refused is an error that names it; variables keep their values', async () => {
    const device = await plainDevice();
    let isWrong = true;
    breakKernel(device, 'exp', () => isWrong);
    setBackend(await backendOn(device));
    const x = new Variable(tensor([1, 2]));
    await x.value.data();
    for (let i = 0; i < 2; i++) {
      const bad = tensor([0, 0]).exp();
      x.assign(x.value.mul(2));
      await expect(evaluate(x, bad)).rejects.toThrow(
        /^gpu: the device reports an error in an evaluation of the kernels (mul, exp|exp, mul): .*nonsense/s,
      );
      expect(await x.value.data()).toEqual(Float32Array.of(1, 2));
      await expect(bad.data()).rejects.toThrow(/in an evaluation of the kernels/);
      expect(() => evaluateSync(bad.add(1))).toThrow(/in an evaluation of the kernels/);
    }
    isWrong = false;
    x.assign(x.value.mul(2).add(tensor([0, 0]).exp()));
    await evaluate(x);
    expect(await x.value.data()).toEqual(Float32Array.of(3, 5));
  });

  test('after evaluateSync the next operation throws the error, and later evaluations are rolled back', async () => {
    const device = await plainDevice();
    breakKernel(device, 'exp');
    setBackend(await backendOn(device));
    const large = new Float32Array(2000).fill(3);
    const x = new Variable(tensor([1, 2]));
    await x.value.data();
    const host = tensor(large);
    x.assign(x.value.exp());
    evaluateSync(x, host.sum());
    x.assign(x.value.add(1));
    evaluateSync(x);
    await expect(x.value.data()).rejects.toThrow(/in an evaluation of the kernels/);
    expect(await x.value.data()).toEqual(Float32Array.of(1, 2));
    expect(await host.sum().item()).toBe(6000);
  });

  test('after evaluateSync the next operation throws the error of an index that the device computed', async () => {
    setBackend(await backendOf('webgpu'));
    const x = new Variable(tensor([1, 2]));
    await x.value.data();
    x.assign(x.value.take(tensor([0, 1], { dtype: 'int32' }).mul(5)));
    evaluateSync(x);
    await expect(x.value.data()).rejects.toThrow('take: index 5 is out of range for axis 0 of length 2; use -2 to 1');
    expect(await x.value.data()).toEqual(Float32Array.of(1, 2));
  });

  const isSoftware = async (): Promise<boolean> => /swiftshader/i.test((await backendOf('webgpu')).describe());
  // Other devices have enough memory.
  test('out of memory is an error that names the kernels; variables keep their values', async (context) => {
    if (!(await isSoftware())) return context.skip();
    const backend = await backendOf('webgpu');
    setBackend(backend);
    const x = new Variable(tensor([1, 2]));
    await x.value.data();
    const before = backend.bytesAllocated;
    for (let i = 0; i < 2; i++) {
      const huge = zeros([1])
        .broadcastTo([2 ** 28])
        .exp();
      x.assign(x.value.mul(2));
      await expect(evaluate(x, huge)).rejects.toThrow(
        /^gpu: the device is out of memory in an evaluation of the kernels (mul, exp|exp, mul): /,
      );
      expect(await x.value.data()).toEqual(Float32Array.of(1, 2));
      await expect(huge.data()).rejects.toThrow('gpu: the device is out of memory');
    }
    x.assign(x.value.mul(2));
    await evaluate(x);
    expect(await x.value.data()).toEqual(Float32Array.of(2, 4));
    expect(backend.bytesAllocated).toBeLessThan(before + 2 ** 20);
  });
});
