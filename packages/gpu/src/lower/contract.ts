// Which kernel computes a product of matrices.
import type { Command } from '../code/code.ts';
import { lowerBlocks } from './block.ts';
import type { Language } from './language.ts';
import type { Product } from './product.ts';
import { lowerTiles, suitsTiles } from './tile.ts';

/** The commands for a product, where the language has something better than a thread for each element. */
export function lowerProduct(product: Product, language: Language): Command[] | undefined {
  if (language.name !== 'WGSL') return undefined;
  if (language.hasSharing && suitsTiles(product)) return lowerTiles(product);
  const blocks = lowerBlocks(product, language.busyThreads);
  return blocks && [blocks];
}
