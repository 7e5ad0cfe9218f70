// The languages that kernels are written in, and how a kernel that computes one element in each thread is made in them.
import type { Kernel } from '@thetagrad/core/backend';
import { type Code, type Command, type Place } from '../code/code.ts';
import { GlslWriter } from '../code/glsl.ts';
import { JavaScriptWriter } from '../code/javascript.ts';
import { WgslWriter } from '../code/wgsl.ts';
import type { Value, Writer } from '../code/writer.ts';

export type RoutineKernel = Kernel & { kind: 'routine' };

export interface Language {
  readonly name: 'JavaScript' | 'WGSL' | 'GLSL';
  /** Whether threads of a workgroup share memory that is fast. */
  readonly hasSharing: boolean;
  /** A device has enough to do with so many threads. */
  readonly busyThreads: number;
  /** How many short bodies of a loop are written one after another. */
  readonly unrolled: number;
  /** How many terms a thread may add where others could help it: drivers stop threads that take too long. */
  readonly mostTerms: number;
  writer(output: Place): Writer;
}

export const javaScript: Language = {
  name: 'JavaScript',
  hasSharing: false,
  busyThreads: 1,
  unrolled: 1,
  mostTerms: Infinity,
  writer: (output) => new JavaScriptWriter(output),
};
export const wgsl: Language = {
  name: 'WGSL',
  hasSharing: true,
  busyThreads: 8192,
  unrolled: 8,
  mostTerms: 8192,
  writer: () => new WgslWriter(),
};
/** For devices in software, where threads are slow to begin, and slower to wait for each other. */
export const wgslAlone: Language = {
  ...wgsl,
  hasSharing: false,
  busyThreads: 128,
  writer: () => new WgslWriter(64),
};
export const glsl: Language = {
  name: 'GLSL',
  hasSharing: false,
  busyThreads: 8192,
  unrolled: 8,
  mostTerms: 8192,
  writer: () => new GlslWriter(),
};

/** A command that computes each element of its output by itself. */
export function elementwise(
  language: Language,
  name: string,
  output: Place,
  compute: (writer: Writer, element: string) => Value,
): Command {
  const writer = language.writer(output);
  const code: Code = writer.finish(name, compute(writer, writer.element), output);
  return { code, inputs: writer.inputs, output };
}
