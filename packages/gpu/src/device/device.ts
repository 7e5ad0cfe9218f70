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
  /** Whether a command has run when {@link dispatch} returns, at least in timed sequences; then {@link readSync} works. */
  readonly isSynchronous: boolean;
  /** Bytes allocated on the device, in use or pooled. */
  readonly bytesAllocated: number;
  readonly bytesInUse: number;
  /** An estimate of the memory of compiled kernels. */
  readonly kernelBytes: number;
  /** The maximum number of arrays that a command may read, where it is limited. */
  readonly maxInputs?: number;
  /** Why nothing on the device can be used any more. */
  readonly failure?: Error | undefined;
  upload(values: TypedArray, dtype: DType): DeviceBuffer;
  /**
   * Begins a sequence of commands.
   * @throws {Error} if the device is lost, or cannot time commands.
   */
  begin(isTimed: boolean): void;
  /** Runs or submits a command, and returns its output. */
  dispatch(code: Code, inputs: readonly DeviceBuffer[]): DeviceBuffer;
  /**
   * Checks indices in a buffer. Absent on devices whose memory the host cannot read at once: there commands check them.
   * @throws {RangeError} for the first index out of range.
   */
  checkIndices?(indices: DeviceBuffer, check: IndexCheck): void;
  /**
   * Ends the sequence. Buffers that it used may be freed from here on.
   * @throws {Error} if the device has refused a command, on devices that report it at once.
   */
  end(): void;
  /** Drops the sequence after an error. Nothing is left of it: neither memory nor kernels, which may be invalid. */
  abort(): void;
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
  /** Frees all memory and kernels, also memory that is in use. */
  destroy(): void;
}

/** The error of all operations on a device that was lost. */
export function deviceLostError(): Error {
  return new Error('gpu: the device was lost, and all values on it; take a new one with setBackend(await gpu())');
}

/** The error of reading at once what is computed asynchronously. */
export function asynchronousReadError(): Error {
  return new Error(
    `gpu: values on the device can be read only with 'await': use data(), item() or toArray() instead of dataSync(), ` +
      `itemSync(), toArraySync() or toString()`,
  );
}

/** The kernels of a sequence, for its error. Names the first of many. */
export function listKernels(names: readonly string[]): string {
  const shown = names.slice(0, maxListed).join(', ');
  return names.length <= maxListed ? shown : `${shown} and ${names.length - maxListed} more`;
}

const maxListed = 20;
