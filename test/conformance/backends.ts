// The same graphs on the reference backend, which defines what operations mean, and on WebAssembly.
import {
  evaluateSync,
  getBackend,
  reference,
  setBackend,
  type Backend,
  type Tensor,
  type TypedArray,
} from '@thetagrad/core';
import { wasm } from '@thetagrad/wasm';
import { expect } from 'vitest';

/** With two threads, of which the second starts while tests run already: results do not depend on it. */
export const tested: Backend = await wasm({ threads: 2 });
/** As {@link tested}, with convolutions in their direct form alone. */
export const direct: Backend = await wasm({ threads: 2, winograd: false });

/** What f gives while another backend is in use. */
export function on<Result>(backend: Backend, f: () => Result): Result {
  const before = getBackend();
  setBackend(backend);
  try {
    return f();
  } finally {
    setBackend(before);
  }
}

/** The values of what is built, all computed in one plan. */
export function valuesOn(backend: Backend, build: () => readonly Tensor[]): TypedArray[] {
  return on(backend, () => {
    const results = build();
    evaluateSync(results);
    return results.map((result) => result.dataSync());
  });
}

/** Expects the same elements on both backends, NaN and the signs of zeros included. */
export function expectSame(build: () => readonly Tensor[], backend: Backend = tested): void {
  expectEqual(valuesOn(backend, build), valuesOn(reference(), build));
}

export function expectEqual(actual: readonly TypedArray[], expected: readonly TypedArray[]): void {
  expect(actual.length).toBe(expected.length);
  expected.forEach((values, i) => {
    expect(actual[i]!.constructor).toBe(values.constructor);
    expect(actual[i]!.length).toBe(values.length);
    const at = values.findIndex((value, j) => !Object.is(value, actual[i]![j]));
    expect([i, at, actual[i]![at]]).toEqual([i, at, values[at]]);
    expect(at).toBe(-1);
  });
}
