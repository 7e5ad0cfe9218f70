// What loops carry: tensors of any dtype, as tensors of the one floating-point dtype of a loop.
import { isFloatingPoint, type DType, type Tensor } from '@thetagrad/core';

/** The dtype in which a loop carries tensors: float64 if one of them is, else float32. */
export function carryDType(tensors: readonly Tensor[]): DType {
  return tensors.some(({ dtype }) => dtype === 'float64') ? 'float64' : 'float32';
}

/** Whether a dtype takes two numbers of another, which has fewer than 32 bits of precision. */
function isSplit(dtype: DType, carried: DType): boolean {
  return dtype === 'int32' && carried === 'float32';
}

/**
 * Tensors in the dtype of a loop, exactly: an int32 as float32 is two tensors, its high and its low 16 bits.
 * @throws {TypeError} if a tensor is float64 and the loop float32.
 */
export function encode(operation: string, tensors: readonly Tensor[], dtype: DType): Tensor[] {
  return tensors.flatMap((tensor) => {
    if (isSplit(tensor.dtype, dtype)) {
      const low = tensor.bitwiseAnd(0xffff);
      return [tensor.sub(low).astype(dtype), low.astype(dtype)];
    }
    if (isFloatingPoint(tensor.dtype) && tensor.dtype !== dtype && dtype === 'float32') {
      throw new TypeError(
        `${operation}: results are float64 where neither the carry nor a row is; convert one of them with astype`,
      );
    }
    return tensor.astype(dtype);
  });
}

/** The tensors of these dtypes that {@link encode} was given. */
export function decode(encoded: readonly Tensor[], dtypes: readonly DType[], carried: DType): Tensor[] {
  let next = 0;
  return dtypes.map((dtype) => {
    const first = encoded[next++]!;
    if (!isSplit(dtype, carried)) return first.astype(dtype);
    return first.astype(dtype).add(encoded[next++]!.astype(dtype));
  });
}
