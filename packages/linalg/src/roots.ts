import { concat, eye, type Tensor } from '@thetagrad/core';
import { checkTensor, formatShape, last, toFloat } from '@thetagrad/core/backend';
import { eigvals } from './eig.ts';

/**
 * The roots of polynomials (NumPy's `roots`), which are complex: the last axis holds real and imaginary parts. They are the
 * eigenvalues of the companion matrix, in the order of `eig`. int32 and bool become float32. The gradient at a multiple root is
 * infinite.
 * @param p [batch…, n + 1], the coefficients, that of the highest power first, which must not be 0.
 * @returns [batch…, n, 2].
 * @throws {TypeError} if p is not a tensor.
 * @throws {RangeError} if there are no coefficients.
 * @example
 * roots(tensor([1, -3, 2])); // tensor([[2, 0], [1, 0]])
 */
export function roots(p: Tensor): Tensor {
  checkTensor('roots', p);
  if (p.ndim === 0 || last(p.shape) === 0) {
    throw new RangeError(
      `roots: expected at least one coefficient on the last axis, got shape ${formatShape(p.shape)}`,
    );
  }
  const coefficients = p.astype(toFloat(p.dtype));
  const degree = last(p.shape) - 1;
  const batch = p.shape.slice(0, -1);
  const [leading, rest] = coefficients.split([1, degree], -1) as [Tensor, Tensor];
  const firstRow = rest.div(leading).neg().expandDims(-2);
  const shifts = eye(degree, { dtype: coefficients.dtype }).slice([[0, Math.max(0, degree - 1)]]);
  return eigvals(
    degree === 0
      ? coefficients.slice([...batch.map(() => null), [0, 0]]).reshape([...batch, 0, 0])
      : concat([firstRow, shifts.broadcastTo([...batch, degree - 1, degree])], -2),
  );
}
