// Determinants.
import { customGradient, stopGradient, strongMul, type Tensor } from '@thetagrad/core';
import { checkSquare, sizesOf } from './checks.ts';
import { applyLu, paritySign, pivotsOf } from './lu.ts';
import { columnsOf, diagonalMatrix, diagonalOf, identityLike } from './matrices.ts';
import { applyLuSolve } from './solve.ts';
import { singularPartsOf } from './svd.ts';

/**
 * The determinant (NumPy's `linalg.det`), by LU factorization; 1 for matrices [0, 0]. int32 and bool become float32. Its first
 * and second derivatives are right for singular matrices, too, where they are made of minors.
 * @param a [batch…, n, n].
 * @returns [batch…].
 * @throws {TypeError} if a is not a tensor.
 * @throws {RangeError} if a is not square.
 * @example
 * det(tensor([[4, 2], [2, 3]])); // tensor(8)
 */
export function det(a: Tensor): Tensor {
  return determinant(checkSquare('det', a));
}

function determinant(matrix: Tensor): Tensor {
  return customGradient((a: Tensor) => {
    const packed = applyLu(a);
    const diagonal = diagonalOf(columnsOf(packed, 0, sizesOf(a)[0]));
    return {
      value: diagonal.prod(-1).mul(paritySign(pivotsOf(packed))),
      vjp: (cotangent) => [expandToMatrix(cotangent).mul(cofactors(a))],
    };
  })(matrix);
}

/**
 * The cofactors, which are the gradient of the determinant. For a = u · s · vh they are ±u · c · vh, where cᵢ is the product of
 * the other singular values; their derivatives are made of the products of all but two.
 */
function cofactors(matrix: Tensor): Tensor {
  return customGradient((a: Tensor) => {
    const { u, s, vh } = singularPartsOf(a);
    const isSame = identityLike(a).notEqual(0);
    const sign = expandToMatrix(slogdet(u).sign.mul(slogdet(vh).sign));
    const others = isSame.where(1, s.expandDims(-2)).prod(-1);
    return {
      value: sign.mul(u.mul(others.expandDims(-2)).matmul(vh)),
      vjp: (cotangent) => {
        const isEither = isSame.expandDims(-2).logicalOr(isSame.expandDims(-3));
        const pairs = isSame.where(0, isEither.where(1, s.expandDims(-2).expandDims(-2)).prod(-1));
        const x = u.transpose().matmul(cotangent).matmul(vh.transpose());
        const diagonal = pairs.matmul(diagonalOf(x).expandDims(-1)).squeeze(-1);
        return [sign.mul(u.matmul(diagonalMatrix(diagonal).sub(pairs.mul(x.transpose()))).matmul(vh))];
      },
    };
  })(matrix);
}

function expandToMatrix(x: Tensor): Tensor {
  return x.expandDims(-1).expandDims(-1);
}

/**
 * The sign and the logarithm of the magnitude of the determinant (NumPy's `linalg.slogdet`), which do not overflow. For a
 * singular matrix they are 0 and −∞, without a finite gradient; for matrices [0, 0] 1 and 0. int32 and bool become float32.
 * @param a [batch…, n, n].
 * @returns both [batch…].
 * @throws {TypeError} if a is not a tensor.
 * @throws {RangeError} if a is not square.
 * @example
 * slogdet(tensor([[0, 1], [1, 0]])); // { sign: tensor(-1), logabsdet: tensor(0) }
 */
export function slogdet(a: Tensor): { readonly sign: Tensor; readonly logabsdet: Tensor } {
  const matrix = checkSquare('slogdet', a);
  const packed = applyLu(matrix);
  const diagonal = diagonalOf(columnsOf(packed, 0, sizesOf(matrix)[0]));
  const logDeterminant = customGradient((x: Tensor) => ({
    value: diagonal.abs().log().sum(-1),
    vjp: (cotangent) => {
      const attributes = { caller: '', transposed: true };
      return [strongMul(expandToMatrix(cotangent), applyLuSolve(x, packed, identityLike(x), attributes))];
    },
  }));
  const sign = stopGradient(diagonal)
    .sign()
    .prod(-1)
    .mul(paritySign(pivotsOf(packed)));
  return { sign, logabsdet: logDeterminant(matrix) };
}
