import type { FunctionRef, ModuleBuilder } from '../assembler/index.ts';
import type { KernelCode, RowCode } from '../command.ts';

/** Whether a kernel function imports functions, see {@link KernelCode}. */
export type ImportFlags = Pick<KernelCode, 'alone' | 'hostFunctions'>;

/**
 * A kernel function that `assemble` makes from `structure`, and from nothing else: the key is derived from the
 * structure, so that equal structures are assembled once.
 */
export function kernelCode<Structure extends object>(
  name: string,
  structure: Structure,
  assemble: (module: ModuleBuilder, structure: Structure) => FunctionRef,
  flags: ImportFlags = {},
): KernelCode {
  return { name, key: structureKey(name, structure), ...flags, assemble: (module) => assemble(module, structure) };
}

/** What a kernel computes for a row, determined by `structure`. The key is computed when it is needed, for long plans. */
export function rowCode(name: string, structure: object, emit: RowCode['emit'], workspaceBytes = 0): RowCode {
  return {
    get key() {
      return structureKey(name, structure);
    },
    workspaceBytes,
    emit,
  };
}

/** Equal for equal structures. */
function structureKey(name: string, structure: object): string {
  return `${name} ${JSON.stringify(structure, (_, value: unknown) => keyOf(value))}`;
}

/** Replaces what JSON cannot represent. Objects with a key, such as expressions, are represented by it. */
function keyOf(value: unknown): unknown {
  if (typeof value === 'function') return numberOf(value);
  if (typeof value === 'number')
    return Number.isFinite(value) && !Object.is(value, -0) ? value : `${1 / value} ${value}`;
  if (typeof value === 'object' && value !== null && 'key' in value) return value.key;
  return value;
}

const numbers = new WeakMap<object, number>();
let count = 0;

/** A number for each function: equal numbers mean the same function. */
function numberOf(f: object): number {
  let number = numbers.get(f);
  if (number === undefined) numbers.set(f, (number = count++));
  return number;
}
