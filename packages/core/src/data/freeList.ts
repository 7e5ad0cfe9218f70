/** A best-fit allocator, in bytes, over memory that grows at its end: for arenas and the memory of backends. */
export class FreeList {
  /** Free ranges, disjoint, in ascending order, never adjacent. */
  readonly #gaps: { start: number; end: number }[] = [];
  /** The size of the memory so far. */
  extent = 0;

  /** Returns the offset of a range of `size` bytes: in the smallest gap that fits, else at the end of the memory. */
  allocate(size: number): number {
    if (size === 0) return 0;
    let best = -1;
    this.#gaps.forEach(({ start, end }, i) => {
      const fits = end - start >= size;
      if (fits && (best < 0 || end - start < this.#gaps[best]!.end - this.#gaps[best]!.start)) best = i;
    });
    if (best >= 0) {
      const gap = this.#gaps[best]!;
      const offset = gap.start;
      gap.start += size;
      if (gap.start === gap.end) this.#gaps.splice(best, 1);
      return offset;
    }
    // Extends a gap at the end together with the memory.
    const last = this.#gaps.at(-1);
    const offset = last?.end === this.extent ? this.#gaps.pop()!.start : this.extent;
    this.extent = offset + size;
    return offset;
  }

  /** Frees the range of `size` bytes that {@link allocate} returned as `start`. */
  free(start: number, size: number): void {
    if (size === 0) return;
    const end = start + size;
    let i = this.#gaps.findIndex((gap) => gap.start > start);
    if (i < 0) i = this.#gaps.length;
    this.#gaps.splice(i, 0, { start, end });
    if (this.#gaps[i + 1]?.start === end) this.#gaps[i]!.end = this.#gaps.splice(i + 1, 1)[0]!.end;
    if (i > 0 && this.#gaps[i - 1]!.end === start) this.#gaps[i - 1]!.end = this.#gaps.splice(i, 1)[0]!.end;
  }
}
