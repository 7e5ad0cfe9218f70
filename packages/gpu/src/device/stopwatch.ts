/** Timestamps in one set: two for each pass. Offsets into buffers that they are written to are multiples of 256. */
const perSet = 128;
const bytesEach = 8;

/** QUERY_RESOLVE and COPY_SRC; MAP_READ and COPY_DST. (The names are globals of browsers alone.) */
const [resolving, mapped] = [0x200 | 0x04, 0x01 | 0x08];
const forReading = 1;

/** Takes the times of passes, on the device. */
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
        `profile: kernels cannot be timed on this GPU: its driver (or browser) has not the feature 'timestamp-query'; ` +
          `profile on another backend, or measure whole steps with performance.now()`,
      );
    }
    this.#device = device;
  }

  /** What the next pass is to write. */
  next(): GPUComputePassTimestampWrites {
    const first = (2 * this.#passes++) % perSet;
    if (first === 0) this.#sets.push(this.#device.createQuerySet({ type: 'timestamp', count: perSet }));
    return { querySet: this.#sets.at(-1)!, beginningOfPassWriteIndex: first, endOfPassWriteIndex: first + 1 };
  }

  /** After the last pass. */
  finish(encoder: GPUCommandEncoder): void {
    const device = this.#device;
    const size = Math.max(1, this.#sets.length) * perSet * bytesEach;
    const resolved = (this.#resolved = device.createBuffer({ size, usage: resolving }));
    this.#sets.forEach((set, i) => encoder.resolveQuerySet(set, 0, perSet, resolved, i * perSet * bytesEach));
    this.#result = device.createBuffer({ size, usage: mapped });
    encoder.copyBufferToBuffer(resolved, 0, this.#result, 0, size);
  }

  /** The milliseconds of each pass, once they have been submitted and have run. */
  async read(): Promise<Float64Array> {
    const result = this.#result!;
    await result.mapAsync(forReading);
    const nanoseconds = new BigUint64Array(result.getMappedRange());
    // Clocks of devices may be set back.
    const times = Float64Array.from({ length: this.#passes }, (_, i) =>
      Math.max(0, Number(nanoseconds[2 * i + 1]! - nanoseconds[2 * i]!) / 1e6),
    );
    result.destroy();
    this.#resolved!.destroy();
    for (const set of this.#sets) set.destroy();
    return times;
  }
}
