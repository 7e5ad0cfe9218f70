// The mode webgpu: generated WGSL, in kernels of gpu.js, on its device.
import type { DType, TypedArray } from '@thetagrad/core/backend';
import type { Code } from '../code/command.ts';
import { wgsl, wgslInSoftware, wgslWithSubgroups, type Language } from '../code/language.ts';
import { asynchronousReadError, deviceLostError, listKernels, type Device, type DeviceBuffer } from './device.ts';
import { gpuJs, type DeviceContext, type DeviceKernel } from './gpujs.ts';
import { Handle } from './handle.ts';
import { KernelCache } from './kernelCache.ts';
import { Pool, type Block } from './pool.ts';
import { Stopwatch } from './stopwatch.ts';
import { WgslKernel } from './wgslKernel.ts';
import { fromWords, toWords } from './words.ts';

/** The number of submissions that may be pending before evaluation waits for the device. */
const maxPending = 8;

/** STORAGE | COPY_SRC | COPY_DST, whose names are globals in browsers only. */
const bufferUsage = 0x80 | 0x04 | 0x08;

type PooledBuffer = Handle<Block<GPUBuffer>>;

export class WebGpuDevice implements Device {
  readonly mode = 'webgpu';
  readonly language: Language;
  readonly isSynchronous = false;
  readonly maxInputs: number;
  readonly #context: DeviceContext;
  readonly #pool: Pool<GPUBuffer>;
  readonly #kernels: KernelCache<WgslKernel>;
  #reader: DeviceKernel;
  #encoder: GPUCommandEncoder | undefined;
  /** The pass of all commands in the sequence; timed commands have one each. */
  #pass: GPUComputePassEncoder | undefined;
  #stopwatch: Stopwatch | undefined;
  /** The names of the commands in the sequence. */
  #names: string[] = [];
  /** Whether the sequence has compiled a kernel. */
  #hasCompiled = false;
  #outcome: Promise<Error | undefined> | undefined;
  /** An error that was not thrown yet. */
  #failure: Error | undefined;
  /** Settles when the outcomes of all submissions are known. */
  #checked: Promise<void> = Promise.resolve();
  #pending = 0;

  constructor(context: DeviceContext, maxKernelBytes: number, language: Language = languageFor(context)) {
    const { device } = (this.#context = context);
    this.language = language;
    this.#kernels = new KernelCache(maxKernelBytes);
    // One array is the output.
    this.maxInputs = device.limits.maxStorageBuffersPerShaderStage - 1;
    const maxBytes = Math.min(device.limits.maxBufferSize, device.limits.maxStorageBufferBindingSize);
    this.#pool = new Pool({
      maxBytes: () => maxBytes,
      create: (size) => device.createBuffer({ size, usage: bufferUsage }),
      destroy: (buffer) => buffer.destroy(),
    });
    this.#reader = createReader(device);
    // Replaces the handler of gpu.js, which logs to the console.
    device.onuncapturederror = ({ error }) => {
      this.#failure ??= new Error(`gpu: the device reports an error: ${error.message}`);
    };
  }

  get description(): string {
    const { info } = this.#context.adapter;
    const name = info.description || [info.vendor, info.architecture].filter((part) => part !== '').join(' ');
    return `gpu.js webgpu: ${name || 'unnamed adapter'}${this.language.hasSubgroups ? ', with subgroups' : ''}`;
  }

  get bytesAllocated(): number {
    return this.#pool.bytesAllocated;
  }

  get bytesInUse(): number {
    return this.#pool.bytesInUse;
  }

  get kernelBytes(): number {
    return this.#kernels.bytes;
  }

  get failure(): Error | undefined {
    return this.#context.isLost ? deviceLostError() : undefined;
  }

  upload(values: TypedArray, dtype: DType): DeviceBuffer {
    const buffer = this.#allocate(values.length);
    const words = toWords(values, dtype) as Int32Array<ArrayBuffer>;
    if (words.length > 0) this.#context.device.queue.writeBuffer(buffer.content.resource, 0, words);
    return buffer;
  }

  begin(isTimed: boolean): void {
    this.#checkUsable();
    const { device } = this.#context;
    this.#stopwatch = isTimed ? new Stopwatch(device) : undefined;
    device.pushErrorScope('out-of-memory');
    device.pushErrorScope('validation');
    this.#names = [];
    this.#hasCompiled = false;
    this.#pool.takeCreated();
    this.#encoder = device.createCommandEncoder();
    if (!isTimed) this.#pass = this.#encoder.beginComputePass();
  }

  dispatch(code: Code, inputs: readonly DeviceBuffer[]): DeviceBuffer {
    const output = this.#allocate(code.output.size);
    const buffers = [...inputs, output].map((buffer) => (buffer as PooledBuffer).content.resource);
    this.#names.push(code.name);
    const kernel = this.#kernelFor(code);
    this.#pass ??= this.#encoder!.beginComputePass({ timestampWrites: this.#stopwatch!.nextPass() });
    kernel.encode(this.#pass, buffers);
    if (this.#stopwatch) this.#endPass();
    return output;
  }

  end(): void {
    const { device } = this.#context;
    this.#endPass();
    this.#stopwatch?.finish(this.#encoder!);
    device.queue.submit([this.#encoder!.finish()]);
    this.#encoder = undefined;
    this.#pool.trim();
    this.#pending++;
    const created = this.#pool.takeCreated();
    const outcome = this.#outcomeOf(this.#names, created, [device.popErrorScope(), device.popErrorScope()]);
    this.#outcome = created.length > 0 || this.#hasCompiled ? outcome : undefined;
    const isExpected = this.#outcome !== undefined;
    this.#checked = Promise.all([this.#checked, outcome]).then(([, failure]) => {
      if (!isExpected) this.#failure ??= failure;
    });
  }

  abort(): void {
    // It has ended, or has not begun.
    if (!this.#encoder) return;
    const { device } = this.#context;
    this.#endPass();
    this.#encoder = undefined;
    // What they hold does not matter any more; they reject if the device is lost.
    for (const scope of [device.popErrorScope(), device.popErrorScope()]) scope.catch(() => undefined);
    this.#pool.discard(this.#pool.takeCreated());
    this.#pool.trim();
    if (this.#hasCompiled) this.#kernels.clear();
  }

  outcome(): Promise<Error | undefined> | undefined {
    return this.#outcome;
  }

  times(): Promise<Float64Array> {
    return this.#stopwatch!.read().catch((error: unknown) => {
      this.#checkUsable();
      throw error;
    });
  }

  free(buffer: DeviceBuffer): void {
    this.#pool.free((buffer as PooledBuffer).free());
  }

  async read(buffer: DeviceBuffer, dtype: DType, size: number): Promise<TypedArray> {
    this.#checkUsable();
    if (size === 0) return fromWords(new ArrayBuffer(0), dtype);
    const words = await this.#readWords((buffer as PooledBuffer).content.resource, size).catch((error: unknown) => {
      // Its buffers may be invalid, which it would use again.
      this.#reader = createReader(this.#context.device);
      this.#checkUsable();
      throw error;
    });
    await this.#checked;
    this.#checkUsable();
    return fromWords(words, dtype);
  }

  readSync(): TypedArray {
    throw asynchronousReadError();
  }

  throttle(): Promise<void> | undefined {
    this.#checkUsable();
    if (this.#pending < maxPending) return undefined;
    this.#pending = 0;
    return this.#context.device.queue.onSubmittedWorkDone().then(
      () => undefined,
      () => undefined,
    );
  }

  destroy(): void {
    this.#pool.destroy();
    this.#kernels.clear();
    this.#reader.destroy();
  }

  #allocate(size: number): PooledBuffer {
    const block = this.#pool.allocate(4 * size);
    return new Handle(block, block.bytes);
  }

  #endPass(): void {
    this.#pass?.end();
    this.#pass = undefined;
  }

  #kernelFor(code: Code): WgslKernel {
    const key = `${code.workgroups!.join()} ${code.source}`;
    return this.#kernels.get(key, () => {
      this.#hasCompiled = true;
      return new WgslKernel(code, this.#context);
    });
  }

  /** The error of a sequence that created these blocks. Where memory ran out, there are validation errors as well. */
  async #outcomeOf(
    names: readonly string[],
    created: readonly Block<GPUBuffer>[],
    [validation, memory]: readonly [Promise<GPUError | null>, Promise<GPUError | null>],
  ): Promise<Error | undefined> {
    let error: GPUError | Error | null;
    let what = 'the device reports an error';
    try {
      const outOfMemory = await memory;
      error = outOfMemory ?? (await validation);
      if (outOfMemory) what = 'the device is out of memory';
    } catch (deviceLost) {
      error = deviceLost as Error;
    }
    if (!error) return undefined;
    this.#pool.discard(created);
    this.#kernels.clear();
    return new Error(`gpu: ${what} in an evaluation of the kernels ${listKernels(names)}: ${error.message}`);
  }

  /** Reads the first words of a buffer, as gpu.js reads the results of its kernels. */
  async #readWords(buffer: GPUBuffer, size: number): Promise<ArrayBuffer> {
    // Not deleted, which would destroy the buffer of the pool.
    const handle = new gpuJs.WebGPUBufferResult({
      buffer,
      output: [size],
      context: this.#context,
      kernel: this.#reader,
    });
    return (await this.#reader.readBufferResult(handle)).buffer as ArrayBuffer;
  }

  /** @throws {Error} if the device is lost or, once, if something failed before. */
  #checkUsable(): void {
    const { failure: lost } = this;
    if (lost) throw lost;
    const failure = this.#failure;
    this.#failure = undefined;
    if (failure) throw failure;
  }
}

/** A kernel of gpu.js through which buffers are read. */
function createReader(device: GPUDevice): DeviceKernel {
  const reader = new gpuJs.WebGPUKernel('function kernel() {}', { output: [1], precision: 'single' });
  reader._device = device;
  return reader;
}

/** Fallback adapters compute in software. */
function languageFor({ adapter, device }: DeviceContext): Language {
  if (adapter.info.isFallbackAdapter) return wgslInSoftware;
  return device.features.has('subgroups') ? wgslWithSubgroups : wgsl;
}
