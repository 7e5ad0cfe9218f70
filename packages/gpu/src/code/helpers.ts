/** A function that kernels may call, in the language of the kernels. */
export interface HelperSource {
  /** The names of the functions that it calls itself. */
  readonly uses?: readonly string[];
  readonly text: string;
}

/** Adds the functions that these call, in an order in which they may be declared. */
export function withDependencies(
  names: Iterable<string>,
  sources: Readonly<Record<string, { readonly uses?: readonly string[] }>>,
): string[] {
  const found = new Set<string>();
  const visit = (name: string): void => {
    for (const used of sources[name]!.uses ?? []) visit(used);
    found.add(name);
  };
  for (const name of names) visit(name);
  return [...found];
}
