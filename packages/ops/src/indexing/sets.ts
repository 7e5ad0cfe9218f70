// Sets of elements, as in NumPy. Those whose shape depends on values are asynchronous.
import { concat, full, type Tensor } from '@thetagrad/core';
import { checkBoolean, checkOptions, checkTensor, checkTensorOperands } from '@thetagrad/core/backend';
import { maskedSelect } from './mask.ts';
import { search } from './search.ts';
import { unique } from './unique.ts';

export interface IsinOptions {
  /** Whether to tell which elements are not among the others instead. Default: false. */
  readonly invert?: boolean;
}

/**
 * bool, of the shape of x: which elements of x are among those of another tensor (NumPy's and PyTorch's `isin`). NaN is not.
 * @param elements of any shape.
 * @throws {TypeError} if an operand is not a tensor or an option is unknown.
 * @example
 * isin(tensor([1, 2, 3]), tensor([3, 1])).toArraySync() // [true, false, true]
 */
export function isin(x: Tensor, elements: Tensor, options: IsinOptions = {}): Tensor {
  checkTensor('isin', x);
  checkTensor('isin: the elements', elements);
  checkOptions('isin', options, ['invert']);
  const { invert = false } = options;
  checkBoolean('isin', 'invert', invert);
  if (elements.size === 0) return full(x.shape, invert);
  const sorted = elements.flatten().sort();
  const places = search('isin', sorted, x, false).minimum(sorted.size - 1);
  const isFound = sorted.take(places).equal(x);
  return invert ? isFound.logicalNot() : isFound;
}

/**
 * The distinct elements of two tensors, in ascending order (NumPy's `union1d`). dtypes are promoted. Asynchronous, as the shape
 * depends on values, which are read.
 * @throws {TypeError} if an operand is not a tensor.
 * @example
 * union1d(tensor([3, 1]), tensor([2, 1])) // tensor([1, 2, 3])
 */
export async function union1d(x: Tensor, y: Tensor): Promise<Tensor> {
  checkOperands('union1d', x, y);
  return (await unique(concat([x.flatten(), y.flatten()]))).values;
}

/**
 * The distinct elements of x that are also in y, in ascending order (NumPy's `intersect1d`), of x's dtype. NaN is never.
 * Asynchronous, as the shape depends on values, which are read.
 * @throws {TypeError} if an operand is not a tensor.
 * @example
 * intersect1d(tensor([3, 1, 3]), tensor([2, 3])) // tensor([3])
 */
export async function intersect1d(x: Tensor, y: Tensor): Promise<Tensor> {
  checkOperands('intersect1d', x, y);
  const { values } = await unique(x);
  return maskedSelect(values, isin(values, y));
}

/**
 * The distinct elements of x that are not in y, in ascending order (NumPy's `setdiff1d`), of x's dtype. Asynchronous, as the
 * shape depends on values, which are read.
 * @throws {TypeError} if an operand is not a tensor.
 * @example
 * setdiff1d(tensor([3, 1, 3]), tensor([2, 3])) // tensor([1])
 */
export async function setdiff1d(x: Tensor, y: Tensor): Promise<Tensor> {
  checkOperands('setdiff1d', x, y);
  const { values } = await unique(x);
  return maskedSelect(values, isin(values, y, { invert: true }));
}

/**
 * The distinct elements that are in one of two tensors alone, in ascending order (NumPy's `setxor1d`). dtypes are promoted.
 * Asynchronous, as the shape depends on values, which are read.
 * @throws {TypeError} if an operand is not a tensor.
 * @example
 * setxor1d(tensor([3, 1, 3]), tensor([2, 3])) // tensor([1, 2])
 */
export async function setxor1d(x: Tensor, y: Tensor): Promise<Tensor> {
  checkOperands('setxor1d', x, y);
  return union1d(await setdiff1d(x, y), await setdiff1d(y, x));
}

function checkOperands(operation: string, x: Tensor, y: Tensor): void {
  checkTensorOperands(operation, [x, y]);
}
