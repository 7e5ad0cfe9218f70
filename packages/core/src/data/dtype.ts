import { unknownValue } from './checks.ts';

/** The element type of a tensor. bool is stored as bytes, 0 or 1. */
export type DType = 'float32' | 'float64' | 'int32' | 'bool';

/** The arrays that hold tensor elements: one class per {@link DType}, `Uint8Array` for bool. */
export type TypedArray = Float32Array | Float64Array | Int32Array | Uint8Array;

const constructors = { float32: Float32Array, float64: Float64Array, int32: Int32Array, bool: Uint8Array } as const;

/** Ranks dtypes from the narrowest to the widest. Promotion takes the wider of two. */
const width: Record<DType, number> = { bool: 0, int32: 1, float32: 2, float64: 3 };

export function isDType(value: unknown): value is DType {
  return typeof value === 'string' && value in constructors;
}

/** Builds the error for a value that is not a {@link DType}. */
export function unknownDType(operation: string, dtype: unknown): TypeError {
  return unknownValue(operation, 'dtype', dtype, 'float32, float64, int32 or bool');
}

/** Whether a dtype is float32 or float64, the dtypes with gradients. */
export function isFloatingPoint(dtype: DType): boolean {
  return dtype === 'float32' || dtype === 'float64';
}

export function bytesPerElement(dtype: DType): number {
  return constructors[dtype].BYTES_PER_ELEMENT;
}

/**
 * Allocates a zero-filled array of `size` elements.
 * @throws {RangeError} if the engine has no memory for it.
 */
export function allocate(dtype: DType, size: number): TypedArray {
  try {
    return new constructors[dtype](size);
  } catch (cause) {
    const bytes = size * bytesPerElement(dtype);
    throw new RangeError(`no memory for an array of ${size} elements of ${dtype}, ${bytes} bytes`, { cause });
  }
}

/** Returns an array of `size` elements that shares `memory` from `byteOffset` on. */
export function arrayOn(memory: ArrayBuffer, dtype: DType, byteOffset: number, size: number): TypedArray {
  return new constructors[dtype](memory, byteOffset, size);
}

/**
 * The dtype that two tensors promote to: the wider one in the order bool, int32, float32, float64 (as in PyTorch, where
 * int32 and float32 give float32).
 *
 * | | bool | int32 | float32 | float64 |
 * | --- | --- | --- | --- | --- |
 * | bool | bool | int32 | float32 | float64 |
 * | int32 | int32 | int32 | float32 | float64 |
 * | float32 | float32 | float32 | float32 | float64 |
 * | float64 | float64 | float64 | float64 | float64 |
 */
export function promoteTypes(a: DType, b: DType): DType {
  return width[a] >= width[b] ? a : b;
}

export const minInt32: number = -(2 ** 31);
export const maxInt32: number = 2 ** 31 - 1;

/** Whether a number is an int32. */
export function isInt32(value: number): boolean {
  return (value | 0) === value;
}

/** Builds the error for a number that is not an int32, where one is needed. */
export function notInt32(operation: string, value: string, fix: string): RangeError {
  return new RangeError(`${operation}: ${value} is not an int32, an integer from ${minInt32} to ${maxInt32}; ${fix}`);
}

/** The dtype itself if it is a float, else float32. */
export function toFloat(dtype: DType): DType {
  return isFloatingPoint(dtype) ? dtype : 'float32';
}

/**
 * Converts a plain number to an element of `dtype`; to bool, everything except 0 is true.
 * @param where the index of the element, for the message.
 * @throws {RangeError} if the dtype is int32 and the number is not.
 */
export function toStored(operation: string, dtype: DType, value: number, where = ''): number {
  if (dtype === 'bool') return value !== 0 ? 1 : 0;
  if (dtype !== 'int32' || isInt32(value)) return value;
  throw notInt32(operation, value + where, `convert floating-point tensors with astype('int32'), which truncates`);
}

/** The name of a typed array's type, such as 'Float32Array', also of another realm's; `undefined` for other values. */
export function typedArrayType(values: unknown): string | undefined {
  return ArrayBuffer.isView(values) ? (values as TypedArray)[Symbol.toStringTag] : undefined;
}
