import type { DType, TypedArray } from '../data/dtype.ts';
import type { Plan } from './kernel.ts';

/** Elements that live on a backend. */
export interface Buffer {
  readonly backend: Backend;
  readonly dtype: DType;
  readonly size: number;
  /** Why there are no elements, where a device has refused to compute them after it was asked to. */
  readonly failure?: Error | undefined;
  /** A copy of the elements. */
  read(): Promise<TypedArray>;
  /** As {@link read} for backends that can wait; others throw an error that says to use `await`. */
  readSync(): TypedArray;
}

/** What runs kernels. Graphs, gradients and plans are made by the core; a backend sees only plans and buffers. */
export interface Backend {
  readonly name: string;
  /** The dtypes it computes in. */
  readonly dtypes: readonly DType[];
  /** The most operands that a kernel may have, where that is limited. A kernel of one operation needs three. */
  readonly mostOperands?: number;
  /** A buffer holding the elements; the array belongs to the backend from then on. */
  upload(values: TypedArray, dtype: DType): Buffer;
  /** A buffer for the result of a plan. */
  allocate(dtype: DType, size: number): Buffer;
  /**
   * Runs all kernels of a plan in order, from the bound inputs into the outputs. An output may be the same buffer as an
   * input: a variable that is written in place. `timings` is to be filled with the milliseconds of each kernel, at once or
   * until {@link timed} settles; where kernels cannot be timed that is an error, before anything runs.
   */
  execute(plan: Plan, inputs: readonly Buffer[], outputs: readonly Buffer[], timings?: Float64Array): void;
  /** Of a backend that computes elsewhere: waits until the timings of all that was executed are there. */
  timed?(): Promise<void>;
  /**
   * Called after each `evaluate` that can wait: a pause in which the engine's collector can tell the backend which results
   * are out of reach, when there is need for it.
   */
  rest?(): Promise<void> | undefined;
  /** The code that the kernels of a plan come to, for people: one text for each. */
  sourcesOf?(plan: Plan): readonly string[];
  /** What was kept for a plan may go: it will not be executed again. */
  release?(plan: Plan): void;
}
