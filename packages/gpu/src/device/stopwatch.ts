/** Timestamps in a query set, two for each pass. Offsets at which sets are resolved must be multiples of 256 bytes. */
const setSize = 128;
const bytesPerTimestamp = 8;

/** QUERY_RESOLVE | COPY_SRC, MAP_READ | COPY_DST and MapMode.READ, whose names are globals in browsers only. */
const resolveUsage = 0x200 | 0x04;
const readUsage = 0x01 | 0x08;
const readMode = 1;

/** Times the passes of a command encoder on the device. */
export class Stopwatch {
  readonly #device: GPUDevice;
  readonly #sets: GPUQuerySet[] = [];
  #passes = 0;
  #resolved: GPUBuffer | undefined;
  #result: GPUBuffer | undefined;

  /** @throws {Error} if the device cannot time passes. */
  constructor(device: GPUDevice) {
    if (!device.features.has('timestamp-query')) {
      throw new Error(
        `profile: kernels cannot be timed on this GPU: its driver (or browser) lacks the feature 'timestamp-query'; ` +
          `profile on another backend, or measure whole steps with performance.now()`,
      );
    }
    this.#device = device;
  }

  /** The timestamps that the next pass writes. */
  nextPass(): GPUComputePassTimestampWrites {
    const first = (2 * this.#passes++) % setSize;
    if (first === 0) this.#sets.push(this.#device.createQuerySet({ type: 'timestamp', count: setSize }));
    return { querySet: this.#sets.at(-1)!, beginningOfPassWriteIndex: first, endOfPassWriteIndex: first + 1 };
  }

  /** Called after the last pass: encodes the copy of all timestamps to where {@link read} can map them. */
  finish(encoder: GPUCommandEncoder): void {
    const device = this.#device;
    const size = Math.max(1, this.#sets.length) * setSize * bytesPerTimestamp;
    const resolved = (this.#resolved = device.createBuffer({ size, usage: resolveUsage }));
    this.#sets.forEach((set, i) => encoder.resolveQuerySet(set, 0, setSize, resolved, i * setSize * bytesPerTimestamp));
    this.#result = device.createBuffer({ size, usage: readUsage });
    encoder.copyBufferToBuffer(resolved, 0, this.#result, 0, size);
  }

  /** Waits for the submitted passes, and returns the milliseconds of each. */
  async read(): Promise<Float64Array> {
    const result = this.#result!;
    await result.mapAsync(readMode);
    const nanoseconds = new BigUint64Array(result.getMappedRange());
    // The clock of a device may be reset between two timestamps.
    const times = Float64Array.from({ length: this.#passes }, (_, i) =>
      Math.max(0, Number(nanoseconds[2 * i + 1]! - nanoseconds[2 * i]!) / 1e6),
    );
    result.destroy();
    this.#resolved!.destroy();
    for (const set of this.#sets) set.destroy();
    return times;
  }
}
