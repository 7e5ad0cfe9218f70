import type { Word } from '../../command.ts';
import type { Product } from './matmul.ts';
import { batchWords } from '../../emit/batch.ts';
import { packWords } from '../../emit/words.ts';
import { tailWords } from '../../emit/epilogue.ts';

/** The words of a product whose operands are read in place; steps in bytes. The batch's words follow the last name. */
export const productNames = [
  'a',
  'b',
  'c',
  'rows',
  'columns',
  'depth',
  'aRow',
  'aDepth',
  'bColumn',
  'bDepth',
  'units',
  'unitsInChunk',
  'rank',
  'tail',
  'tailArgs',
] as const;

/** `size` is an element's, in bytes. */
export function productWords(
  { rows, columns, depth, batch, a, b, output, tail }: Product,
  size: number,
  cut: { readonly units: number; readonly unitsInChunk: number },
): Word[] {
  return [
    ...packWords(productNames, {
      a: { place: a.place, byteOffset: size * a.offset },
      b: { place: b.place, byteOffset: size * b.offset },
      c: { place: output, byteOffset: 0 },
      rows,
      columns,
      depth,
      aRow: size * a.row,
      aDepth: size * a.depth,
      bColumn: size * b.column,
      bDepth: size * b.depth,
      ...cut,
      rank: batch.length,
      ...tailWords(tail),
    }),
    ...batchWords(batch.map((axis) => ({ size: axis.size, byteStrides: [size * axis.a, size * axis.b] }))),
  ];
}

/** How many products a batch has. */
export function matricesOf({ batch }: Product): number {
  return batch.reduce((count, { size }) => count * size, 1);
}
