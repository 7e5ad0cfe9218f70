// The modes that tests run in, and the same tensors on a mode and on the reference backend, which defines what they are.
import { evaluate, reference, setBackend, type Backend, type Tensor, type TypedArray } from '@thetagrad/core';
import { expect } from 'vitest';
import { gpu, type GpuBackend, type GpuMode } from '../src/index.ts';

export const modes: readonly GpuMode[] = ['cpu', 'webasm'];

const opened = new Map<GpuMode, Promise<GpuBackend>>();

export function backendOf(mode: GpuMode): Promise<GpuBackend> {
  let backend = opened.get(mode);
  if (!backend) opened.set(mode, (backend = gpu({ mode })));
  return backend;
}

/** The values of what is built, all computed in one plan. */
export async function valuesOn(backend: Backend, build: () => readonly Tensor[]): Promise<TypedArray[]> {
  setBackend(backend);
  try {
    const results = build();
    await evaluate(results);
    return await Promise.all(results.map((result) => result.data()));
  } finally {
    setBackend(reference());
  }
}

/** How far an element may be from the reference's; NaN must be where it is there. */
export type Tolerance = (actual: number, expected: number) => boolean;

export const exactly: Tolerance = (actual, expected) => Object.is(actual, expected);

export async function expectSame(
  mode: GpuMode,
  build: () => readonly Tensor[],
  tolerance: Tolerance = exactly,
): Promise<void> {
  const expected = await valuesOn(reference(), build);
  const actual = await valuesOn(await backendOf(mode), build);
  expected.forEach((values, i) => {
    expect(actual[i]!.constructor).toBe(values.constructor);
    expect(actual[i]!.length).toBe(values.length);
    const at = values.findIndex((value, j) => !tolerance(actual[i]![j]!, value));
    expect([i, at, actual[i]![at]]).toEqual([i, at, values[at]]);
  });
}
