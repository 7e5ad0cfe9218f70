// Checks of vectors.
import type { Tensor } from '@thetagrad/core';
import { argumentError, checkTensor } from '@thetagrad/core/backend';

/** @throws {TypeError | RangeError} if `x` is not a tensor with one axis. */
export function checkVector(operation: string, name: string, x: Tensor): void {
  checkTensor(`${operation}: ${name}`, x);
  if (x.ndim !== 1) throw argumentError(operation, name, 'a vector', x.shape, true);
}
