// Products of matrices in WGSL: a workgroup computes a tile of the result from tiles of both factors in its own memory, and
// each thread 4 × 4 elements in registers. Factors are read through functions, so that patches of images are factors too.
import { temporaryPlace, type Command, type Place } from '../code/code.ts';
import { coordinatesOf } from '../code/views.ts';
import { sumOf, times, valueTypeOf, type Value } from '../code/writer.ts';
import { groupsOf, WgslWriter } from '../code/wgsl.ts';
import { elementwise, wgsl } from './language.ts';
import { storeCells, type Factor, type Product } from './product.ts';
import { runLength } from './runs.ts';

/** Threads along each side of a tile, and the elements along the depth that are in memory at a time. */
const side = 16;
const threads = side * side;
/** A device is busy from so many tiles on. */
const manyTiles = 128;

/** Whether a product is large enough for tiles. */
export function suitsTiles({ rows, columns, depth, batches }: Omit<Product, 'element' | 'finish' | 'sums'>): boolean {
  return Math.min(rows, columns) > side / 2 && depth >= 8 && rows * columns * depth * batches >= 2 ** 15;
}

export function lowerTiles(product: Product): Command[] {
  const { rows, columns, depth, batches, output } = product;
  const tiles = Math.ceil(rows / (side * perThread(rows))) * Math.ceil(columns / (side * perThread(columns))) * batches;
  // Long sums of few elements are cut into slices, which a second kernel adds up.
  const slices = Math.max(1, Math.min(Math.floor(manyTiles / tiles), Math.floor(depth / (2 * runLength))));
  if (slices === 1) return [tiled(product, output, 1)];
  const partial = temporaryPlace(output.dtype, output.size * slices);
  return [
    tiled({ ...product, finish: (_, value) => value }, partial, slices),
    elementwise(wgsl, `${product.name} (sum of slices)`, output, (writer, element) => {
      const sum = writer.variable(writer.constant(valueTypeOf(output.dtype), 0));
      writer.loop(slices, (slice) => {
        writer.set(sum, writer.sum(sum, writer.load(partial, sumOf([times(slice, output.size), element]))));
      });
      return product.finish(writer as WgslWriter, sum, element);
    }),
  ];
}

/** How many rows (or columns) of a tile each thread has. */
function perThread(length: number): number {
  return length > 2 * side ? 4 : length > side ? 2 : 1;
}

function tiled(product: Product, output: Place, slices: number): Command {
  const { name, rows, columns, depth, batches, left, right } = product;
  const [high, wide] = [perThread(rows), perThread(columns)];
  const [tileRows, tileColumns] = [side * high, side * wide];
  const type = valueTypeOf(output.dtype);
  const writer = new WgslWriter();
  const zero = writer.constant(type, 0);
  const counts = [batches, slices, Math.ceil(rows / tileRows), Math.ceil(columns / tileColumns)];
  const groups = groupsOf(counts.reduce((all, count) => all * count));
  const perSlice = Math.ceil(depth / slices / runLength) * runLength;

  const [batch, slice, tileRow, tileColumn] = coordinatesOf(writer, 'tile', counts) as [string, string, string, string];
  const from = writer.integer(times(slice, perSlice));
  const to = writer.integer(slices === 1 ? String(depth) : `min(${from} + ${perSlice}, ${depth})`);
  const firstRow = writer.integer(times(tileRow, tileRows));
  const firstColumn = writer.integer(times(tileColumn, tileColumns));
  const row = writer.integer(times(`(thread / ${side})`, high));
  const column = writer.integer(times(`(thread % ${side})`, wide));
  const fillLeft = filler(writer, left, 'left', tileRows, batch, firstRow, rows, to, zero);
  const fillRight = filler(writer, right, 'right', tileColumns, batch, firstColumn, columns, to, zero);

  const cells = Array.from({ length: high * wide }, (_, cell) => [Math.floor(cell / wide), cell % wide] as const);
  const declare = (prefix: string): void =>
    writer.line(cells.map(([i, j]) => `var ${prefix}${i}${j} : ${type} = ${zero.text};`).join(' '));
  declare('sum');
  // Runs of the depth are added up by themselves, so that rounding errors do not grow with its whole length.
  writer.block(`for (var start = ${from}; start < ${to}; start += ${runLength})`, () => {
    declare('part');
    writer.block(`for (var k0 = start; k0 < min(start + ${runLength}, ${to}); k0 += ${side})`, () => {
      fillLeft('k0');
      fillRight('k0');
      writer.line('workgroupBarrier();');
      writer.block(`for (var k = 0; k < ${side}; k++)`, () => {
        for (let i = 0; i < high; i++) writer.line(`let x${i} = left[k * ${tileRows} + ${row} + ${i}];`);
        for (let j = 0; j < wide; j++) writer.line(`let y${j} = right[k * ${tileColumns} + ${column} + ${j}];`);
        for (const [i, j] of cells) writer.line(`part${i}${j} += x${i} * y${j};`);
      });
      writer.line('workgroupBarrier();');
    });
    writer.line(cells.map(([i, j]) => `sum${i}${j} += part${i}${j};`).join(' '));
  });

  const sums = cells.map(([i, j]): Value => ({ type, text: `sum${i}${j}` }));
  storeCells(writer, product, batch, sums, {
    rows: { count: high, at: (i) => sumOf([firstRow, row, i]) },
    columns: { count: wide, at: (j) => sumOf([firstColumn, column, j]) },
    first: times(slice, product.output.size),
  });

  const code = writer.program(name, output, {
    workgroups: groups.workgroups,
    size: threads,
    parameters: '@builtin(workgroup_id) group : vec3<u32>, @builtin(local_invocation_index) own : u32',
    anyIndex: 'own',
    declarations: [
      `var<workgroup> left : array<${type}, ${tileRows * side}>;`,
      `var<workgroup> right : array<${type}, ${tileColumns * side}>;`,
    ],
    prologue: [
      'let thread = i32(own);',
      `let tile = i32(${groups.index});`,
      `if (tile >= ${groups.count}) { return; }`,
    ],
  });
  return { code, inputs: writer.inputs, output };
}

/** Writes how all threads together copy a tile of a factor, from `k0` along the depth, into the workgroup's memory. */
function filler(
  writer: WgslWriter,
  factor: Factor,
  array: string,
  length: number,
  batch: string,
  first: string,
  limit: number,
  to: string,
  zero: Value,
): (k0: string) => void {
  const { place, isDeep } = factor;
  // What of a thread's own place in the tile does not change from one of its elements to the next.
  const fixed = writer.integer(isDeep ? `thread % ${side}` : `thread % ${length}`);
  const moving = writer.integer(isDeep ? `thread / ${side}` : `thread / ${length}`);
  const step = isDeep ? threads / side : threads / length;
  const outer = isDeep ? undefined : writer.integer(sumOf([first, fixed]));
  const located = outer === undefined ? undefined : factor.locate(writer, batch, outer);
  return (k0) => {
    writer.loop((isDeep ? length : side) / step, (n) => {
      const other = writer.integer(sumOf([moving, times(n, step)]));
      const k = writer.integer(sumOf([k0, isDeep ? fixed : other]));
      const i = outer ?? writer.integer(sumOf([first, other]));
      const { index, conditions = [] } = (located ?? factor.locate(writer, batch, i))(k);
      const value = writer.guarded([`${i} < ${limit}`, `${k} < ${to}`, ...conditions], place, index, zero);
      const [inDepth, inLength] = isDeep ? [fixed, other] : [other, fixed];
      writer.line(`${array}[${sumOf([times(inDepth, length), inLength])}] = ${value.text};`);
    });
  };
}
