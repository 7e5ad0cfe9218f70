// Devices that no other test shares.
import { findAdapter } from '../src/device/context.ts';
import { CpuDevice } from '../src/device/cpu.ts';
import type { Device } from '../src/device/device.ts';
import { acquireGlContext } from '../src/device/glContext.ts';
import { WebGl2Device } from '../src/device/webgl2.ts';
import { WebGpuDevice } from '../src/device/webgpu.ts';
import type { GpuMode } from '../src/index.ts';

const defaultMaxKernelBytes = 2 ** 26;

/** A separate device, with the limits that WebGPU guarantees and without features. */
export async function plainDevice(): Promise<GPUDevice> {
  return (await findAdapter()).requestDevice();
}

export async function deviceOf(device: GPUDevice, maxKernelBytes = defaultMaxKernelBytes): Promise<WebGpuDevice> {
  return new WebGpuDevice({ adapter: await findAdapter(), device, isLost: false }, maxKernelBytes);
}

export async function newDevice(mode: GpuMode, maxKernelBytes = defaultMaxKernelBytes): Promise<Device> {
  if (mode === 'webgpu') return deviceOf(await plainDevice(), maxKernelBytes);
  if (mode === 'webgl2' || mode === 'headlessgl')
    return new WebGl2Device(mode, await acquireGlContext(mode), maxKernelBytes);
  return new CpuDevice(mode, maxKernelBytes);
}
