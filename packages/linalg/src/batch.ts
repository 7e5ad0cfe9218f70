// Batches of matrices in host memory: reading them, and running an algorithm on each.
import type { TypedArray } from '@thetagrad/core';
import { positions, type Shape, type Strided } from '@thetagrad/core/backend';
import type { StridedMatrix } from './algorithms/cholesky.ts';
import { scaleToRange } from './algorithms/dense.ts';

/** A batch of matrices, or of rows of numbers where `rows` is 1. */
export interface Matrices {
  readonly rows: number;
  readonly columns: number;
  /** The sizes of the leading axes. */
  readonly batch: Shape;
  /** The number of matrices. */
  readonly count: number;
  /** Where a matrix is among the values. */
  at(index: number): StridedMatrix;
  /** Copies a matrix, row-major, to the start of `target`. */
  read(index: number, target: Float64Array): void;
}

/** The length from which a row is faster copied as a whole. */
const longRow = 16;

/** The matrices of an array of at least two axes. */
export function matricesOf({ values, view }: Strided): Matrices {
  const { shape, strides, offset } = view;
  const [rows, columns] = shape.slice(-2) as [number, number];
  const [rowStride, columnStride] = strides.slice(-2) as [number, number];
  const batch = shape.slice(0, -2);
  const starts = positions({ shape: batch, strides: strides.slice(0, -2), offset });
  return {
    rows,
    columns,
    batch,
    count: starts.length,
    at: (index) => ({ values, offset: starts[index]!, rowStride, columnStride }),
    read: (index, target) => {
      for (let i = 0; i < rows; i++) {
        let position = starts[index]! + i * rowStride;
        const end = (i + 1) * columns;
        if (columnStride === 1 && columns >= longRow) {
          target.set(values.subarray(position, position + columns), i * columns);
          continue;
        }
        for (let at = i * columns; at < end; at++, position += columnStride) target[at] = values[position]!;
      }
    },
  };
}

/** The symmetric matrices of the lower triangles of square ones. */
export function symmetricMatricesOf(input: Strided): Matrices {
  const matrices = matricesOf(input);
  const n = matrices.rows;
  return {
    ...matrices,
    read: (index, target) => {
      matrices.read(index, target);
      for (let i = 0; i < n; i++) for (let j = 0; j < i; j++) target[j * n + i] = target[i * n + j]!;
    },
  };
}

/** A matrix that is being computed with, and where its results go. */
export interface Task {
  /** The matrix, row-major, which may be overwritten. */
  readonly matrix: Float64Array;
  /** The results, zeros at first. */
  readonly result: Float64Array;
  /** The number of the matrix in the batch. */
  readonly index: number;
}

/**
 * Runs an algorithm on each matrix of a batch, in double precision. The results of a matrix with elements that are infinite or
 * NaN are NaN.
 */
export function forEachMatrix(output: TypedArray, matrices: Matrices, compute: (task: Task) => void): void {
  const { rows, columns, count } = matrices;
  const matrix = new Float64Array(rows * columns);
  const size = count === 0 ? 0 : output.length / count;
  const result = new Float64Array(size);
  for (let index = 0; index < count; index++) {
    matrices.read(index, matrix);
    if (areFinite(matrix)) {
      result.fill(0);
      compute({ matrix, result, index });
    } else {
      result.fill(NaN);
    }
    output.set(result, index * size);
  }
}

function areFinite(x: Float64Array): boolean {
  // A difference of a number to itself is 0 unless it is infinite or NaN.
  let even = 0;
  let odd = 0;
  let i = 0;
  for (; i + 1 < x.length; i += 2) {
    even += x[i]! - x[i]!;
    odd += x[i + 1]! - x[i + 1]!;
  }
  if (i < x.length) even += x[i]! - x[i]!;
  return even + odd === 0;
}

/**
 * As {@link forEachMatrix}, for results of which parts are proportional to the matrix: it is scaled where its squares are out
 * of range, and these parts are scaled back.
 * @param linear where these parts begin and end among the results.
 */
export function forEachScaledMatrix(
  output: TypedArray,
  matrices: Matrices,
  linear: readonly [start: number, end: number],
  compute: (task: Task) => void,
): void {
  forEachMatrix(output, matrices, (task) => {
    const factor = scaleToRange(task.matrix);
    compute(task);
    if (factor !== 1) for (let i = linear[0]; i < linear[1]; i++) task.result[i]! *= factor;
  });
}

/** Names a matrix in messages: by its index in the batch if there is one. */
export function describeMatrix(batch: Shape, index: number): string {
  if (batch.length === 0) return 'the matrix';
  const position = new Array<number>(batch.length);
  let rest = index;
  for (let axis = batch.length - 1; axis >= 0; axis--) {
    position[axis] = rest % batch[axis]!;
    rest = Math.floor(rest / batch[axis]!);
  }
  return `matrix [${position.join(', ')}] of the batch`;
}
