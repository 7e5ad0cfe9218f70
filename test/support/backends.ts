// Evaluates the same graphs on several backends and compares their values.
import { evaluate, evaluateSync, portable, type Backend, type Tensor, type TypedArray } from '@thetagrad/core';
import { expect } from 'vitest';
import { withBackend } from './withBackend.ts';

export { withBackend };

/** Builds the tensors that a test compares. Called once for each backend. */
export type Build = () => Tensor | readonly Tensor[];

/** Whether an element is close enough to the expected one. */
export type Tolerance = (actual: number, expected: number) => boolean;

/** Evaluates the tensors that `build` returns in one plan and returns their values. */
export function valuesOn(backend: Backend, build: Build): Promise<TypedArray[]> {
  return withBackend(backend, async () => {
    const results = [build()].flat();
    await evaluate(results);
    return Promise.all(results.map((result) => result.data()));
  });
}

/** As {@link valuesOn}, without waiting: for backends whose values can be read at once. */
export function valuesOnSync(backend: Backend, build: Build): TypedArray[] {
  return withBackend(backend, () => {
    const results = [build()].flat();
    evaluateSync(results);
    return results.map((result) => result.dataSync());
  });
}

/** Expects the values of the portable backend; by default exactly, NaN and the signs of zeros included. */
export async function expectSame(backend: Backend, build: Build, tolerance?: Tolerance): Promise<void> {
  expectEqual(await valuesOn(backend, build), await valuesOn(portable(), build), tolerance);
}

/** As {@link expectSame}, without waiting. */
export function expectSameSync(backend: Backend, build: Build, tolerance?: Tolerance): void {
  expectEqual(valuesOnSync(backend, build), valuesOnSync(portable(), build), tolerance);
}

/** Expects equal elements, lengths and array types. A failure names the array, the index and both elements. */
export function expectEqual(
  actual: readonly TypedArray[],
  expected: readonly TypedArray[],
  tolerance: Tolerance = Object.is,
): void {
  expect(actual.length).toBe(expected.length);
  expected.forEach((values, i) => {
    expect(actual[i]!.constructor).toBe(values.constructor);
    expect(actual[i]!.length).toBe(values.length);
    const at = values.findIndex((value, j) => !tolerance(actual[i]![j]!, value));
    expect([i, at, actual[i]![at]]).toEqual([i, at, values[at]]);
    expect(at).toBe(-1);
  });
}
