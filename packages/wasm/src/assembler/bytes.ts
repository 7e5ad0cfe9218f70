/** A growing list of bytes, with the encodings of the WebAssembly binary format (core specification, chapter 5). */
export class Bytes {
  readonly #bytes: number[] = [];

  get length(): number {
    return this.#bytes.length;
  }

  byte(...bytes: readonly number[]): void {
    this.#bytes.push(...bytes);
  }

  append(bytes: Bytes): void {
    // Spreading the bytes of a long function as arguments would overflow the stack.
    for (const byte of bytes.#bytes) this.#bytes.push(byte);
  }

  /** An unsigned 32-bit number in LEB128: seven bits per byte, lowest first; the high bit says that more follow. */
  unsigned(value: number): void {
    if (!Number.isInteger(value) || value < 0 || value >= 2 ** 32) {
      throw new RangeError(`assembler: ${value} is not an unsigned 32-bit integer`);
    }
    for (; value > 127; value = Math.floor(value / 128)) this.#bytes.push((value % 128) + 128);
    this.#bytes.push(value);
  }

  /** A signed number of at most 64 bits in LEB128; bit 6 of the last byte is the sign. */
  signed(value: bigint): void {
    for (; value < -64n || value > 63n; value >>= 7n) this.#bytes.push(Number(value & 127n) + 128);
    this.#bytes.push(Number(value & 127n));
  }

  float32(value: number): void {
    this.raw(new Float32Array([value]));
  }

  float64(value: number): void {
    this.raw(new Float64Array([value]));
  }

  /**
   * The bytes of a typed array. (These are little-endian, as in WebAssembly, on all machines with JavaScript engines.)
   */
  raw(view: ArrayBufferView): void {
    this.byte(...new Uint8Array(view.buffer, view.byteOffset, view.byteLength));
  }

  /** A UTF-8 string with its length. */
  name(text: string): void {
    const utf8 = new TextEncoder().encode(text);
    this.unsigned(utf8.length);
    this.byte(...utf8);
  }

  /** Bytes with their length. */
  sized(bytes: Bytes): void {
    this.unsigned(bytes.length);
    this.append(bytes);
  }

  toArray(): Uint8Array<ArrayBuffer> {
    return Uint8Array.from(this.#bytes);
  }
}
