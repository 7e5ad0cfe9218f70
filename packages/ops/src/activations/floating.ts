import type { Tensor } from '@thetagrad/core';
import { checkTensor, toFloat } from '@thetagrad/core/backend';

/** Checks the argument of an activation, and converts int32 and bool to float32. */
export function toFloatTensor(operation: string, x: Tensor): Tensor {
  checkTensor(operation, x);
  return x.astype(toFloat(x.dtype));
}
