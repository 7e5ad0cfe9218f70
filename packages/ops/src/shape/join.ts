// Operations that join tensors, or bring them to a common shape.
import { concat, Tensor } from '@thetagrad/core';
import {
  argumentError,
  at,
  broadcastShapes as broadcastAll,
  checkShape,
  checkTensor,
  show,
  type Shape,
} from '@thetagrad/core/backend';
import { checkTensors } from './tensors.ts';

/**
 * x with at least one axis (NumPy's `atleast_1d`): a scalar becomes [1].
 * @throws {TypeError} if x is not a tensor.
 * @example
 * atleast1d(tensor(1)); // tensor([1])
 */
export function atleast1d(x: Tensor): Tensor {
  checkTensor('atleast1d', x);
  return x.ndim === 0 ? x.reshape([1]) : x;
}

/**
 * x with at least two axes (NumPy's `atleast_2d`): a vector becomes a row, [1, n].
 * @throws {TypeError} if x is not a tensor.
 * @example
 * atleast2d(tensor([1, 2])); // tensor([[1, 2]])
 */
export function atleast2d(x: Tensor): Tensor {
  checkTensor('atleast2d', x);
  return x.ndim < 2 ? x.reshape([1, x.size]) : x;
}

/**
 * x with at least three axes (NumPy's `atleast_3d`): a vector becomes [1, n, 1], a matrix [m, n, 1].
 * @throws {TypeError} if x is not a tensor.
 * @example
 * atleast3d(tensor([1, 2])); // tensor([[[1], [2]]])
 */
export function atleast3d(x: Tensor): Tensor {
  checkTensor('atleast3d', x);
  if (x.ndim > 2) return x;
  return x.ndim === 2 ? x.expandDims(2) : x.reshape([1, x.size, 1]);
}

/**
 * Joins tensors along axis 1, vectors and scalars along axis 0 (NumPy's `hstack`). dtypes are promoted.
 * @throws {TypeError} if `tensors` is not an array of tensors.
 * @throws {RangeError} if it is empty, or shapes do not fit.
 * @example
 * hstack([tensor([[1], [2]]), tensor([[3], [4]])]); // tensor([[1, 3], [2, 4]])
 */
export function hstack(tensors: readonly Tensor[]): Tensor {
  checkTensors('hstack', tensors);
  const parts = tensors.map(atleast1d);
  return concat(parts, parts[0]?.ndim === 1 ? 0 : 1);
}

/**
 * Joins tensors along axis 0, vectors as rows (NumPy's `vstack`). dtypes are promoted.
 * @throws {TypeError} if `tensors` is not an array of tensors.
 * @throws {RangeError} if it is empty, or shapes do not fit.
 * @example
 * vstack([tensor([1, 2]), tensor([3, 4])]); // tensor([[1, 2], [3, 4]])
 */
export function vstack(tensors: readonly Tensor[]): Tensor {
  checkTensors('vstack', tensors);
  return concat(tensors.map(atleast2d), 0);
}

/**
 * Joins tensors along axis 2, vectors as [1, n, 1] and matrices as [m, n, 1] (NumPy's `dstack`). dtypes are promoted.
 * @throws {TypeError} if `tensors` is not an array of tensors.
 * @throws {RangeError} if it is empty, or shapes do not fit.
 * @example
 * dstack([tensor([1, 2]), tensor([3, 4])]); // tensor([[[1, 3], [2, 4]]])
 */
export function dstack(tensors: readonly Tensor[]): Tensor {
  checkTensors('dstack', tensors);
  return concat(tensors.map(atleast3d), 2);
}

/**
 * Joins tensors along axis 1, vectors as columns (NumPy's `column_stack`). dtypes are promoted.
 * @throws {TypeError} if `tensors` is not an array of tensors.
 * @throws {RangeError} if it is empty, or shapes do not fit.
 * @example
 * columnStack([tensor([1, 2]), tensor([3, 4])]); // tensor([[1, 3], [2, 4]])
 */
export function columnStack(tensors: readonly Tensor[]): Tensor {
  checkTensors('columnStack', tensors);
  const columns = tensors.map((x) => (x.ndim < 2 ? x.reshape([x.size, 1]) : x));
  return concat(columns, 1);
}

/**
 * The shape that all shapes broadcast to (NumPy's `broadcast_shapes`); `[]` of none.
 * @throws {TypeError} if a shape is not an array of numbers.
 * @throws {RangeError} if two sizes of an axis, counted from the end, differ and neither is 1.
 * @example
 * broadcastShapes([2, 1], [3]); // [2, 3]
 */
export function broadcastShapes(...shapes: readonly Shape[]): Shape {
  for (const shape of shapes) checkShape('broadcastShapes', shape);
  return broadcastAll('broadcastShapes', ...shapes);
}

/**
 * Broadcasts tensors to their common shape (PyTorch's `broadcast_tensors`), without copying.
 * @throws {TypeError} if `tensors` is not an array of tensors.
 * @throws {RangeError} if it is empty, or the shapes do not broadcast.
 * @example
 * broadcastTensors([tensor([[1], [2]]), tensor([3, 4])]); // [tensor([[1, 1], [2, 2]]), tensor([[3, 4], [3, 4]])]
 */
export function broadcastTensors(tensors: readonly Tensor[]): Tensor[] {
  checkTensors('broadcastTensors', tensors);
  const shape = broadcastAll('broadcastTensors', ...tensors.map((x) => x.shape));
  return tensors.map((x) => x.broadcastTo(shape));
}

/** A tensor, or nested arrays of tensors that are equally deep everywhere. */
export type Blocks = Tensor | readonly Blocks[];

/**
 * Joins blocks (NumPy's `block`): those of an innermost array along the last axis, the results of the array around it along the
 * last axis but one, and so on. Tensors of fewer axes than that takes get leading axes of size 1. dtypes are promoted.
 * @throws {TypeError} if `blocks` is neither a tensor nor nested arrays of tensors.
 * @throws {RangeError} if an array is empty, tensors are not equally deep, or shapes do not fit.
 * @example
 * block([[tensor([[1]]), tensor([[2]])], [tensor([[3, 4]])]]); // tensor([[1, 2], [3, 4]])
 */
export function block(blocks: Blocks): Tensor {
  const { depth, rank } = measureBlocks(blocks, 1);
  return joinBlocks(blocks, depth, Math.max(depth, rank));
}

/** How deep the tensors are, and the most axes of one. */
function measureBlocks(blocks: Blocks, level: number): { readonly depth: number; readonly rank: number } {
  if (blocks instanceof Tensor) {
    checkTensor('block', blocks);
    return { depth: 0, rank: blocks.ndim };
  }
  if (!Array.isArray(blocks)) {
    throw new TypeError(`block: expected a tensor or nested arrays of tensors, got ${show(blocks)}`);
  }
  if (level > maxDepth) throw new RangeError(`block: arrays are nested deeper than ${maxDepth}, or contain themselves`);
  const parts = (blocks as readonly Blocks[]).map((part) => measureBlocks(part, level + 1));
  const [first] = parts;
  if (!first) throw new RangeError('block: expected at least one tensor in each array, got none');
  const other = parts.find(({ depth }) => depth !== first.depth);
  if (other) {
    const depths = [first.depth, other.depth].map((depth) => depth + level).sort((a, b) => a - b);
    throw new RangeError(`block: expected tensors at the same depth, got them ${depths.join(' and ')} arrays deep`);
  }
  return { depth: first.depth + 1, rank: Math.max(...parts.map((part) => part.rank)) };
}

/** The maximum depth of nested arrays, which is also that of axes. */
const maxDepth = 64;

function joinBlocks(blocks: Blocks, depth: number, rank: number): Tensor {
  if (blocks instanceof Tensor) {
    return blocks.reshape([...Array.from({ length: rank - blocks.ndim }, () => 1), ...blocks.shape]);
  }
  return concat(
    blocks.map((part) => joinBlocks(part, depth - 1, rank)),
    -depth,
  );
}

/**
 * Joins matrices along the diagonal of one matrix, with zeros elsewhere (PyTorch's `block_diag`). Vectors count as rows and
 * scalars as [1, 1]; dtypes are promoted.
 * @throws {TypeError} if `tensors` is not an array of tensors.
 * @throws {RangeError} if it is empty, or a tensor has more than 2 axes.
 * @example
 * blockDiag([tensor([[1, 2]]), tensor(3)]); // tensor([[1, 2, 0], [0, 0, 3]])
 */
export function blockDiag(tensors: readonly Tensor[]): Tensor {
  checkTensors('blockDiag', tensors);
  const blocks = tensors.map(atleast2d);
  const large = blocks.find((block) => block.ndim > 2);
  if (large) throw argumentError('blockDiag', 'every tensor', 'a matrix, vector or scalar', large.shape, true);
  const columns = blocks.reduce((total, block) => total + at(block.shape, 1), 0);
  let before = 0;
  const rows = blocks.map((block) => {
    const width = at(block.shape, 1);
    const padded = block.pad([
      [0, 0],
      [before, columns - before - width],
    ]);
    before += width;
    return padded;
  });
  return concat(rows, 0);
}
