import { bytesPerElement, type DType } from '../data/dtype.ts';
import { operandsOf, worksInPlace } from './body.ts';
import type { Kernel, Slot } from './kernel.ts';
import { sizeOf, type Shape } from '../data/shape.ts';

type ArenaSlot = Extract<Slot, { kind: 'arena' }>;

/** Aligned for every dtype and for vector loads. */
const alignment = 64;

/** A place in the arena for an intermediate; where, is decided by {@link placeInArena}. */
export function temporary(shape: Shape, dtype: DType): Slot {
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
      output.byteOffset = ending < 0 ? free.take(bytes(output)) : expiring[i]!.splice(ending, 1)[0]!.byteOffset;
      placed.add(output);
    }
    for (const slot of expiring[i]!) free.give(slot.byteOffset, bytes(slot));
  });
  return free.extent;
}

function bytes({ dtype, size }: Slot): number {
  return Math.ceil((bytesPerElement(dtype) * size) / alignment) * alignment;
}

/** The gaps of a memory that grows at its end, in bytes: how arenas and backends' own memory are dealt out. */
export class FreeList {
  /** Disjoint, in order of place, never touching each other. */
  readonly #gaps: { start: number; end: number }[] = [];
  /** Where the memory ends. */
  extent = 0;

  /** The place of the smallest gap that fits; the memory grows if there is none. */
  take(size: number): number {
    if (size === 0) return 0;
    let best = -1;
    this.#gaps.forEach(({ start, end }, i) => {
      const fits = end - start >= size;
      if (fits && (best < 0 || end - start < this.#gaps[best]!.end - this.#gaps[best]!.start)) best = i;
    });
    if (best >= 0) {
      const gap = this.#gaps[best]!;
      const place = gap.start;
      gap.start += size;
      if (gap.start === gap.end) this.#gaps.splice(best, 1);
      return place;
    }
    // A gap at the end grows with the memory.
    const last = this.#gaps.at(-1);
    const place = last?.end === this.extent ? this.#gaps.pop()!.start : this.extent;
    this.extent = place + size;
    return place;
  }

  /** Gives back what was taken. */
  give(start: number, size: number): void {
    if (size === 0) return;
    const end = start + size;
    let i = this.#gaps.findIndex((gap) => gap.start > start);
    if (i < 0) i = this.#gaps.length;
    this.#gaps.splice(i, 0, { start, end });
    if (this.#gaps[i + 1]?.start === end) this.#gaps[i]!.end = this.#gaps.splice(i + 1, 1)[0]!.end;
    if (i > 0 && this.#gaps[i - 1]!.end === start) this.#gaps[i - 1]!.end = this.#gaps.splice(i, 1)[0]!.end;
  }
}
