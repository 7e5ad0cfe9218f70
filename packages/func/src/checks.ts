// Checks of arguments and results.
import { isFloatingPoint, Tensor, type DType } from '@thetagrad/core';
import { describe, formatShape, type TensorType } from '@thetagrad/core/backend';

/** Formats a dtype and a shape for messages. */
export function formatType({ dtype, shape }: TensorType): string {
  return `${dtype} ${formatShape(shape)}`;
}

/** @throws {TypeError} if a tensor is not floating-point. */
export function checkFloat(operation: string, name: string, { dtype }: Tensor): void {
  if (isFloatingPoint(dtype)) return;
  throw new TypeError(`${operation}: ${name} must be float32 or float64, got ${dtype}; convert with astype`);
}

/**
 * A tensor of one element as a scalar.
 * @throws {TypeError} if it is not a tensor of the dtype.
 * @throws {RangeError} if it has another number of elements.
 */
export function checkScalar(operation: string, name: string, dtype: DType, value: unknown): Tensor {
  const expected = `${operation}: ${name} must be ${dtype === 'int32' ? 'an' : 'a'} ${dtype} tensor of one element`;
  if (!(value instanceof Tensor)) throw new TypeError(`${expected}, got ${describe(value)}`);
  if (value.dtype !== dtype) throw new TypeError(`${expected}, got ${formatType(value)}`);
  if (value.size !== 1) throw new RangeError(`${expected}, got ${formatType(value)}`);
  return value.reshape([]);
}
