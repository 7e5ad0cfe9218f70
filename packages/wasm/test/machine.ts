// Handwritten kernels, for tests of the runtime.
import type { Plan, Slot } from '@thetagrad/core/backend';
import { ThreadPoolBackend, type ThreadPoolBackendOptions } from '../src/backend.ts';
import { f32, i32, type Code, type Local } from '../src/assembler/index.ts';
import { availableThreads } from '../src/features.ts';
import type { Command, KernelCode, Scratch, Word } from '../src/command.ts';
import { kernelCode } from '../src/emit/kernelCode.ts';

type Kernel = Plan['kernels'][number];

export type KernelBody = (code: Code, args: Local<'i32'>, chunk: Local<'i32'>, workspace: Local<'i32'>) => void;

export function testCode(name: string, body: KernelBody): KernelCode {
  return kernelCode(name, {}, (module) => module.function(['i32', 'i32', 'i32'], [], body));
}

export function command(code: KernelCode, words: readonly Word[], chunks = 1, workspaceBytes = 0): Command {
  return { code, words, chunks, workspaceBytes };
}

export const input = (index: number, size: number, dtype: Slot['dtype'] = 'float32'): Slot => ({
  kind: 'input',
  index,
  dtype,
  size,
});
export const output = (index: number, size: number, dtype: Slot['dtype'] = 'float32'): Slot => ({
  kind: 'output',
  index,
  dtype,
  size,
});
export const at = (slot: Slot | Scratch, byteOffset = 0): Word => ({ slot, byteOffset });

/** Plans of commands: kernels stand for what they are lowered to. */
export class Plans {
  readonly #commands = new WeakMap<Kernel, readonly Command[] | undefined>();

  /** A plan with a kernel for each list of commands. */
  of(...lists: readonly (readonly Command[])[]): Plan {
    const kernels = lists.map((commands, i) => {
      const kernel: Kernel = { kind: 'map', body: { operands: [], steps: [] }, shape: [], output: output(i, 1) };
      this.#commands.set(kernel, commands);
      return kernel;
    });
    return { kernels, arenaBytes: 0 };
  }

  readonly lower = (kernel: Kernel): readonly Command[] | undefined => this.#commands.get(kernel);
}

export function machine(plans: Plans, options: Partial<ThreadPoolBackendOptions> = {}): ThreadPoolBackend {
  const threads = options.threads ?? availableThreads();
  return new ThreadPoolBackend({
    threads,
    shared: threads > 1,
    memoryLimit: 2 ** 30,
    lower: plans.lower,
    ...options,
  });
}

/** out[i] = a·x[i] + b for elements chunk · perChunk ≤ i < (chunk + 1) · perChunk; words: out, x, perChunk, a, b. */
export const affine: KernelCode = testCode('test affine', (code, args, chunk) => {
  const bytes = i32.shl(i32.load(args, { offset: 8 }), i32.const(2));
  const offset = code.local('i32', i32.mul(chunk, bytes));
  const end = code.local('i32', i32.add(offset, bytes));
  const out = code.local('i32', i32.load(args));
  const x = code.local('i32', i32.load(args, { offset: 4 }));
  code.while(i32.ltU(offset, end), () => {
    const product = f32.mul(f32.load(i32.add(x, offset)), f32.load(args, { offset: 12 }));
    code.emit(f32.store(i32.add(out, offset), f32.add(product, f32.load(args, { offset: 16 }))));
    code.add(offset, i32.const(4));
  });
});

export const affineWords = (out: Word, x: Word, perChunk: number, a: number, b: number): readonly Word[] => [
  out,
  x,
  perChunk,
  { float: a },
  { float: b },
];
