// Memory of the process, which only tests in Node can collect, and refuse.
import { evaluate, portable, setBackend, tensor } from '@thetagrad/core';
import { setTimeout } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { Buffer } from 'node:buffer';
import { expect, test, vi } from 'vitest';
import { DeviceBackend } from '../src/backend.ts';
import { newDevice } from './devices.ts';
import { backendOf, hasWebGpu, modes } from './modes.ts';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

test.each(modes)('%s: what a dropped backend holds on its device is freed', async (mode) => {
  const opened = 5;
  let destroyed = 0;
  for (let i = 0; i < opened; i++) {
    const device = await newDevice(mode);
    const destroy = device.destroy.bind(device);
    vi.spyOn(device, 'destroy').mockImplementation(() => {
      destroyed++;
      destroy();
    });
    setBackend(new DeviceBackend(device, 'for a test'));
    await evaluate(tensor(new Float32Array(2 ** 16)).add(i));
  }
  setBackend(portable());
  // References may be left on the stack, so the last ones may live on.
  for (let tries = 0; tries < 100 && destroyed < opened - 1; tries++) {
    collectGarbage();
    await setTimeout(10);
  }
  expect(destroyed).toBeGreaterThanOrEqual(opened - 1);
});

test.runIf(hasWebGpu)('webgpu: a result is kept where there is no memory to tell the collector its size', async () => {
  setBackend(await backendOf('webgpu'));
  const allocate = vi.spyOn(Buffer, 'allocUnsafeSlow').mockImplementation(() => {
    throw new RangeError('Array buffer allocation failed');
  });
  const x = tensor(new Float32Array(2 ** 15).fill(1)).add(1);
  await evaluate(x);
  expect(allocate).toHaveBeenCalled();
  allocate.mockRestore();
  expect((await x.data())[7]).toBe(2);
  setBackend(portable());
});
