const scratch = new DataView(new ArrayBuffer(8));

/** A growing list of bytes, with the encodings of the WebAssembly binary format (core specification, chapter 5). */
export class Bytes {
  #bytes = new Uint8Array(128);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  byte(value: number): void {
    if (this.#length === this.#bytes.length) this.#reserve(1);
    this.#bytes[this.#length++] = value;
  }

  bytes(values: ArrayLike<number>): void {
    this.#reserve(values.length);
    this.#bytes.set(values, this.#length);
    this.#length += values.length;
  }

  append(other: Bytes): void {
    this.bytes(other.#written);
  }

  /** An unsigned 32-bit number in LEB128: seven bits per byte, lowest first; the high bit says that more follow. */
  unsigned(value: number): void {
    if (!Number.isInteger(value) || value < 0 || value >= 2 ** 32) {
      throw new RangeError(`assembler: ${value} is not an unsigned 32-bit integer`);
    }
    for (; value > 127; value = Math.floor(value / 128)) this.byte((value % 128) + 128);
    this.byte(value);
  }

  /** A signed 32-bit number in LEB128; bit 6 of the last byte is the sign. */
  signed32(value: number): void {
    for (; value < -64 || value > 63; value >>= 7) this.byte((value & 127) + 128);
    this.byte(value & 127);
  }

  /** As {@link signed32}, for a number of at most 64 bits. */
  signed64(value: bigint): void {
    for (; value < -64n || value > 63n; value >>= 7n) this.byte(Number(value & 127n) + 128);
    this.byte(Number(value & 127n));
  }

  float32(value: number): void {
    scratch.setFloat32(0, value, true);
    for (let i = 0; i < 4; i++) this.byte(scratch.getUint8(i));
  }

  float64(value: number): void {
    scratch.setFloat64(0, value, true);
    for (let i = 0; i < 8; i++) this.byte(scratch.getUint8(i));
  }

  /** A UTF-8 string with its length. */
  name(text: string): void {
    const utf8 = new TextEncoder().encode(text);
    this.unsigned(utf8.length);
    this.bytes(utf8);
  }

  /** Bytes with their length. */
  sized(bytes: Bytes): void {
    this.unsigned(bytes.length);
    this.append(bytes);
  }

  toArray(): Uint8Array<ArrayBuffer> {
    return this.#written.slice();
  }

  get #written(): Uint8Array<ArrayBuffer> {
    return this.#bytes.subarray(0, this.#length);
  }

  /** Makes room for `count` bytes more. */
  #reserve(count: number): void {
    const needed = this.#length + count;
    if (needed <= this.#bytes.length) return;
    const grown = new Uint8Array(Math.max(needed, 2 * this.#bytes.length));
    grown.set(this.#written);
    this.#bytes = grown;
  }
}
