import { GpuBackend } from './backend.ts';
import type { Device } from './device/device.ts';
import { WebAssemblyKernel } from './device/gpujs.ts';
import { TranslatedDevice } from './device/translated.ts';

/** The modes of gpu.js that are served. */
export type GpuMode = 'webasm' | 'cpu';

export interface GpuOptions {
  /** The first that works of webgpu and webasm unless said otherwise. */
  readonly mode?: GpuMode;
}

const modes: readonly GpuMode[] = ['webasm', 'cpu'];

export async function gpu({ mode }: GpuOptions = {}): Promise<GpuBackend> {
  if (mode !== undefined && !modes.includes(mode)) {
    throw new TypeError(`gpu: unknown mode ${JSON.stringify(mode)}; the modes are ${modes.join(', ')}`);
  }
  return new GpuBackend(await open(mode ?? 'webasm'), 'as asked for');
}

async function open(mode: GpuMode): Promise<Device> {
  if (mode === 'webasm' && !WebAssemblyKernel.isSupported) {
    throw new Error(`gpu: mode 'webasm' needs WebAssembly, which this engine has not`);
  }
  return new TranslatedDevice(mode);
}
