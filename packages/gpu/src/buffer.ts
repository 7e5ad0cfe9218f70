import { allocate, type Backend, type Buffer, type DType, type TypedArray } from '@thetagrad/core/backend';
import type { Device, DeviceBuffer } from './device/device.ts';

/**
 * Where the elements of a buffer are: on the host until they are first needed, then on the device. It holds no reference to
 * the buffer, so that a finalizer may hold it.
 */
export interface Elements {
  host: TypedArray | undefined;
  device: DeviceBuffer | undefined;
  /** Why there are no elements: the device failed to compute them. */
  failure: Error | undefined;
}

/** A buffer of core whose elements are on the device, or will be once they are needed. */
export class GpuBuffer implements Buffer {
  readonly backend: Backend;
  readonly dtype: DType;
  readonly size: number;
  readonly elements: Elements;
  /** Memory that is never touched but tells the garbage collector the size of the elements on the device. */
  externalSizeHint: ArrayBufferView | ArrayBuffer | undefined;
  readonly #device: Device;

  constructor(backend: Backend, device: Device, dtype: DType, size: number, host?: TypedArray) {
    this.backend = backend;
    this.#device = device;
    this.dtype = dtype;
    this.size = size;
    this.elements = { host, device: undefined, failure: undefined };
  }

  get failure(): Error | undefined {
    return this.elements.failure;
  }

  async read(): Promise<TypedArray> {
    const { device } = this.elements;
    return device ? this.#device.read(device, this.dtype, this.size) : this.#readHost();
  }

  readSync(): TypedArray {
    const { device } = this.elements;
    return device ? this.#device.readSync(device, this.dtype, this.size) : this.#readHost();
  }

  /** A copy of the host's elements: zeros if nothing was written. */
  #readHost(): TypedArray {
    const { host, failure } = this.elements;
    if (host) return host.slice();
    if (failure) throw failure;
    return allocate(this.dtype, this.size);
  }
}
