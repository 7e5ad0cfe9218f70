// Routines with several results: their matrices are flattened and joined into one row for each matrix of the batch.
import { concat, type Tensor } from '@thetagrad/core';
import { batchOf, sizesOf } from './checks.ts';

/** The matrix [rows, columns] that starts at an element of each row. */
export function takePart(packed: Tensor, start: number, rows: number, columns: number): Tensor {
  const batch = packed.shape.slice(0, -1);
  const part = packed.slice([...batch.map(() => null), [start, start + rows * columns]]);
  return part.reshape([...batch, rows, columns]);
}

/** Joins matrices into rows. */
export function joinParts(parts: readonly Tensor[]): Tensor {
  const rows = parts.map((part) => {
    const [m, n] = sizesOf(part);
    return part.reshape([...batchOf(part), m * n]);
  });
  return concat(rows, -1);
}
