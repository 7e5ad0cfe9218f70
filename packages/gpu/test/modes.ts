// The modes in which tests run, and comparison of a mode with the portable backend.
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

/** Whether a GPU computes: it may flush denormal numbers to 0, and round divisions and roots inexactly. */
export const isGpu = (mode: GpuMode): boolean => mode !== 'webasm' && mode !== 'cpu';

/** The number of runs of a property: fewer on a GPU, where each kernel is compiled, slowly by drivers in software. */
export const runs = (mode: GpuMode, onCpu: number): number => (isGpu(mode) ? Math.ceil(onCpu / 3) : onCpu);

const opened = new Map<GpuMode, Promise<GpuBackend>>();

export function backendOf(mode: GpuMode): Promise<GpuBackend> {
  let backend = opened.get(mode);
  if (!backend) opened.set(mode, (backend = gpu({ mode })));
  return backend;
}

/** Values of every kind, but on a GPU none so small that computing with it may give denormal numbers, which it may flush to 0. */
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

/** Expects the values of the portable backend in this mode. */
export async function expectSame(mode: GpuMode, build: Build, tolerance?: Tolerance): Promise<void> {
  await expectSameOn(await backendOf(mode), build, tolerance);
}
