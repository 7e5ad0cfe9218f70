/** A best-fit allocator over a memory that grows at its end, in bytes: for arenas and backends' own memory. */
export class FreeList {
  /** Disjoint, in ascending order, never adjacent. */
  readonly #gaps: { start: number; end: number }[] = [];
  /** The size of the memory so far. */
  extent = 0;

  /** The offset of the smallest gap that fits; the memory grows if there is none. */
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
    // A gap at the end grows with the memory.
    const last = this.#gaps.at(-1);
    const offset = last?.end === this.extent ? this.#gaps.pop()!.start : this.extent;
    this.extent = offset + size;
    return offset;
  }

  /** Frees an allocated range. */
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
