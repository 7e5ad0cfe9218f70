import type { Features } from '../../command.ts';

/** The number of output channels in a panel. */
export function panelWidthFor({ wide }: Features): number {
  return wide ? 16 : 8;
}

/**
 * The distance of the matrices of two points, in bytes: an odd number of cache lines, so that the 36 matrices do not
 * all map to the same set of a cache.
 */
export function pointBytes(elements: number): number {
  return 64 * (Math.ceil(elements / 16) | 1);
}

/** Lays out the parts of the workspace in whole cache lines. Returns their offsets and the total size. */
export function layOutWorkspace<N extends string>(sizes: Readonly<Record<N, number>>): [Record<N, number>, number] {
  let end = 0;
  const offsets = Object.entries<number>(sizes).map(([name, bytes]) => {
    const at = end;
    end += 64 * Math.ceil(bytes / 64);
    return [name, at] as const;
  });
  return [Object.fromEntries(offsets) as Record<N, number>, end];
}
