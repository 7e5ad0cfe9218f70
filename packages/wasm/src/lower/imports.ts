// The JavaScript functions that kernels call for operations without a lowering.

/** By the names that modules import them under. */
export const importedFunctions: Record<string, (...x: number[]) => number> = {};

const names = new WeakMap<(...x: number[]) => number, string>();
let named = 0;

export function importName(f: (...x: number[]) => number): string {
  let name = names.get(f);
  if (name === undefined) {
    names.set(f, (name = `f${named++}`));
    importedFunctions[name] = f;
  }
  return name;
}
