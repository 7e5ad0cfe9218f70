// Pseudoinverses, least squares and ranks: what depends on which singular values count as 0.
import { customGradient, stopGradient, type Tensor } from '@thetagrad/core';
import { checkBoolean, checkNonnegative, checkOptions } from '@thetagrad/core/backend';
import { batchOf, checkMatrix, checkSquare, checkSystem, sizesOf } from './checks.ts';
import { eigh, eigvalsh } from './eigh.ts';
import { epsilonOf, lowerTriangle, symmetricPart } from './matrices.ts';
import { singularPartsOf, svdvals } from './svd.ts';

export interface PinvOptions {
  /**
   * Singular values of at most `rtol` times the largest one count as 0. Default: max(m, n) times the spacing of numbers at 1,
   * which is 2⁻²³ in float32 and 2⁻⁵² in float64.
   */
  readonly rtol?: number;
  /** Whether the matrices are symmetric, so that the lower triangle alone is read. Default: false. */
  readonly hermitian?: boolean;
}

/**
 * The Moore–Penrose pseudoinverse (NumPy's `linalg.pinv`), from the singular values. int32 and bool become float32. The gradient
 * is that among matrices of the same rank (Golub and Pereyra, The differentiation of pseudo-inverses, 1973).
 * @param a [batch…, m, n].
 * @returns [batch…, n, m].
 * @throws {TypeError} if a is not a tensor, or an option is unknown or of the wrong kind.
 * @throws {RangeError} if a has fewer than two axes, is not square although `hermitian`, or `rtol` is negative.
 * @example
 * pinv(tensor([[2, 0], [0, 0]])); // tensor([[0.5, 0.0], [0.0, 0.0]])
 */
export function pinv(a: Tensor, options: PinvOptions = {}): Tensor {
  checkOptions('pinv', options, ['rtol', 'hermitian']);
  const { hermitian = false } = options;
  const matrix = checkHermitian('pinv', a, hermitian);
  const rtol = relativeTolerance('pinv', matrix, options);
  return hermitian ? pseudoinverse(mirror(matrix), rtol, eigenparts) : pseudoinverse(matrix, rtol, singularParts);
}

/** The parts of v · diag(s) · uᵀ, the transpose of a matrix. */
interface Parts {
  readonly u: Tensor;
  readonly s: Tensor;
  readonly v: Tensor;
}

function singularParts(a: Tensor): Parts {
  const { u, s, vh } = singularPartsOf(a);
  return { u, s, v: vh.transpose() };
}

function eigenparts(a: Tensor): Parts {
  const { eigenvalues, eigenvectors } = eigh(a);
  return { u: eigenvectors, s: eigenvalues, v: eigenvectors };
}

function pseudoinverse(a: Tensor, rtol: number, decompose: (a: Tensor) => Parts): Tensor {
  const p: Tensor = customGradient((x: Tensor) => {
    const { u, s, v } = decompose(x);
    const isZero = s.abs().lessEqual(largestOf(s).mul(rtol));
    const inverse = isZero.where(0, isZero.where(1, s).reciprocal());
    return {
      value: v.mul(inverse.expandDims(-2)).matmul(u.transpose()),
      vjp: (cotangent) => {
        const [t, g] = [p.transpose(), cotangent.transpose()];
        const rows = g.sub(x.matmul(p.matmul(g))).matmul(p.matmul(t));
        const columns = t.matmul(p.matmul(g.sub(g.matmul(p).matmul(x))));
        return [rows.add(columns).sub(t.matmul(cotangent).matmul(t))];
      },
    };
  })(a);
  return p;
}

/** The symmetric matrix of a lower triangle, with the gradient of a symmetric matrix. */
function mirror(matrix: Tensor): Tensor {
  return customGradient((a: Tensor) => ({
    value: lowerTriangle(a).add(lowerTriangle(a, -1).transpose()),
    vjp: (cotangent) => [symmetricPart(cotangent)],
  }))(matrix);
}

function checkHermitian(operation: string, a: Tensor, hermitian: boolean): Tensor {
  checkBoolean(operation, 'hermitian', hermitian);
  return hermitian ? checkSquare(operation, a) : checkMatrix(operation, a);
}

/** [batch…, 1]: the largest magnitude of values [batch…, k]; 0 if there are none. */
function largestOf(values: Tensor): Tensor {
  const constant = stopGradient(values).abs();
  return values.shape.at(-1) === 0 ? constant.sum(-1, { keepdims: true }) : constant.max(-1, { keepdims: true });
}

function relativeTolerance(operation: string, a: Tensor, { rtol }: { readonly rtol?: number }): number {
  if (rtol === undefined) return Math.max(...sizesOf(a)) * epsilonOf(a);
  checkNonnegative(operation, 'rtol', rtol);
  return rtol;
}

export interface MatrixRankOptions extends PinvOptions {
  /** Singular values of at most `atol` count as 0, too. Default: 0; with it, that of `rtol` is 0. */
  readonly atol?: number;
}

/**
 * The rank of matrices, int32 (NumPy's `linalg.matrix_rank`): how many singular values are greater than a tolerance.
 * @param a [batch…, m, n].
 * @returns [batch…].
 * @throws {TypeError} if a is not a tensor, or an option is unknown or of the wrong kind.
 * @throws {RangeError} if a has fewer than two axes, is not square although `hermitian`, or a tolerance is negative.
 * @example
 * matrixRank(tensor([[1, 2], [2, 4]])); // tensor(1, int32)
 */
export function matrixRank(a: Tensor, options: MatrixRankOptions = {}): Tensor {
  const operation = 'matrixRank';
  checkOptions(operation, options, ['atol', 'rtol', 'hermitian']);
  const { atol, hermitian = false } = options;
  const matrix = checkHermitian(operation, a, hermitian);
  if (atol !== undefined) checkNonnegative(operation, 'atol', atol);
  const rtol = relativeTolerance(operation, matrix, atol === undefined ? options : { rtol: 0, ...options });
  const values = hermitian ? eigvalsh(matrix).abs() : svdvals(matrix);
  return rankOf(values, rtol, atol);
}

function rankOf(values: Tensor, rtol: number, atol = 0): Tensor {
  return values.greater(largestOf(values).mul(rtol).maximum(atol)).sum(-1);
}

export interface LstsqOptions {
  /** Singular values of at most `rtol` times the largest one count as 0. Default: as of {@link pinv}. */
  readonly rtol?: number;
}

export interface LeastSquares {
  /** x, [batch…, n, k], or [n] for a vector. */
  readonly solution: Tensor;
  /** ‖a · x − b‖², [batch…, k], or a scalar for a vector; also where NumPy's are empty. */
  readonly residuals: Tensor;
  /** int32 [batch…]: the ranks of the matrices. */
  readonly rank: Tensor;
  /** [batch…, min(m, n)]. */
  readonly singularValues: Tensor;
}

/**
 * The least-squares solution x of a · x = b (NumPy's `linalg.lstsq`), from the pseudoinverse: the shortest one if there are
 * several. int32 and bool become float32.
 * @param a [batch…, m, n].
 * @param b [batch…, m, k], or a vector [m]. Batches broadcast.
 * @throws {TypeError} if an operand is not a tensor, or an option is unknown or of the wrong kind.
 * @throws {RangeError} if shapes do not fit, or `rtol` is negative.
 * @example
 * lstsq(tensor([[1, 0], [1, 1], [1, 2]]), tensor([1, 3, 5])).solution; // tensor([1, 2])
 */
export function lstsq(a: Tensor, b: Tensor, options: LstsqOptions = {}): LeastSquares {
  checkOptions('lstsq', options, ['rtol']);
  const matrix = checkMatrix('lstsq', a);
  const system = checkSystem('lstsq', matrix, b);
  const rtol = relativeTolerance('lstsq', system.a, options);
  const operand = matrix.astype(system.a.dtype);
  const solution = pseudoinverse(operand, rtol, singularParts).matmul(system.b);
  const singularValues = svdvals(operand);
  return {
    solution: system.restore(solution),
    residuals: operand.matmul(solution).sub(system.b).square().sum(-2).reshape(residualShape(system.b, b)),
    rank: rankOf(singularValues, rtol),
    singularValues,
  };
}

function residualShape(columns: Tensor, b: Tensor): number[] {
  const [, count] = sizesOf(columns);
  return b.ndim === 1 ? [...batchOf(columns)] : [...batchOf(columns), count];
}
