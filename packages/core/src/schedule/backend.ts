import type { DType, TypedArray } from '../data/dtype.ts';
import type { Plan } from './kernel.ts';

/** Elements stored on a backend. */
export interface Buffer {
  /** The backend that holds the elements; `undefined` for host memory, which every backend can read. */
  readonly backend: Backend | undefined;
  readonly dtype: DType;
  readonly size: number;
  /** Why there are no elements: the error of a device that failed after the work was submitted. */
  readonly failure?: Error | undefined;
  /** A copy of the elements. */
  read(): Promise<TypedArray>;
  /** As {@link read}, synchronously. Throws on backends that compute asynchronously. */
  readSync(): TypedArray;
}

/** Runs kernels. The core makes graphs, gradients and plans; a backend sees only plans and buffers. */
export interface Backend {
  readonly name: string;
  /** The dtypes it can compute. */
  readonly dtypes: readonly DType[];
  /** The maximum number of operands of a kernel, where it is limited; at least 3. */
  readonly maxOperands?: number;
  /** A buffer with these elements. Takes ownership of `values`. */
  upload(values: TypedArray, dtype: DType): Buffer;
  /** An uninitialized buffer for the result of a plan. */
  allocate(dtype: DType, size: number): Buffer;
  /**
   * Runs all kernels of a plan in order, from the bound inputs into the outputs. An output may be the same buffer as an
   * input: a variable that is written in place. Fills `timings` with the milliseconds of each kernel, at the latest when
   * {@link flushTimings} settles; throws before anything runs if kernels cannot be timed.
   */
  execute(plan: Plan, inputs: readonly Buffer[], outputs: readonly Buffer[], timings?: Float64Array): void;
  /** Waits for the timings of all plans executed so far, on backends that compute asynchronously. */
  flushTimings?(): Promise<void>;
  /** Called after each asynchronous `evaluate`. Yields to the event loop so that finalizers can free unreachable buffers. */
  yieldToCollector?(): Promise<void> | undefined;
  /** The generated source of each kernel of a plan, for people to read. */
  sourcesOf?(plan: Plan): readonly string[];
  /** Frees what was kept for a plan that will not be executed again. */
  release?(plan: Plan): void;
}
