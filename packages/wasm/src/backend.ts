// The backend: places what a plan needs in memory, has it linked once, and runs it.
import {
  runOnHost,
  type Backend,
  type Buffer,
  type DType,
  type Kernel,
  type Plan,
  type Slot,
  type TypedArray,
} from '@thetagrad/core/backend';
import { Residents, WasmBuffer } from './runtime/buffer.ts';
import { CodeCache, Program } from './runtime/program.ts';
import { blockBytes, Heap, hostArray, OutOfMemoryError, padded, Region } from './runtime/heap.ts';
import { CommandError, Pool } from './threads/pool.ts';
import type { Features, Lower } from './command.ts';
import { controlBytes, listed } from './threads/runtimeModule.ts';

/** Host arrays below this are copied in for each run; larger ones get a block that they keep. */
const stagedBytes = 4096;

/** What a {@link WasmBackend} is made of; `wasm` fills it in. */
export interface WasmBackendOptions {
  /** With the main one; more than one only if `shared`. */
  readonly threads: number;
  readonly shared: boolean;
  /** The most memory in bytes. */
  readonly memoryLimit: number;
  readonly features: Features;
  readonly lower: Lower;
  /** JavaScript functions that host-only kernels import, by name. */
  readonly imported: WebAssembly.ModuleImports;
  /** Remarks for {@link WasmBackend.describe}. */
  readonly notes?: readonly string[];
  /** What results may occupy together before some are moved out, in bytes, where no plan needs more. */
  readonly leastBudget?: number;
  /** How many milliseconds a worker may compute one chunk before it counts as lost. */
  readonly patience?: number;
}

/**
 * Runs plans as WebAssembly on all cores. Everything lies in one memory; results stay there until they are read, are
 * collected with their tensors, or have to make room (see {@link Residents}).
 */
export class WasmBackend implements Backend {
  readonly name = 'wasm';
  readonly dtypes: readonly DType[] = ['float32', 'float64', 'int32', 'bool'];
  readonly #options: WasmBackendOptions;
  readonly #heap: Heap;
  readonly #residents: Residents;
  readonly #pool: Pool;
  readonly #cache: CodeCache;
  /** Arena and temporaries of the running plan. */
  readonly #region: Region;
  readonly #staging: Region;
  readonly #scratch: Region;
  #scratchStride = 0;
  readonly #programs = new WeakMap<Plan, Program>();
  /** For plans that nobody released. */
  readonly #forgotten: FinalizationRegistry<Program> = new FinalizationRegistry((program) => program.release());

  constructor(options: WasmBackendOptions) {
    const { shared, threads, memoryLimit, features, leastBudget, patience } = options;
    this.#options = options;
    this.#heap = new Heap({ shared, limit: memoryLimit, reserved: controlBytes });
    this.#residents = new Residents(this.#heap, leastBudget);
    this.#pool = new Pool({ heap: this.#heap, shared, threads, ...(patience !== undefined && { patience }) });
    this.#cache = new CodeCache(this.#pool, features, shared, options.imported);
    this.#region = new Region(this.#heap);
    this.#staging = new Region(this.#heap);
    this.#scratch = new Region(this.#heap);
  }

  /** How many threads take part, the main one included. */
  get threads(): number {
    return this.#pool.threads;
  }

  /** The bytes of its memory that are in use, buffers, code and all. */
  get bytesInUse(): number {
    return this.#heap.taken;
  }

  /** One line on what it uses: threads, memory, SIMD, and why something is not used. */
  describe(): string {
    const { shared, notes = [] } = this.#options;
    const { threads, remarks } = this.#pool;
    const count = threads === 1 ? '1 thread' : `${threads} threads`;
    return [`wasm: ${count}`, `${shared ? 'shared' : 'unshared'} memory`, ...notes, ...remarks].join('; ');
  }

  /** Resolves when all worker threads are up. Nothing needs it: until they are, they just take no part. */
  ready(): Promise<void> {
    return this.#pool.ready();
  }

  /** Ends the worker threads; from here on it computes on one thread. */
  close(): void {
    this.#pool.stop();
  }

  upload(values: TypedArray, dtype: DType): Buffer {
    return new WasmBuffer(this, this.#residents, dtype, values.length, values);
  }

  allocate(dtype: DType, size: number): Buffer {
    return new WasmBuffer(this, this.#residents, dtype, size);
  }

  /**
   * @throws {RangeError} if the memory's limit is too small; nothing has been computed then.
   * @throws {Error} if a kernel traps, a worker ended since the last run, or one stops answering.
   */
  execute(plan: Plan, inputs: readonly Buffer[], outputs: readonly Buffer[], timings?: Float64Array): void {
    this.#pool.check();
    const sources = inputs as readonly WasmBuffer[];
    const targets = outputs as readonly WasmBuffer[];
    this.#residents.begin(sources, targets);
    const program = this.#programFor(plan);
    const [inputAt, outputAt] = this.#reserve(program, sources, targets);
    for (const buffer of targets) this.#residents.overwritten(buffer);
    program.place(inputAt, outputAt, this.#region.address);

    const address = (slot: Slot): number =>
      slot.kind === 'arena'
        ? this.#region.address + slot.byteOffset
        : (slot.kind === 'input' ? inputAt : outputAt)[slot.index]!;
    const arrayOf = (slot: Slot): TypedArray => this.#heap.view(slot.dtype, address(slot), slot.size);
    const { parts } = program;
    for (let i = 0; i < parts.length;) {
      const start = timings ? performance.now() : 0;
      const begin = i;
      if (parts[i]!.onHost) runOnHost(parts[i++]!.kernel, arrayOf);
      else {
        // As many kernels as possible at once, unless each is to be timed.
        do i++;
        while (!timings && i < parts.length && !parts[i]!.onHost);
        this.#run(program, parts[begin]!.first, parts[i - 1]!.first + parts[i - 1]!.count, arrayOf);
      }
      if (timings) timings[begin] = performance.now() - start;
    }
  }

  yieldToCollector(): Promise<void> | undefined {
    return this.#residents.yieldToCollector();
  }

  /** Frees what was prepared for a plan that will not run again. */
  release(plan: Plan): void {
    const program = this.#programs.get(plan);
    if (!program) return;
    this.#programs.delete(plan);
    this.#forgotten.unregister(program);
    program.release();
  }

  #run({ list, keys, parts }: Program, from: number, to: number, arrayOf: (slot: Slot) => TypedArray): void {
    if (from === to) return;
    try {
      this.#pool.run(list + from * listed.bytes, to - from);
    } catch (error) {
      if (!(error instanceof CommandError)) throw error;
      const command = from + error.command;
      const kernel = parts.findLastIndex(({ first, onHost }) => !onHost && first <= command);
      refuseAsReference(parts[kernel]!.kernel, arrayOf);
      throw new Error(
        `wasm: kernel ${kernel} of the plan (${parts[kernel]!.kernel.kind}, function ${keys[command]}) failed: ${error.message}`,
        { cause: error },
      );
    }
  }

  #programFor(plan: Plan): Program {
    const known = this.#programs.get(plan);
    if (known?.generation === this.#cache.generation) return known;
    // Its functions were dropped from the table, or it is new.
    this.release(plan);
    const program = new Program(plan, this.#options.lower, this.#heap, this.#cache);
    this.#programs.set(plan, program);
    this.#forgotten.register(plan, program, program);
    return program;
  }

  /** Takes all memory that a run needs, and returns where inputs and outputs are. */
  #reserve(
    { regionBytes, scratchBytes }: Program,
    inputs: readonly WasmBuffer[],
    outputs: readonly WasmBuffer[],
  ): [inputAt: number[], outputAt: number[]] {
    try {
      this.#region.reserve(regionBytes);
      this.#reserveScratch(scratchBytes);
      const outputAt = outputs.map((buffer) => this.#residents.place(buffer));
      return [this.#placeInputs(inputs), outputAt];
    } catch (error) {
      if (!(error instanceof OutOfMemoryError)) throw error;
      let bytes = 0;
      for (const { dtype, size } of new Set([...inputs, ...outputs])) bytes += blockBytes(dtype, size);
      throw new OutOfMemoryError(
        `${error.message}. (In all this plan needs ${regionBytes} bytes for intermediates, ${bytes} for inputs and ` +
          `outputs, and ${padded(scratchBytes)} for each of ${this.#options.threads} threads.)`,
        { cause: error },
      );
    }
  }

  #reserveScratch(bytes: number): void {
    if (padded(bytes) <= this.#scratchStride) return;
    this.#scratchStride = 0;
    this.#scratch.reserve(padded(bytes) * this.#options.threads);
    this.#scratchStride = padded(bytes);
    this.#pool.setScratch(this.#scratch.address, this.#scratchStride);
  }

  #placeInputs(buffers: readonly WasmBuffer[]): number[] {
    const staged = buffers.map((buffer) => {
      const values = this.#residents.onHost(buffer);
      return values && values.byteLength < stagedBytes ? values : undefined;
    });
    // Blocks first: all views of the memory end when it grows.
    const addresses = buffers.map((buffer, i) => (staged[i] ? 0 : this.#residents.place(buffer)));
    this.#staging.reserve(staged.reduce((sum, values) => sum + (values ? padded(values.byteLength) : 0), 0));
    let next = this.#staging.address;
    staged.forEach((values, i) => {
      if (!values) return;
      this.#heap.view(buffers[i]!.dtype, next, values.length).set(values);
      addresses[i] = next;
      next += padded(values.byteLength);
    });
    return addresses;
  }
}

/**
 * Throws the reference's error if it has one: routines trap at inputs that have to be refused, such as an index out of
 * range. Their output may be a variable, so it stays as it is.
 */
function refuseAsReference(kernel: Kernel, arrayOf: (slot: Slot) => TypedArray): void {
  if (kernel.kind !== 'routine') return;
  const { operation, operands, shape, attributes, output } = kernel;
  const inputs = operands.map(({ slot, view }) => ({ values: arrayOf(slot), view }));
  operation.run(hostArray(output.dtype, output.size), shape, inputs, attributes);
}
