// The safetensors format: the length of the header (eight bytes, little-endian), the header as JSON, and the elements
// of all tensors without gaps. Specified at https://github.com/huggingface/safetensors.
import { type DType, evaluate, type Shape, Tensor, tensor, type TypedArray } from '@thetagrad/core';
import { argumentError, bytesPerElement, formatShape, isPlainObject, sizeOf } from '@thetagrad/core/backend';

/** The content of a safetensors file. */
export interface Safetensors {
  readonly tensors: Record<string, Tensor>;
  /** Strings by name. */
  readonly metadata: Record<string, string>;
}

interface Entry {
  readonly dtype: string;
  readonly shape: Shape;
  readonly data_offsets: readonly [begin: number, end: number];
}

/** The limit of the format's reference implementation. */
const maxHeaderBytes = 100_000_000;
const metadataKey = '__metadata__';

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

/**
 * Encodes tensors as the bytes of a safetensors file, evaluating them together. Wider types come first, so that all
 * elements are aligned.
 * @throws {TypeError} if a value is not a tensor, or a metadata value not a string.
 * @throws {RangeError} if a tensor has the reserved name `__metadata__`, or the header would exceed 100 MB.
 */
export async function encodeSafetensors(
  tensors: Readonly<Record<string, Tensor>>,
  metadata: Readonly<Record<string, string>> = {},
): Promise<Uint8Array<ArrayBuffer>> {
  for (const [name, value] of Object.entries(tensors)) {
    if (!(value instanceof Tensor)) throw argumentError('encodeSafetensors', `'${name}'`, 'a tensor', value, false);
    if (name === metadataKey) throw new RangeError(`encodeSafetensors: the name '${metadataKey}' is reserved`);
  }
  for (const [name, value] of Object.entries(metadata)) {
    if (typeof value !== 'string')
      throw argumentError('encodeSafetensors', `metadata '${name}'`, 'a string', value, false);
  }
  await evaluate(tensors);
  const ordered = Object.entries(tensors).sort(([, a], [, b]) => bytesPerElement(b.dtype) - bytesPerElement(a.dtype));
  const entries: [string, Entry][] = [];
  let end = 0;
  for (const [name, { dtype, shape, size }] of ordered) {
    const begin = end;
    end += size * bytesPerElement(dtype);
    entries.push([name, { dtype: typeNames[dtype], shape, data_offsets: [begin, end] }]);
  }
  const metadataEntry = Object.keys(metadata).length > 0 ? [[metadataKey, metadata] as const] : [];
  const header = new TextEncoder().encode(JSON.stringify(Object.fromEntries<unknown>([...metadataEntry, ...entries])));
  const headerLength = Math.ceil(header.length / 8) * 8;
  if (headerLength > maxHeaderBytes) {
    throw new RangeError(`encodeSafetensors: the header has ${headerLength} bytes, more than ${maxHeaderBytes}`);
  }
  const bytes = new Uint8Array(8 + headerLength + end);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(headerLength), true);
  bytes.fill(0x20, 8, 8 + headerLength);
  bytes.set(header, 8);
  for (const [i, [, value]] of ordered.entries()) {
    const values = await value.data();
    const offset = 8 + headerLength + entries[i]![1].data_offsets[0];
    bytes.set(new Uint8Array(values.buffer, values.byteOffset, values.byteLength), offset);
  }
  return bytes;
}

/**
 * Decodes the bytes of a safetensors file. Types other than this engine's dtypes are converted: F16 and BF16 to
 * float32; I8, U8, I16, U16 and I64 (if the values fit) to int32.
 * @throws {RangeError} if the file is malformed: truncated or too long, an invalid header, an unknown type, or offsets
 *   that overlap, leave gaps, or do not match the shapes.
 */
export function decodeSafetensors(bytes: Uint8Array): Safetensors {
  if (bytes.length < 8) throw malformedError(`${bytes.length} bytes are too few for the length of the header`);
  const headerLength = Number(new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true));
  if (headerLength > maxHeaderBytes)
    throw malformedError(`the header has ${headerLength} bytes, more than ${maxHeaderBytes}`);
  const start = 8 + headerLength;
  if (start > bytes.length) {
    throw malformedError(`the header ends at byte ${start}, the file at ${bytes.length}; it may be truncated`);
  }
  const { [metadataKey]: metadata = {}, ...entries } = parseHeader(bytes.subarray(8, start));
  if (!isPlainObject(metadata) || !Object.values(metadata).every((value) => typeof value === 'string')) {
    throw malformedError(`'${metadataKey}' must hold strings, got ${JSON.stringify(metadata)}`);
  }
  const checked = Object.entries(entries).map(([name, entry]) => [name, checkEntry(name, entry)] as const);
  checkLayout(checked, bytes.length - start);
  const tensors = checked.map(
    ([
      name,
      {
        dtype,
        shape,
        data_offsets: [begin, end],
      },
    ]) => {
      // Copied to be aligned. `buffer.slice` copies; the `slice` of a Node Buffer does not.
      const from = bytes.byteOffset + start;
      const copy = bytes.buffer.slice(from + begin, from + end) as ArrayBuffer;
      try {
        const values = readers[dtype]!.read(copy);
        return [name, tensor(values, { shape, ...(dtype === 'BOOL' ? { dtype: 'bool' } : {}) })] as const;
      } catch (error) {
        throw malformedError(`'${name}': ${(error as Error).message}`);
      }
    },
  );
  return { tensors: Object.fromEntries(tensors), metadata: metadata as Record<string, string> };
}

function parseHeader(bytes: Uint8Array): Record<string, unknown> {
  let text: string;
  let header: unknown;
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
    header = JSON.parse(text);
  } catch (error) {
    throw malformedError(`the header is not JSON (${(error as Error).message})`);
  }
  if (!isPlainObject(header) || bytes[0] !== 0x7b) {
    throw malformedError(`the header must be a JSON object, got '${text.slice(0, 20)}'`);
  }
  return header;
}

function checkEntry(name: string, entry: unknown): Entry {
  const { dtype, shape, data_offsets: offsets } = isPlainObject(entry) ? entry : {};
  if (typeof dtype !== 'string' || !isCounts(shape) || !isCounts(offsets) || offsets.length !== 2) {
    throw malformedError(`'${name}' needs a dtype, a shape and two data_offsets, got ${JSON.stringify(entry)}`);
  }
  if (!Object.hasOwn(readers, dtype)) {
    throw malformedError(`'${name}' has unknown type ${dtype}; expected ${Object.keys(readers).join(', ')}`);
  }
  const [begin, end] = offsets as readonly [number, number];
  const needed = sizeOf(shape) * readers[dtype]!.bytes;
  if (end - begin !== needed) {
    throw malformedError(
      `'${name}', ${dtype} ${formatShape(shape)}, needs ${needed} bytes, its data_offsets span ${end - begin}`,
    );
  }
  return { dtype, shape, data_offsets: [begin, end] };
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
      throw malformedError(`'${name}' ${problem}: it begins at ${offsets[0]}, expected ${end}`);
    }
    end = offsets[1];
  }
  if (end > length)
    throw malformedError(`the tensors need ${end} bytes, ${length} are there; the file may be truncated`);
  if (end < length) throw malformedError(`${length - end} bytes follow the last tensor`);
}

function isCounts(value: unknown): value is readonly number[] {
  return Array.isArray(value) && value.every((item) => Number.isSafeInteger(item) && item >= 0);
}

function malformedError(problem: string): RangeError {
  return new RangeError(`not a valid safetensors file: ${problem}`);
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
