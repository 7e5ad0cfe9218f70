import type { DType, TypedArray } from '@thetagrad/core/backend';
import type { Code, IndexCheck } from '../code/command.ts';
import type { Language } from '../code/language.ts';

/** Elements stored on a device, in a form that the device knows. */
export interface DeviceBuffer {
  /** The bytes of it that the garbage collector does not see. */
  readonly bytes: number;
}

/** Runs commands: gpu.js in one of its modes. */
export interface Device {
  readonly mode: string;
  /** What computes, for people. */
  readonly description: string;
  readonly language: Language;
  /** Whether a command has run when {@link dispatch} returns, at least in timed sequences. */
  readonly isSynchronous: boolean;
  /** Bytes allocated on the device, in use or pooled. */
  readonly bytesAllocated: number;
  readonly bytesInUse: number;
  /** The maximum number of arrays that a command may read, where it is limited. */
  readonly maxInputs?: number;
  upload(values: TypedArray, dtype: DType): DeviceBuffer;
  /**
   * Begins a sequence of commands.
   * @throws {Error} if the device is lost, or cannot time commands.
   */
  begin(isTimed: boolean): void;
  /** Runs or submits a command, and returns its output. */
  dispatch(code: Code, inputs: readonly DeviceBuffer[], check: IndexCheck | undefined): DeviceBuffer;
  /** Ends the sequence. Buffers that it used may be freed from here on. */
  end(): void;
  /**
   * Settles with the error of the last sequence, or `undefined`, once the device reports it. Absent if it cannot fail any
   * more: only new memory and new kernels can be refused.
   */
  outcome?(): Promise<Error | undefined> | undefined;
  /** The milliseconds of each command of the last sequence, if it was timed and they are not known at once. */
  times?(): Promise<Float64Array>;
  free(buffer: DeviceBuffer): void;
  read(buffer: DeviceBuffer, dtype: DType, size: number): Promise<TypedArray>;
  /** As {@link read}, synchronously. Throws on devices that compute asynchronously. */
  readSync(buffer: DeviceBuffer, dtype: DType, size: number): TypedArray;
  /**
   * Waits for the device where many sequences are pending.
   * @throws {Error} if the device is lost, or has refused submitted work.
   */
  throttle(): Promise<void> | undefined;
}

/** The error of all operations on a device that was lost. */
export function deviceLostError(): Error {
  return new Error('gpu: the device was lost, and all values on it; take a new one with setBackend(await gpu())');
}
