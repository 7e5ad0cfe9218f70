// Elements as devices store them: in 32-bit words that hold a float, an integer, or 0 or 1.
import type { DType, TypedArray } from '@thetagrad/core/backend';

/** Views words as elements of a dtype; copies for bool. */
export function fromWords(words: ArrayBuffer, dtype: DType): TypedArray {
  if (dtype === 'float32') return new Float32Array(words);
  const integers = new Int32Array(words);
  return dtype === 'bool' ? Uint8Array.from(integers) : integers;
}

/** Views elements as words; copies for bool. */
export function toWords(values: TypedArray, dtype: DType): Int32Array {
  return dtype === 'bool' ? Int32Array.from(values) : new Int32Array(values.buffer, values.byteOffset, values.length);
}
