import { DataFileError, messageOf } from './error.ts';

/**
 * Decompresses gzip data, verifying length and checksum. Returns bytes that are not gzipped as they are.
 *
 * @throws {DataFileError} if the gzip data is truncated or damaged.
 */
export async function gunzip(bytes: Uint8Array, name: string): Promise<Uint8Array> {
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) return bytes;
  try {
    const compressed = new Blob([bytes.slice()]).stream();
    return new Uint8Array(await new Response(compressed.pipeThrough(new DecompressionStream('gzip'))).arrayBuffer());
  } catch (cause) {
    const problem = `cannot decompress this gzip file, it is truncated or damaged: ${messageOf(cause)}`;
    throw new DataFileError(name, problem, { cause });
  }
}
