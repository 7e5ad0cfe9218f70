// The languages of kernels.
import type { Layers, Location } from './command.ts';
import { GlslWriter } from './glsl.ts';
import { javaScriptIntrinsics, shaderIntrinsics, type Intrinsics } from './intrinsics.ts';
import { JavaScriptWriter } from './javascript.ts';
import { WgslWriter } from './wgsl.ts';
import type { Writer } from './writer.ts';

export interface Language {
  readonly name: 'JavaScript' | 'WGSL' | 'GLSL';
  readonly intrinsics: Intrinsics;
  /** Whether the threads of a workgroup have fast shared memory. */
  readonly hasSharedMemory: boolean;
  /** Whether the threads of a workgroup exchange values without shared memory, in subgroups. */
  readonly hasSubgroups: boolean;
  /** The number of threads that keep a device busy. */
  readonly busyThreads: number;
  /** How many iterations of a loop with a short body are unrolled. */
  readonly unrolled: number;
  /** The number of terms that a thread adds at most where threads can share the work: drivers stop long-running kernels. */
  readonly maxTerms: number;
  /** GLSL: the number of layers that a fragment can write. */
  readonly maxLayers?: Layers;
  createWriter(output: Location): Writer;
}

export const javaScript: Language = {
  name: 'JavaScript',
  intrinsics: javaScriptIntrinsics,
  hasSharedMemory: false,
  hasSubgroups: false,
  busyThreads: 1,
  unrolled: 1,
  maxTerms: Infinity,
  createWriter: (output) => new JavaScriptWriter(output),
};

export const wgsl: Language = {
  name: 'WGSL',
  intrinsics: shaderIntrinsics,
  hasSharedMemory: true,
  hasSubgroups: false,
  busyThreads: 8192,
  unrolled: 8,
  maxTerms: 8192,
  createWriter: () => new WgslWriter(),
};

/** For devices with the feature `subgroups`. */
export const wgslWithSubgroups: Language = { ...wgsl, hasSubgroups: true };

/** For adapters that compute in software, where threads are slow to start, and slower to synchronize. */
export const wgslInSoftware: Language = {
  ...wgsl,
  hasSharedMemory: false,
  busyThreads: 128,
  createWriter: () => new WgslWriter(64),
};

export const glsl: Language = {
  name: 'GLSL',
  intrinsics: shaderIntrinsics,
  hasSharedMemory: false,
  hasSubgroups: false,
  busyThreads: 8192,
  unrolled: 8,
  maxTerms: 8192,
  maxLayers: 4,
  createWriter: () => new GlslWriter(),
};

/** For the package `gl`, whose `drawBuffers` fails. */
export const glslInNode: Language = { ...glsl, maxLayers: 1 };
