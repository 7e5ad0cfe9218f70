import type { Word } from '../../command.ts';
import type { Product } from './product.ts';
import { batchWords } from '../../emit/batch.ts';
import { packWords } from '../../emit/words.ts';
import { epilogueWords } from '../../emit/epilogue.ts';

/** The words of a product whose operands are read in place; strides in bytes. The batch's words follow. */
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
  'epilogue',
  'epilogueArgs',
] as const;

/** @param size The size of an element in bytes. */
export function productWords(
  { rows, columns, depth, batch, a, b, output, epilogue }: Product,
  size: number,
  cut: { readonly units: number; readonly unitsInChunk: number },
): Word[] {
  return [
    ...packWords(productNames, {
      a: { slot: a.slot, byteOffset: size * a.offset },
      b: { slot: b.slot, byteOffset: size * b.offset },
      c: { slot: output, byteOffset: 0 },
      rows,
      columns,
      depth,
      aRow: size * a.row,
      aDepth: size * a.depth,
      bColumn: size * b.column,
      bDepth: size * b.depth,
      ...cut,
      rank: batch.length,
      ...epilogueWords(epilogue),
    }),
    ...batchWords(batch.map((axis) => ({ size: axis.size, byteStrides: [size * axis.a, size * axis.b] }))),
  ];
}
