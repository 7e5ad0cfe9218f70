// The header of a safetensors file, read by its own grammar within limits: JSON.parse would take 47 times the memory of
// a header of brackets, and lets duplicate names pass.
import type { Shape } from '@thetagrad/core';
import { escapeControls } from '@thetagrad/core/backend';

/**
 * What a safetensors file may cost at most. The decoder compares these limits with the file before it takes memory or
 * time for it. Each is a positive integer, or Infinity for no limit.
 */
export interface SafetensorsLimits {
  /** Bytes of the header. Default: 100,000,000, the format's own limit. */
  readonly headerBytes: number;
  /** Number of tensors. Default: 100,000. */
  readonly tensors: number;
  /** Number of metadata entries. Default: 10,000. */
  readonly metadata: number;
  /** Bytes of a name of a tensor or metadata entry, as the header has it. Default: 4,096. */
  readonly nameBytes: number;
  /** Axes of a tensor. Default: 64, as in NumPy and PyTorch. */
  readonly rank: number;
}

export const defaultLimits: SafetensorsLimits = {
  headerBytes: 100_000_000,
  tensors: 100_000,
  metadata: 10_000,
  nameBytes: 4096,
  rank: 64,
};

export interface Entry {
  readonly dtype: string;
  readonly shape: Shape;
  readonly data_offsets: readonly [begin: number, end: number];
}

export interface Header {
  readonly entries: ReadonlyMap<string, Entry>;
  readonly metadata: ReadonlyMap<string, string>;
  /** Where the header has the characters of the metadata's checksum; `undefined` if there is none. */
  readonly checksumAt: number | undefined;
}

export const metadataKey = '__metadata__';
/** The metadata entry with the CRC-32C of the file, in which its own eight hexadecimal digits count as zeros. */
export const checksumKey = 'crc32c';
export const checksumDigits = 8;

export function malformedError(problem: string): RangeError {
  return new RangeError(`not a valid safetensors file: ${problem}`);
}

/** A name from a file, for messages. */
export function quoteName(name: string): string {
  return `'${escapeControls(name.length > 200 ? `${name.slice(0, 200)}…` : name)}'`;
}

/**
 * Reads a header: an object of tensors by name, each with exactly dtype, shape and data_offsets, and of strings by name
 * under `__metadata__`.
 * @throws {RangeError} if it is anything else, repeats a name, or exceeds a limit.
 */
export function parseHeader(bytes: Uint8Array, limits: SafetensorsLimits): Header {
  return new HeaderReader(bytes, limits).read();
}

const code = { quote: 0x22, backslash: 0x5c, zero: 0x30, nine: 0x39 };
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

class HeaderReader {
  readonly #bytes: Uint8Array;
  readonly #limits: SafetensorsLimits;
  #at = 0;
  #checksumAt: number | undefined;

  constructor(bytes: Uint8Array, limits: SafetensorsLimits) {
    this.#bytes = bytes;
    this.#limits = limits;
  }

  read(): Header {
    const entries = new Map<string, Entry>();
    let metadata: Map<string, string> | undefined;
    // Without a space before it, by which the format recognizes its files.
    if (this.#bytes[0] !== 0x7b) throw this.#unexpected("'{'");
    this.#readObject('the header', (name) => {
      if (name === metadataKey) {
        if (metadata) throw malformedError(`the header has '${metadataKey}' twice`);
        metadata = this.#readMetadata();
        return;
      }
      if (entries.has(name)) throw malformedError(`the header has ${quoteName(name)} twice`);
      if (entries.size >= this.#limits.tensors) throw this.#limitError('tensors', 'tensors');
      entries.set(name, this.#readEntry(name));
    });
    this.#skipSpace();
    if (this.#at < this.#bytes.length) throw this.#unexpected('spaces to the end of the header');
    return { entries, metadata: metadata ?? new Map(), checksumAt: this.#checksumAt };
  }

  #readMetadata(): Map<string, string> {
    const metadata = new Map<string, string>();
    this.#readObject(`'${metadataKey}'`, (name) => {
      if (metadata.has(name)) throw malformedError(`'${metadataKey}' has ${quoteName(name)} twice`);
      if (metadata.size >= this.#limits.metadata) throw this.#limitError('metadata entries', 'metadata');
      this.#skipSpace();
      const start = this.#at + 1;
      const value = this.#readString(`the string ${quoteName(name)} of '${metadataKey}'`, Infinity);
      metadata.set(name, value);
      if (name !== checksumKey) return;
      if (this.#at - start !== checksumDigits + 1 || !/^[0-9a-f]{8}$/.test(value)) {
        throw malformedError(`its ${checksumKey} is ${quoteName(value)}, expected ${checksumDigits} digits 0-9a-f`);
      }
      this.#checksumAt = start;
    });
    return metadata;
  }

  #readEntry(name: string): Entry {
    const found: { dtype?: string; shape?: number[]; data_offsets?: number[] } = {};
    const quoted = quoteName(name);
    this.#readObject(quoted, (field) => {
      if (Object.hasOwn(found, field)) throw malformedError(`${quoted} has '${escapeControls(field)}' twice`);
      if (field === 'dtype') found.dtype = this.#readString(`the dtype of ${quoted}`, this.#limits.nameBytes);
      else if (field === 'shape')
        found.shape = this.#readIntegers(`the shape of ${quoted}`, this.#limits.rank, '; raise limits.rank');
      else if (field === 'data_offsets') found.data_offsets = this.#readIntegers(`the data_offsets of ${quoted}`, 2);
      else throw malformedError(`${quoted} has the unknown field ${quoteName(field)}`);
    });
    const { dtype, shape, data_offsets: offsets } = found;
    if (dtype === undefined || shape === undefined || offsets?.length !== 2) {
      throw malformedError(`${quoted} needs a dtype, a shape and two data_offsets`);
    }
    return { dtype, shape, data_offsets: offsets as unknown as [number, number] };
  }

  /** Reads an object, calling `readValue` for each name. */
  #readObject(what: string, readValue: (name: string) => void): void {
    this.#expect('{', what);
    if (this.#accept('}')) return;
    do {
      const name = this.#readString(`a name in ${what}`, this.#limits.nameBytes);
      this.#expect(':', what);
      readValue(name);
    } while (this.#accept(','));
    this.#expect('}', what);
  }

  #readIntegers(what: string, max: number, advice = ''): number[] {
    const values: number[] = [];
    this.#expect('[', what);
    if (this.#accept(']')) return values;
    do {
      if (values.length >= max) throw malformedError(`${what} has more than ${max} numbers${advice}`);
      values.push(this.#readInteger(what));
    } while (this.#accept(','));
    this.#expect(']', what);
    return values;
  }

  #readInteger(what: string): number {
    this.#skipSpace();
    const start = this.#at;
    let value = 0;
    for (let byte; (byte = this.#bytes[this.#at]!) >= code.zero && byte <= code.nine; this.#at++) {
      value = 10 * value + byte - code.zero;
    }
    const digits = this.#at - start;
    if (digits === 0 || (digits > 1 && this.#bytes[start] === code.zero)) {
      throw this.#unexpected('an integer ≥ 0', what);
    }
    if (!Number.isSafeInteger(value)) throw malformedError(`${what} has an integer above 2⁵³ at byte ${start}`);
    return value;
  }

  #readString(what: string, maxBytes: number): string {
    this.#skipSpace();
    if (this.#bytes[this.#at] !== code.quote) throw this.#unexpected('a string', what);
    const start = ++this.#at;
    let hasEscape = false;
    for (;;) {
      const byte = this.#bytes[this.#at];
      if (byte === code.quote) break;
      if (byte === undefined || byte < 0x20) throw this.#unexpected('the end of a string', what);
      if (this.#at - start >= maxBytes) {
        throw malformedError(`${what} has more than ${maxBytes} bytes; raise limits.nameBytes`);
      }
      const isEscape = byte === code.backslash;
      hasEscape ||= isEscape;
      this.#at += isEscape ? 2 : 1;
    }
    const end = this.#at++;
    try {
      if (!hasEscape) return decoder.decode(this.#bytes.subarray(start, end));
      return JSON.parse(decoder.decode(this.#bytes.subarray(start - 1, end + 1))) as string;
    } catch (error) {
      throw malformedError(`${what} is not a JSON string in UTF-8 (${escapeControls((error as Error).message)})`);
    }
  }

  #skipSpace(): void {
    for (;;) {
      const byte = this.#bytes[this.#at];
      if (byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09) return;
      this.#at++;
    }
  }

  #accept(character: string): boolean {
    this.#skipSpace();
    if (this.#bytes[this.#at] !== character.charCodeAt(0)) return false;
    this.#at++;
    return true;
  }

  #expect(character: string, what: string): void {
    if (!this.#accept(character)) throw this.#unexpected(`'${character}'`, what);
  }

  #unexpected(expected: string, what?: string): RangeError {
    const rest = new TextDecoder().decode(this.#bytes.subarray(this.#at, this.#at + 12));
    const got = rest === '' ? 'the end' : `'${escapeControls(rest)}'`;
    const where = `byte ${this.#at} of the header${what === undefined ? '' : `, in ${what}`}`;
    return malformedError(`expected ${expected} at ${where}, got ${got}`);
  }

  #limitError(what: string, limit: keyof SafetensorsLimits): RangeError {
    return malformedError(`it has more than ${this.#limits[limit]} ${what}; raise limits.${limit}`);
  }
}
