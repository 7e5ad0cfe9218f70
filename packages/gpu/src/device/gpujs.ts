// The parts of gpu.js that are used here, with types: its own are incomplete.
import gpujs, { type GPUInternalMode, type IKernelRunShortcut } from 'gpu.js';
import type { Helper } from '../code/command.ts';

/** A `GPU` of gpu.js, in modes in which it translates and runs kernels. */
export interface Translator {
  createKernel(
    source: string,
    settings: {
      readonly output: readonly number[];
      readonly precision: 'single';
      readonly pipeline: true;
      readonly immutable: true;
      readonly argumentTypes: readonly 'Array'[];
      readonly functions: readonly Helper[];
    },
  ): IKernelRunShortcut & { readonly fallbackReason: string | null };
}

/** The device that all WebGPU kernels of gpu.js share. */
export interface DeviceContext {
  readonly adapter: GPUAdapter;
  readonly device: GPUDevice;
  readonly isLost: boolean;
}

/** A buffer of the device that kernels of gpu.js take as an argument. */
export interface BufferHandle {
  readonly buffer: GPUBuffer;
}

/** A WebGPU kernel of gpu.js: a pipeline on the shared device, and how its results are read. */
export interface DeviceKernel {
  computePipeline: GPUComputePipeline | null;
  compiledSource: string | null;
  context: DeviceContext | null;
  _device: GPUDevice | null;
  readBufferResult(handle: BufferHandle): Promise<Float32Array>;
}

/** A WebGL 2 kernel of gpu.js. */
export interface FragmentKernel {
  program: WebGLProgram | null;
  /** `null` where there is no WebGL 2. */
  readonly context: WebGL2RenderingContext | null;
  /** Settles when the device has reached the fence. */
  _pollFence(fence: WebGLSync): Promise<void>;
}

export interface GpuJs {
  readonly GPU: new (settings: { readonly mode: 'cpu' | GPUInternalMode }) => Translator;
  readonly CPUKernel: new (...settings: never[]) => object;
  readonly WebAssemblyKernel: (new (...settings: never[]) => object) & { readonly isSupported: boolean };
  readonly WebGL2Kernel: (new (source: string, settings: object) => FragmentKernel) & { readonly isSupported: boolean };
  readonly WebGPUKernel: new (source: string, settings: object) => DeviceKernel;
  readonly WebGPUContext: { acquire(): Promise<DeviceContext> };
  readonly WebGPUBufferResult: new (settings: {
    readonly buffer: GPUBuffer;
    readonly output: readonly number[];
    readonly context: DeviceContext;
    readonly kernel: DeviceKernel;
  }) => BufferHandle;
}

export const gpuJs: GpuJs = gpujs as unknown as GpuJs;
