// The mode webgpu: our own WGSL, in kernels of gpu.js, on its device.
import type { DType, TypedArray } from '@thetagrad/core/backend';
import type { Code, IndexCheck } from '../code/code.ts';
import { reportedIndex, reportSize } from '../code/wgsl.ts';
import { wgsl, wgslAlone, type Language } from '../lower/language.ts';
import { arrayOf, wordsOf } from './arrays.ts';
import type { Device, Memory } from './device.ts';
import { KernelCache } from './kernelCache.ts';
import { gpuJs, type DeviceContext, type DeviceKernel } from './gpujs.ts';
import { Held } from './held.ts';
import { Pool, type Block } from './pool.ts';
import { Stopwatch } from './stopwatch.ts';
import { WgslKernel } from './wgslKernel.ts';

/** So many submissions may wait for the device before evaluation does. */
const mostAhead = 8;

/** STORAGE, COPY_SRC and COPY_DST. (The names are globals of browsers alone.) */
const bufferUsage = 0x80 | 0x04 | 0x08;

/** A block of the device's memory, while somebody uses it. */
type Resident = Held<Block<GPUBuffer>>;

export class WebGpuDevice implements Device {
  readonly mode = 'webgpu';
  readonly language: Language;
  readonly isSynchronous = false;
  readonly mostInputs: number;
  readonly #context: DeviceContext;
  readonly #pool: Pool<GPUBuffer>;
  readonly #kernels = new KernelCache<WgslKernel>();
  readonly #reader: DeviceKernel;
  /** Where kernels report indices out of range. */
  readonly #report: GPUBuffer;
  #mayReport = false;
  #encoder: GPUCommandEncoder | undefined;
  /** Of all programs in the running sequence, unless each has its own to be timed. */
  #pass: GPUComputePassEncoder | undefined;
  #stopwatch: Stopwatch | undefined;
  /** The names of the kernels in the running sequence. */
  #names: string[] = [];
  /** Whether the running sequence has compiled a kernel. */
  #compiles = false;
  #outcome: Promise<Error | undefined> | undefined;
  /** What went wrong and was not thrown yet. */
  #failure: Error | undefined;
  /** Settles when the errors of all that was submitted are known. */
  #checked: Promise<void> = Promise.resolve();
  #ahead = 0;

  constructor(context: DeviceContext, language: Language = languageFor(context.adapter)) {
    const { device } = (this.#context = context);
    this.language = language;
    // One is the output, and one takes reports.
    this.mostInputs = device.limits.maxStorageBuffersPerShaderStage - 2;
    this.#pool = new Pool({
      most: Math.min(device.limits.maxBufferSize, device.limits.maxStorageBufferBindingSize),
      make: (size) => device.createBuffer({ size, usage: bufferUsage }),
      destroy: (buffer) => buffer.destroy(),
    });
    this.#reader = new gpuJs.WebGPUKernel('function kernel() {}', { output: [1], precision: 'single' });
    this.#reader._device = device;
    this.#report = device.createBuffer({ size: 4 * reportSize, usage: bufferUsage });
    // In place of gpu.js' own handler, which writes to the console.
    device.onuncapturederror = ({ error }) => void this.#fail(error);
  }

  get description(): string {
    const { info } = this.#context.adapter;
    const name = info.description || [info.vendor, info.architecture].filter((part) => part !== '').join(' ');
    return `gpu.js webgpu: ${name || 'unnamed adapter'}`;
  }

  get bytes(): number {
    return this.#pool.bytes;
  }

  get bytesInUse(): number {
    return this.#pool.bytesInUse;
  }

  upload(values: TypedArray, dtype: DType): Memory {
    const memory = this.#take(values.length);
    const words = wordsOf(values, dtype) as Int32Array<ArrayBuffer>;
    if (words.length > 0) this.#context.device.queue.writeBuffer(memory.content.piece, 0, words);
    return memory;
  }

  begin(isTimed: boolean): void {
    this.#checkUsable();
    const { device } = this.#context;
    this.#stopwatch = isTimed ? new Stopwatch(device) : undefined;
    device.pushErrorScope('out-of-memory');
    device.pushErrorScope('validation');
    this.#names = [];
    this.#compiles = false;
    this.#encoder = device.createCommandEncoder();
    if (!isTimed) this.#pass = this.#encoder.beginComputePass();
  }

  compute(code: Code, inputs: readonly Memory[], _check: IndexCheck | undefined): Memory {
    const output = this.#take(code.output.size);
    const buffers = [...inputs, output].map((memory) => (memory as Resident).content.piece);
    if (code.reports) {
      buffers.push(this.#report);
      this.#mayReport = true;
    }
    this.#names.push(code.name);
    const kernel = this.#kernelFor(code);
    this.#pass ??= this.#encoder!.beginComputePass({ timestampWrites: this.#stopwatch!.next() });
    kernel.encode(this.#pass, buffers);
    if (this.#stopwatch) {
      this.#pass.end();
      this.#pass = undefined;
    }
    return output;
  }

  end(): void {
    const { device } = this.#context;
    this.#pass?.end();
    this.#stopwatch?.finish(this.#encoder!);
    device.queue.submit([this.#encoder!.finish()]);
    this.#pass = this.#encoder = undefined;
    this.#pool.trim();
    this.#ahead++;
    const made = this.#pool.made();
    const outcome = this.#outcomeOf(this.#names, made, [device.popErrorScope(), device.popErrorScope()]);
    this.#outcome = made.length > 0 || this.#compiles ? outcome : undefined;
    this.#checked = Promise.all([this.#checked, outcome]).then(() => undefined);
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

  free(memory: Memory): void {
    this.#pool.give((memory as Resident).free());
  }

  async read(memory: Memory, dtype: DType, size: number): Promise<TypedArray> {
    this.#checkUsable();
    if (size === 0) return arrayOf(new ArrayBuffer(0), dtype);
    const words = await this.#readWords((memory as Resident).content.piece, size).catch((error: unknown) => {
      this.#checkUsable();
      throw error;
    });
    await this.#readReport();
    await this.#checked;
    this.#checkUsable();
    return arrayOf(words, dtype);
  }

  readSync(): TypedArray {
    throw new Error(
      `gpu: values on the device can be read only with 'await': use data(), item() or toArray() instead of dataSync(), ` +
        `itemSync(), toArraySync() or toString()`,
    );
  }

  yieldToCollector(): Promise<void> | undefined {
    this.#checkUsable();
    if (this.#ahead < mostAhead) return undefined;
    this.#ahead = 0;
    return this.#context.device.queue.onSubmittedWorkDone().then(
      () => undefined,
      () => undefined,
    );
  }

  #take(size: number): Resident {
    const block = this.#pool.take(4 * size);
    return new Held(block, block.bytes);
  }

  #kernelFor(code: Code): WgslKernel {
    const key = `${code.workgroups!.join()} ${code.source}`;
    return this.#kernels.get(key, () => {
      this.#compiles = true;
      return new WgslKernel(code, this.#context);
    });
  }

  /** The error of a sequence that took these blocks. What is out of memory is also invalid where it is used. */
  async #outcomeOf(
    names: readonly string[],
    made: readonly Block<GPUBuffer>[],
    [validation, memory]: readonly [Promise<GPUError | null>, Promise<GPUError | null>],
  ): Promise<Error | undefined> {
    let error: GPUError | Error | null;
    let what = 'the device reports an error';
    try {
      const isShort = await memory;
      error = isShort ?? (await validation);
      if (isShort) what = 'the device is out of memory';
    } catch (lost) {
      error = lost as Error;
    }
    if (!error) return undefined;
    this.#pool.discard(made);
    this.#kernels.clear();
    return this.#fail(error, `${what} in an evaluation of the kernels ${names.join(', ')}`);
  }

  /** The first words of a buffer, as gpu.js reads results of its kernels. */
  async #readWords(buffer: GPUBuffer, size: number): Promise<ArrayBuffer> {
    // Never deleted: that would destroy the buffer, which is the pool's.
    const handle = new gpuJs.WebGPUBufferResult({
      buffer,
      output: [size],
      context: this.#context,
      kernel: this.#reader,
    });
    return (await this.#reader.readBufferResult(handle)).buffer as ArrayBuffer;
  }

  async #readReport(): Promise<void> {
    if (!this.#mayReport) return;
    this.#mayReport = false;
    const error = reportedIndex(new Int32Array(await this.#readWords(this.#report, reportSize)));
    if (!error) return;
    this.#context.device.queue.writeBuffer(this.#report, 0, new Int32Array(reportSize));
    throw error;
  }

  /** Keeps an error until it can be thrown. */
  #fail(error: GPUError | Error, what = 'the device reports an error'): Error {
    const failure = new Error(`gpu: ${what}: ${error.message}`);
    this.#failure ??= failure;
    return failure;
  }

  /** Throws what went wrong before, once. */
  #checkUsable(): void {
    if (this.#context.isLost) {
      throw new Error('gpu: the device was lost, and all values on it; take a new one with setBackend(await gpu())');
    }
    const failure = this.#failure;
    this.#failure = undefined;
    if (failure) throw failure;
  }
}

/** Adapters that a browser or driver falls back to compute in software. */
function languageFor({ info }: GPUAdapter): Language {
  return info.isFallbackAdapter ? wgslAlone : wgsl;
}
