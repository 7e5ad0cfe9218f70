// The backend: links each plan once, loads what it needs into memory, and runs it.
import {
  bytesPerElement,
  operandsOf,
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
import { Subarray, WasmBuffer } from './memory/buffer.ts';
import { allocateSizeHint, nextTurn } from './memory/collector.ts';
import { DeviceBuffers } from './memory/deviceBuffers.ts';
import { blockBytes, Heap, OutOfMemoryError, Region, roundUpToBlock } from './memory/heap.ts';
import { CodeCache } from './runtime/codeCache.ts';
import { describeFailure, failureOf } from './runtime/failure.ts';
import { loopOf, type LinkedLoop, type Places } from './runtime/loop.ts';
import { Program } from './runtime/program.ts';
import { defaultLimits, type ChainLimits } from './runtime/rowChains.ts';
import { commandEntry, controlBytes } from './threads/layout.ts';
import { CommandError, ThreadPool } from './threads/pool.ts';

/** Smaller host arrays, in bytes, are copied into memory for each run; larger ones get a block. */
const stagedBytes = 4096;
/** After this many bytes of dropped code, finalizers get a chance to run. */
const yieldAfterCodeBytes = 2 ** 20;
/** About what the engine needs for a worker thread: the collector is told so that it looks for backends out of reach. */
const workerBytes = 4 * 2 ** 20;
const sizeHints = new WeakMap<ThreadPoolBackend, unknown>();
/** With more backends than this that were not closed, a new one waits for finalizers. */
const maxUnclosed = 4;

/** Terminates the workers of backends that were collected. */
const finalizers = new FinalizationRegistry<ThreadPool>((pool) => closePool(pool));
/** The pools with workers. */
const openPools = new Set<ThreadPool>();

function closePool(pool: ThreadPool): void {
  pool.stop();
  openPools.delete(pool);
}

/** Gives finalizers of backends a chance to run, if there are many. */
export async function yieldToFinalizers(): Promise<void> {
  if (openPools.size > maxUnclosed) await nextTurn();
}

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
  /** Remarks for {@link WasmBackend.describe}. */
  readonly notes?: readonly string[];
  /** Which kernels run together, row by row; `false` for none. Results do not depend on it. Default: {@link defaultLimits}. */
  readonly chains?: ChainLimits | false;
  /** See {@link DeviceBuffers}. */
  readonly minBudget?: number;
  /** See {@link CodeCache}. */
  readonly maxCodeBytes?: number;
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
  /** Bytes of code dropped since finalizers had a chance to run. */
  #droppedBytes = 0;
  readonly #programOf = new WeakMap<Plan, Program>();
  /** Those with memory. */
  readonly #programs = new Set<Program>();
  /** Releases programs of plans that were collected. */
  readonly #finalizers: FinalizationRegistry<Program> = new FinalizationRegistry((program) => this.#drop(program));

  constructor(options: ThreadPoolBackendOptions) {
    const { shared, threads, memoryLimit, minBudget, maxCodeBytes, timeoutMs } = options;
    this.#options = options;
    this.#heap = new Heap({ shared, limit: memoryLimit, reserved: controlBytes });
    this.#buffers = new DeviceBuffers(this.#heap, minBudget);
    this.#pool = new ThreadPool({ heap: this.#heap, shared, threads, ...(timeoutMs !== undefined && { timeoutMs }) });
    this.#cache = new CodeCache(this.#pool, shared, maxCodeBytes);
    this.#region = new Region(this.#heap);
    this.#staging = new Region(this.#heap);
    this.#workspaces = new Region(this.#heap);
    if (this.#pool.threads === 1) return;
    sizeHints.set(this, allocateSizeHint((this.#pool.threads - 1) * workerBytes));
    openPools.add(this.#pool);
    finalizers.register(this, this.#pool, this.#pool);
  }

  get threads(): number {
    return this.#pool.threads;
  }

  get maxBytes(): number {
    return this.#heap.limit;
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
    closePool(this.#pool);
    finalizers.unregister(this.#pool);
  }

  upload(values: TypedArray, dtype: DType): Buffer {
    return new WasmBuffer(this, this.#buffers, dtype, values.length, values);
  }

  allocate(dtype: DType, size: number): Buffer {
    return new WasmBuffer(this, this.#buffers, dtype, size);
  }

  subarray(buffer: Buffer, start: number, size: number): Buffer {
    return new Subarray(buffer as WasmBuffer, start, size);
  }

  /**
   * All memory that a run needs is reserved before anything is written. If a kernel fails, the outputs that were written up
   * to then get a {@link WasmBuffer.failure}; where core orders the plan, those are variables only if an update itself failed.
   * @throws {RangeError} if the memory limit is too small. Nothing has been computed then.
   * @throws {Error} if a kernel traps, a worker is lost, or an earlier run failed to compute an input.
   */
  execute(plan: Plan, inputs: readonly Buffer[], outputs: readonly Buffer[], timings?: Float64Array): void {
    const sources = inputs.filter((input) => input instanceof WasmBuffer);
    const targets = outputs as readonly WasmBuffer[];
    for (const { failure } of sources) if (failure) throw failure;
    const { program, addresses, outputAddresses } = this.#prepare(plan, sources, targets);
    const inputAddresses = sources.length < inputs.length ? locate(inputs, sources, addresses) : addresses;
    for (const buffer of targets) this.#buffers.markWritten(buffer);
    const places = { inputs: inputAddresses, outputs: outputAddresses, region: this.#region.address };
    const begun: Begun = { parts: 0, commands: 0 };
    try {
      this.#runProgram(program, places, begun, timings);
    } catch (error) {
      const failure = failureOf(error);
      for (const output of program.outputsWritten(begun.commands, begun.parts)) {
        if (targets[output]) targets[output].failure = failure;
      }
      throw error;
    }
    for (const buffer of targets) buffer.failure = undefined;
  }

  /** @throws {Error} if a kernel fails; `begun` then says how far it came. */
  #runProgram(program: Program, places: Places, begun: Begun, timings?: Float64Array): void {
    program.relocate(places, !timings);
    const arrayOf = (slot: Slot): TypedArray => this.#heap.view(slot.dtype, addressOf(slot, places), slot.size);
    const { parts } = program;
    try {
      while (begun.parts < parts.length) {
        const start = timings ? performance.now() : 0;
        const first = begun.parts;
        const part = parts[first]!;
        begun.commands = part.first;
        begun.parts++;
        if (part.loop) this.#runLoop(program, part.loop, part.kernel, places);
        else if (part.onHost) runOnHost(part.kernel, arrayOf);
        else {
          // Run as many kernels as possible at once, unless each is timed.
          while (!timings && begun.parts < parts.length && !parts[begun.parts]!.onHost) begun.parts++;
          this.#run(program, first, begun.parts);
        }
        if (timings) timings[first] = performance.now() - start;
      }
    } catch (error) {
      if (!(error instanceof CommandError)) throw error;
      begun.commands += error.command + 1;
      throw describeFailure(program, begun.commands - 1, error, arrayOf);
    }
  }

  #runLoop(program: Program, loop: LinkedLoop, kernel: Kernel, places: Places): void {
    const loopPlaces = {
      inputs: operandsOf(kernel).map(({ slot }) => addressOf(slot, places)),
      output: addressOf(kernel.output, places),
      region: program.loopRegion(places.region),
    };
    loop.run(loopPlaces, this.#heap, (body, inStep) => this.#runProgram(body, inStep, { parts: 0, commands: 0 }));
  }

  runsOnHost(kernel: Kernel): boolean {
    return !loopOf(kernel) && this.#options.lower(kernel) === undefined;
  }

  yieldToCollector(): Promise<void> | undefined {
    this.#droppedBytes += this.#cache.takeDroppedBytes();
    if (!this.#buffers.needsPause && this.#droppedBytes < yieldAfterCodeBytes) return undefined;
    this.#droppedBytes = 0;
    return this.#buffers.pause();
  }

  release(plan: Plan): void {
    const program = this.#programOf.get(plan);
    if (!program) return;
    this.#programOf.delete(plan);
    this.#drop(program);
  }

  #drop(program: Program): void {
    this.#finalizers.unregister(program);
    this.#programs.delete(program);
    program.release();
  }

  /** Runs the kernels from number `from` to the one before `to`. */
  #run({ list, parts }: Program, from: number, to: number): void {
    const { first } = parts[from]!;
    const count = parts[to - 1]!.first + parts[to - 1]!.count - first;
    if (count > 0) this.#pool.run(list + first * commandEntry.bytes, count);
  }

  /** Reserves all memory of a run. If there is no room, once more with nothing else in memory. */
  #prepare(plan: Plan, inputs: readonly WasmBuffer[], outputs: readonly WasmBuffer[]): Prepared {
    this.#buffers.beginRun(inputs, outputs);
    try {
      return this.#reserve(plan, inputs, outputs);
    } catch (error) {
      if (!(error instanceof OutOfMemoryError)) throw error;
    }
    this.#clear();
    try {
      return this.#reserve(plan, inputs, outputs);
    } catch (error) {
      if (!(error instanceof OutOfMemoryError)) throw error;
      let bytes = 0;
      for (const { dtype, size } of new Set([...inputs, ...outputs])) bytes += blockBytes(dtype, size);
      const { regionBytes = 0, workspaceBytes = 0 } = this.#programOf.get(plan) ?? {};
      throw new OutOfMemoryError(
        `${error.message}. (In all this plan needs ${regionBytes} bytes for intermediates, ${bytes} for inputs and ` +
          `outputs, and ${roundUpToBlock(workspaceBytes)} for each of ${this.#options.threads} threads.)`,
        { cause: error },
      );
    }
  }

  /** Empties the memory, so that no block is left between two gaps. */
  #clear(): void {
    this.#buffers.evictAll();
    for (const program of this.#programs) program.release();
    this.#programs.clear();
    for (const region of [this.#region, this.#staging, this.#workspaces]) region.release();
    this.#workspaceStride = 0;
    this.#pool.freeRecords();
  }

  #reserve(plan: Plan, inputs: readonly WasmBuffer[], outputs: readonly WasmBuffer[]): Prepared {
    const program = this.#programFor(plan);
    this.#region.reserve(program.regionBytes);
    this.#reserveWorkspaces(program.workspaceBytes);
    const outputAddresses = outputs.map((buffer) => this.#buffers.load(buffer));
    return { program, addresses: this.#loadInputs(inputs), outputAddresses };
  }

  #programFor(plan: Plan): Program {
    const known = this.#programOf.get(plan);
    if (known && !known.isReleased && this.#cache.use(known.modules)) return known;
    // It is new, or its memory or functions were dropped.
    this.release(plan);
    const { lower, chains = defaultLimits } = this.#options;
    const program = new Program(plan, lower, this.#heap, this.#cache, chains || undefined);
    this.#programOf.set(plan, program);
    this.#programs.add(program);
    this.#finalizers.register(plan, program, program);
    return program;
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

/** How many parts and commands of a program have begun. */
interface Begun {
  parts: number;
  commands: number;
}

function addressOf(slot: Slot, { inputs, outputs, region }: Places): number {
  if (slot.kind === 'arena') return region + slot.byteOffset;
  return (slot.kind === 'input' ? inputs : outputs)[slot.index]!;
}

interface Prepared {
  readonly program: Program;
  /** The addresses of inputs that are buffers of their own. */
  readonly addresses: readonly number[];
  readonly outputAddresses: readonly number[];
}

/** The addresses of all inputs, from those of the buffers among them. */
function locate(inputs: readonly Buffer[], buffers: readonly WasmBuffer[], addresses: readonly number[]): number[] {
  const addressOf = new Map<Buffer, number>(buffers.map((buffer, i) => [buffer, addresses[i]!]));
  return inputs.map((input) =>
    input instanceof Subarray
      ? addressOf.get(input.whole)! + input.start * bytesPerElement(input.dtype)
      : addressOf.get(input)!,
  );
}
