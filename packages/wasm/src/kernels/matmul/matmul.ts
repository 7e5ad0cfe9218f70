import type { Command, Features, Scratch } from '../../command.ts';
import { depthBlock, packCommand, panelElements } from '../panels/pack.ts';
import { tileShape } from '../panels/tileBlock.ts';
import { multiplyCommands, type PackedOperand } from './multiply.ts';
import { productOf, type Matmul, type Product } from './product.ts';
import { scalarCommand } from './scalar.ts';
import { skinnyCommand } from './skinny.ts';
import { smallCommand } from './small.ts';

/** Packed operands of at most this size fit the first-level cache and are packed and multiplied by one command. */
const smallElements = 1 << 14;

/**
 * The commands of a batched matrix product. float32 operands are packed into panels and multiplied in tiles, or read in
 * place if one is as thin as a vector; sums are rounded to float32 about every {@link depthBlock} terms.
 */
export function matmulCommands(matmul: Matmul, features: Features): Command[] {
  const product = productOf(matmul);
  const { rows, columns, depth, batch } = product;
  if (rows === 0 || columns === 0 || batch.some(({ size }) => size === 0)) return [];
  if (matmul.dtype !== 'float32') return [scalarCommand(product, matmul.dtype)];
  const skinny = skinnyCommand(product);
  if (skinny) return [skinny];
  const tile = tileShape(features);
  const packedElements = panelElements(rows, depth, tile.rows) + panelElements(columns, depth, tile.columns);
  if (depth <= depthBlock && packedElements <= smallElements) return [smallCommand(product, features)];

  const a = packOperand(product, 'a', tile.rows);
  const b = packOperand(product, 'b', tile.columns);
  return [...a.commands, ...b.commands, ...multiplyCommands(product, a, b, features)];
}

/** Packs an operand; along batch axes where it is broadcast, once. */
function packOperand(product: Product, operand: 'a' | 'b', width: number): PackedOperand {
  const { slot, offset, depth: depthStride } = product[operand];
  const count = operand === 'a' ? product.rows : product.columns;
  let bytes = 4 * panelElements(count, product.depth, width);
  const strides = product.batch.toReversed().map((axis) => {
    if (axis[operand] === 0) return 0;
    const stride = bytes;
    bytes *= axis.size;
    return stride;
  });
  const source = {
    slot,
    offset,
    batch: product.batch.flatMap((axis) => (axis[operand] === 0 ? [] : [{ size: axis.size, stride: axis[operand] }])),
    count,
    depth: product.depth,
    rowStride: operand === 'a' ? product.a.row : product.b.column,
    depthStride,
  };
  const panels: Scratch = { kind: 'scratch', bytes };
  return {
    panels,
    commands: product.depth === 0 ? [] : [packCommand(source, width, panels)],
    strides: strides.toReversed(),
  };
}
