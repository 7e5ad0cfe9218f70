import { allocate, type TypedArray } from '@thetagrad/core/backend';
import type { Location } from './code/command.ts';
import type { Device, DeviceBuffer } from './device/device.ts';

/** Elements on the device that the host needs. */
export interface Read {
  readonly location: Location;
  readonly buffer: DeviceBuffer;
}

/** Where the elements of locations are during a run: on the device, on the host, or on both. */
export class Memory {
  readonly #device: Device;
  /** The device buffers of inputs, which others free. */
  readonly #inputs = new Map<Location, DeviceBuffer>();
  readonly #buffers = new Map<Location, DeviceBuffer>();
  readonly #arrays = new Map<Location, TypedArray>();
  /** Device buffers that are freed when the run ends. */
  readonly #temporaries: DeviceBuffer[] = [];

  constructor(device: Device) {
    this.#device = device;
  }

  /** Gives an input its device buffer. */
  bind(location: Location, buffer: DeviceBuffer): void {
    this.#inputs.set(location, buffer);
  }

  /** Frees the device buffer when the run ends, and returns it. */
  untilEnd(buffer: DeviceBuffer): DeviceBuffer {
    this.#temporaries.push(buffer);
    return buffer;
  }

  /** The device buffer. Kernels without elements run no commands, so that nothing has written theirs. */
  bufferOf(location: Location): DeviceBuffer {
    let buffer = this.#inputs.get(location) ?? this.#buffers.get(location);
    if (!buffer) this.set(location, (buffer = this.#device.upload(new Float32Array(), location.dtype)));
    return buffer;
  }

  /** Stores the device buffer of a result. */
  set(location: Location, buffer: DeviceBuffer): void {
    this.#buffers.set(location, buffer);
  }

  /** Hands over the device buffer of a result, if there is one. */
  take(location: Location): DeviceBuffer | undefined {
    const buffer = this.#buffers.get(location);
    this.#buffers.delete(location);
    return buffer;
  }

  /** What must be read before {@link arrayOf} has elements of these locations. */
  missing(locations: readonly Location[]): Read[] {
    return [...new Set(locations)]
      .filter((location) => location.size > 0 && !this.#arrays.has(location))
      .map((location) => ({ location, buffer: this.bufferOf(location) }));
  }

  /** The elements on the host; of a result that has none, new ones to be written. */
  arrayOf(location: Location): TypedArray {
    let array = this.#arrays.get(location);
    if (!array) this.setArray(location, (array = allocate(location.dtype, location.size)));
    return array;
  }

  /** The elements, if they are on the host. */
  existingArrayOf(location: Location): TypedArray | undefined {
    return this.#arrays.get(location);
  }

  /** Stores elements on the host. Those on the device are the same. */
  setArray(location: Location, array: TypedArray): void {
    this.#arrays.set(location, array);
  }

  /** Drops the elements of a result on the device, which the host has replaced. */
  dropBuffer(location: Location): void {
    const buffer = this.take(location);
    if (buffer) this.#device.free(buffer);
  }

  /** Whether some of the locations have elements on the host alone. */
  hasUploads(locations: ReadonlySet<Location>): boolean {
    return this.#uploads(locations).length > 0;
  }

  /** Uploads elements of the locations that are on the host alone. */
  upload(locations: ReadonlySet<Location>): void {
    for (const [location, array] of this.#uploads(locations)) {
      this.set(location, this.#device.upload(array, location.dtype));
    }
  }

  #uploads(locations: ReadonlySet<Location>): [Location, TypedArray][] {
    return [...this.#arrays].filter(
      ([location]) => locations.has(location) && !this.#inputs.has(location) && !this.#buffers.has(location),
    );
  }

  /** Frees a result. */
  free(location: Location): void {
    this.dropBuffer(location);
    this.#arrays.delete(location);
  }

  /** Frees all but inputs, and results that were handed over. */
  freeAll(): void {
    for (const buffer of [...this.#temporaries, ...this.#buffers.values()]) this.#device.free(buffer);
  }
}
