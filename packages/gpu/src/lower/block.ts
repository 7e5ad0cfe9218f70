// Products of matrices in WGSL without memory that threads share: each thread computes a block of elements in registers. For
// devices in software, where sharing is slow, and for small matrices.
import type { Command } from '../code/code.ts';
import { coordinatesOf } from '../code/views.ts';
import { sumOf, times, valueTypeOf } from '../code/writer.ts';
import { groupsOf, WgslWriter } from '../code/wgsl.ts';
import { storeCells, type Cells, type Product } from './product.ts';

const threads = 32;
/** Rows and columns of a block: the larger it is, the more often is used what is read, and the fewer threads there are. */
const extents = [
  [8, 8],
  [4, 8],
  [4, 4],
  [2, 4],
  [1, 4],
] as const;

/** The command for a product, or nothing if there are not enough blocks for so many threads. */
export function lowerBlocks(product: Product, leastThreads: number): Command | undefined {
  const { name, rows, columns, batches, output } = product;
  const extent = extents.find(
    ([high, wide]) => Math.ceil(rows / high) * Math.ceil(columns / wide) * batches >= leastThreads,
  );
  if (!extent) return undefined;
  const [high, wide] = [Math.min(rows, extent[0]), Math.min(columns, extent[1])];
  const type = valueTypeOf(output.dtype);
  const writer = new WgslWriter();
  // The columns of a thread are far apart, so that neighbours read neighbours in memory.
  const counts = [batches, Math.ceil(rows / high), Math.ceil(columns / wide)];
  const blocks = counts.reduce((all, count) => all * count);
  const { workgroups, index } = groupsOf(Math.ceil(blocks / threads));

  const [batch, blockRow, blockColumn] = coordinatesOf(writer, 'block', counts) as [string, string, string];
  const rowAt = (i: string): string => sumOf([times(blockRow, high), i]);
  const columnAt = (j: string): string => sumOf([blockColumn, times(j, counts[2]!)]);
  /** The last one again where there is none. */
  const known = (count: number, most: number, at: (i: string) => string): string[] =>
    Array.from({ length: count }, (_, i) =>
      writer.integer(most % count === 0 ? at(String(i)) : `min(${at(String(i))}, ${most - 1})`),
    );

  const zero = writer.constant(type, 0);
  const cells: Cells = {
    begin: () => Array.from({ length: high * wide }, () => writer.variable(zero)),
    add: (into, { left, right }) => {
      into.forEach(({ text }, cell) => {
        writer.line(`${text} += ${left[Math.floor(cell / wide)]!.text} * ${right[cell % wide]!.text};`);
      });
    },
    merge: (into, part) => into.forEach(({ text }, cell) => writer.line(`${text} += ${part[cell]!.text};`)),
  };
  const sums = product.sums(writer, batch, known(high, rows, rowAt), known(wide, columns, columnAt), cells);
  storeCells(writer, product, batch, sums, {
    rows: { count: high, at: rowAt },
    columns: { count: wide, at: columnAt },
    first: '0',
  });
  const code = writer.program(name, output, {
    workgroups,
    size: threads,
    parameters: '@builtin(workgroup_id) group : vec3<u32>, @builtin(local_invocation_index) own : u32',
    anyIndex: 'own',
    prologue: [`let block = i32((${index}) * ${threads}u + own);`, `if (block >= ${blocks}) { return; }`],
  });
  return { code, inputs: writer.inputs, output };
}
