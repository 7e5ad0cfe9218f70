/** A buffer of the device that is dealt out again and again. */
export interface Block {
  readonly buffer: GPUBuffer;
  readonly bytes: number;
  /** It never came into being: the device was out of memory. */
  isBroken: boolean;
}

/** STORAGE, COPY_SRC and COPY_DST. (The names are globals of browsers alone.) */
export const bufferUsage: number = 0x80 | 0x04 | 0x08;

/** What of the pool's memory may lie idle, beside as much as is in use. */
const idleBytes = 64 * 2 ** 20;

/**
 * Buffers by size: powers of two and three quarters of them, so that at most a third is wasted. One that is given back may
 * be dealt out at once: the device works in the order of submission.
 */
export class BufferPool {
  readonly #device: GPUDevice;
  readonly #free = new Map<number, Block[]>();
  /** What nobody uses any more, to be destroyed. */
  #surplus: Block[] = [];
  #made: Block[] = [];
  #bytes = 0;
  #idle = 0;

  constructor(device: GPUDevice) {
    this.#device = device;
  }

  /** All that is allocated, in use or not. */
  get bytes(): number {
    return this.#bytes;
  }

  /**
   * A buffer of at least so many bytes; what is in it is undefined.
   * @throws {RangeError} if the device allows no buffer of this size.
   */
  take(atLeast: number): Block {
    const bytes = sizeClass(atLeast);
    const known = this.#free.get(bytes)?.pop();
    if (known) {
      this.#idle -= bytes;
      return known;
    }
    const { limits } = this.#device;
    const most = Math.min(limits.maxBufferSize, limits.maxStorageBufferBindingSize);
    if (atLeast > most) {
      throw new RangeError(`gpu: an array of ${atLeast} bytes is more than the ${most} that the device allows`);
    }
    const size = Math.min(bytes, most);
    this.#bytes += size;
    const buffer = this.#device.createBuffer({ size, usage: bufferUsage });
    const block = { buffer, bytes: size, isBroken: false };
    this.#made.push(block);
    return block;
  }

  /** The blocks that were allocated since this was last asked. */
  made(): Block[] {
    return this.#made.splice(0);
  }

  /** Takes a block back; programs that use it may still be on their way, until {@link trim}. */
  give(block: Block): void {
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
  discard(broken: readonly Block[]): void {
    for (const block of broken) block.isBroken = true;
    const idle = [...this.#free.values()].flat();
    this.#free.clear();
    this.#idle = 0;
    for (const block of idle) this.#bytes -= block.bytes;
    this.#surplus.push(...idle);
  }

  /** Destroys what lies idle beyond need; everything that uses it has been submitted. */
  trim(): void {
    for (const { buffer } of this.#surplus) buffer.destroy();
    this.#surplus = [];
  }
}

function sizeClass(bytes: number): number {
  let size = 256;
  while (size < bytes) size *= 2;
  return size > 256 && bytes <= size * 0.75 ? size * 0.75 : size;
}
