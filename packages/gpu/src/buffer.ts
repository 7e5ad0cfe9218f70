import type { Backend, Buffer, DType, TypedArray } from '@thetagrad/core';
import type { Device, Memory } from './device/device.ts';

/**
 * Where the elements of a buffer are: on the host, until they are needed, or on the device. It does not know its buffer, so
 * that holding it does not keep the buffer from being collected.
 */
export interface Storage {
  host: TypedArray | undefined;
  memory: Memory | undefined;
}

/** Elements on the device, or on their way to it. */
export class GpuBuffer implements Buffer {
  readonly backend: Backend;
  readonly dtype: DType;
  readonly size: number;
  readonly storage: Storage;
  /** What makes the collector see how large the buffer is. */
  ballast: ArrayBufferView | ArrayBuffer | undefined;
  readonly #device: Device;

  constructor(backend: Backend, device: Device, dtype: DType, size: number, host?: TypedArray) {
    this.backend = backend;
    this.#device = device;
    this.dtype = dtype;
    this.size = size;
    this.storage = { host, memory: undefined };
  }

  async read(): Promise<TypedArray> {
    const { host, memory } = this.storage;
    return memory ? this.#device.read(memory, this.dtype, this.size) : (host ?? this.#zeros()).slice();
  }

  readSync(): TypedArray {
    const { host, memory } = this.storage;
    return memory ? this.#device.readSync(memory, this.dtype, this.size) : (host ?? this.#zeros()).slice();
  }

  /** Of a buffer that nothing was written to: one without elements. */
  #zeros(): TypedArray {
    const arrays = { float32: Float32Array, float64: Float64Array, int32: Int32Array, bool: Uint8Array };
    return new arrays[this.dtype](this.size);
  }
}

/** After so many bytes of new results it is time to let the collector report. */
const restAfter = 64 * 2 ** 20;
/** Results below this need no ballast: it would cost more than it tells. */
const leastBallast = 64 * 2 ** 10;

/**
 * Frees the memory of buffers that the collector has taken. The collector sees memory of a device only by a ballast:
 * memory that is never touched, and so costs next to nothing, but is counted.
 */
export class Residents {
  readonly #device: Device;
  readonly #collected: FinalizationRegistry<Storage>;
  #sinceRest = 0;

  constructor(device: Device) {
    this.#device = device;
    this.#collected = new FinalizationRegistry(({ memory }) => {
      if (memory) device.free(memory);
    });
  }

  /** Gives the buffer this memory, and what it had before back. */
  settle(buffer: GpuBuffer, memory: Memory): void {
    const { storage } = buffer;
    const { bytes } = memory;
    if (storage.memory) this.#device.free(storage.memory);
    else {
      this.#collected.register(buffer, storage);
      if (bytes >= leastBallast) buffer.ballast = globalThis.Buffer?.allocUnsafeSlow(bytes) ?? new ArrayBuffer(bytes);
      this.#sinceRest += bytes;
    }
    storage.memory = memory;
    storage.host = undefined;
  }

  /** Waits for the event loop's next turn, in which the collector reports, if many results were made since the last. */
  rest(): Promise<void> | undefined {
    if (this.#sinceRest < restAfter) return undefined;
    this.#sinceRest = 0;
    return new Promise((resolve) => setTimeout(resolve));
  }
}
