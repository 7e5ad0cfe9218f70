// What a thread computes of a matrix product in registers: the sums of a block of elements.
import { rowMajorStrides } from '@thetagrad/core/backend';
import { coordinatesOf, positionOf } from '../code/positions.ts';
import { plus, times, valueTypeOf, type Value, type Writer } from '../code/writer.ts';
import type { Block, BlockAccumulation, MatrixProduct } from './product.ts';

/** The blocks of a product, each of so many rows and columns. */
export class BlockGrid {
  readonly height: number;
  readonly width: number;
  /** The number of blocks along batches, rows and columns. */
  readonly counts: readonly [number, number, number];

  constructor({ batches, rows, columns }: MatrixProduct, [height, width]: readonly [number, number]) {
    this.height = Math.min(rows, height);
    this.width = Math.min(columns, width);
    this.counts = [batches, Math.ceil(rows / this.height), Math.ceil(columns / this.width)];
  }

  get size(): number {
    return this.counts[0] * this.counts[1] * this.counts[2];
  }

  /** Computes the sums of a block in the order of its elements, row by row. */
  sumsOf(writer: Writer, product: MatrixProduct, block: string): Block {
    const { height, width, counts } = this;
    const [batch, blockRow, blockColumn] = coordinatesOf(writer, block, counts) as [string, string, string];
    const rows = { count: height, at: (i: string): string => plus([times(blockRow, height), i]) };
    // The columns of a block are far apart, so that neighboring threads read neighboring elements.
    const columns = { count: width, at: (j: string): string => plus([blockColumn, times(j, counts[2])]) };
    /** The rows or columns of the block; the last one again where there are no more. */
    const linesOf = ({ count, at }: Block['rows'], limit: number): string[] =>
      Array.from({ length: count }, (_, i) =>
        writer.bindIndex(limit % count === 0 ? at(String(i)) : `min(${at(String(i))}, ${limit - 1})`),
      );
    const accumulation = accumulationOf(writer, product, height * width, width);
    const sums = product.sums(
      writer,
      batch,
      linesOf(rows, product.rows),
      linesOf(columns, product.columns),
      accumulation,
    );
    return { batch, sums, rows, columns };
  }

  /** The block of an element, and its number in it. */
  find(writer: Writer, [batch, row, column]: readonly [string, string, string]): [block: string, number: string] {
    const { height, width, counts } = this;
    const block = [batch, writer.quotient(row, height), writer.remainder(column, counts[2])];
    const [i, j] = [writer.remainder(row, height), writer.quotient(column, counts[2])];
    const position = positionOf(block, rowMajorStrides(counts));
    return [writer.bindIndex(position), writer.bindIndex(plus([times(i, width), j]))];
  }
}

function accumulationOf(writer: Writer, { output }: MatrixProduct, size: number, width: number): BlockAccumulation {
  const zero = writer.constant(valueTypeOf(output.dtype), 0);
  return {
    begin: () => Array.from({ length: size }, (): Value => writer.variable(zero)),
    add: (totals, { left, right }) =>
      totals.forEach(({ text }, i) =>
        writer.line(`${text} += ${left[Math.floor(i / width)]!.text} * ${right[i % width]!.text};`),
      ),
    merge: (totals, part) => totals.forEach(({ text }, i) => writer.line(`${text} += ${part[i]!.text};`)),
  };
}
