// The modes that tests run in, and the same tensors on a mode and on the reference backend, which defines what they are.
import { tensor, type DType } from '@thetagrad/core';
import { inject } from 'vitest';
import { expectSame as expectSameOn, type Build, type Tolerance } from '../../../test/support/backends.ts';
import { anyValues, type MakeTensor } from '../../../test/support/values.ts';
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

/**
 * Values of every kind. On a GPU, where devices may take denormal numbers for 0, none that is so small that computing with
 * it may come across them.
 */
export function anyValuesIn(mode: GpuMode): (dtype: DType, seed: number) => MakeTensor {
  if (!isGpu(mode)) return anyValues;
  return (dtype, seed) => {
    const make = anyValues(dtype, seed);
    if (dtype !== 'float32') return make;
    return (shape) => {
      const values = make(shape).dataSync();
      return tensor(values.map((x) => (Math.abs(x) < 2 ** -100 ? 0 : x)) as Float32Array, { shape, dtype });
    };
  };
}

/** Expects the values of the reference backend in this mode. */
export async function expectSame(mode: GpuMode, build: Build, tolerance?: Tolerance): Promise<void> {
  await expectSameOn(await backendOf(mode), build, tolerance);
}
