import { DataFileError, messageOf } from './error.ts';

/** Bytes that are fed at once. A browser may decompress all that it is given before any of it is read. */
const pieceBytes = 2 ** 14;

/** Whether bytes start with the signature of gzip. */
export function isGzip(bytes: Uint8Array): boolean {
  return bytes[0] === 0x1f && bytes[1] === 0x8b;
}

/**
 * Decompresses gzip data, verifying length and checksum.
 *
 * @param measure Returns the size of the whole content, or undefined if the given start of it is too short to tell.
 *   Throws to stop.
 * @throws {DataFileError} if the gzip data is truncated or damaged, or its content is longer than `measure` says.
 */
export async function gunzip(
  bytes: Uint8Array,
  name: string,
  measure: (start: Uint8Array) => number | undefined,
): Promise<Uint8Array> {
  const reader = splitToStream(bytes).pipeThrough(new DecompressionStream('gzip')).getReader();
  let content = new Uint8Array(0);
  let length = 0;
  let size: number | undefined;
  try {
    for (;;) {
      const { value } = await reader.read().catch((cause: unknown) => {
        const problem = `cannot decompress this gzip file, it is truncated or damaged: ${messageOf(cause)}`;
        throw new DataFileError(name, problem, { cause });
      });
      if (value === undefined) return content.subarray(0, length);
      if (size === undefined) {
        const start = new Uint8Array(length + value.length);
        start.set(content);
        start.set(value, length);
        size = measure(start);
        content = size === undefined ? start : new Uint8Array(size);
        if (size !== undefined) content.set(start.subarray(0, size));
        length += value.length;
      } else {
        content.set(value.subarray(0, size - length), length);
        length += value.length;
      }
      if (size !== undefined && length > size) {
        throw new DataFileError(name, `too long: it expands to more than the ${size} bytes that its header announces`);
      }
    }
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}

function splitToStream(bytes: Uint8Array): ReadableStream<Uint8Array<ArrayBuffer>> {
  let at = 0;
  return new ReadableStream({
    pull(controller): void {
      if (at >= bytes.length) controller.close();
      else controller.enqueue(bytes.slice(at, (at += pieceBytes)));
    },
  });
}
