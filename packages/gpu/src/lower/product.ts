// Products of matrices in WGSL, of which a thread computes several elements. Factors are read through functions, so that
// patches of images are factors too.
import type { Place } from '../code/code.ts';
import { sumOf, times, type Value } from '../code/writer.ts';
import type { WgslWriter } from '../code/wgsl.ts';

/** Where an element is in memory, and under which conditions there is one. Elsewhere factors are 0. */
export interface Location {
  readonly index: string;
  readonly conditions?: readonly string[];
}

export interface Factor {
  readonly place: Place;
  /** Whether neighbours in memory are neighbours along the depth, or else along rows (or columns). */
  readonly isDeep: boolean;
  /** For a batch and a row (or column), where its elements along the depth are. */
  locate(writer: WgslWriter, batch: string, i: string): (k: string) => Location;
}

/** Factors of some rows and some columns at one place along the depth. */
export interface Terms {
  readonly left: readonly Value[];
  readonly right: readonly Value[];
}

/** Sums for some rows and columns: a variable for each pair. */
export interface Cells {
  readonly begin: () => readonly Value[];
  readonly add: (into: readonly Value[], terms: Terms) => void;
  readonly merge: (into: readonly Value[], part: readonly Value[]) => void;
}

export interface Product {
  readonly name: string;
  readonly batches: number;
  readonly rows: number;
  readonly columns: number;
  readonly depth: number;
  readonly left: Factor;
  readonly right: Factor;
  readonly output: Place;
  /** The sums for each of some rows and columns. */
  sums(
    writer: WgslWriter,
    batch: string,
    rows: readonly string[],
    columns: readonly string[],
    cells: Cells,
  ): readonly Value[];
  /** The number of an element in the output, and under which conditions there is one. */
  element(writer: WgslWriter, batch: string, row: string, column: string): Location;
  /** What becomes of it before it is stored. */
  finish(writer: WgslWriter, value: Value, element: string): Value;
}

/** Some rows or columns, by their numbers among those of a thread. */
interface Lines {
  readonly count: number;
  readonly at: (i: string) => string;
}

/** Stores the elements of a thread, from `first` on, through what follows them. */
export function storeCells(
  writer: WgslWriter,
  product: Product,
  batch: string,
  sums: readonly Value[],
  { rows, columns, first }: { readonly rows: Lines; readonly columns: Lines; readonly first: string },
): void {
  const { type } = sums[0]!;
  writer.line(`var sums = array<${type}, ${sums.length}>(${sums.map(({ text }) => text).join(', ')});`);
  writer.loop(rows.count, (i) => {
    writer.loop(columns.count, (j) => {
      const [row, column] = [writer.integer(rows.at(i)), writer.integer(columns.at(j))];
      const { index, conditions = [] } = product.element(writer, batch, row, column);
      const all = [`${row} < ${product.rows}`, `${column} < ${product.columns}`, ...conditions];
      writer.block(`if (${all.join(' && ')})`, () => {
        const element = writer.integer(index);
        const sum = `sums[${sumOf([times(i, columns.count), j])}]`;
        writer.store(sumOf([first, element]), product.finish(writer, { type, text: sum }, element));
      });
    });
  });
}
