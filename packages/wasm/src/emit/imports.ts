// The JavaScript functions that kernels call for operations without a lowering.
import type { Scalar } from '@thetagrad/core/backend';
import type { FunctionRef, ModuleBuilder } from '../assembler/index.ts';
import type { Expression } from './expression.ts';
import type { ImportFlags } from './kernelCode.ts';

/** The functions that nodes of an expression call, as imported by a module. */
export type Imports = ReadonlyMap<Scalar, FunctionRef>;

const mathNames = new Map(
  Object.getOwnPropertyNames(Math).flatMap((name): [(...x: number[]) => number, string][] => {
    const value = Math[name as keyof Math] as unknown;
    return typeof value === 'function' ? [[value as (...x: number[]) => number, name]] : [];
  }),
);

/**
 * Functions of `Math` are imported from there, because worker threads have them too, unlike functions of this thread.
 */
function importOf(f: (...x: number[]) => number): { readonly module: 'Math' | 'js'; readonly name: string } {
  const name = mathNames.get(f);
  return name === undefined ? { module: 'js', name: importName(f) } : { module: 'Math', name };
}

const names = new WeakMap<(...x: number[]) => number, string>();
let count = 0;

/** The name under which a function is imported: equal names mean the same function. */
export function importName(f: (...x: number[]) => number): string {
  let name = names.get(f);
  if (name === undefined) names.set(f, (name = `f${count++}`));
  return name;
}

/** Imports the functions that an expression calls. */
export function importFunctions(module: ModuleBuilder, { calls }: Expression): Imports {
  return new Map(
    calls.map((node) => {
      const numbers = node.inputs.map(() => 'f64' as const);
      const { module: from, name } = importOf(node.function!);
      return [node, module.importFunction(from, name, numbers, ['f64'])];
    }),
  );
}

/** The flags of a kernel function that computes the expression. */
export function importFlags({ calls }: Expression): ImportFlags {
  const imports = calls.map((node) => ({ ...importOf(node.function!), function: node.function! }));
  const fromHost = imports.filter(({ module }) => module === 'js');
  return {
    alone: calls.length > 0,
    ...(fromHost.length > 0 && {
      hostFunctions: Object.fromEntries(fromHost.map((each) => [each.name, each.function])),
    }),
  };
}
