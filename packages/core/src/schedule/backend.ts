import type { Buffer } from '../data/buffer.ts';
import type { DType, TypedArray } from '../data/dtype.ts';
import type { Kernel, Plan } from './kernel.ts';

/** Stores buffers and runs plans. Graphs and gradients are the core's business: backends see plans and buffers only. */
export interface Backend {
  /** The name in error messages. */
  readonly name: string;
  /** The supported dtypes. */
  readonly dtypes: readonly DType[];
  /** Whether work may fail after `execute` has returned, which the outputs' `failure` tells then. Default: false. */
  readonly isAsynchronous?: boolean;
  /** The maximum number of operands of a kernel, at least 3. Default: 16. */
  readonly maxOperands?: number;
  /** The maximum size of an array in bytes. Default: no limit but the engine's. */
  readonly maxBytes?: number;
  /** The maximum number of elements that a reduction reads. Default: no limit. */
  readonly maxTerms?: number;
  /** Creates a buffer of the elements. Takes ownership of `values`. */
  upload(values: TypedArray, dtype: DType): Buffer;
  /** Creates an uninitialized buffer of `size` elements, for a result of a plan. */
  allocate(dtype: DType, size: number): Buffer;
  /**
   * Creates a buffer that shares the memory of another: `size` elements from `start` on. It serves only as an input of the
   * next plan, of which the other buffer is an input, too. Default: a slice at another start needs another plan.
   */
  subarray?(buffer: Buffer, start: number, size: number): Buffer;
  /**
   * Runs the kernels of a plan in order, with its inputs and outputs bound to buffers. An output may be bound to the same
   * buffer as an input: a variable that is written in place. An asynchronous backend may run it later, after all that it was given
   * before. Fills `timings` with the milliseconds of each kernel, at the
   * latest when {@link flushTimings} settles.
   * @throws {Error} before anything runs, if `timings` is given and kernels cannot be timed.
   */
  execute(plan: Plan, inputs: readonly Buffer[], outputs: readonly Buffer[], timings?: Float64Array): void;
  /** Waits until the timings of all plans executed so far are filled. For backends that compute asynchronously. */
  flushTimings?(): Promise<void>;
  /** Called after each asynchronous `evaluate`. Yields to the event loop so that finalizers can free unreachable buffers. */
  yieldToCollector?(): Promise<void> | undefined;
  /** The generated source of each kernel of a plan, for `explain`. */
  sourcesOf?(plan: Plan): readonly string[];
  /** Whether a kernel, or its epilogue, has no code here and runs by its definition on the host, for `explain`. Default: none does. */
  runsOnHost?(kernel: Kernel): boolean;
  /** Frees compiled code and other resources of a plan that will not be executed again. */
  release?(plan: Plan): void;
}
