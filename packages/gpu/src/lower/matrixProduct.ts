import type { Command } from '../code/command.ts';
import type { Language } from '../code/language.ts';
import { lowerBlocks } from './block.ts';
import { lowerFragmentBlocks } from './fragmentBlocks.ts';
import type { MatrixProduct } from './product.ts';
import { lowerTiles, suitsTiles } from './tile.ts';

/** Makes the commands for a matrix product, if the language has something better than a thread for each element. */
export function lowerProduct(product: MatrixProduct, language: Language): Command[] | undefined {
  if (language.name === 'GLSL') return lowerFragmentBlocks(product, language);
  if (language.name === 'JavaScript') return undefined;
  if (language.hasSharedMemory && suitsTiles(product)) return lowerTiles(product);
  const command = lowerBlocks(product, language.busyThreads);
  return command && [command];
}
