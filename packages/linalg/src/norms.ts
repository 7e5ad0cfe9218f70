// Norms of vectors and matrices, and condition numbers.
import { norm, stopGradient, type Axis, type ReduceOptions, type Tensor } from '@thetagrad/core';
import {
  argumentError,
  checkNonnegative,
  checkOptions,
  checkTensor,
  formatShape,
  normalizeAxes,
  normalizeAxis,
  toFloat,
  unknownValue,
} from '@thetagrad/core/backend';
import { checkMatrix, checkSquare, sizesOf } from './checks.ts';
import { invert } from './solve.ts';
import { svdvals } from './svd.ts';

export interface VectorNormOptions extends ReduceOptions {
  /**
   * The order p of (Σ |x|ᵖ)^(1/p), any number but NaN; Infinity and −Infinity for the largest and the smallest magnitude, 0 for the
   * number of elements other than 0. Default: 2.
   */
  readonly ord?: number;
}

/**
 * The vector norm over axes (NumPy's `linalg.vector_norm`), also where powers are out of the range of the dtype. int32 and bool
 * become float32. All derivatives of orders above 0 at zero are 0.
 * @param axis Default: all axes.
 * @throws {TypeError} if x is not a tensor, an option is unknown, or `ord` is not a number.
 * @throws {RangeError} if an axis is out of range or occurs twice, `ord` is NaN, or there are no elements for ±Infinity.
 * @example
 * vectorNorm(tensor([3, 4, 5]), 0, { ord: 3 }); // tensor(6)
 */
export function vectorNorm(x: Tensor, axis?: Axis, options: VectorNormOptions = {}): Tensor {
  checkTensor('vectorNorm', x);
  checkOptions('vectorNorm', options, ['ord', 'keepdims']);
  const { ord = 2, keepdims = false } = options;
  if (typeof ord !== 'number' || Number.isNaN(ord))
    throw argumentError('vectorNorm', 'ord', 'a number other than NaN', ord);
  return normOf('vectorNorm', x, axis, ord, keepdims);
}

function normOf(operation: string, x: Tensor, axis: Axis | undefined, ord: number, keepdims: boolean): Tensor {
  const axes = normalizeAxes(operation, axis, x.ndim);
  const values = x.astype(toFloat(x.dtype));
  if (ord === 1 || ord === 2 || ord === Infinity) return norm(values, axes, { ord, keepdims });
  const magnitudes = values.abs();
  if (ord === -Infinity) return magnitudes.min(axes, { keepdims });
  if (ord === 0) return values.notEqual(0).astype(values.dtype).sum(axes, { keepdims });
  // Scaled by an extreme magnitude, which cancels, so that powers of the others are at most 1.
  const constant = stopGradient(magnitudes);
  const isEmpty = axes.some((i) => x.shape[i] === 0);
  const ones = magnitudes.sum(axes, { keepdims: true }).mul(0).add(1);
  const extreme = isEmpty
    ? ones
    : ord > 0
      ? constant.max(axes, { keepdims: true })
      : constant.min(axes, { keepdims: true });
  const isUnusable = extreme.equal(0).logicalOr(extreme.isfinite().logicalNot());
  const scale = isUnusable.where(1, extreme);
  const sum = magnitudes.div(scale).pow(ord).sum(axes, { keepdims: true });
  const isZero = sum.equal(0);
  const result = isZero.where(ord > 0 ? 0 : Infinity, isZero.where(1, sum).pow(1 / ord)).mul(scale);
  return keepdims || axes.length === 0 ? result : result.squeeze(axes);
}

/** The order of a matrix norm. */
export type MatrixOrder = 'fro' | 'nuc' | number;

export interface MatrixNormOptions extends ReduceOptions {
  /**
   * 'fro': the root of the sum of squares; 'nuc': the sum of the singular values; 2 and −2: the largest and the smallest singular
   * value; 1 and −1: the largest and the smallest sum of magnitudes of a column; Infinity and −Infinity: of a row. Default: 'fro'.
   */
  readonly ord?: MatrixOrder;
}

/**
 * The norm of matrices (NumPy's `linalg.matrix_norm`). int32 and bool become float32.
 * @param axis the axes of rows and of columns. Default: [−2, −1].
 * @throws {TypeError} if x is not a tensor, or an option or order is unknown.
 * @throws {RangeError} if `axis` is not two different axes of x, or there are no elements to take the largest or smallest of.
 * @example
 * matrixNorm(tensor([[3, 0], [4, 0]])); // tensor(5)
 * matrixNorm(tensor([[1, -2], [3, 4]]), [0, 1], { ord: 1 }); // tensor(6)
 */
export function matrixNorm(
  x: Tensor,
  axis: readonly [number, number] = [-2, -1],
  options: MatrixNormOptions = {},
): Tensor {
  const operation = 'matrixNorm';
  const matrix = checkMatrix(operation, x);
  checkOptions(operation, options, ['ord', 'keepdims']);
  const { ord = 'fro', keepdims = false } = options;
  checkMatrixOrder(operation, 'ord', ord);
  if (!Array.isArray(axis) || axis.length !== 2) {
    throw argumentError(operation, 'axis', 'an array of the two axes of the matrices', axis, Array.isArray(axis));
  }
  normalizeAxes(operation, axis, x.ndim);
  const [row, column] = axis.map((each) => normalizeAxis(operation, each, x.ndim)) as [number, number];
  const batch = x.shape.map((_, i) => i).filter((i) => i !== row && i !== column);
  const result = normOfMatrices(matrix.permute([...batch, row, column]), ord);
  if (!keepdims) return result;
  return result.reshape(x.shape.map((length, i) => (i === row || i === column ? 1 : length)));
}

function checkMatrixOrder(operation: string, name: string, ord: unknown): asserts ord is MatrixOrder {
  if (['fro', 'nuc', 1, -1, 2, -2, Infinity, -Infinity].includes(ord as MatrixOrder)) return;
  throw unknownValue(operation, name, ord, `'fro', 'nuc', 1, -1, 2, -2, Infinity or -Infinity`);
}

/** The norm of matrices in the last two axes. */
function normOfMatrices(x: Tensor, ord: MatrixOrder): Tensor {
  switch (ord) {
    case 'fro':
      return norm(x, [-2, -1]);
    case 'nuc':
      return svdvals(x).sum(-1);
    case 2:
      return svdvals(x).max(-1);
    case -2:
      return svdvals(x).min(-1);
    case 1:
    case -1:
      return extremeOf(x.abs().sum(-2), ord);
    default:
      return extremeOf(x.abs().sum(-1), ord);
  }
}

function extremeOf(sums: Tensor, sign: number): Tensor {
  return sign > 0 ? sums.max(-1) : sums.min(-1);
}

export interface CondOptions {
  /** The norm, as of {@link matrixNorm}; all but 2 and −2 are for square matrices. Default: 2. */
  readonly p?: MatrixOrder;
}

/**
 * The condition number ‖a‖ · ‖a⁻¹‖ of matrices (NumPy's `linalg.cond`), infinite for singular ones: for 2 the largest singular
 * value divided by the smallest. int32 and bool become float32.
 * @param a [batch…, m, n].
 * @returns [batch…].
 * @throws {TypeError} if a is not a tensor, or an option or order is unknown.
 * @throws {RangeError} if a has fewer than two axes or no elements, or is not square where the norm needs it.
 * @example
 * cond(tensor([[2, 0], [0, 0.5]])); // tensor(4)
 */
export function cond(a: Tensor, options: CondOptions = {}): Tensor {
  checkOptions('cond', options, ['p']);
  const { p = 2 } = options;
  checkMatrixOrder('cond', 'p', p);
  const isSpectral = p === 2 || p === -2;
  const matrix = isSpectral ? checkMatrix('cond', a) : checkSquare('cond', a);
  const k = Math.min(...sizesOf(matrix));
  if (k === 0) throw new RangeError(`cond: expected matrices with elements, got shape ${formatShape(a.shape)}`);
  if (isSpectral) {
    const values = svdvals(matrix);
    const [largest, smallest] = [values.max(-1), values.min(-1)];
    return p === 2 ? largest.div(smallest) : smallest.div(largest);
  }
  const product = normOfMatrices(matrix, p).mul(normOfMatrices(invert('', matrix), p));
  // The inverse of a singular matrix has elements that are infinite or NaN.
  const isSingular = product.isnan().logicalAnd(matrix.isnan().any([-2, -1]).logicalNot());
  return isSingular.where(Infinity, product);
}

/**
 * Scales slices along an axis down to a norm (PyTorch's `renorm`): x[…, i, …] · maxnorm / (‖x[…, i, …]‖ + 1e−7) where the norm
 * exceeds `maxnorm`. int32 and bool become float32.
 * @param p the order of the norm, positive or Infinity.
 * @param axis the axis that counts the slices.
 * @param maxnorm ≥ 0.
 * @throws {TypeError} if x is not a tensor or another argument is not a number.
 * @throws {RangeError} if x has fewer than two axes, p is not positive, `maxnorm` is negative, or the axis is out of range.
 * @example
 * renorm(tensor([[3, 4], [1, 0]]), 1, 0, 3.5); // tensor([[1.5, 2.0], [1.0, 0.0]])
 */
export function renorm(x: Tensor, p: number, axis: number, maxnorm: number): Tensor {
  const values = checkMatrix('renorm', x);
  if (!(typeof p === 'number' && p > 0)) throw argumentError('renorm', 'p', 'positive or Infinity', p);
  const axisIndex = normalizeAxis('renorm', axis, x.ndim);
  checkNonnegative('renorm', 'maxnorm', maxnorm);
  const others = x.shape.map((_, i) => i).filter((i) => i !== axisIndex);
  const norms = normOf('renorm', values, others, p, true);
  return values.mul(norms.greater(maxnorm).where(norms.add(1e-7).reciprocal().mul(maxnorm), 1));
}
