import type { Backend, Buffer, DType, TypedArray } from '@thetagrad/core/backend';
import type { Device, Memory } from './device/device.ts';

/**
 * Where the elements of a buffer are: on the host, until they are needed, or on the device. It does not know its buffer, so
 * that holding it does not keep the buffer from being collected.
 */
export interface Storage {
  host: TypedArray | undefined;
  memory: Memory | undefined;
  /** Why there are no elements: the device has refused to compute them. */
  failure: Error | undefined;
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
    this.storage = { host, memory: undefined, failure: undefined };
  }

  get failure(): Error | undefined {
    return this.storage.failure;
  }

  async read(): Promise<TypedArray> {
    const { host, memory } = this.storage;
    return memory ? this.#device.read(memory, this.dtype, this.size) : (host?.slice() ?? this.#unwritten());
  }

  readSync(): TypedArray {
    const { host, memory } = this.storage;
    return memory ? this.#device.readSync(memory, this.dtype, this.size) : (host?.slice() ?? this.#unwritten());
  }

  /** The elements of a buffer that nothing was written to: one without elements, unless computing them failed. */
  #unwritten(): TypedArray {
    const { failure } = this.storage;
    if (failure) throw failure;
    const arrays = { float32: Float32Array, float64: Float64Array, int32: Int32Array, bool: Uint8Array };
    return new arrays[this.dtype](this.size);
  }
}
