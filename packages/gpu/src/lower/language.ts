// The languages of kernels, and how a kernel in which each thread computes one element is written in them.
import type { Code, Command, Location } from '../code/command.ts';
import { GlslWriter } from '../code/glsl.ts';
import { JavaScriptWriter } from '../code/javascript.ts';
import { WgslWriter } from '../code/wgsl.ts';
import type { Value, Writer } from '../code/writer.ts';

export interface Language {
  readonly name: 'JavaScript' | 'WGSL' | 'GLSL';
  /** Whether the threads of a workgroup have fast shared memory. */
  readonly hasSharedMemory: boolean;
  /** The number of threads that keep a device busy. */
  readonly busyThreads: number;
  /** How many iterations of a loop with a short body are unrolled. */
  readonly unrolled: number;
  /** The number of terms that a thread adds at most where threads can share the work: drivers stop long-running kernels. */
  readonly maxTerms: number;
  createWriter(output: Location): Writer;
}

export const javaScript: Language = {
  name: 'JavaScript',
  hasSharedMemory: false,
  busyThreads: 1,
  unrolled: 1,
  maxTerms: Infinity,
  createWriter: (output) => new JavaScriptWriter(output),
};

export const wgsl: Language = {
  name: 'WGSL',
  hasSharedMemory: true,
  busyThreads: 8192,
  unrolled: 8,
  maxTerms: 8192,
  createWriter: () => new WgslWriter(),
};

/** For adapters that compute in software, where threads are slow to start, and slower to synchronize. */
export const wgslInSoftware: Language = {
  ...wgsl,
  hasSharedMemory: false,
  busyThreads: 128,
  createWriter: () => new WgslWriter(64),
};

export const glsl: Language = {
  name: 'GLSL',
  hasSharedMemory: false,
  busyThreads: 8192,
  unrolled: 8,
  maxTerms: 8192,
  createWriter: () => new GlslWriter(),
};

/** Makes a command in which each thread computes one element of the output. */
export function emitElementwise(
  language: Language,
  name: string,
  output: Location,
  compute: (writer: Writer, element: string) => Value,
): Command {
  const writer = language.createWriter(output);
  const code: Code = writer.finish(name, compute(writer, writer.element), output);
  return { code, inputs: writer.inputs, output };
}
