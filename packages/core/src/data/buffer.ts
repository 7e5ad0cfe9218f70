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
  /** Frees the elements now, which no one reads any more. Default: they are freed when the buffer is collected. */
  dispose?(): void;
}

/** The buffers that tensors and variables share. */
const shared = new WeakSet<Buffer>();

/** Records that a tensor and a variable, or several variables, hold the buffer, so that none of them may free it. */
export function share(buffer: Buffer): void {
  shared.add(buffer);
}

/** Frees the elements of a buffer that a tensor held, unless others hold it, too. */
export function disposeUnshared(buffer: Buffer): void {
  if (!shared.has(buffer)) buffer.dispose?.();
}
