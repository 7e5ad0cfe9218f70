// Recordings of compiled functions: what a function reads and changes besides tensors, and what a replay does for it.
import type { TypedArray } from '../data/dtype.ts';
import { nextTensorId, type Tensor } from './tensor.ts';

/** Receives whether an evaluation succeeded. */
export type OutcomeListener = (succeeded: boolean) => void;

/** What a function did while it was recorded, so that it can be replayed without being called. */
export class Recording {
  /** The id of the first tensor that the function created. */
  readonly start: number = nextTensorId();
  /** Settings that the function read, with their values: a replay is for the same values. */
  readonly guards: (readonly [read: () => unknown, value: unknown])[] = [];
  /** What a replay does again, in order, before it computes. */
  readonly effects: (() => void)[] = [];
  /** Return who must learn, after the effects, whether the computation succeeds. */
  readonly listeners: (() => OutcomeListener | undefined)[] = [];
  /** The leaves whose elements are made anew in each replay. */
  readonly renewed: Map<Tensor, () => TypedArray> = new Map();
  /** The variables that the function has read or assigned. */
  readonly variables: Set<object> = new Set();
  /** Whether a replay can stand for a call. */
  isRepeatable = true;
  /** The first error for what a recorded function must not do. */
  failure: Error | undefined;
}

let current: Recording | undefined;

/** Calls f, and returns its result and what it did. */
export function record<Result>(f: () => Result): { readonly result: Result; readonly recording: Recording } {
  const recording = new Recording();
  const result = withRecording(recording, f);
  if (recording.failure) throw recording.failure;
  return { result, recording };
}

function withRecording<Result>(recording: Recording | undefined, f: () => Result): Result {
  const outer = current;
  current = recording;
  try {
    return f();
  } finally {
    current = outer;
  }
}

/** @throws {Error} inside of a compiled function, which cannot know values. */
export function checkNotRecording(operation: string): void {
  if (!current) return;
  current.failure ??= new Error(
    `${operation}: a compiled function must not read or evaluate values, nor dispose of them; return the tensors instead`,
  );
  throw current.failure;
}

/** Calls f, and again in each replay of a compiled function in which it is called. Returns the latest result. */
export function repeat<Value>(f: () => Value): () => Value {
  const recording = current;
  const call = (): Value => withRecording(undefined, f);
  let value = call();
  recording?.effects.push(() => {
    value = call();
  });
  return () => value;
}

/** Reads a setting. A compiled function that reads it is recorded again when it has another value. */
export function guard<Value>(read: () => Value): Value {
  const value = read();
  current?.guards.push([read, value]);
  return value;
}

/** Reports a read or change that a replay cannot stand for: the compiled function is recorded again in each call. */
export function preventReplay(): void {
  if (current) current.isRepeatable = false;
}

/** Sets how the elements of a leaf are made anew in each replay, after what {@link repeat} repeats. */
export function renew(leaf: Tensor, elements: () => TypedArray): void {
  current?.renewed.set(leaf, elements);
}

/** Adds one who must learn the outcome of each replay. */
export function recordListener(listener: () => OutcomeListener | undefined): void {
  current?.listeners.push(listener);
}

/** Notes that a variable is read or assigned; `true` at the first time in a recording. */
export function touch(variable: object): boolean {
  if (!current || current.variables.has(variable)) return false;
  current.variables.add(variable);
  return true;
}
