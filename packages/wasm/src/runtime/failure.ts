// The errors of commands, in terms of kernels.
import { allocate, runOnHost, type Kernel, type Slot, type TypedArray } from '@thetagrad/core/backend';
import { LostWorkerError, type CommandError } from '../threads/pool.ts';
import type { Program } from './program.ts';

/** The error of reading an output that a failed run may have written partly. */
export function failureOf(cause: unknown): Error {
  const message = cause instanceof Error ? cause.message : String(cause);
  return new Error(`wasm: the value was lost when an evaluation failed; assign or load it anew: ${message}`, { cause });
}

/** The error of a command, with the kernel that it belongs to. */
export function describeFailure(
  { parts, names }: Program,
  command: number,
  error: CommandError,
  arrayOf: (slot: Slot) => TypedArray,
): Error {
  const number = parts.findLastIndex(({ first, onHost }) => !onHost && first <= command);
  const { kernel } = parts[number]!;
  const reference = error instanceof LostWorkerError ? undefined : referenceError(kernel, arrayOf);
  const what = `kernel ${number} of the plan (${kernel.kind}, function ${names[command]})`;
  return reference ?? new Error(`wasm: ${what} failed: ${error.message}`, { cause: error });
}

/**
 * The error of the portable backend if there is one: routines trap at invalid inputs, such as an index out of range. Runs
 * on a copy, because the output may be a variable.
 */
function referenceError(kernel: Kernel, arrayOf: (slot: Slot) => TypedArray): Error | undefined {
  if (kernel.kind !== 'routine') return undefined;
  try {
    const copy = allocate(kernel.output.dtype, kernel.output.size);
    runOnHost(kernel, (slot) => (slot === kernel.output ? copy : arrayOf(slot)));
  } catch (error) {
    return error as Error;
  }
  return undefined;
}
