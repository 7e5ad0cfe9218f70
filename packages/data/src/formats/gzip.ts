import { DataFileError } from './error.ts';

/**
 * Unpacks gzip, verifying length and checksum; bytes that are not gzipped come back as they are.
 *
 * @throws DataFileError if the gzip data is truncated or damaged
 */
export async function gunzip(bytes: Uint8Array, name: string): Promise<Uint8Array> {
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) return bytes;
  try {
    const packed = new Blob([bytes.slice()]).stream();
    return new Uint8Array(await new Response(packed.pipeThrough(new DecompressionStream('gzip'))).arrayBuffer());
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new DataFileError(name, `cannot unpack this gzip file, it is truncated or damaged: ${reason}`, { cause });
  }
}
