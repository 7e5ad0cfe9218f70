import type { DType, TypedArray } from '@thetagrad/core/backend';
import type { Code, IndexCheck } from '../code/code.ts';
import type { Language } from '../lower/language.ts';

/** Elements on a device; what it is, the device knows. */
export interface Memory {
  /** How many bytes of it the garbage collector does not see. */
  readonly bytes: number;
}

/** What runs programs: gpu.js in one of its modes. */
export interface Device {
  readonly mode: string;
  /** What runs where, for people. */
  readonly description: string;
  readonly language: Language;
  /** Whether programs have run when `compute` returns, at least if they are timed, so that their time can be taken. */
  readonly isSynchronous: boolean;
  /** How much memory it has taken from the device, in use or kept for use. */
  readonly bytes: number;
  /** How much of it is in use. */
  readonly bytesInUse: number;
  /** The most arrays that a program may read, where that is limited. */
  readonly mostInputs?: number;
  upload(values: TypedArray, dtype: DType): Memory;
  /** Starts a sequence of programs, each to be timed or not; throws if the device can run none, or cannot time them. */
  begin(isTimed: boolean): void;
  /** Runs a program, or submits it, and returns its output. */
  compute(code: Code, inputs: readonly Memory[], check: IndexCheck | undefined): Memory;
  /** Ends the sequence. What was used in it may be freed from here on. */
  end(): void;
  /**
   * Of a sequence that has ended and may still be refused, since it took memory or kernels that the device had not yet: why
   * it was, once that is known, or nothing.
   */
  outcome?(): Promise<Error | undefined> | undefined;
  /** The milliseconds of each program of a sequence that was timed and has ended, where they are not known at once. */
  times?(): Promise<Float64Array>;
  free(memory: Memory): void;
  read(memory: Memory, dtype: DType, size: number): Promise<TypedArray>;
  /** As {@link read} for devices that compute at once; others throw. */
  readSync(memory: Memory, dtype: DType, size: number): TypedArray;
  /** A promise where so much has been submitted that it is time to wait. Throws what was refused. */
  yieldToCollector(): Promise<void> | undefined;
}
