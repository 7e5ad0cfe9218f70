import type { DType, TypedArray } from './dtype.ts';

/** Elements stored on a backend. */
export interface Buffer {
  /** The backend that holds the elements; `undefined` for host memory, which every backend can read. */
  readonly backend: { readonly name: string } | undefined;
  readonly dtype: DType;
  readonly size: number;
  /** The error of a device that failed to compute the elements after the work had been submitted. */
  readonly failure?: Error | undefined;
  /** Copies the elements to a new array, in row-major order. */
  read(): Promise<TypedArray>;
  /**
   * As {@link read}, synchronously.
   * @throws {Error} on backends that compute asynchronously.
   */
  readSync(): TypedArray;
}
