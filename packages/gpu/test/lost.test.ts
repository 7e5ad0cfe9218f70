// In a separate file, since all kernels of a process or page share the device that is lost here.
import { evaluate, portable, setBackend, tensor, Variable } from '@thetagrad/core';
import gpujs from 'gpu.js';
import { expect, test } from 'vitest';
import { reverse } from '../../../test/support/reverse.ts';
import { gpu } from '../src/index.ts';
import { hasWebGpu } from './modes.ts';

const { WebGPUContext } = gpujs as unknown as {
  readonly WebGPUContext: { acquire(): Promise<{ readonly device: GPUDevice }>; destroy(): Promise<void> };
};

test.runIf(hasWebGpu)('a lost device is an error that says what to do, and the next one works', async () => {
  setBackend(await gpu({ mode: 'webgpu' }));
  const x = tensor([1, 2]).add(1);
  await evaluate(x);
  const { device } = await WebGPUContext.acquire();
  await WebGPUContext.destroy();
  await device.lost;
  await expect(evaluate(tensor([1]).add(1))).rejects.toThrow(
    'gpu: the device was lost, and all values on it; take a new one with setBackend(await gpu())',
  );
  await expect(x.data()).rejects.toThrow('gpu: the device was lost');
  setBackend(await gpu({ mode: 'webgpu' }));
  expect(await tensor([1, 2]).add(1).data()).toEqual(Float32Array.of(2, 3));
  setBackend(portable());
});

test.runIf(hasWebGpu)('after a loss, variables take values that were saved, and training goes on', async () => {
  setBackend(await gpu({ mode: 'webgpu' }));
  const w = new Variable(tensor([1, 2]));
  const step = async (): Promise<number[]> => {
    w.assign(w.value.mul(2));
    await evaluate(w);
    return Array.from(await w.value.data());
  };
  await step();
  const saved = await w.value.data();
  const { device } = await WebGPUContext.acquire();
  await WebGPUContext.destroy();
  await device.lost;
  await expect(step()).rejects.toThrow('gpu: the device was lost');
  setBackend(await gpu({ mode: 'webgpu' }));
  await expect(step()).rejects.toThrow('gpu: the device was lost');
  w.assign(tensor(saved));
  await evaluate(w);
  expect(await step()).toEqual([4, 8]);
});

test.runIf(hasWebGpu)('a device that is lost while it computes is the same error', async () => {
  const message = 'gpu: the device was lost, and all values on it';
  setBackend(await gpu({ mode: 'webgpu' }));
  const x = tensor([1, 2]).exp();
  const reading = x.data();
  const writing = evaluate(tensor([3]).sin());
  const waiting = evaluate(reverse(x.mul(2)));
  await WebGPUContext.destroy();
  const told = (error: Error): string => (error.message.includes(message) ? 'lost' : error.message);
  const outcomes = await Promise.all([reading, writing, waiting].map((work) => work.then(() => 'done', told)));
  expect(['done', 'lost']).toEqual(expect.arrayContaining(outcomes));
  await expect(x.data()).rejects.toThrow(message);
  await expect(evaluate(x.add(1))).rejects.toThrow(message);
  setBackend(await gpu({ mode: 'webgpu' }));
  expect(await tensor([1, 2]).add(1).data()).toEqual(Float32Array.of(2, 3));
  setBackend(portable());
});
