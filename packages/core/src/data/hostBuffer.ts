import type { Buffer } from './buffer.ts';
import type { DType, TypedArray } from './dtype.ts';

/** A buffer in host memory, which every backend can read: a plain typed array. */
export class HostBuffer implements Buffer {
  readonly backend = undefined;
  readonly values: TypedArray;
  readonly dtype: DType;

  constructor(values: TypedArray, dtype: DType) {
    this.values = values;
    this.dtype = dtype;
  }

  get size(): number {
    return this.values.length;
  }

  async read(): Promise<TypedArray> {
    return this.readSync();
  }

  readSync(): TypedArray {
    return this.values.slice();
  }
}
