import { customGradient, type Tensor } from '@thetagrad/core';
import { type LossOptions, reduce, reductionOf, toPair, weigh } from './reduce.ts';

export interface BinaryCrossEntropyOptions extends LossOptions {
  /** A factor for each loss, broadcast to them. The mean is over all elements whatever the factors. Default: none. */
  readonly weight?: Tensor | undefined;
}

/**
 * Cross entropy of probabilities p and targets t, −t · log p − (1 − t) · log(1 − p), for each element. Like PyTorch's,
 * it is finite for p = 0 and p = 1: logarithms are clamped to at least −100, so that the loss is at most 100, and the
 * gradient in p is (p − t) / max(p · (1 − p), 1e-12). Where p comes from a sigmoid, {@link
 * binaryCrossEntropyWithLogits} is more accurate and has no vanishing gradient.
 * @param probabilities floating point, from 0 to 1; the loss of others is NaN
 * @param targets of the shape of the probabilities, from 0 to 1
 * @returns a scalar, or the shape of the probabilities with reduction `'none'`
 * @throws {TypeError} if an operand is not a tensor, or the reduction is unknown.
 * @throws {RangeError} if the shapes differ, or the weight does not broadcast to them.
 */
export function binaryCrossEntropy(
  probabilities: Tensor,
  targets: Tensor,
  options: BinaryCrossEntropyOptions = {},
): Tensor {
  const operation = 'binaryCrossEntropy';
  const [p, t] = toPair(operation, probabilities, targets);
  const reduction = reductionOf(operation, options, ['weight']);
  const losses = customGradient(differentiableBinaryCrossEntropy)(p, t);
  return reduce(operation, weigh(operation, losses, options.weight), reduction);
}

/** Values and PyTorch's gradient of the binary cross entropy, for {@link customGradient}. */
function differentiableBinaryCrossEntropy(
  p: Tensor,
  t: Tensor,
): { value: Tensor; vjp: (cotangent: Tensor) => readonly Tensor[] } {
  // At 0 each logarithm is taken of 1 instead, which keeps its derivative, needed at second order, from being NaN.
  const [isZero, isOne] = [p.equal(0), p.equal(1)];
  const logP = isZero.where(-100, isZero.where(1, p).log().maximum(-100));
  const logNotP = isOne.where(-100, isOne.where(0, p).neg().log1p().maximum(-100));
  return {
    value: t.sub(1).mul(logNotP).sub(t.mul(logP)),
    vjp: (cotangent) => [
      cotangent.mul(p.sub(t)).div(p.neg().add(1).mul(p).maximum(1e-12)),
      cotangent.mul(logNotP.sub(logP)),
    ],
  };
}
