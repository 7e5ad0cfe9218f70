import type { Command, Features } from '../../command.ts';
import { productOf, type Matmul } from './product.ts';
import { scalarCommand } from './scalar.ts';
import { skinnyCommand } from './skinny.ts';
import { tiledCommands } from './tiled.ts';

/**
 * The commands of a batched matrix product. float32 operands are multiplied in register tiles, or read once if one is as
 * thin as a vector; sums are rounded to float32 about every 256 terms.
 */
export function matmulCommands(matmul: Matmul, features: Features): Command[] {
  const product = productOf(matmul);
  const { rows, columns, batch } = product;
  if (rows === 0 || columns === 0 || batch.some(({ size }) => size === 0)) return [];
  if (matmul.dtype !== 'float32') return [scalarCommand(product, matmul.dtype)];
  const skinny = skinnyCommand(product);
  return skinny ? [skinny] : tiledCommands(product, features);
}
