import { tensor } from '@thetagrad/core';
import { argumentError, checkInteger, checkOptions, typedArrayType } from '@thetagrad/core/backend';
import type { Rows } from '../fields.ts';

/**
 * Windows of one text, as examples of `batches`: int32 of shape [B, size]. Takes no memory of its own. To train a model of
 * language, take windows of one token more than it reads; the targets are the tokens that follow.
 *
 *     const text = tokenWindows(tokenizer.encode(corpus), 65);
 *     for await (const { text: rows } of batches({ text }, { batchSize: 16, shuffle: true })) {
 *       const [input, target] = [rows.at(':', ':-1'), rows.at(':', '1:')];
 *
 * @param tokens Of a tokenizer. Not copied.
 * @param size Number of tokens in a window.
 * @param options.stride Distance between the starts of windows. Default: 1.
 * @throws {TypeError} if tokens are not an Int32Array.
 * @throws {RangeError} if the size or stride is not an integer ≥ 1, or there are fewer tokens than a window has.
 */
export function tokenWindows(tokens: Int32Array, size: number, options: { readonly stride?: number } = {}): Rows {
  checkOptions('tokenWindows', options, ['stride']);
  const { stride = 1 } = options;
  if (typedArrayType(tokens) !== 'Int32Array') {
    throw argumentError('tokenWindows', 'tokens', 'an Int32Array', tokens, false);
  }
  checkInteger('tokenWindows', 'size', size, { min: 1 });
  checkInteger('tokenWindows', 'stride', stride, { min: 1 });
  if (tokens.length < size) {
    throw new RangeError(`tokenWindows: ${tokens.length} tokens are too few for a window of ${size}`);
  }
  return {
    length: Math.floor((tokens.length - size) / stride) + 1,
    take: (indices) => {
      const values = new Int32Array(indices.length * size);
      indices.forEach((index, i) => values.set(tokens.subarray(index * stride, index * stride + size), i * size));
      return tensor(values, { shape: [indices.length, size] });
    },
  };
}
