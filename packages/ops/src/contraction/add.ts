// Products that are added to a tensor.
import { promoteTypes, type Tensor } from '@thetagrad/core';
import {
  argumentError,
  at,
  broadcastShapes,
  checkOptions,
  checkTensor,
  checkTensorOperands,
  formatShape,
  sameShape,
} from '@thetagrad/core/backend';
import { checkRank } from '../shape/tensors.ts';
import { einsum } from './einsum.ts';
import { outer } from './products.ts';

export interface AddProductOptions {
  /** The factor of the product. Default: 1. */
  readonly alpha?: number;
  /** The factor of what it is added to. With 0, its infinities and NaN do not count. Default: 1. */
  readonly beta?: number;
}

/**
 * beta · input + alpha · a · b for matrices [m, k] and [k, n] (PyTorch's `addmm`).
 * @param input broadcasts to [m, n].
 * @throws {TypeError} if an operand is not a tensor, or an option is invalid.
 * @throws {RangeError} if shapes do not fit.
 * @example
 * addmm(tensor([1, 2]), tensor([[1, 2]]), tensor([[1, 0], [0, 1]]), { alpha: 10 }); // tensor([[11, 22]])
 */
export function addmm(input: Tensor, a: Tensor, b: Tensor, options?: AddProductOptions): Tensor {
  checkFactors('addmm', input, [a, 2], [b, 2], [1, 0]);
  return addProduct('addmm', input, a.matmul(b), options);
}

/**
 * beta · input + alpha · a · v for a matrix [m, k] and a vector of k elements (PyTorch's `addmv`).
 * @param input broadcasts to [m].
 * @throws {TypeError} if an operand is not a tensor, or an option is invalid.
 * @throws {RangeError} if shapes do not fit.
 * @example
 * addmv(tensor([1, 2]), tensor([[1, 2], [3, 4]]), tensor([1, 1])); // tensor([4, 9])
 */
export function addmv(input: Tensor, a: Tensor, v: Tensor, options?: AddProductOptions): Tensor {
  checkFactors('addmv', input, [a, 2], [v, 1], [1, 0]);
  return addProduct('addmv', input, a.matmul(v), options);
}

/**
 * beta · input + alpha · the outer product of vectors of m and n elements (PyTorch's `addr`).
 * @param input broadcasts to [m, n].
 * @throws {TypeError} if an operand is not a tensor, or an option is invalid.
 * @throws {RangeError} if shapes do not fit.
 * @example
 * addr(tensor(1), tensor([1, 2]), tensor([3, 4])); // tensor([[4, 5], [7, 9]])
 */
export function addr(input: Tensor, u: Tensor, v: Tensor, options?: AddProductOptions): Tensor {
  checkFactors('addr', input, [u, 1], [v, 1]);
  return addProduct('addr', input, outer(u, v), options);
}

/**
 * beta · input + alpha · a · b for batches of matrices [batch, m, k] and [batch, k, n] (PyTorch's `baddbmm`).
 * @param input broadcasts to [batch, m, n].
 * @throws {TypeError} if an operand is not a tensor, or an option is invalid.
 * @throws {RangeError} if shapes do not fit.
 * @example
 * baddbmm(tensor(1), tensor([[[1, 2]]]), tensor([[[3], [4]]])); // tensor([[[12]]])
 */
export function baddbmm(input: Tensor, a: Tensor, b: Tensor, options?: AddProductOptions): Tensor {
  checkFactors('baddbmm', input, [a, 3], [b, 3], [2, 1], [0, 0]);
  return addProduct('baddbmm', input, a.matmul(b), options);
}

/**
 * beta · input + alpha · the sum over the batch of a · b, for batches of matrices [batch, m, k] and [batch, k, n] (PyTorch's
 * `addbmm`).
 * @param input broadcasts to [m, n].
 * @throws {TypeError} if an operand is not a tensor, or an option is invalid.
 * @throws {RangeError} if shapes do not fit.
 * @example
 * addbmm(tensor(1), tensor([[[1]], [[2]]]), tensor([[[3]], [[4]]])); // tensor([[12]])
 */
export function addbmm(input: Tensor, a: Tensor, b: Tensor, options?: AddProductOptions): Tensor {
  checkFactors('addbmm', input, [a, 3], [b, 3], [2, 1], [0, 0]);
  return addProduct('addbmm', input, einsum('bmk,bkn->mn', a, b), options);
}

/** Checks tensors and their ranks, and that sizes of pairs of axes are equal. */
function checkFactors(
  operation: string,
  input: Tensor,
  [a, aRank]: readonly [Tensor, number],
  [b, bRank]: readonly [Tensor, number],
  ...equal: readonly (readonly [number, number])[]
): void {
  checkTensorOperands(operation, [input, a, b]);
  checkRank(operation, a, aRank);
  checkRank(operation, b, bRank);
  for (const [aAxis, bAxis] of equal) {
    if (a.shape[aAxis] === b.shape[bAxis]) continue;
    throw new RangeError(
      `${operation}: axis ${aAxis} of ${formatShape(a.shape)} must equal axis ${bAxis} of ${formatShape(b.shape)}`,
    );
  }
}

function addProduct(operation: string, input: Tensor, product: Tensor, options: AddProductOptions = {}): Tensor {
  checkOptions(operation, options, ['alpha', 'beta']);
  const { alpha = 1, beta = 1 } = options;
  for (const [name, value] of Object.entries({ alpha, beta })) {
    if (typeof value !== 'number') throw argumentError(operation, name, 'a number', value);
  }
  if (!sameShape(broadcastShapes(operation, input.shape, product.shape), product.shape)) {
    throw new RangeError(
      `${operation}: the input ${formatShape(input.shape)} does not broadcast to the product ${formatShape(product.shape)}`,
    );
  }
  const scaled = alpha === 1 ? product : product.mul(alpha);
  if (beta === 0) return scaled.astype(promoteTypes(scaled.dtype, input.dtype));
  return scaled.add(beta === 1 ? input : input.mul(beta));
}

/**
 * The bilinear form x · W[o] · y for each output o (PyTorch's `functional.bilinear`): […, m] and […, n] become […, out].
 * @param weight W, [out, m, n].
 * @param bias [out]. Default: none.
 * @throws {TypeError} if an operand is not a tensor.
 * @throws {RangeError} if shapes do not fit.
 * @example
 * bilinear(tensor([1, 2]), tensor([3, 4]), tensor([[[1, 0], [0, 1]]])); // tensor([11])
 */
export function bilinear(x: Tensor, y: Tensor, weight: Tensor, bias?: Tensor): Tensor {
  checkTensorOperands('bilinear', [x, y, weight]);
  checkRank('bilinear', weight, 3);
  [x, y].forEach((operand, i) => {
    if (operand.ndim > 0 && at(operand.shape, operand.ndim - 1) === weight.shape[i + 1]) return;
    throw new RangeError(
      `bilinear: the last axis of ${formatShape(operand.shape)} must equal axis ${i + 1} of the weight ${formatShape(weight.shape)}`,
    );
  });
  broadcastShapes('bilinear', x.shape.slice(0, -1), y.shape.slice(0, -1));
  const form = einsum('...i,oij,...j->...o', x, weight, y);
  if (bias === undefined) return form;
  checkTensor('bilinear: the bias', bias);
  checkRank('bilinear: the bias', bias, 1);
  if (bias.size === weight.shape[0]) return form.add(bias);
  throw new RangeError(`bilinear: the bias must have ${weight.shape[0]} elements, got ${bias.size}`);
}
