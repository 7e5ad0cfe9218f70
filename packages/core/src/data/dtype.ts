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

/** Allocates a zero-filled array of `size` elements. */
export function allocate(dtype: DType, size: number): TypedArray {
  return new constructors[dtype](size);
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

/**
 * The dtype that a tensor of `dtype` and a plain number promote to: that of a floating-point tensor; with int32 or bool,
 * int32 for an integer within int32 and float32 for any other number.
 */
export function promoteNumber(dtype: DType, value: number): DType {
  if (isFloatingPoint(dtype)) return dtype;
  return (value | 0) === value ? 'int32' : 'float32';
}

/** The dtype itself if it is a float, else float32. */
export function toFloat(dtype: DType): DType {
  return isFloatingPoint(dtype) ? dtype : 'float32';
}

/** Converts an element to `dtype`, as NumPy's `astype` does. */
export function toStored(dtype: DType, value: number): number {
  if (dtype === 'bool') return value !== 0 ? 1 : 0;
  return dtype === 'int32' ? Math.trunc(value) : value;
}

/** The name of a typed array's type, such as 'Float32Array', also of another realm's; `undefined` for other values. */
export function typedArrayType(values: unknown): string | undefined {
  return ArrayBuffer.isView(values) ? (values as TypedArray)[Symbol.toStringTag] : undefined;
}
