import { unknownValue } from '@thetagrad/core/backend';
import { DeviceBackend, type GpuBackend } from './backend.ts';
import { acquireDevice } from './device/context.ts';
import { CpuDevice } from './device/cpu.ts';
import type { Device } from './device/device.ts';
import { acquireGlContext } from './device/glContext.ts';
import { gpuJs } from './device/gpujs.ts';
import { WebGl2Device } from './device/webgl2.ts';
import { WebGpuDevice } from './device/webgpu.ts';
import { lowerIndexCheck } from './lower/indexCheck.ts';

/** The supported modes of gpu.js. */
export type GpuMode = 'webgpu' | 'webgl2' | 'headlessgl' | 'webasm' | 'cpu';

export interface GpuOptions {
  /** Where kernels run. Default: the first of webgpu, webgl2 and webasm that works. */
  readonly mode?: GpuMode;
}

const modes: readonly GpuMode[] = ['webgpu', 'webgl2', 'headlessgl', 'webasm', 'cpu'];

/**
 * Opens a backend on gpu.js: `setBackend(await gpu())`. Its `describe()` says what computes, and why.
 * @throws {TypeError} if the mode is unknown.
 * @throws {Error} if the requested mode does not work here; there is no fallback to another.
 */
export async function gpu({ mode }: GpuOptions = {}): Promise<GpuBackend> {
  if (mode !== undefined && !modes.includes(mode)) {
    throw unknownValue('gpu', 'mode', mode, modes.join(', '));
  }
  if (mode) return new DeviceBackend(await openDevice(mode), 'as requested');
  const failures: string[] = [];
  for (const faster of ['webgpu', 'webgl2'] as const) {
    try {
      return new DeviceBackend(await openDevice(faster), ['the fastest available mode', ...failures].join('; '));
    } catch (error) {
      failures.push(`${faster} does not work here (${(error as Error).message})`);
    }
  }
  return new DeviceBackend(await openDevice('webasm'), failures.join('; '));
}

async function openDevice(mode: GpuMode): Promise<Device> {
  if (mode === 'webgpu') return new WebGpuDevice(await acquireDevice());
  if (mode === 'webgl2' || mode === 'headlessgl') {
    return new WebGl2Device(mode, await acquireGlContext(mode), lowerIndexCheck);
  }
  if (mode === 'webasm' && !gpuJs.WebAssemblyKernel.isSupported) {
    throw new Error(`gpu: mode 'webasm' needs WebAssembly, which this engine lacks`);
  }
  return new CpuDevice(mode);
}
