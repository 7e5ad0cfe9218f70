import { bytesPerElement, type DType } from '../data/dtype.ts';
import { operandsOf, worksInPlace } from './body.ts';
import type { Kernel, Slot } from './kernel.ts';
import { FreeList } from '../data/freeList.ts';
import { sizeOf, type Shape } from '../data/shape.ts';

type ArenaSlot = Extract<Slot, { kind: 'arena' }>;

/** The alignment of intermediates in bytes, for all dtypes and for vector loads. */
const alignment = 64;

/** Creates a slot of the arena for an intermediate. {@link placeInArena} sets its offset. */
export function arenaSlot(shape: Shape, dtype: DType): Slot {
  return { kind: 'arena', byteOffset: 0, dtype, size: sizeOf(shape) };
}

/**
 * Sets the offsets of all intermediates in the arena, so that those alive at the same time do not overlap, and returns the
 * arena's size. An intermediate is alive from the kernel that writes it to the last that reads it. A kernel that works in
 * place writes over an operand that dies with it.
 */
export function placeInArena(kernels: readonly Kernel[]): number {
  const lastUse = new Map<Slot, number>();
  kernels.forEach((kernel, i) => {
    for (const { slot } of operandsOf(kernel)) lastUse.set(slot, i);
    lastUse.set(kernel.output, i);
  });
  /** For each kernel, the intermediates that die with it. */
  const dying: ArenaSlot[][] = kernels.map(() => []);
  for (const [slot, i] of lastUse) if (slot.kind === 'arena') dying[i]!.push(slot);

  const memory = new FreeList();
  const placed = new Set<Slot>();
  kernels.forEach((kernel, i) => {
    const { output } = kernel;
    if (output.kind === 'arena' && !placed.has(output)) {
      const reusable = dying[i]!.findIndex((slot) => placed.has(slot) && worksInPlace(kernel, slot));
      output.byteOffset =
        reusable < 0 ? memory.allocate(alignedBytes(output)) : dying[i]!.splice(reusable, 1)[0]!.byteOffset;
      placed.add(output);
    }
    for (const slot of dying[i]!) memory.free(slot.byteOffset, alignedBytes(slot));
  });
  return memory.extent;
}

/** For each kernel, the bytes of the intermediates that later kernels read. */
export function liveBytes(kernels: readonly Kernel[]): number[] {
  const first = new Map<Slot, number>();
  const last = new Map<Slot, number>();
  kernels.forEach((kernel, i) => {
    if (!first.has(kernel.output)) first.set(kernel.output, i);
    for (const { slot } of operandsOf(kernel)) last.set(slot, i);
  });
  const bytes = kernels.map(() => 0);
  for (const [slot, start] of first) {
    if (slot.kind !== 'arena') continue;
    const end = last.get(slot) ?? start;
    for (let i = start; i < end; i++) bytes[i]! += bytesPerElement(slot.dtype) * slot.size;
  }
  return bytes;
}

function alignedBytes({ dtype, size }: Slot): number {
  return Math.ceil((bytesPerElement(dtype) * size) / alignment) * alignment;
}
