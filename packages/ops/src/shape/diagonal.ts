// Operations between matrices and their diagonals.
import type { Tensor } from '@thetagrad/core';
import { argumentError, at, checkInteger, checkOptions, checkTensor, normalizeAxis } from '@thetagrad/core/backend';
import { moveaxis } from './rearrange.ts';
import { checkMinRank } from './tensors.ts';

export interface DiagonalOptions {
  /** Which diagonal: 0 is the main one, positive numbers are above it, negative ones below. Default: 0. */
  readonly offset?: number;
  /** The axis of the rows. Default: 0, of `diagEmbed` −2. */
  readonly axis1?: number;
  /** The axis of the columns. Default: 1, of `diagEmbed` −1. */
  readonly axis2?: number;
}

/**
 * A diagonal of the matrices in two axes of x (NumPy's `diagonal`). These axes are removed, and the diagonal is the last axis
 * of the result. It is empty if the offset leads out of the matrix.
 * @throws {TypeError} if x is not a tensor, or an option is invalid.
 * @throws {RangeError} if x has fewer than 2 axes, or the axes are not two different ones of x.
 * @example
 * diagonal(tensor([[1, 2], [3, 4]])); // tensor([1, 4])
 */
export function diagonal(x: Tensor, options: DiagonalOptions = {}): Tensor {
  checkTensor('diagonal', x);
  checkOptions('diagonal', options, ['offset', 'axis1', 'axis2']);
  return extractDiagonal('diagonal', x, options);
}

function extractDiagonal(operation: string, x: Tensor, { offset = 0, axis1 = 0, axis2 = 1 }: DiagonalOptions): Tensor {
  checkMinRank(operation, x, 2);
  checkInteger(operation, 'offset', offset);
  const axes = normalizePair(operation, axis1, axis2, x.ndim);
  const matrices = moveaxis(x, axes, [-2, -1]);
  const [rows, columns] = matrices.shape.slice(-2) as [number, number];
  const [firstRow, firstColumn] = [Math.max(0, -offset), Math.max(0, offset)];
  const length = Math.max(0, Math.min(rows - firstRow, columns - firstColumn));
  const batch = matrices.shape.slice(0, -2);
  const start = firstRow * columns + firstColumn;
  const end = start + (length - 1) * (columns + 1) + 1;
  // Neighbors on a diagonal are a row and an element apart.
  return matrices
    .reshape([...batch, rows * columns])
    .slice([...batch.map(() => null), length === 0 ? [0, 0] : [start, end, columns + 1]]);
}

function normalizePair(operation: string, axis1: number, axis2: number, rank: number): [number, number] {
  const axes: [number, number] = [normalizeAxis(operation, axis1, rank), normalizeAxis(operation, axis2, rank)];
  if (axes[0] === axes[1]) throw argumentError(operation, 'axis1 and axis2', 'different', [axis1, axis2], true);
  return axes;
}

/**
 * The sum of a diagonal of the matrices in two axes of x (NumPy's `trace`). bool becomes int32.
 * @throws {TypeError} if x is not a tensor, or an option is invalid.
 * @throws {RangeError} if x has fewer than 2 axes, or the axes are not two different ones of x.
 * @example
 * trace(tensor([[1, 2], [3, 4]])); // tensor(5)
 */
export function trace(x: Tensor, options: DiagonalOptions = {}): Tensor {
  checkTensor('trace', x);
  checkOptions('trace', options, ['offset', 'axis1', 'axis2']);
  return extractDiagonal('trace', x, options).sum(-1);
}

/**
 * Puts the last axis of x on a diagonal of square matrices, with zeros elsewhere (PyTorch's `diag_embed`).
 * @param options `offset`: which diagonal; matrices are as large as it needs. Default: 0. `axis1`, `axis2`: where the axes of
 *   rows and columns are in the result. Default: −2 and −1.
 * @throws {TypeError} if x is not a tensor, or an option is invalid.
 * @throws {RangeError} if x is a scalar, or the axes are not two different ones of the result.
 * @example
 * diagEmbed(tensor([[1, 2], [3, 4]])); // tensor([[[1, 0], [0, 2]], [[3, 0], [0, 4]]])
 */
export function diagEmbed(x: Tensor, options: DiagonalOptions = {}): Tensor {
  checkTensor('diagEmbed', x);
  checkOptions('diagEmbed', options, ['offset', 'axis1', 'axis2']);
  const { offset = 0, axis1 = -2, axis2 = -1 } = options;
  checkMinRank('diagEmbed', x, 1);
  checkInteger('diagEmbed', 'offset', offset);
  return moveaxis(embed(x, offset), [-2, -1], normalizePair('diagEmbed', axis1, axis2, x.ndim + 1));
}

function embed(x: Tensor, offset: number): Tensor {
  const batch = x.shape.slice(0, -1);
  const length = at(x.shape, x.ndim - 1);
  const size = length + Math.abs(offset);
  const start = offset >= 0 ? offset : -offset * size;
  const none = batch.map(() => [0, 0] as const);
  // A row and an element apart: followed by `size` zeros each.
  const spread = x
    .expandDims(-1)
    .pad([...none, [0, 0], [0, size]])
    .reshape([...batch, length * (size + 1)]);
  const end = start + length * (size + 1) - size ** 2;
  const padded = spread.pad([...none, [start, Math.max(0, -end)]]);
  return padded.slice([...batch.map(() => null), [0, size ** 2]]).reshape([...batch, size, size]);
}

/**
 * A diagonal of a matrix, or the matrix that has a vector on a diagonal and zeros elsewhere (NumPy's `diag`).
 * @param options `offset`: which diagonal. Default: 0.
 * @throws {TypeError} if x is not a tensor, or an option is invalid.
 * @throws {RangeError} if x does not have 1 or 2 axes.
 * @example
 * diag(tensor([1, 2])); // tensor([[1, 0], [0, 2]])
 * diag(tensor([[1, 2], [3, 4]]), { offset: 1 }); // tensor([2])
 */
export function diag(x: Tensor, options: { readonly offset?: number } = {}): Tensor {
  checkTensor('diag', x);
  checkOptions('diag', options, ['offset']);
  const { offset = 0 } = options;
  checkInteger('diag', 'offset', offset);
  if (x.ndim === 2) return extractDiagonal('diag', x, { offset });
  if (x.ndim === 1) return embed(x, offset);
  throw argumentError('diag', 'the shape', 'that of a vector or a matrix (use diagonal or diagEmbed)', x.shape, true);
}

/**
 * The matrix that has all elements of x, in row-major order, on a diagonal (NumPy's `diagflat`).
 * @param options `offset`: which diagonal. Default: 0.
 * @throws {TypeError} if x is not a tensor, or an option is invalid.
 * @example
 * diagflat(tensor([[1], [2]])); // tensor([[1, 0], [0, 2]])
 */
export function diagflat(x: Tensor, options: { readonly offset?: number } = {}): Tensor {
  checkTensor('diagflat', x);
  checkOptions('diagflat', options, ['offset']);
  const { offset = 0 } = options;
  checkInteger('diagflat', 'offset', offset);
  return embed(x.reshape([x.size]), offset);
}
