import { Tensor } from '@thetagrad/core';
import { argumentError } from '@thetagrad/core/backend';

/** @throws {TypeError} if the gradients are not an object of tensors. */
export function checkGrads(operation: string, grads: unknown): void {
  if (typeof grads !== 'object' || grads === null) {
    throw argumentError(operation, 'the gradients', 'an object of tensors', grads, false);
  }
  for (const [name, grad] of Object.entries(grads)) {
    if (!(grad instanceof Tensor)) throw argumentError(operation, `the gradient '${name}'`, 'a tensor', grad, false);
  }
}
