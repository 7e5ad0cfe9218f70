import { isDType, unknownDType, type DType } from '../data/dtype.ts';
import type { Elementwise } from '../graph/primitive.ts';
import { Tensor } from '../graph/tensor.ts';
import { checkTensor, unary } from './define.ts';

/** Conversion to int32, float32 or float64, which storing the element performs. (To bool, `astype` compares with 0.) */
export const Cast: Elementwise = unary({
  name: 'cast',
  dtypes: 'number',
  value: (x) => x,
  lower: (x) => x,
  derivatives: [(t) => t],
  domain: [{ from: -3, to: 3 }],
}).primitive;

/**
 * Casts to another dtype (NumPy's `astype`). To int32, numbers are truncated towards zero and taken modulo 2³², NaN and
 * infinities are 0; to bool, everything except 0 is true. The gradient is cast back to x's dtype; none flows through int32
 * and bool.
 * @throws {TypeError} if the dtype is unknown.
 * @example
 * astype(tensor([1.7, -1.7]), 'int32'); // tensor([ 1, -1], int32)
 */
export function astype(x: Tensor, dtype: DType): Tensor {
  checkTensor('astype', x);
  if (!isDType(dtype)) throw unknownDType('astype', dtype);
  if (dtype === x.dtype) return x;
  return dtype === 'bool' ? x.notEqual(0) : new Tensor(Cast, [x], { shape: x.shape, dtype });
}
