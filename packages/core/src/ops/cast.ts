import { isDType, unknownDType, type DType } from '../data/dtype.ts';
import type { Elementwise } from '../graph/primitive.ts';
import { Tensor } from '../graph/tensor.ts';
import { checkTensor } from './define.ts';

/** The same number in another dtype: storing it converts. To bool it is a comparison with 0 instead. */
export const Cast: Elementwise = {
  kind: 'elementwise',
  name: 'cast',
  dtypes: 'number',
  value: (x) => x!,
  lower: (x) => x,
  derivatives: [(t) => t],
  domain: [{ from: -3, to: 3 }],
};

/**
 * The elements in another dtype (NumPy's `astype`). To int32 fractions are truncated towards zero; to bool everything but
 * 0 is true. The gradient returns in x's own dtype; integers pass none.
 * @throws {TypeError} if the dtype is unknown.
 */
export function astype(x: Tensor, dtype: DType): Tensor {
  checkTensor('astype', x);
  if (!isDType(dtype)) throw unknownDType('astype', dtype);
  if (dtype === x.dtype) return x;
  return dtype === 'bool' ? x.notEqual(0) : new Tensor(Cast, [x], { shape: x.shape, dtype });
}
