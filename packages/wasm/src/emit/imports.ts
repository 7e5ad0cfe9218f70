// The JavaScript functions that kernels call for operations without a lowering.

/** By the names that modules import them under. */
export const importedFunctions: Record<string, (...x: number[]) => number> = {};

const names = new WeakMap<(...x: number[]) => number, string>();
let named = 0;

/** Functions of `Math` are imported from it: worker threads, which cannot get functions of ours, have them too. */
export function importOf(f: (...x: number[]) => number): { readonly module: 'Math' | 'js'; readonly name: string } {
  const name = mathNames.get(f);
  return name === undefined ? { module: 'js', name: importName(f) } : { module: 'Math', name };
}

const mathNames = new Map(
  Object.getOwnPropertyNames(Math).flatMap((name): [(...x: number[]) => number, string][] => {
    const value = Math[name as keyof Math] as unknown;
    return typeof value === 'function' ? [[value as (...x: number[]) => number, name]] : [];
  }),
);

export function importName(f: (...x: number[]) => number): string {
  let name = names.get(f);
  if (name === undefined) {
    names.set(f, (name = `f${named++}`));
    importedFunctions[name] = f;
  }
  return name;
}
