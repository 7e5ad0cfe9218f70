import type { DType, TypedArray } from '@thetagrad/core/backend';

/** Elements of a dtype from 32-bit words as devices have them: floats, integers, or 0 and 1. */
export function arrayOf(words: ArrayBuffer, dtype: DType): TypedArray {
  if (dtype === 'float32') return new Float32Array(words);
  const integers = new Int32Array(words);
  return dtype === 'bool' ? Uint8Array.from(integers) : integers;
}

/** The words of elements. */
export function wordsOf(values: TypedArray, dtype: DType): Int32Array {
  return dtype === 'bool' ? Int32Array.from(values) : new Int32Array(values.buffer, values.byteOffset, values.length);
}
