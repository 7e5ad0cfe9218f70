// Triangles of matrices.
import { arange, tensor, where, type DType, type Tensor } from '@thetagrad/core';
import { at, checkInteger, checkOptions, checkTensor, checkTensorOptions } from '@thetagrad/core/backend';
import { checkMinRank } from './tensors.ts';

/** Which triangle. */
export interface TriangleOptions {
  /** The diagonal that bounds the triangle and belongs to it: 0 is the main one, positive ones are above. Default: 0. */
  readonly offset?: number;
}

/**
 * The lower triangles of the matrices in the last two axes: elements above a diagonal become 0 (NumPy's `tril`).
 * @throws {TypeError} if x is not a tensor, or an option is invalid.
 * @throws {RangeError} if x has fewer than 2 axes, or the offset is not an integer.
 * @example
 * tril(tensor([[1, 2], [3, 4]])); // tensor([[1, 0], [3, 4]])
 */
export function tril(x: Tensor, options: TriangleOptions = {}): Tensor {
  return maskTriangle('tril', x, options);
}

/**
 * The upper triangles of the matrices in the last two axes: elements below a diagonal become 0 (NumPy's `triu`).
 * @throws {TypeError} if x is not a tensor, or an option is invalid.
 * @throws {RangeError} if x has fewer than 2 axes, or the offset is not an integer.
 * @example
 * triu(tensor([[1, 2], [3, 4]])); // tensor([[1, 2], [0, 4]])
 */
export function triu(x: Tensor, options: TriangleOptions = {}): Tensor {
  return maskTriangle('triu', x, options);
}

type Side = 'tril' | 'triu';

function maskTriangle(side: Side, x: Tensor, options: TriangleOptions): Tensor {
  checkTensor(side, x);
  checkOptions(side, options, ['offset']);
  checkMinRank(side, x, 2);
  const { offset = 0 } = options;
  checkInteger(side, 'offset', offset);
  const mask = isInTriangle(side, at(x.shape, x.ndim - 2), at(x.shape, x.ndim - 1), offset);
  return where(mask, x, 0).astype(x.dtype);
}

/** Whether each element of a matrix is in the triangle, [rows, columns]. */
function isInTriangle(side: Side, rows: number, columns: number, offset: number): Tensor {
  // Beyond the corners all offsets are the same.
  const diagonal = arange(rows)
    .expandDims(1)
    .add(Math.max(-rows, Math.min(columns, offset)));
  return side === 'tril' ? diagonal.greaterEqual(arange(columns)) : diagonal.lessEqual(arange(columns));
}

/**
 * A matrix [rows, columns] with ones on and below a diagonal and zeros above it (NumPy's `tri`).
 * @param options `columns`. Default: `rows`. `offset`: which diagonal. Default: 0. `dtype`. Default: float32.
 * @throws {TypeError} if an option is invalid.
 * @throws {RangeError} if rows or columns is not an integer ≥ 0, or the offset is not an integer.
 * @example
 * tri(2); // tensor([[1, 0], [1, 1]])
 */
export function tri(
  rows: number,
  options: TriangleOptions & { readonly columns?: number; readonly dtype?: DType } = {},
): Tensor {
  checkTensorOptions('tri', options, 'offset', 'columns');
  const { columns = rows, offset = 0, dtype = 'float32' } = options;
  checkMatrix('tri', rows, columns, offset);
  return isInTriangle('tril', rows, columns, offset).astype(dtype);
}

function checkMatrix(operation: string, rows: number, columns: number, offset: number): void {
  checkInteger(operation, 'rows', rows, { min: 0 });
  checkInteger(operation, 'columns', columns, { min: 0 });
  checkInteger(operation, 'offset', offset);
}

/** What the functions that list the indices of a triangle take. */
export interface TriangleIndicesOptions extends TriangleOptions {
  /** Default: as many as rows. */
  readonly columns?: number;
}

/**
 * The rows and the columns of the elements on and below a diagonal of a matrix, in row-major order: two int32 vectors (NumPy's
 * `tril_indices`).
 * @throws {TypeError} if an option is invalid.
 * @throws {RangeError} if rows or columns is not an integer ≥ 0, or the offset is not an integer.
 * @example
 * trilIndices(2); // [tensor([0, 1, 1], int32), tensor([0, 0, 1], int32)]
 */
export function trilIndices(rows: number, options: TriangleIndicesOptions = {}): [rows: Tensor, columns: Tensor] {
  return listTriangle('trilIndices', rows, options, (row, column, offset) => column <= row + offset);
}

/**
 * The rows and the columns of the elements on and above a diagonal of a matrix, in row-major order: two int32 vectors (NumPy's
 * `triu_indices`).
 * @throws {TypeError} if an option is invalid.
 * @throws {RangeError} if rows or columns is not an integer ≥ 0, or the offset is not an integer.
 * @example
 * triuIndices(2); // [tensor([0, 0, 1], int32), tensor([0, 1, 1], int32)]
 */
export function triuIndices(rows: number, options: TriangleIndicesOptions = {}): [rows: Tensor, columns: Tensor] {
  return listTriangle('triuIndices', rows, options, (row, column, offset) => column >= row + offset);
}

function listTriangle(
  operation: string,
  rows: number,
  options: TriangleIndicesOptions,
  isInside: (row: number, column: number, offset: number) => boolean,
): [Tensor, Tensor] {
  checkOptions(operation, options, ['offset', 'columns']);
  const { columns = rows, offset = 0 } = options;
  checkMatrix(operation, rows, columns, offset);
  const indices: [number[], number[]] = [[], []];
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      if (!isInside(row, column, offset)) continue;
      indices[0].push(row);
      indices[1].push(column);
    }
  }
  return [tensor(Int32Array.from(indices[0])), tensor(Int32Array.from(indices[1]))];
}
