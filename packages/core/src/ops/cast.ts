import { type DType, isDType } from '../data/dtype.ts';
import { cast as castPrimitive } from './castRecord.ts';
import { checkTensor } from './define.ts';
import { stop } from './movementRecords.ts';
import { Tensor } from '../graph/tensor.ts';

/**
 * The elements in another dtype. Fractions are cut to int32 towards zero; everything but 0 is true as bool.
 * The gradient goes back in x's own dtype; through integers nothing flows.
 */
export function astype(x: Tensor, dtype: DType): Tensor {
  checkTensor('astype', x);
  if (!isDType(dtype)) throw new TypeError(`astype: no dtype ${String(dtype)}; use float32, float64, int32 or bool`);
  if (dtype === x.dtype) return x;
  return dtype === 'bool' ? x.notEqual(0) : new Tensor(castPrimitive, [x], { shape: x.shape, dtype });
}

/** The tensor as a constant: nothing flows back through it. */
export function stopGradient(x: Tensor): Tensor {
  checkTensor('stopGradient', x);
  return new Tensor(stop, [x], x);
}
