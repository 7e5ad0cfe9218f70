import { show } from './checks.ts';

/** The element type of a tensor. Booleans are stored as bytes, 0 or 1. */
export type DType = 'float32' | 'float64' | 'int32' | 'bool';

/** The arrays that hold tensor elements: one class per {@link DType}, `Uint8Array` for bool. */
export type TypedArray = Float32Array | Float64Array | Int32Array | Uint8Array;

const constructors = { float32: Float32Array, float64: Float64Array, int32: Int32Array, bool: Uint8Array } as const;

/** From the narrowest to the widest: promotion takes the wider of two. */
const width: Record<DType, number> = { bool: 0, int32: 1, float32: 2, float64: 3 };

export function isDType(value: unknown): value is DType {
  return typeof value === 'string' && value in constructors;
}

/** The error for a dtype that is not one of {@link DType}. */
export function unknownDType(operation: string, dtype: unknown): TypeError {
  return new TypeError(`${operation}: unknown dtype ${show(dtype)}; expected float32, float64, int32 or bool`);
}

/** Whether it is float32 or float64: what gradients are defined for. */
export function isFloat(dtype: DType): boolean {
  return dtype === 'float32' || dtype === 'float64';
}

export function bytesPerElement(dtype: DType): number {
  return constructors[dtype].BYTES_PER_ELEMENT;
}

/** A zero-filled array for `size` elements. */
export function allocate(dtype: DType, size: number): TypedArray {
  return new constructors[dtype](size);
}

/** A window of `size` elements on `memory`, from `byteOffset`. */
export function arrayOn(memory: ArrayBuffer, dtype: DType, byteOffset: number, size: number): TypedArray {
  return new constructors[dtype](memory, byteOffset, size);
}

/**
 * The dtype of an operation on two dtypes: the wider one in the order bool, int32, float32, float64.
 * (As in PyTorch, an int32 and a float32 give a float32.) Plain numbers do not take part: they are weakly typed
 * and take the tensor's dtype, unless a fraction meets an integer tensor, which gives float32.
 *
 * | | bool | int32 | float32 | float64 |
 * | --- | --- | --- | --- | --- |
 * | bool | bool | int32 | float32 | float64 |
 * | int32 | int32 | int32 | float32 | float64 |
 * | float32 | float32 | float32 | float32 | float64 |
 * | float64 | float64 | float64 | float64 | float64 |
 */
export function promote(a: DType, b: DType): DType {
  return width[a] >= width[b] ? a : b;
}

/** The dtype for a plain number that meets a tensor of `dtype` in arithmetic. */
export function promoteNumber(dtype: DType, value: number): DType {
  if (isFloat(dtype)) return dtype;
  return (value | 0) === value ? 'int32' : 'float32';
}

export function toFloat(dtype: DType): DType {
  return isFloat(dtype) ? dtype : 'float32';
}

/** An element of another dtype as it is stored in `dtype`: as in NumPy's `astype`. */
export function toStored(dtype: DType, value: number): number {
  if (dtype === 'bool') return value !== 0 ? 1 : 0;
  return dtype === 'int32' ? Math.trunc(value) : value;
}
