// The backend: links each plan once, loads what it needs into memory, and runs it.
import {
  allocate,
  runOnHost,
  type Backend,
  type Buffer,
  type DType,
  type Kernel,
  type Plan,
  type Slot,
  type TypedArray,
} from '@thetagrad/core/backend';
import type { Lower } from './command.ts';
import { WasmBuffer } from './memory/buffer.ts';
import { DeviceBuffers } from './memory/deviceBuffers.ts';
import { blockBytes, Heap, OutOfMemoryError, Region, roundUpToBlock } from './memory/heap.ts';
import { CodeCache } from './runtime/codeCache.ts';
import { Program } from './runtime/program.ts';
import { commandEntry, controlBytes } from './threads/layout.ts';
import { CommandError, ThreadPool } from './threads/pool.ts';

/** Smaller host arrays, in bytes, are copied into memory for each run; larger ones get a block. */
const stagedBytes = 4096;

/** A backend that computes in WebAssembly. */
export interface WasmBackend extends Backend {
  /** The number of threads that take part, including the main one. */
  readonly threads: number;
  /** The bytes in use for buffers, code and everything else. */
  readonly bytesInUse: number;
  /** One line about threads, memory and SIMD, and why any is not used. */
  describe(): string;
  /** Resolves when all worker threads are up. Only measurements need this: until then, workers take no part. */
  ready(): Promise<void>;
  /** Terminates the worker threads. The backend goes on with one thread. */
  close(): void;
}

/** What `wasm` passes on from its options and finds out about the engine. */
export interface ThreadPoolBackendOptions {
  /** Including the main one; more than one only if `shared`. */
  readonly threads: number;
  readonly shared: boolean;
  /** The maximum memory in bytes. */
  readonly memoryLimit: number;
  readonly lower: Lower;
  /** The JavaScript functions that host-only kernels import, by name. */
  readonly imported: WebAssembly.ModuleImports;
  /** Remarks for {@link WasmBackend.describe}. */
  readonly notes?: readonly string[];
  /** See {@link DeviceBuffers}. */
  readonly minBudget?: number;
  /** How long a worker may compute one chunk before it counts as lost. Default: 10,000. */
  readonly timeoutMs?: number;
}

/**
 * Runs plans as WebAssembly on all cores. One memory holds everything; results stay there until their tensors are
 * collected or they are evicted (see {@link DeviceBuffers}).
 */
export class ThreadPoolBackend implements WasmBackend {
  readonly name = 'wasm';
  readonly dtypes: readonly DType[] = ['float32', 'float64', 'int32', 'bool'];
  readonly #options: ThreadPoolBackendOptions;
  readonly #heap: Heap;
  readonly #buffers: DeviceBuffers;
  readonly #pool: ThreadPool;
  readonly #cache: CodeCache;
  /** Holds the arena and scratch of the running plan. */
  readonly #region: Region;
  /** Holds small inputs of the running plan. */
  readonly #staging: Region;
  /** Holds the threads' workspaces. */
  readonly #workspaces: Region;
  #workspaceStride = 0;
  readonly #programs = new WeakMap<Plan, Program>();
  /** Releases programs of plans that were collected. */
  readonly #finalizers: FinalizationRegistry<Program> = new FinalizationRegistry((program) => program.release());

  constructor(options: ThreadPoolBackendOptions) {
    const { shared, threads, memoryLimit, minBudget, timeoutMs } = options;
    this.#options = options;
    this.#heap = new Heap({ shared, limit: memoryLimit, reserved: controlBytes });
    this.#buffers = new DeviceBuffers(this.#heap, minBudget);
    this.#pool = new ThreadPool({ heap: this.#heap, shared, threads, ...(timeoutMs !== undefined && { timeoutMs }) });
    this.#cache = new CodeCache(this.#pool, shared, options.imported);
    this.#region = new Region(this.#heap);
    this.#staging = new Region(this.#heap);
    this.#workspaces = new Region(this.#heap);
  }

  get threads(): number {
    return this.#pool.threads;
  }

  get bytesInUse(): number {
    return this.#heap.bytesInUse;
  }

  describe(): string {
    const { shared, notes = [] } = this.#options;
    const { threads, remarks } = this.#pool;
    const count = threads === 1 ? '1 thread' : `${threads} threads`;
    return [`wasm: ${count}`, `${shared ? 'shared' : 'unshared'} memory`, ...notes, ...remarks].join('; ');
  }

  ready(): Promise<void> {
    return this.#pool.ready();
  }

  close(): void {
    this.#pool.stop();
  }

  upload(values: TypedArray, dtype: DType): Buffer {
    return new WasmBuffer(this, this.#buffers, dtype, values.length, values);
  }

  allocate(dtype: DType, size: number): Buffer {
    return new WasmBuffer(this, this.#buffers, dtype, size);
  }

  /**
   * @throws {RangeError} if the memory limit is too small. Nothing has been computed then.
   * @throws {Error} if a kernel traps, a worker ended since the last run, or a worker does not finish.
   */
  execute(plan: Plan, inputs: readonly Buffer[], outputs: readonly Buffer[], timings?: Float64Array): void {
    this.#pool.check();
    const sources = inputs as readonly WasmBuffer[];
    const targets = outputs as readonly WasmBuffer[];
    this.#buffers.beginRun(sources, targets);
    const program = this.#programFor(plan);
    const [inputAddresses, outputAddresses] = this.#reserve(program, sources, targets);
    for (const buffer of targets) this.#buffers.markWritten(buffer);
    program.relocate(inputAddresses, outputAddresses, this.#region.address);

    const address = (slot: Slot): number =>
      slot.kind === 'arena'
        ? this.#region.address + slot.byteOffset
        : (slot.kind === 'input' ? inputAddresses : outputAddresses)[slot.index]!;
    const arrayOf = (slot: Slot): TypedArray => this.#heap.view(slot.dtype, address(slot), slot.size);
    const { parts } = program;
    for (let i = 0; i < parts.length;) {
      const start = timings ? performance.now() : 0;
      const begin = i;
      if (parts[i]!.onHost) runOnHost(parts[i++]!.kernel, arrayOf);
      else {
        // Run as many kernels as possible at once, unless each is timed.
        do i++;
        while (!timings && i < parts.length && !parts[i]!.onHost);
        this.#run(program, parts[begin]!.first, parts[i - 1]!.first + parts[i - 1]!.count, arrayOf);
      }
      if (timings) timings[begin] = performance.now() - start;
    }
  }

  yieldToCollector(): Promise<void> | undefined {
    return this.#buffers.yieldToCollector();
  }

  release(plan: Plan): void {
    const program = this.#programs.get(plan);
    if (!program) return;
    this.#programs.delete(plan);
    this.#finalizers.unregister(program);
    program.release();
  }

  #run({ list, names, parts }: Program, from: number, to: number, arrayOf: (slot: Slot) => TypedArray): void {
    if (from === to) return;
    try {
      this.#pool.run(list + from * commandEntry.bytes, to - from);
    } catch (error) {
      if (!(error instanceof CommandError)) throw error;
      const command = from + error.command;
      const kernel = parts.findLastIndex(({ first, onHost }) => !onHost && first <= command);
      throwReferenceError(parts[kernel]!.kernel, arrayOf);
      throw new Error(
        `wasm: kernel ${kernel} of the plan (${parts[kernel]!.kernel.kind}, function ${names[command]}) failed: ${error.message}`,
        { cause: error },
      );
    }
  }

  #programFor(plan: Plan): Program {
    const known = this.#programs.get(plan);
    if (known?.generation === this.#cache.generation) return known;
    // It is new, or its functions were dropped from the table.
    this.release(plan);
    const program = new Program(plan, this.#options.lower, this.#heap, this.#cache);
    this.#programs.set(plan, program);
    this.#finalizers.register(plan, program, program);
    return program;
  }

  /** Allocates all memory that a run needs. */
  #reserve(
    { regionBytes, workspaceBytes }: Program,
    inputs: readonly WasmBuffer[],
    outputs: readonly WasmBuffer[],
  ): [inputAddresses: number[], outputAddresses: number[]] {
    try {
      this.#region.reserve(regionBytes);
      this.#reserveWorkspaces(workspaceBytes);
      const outputAddresses = outputs.map((buffer) => this.#buffers.load(buffer));
      return [this.#loadInputs(inputs), outputAddresses];
    } catch (error) {
      if (!(error instanceof OutOfMemoryError)) throw error;
      let bytes = 0;
      for (const { dtype, size } of new Set([...inputs, ...outputs])) bytes += blockBytes(dtype, size);
      throw new OutOfMemoryError(
        `${error.message}. (In all this plan needs ${regionBytes} bytes for intermediates, ${bytes} for inputs and ` +
          `outputs, and ${roundUpToBlock(workspaceBytes)} for each of ${this.#options.threads} threads.)`,
        { cause: error },
      );
    }
  }

  #reserveWorkspaces(bytes: number): void {
    if (roundUpToBlock(bytes) <= this.#workspaceStride) return;
    this.#workspaceStride = 0;
    this.#workspaces.reserve(roundUpToBlock(bytes) * this.#options.threads);
    this.#workspaceStride = roundUpToBlock(bytes);
    this.#pool.setWorkspaces(this.#workspaces.address, this.#workspaceStride);
  }

  #loadInputs(buffers: readonly WasmBuffer[]): number[] {
    const staged = buffers.map((buffer) => {
      const values = this.#buffers.hostValues(buffer);
      return values && values.byteLength < stagedBytes ? values : undefined;
    });
    // Allocate first: growing invalidates all views of the memory.
    const addresses = buffers.map((buffer, i) => (staged[i] ? 0 : this.#buffers.load(buffer)));
    this.#staging.reserve(staged.reduce((sum, values) => sum + (values ? roundUpToBlock(values.byteLength) : 0), 0));
    let next = this.#staging.address;
    staged.forEach((values, i) => {
      if (!values) return;
      this.#heap.view(buffers[i]!.dtype, next, values.length).set(values);
      addresses[i] = next;
      next += roundUpToBlock(values.byteLength);
    });
    return addresses;
  }
}

/**
 * Throws the error of the portable backend if there is one: routines trap at invalid inputs, such as an index out of
 * range. Runs on a copy, because the output may be a variable.
 */
function throwReferenceError(kernel: Kernel, arrayOf: (slot: Slot) => TypedArray): void {
  if (kernel.kind !== 'routine') return;
  const copy = allocate(kernel.output.dtype, kernel.output.size);
  runOnHost(kernel, (slot) => (slot === kernel.output ? copy : arrayOf(slot)));
}
