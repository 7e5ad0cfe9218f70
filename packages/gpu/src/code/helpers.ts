/** A function that kernels may call, in the language that they are written in. */
export interface HelperSource {
  /** The functions that it calls itself. */
  readonly uses?: readonly string[];
  readonly text: string;
}

/** The names of these functions and of those that they call, in an order in which they may be declared. */
export function withUsed(
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
