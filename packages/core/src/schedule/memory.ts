import { bytesPerElement, type DType } from '../data/dtype.ts';
import { operandsOf, worksInPlace } from './body.ts';
import type { Kernel, Slot } from './kernel.ts';
import { FreeList } from '../data/freeList.ts';
import { sizeOf, type Shape } from '../data/shape.ts';

type ArenaSlot = Extract<Slot, { kind: 'arena' }>;

/** Aligned for every dtype and for vector loads. */
const alignment = 64;

/** A slot of the arena for an intermediate. {@link placeInArena} decides its offset. */
export function arenaSlot(shape: Shape, dtype: DType): Slot {
  return { kind: 'arena', byteOffset: 0, dtype, size: sizeOf(shape) };
}

/**
 * Gives every intermediate a place in one arena, so that those alive at the same time do not overlap, and returns the
 * arena's size. An intermediate lives from the kernel that writes it to the last one that reads it; a kernel that works
 * in place takes over what ends with it.
 */
export function placeInArena(kernels: readonly Kernel[]): number {
  const lastUse = new Map<Slot, number>();
  kernels.forEach((kernel, i) => {
    for (const { slot } of operandsOf(kernel)) lastUse.set(slot, i);
    lastUse.set(kernel.output, i);
  });
  const expiring: ArenaSlot[][] = kernels.map(() => []);
  for (const [slot, i] of lastUse) if (slot.kind === 'arena') expiring[i]!.push(slot);

  const free = new FreeList();
  const placed = new Set<Slot>();
  kernels.forEach((kernel, i) => {
    const { output } = kernel;
    if (output.kind === 'arena' && !placed.has(output)) {
      const ending = expiring[i]!.findIndex((slot) => placed.has(slot) && worksInPlace(kernel, slot));
      output.byteOffset = ending < 0 ? free.allocate(bytes(output)) : expiring[i]!.splice(ending, 1)[0]!.byteOffset;
      placed.add(output);
    }
    for (const slot of expiring[i]!) free.free(slot.byteOffset, bytes(slot));
  });
  return free.extent;
}

function bytes({ dtype, size }: Slot): number {
  return Math.ceil((bytesPerElement(dtype) * size) / alignment) * alignment;
}
