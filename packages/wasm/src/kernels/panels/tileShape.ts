import type { Features } from '../../command.ts';

/** The size of a register tile: the widths of A's and B's panels. */
export interface TileShape {
  readonly rows: number;
  readonly columns: number;
}

export function tileShape({ wide, tileRows }: Features): TileShape {
  return { rows: tileRows, columns: wide ? 16 : 8 };
}

/** The size of the workspace for a tile. */
export const tileWorkspaceBytes: number = 8 * 16 * 4;
