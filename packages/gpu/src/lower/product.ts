// Matrix products in WGSL and GLSL in which a thread computes several elements. Factors are read through functions, so that patches of
// images are factors too (an implicit GEMM).
import type { Location } from '../code/command.ts';
import { plus, times, type Value, type Writer } from '../code/writer.ts';
import type { WgslWriter } from '../code/wgsl.ts';

/** The position of an element, and the conditions under which it exists. Missing elements of factors are 0. */
export interface GuardedPosition {
  readonly position: string;
  readonly conditions?: readonly string[];
}

/** A factor of a matrix product: for each batch, its rows (of the left factor) or columns (of the right one). */
export interface Factor {
  readonly location: Location;
  /** Whether elements that are neighbors along the depth are neighbors in memory, rather than rows (or columns). */
  readonly isDepthContiguous: boolean;
  /** For a row (or column) of a batch, where its elements along the depth are. */
  locate(writer: Writer, batch: string, line: string): (k: string) => GuardedPosition;
}

/** Elements of the factors for some rows and columns, at one index along the depth. */
export interface Terms {
  readonly left: readonly Value[];
  readonly right: readonly Value[];
}

/** Accumulates the sums for the rows and columns of a thread: one variable for each pair, row by row. */
export interface BlockAccumulation {
  readonly begin: () => readonly Value[];
  readonly add: (totals: readonly Value[], terms: Terms) => void;
  readonly merge: (totals: readonly Value[], part: readonly Value[]) => void;
}

/** Maps a sum to the value that is stored for element number `element` of the output. */
export type Finish = (writer: Writer, sum: Value, element: string) => Value;

export interface MatrixProduct {
  readonly name: string;
  readonly batches: number;
  readonly rows: number;
  readonly columns: number;
  readonly depth: number;
  readonly left: Factor;
  readonly right: Factor;
  readonly output: Location;
  /** The sums for some rows and columns of a batch. */
  sums(
    writer: Writer,
    batch: string,
    rows: readonly string[],
    columns: readonly string[],
    block: BlockAccumulation,
  ): readonly Value[];
  /** The position of an element in the output. */
  locate(writer: Writer, batch: string, row: string, column: string): GuardedPosition;
  /** The batch, row and column of an element of the output: the inverse of {@link locate}. */
  find(writer: Writer, element: string): [batch: string, row: string, column: string];
  readonly finish: Finish;
}

/** The rows or columns of a thread. */
interface Lines {
  readonly count: number;
  /** The number of the thread's i-th one in the product. */
  readonly at: (i: string) => string;
}

/** The sums of a thread. */
export interface Block {
  readonly batch: string;
  readonly sums: readonly Value[];
  readonly rows: Lines;
  readonly columns: Lines;
}

/**
 * Stores the sums of a thread, as `finish` makes them.
 * @param start The position in memory of the output's first element.
 */
export function storeBlock(
  writer: WgslWriter,
  product: MatrixProduct,
  { batch, sums, rows, columns }: Block,
  start: string,
  finish: Finish,
): void {
  const { type } = sums[0]!;
  writer.line(`var sums = array<${type}, ${sums.length}>(${sums.map(({ text }) => text).join(', ')});`);
  writer.loop(rows.count, (i) => {
    writer.loop(columns.count, (j) => {
      const [row, column] = [writer.bindIndex(rows.at(i)), writer.bindIndex(columns.at(j))];
      const { position, conditions = [] } = product.locate(writer, batch, row, column);
      const inside = [`${row} < ${product.rows}`, `${column} < ${product.columns}`, ...conditions];
      writer.block(`if (${inside.join(' && ')})`, () => {
        const element = writer.bindIndex(position);
        const sum = `sums[${plus([times(i, columns.count), j])}]`;
        writer.store(plus([start, element]), finish(writer, { type, text: sum }, element));
      });
    });
  });
}
