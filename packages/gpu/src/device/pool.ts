import type { Layers } from '../code/command.ts';

/** A piece of device memory that is reused. */
export interface Block<Resource> {
  readonly resource: Resource;
  readonly bytes: number;
  readonly layers: Layers | undefined;
  /** The device was out of memory when it was created. */
  isInvalid: boolean;
}

/** Unused memory that a pool keeps, in addition to half of what is allocated. */
const maxIdleBytes = 64 * 2 ** 20;

/** Creates and destroys device memory. */
export interface Allocator<Resource> {
  /** The maximum size of a resource. */
  maxBytes(layers?: Layers): number;
  /** @param layers The number of layers, for textures that have some; a resource is reused for as many only. */
  create(bytes: number, layers?: Layers): Resource;
  destroy(resource: Resource): void;
}

/**
 * A pool of memory by size class: powers of two and three quarters of them, so that at most a third is wasted. A freed block
 * may be reused at once, since the device works in the order of submission.
 */
export class Pool<Resource> {
  readonly #allocator: Allocator<Resource>;
  /** By layers and size. */
  readonly #idle = new Map<string, Block<Resource>[]>();
  /** All that were created and not destroyed. */
  readonly #blocks = new Set<Block<Resource>>();
  /** Blocks to destroy. */
  #surplus: Block<Resource>[] = [];
  #created: Block<Resource>[] = [];
  #bytesAllocated = 0;
  #bytesIdle = 0;

  constructor(allocator: Allocator<Resource>) {
    this.#allocator = allocator;
  }

  /** Bytes allocated, in use or idle. */
  get bytesAllocated(): number {
    return this.#bytesAllocated;
  }

  get bytesInUse(): number {
    return this.#bytesAllocated - this.#bytesIdle;
  }

  /**
   * A block of at least `minBytes`, with any contents.
   * @param layers as for {@link Allocator.create}.
   * @throws {RangeError} if the device does not allow this size.
   */
  allocate(minBytes: number, layers?: Layers): Block<Resource> {
    const bytes = sizeClassOf(minBytes);
    const idle = this.#idle.get(keyOf({ bytes, layers }))?.pop();
    if (idle) {
      this.#bytesIdle -= bytes;
      return idle;
    }
    const maxBytes = this.#allocator.maxBytes(layers);
    if (minBytes > maxBytes) {
      throw new RangeError(`gpu: an array of ${minBytes} bytes is more than the ${maxBytes} that the device allows`);
    }
    const size = Math.min(bytes, maxBytes);
    const block = { resource: this.#allocator.create(size, layers), bytes: size, layers, isInvalid: false };
    this.#bytesAllocated += size;
    this.#created.push(block);
    this.#blocks.add(block);
    return block;
  }

  /** Whether blocks were created since {@link takeCreated} was called. */
  get hasCreated(): boolean {
    return this.#created.length > 0;
  }

  /** Returns the blocks created since the last call. */
  takeCreated(): Block<Resource>[] {
    return this.#created.splice(0);
  }

  /** Takes a block back. Surplus ones are destroyed by {@link trim} only, since commands that use them may be unsubmitted. */
  free(block: Block<Resource>): void {
    const { bytes } = block;
    if (block.isInvalid || this.#bytesIdle + bytes > maxIdleBytes + this.#bytesAllocated / 2) {
      this.#bytesAllocated -= bytes;
      this.#surplus.push(block);
      return;
    }
    this.#bytesIdle += bytes;
    const key = keyOf(block);
    const blocks = this.#idle.get(key);
    if (blocks) blocks.push(block);
    else this.#idle.set(key, [block]);
  }

  /** Marks blocks as invalid after an error, and gives up all idle blocks, since memory may be short. */
  discard(invalid: readonly Block<Resource>[]): void {
    for (const block of invalid) block.isInvalid = true;
    const idle = [...this.#idle.values()].flat();
    this.#idle.clear();
    this.#bytesIdle = 0;
    for (const block of idle) this.#bytesAllocated -= block.bytes;
    this.#surplus = this.#surplus.concat(idle);
  }

  /** Destroys surplus blocks. Everything that uses them must have been submitted. */
  trim(): void {
    for (const block of this.#surplus) this.#destroy(block);
    this.#surplus = [];
  }

  /** Destroys all blocks, also those that are in use. */
  destroy(): void {
    for (const block of this.#blocks) this.#destroy(block);
    this.#idle.clear();
    this.#surplus = [];
    this.#bytesAllocated = this.#bytesIdle = 0;
  }

  #destroy(block: Block<Resource>): void {
    this.#blocks.delete(block);
    this.#allocator.destroy(block.resource);
  }
}

function keyOf({ bytes, layers }: Pick<Block<unknown>, 'bytes' | 'layers'>): string {
  return `${bytes} ${layers}`;
}

function sizeClassOf(bytes: number): number {
  let size = 256;
  while (size < bytes) size *= 2;
  return size > 256 && bytes <= size * 0.75 ? size * 0.75 : size;
}
