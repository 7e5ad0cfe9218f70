import { operandsOf } from './body.ts';
import type { Plan } from './kernel.ts';

export function planBytes({ kernels }: Plan): number {
  let bytes = 0;
  for (const kernel of kernels) bytes += 1024 + 256 * operandsOf(kernel).length;
  return bytes;
}
