import { Inflate, inflateSync } from 'fflate';

/** Bytes that one byte of deflate data can expand to: two bits repeat up to 258. */
const maxRatio = 1032;

/** Bytes of deflate data that are fed at once, whatever they expand to. */
const minPiece = 1024;

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
  // One byte more shows whether there is more.
  const result = new Uint8Array(size + 1);
  const length = data.length <= minPiece ? inflateWhole(data, result) : inflatePieces(data, result);
  if (length > size) throw new RangeError(`it expands to more than the ${size} bytes that it announces`);
  if (length < size) throw new RangeError(`it expands to ${length} bytes, not the ${size} that it announces`);
  return result.subarray(0, size);
}

/** Inflates few bytes. Returns the number of bytes that they expand to, or a larger one than the target has. */
function inflateWhole(data: Uint8Array, target: Uint8Array): number {
  try {
    return inflateSync(data, { out: target }).length;
  } catch (error) {
    // Thrown when a stored block does not fit the target.
    if (error instanceof RangeError) return target.length + 1;
    throw error;
  }
}

/** Inflates until the data end or the target is full. Returns the number of bytes. */
function inflatePieces(data: Uint8Array, target: Uint8Array): number {
  let length = 0;
  const stream = new Inflate((chunk) => {
    target.set(chunk.subarray(0, target.length - length), length);
    length = Math.min(length + chunk.length, target.length);
  });
  for (let at = 0; at < data.length && length < target.length;) {
    // The piece after all that is announced ends the last block. What follows, such as a checksum, does not matter.
    const isLast = length === target.length - 1;
    const end = at + Math.min(Math.max(Math.ceil((target.length - length) / maxRatio), minPiece), 65_536);
    stream.push(data.subarray(at, end), end >= data.length);
    if (isLast) break;
    at = end;
  }
  return length;
}
