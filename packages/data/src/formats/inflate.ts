import { Inflate } from 'fflate';

/** Bytes that one byte of deflate data can expand to: two bits repeat up to 258. */
const maxRatio = 1032;

/**
 * Inflates deflate data to a buffer of the announced size. Feeds the decoder piece by piece and stops once it returns
 * more, so that neither memory nor time exceed by more than a mebibyte what the announced size takes.
 *
 * @throws {RangeError} if the data expand to more or fewer bytes.
 * @throws {Error} if they are damaged.
 */
export function inflate(data: Uint8Array, size: number): Uint8Array {
  if (size > data.length * maxRatio) {
    throw new RangeError(`${data.length} compressed bytes cannot hold the ${size} that it announces`);
  }
  const result = new Uint8Array(size);
  let length = 0;
  const stream = new Inflate((chunk) => {
    if (chunk.length > size - length)
      throw new RangeError(`it expands to more than the ${size} bytes that it announces`);
    result.set(chunk, length);
    length += chunk.length;
  });
  for (let at = 0; at < data.length;) {
    const wasComplete = length === size;
    const end = at + Math.min(Math.max(Math.ceil((size - length) / maxRatio), 1024), 8192);
    stream.push(data.subarray(at, end), end >= data.length);
    if (wasComplete) break; // The piece has ended the last block. What follows it, such as a checksum, does not matter.
    at = end;
  }
  if (length < size) throw new RangeError(`it expands to ${length} bytes, not the ${size} that it announces`);
  return result;
}
