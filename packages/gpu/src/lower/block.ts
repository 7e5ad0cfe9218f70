// Matrix products in WGSL without shared memory: each thread computes a block of elements in registers. For adapters that
// compute in software, where sharing is slow, and for small matrices.
import type { Command } from '../code/command.ts';
import { coordinatesOf } from '../code/positions.ts';
import { dispatchOf, WgslWriter } from '../code/wgsl.ts';
import { plus, times, valueTypeOf } from '../code/writer.ts';
import { storeBlock, type BlockAccumulation, type MatrixProduct } from './product.ts';

const workgroupSize = 32;
/** Rows and columns of blocks: larger ones use each loaded element more often, but leave fewer threads. */
const blockSizes = [
  [8, 8],
  [4, 8],
  [4, 4],
  [2, 4],
  [1, 4],
] as const;

/** Makes the command for a product, or `undefined` if it has fewer blocks than `minThreads`. */
export function lowerBlocks(product: MatrixProduct, minThreads: number): Command | undefined {
  const { name, rows, columns, batches, output, finish } = product;
  const blockSize = blockSizes.find(
    ([height, width]) => Math.ceil(rows / height) * Math.ceil(columns / width) * batches >= minThreads,
  );
  if (!blockSize) return undefined;
  const [height, width] = [Math.min(rows, blockSize[0]), Math.min(columns, blockSize[1])];
  const type = valueTypeOf(output.dtype);
  const writer = new WgslWriter();
  const counts = [batches, Math.ceil(rows / height), Math.ceil(columns / width)] as const;
  const blocks = counts[0] * counts[1] * counts[2];
  const { workgroups, index } = dispatchOf(Math.ceil(blocks / workgroupSize));

  const [batch, blockRow, blockColumn] = coordinatesOf(writer, 'block', counts) as [string, string, string];
  const rowAt = (i: string): string => plus([times(blockRow, height), i]);
  // The columns of a thread are far apart, so that neighboring threads read neighboring elements.
  const columnAt = (j: string): string => plus([blockColumn, times(j, counts[2])]);
  /** The rows or columns of the thread; the last one again where there are no more. */
  const linesOf = (count: number, limit: number, at: (i: string) => string): string[] =>
    Array.from({ length: count }, (_, i) =>
      writer.bindIndex(limit % count === 0 ? at(String(i)) : `min(${at(String(i))}, ${limit - 1})`),
    );

  const zero = writer.constant(type, 0);
  const block: BlockAccumulation = {
    begin: () => Array.from({ length: height * width }, () => writer.variable(zero)),
    add: (totals, { left, right }) => {
      totals.forEach(({ text }, i) => {
        writer.line(`${text} += ${left[Math.floor(i / width)]!.text} * ${right[i % width]!.text};`);
      });
    },
    merge: (totals, part) => totals.forEach(({ text }, i) => writer.line(`${text} += ${part[i]!.text};`)),
  };
  const sums = product.sums(writer, batch, linesOf(height, rows, rowAt), linesOf(width, columns, columnAt), block);
  const lines = { rows: { count: height, at: rowAt }, columns: { count: width, at: columnAt } };
  storeBlock(writer, product, { batch, sums, ...lines, start: '0' }, finish);
  const code = writer.program(name, output, {
    workgroups,
    workgroupSize,
    prologue: [`let block = i32((${index}) * ${workgroupSize}u + local);`, `if (block >= ${blocks}) { return; }`],
  });
  return { code, inputs: writer.inputs, output };
}
