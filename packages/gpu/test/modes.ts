// The modes that tests run in, and the same tensors on a mode and on the reference backend, which defines what they are.
import {
  evaluate,
  reference,
  setBackend,
  tensor,
  type Backend,
  type DType,
  type Tensor,
  type TypedArray,
} from '@thetagrad/core';
import { expect, inject } from 'vitest';
import { anything, type Make } from '../../../test/conformance/values.ts';
import { gpu, type GpuBackend, type GpuMode } from '../src/index.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** The modes that must work where the tests run. */
    readonly gpuModes: readonly GpuMode[];
  }
}

export const modes: readonly GpuMode[] = inject('gpuModes');

export const hasWebGpu: boolean = modes.includes('webgpu');
export const hasWebGl2: boolean = modes.includes('webgl2');

/** Whether a GPU computes: its language may take denormal numbers for 0, and be a little off in divisions. */
export const isGpu = (mode: GpuMode): boolean => mode !== 'webasm' && mode !== 'cpu';

/** How often a property is checked: in a page less often than in Node, as the kernels are the same and compile slowly. */
export const runs = (inNode: number): number => (globalThis.document === undefined ? inNode : Math.ceil(inNode / 3));

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

/**
 * Values of every kind. On a GPU, where devices may take denormal numbers for 0, none that is so small that computing with
 * it may come across them.
 */
export function anythingIn(mode: GpuMode): (dtype: DType, seed: number) => Make {
  if (!isGpu(mode)) return anything;
  return (dtype, seed) => {
    const make = anything(dtype, seed);
    if (dtype !== 'float32') return make;
    return (shape) => {
      const values = make(shape).dataSync();
      return tensor(values.map((x) => (Math.abs(x) < 2 ** -100 ? 0 : x)) as Float32Array, { shape, dtype });
    };
  };
}

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
