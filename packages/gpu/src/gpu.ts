import { GpuBackend } from './backend.ts';
import { acquire } from './device/context.ts';
import type { Device } from './device/device.ts';
import { acquireContext } from './device/glContext.ts';
import { gpuJs } from './device/gpujs.ts';
import { TranslatedDevice } from './device/translated.ts';
import { WebGl2Device } from './device/webgl2.ts';
import { WebGpuDevice } from './device/webgpu.ts';

/** The modes of gpu.js that are served. */
export type GpuMode = 'webgpu' | 'webgl2' | 'headlessgl' | 'webasm' | 'cpu';

export interface GpuOptions {
  /** Where kernels run. Without it, the first that works of webgpu, webgl2 and webasm. */
  readonly mode?: GpuMode;
}

const modes: readonly GpuMode[] = ['webgpu', 'webgl2', 'headlessgl', 'webasm', 'cpu'];

/**
 * A backend on gpu.js: `setBackend(await gpu())`. `describe()` says what it runs on, and why.
 * @throws {TypeError} for a mode that does not exist.
 * @throws {Error} if the mode asked for does not work here; nothing else is taken instead.
 */
export async function gpu({ mode }: GpuOptions = {}): Promise<GpuBackend> {
  if (mode !== undefined && !modes.includes(mode)) {
    throw new TypeError(`gpu: unknown mode ${JSON.stringify(mode)}; the modes are ${modes.join(', ')}`);
  }
  if (mode) return new GpuBackend(await open(mode), 'as asked for');
  const failures: string[] = [];
  for (const faster of ['webgpu', 'webgl2'] as const) {
    try {
      return new GpuBackend(await open(faster), ['the fastest mode there is', ...failures].join('; '));
    } catch (error) {
      failures.push(`${faster} does not work here (${(error as Error).message})`);
    }
  }
  return new GpuBackend(await open('webasm'), failures.join('; '));
}

async function open(mode: GpuMode): Promise<Device> {
  if (mode === 'webgpu') return new WebGpuDevice(await acquire());
  if (mode === 'webgl2' || mode === 'headlessgl') return new WebGl2Device(mode, await acquireContext(mode));
  if (mode === 'webasm' && !gpuJs.WebAssemblyKernel.isSupported) {
    throw new Error(`gpu: mode 'webasm' needs WebAssembly, which this engine has not`);
  }
  return new TranslatedDevice(mode);
}
