import { sizeOf } from '@thetagrad/core/backend';
import { DataFileError } from './error.ts';
import { gunzip } from './gzip.ts';

/** Typed arrays of the element types of IDX files. */
export type IdxData = Uint8Array | Int8Array | Int16Array | Int32Array | Float32Array | Float64Array;

/** Contents of an IDX file: an array of any rank in row-major order. */
export interface IdxArray {
  readonly shape: readonly number[];
  readonly data: IdxData;
}

interface ElementType {
  readonly bytes: number;
  readonly create: (length: number) => IdxData;
  readonly read: (view: DataView, offset: number) => number;
}

const elementTypes: ReadonlyMap<number, ElementType> = new Map<number, ElementType>([
  [0x08, { bytes: 1, create: (n) => new Uint8Array(n), read: (view, at) => view.getUint8(at) }],
  [0x09, { bytes: 1, create: (n) => new Int8Array(n), read: (view, at) => view.getInt8(at) }],
  [0x0b, { bytes: 2, create: (n) => new Int16Array(n), read: (view, at) => view.getInt16(at) }],
  [0x0c, { bytes: 4, create: (n) => new Int32Array(n), read: (view, at) => view.getInt32(at) }],
  [0x0d, { bytes: 4, create: (n) => new Float32Array(n), read: (view, at) => view.getFloat32(at) }],
  [0x0e, { bytes: 8, create: (n) => new Float64Array(n), read: (view, at) => view.getFloat64(at) }],
]);

/**
 * Reads an IDX file, the format of MNIST: two zero bytes, an element type, the rank, one big-endian 32-bit size per
 * axis, the elements in big-endian order. Detects and decompresses gzip, and verifies its checksum.
 *
 * @param bytes Contents of the file.
 * @param name Name of the file in error messages.
 * @throws {DataFileError} if it is not an IDX file, or longer or shorter than its header says.
 */
export async function parseIdx(bytes: Uint8Array, name = 'IDX data'): Promise<IdxArray> {
  const content = await gunzip(bytes, name);
  const view = new DataView(content.buffer, content.byteOffset, content.byteLength);
  if (content.length < 4) throw new DataFileError(name, `not an IDX file: ${content.length} bytes hold no header`);
  const magic = view.getUint32(0);
  const type = elementTypes.get((magic >> 8) & 0xff);
  if (magic >>> 16 !== 0 || type === undefined) {
    const hex = magic.toString(16).padStart(8, '0');
    throw new DataFileError(
      name,
      `not an IDX file: it starts with 0x${hex}, expected 0x0000, an element type and a rank`,
    );
  }
  const rank = magic & 0xff;
  const headerLength = 4 + 4 * rank;
  if (content.length < headerLength) {
    throw new DataFileError(
      name,
      `truncated: ${content.length} bytes, but a header of rank ${rank} has ${headerLength}`,
    );
  }
  const shape = Array.from({ length: rank }, (_, axis) => view.getUint32(4 + 4 * axis));
  const length = sizeOf(shape);
  const expected = headerLength + length * type.bytes;
  if (content.length !== expected) {
    const problem = content.length < expected ? 'truncated' : 'too long';
    throw new DataFileError(
      name,
      `${problem}: ${content.length} bytes, but the shape [${shape.join(', ')}] in its header needs ${expected}`,
    );
  }
  const data = type.create(length);
  if (type.bytes === 1) {
    data.set(content.subarray(headerLength)); // Int8Array.set wraps 128 … 255 to negative values.
    return { shape, data };
  }
  for (let i = 0; i < length; i++) data[i] = type.read(view, headerLength + i * type.bytes);
  return { shape, data };
}
