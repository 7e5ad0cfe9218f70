// Matrix products in WGSL without shared memory: each thread computes a block of elements in registers. For adapters that
// compute in software, where sharing is slow, and for small matrices.
import type { Command } from '../code/command.ts';
import { dispatchOf, WgslWriter } from '../code/wgsl.ts';
import { BlockGrid } from './blockSums.ts';
import { storeBlock, type MatrixProduct } from './product.ts';

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
  const grid = blockSizes.map((size) => new BlockGrid(product, size)).find(({ size }) => size >= minThreads);
  if (!grid) return undefined;
  const { name, output, finish } = product;
  const writer = new WgslWriter();
  const { workgroups, index } = dispatchOf(Math.ceil(grid.size / workgroupSize));
  storeBlock(writer, product, grid.sumsOf(writer, product, 'block'), '0', finish);
  const code = writer.program(name, output, {
    workgroups,
    workgroupSize,
    prologue: [`let block = i32((${index}) * ${workgroupSize}u + local);`, `if (block >= ${grid.size}) { return; }`],
  });
  return { code, inputs: writer.inputs, output };
}
