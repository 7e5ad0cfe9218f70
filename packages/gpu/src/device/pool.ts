/** A piece of the device's memory that is dealt out again and again. */
export interface Block<Piece> {
  readonly piece: Piece;
  readonly bytes: number;
  /** It never came into being: the device was out of memory. */
  isBroken: boolean;
}

/** What of the pool's memory may lie idle, beside as much as is in use. */
const idleBytes = 64 * 2 ** 20;

/** Where memory comes from. */
export interface Source<Piece> {
  /** The most bytes that a piece may have. */
  readonly most: number;
  make(bytes: number): Piece;
  destroy(piece: Piece): void;
}

/**
 * Memory by size: powers of two and three quarters of them, so that at most a third is wasted. What is given back may be
 * dealt out at once: the device works in the order of submission.
 */
export class Pool<Piece> {
  readonly #source: Source<Piece>;
  readonly #free = new Map<number, Block<Piece>[]>();
  /** What nobody uses any more, to be destroyed. */
  #surplus: Block<Piece>[] = [];
  #made: Block<Piece>[] = [];
  #bytes = 0;
  #idle = 0;

  constructor(source: Source<Piece>) {
    this.#source = source;
  }

  /** All that is allocated, in use or not. */
  get bytes(): number {
    return this.#bytes;
  }

  /** What of it is dealt out. */
  get bytesInUse(): number {
    return this.#bytes - this.#idle;
  }

  /**
   * A piece of at least so many bytes; what is in it is undefined.
   * @throws {RangeError} if the device allows none of this size.
   */
  take(atLeast: number): Block<Piece> {
    const bytes = sizeClass(atLeast);
    const known = this.#free.get(bytes)?.pop();
    if (known) {
      this.#idle -= bytes;
      return known;
    }
    const { most } = this.#source;
    if (atLeast > most) {
      throw new RangeError(`gpu: an array of ${atLeast} bytes is more than the ${most} that the device allows`);
    }
    const size = Math.min(bytes, most);
    const block = { piece: this.#source.make(size), bytes: size, isBroken: false };
    this.#bytes += size;
    this.#made.push(block);
    return block;
  }

  /** The blocks that were allocated since this was last asked. */
  made(): Block<Piece>[] {
    return this.#made.splice(0);
  }

  /** Takes a block back; programs that use it may still be on their way, until {@link trim}. */
  give(block: Block<Piece>): void {
    const { bytes } = block;
    // More than is in use would not come back to life soon.
    if (block.isBroken || this.#idle + bytes > idleBytes + this.#bytes / 2) {
      this.#bytes -= bytes;
      this.#surplus.push(block);
      return;
    }
    this.#idle += bytes;
    const blocks = this.#free.get(bytes);
    if (blocks) blocks.push(block);
    else this.#free.set(bytes, [block]);
  }

  /** After an error: these blocks are not to be used again, and no others are kept for use, since memory may be short. */
  discard(broken: readonly Block<Piece>[]): void {
    for (const block of broken) block.isBroken = true;
    const idle = [...this.#free.values()].flat();
    this.#free.clear();
    this.#idle = 0;
    for (const block of idle) this.#bytes -= block.bytes;
    this.#surplus.push(...idle);
  }

  /** Destroys what lies idle beyond need; everything that uses it has been submitted. */
  trim(): void {
    for (const { piece } of this.#surplus) this.#source.destroy(piece);
    this.#surplus = [];
  }
}

function sizeClass(bytes: number): number {
  let size = 256;
  while (size < bytes) size *= 2;
  return size > 256 && bytes <= size * 0.75 ? size * 0.75 : size;
}
