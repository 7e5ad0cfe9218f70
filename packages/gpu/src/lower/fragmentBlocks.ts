// Matrix products in GLSL: each fragment computes a block of elements, in the layers of a texture, from which a second command
// takes them.
import { createScratch, type Command, type Layers } from '../code/command.ts';
import { GlslWriter } from '../code/glsl.ts';
import type { Language } from '../code/language.ts';
import { BlockGrid } from './blockSums.ts';
import { emitElementwise } from './elementwise.ts';
import type { MatrixProduct } from './product.ts';

/** Layers, and rows and columns of blocks. */
const blockSizes: readonly { readonly layers: Layers; readonly size: readonly [number, number] }[] = [
  { layers: 4, size: [4, 4] },
  { layers: 4, size: [1, 16] },
  { layers: 4, size: [16, 1] },
  { layers: 1, size: [2, 2] },
  { layers: 1, size: [1, 4] },
  { layers: 1, size: [4, 1] },
];

/** Makes the commands for a product, or `undefined` if it has too few blocks or a fragment would have too many terms. */
export function lowerFragmentBlocks(product: MatrixProduct, language: Language): Command[] | undefined {
  const { name, rows, columns, depth, output } = product;
  const { maxTerms, maxLayers = 1, busyThreads } = language;
  if (depth > maxTerms) return undefined;
  const fitting = blockSizes
    .filter(({ layers, size: [height, width] }) => layers <= maxLayers && height <= rows && width <= columns)
    .map(({ layers, size }) => ({ layers, grid: new BlockGrid(product, size) }))
    .find(({ grid }) => grid.size >= busyThreads);
  if (!fitting) return undefined;
  const { layers, grid } = fitting;
  const blocks = createScratch(output.dtype, grid.size, layers);
  const writer = new GlslWriter();
  const { sums } = grid.sumsOf(writer, product, writer.element);
  const code = writer.finishLayers(`${name} (blocks)`, sums, blocks);
  return [
    { code, inputs: writer.inputs, output: blocks },
    emitElementwise(language, name, output, (writer, element) => {
      const [block, number] = grid.find(writer, product.find(writer, element));
      const sum = (writer as GlslWriter).loadLayered(blocks, block, number);
      return product.finish(writer, sum, element);
    }),
  ];
}
