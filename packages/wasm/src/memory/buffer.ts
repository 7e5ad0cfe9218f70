import type { Backend, Buffer, DType, TypedArray } from '@thetagrad/core/backend';
import type { DeviceBuffers } from './deviceBuffers.ts';

/**
 * The elements of a buffer: in a host array, in a block of the heap, or in both. It does not refer to its buffer, so
 * that holding it does not keep the buffer from being collected. (A WeakRef would, until the current job ends.)
 */
export interface Storage {
  readonly dtype: DType;
  readonly size: number;
  /** Host copy. Unwritten if this is undefined and `address` is 0. */
  host: TypedArray | undefined;
  /** The address of the block; 0 if there is none. */
  address: number;
  /** Whether the block holds the elements. */
  written: boolean;
  /** The last run that used the buffer. */
  lastRun: number;
}

/** Elements in WebAssembly memory, or in a host array until a plan needs them. */
export class WasmBuffer implements Buffer {
  readonly backend: Backend;
  /** Managed by {@link DeviceBuffers}. */
  readonly storage: Storage;
  /**
   * The error of a run that failed while it wrote the elements, or of using them after {@link dispose}. The next run that
   * writes them all removes it.
   */
  failure: Error | undefined;
  readonly #buffers: DeviceBuffers;

  constructor(backend: Backend, buffers: DeviceBuffers, dtype: DType, size: number, host?: TypedArray) {
    this.backend = backend;
    this.#buffers = buffers;
    this.storage = { dtype, size, host, address: 0, written: false, lastRun: 0 };
  }

  get dtype(): DType {
    return this.storage.dtype;
  }

  get size(): number {
    return this.storage.size;
  }

  /**
   * A copy of the elements; zeros if nothing was written.
   * @throws {Error} the {@link failure}, if there is one.
   */
  readSync(): TypedArray {
    if (this.failure) throw this.failure;
    return this.#buffers.read(this.storage);
  }

  async read(): Promise<TypedArray> {
    return this.readSync();
  }

  dispose(): void {
    this.failure = new Error('wasm: the value has been disposed of');
    this.#buffers.dispose(this.storage);
  }
}

/** A part of a buffer, for a run that has the buffer as an input, too. */
export class Subarray implements Buffer {
  readonly whole: WasmBuffer;
  readonly start: number;
  readonly size: number;

  constructor(whole: WasmBuffer, start: number, size: number) {
    this.whole = whole;
    this.start = start;
    this.size = size;
  }

  get backend(): Backend {
    return this.whole.backend;
  }

  get dtype(): DType {
    return this.whole.dtype;
  }

  readSync(): TypedArray {
    return this.whole.readSync().subarray(this.start, this.start + this.size);
  }

  async read(): Promise<TypedArray> {
    return this.readSync();
  }
}
