import { checkInteger, checkOptions, unknownValue } from '@thetagrad/core/backend';
import { DeviceBackend, type GpuBackend } from './backend.ts';
import { acquireDevice } from './device/context.ts';
import { CpuDevice } from './device/cpu.ts';
import type { Device } from './device/device.ts';
import { acquireGlContext } from './device/glContext.ts';
import { gpuJs } from './device/gpujs.ts';
import { WebGl2Device } from './device/webgl2.ts';
import { WebGpuDevice } from './device/webgpu.ts';

/** The supported modes of gpu.js. */
export type GpuMode = 'webgpu' | 'webgl2' | 'headlessgl' | 'webasm' | 'cpu';

export interface GpuOptions {
  /** Where kernels run. Default: the first of webgpu, webgl2 and webasm that works. */
  readonly mode?: GpuMode;
  /**
   * Bytes of compiled kernels that are kept, by an estimate from the length of their code. Above it, the least recently used
   * are freed, and compiled again if they are needed again. Default: 64 MiB, five times what SphereFace-20 takes.
   */
  readonly maxKernelBytes?: number;
}

const defaultMaxKernelBytes = 64 * 2 ** 20;

const modes: readonly GpuMode[] = ['webgpu', 'webgl2', 'headlessgl', 'webasm', 'cpu'];

/**
 * Opens a backend on gpu.js: `setBackend(await gpu())`. Its `describe()` says what computes, and why.
 * @throws {TypeError} if the mode or an option is unknown.
 * @throws {RangeError} if `maxKernelBytes` is not a positive integer.
 * @throws {Error} if the requested mode does not work here; there is no fallback to another.
 */
export async function gpu(options: GpuOptions = {}): Promise<GpuBackend> {
  checkOptions('gpu', options, ['mode', 'maxKernelBytes']);
  const { mode, maxKernelBytes = defaultMaxKernelBytes } = options;
  checkInteger('gpu', 'maxKernelBytes', maxKernelBytes, { min: 1 });
  if (mode !== undefined && !modes.includes(mode)) {
    throw unknownValue('gpu', 'mode', mode, modes.join(', '));
  }
  const open = async (mode: GpuMode, reason: string): Promise<GpuBackend> =>
    new DeviceBackend(await openDevice(mode, maxKernelBytes), reason);
  if (mode) return open(mode, 'as requested');
  const failures: string[] = [];
  for (const faster of ['webgpu', 'webgl2'] as const) {
    try {
      return await open(faster, ['the fastest available mode', ...failures].join('; '));
    } catch (error) {
      failures.push(`${faster} does not work here (${(error as Error).message})`);
    }
  }
  return open('webasm', failures.join('; '));
}

async function openDevice(mode: GpuMode, maxKernelBytes: number): Promise<Device> {
  if (mode === 'webgpu') return new WebGpuDevice(await acquireDevice(), maxKernelBytes);
  if (mode === 'webgl2' || mode === 'headlessgl') {
    return new WebGl2Device(mode, await acquireGlContext(mode), maxKernelBytes);
  }
  if (mode === 'webasm' && !gpuJs.WebAssemblyKernel.isSupported) {
    throw new Error(`gpu: mode 'webasm' needs WebAssembly, which this engine lacks`);
  }
  return new CpuDevice(mode, maxKernelBytes);
}
