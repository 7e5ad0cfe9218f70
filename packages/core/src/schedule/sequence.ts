import { bytesPerElement } from '../data/dtype.ts';
import { operandsOf } from './body.ts';
import type { Kernel, Slot } from './kernel.ts';

/** How many of the kernels that can run next are compared, so that planning takes linear time. */
const maxCompared = 64;

/**
 * Orders kernels so that few intermediates are alive at a time: of those that can run, next comes the one that frees most
 * memory, or takes least. So the gradient of a layer's weights is computed as soon as it can be, if what the forward pass has
 * kept for it is larger.
 */
export function sequenceKernels(kernels: readonly Kernel[]): Kernel[] {
  const reads = kernels.map((kernel) => new Set(operandsOf(kernel).map(({ slot }) => slot)));
  const readers = new Map<Slot, number>();
  const writers = new Map<Slot, number>();
  /** For each kernel the numbers of those that read its result, and how many results it waits for. */
  const followers = kernels.map((): number[] => []);
  const missing = kernels.map(() => 0);
  kernels.forEach(({ output }, i) => {
    for (const slot of reads[i]!) {
      readers.set(slot, (readers.get(slot) ?? 0) + 1);
      const writer = writers.get(slot);
      if (writer === undefined) continue;
      followers[writer]!.push(i);
      missing[i]!++;
    }
    writers.set(output, i);
  });
  /** The bytes that the kernel takes, less those that it frees. */
  const growth = (i: number): number => {
    let bytes = bytesOf(kernels[i]!.output);
    for (const slot of reads[i]!) if (readers.get(slot) === 1) bytes -= bytesOf(slot);
    return bytes;
  };
  // The last became ready last, except at the beginning.
  const ready = [...kernels.keys()].filter((i) => missing[i] === 0).reverse();
  const result: Kernel[] = [];
  while (ready.length > 0) {
    const compared = ready.splice(-maxCompared);
    const growths = compared.map(growth);
    let best = 0;
    growths.forEach((bytes, i) => {
      if (bytes < growths[best]! || (bytes === growths[best] && compared[i]! < compared[best]!)) best = i;
    });
    const [next] = compared.splice(best, 1) as [number];
    ready.push(...compared);
    result.push(kernels[next]!);
    for (const slot of reads[next]!) readers.set(slot, readers.get(slot)! - 1);
    for (const follower of followers[next]!) if (--missing[follower]! === 0) ready.push(follower);
  }
  return result;
}

/** The bytes that a slot takes in the arena. */
function bytesOf({ kind, dtype, size }: Slot): number {
  return kind === 'arena' ? bytesPerElement(dtype) * size : 0;
}
