import { Tensor } from '@thetagrad/core';
import { checkTensor, formatShape, sameShape, Surrogate } from '@thetagrad/core/backend';
import { checkFloat } from './checks.ts';

/**
 * The values of `value` with the gradient of `surrogate`: the straight-through estimator for rounding, thresholds and choices
 * such as `argmax`, which have no gradient (Bengio et al., arXiv 1308.3432).
 * @throws {TypeError} if an argument is not a tensor, or the surrogate is not floating-point.
 * @throws {RangeError} if shapes differ.
 * @example
 * grad((x) => straightThrough(x.round(), x).square().sum())(tensor([0.8, 2.3])); // tensor([2, 4])
 */
export function straightThrough(value: Tensor, surrogate: Tensor): Tensor {
  checkTensor('straightThrough', value);
  checkTensor('straightThrough', surrogate);
  checkFloat('straightThrough', 'the surrogate', surrogate);
  if (!sameShape(value.shape, surrogate.shape)) {
    throw new RangeError(
      `straightThrough: value and surrogate must have one shape, got ${formatShape(value.shape)} and ${formatShape(surrogate.shape)}`,
    );
  }
  return new Tensor(Surrogate, [value.astype(surrogate.dtype), surrogate], surrogate);
}
