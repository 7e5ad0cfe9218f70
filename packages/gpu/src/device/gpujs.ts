// The parts of gpu.js that are used here, with types: its own are incomplete.
import gpujs from 'gpu.js';
import type { Helper } from '../code/command.ts';

/** Settings of kernels that gpu.js translates from JavaScript. */
export interface TranslatorSettings {
  readonly output: readonly number[];
  readonly precision: 'single';
  readonly pipeline: true;
  readonly immutable: true;
  readonly argumentTypes: readonly 'Array'[];
  readonly functions: readonly Helper[];
  /** Objects, so that gpu.js does not create a canvas for each kernel. */
  readonly canvas: object;
  readonly context: object;
  /** Called, on the kernel, where the mode lacks something. */
  onRequestFallback(this: { readonly fallbackReason: string | null }): never;
}

/** A kernel in JavaScript. */
export interface HostKernel {
  kernelString: string;
  build(...inputs: readonly Float32Array[]): void;
  run(...inputs: readonly Float32Array[]): Float32Array | Float32Array[];
}

/** A kernel in WebAssembly. */
export interface WebAssemblyKernel {
  readonly threadDim: readonly [number, number, number];
  /** The functions of `Math` that it calls. */
  readonly usedMathImports: ReadonlySet<MathFunction>;
  /** Syntax trees, which only building needs. */
  functionBuilder: object | null;
  tracedFunctions: readonly string[] | null;
  build(...inputs: readonly Float32Array[]): void;
  computeLayout(inputs: readonly Float32Array[]): WebAssemblyLayout;
  _assembleModule(layout: WebAssemblyLayout, elements: number, isShared: boolean): WebAssemblyModule;
  /** Called by `build` to compile and instantiate the module. */
  _instantiate(key: string, inputs: readonly Float32Array[]): void;
}

type MathFunction = { [Name in keyof Math]: Math[Name] extends (...x: never[]) => number ? Name : never }[keyof Math];

/** Where a kernel's arrays are in its memory, in bytes. */
export interface WebAssemblyLayout {
  readonly arrays: Readonly<Record<string, { readonly offset: number }>>;
  readonly outputOffset: number;
}

export interface WebAssemblyModule {
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** The pages that its memory must have, and the most that it may be able to have. */
  readonly initial: number;
  readonly maximum: number;
}

/** Computes elements `start` to `end`. */
export type RunElements = (start: number, end: number, seed: number) => void;

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
  /** Drops the pipeline, and destroys the buffers through which results are read. */
  destroy(): void;
}

/** A WebGL 2 kernel of gpu.js. */
export interface FragmentKernel {
  program: WebGLProgram | null;
  /** `null` where there is no WebGL 2. */
  readonly context: WebGL2RenderingContext | null;
  /** Settles when the device has reached the fence. */
  _pollFence(fence: WebGLSync): Promise<void>;
  /** Deletes the program. */
  destroy(): void;
}

export interface GpuJs {
  readonly CPUKernel: new (source: string, settings: TranslatorSettings) => HostKernel;
  readonly WebAssemblyKernel: (new (source: string, settings: TranslatorSettings) => WebAssemblyKernel) & {
    readonly isSupported: boolean;
    /** Computes all elements, four at a time where there is `runSimd`. */
    dispatchSpans(run: RunElements, runSimd: RunElements | null, elements: number, width: number, seed: number): void;
  };
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
