// The linear layer as a function of tensors.
import { Tensor } from '@thetagrad/core';
import { argumentError, checkOptions, checkTensor, formatShape, sameShape } from '@thetagrad/core/backend';

export interface LinearFunctionOptions {
  /** [out], or a scalar for a weight [in], added to the result. Default: none. */
  readonly bias?: Tensor | undefined;
}

/**
 * x · weightᵀ + bias: [..., in] to [..., out].
 * @param weight [out, in], or [in] for a result without the last axis
 * @throws {TypeError} if an operand is not a tensor.
 * @throws {RangeError} if the shapes do not fit.
 */
export function linear(x: Tensor, weight: Tensor, options: LinearFunctionOptions = {}): Tensor {
  checkTensor('linear', x);
  checkTensor('linear', weight);
  checkOptions('linear', options, ['bias']);
  const { bias } = options;
  if (weight.ndim !== 1 && weight.ndim !== 2) {
    throw new RangeError(`linear: weight must be [out, in] or [in], got ${formatShape(weight.shape)}`);
  }
  if (x.ndim === 0 || x.shape.at(-1) !== weight.shape.at(-1)) {
    throw new RangeError(
      `linear: the last axis of the input ${formatShape(x.shape)} must have ${weight.shape.at(-1)} elements, as the weight ${formatShape(weight.shape)}`,
    );
  }
  const product = weight.ndim === 2 ? x.matmul(weight.transpose()) : x.matmul(weight);
  if (bias === undefined) return product;
  if (!(bias instanceof Tensor)) throw argumentError('linear', 'bias', 'a tensor', bias, false);
  const expected = weight.shape.slice(0, -1);
  if (!sameShape(bias.shape, expected)) {
    throw new RangeError(`linear: bias must be ${formatShape(expected)}, got ${formatShape(bias.shape)}`);
  }
  return product.add(bias);
}
