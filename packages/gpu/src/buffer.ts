import type { Backend, Buffer, DType, TypedArray } from '@thetagrad/core/backend';
import type { DeviceBuffer } from './device/device.ts';
import type { DeviceBuffers } from './deviceBuffers.ts';

/**
 * Where the elements of a buffer are: on the host until they are first needed, then on the device. It holds no reference to
 * the buffer, so that a finalizer may hold it.
 */
export interface Elements {
  host: TypedArray | undefined;
  device: DeviceBuffer | undefined;
  /** Why there are no elements: the device failed to compute them, or they were disposed of. */
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
  readonly #deviceBuffers: DeviceBuffers;

  constructor(backend: Backend, deviceBuffers: DeviceBuffers, dtype: DType, size: number, host?: TypedArray) {
    this.backend = backend;
    this.#deviceBuffers = deviceBuffers;
    this.dtype = dtype;
    this.size = size;
    this.elements = { host, device: undefined, failure: undefined };
  }

  get failure(): Error | undefined {
    return this.#deviceBuffers.failureOf(this);
  }

  read(): Promise<TypedArray> {
    return this.#deviceBuffers.read(this);
  }

  readSync(): TypedArray {
    return this.#deviceBuffers.readSync(this);
  }

  dispose(): void {
    this.externalSizeHint = undefined;
    this.#deviceBuffers.dispose(this.elements);
  }
}

/** A part of a buffer, for a run that has the buffer as an input, too. */
export class Subarray implements Buffer {
  readonly whole: GpuBuffer;
  readonly start: number;
  readonly size: number;

  constructor(whole: GpuBuffer, start: number, size: number) {
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

  /** The elements, if they are on the host. */
  get host(): TypedArray | undefined {
    return this.whole.elements.host && this.#part(this.whole.elements.host);
  }

  async read(): Promise<TypedArray> {
    return this.#part(await this.whole.read());
  }

  readSync(): TypedArray {
    return this.#part(this.whole.readSync());
  }

  #part(values: TypedArray): TypedArray {
    return values.subarray(this.start, this.start + this.size);
  }
}
