import { resolveLimits, sizeOf } from '@thetagrad/core/backend';
import { defaultLimits, type DecodeOptions } from '../limits.ts';
import { checkBytes, DataFileError } from './error.ts';
import { FileBudget } from './fileBudget.ts';
import { gunzip, isGzip } from './gzip.ts';

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

interface Header {
  readonly type: ElementType;
  readonly shape: readonly number[];
  /** Bytes of the header, and of the whole file. */
  readonly headerBytes: number;
  readonly bytes: number;
}

/**
 * Reads an IDX file, the format of MNIST: two zero bytes, an element type, the rank, one big-endian 32-bit size per
 * axis, the elements in big-endian order. Detects and decompresses gzip, and verifies its checksum.
 *
 * @param bytes Contents of the file.
 * @param options.name Name of the file in error messages. Default: 'IDX data'.
 * @throws {DataFileError} if it is not an IDX file, is longer or shorter than its header says, or exceeds a limit.
 * @throws {TypeError | RangeError} if an option is unknown, or a limit is not a positive integer or Infinity.
 */
export async function parseIdx(bytes: Uint8Array, options: DecodeOptions = {}): Promise<IdxArray> {
  const limits = resolveLimits('parseIdx', options, defaultLimits, ['name']);
  checkBytes('parseIdx', bytes);
  return readIdx(bytes, new FileBudget(options.name ?? 'IDX data', limits, bytes.length));
}

/** Reads an IDX file within a budget; see {@link parseIdx}. */
export async function readIdx(bytes: Uint8Array, budget: FileBudget): Promise<IdxArray> {
  const { name } = budget;
  if (!isGzip(bytes)) return toArray(bytes, name);
  const content = await gunzip(bytes, name, (start) => {
    const header = parseHeader(start, name);
    if (header !== undefined) budget.expand(header.bytes);
    return header?.bytes;
  });
  return toArray(content, name);
}

/** Reads the header at the start of a file; undefined if there is only a part of it. */
function parseHeader(start: Uint8Array, name: string): Header | undefined {
  if (start.length < 4) return undefined;
  const view = new DataView(start.buffer, start.byteOffset, start.byteLength);
  const magic = view.getUint32(0);
  const type = elementTypes.get((magic >> 8) & 0xff);
  if (magic >>> 16 !== 0 || type === undefined) {
    const hex = magic.toString(16).padStart(8, '0');
    const problem = `not an IDX file: it starts with 0x${hex}, expected 0x0000, an element type and a rank`;
    throw new DataFileError(name, problem);
  }
  const rank = magic & 0xff;
  const headerBytes = 4 + 4 * rank;
  if (start.length < headerBytes) return undefined;
  const shape = Array.from({ length: rank }, (_, axis) => view.getUint32(4 + 4 * axis));
  return { type, shape, headerBytes, bytes: headerBytes + sizeOf(shape) * type.bytes };
}

function toArray(content: Uint8Array, name: string): IdxArray {
  const header = parseHeader(content, name);
  if (header === undefined) {
    const { length } = content;
    throw new DataFileError(
      name,
      length < 4
        ? `not an IDX file: ${length} bytes hold no header`
        : `truncated: ${length} bytes, but a header of rank ${content[3]} has ${4 + 4 * content[3]!}`,
    );
  }
  const { type, shape, headerBytes } = header;
  if (content.length !== header.bytes) {
    const problem = content.length < header.bytes ? 'truncated' : 'too long';
    throw new DataFileError(
      name,
      `${problem}: ${content.length} bytes, but the shape [${shape.join(', ')}] in its header needs ${header.bytes}`,
    );
  }
  const data = type.create(sizeOf(shape));
  if (type.bytes === 1) {
    data.set(content.subarray(headerBytes)); // Int8Array.set wraps 128 … 255 to negative values.
    return { shape, data };
  }
  const view = new DataView(content.buffer, content.byteOffset, content.byteLength);
  for (let i = 0; i < data.length; i++) data[i] = type.read(view, headerBytes + i * type.bytes);
  return { shape, data };
}
