// Matrix products in WGSL with shared memory: a workgroup computes a tile of the result from tiles of both factors, and each
// thread up to 4 × 4 elements of it in registers.
import { createScratch, type Command, type Location } from '../code/command.ts';
import { wgsl } from '../code/language.ts';
import { coordinatesOf } from '../code/positions.ts';
import { dispatchOf, WgslWriter } from '../code/wgsl.ts';
import { plus, times, valueTypeOf, type Value } from '../code/writer.ts';
import { emitElementwise } from './elementwise.ts';
import { storeBlock, type Factor, type Finish, type MatrixProduct } from './product.ts';
import { runLength } from './runs.ts';

/** Threads along each side of a tile, and the depth of the tiles in shared memory. */
const side = 16;
const workgroupSize = side * side;
/** The number of tiles that keep a device busy. */
const busyTiles = 128;

/** Tiles would be mostly empty with so few rows or columns. */
export const fewLines: number = side / 2;

/** Whether a product is large enough for tiles. */
export function suitsTiles({ rows, columns, depth, batches }: MatrixProduct): boolean {
  return Math.min(rows, columns) > fewLines && depth >= 8 && rows * columns * depth * batches >= 2 ** 15;
}

export function lowerTiles(product: MatrixProduct): Command[] {
  const { rows, columns, depth, batches, output, finish } = product;
  const tiles = Math.ceil(rows / (side * perThread(rows))) * Math.ceil(columns / (side * perThread(columns))) * batches;
  // Long sums of few elements are cut into slices, which a second command adds up (split-K).
  const slices = Math.max(
    Math.ceil(depth / runLength ** 2),
    Math.min(Math.floor(busyTiles / tiles), Math.floor(depth / (2 * runLength))),
  );
  if (slices === 1) return [emitTiles(product, output, 1, finish)];
  const partial = createScratch(output.dtype, output.size * slices);
  return [
    emitTiles(product, partial, slices, (_, sum) => sum),
    emitElementwise(wgsl, `${product.name} (sum of slices)`, output, (writer, element) => {
      const sum = writer.variable(writer.constant(valueTypeOf(output.dtype), 0));
      writer.loop(slices, (slice) => {
        writer.addTo(sum, writer.load(partial, plus([times(slice, output.size), element])));
      });
      return finish(writer, sum, element);
    }),
  ];
}

/** The number of rows (or columns) of a tile that each thread computes. */
function perThread(length: number): number {
  return length > 2 * side ? 4 : length > side ? 2 : 1;
}

function emitTiles(product: MatrixProduct, output: Location, slices: number, finish: Finish): Command {
  const { name, rows, columns, depth, batches, left, right } = product;
  const [height, width] = [perThread(rows), perThread(columns)];
  const [tileRows, tileColumns] = [side * height, side * width];
  const type = valueTypeOf(output.dtype);
  const writer = new WgslWriter();
  const zero = writer.constant(type, 0);
  const counts = [batches, slices, Math.ceil(rows / tileRows), Math.ceil(columns / tileColumns)];
  const dispatch = dispatchOf(counts.reduce((product, count) => product * count));
  const perSlice = Math.ceil(depth / slices / runLength) * runLength;

  const [batch, slice, tileRow, tileColumn] = coordinatesOf(writer, 'tile', counts) as [string, string, string, string];
  const from = writer.bindIndex(times(slice, perSlice));
  const to = writer.bindIndex(slices === 1 ? String(depth) : `min(${from} + ${perSlice}, ${depth})`);
  const firstRow = writer.bindIndex(times(tileRow, tileRows));
  const firstColumn = writer.bindIndex(times(tileColumn, tileColumns));
  const row = writer.bindIndex(times(`(thread / ${side})`, height));
  const column = writer.bindIndex(times(`(thread % ${side})`, width));
  const copyLeft = tileCopier(writer, left, batch, zero, {
    array: 'left',
    lines: tileRows,
    firstLine: firstRow,
    endLine: rows,
    endDepth: to,
  });
  const copyRight = tileCopier(writer, right, batch, zero, {
    array: 'right',
    lines: tileColumns,
    firstLine: firstColumn,
    endLine: columns,
    endDepth: to,
  });

  const cells = Array.from({ length: height * width }, (_, cell) => [Math.floor(cell / width), cell % width] as const);
  const declare = (prefix: string): void =>
    writer.line(cells.map(([i, j]) => `var ${prefix}${i}${j} : ${type} = ${zero.text};`).join(' '));
  declare('sum');
  // Each run is summed separately, so that rounding errors do not grow with the whole depth.
  writer.block(`for (var start = ${from}; start < ${to}; start += ${runLength})`, () => {
    declare('part');
    writer.block(`for (var k0 = start; k0 < min(start + ${runLength}, ${to}); k0 += ${side})`, () => {
      copyLeft('k0');
      copyRight('k0');
      writer.line('workgroupBarrier();');
      writer.block(`for (var k = 0; k < ${side}; k++)`, () => {
        for (let i = 0; i < height; i++) writer.line(`let x${i} = left[k * ${tileRows} + ${row} + ${i}];`);
        for (let j = 0; j < width; j++) writer.line(`let y${j} = right[k * ${tileColumns} + ${column} + ${j}];`);
        for (const [i, j] of cells) writer.line(`part${i}${j} += x${i} * y${j};`);
      });
      writer.line('workgroupBarrier();');
    });
    writer.line(cells.map(([i, j]) => `sum${i}${j} += part${i}${j};`).join(' '));
  });

  const sums = cells.map(([i, j]): Value => ({ type, text: `sum${i}${j}` }));
  const lines = {
    rows: { count: height, at: (i: string) => plus([firstRow, row, i]) },
    columns: { count: width, at: (j: string) => plus([firstColumn, column, j]) },
  };
  storeBlock(writer, product, { batch, sums, ...lines }, times(slice, product.output.size), finish);
  const code = writer.program(name, output, {
    workgroups: dispatch.workgroups,
    workgroupSize,
    declarations: [
      `var<workgroup> left : array<${type}, ${tileRows * side}>;`,
      `var<workgroup> right : array<${type}, ${tileColumns * side}>;`,
    ],
    prologue: [
      'let thread = i32(local);',
      `let tile = i32(${dispatch.index});`,
      `if (tile >= ${dispatch.count}) { return; }`,
    ],
  });
  return { code, inputs: writer.inputs, output };
}

/** A tile of a factor: some rows of the left one, or columns of the right one. */
interface FactorTile {
  /** The array in shared memory. */
  readonly array: string;
  /** The number of rows (or columns) in the tile. */
  readonly lines: number;
  readonly firstLine: string;
  /** The numbers of rows (or columns) of the factor, and the end of the depth: beyond them the tile is filled with zeros. */
  readonly endLine: number;
  readonly endDepth: string;
}

/** Writes how all threads together copy a tile, from `k0` along the depth, into shared memory. */
function tileCopier(
  writer: WgslWriter,
  factor: Factor,
  batch: string,
  zero: Value,
  { array, lines, firstLine, endLine, endDepth }: FactorTile,
): (k0: string) => void {
  const { location, isDepthContiguous } = factor;
  // Neighboring threads copy neighbors in memory. A thread's coordinate in that direction is fixed; the other one moves.
  const fixed = writer.bindIndex(isDepthContiguous ? `thread % ${side}` : `thread % ${lines}`);
  const moving = writer.bindIndex(isDepthContiguous ? `thread / ${side}` : `thread / ${lines}`);
  const step = isDepthContiguous ? workgroupSize / side : workgroupSize / lines;
  const fixedLine = isDepthContiguous ? undefined : writer.bindIndex(plus([firstLine, fixed]));
  const locateFixed = fixedLine === undefined ? undefined : factor.locate(writer, batch, fixedLine);
  return (k0) => {
    writer.loop((isDepthContiguous ? lines : side) / step, (n) => {
      const moved = writer.bindIndex(plus([moving, times(n, step)]));
      const k = writer.bindIndex(plus([k0, isDepthContiguous ? fixed : moved]));
      const line = fixedLine ?? writer.bindIndex(plus([firstLine, moved]));
      const { position, conditions = [] } = (locateFixed ?? factor.locate(writer, batch, line))(k);
      const inside = [`${line} < ${endLine}`, `${k} < ${endDepth}`, ...conditions];
      const value = writer.loadWhere(inside, location, position, zero);
      const [inDepth, inLines] = isDepthContiguous ? [fixed, moved] : [moved, fixed];
      writer.line(`${array}[${plus([times(inDepth, lines), inLines])}] = ${value.text};`);
    });
  };
}
