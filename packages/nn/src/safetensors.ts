// The safetensors format: the length of the header (eight bytes, little-endian), the header as JSON, and the elements
// of all tensors without gaps. Specified at https://github.com/huggingface/safetensors.
import { type DType, evaluate, Tensor, tensor, type TypedArray } from '@thetagrad/core';
import {
  argumentError,
  bytesPerElement,
  formatShape,
  resolveLimits,
  sizeOf,
  typedArrayType,
} from '@thetagrad/core/backend';
import { crc32c } from './crc32c.ts';
import {
  checksumDigits,
  checksumKey,
  defaultLimits,
  type Entry,
  malformedError,
  metadataKey,
  parseHeader,
  quoteName,
  type SafetensorsLimits,
} from './safetensorsHeader.ts';

/** The content of a safetensors file. */
export interface Safetensors {
  readonly tensors: Record<string, Tensor>;
  /** Strings by name. */
  readonly metadata: Record<string, string>;
  /** Names of tensors that were left out, as they cannot be read. Empty unless `strict` is false. */
  readonly skippedKeys: readonly string[];
}

/** Options of {@link decodeSafetensors}. */
export interface DecodeSafetensorsOptions {
  /** What the file may cost at most. Default: those of {@link SafetensorsLimits}, also for limits that are left out. */
  readonly limits?: Partial<SafetensorsLimits>;
  /** Whether a tensor that cannot be read, of U32 or of I64 beyond int32, is an error. If false, it is left out. Default: true. */
  readonly strict?: boolean;
}

const typeNames: Record<DType, string> = { float64: 'F64', float32: 'F32', int32: 'I32', bool: 'BOOL' };

/** For each type of the format, the bytes per element and the conversion of a buffer to values of a tensor. */
const readers: Readonly<
  Record<
    string,
    { readonly bytes: number; read(buffer: ArrayBuffer): TypedArray | Int8Array | Int16Array | Uint16Array }
  >
> = {
  F64: { bytes: 8, read: (buffer) => new Float64Array(buffer) },
  F32: { bytes: 4, read: (buffer) => new Float32Array(buffer) },
  F16: { bytes: 2, read: (buffer) => Float32Array.from(new Uint16Array(buffer), float16ToNumber) },
  // The upper 16 bits of a float32.
  BF16: {
    bytes: 2,
    read: (buffer) => new Float32Array(Uint32Array.from(new Uint16Array(buffer), (bits) => bits << 16).buffer),
  },
  I64: { bytes: 8, read: (buffer) => Int32Array.from(new BigInt64Array(buffer), int64ToInt32) },
  I32: { bytes: 4, read: (buffer) => new Int32Array(buffer) },
  I16: { bytes: 2, read: (buffer) => new Int16Array(buffer) },
  U16: { bytes: 2, read: (buffer) => new Uint16Array(buffer) },
  I8: { bytes: 1, read: (buffer) => new Int8Array(buffer) },
  U8: { bytes: 1, read: (buffer) => new Uint8Array(buffer) },
  BOOL: { bytes: 1, read: (buffer) => new Uint8Array(buffer) },
};

const zeroDigits = '0'.repeat(checksumDigits);

/**
 * Encodes tensors as the bytes of a safetensors file, evaluating them together. Wider types come first, so that all
 * elements are aligned. The metadata gets an entry `crc32c` with a checksum of the whole file, which
 * {@link decodeSafetensors} verifies.
 * @throws {TypeError} if a value is not a tensor, or a metadata value not a string.
 * @throws {RangeError} if a name is reserved (`__metadata__`, or `crc32c` in the metadata), or a default of
 *   {@link SafetensorsLimits} is exceeded.
 */
export async function encodeSafetensors(
  tensors: Readonly<Record<string, Tensor>>,
  metadata: Readonly<Record<string, string>> = {},
): Promise<Uint8Array<ArrayBuffer>> {
  checkContent(tensors, metadata);
  await evaluate(tensors);
  const ordered = Object.entries(tensors).sort(([, a], [, b]) => bytesPerElement(b.dtype) - bytesPerElement(a.dtype));
  const entries: [string, Entry][] = [];
  let end = 0;
  for (const [name, { dtype, shape, size }] of ordered) {
    const begin = end;
    end += size * bytesPerElement(dtype);
    entries.push([name, { dtype: typeNames[dtype], shape, data_offsets: [begin, end] }]);
  }
  const metadataEntry = Object.fromEntries([[checksumKey, zeroDigits], ...Object.entries(metadata)]);
  const header = new TextEncoder().encode(
    JSON.stringify(Object.fromEntries<unknown>([[metadataKey, metadataEntry], ...entries])),
  );
  const headerLength = Math.ceil(header.length / 8) * 8;
  const { headerBytes } = defaultLimits;
  if (headerLength > headerBytes) {
    throw new RangeError(`encodeSafetensors: the header has ${headerLength} bytes, more than ${headerBytes}`);
  }
  const checksumAt = 8 + findChecksum(header);
  const bytes = new Uint8Array(8 + headerLength + end);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(headerLength), true);
  bytes.fill(0x20, 8, 8 + headerLength);
  bytes.set(header, 8);
  for (const [i, [, value]] of ordered.entries()) {
    const values = await value.data();
    const offset = 8 + headerLength + entries[i]![1].data_offsets[0];
    bytes.set(new Uint8Array(values.buffer, values.byteOffset, values.byteLength), offset);
  }
  bytes.set(new TextEncoder().encode(formatChecksum(crc32c(bytes))), checksumAt);
  return bytes;
}

/** Where a header of this encoder has the digits of the checksum. Finds headers that the decoder would refuse. */
function findChecksum(header: Uint8Array): number {
  try {
    return parseHeader(header, defaultLimits).checksumAt!;
  } catch (cause) {
    throw new RangeError(`encodeSafetensors: it could not be decoded: ${(cause as Error).message}`, { cause });
  }
}

function checkContent(tensors: Readonly<Record<string, Tensor>>, metadata: Readonly<Record<string, string>>): void {
  const operation = 'encodeSafetensors';
  for (const [name, value] of Object.entries(tensors)) {
    if (!(value instanceof Tensor)) throw argumentError(operation, quoteName(name), 'a tensor', value, false);
    if (name === metadataKey) throw new RangeError(`${operation}: the name '${metadataKey}' is reserved`);
  }
  for (const [name, value] of Object.entries(metadata)) {
    if (typeof value !== 'string') {
      throw argumentError(operation, `metadata ${quoteName(name)}`, 'a string', value, false);
    }
    if (name === checksumKey) throw new RangeError(`${operation}: the metadata name '${checksumKey}' is reserved`);
  }
}

/**
 * Decodes the bytes of a safetensors file. Types other than this engine's dtypes are converted: F16 and BF16 to
 * float32; I8, U8, I16, U16 and I64 (if the values fit) to int32. A checksum `crc32c` in the metadata is verified and
 * left out of the result; files without one, of other programs, load as well.
 * @throws {TypeError} if `bytes` is not a Uint8Array, or an option or limit is unknown.
 * @throws {RangeError} if a limit is not a positive integer or Infinity. If the file is malformed: truncated or too long, an invalid header, an unknown type, a checksum
 *   that does not match, or offsets that overlap, leave gaps, or do not match the shapes; or if it exceeds a limit.
 */
export function decodeSafetensors(bytes: Uint8Array, options: DecodeSafetensorsOptions = {}): Safetensors {
  const operation = 'decodeSafetensors';
  if (typedArrayType(bytes) !== 'Uint8Array') throw argumentError(operation, 'bytes', 'a Uint8Array', bytes, false);
  const { tensors, metadata, skippedKeys } = decodeVerified(
    bytes,
    resolveLimits(operation, options, defaultLimits, ['strict']),
    options.strict,
  );
  return { tensors, metadata, skippedKeys };
}

/** The content of a file, and whether it had a checksum. See {@link decodeSafetensors}. */
export function decodeVerified(
  bytes: Uint8Array,
  limits: SafetensorsLimits,
  strict = true,
): Safetensors & { readonly hasChecksum: boolean } {
  if (bytes.length < 8) throw malformedError(`${bytes.length} bytes are too few for the length of the header`);
  const headerLength = Number(new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true));
  if (headerLength > limits.headerBytes) {
    throw malformedError(
      `the header has ${headerLength} bytes, more than ${limits.headerBytes}; raise limits.headerBytes`,
    );
  }
  const start = 8 + headerLength;
  if (start > bytes.length) {
    throw malformedError(`the header ends at byte ${start}, the file at ${bytes.length}; it may be truncated`);
  }
  const header = parseHeader(bytes.subarray(8, start), limits);
  const entries = [...header.entries];
  for (const [name, entry] of entries) checkEntry(name, entry, strict);
  checkLayout(entries, bytes.length - start);
  if (header.checksumAt !== undefined) checkChecksum(bytes, 8 + header.checksumAt);
  const skippedKeys: string[] = [];
  const tensors = entries.flatMap(([name, { dtype, shape, data_offsets: offsets }]) => {
    const reader = Object.hasOwn(readers, dtype) ? readers[dtype]! : undefined;
    if (!reader) {
      skippedKeys.push(name);
      return [];
    }
    // Copied to be aligned. `buffer.slice` copies; the `slice` of a Node Buffer does not.
    const from = bytes.byteOffset + start;
    const copy = bytes.buffer.slice(from + offsets[0], from + offsets[1]) as ArrayBuffer;
    try {
      const values = reader.read(copy);
      return [[name, tensor(values, { shape, ...(dtype === 'BOOL' ? { dtype: 'bool' } : {}) })] as const];
    } catch (error) {
      if (!strict) {
        skippedKeys.push(name);
        return [];
      }
      throw malformedError(`${quoteName(name)}: ${(error as Error).message}`);
    }
  });
  const metadata = [...header.metadata].filter(([name]) => name !== checksumKey);
  return {
    tensors: Object.fromEntries(tensors),
    metadata: Object.fromEntries(metadata),
    skippedKeys,
    hasChecksum: header.checksumAt !== undefined,
  };
}

/** Verifies the checksum of a file, whose digits, at `at`, count as zeros. */
function checkChecksum(bytes: Uint8Array, at: number): void {
  const [end, zeros] = [at + checksumDigits, new TextEncoder().encode(zeroDigits)];
  const found = new TextDecoder().decode(bytes.subarray(at, end));
  const expected = formatChecksum(crc32c(bytes.subarray(end), crc32c(zeros, crc32c(bytes.subarray(0, at)))));
  if (found === expected) return;
  throw malformedError(
    `its checksum is ${found}, that of its content ${expected}: it is damaged, or another program changed it and kept the metadata '${checksumKey}'`,
  );
}

function formatChecksum(value: number): string {
  return value.toString(16).padStart(checksumDigits, '0');
}

function checkEntry(name: string, { dtype, shape, data_offsets: [begin, end] }: Entry, strict: boolean): void {
  if (!Object.hasOwn(readers, dtype)) {
    if (!strict) return;
    throw malformedError(
      `${quoteName(name)} has unknown type ${quoteName(dtype)}; expected ${Object.keys(readers).join(', ')}; ` +
        'leave it out with { strict: false }',
    );
  }
  // Also if another length is 0: strides multiply the others.
  if (!Number.isSafeInteger(sizeOf(shape.filter((length) => length > 0)))) {
    throw malformedError(`the shape ${formatShape(shape)} of ${quoteName(name)} is too large`);
  }
  const needed = sizeOf(shape) * readers[dtype]!.bytes;
  if (end - begin !== needed) {
    throw malformedError(
      `${quoteName(name)}, ${dtype} ${formatShape(shape)}, needs ${needed} bytes, its data_offsets span ${end - begin}`,
    );
  }
}

/** Checks that the tensors fill the data without gaps or overlaps. */
function checkLayout(entries: readonly (readonly [string, Entry])[], length: number): void {
  let end = 0;
  const inOrder = entries.toSorted(
    ([, a], [, b]) => a.data_offsets[0] - b.data_offsets[0] || a.data_offsets[1] - b.data_offsets[1],
  );
  for (const [name, { data_offsets: offsets }] of inOrder) {
    if (offsets[0] !== end) {
      const problem = offsets[0] < end ? 'overlaps the previous tensor' : 'leaves a gap after the previous tensor';
      throw malformedError(`${quoteName(name)} ${problem}: it begins at ${offsets[0]}, expected ${end}`);
    }
    end = offsets[1];
  }
  if (end > length)
    throw malformedError(`the tensors need ${end} bytes, ${length} are there; the file may be truncated`);
  if (end < length) throw malformedError(`${length - end} bytes follow the last tensor`);
}

/** Converts IEEE 754 binary16: 1 bit of sign, 5 of exponent, 10 of fraction. */
function float16ToNumber(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  if (exponent === 31) return fraction === 0 ? sign * Infinity : NaN;
  return sign * (exponent === 0 ? fraction * 2 ** -24 : (1024 + fraction) * 2 ** (exponent - 25));
}

function int64ToInt32(value: bigint): number {
  if (BigInt.asIntN(32, value) !== value) throw new RangeError(`the 64-bit integer ${value} does not fit int32`);
  return Number(value);
}
