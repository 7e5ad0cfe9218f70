// Products of tensors.
import { mul, promoteTypes, type Tensor } from '@thetagrad/core';
import {
  argumentError,
  at,
  broadcastShapes,
  checkInteger,
  checkTensorOperands,
  formatShape,
  normalizeAxes,
  normalizeAxis,
} from '@thetagrad/core/backend';
import { roll } from '../shape/rearrange.ts';
import { checkRank, checkTensors } from '../shape/tensors.ts';
import { arrange, contractPair } from './pair.ts';

/** The axes that {@link tensordot} sums over. */
export type ContractedAxes = number | readonly [first: number | readonly number[], second: number | readonly number[]];

/**
 * Sums products over axes of two tensors (NumPy's `tensordot`). The result has the other axes of x, then those of y. dtypes are
 * promoted; bool becomes int32.
 * @param axes how many: the last ones of x, in order, with the first ones of y; or a pair of axes, or lists of axes, of x and
 *   y. Default: 2.
 * @throws {TypeError} if an operand is not a tensor, or the axes have none of these forms.
 * @throws {RangeError} if an axis is out of range or occurs twice, there are not as many of both, or their sizes differ.
 * @example
 * tensordot(tensor([[1, 2], [3, 4]]), tensor([1, 1]), 1); // tensor([3, 7])
 */
export function tensordot(x: Tensor, y: Tensor, axes: ContractedAxes = 2): Tensor {
  checkTensorOperands('tensordot', [x, y]);
  if (typeof axes === 'number') {
    checkInteger('tensordot', 'axes', axes, { min: 0, max: Math.min(x.ndim, y.ndim) });
    const count = Array.from({ length: axes }, (_, i) => i);
    return contractAxes('tensordot', [x, y], [count.map((i) => x.ndim - axes + i), count]);
  }
  if (!Array.isArray(axes) || axes.length !== 2) {
    throw argumentError('tensordot', 'axes', 'a number, or a pair of axes or lists of axes', axes, Array.isArray(axes));
  }
  const [first, second] = [x, y].map((operand, i) => {
    const list: number | readonly number[] = axes[i]!;
    normalizeAxes('tensordot', list, operand.ndim);
    return (typeof list === 'number' ? [list] : list).map((axis) => normalizeAxis('tensordot', axis, operand.ndim));
  }) as [number[], number[]];
  if (first.length !== second.length) {
    throw argumentError('tensordot', 'axes', 'as many for both operands', axes, true);
  }
  return contractAxes('tensordot', [x, y], [first, second]);
}

function contractAxes(
  operation: string,
  [x, y]: readonly [Tensor, Tensor],
  [first, second]: readonly [readonly number[], readonly number[]],
): Tensor {
  first.forEach((axis, i) => {
    const other = at(second, i);
    if (x.shape[axis] === y.shape[other]) return;
    throw new RangeError(
      `${operation}: axis ${axis} of ${formatShape(x.shape)} (${x.shape[axis]}) must equal axis ${other} of ` +
        `${formatShape(y.shape)} (${y.shape[other]})`,
    );
  });
  // Axes of x are labeled by their numbers; those of y that are summed over by the same, others by numbers behind them.
  const xLabels = x.shape.map((_, axis) => axis);
  const yLabels = y.shape.map((_, axis) => (second.includes(axis) ? at(first, second.indexOf(axis)) : x.ndim + axis));
  const output = [...xLabels.filter((axis) => !first.includes(axis)), ...yLabels.filter((label) => label >= x.ndim)];
  return arrange(contractPair({ x, labels: xLabels }, { x: y, labels: yLabels }, new Set(output)), output);
}

/**
 * The dot product (NumPy's `dot`): sums products over the last axis of x and the only or last but one of y. The result has the
 * other axes of x, then those of y: leading axes are not batches, unlike in `matmul`. Scalars multiply. dtypes are promoted;
 * bool becomes int32.
 * @throws {TypeError} if an operand is not a tensor.
 * @throws {RangeError} if the sizes of the axes differ.
 * @example
 * dot(tensor([1, 2]), tensor([3, 4])); // tensor(11)
 */
export function dot(x: Tensor, y: Tensor): Tensor {
  checkTensorOperands('dot', [x, y]);
  if (x.ndim === 0 || y.ndim === 0) return mul(x, y);
  return contractAxes('dot', [x, y], [[x.ndim - 1], [Math.max(0, y.ndim - 2)]]);
}

/**
 * The inner product (NumPy's `inner`): sums products over the last axes. The result has the other axes of x, then those of y.
 * Scalars multiply. dtypes are promoted; bool becomes int32.
 * @throws {TypeError} if an operand is not a tensor.
 * @throws {RangeError} if the sizes of the last axes differ.
 * @example
 * inner(tensor([[1, 2], [3, 4]]), tensor([1, 1])); // tensor([3, 7])
 */
export function inner(x: Tensor, y: Tensor): Tensor {
  checkTensorOperands('inner', [x, y]);
  if (x.ndim === 0 || y.ndim === 0) return mul(x, y);
  return contractAxes('inner', [x, y], [[x.ndim - 1], [y.ndim - 1]]);
}

/**
 * The products of all elements of x with all elements of y, [x.size, y.size] (NumPy's `outer`). dtypes are promoted; bool
 * becomes int32.
 * @throws {TypeError} if an operand is not a tensor.
 * @example
 * outer(tensor([1, 2]), tensor([3, 4])); // tensor([[3, 4], [6, 8]])
 */
export function outer(x: Tensor, y: Tensor): Tensor {
  checkTensorOperands('outer', [x, y]);
  return x.reshape([x.size, 1]).mul(y.reshape([1, y.size]));
}

/**
 * The dot products of vectors along an axis of both operands, which broadcast (NumPy's `vecdot`). dtypes are promoted; bool
 * becomes int32.
 * @param axis of the broadcast operands. Default: −1.
 * @throws {TypeError} if an operand is not a tensor.
 * @throws {RangeError} if an operand is a scalar, the axis is out of range, sizes along it differ, or other axes do not
 *   broadcast.
 * @example
 * vecdot(tensor([[1, 2], [3, 4]]), tensor([1, 1])); // tensor([3, 7])
 */
export function vecdot(x: Tensor, y: Tensor, axis = -1): Tensor {
  const { left, right, axisIndex } = alignVectors('vecdot', x, y, axis);
  if (left.shape[axisIndex] !== right.shape[axisIndex]) {
    throw new RangeError(
      `vecdot: vectors must be equally long, got ${left.shape[axisIndex]} and ${right.shape[axisIndex]} elements along axis ${axisIndex}`,
    );
  }
  return left.mul(right).sum(axisIndex);
}

/** Gives both operands the same rank, and normalizes the axis. */
function alignVectors(
  operation: string,
  x: Tensor,
  y: Tensor,
  axis: number,
): { readonly left: Tensor; readonly right: Tensor; readonly axisIndex: number } {
  checkTensorOperands(operation, [x, y]);
  for (const operand of [x, y]) {
    if (operand.ndim === 0) throw new RangeError(`${operation}: operands need at least one axis; use mul for scalars`);
  }
  broadcastShapes(operation, x.shape, y.shape);
  const rank = Math.max(x.ndim, y.ndim);
  const [left, right] = [x, y].map((operand) =>
    operand.reshape([...Array.from({ length: rank - operand.ndim }, () => 1), ...operand.shape]),
  ) as [Tensor, Tensor];
  return { left, right, axisIndex: normalizeAxis(operation, axis, rank) };
}

/**
 * The dot product of all elements (NumPy's `vdot`), a scalar. dtypes are promoted; bool becomes int32.
 * @throws {TypeError} if an operand is not a tensor.
 * @throws {RangeError} if the numbers of elements differ.
 * @example
 * vdot(tensor([[1, 2], [3, 4]]), tensor([[1, 1], [1, 1]])); // tensor(10)
 */
export function vdot(x: Tensor, y: Tensor): Tensor {
  checkTensorOperands('vdot', [x, y]);
  if (x.size !== y.size) {
    const shapes = `${formatShape(x.shape)} and ${formatShape(y.shape)}`;
    throw new RangeError(`vdot: operands must have equally many elements, got shapes ${shapes}`);
  }
  return x
    .reshape([x.size])
    .mul(y.reshape([y.size]))
    .sum();
}

/**
 * The cross product of vectors of three elements along an axis of both operands, which broadcast (NumPy's `cross`). dtypes are
 * promoted; bool becomes int32.
 * @param axis of the broadcast operands. Default: −1.
 * @throws {TypeError} if an operand is not a tensor.
 * @throws {RangeError} if vectors do not have three elements, the axis is out of range, or other axes do not broadcast.
 * @example
 * cross(tensor([1, 0, 0]), tensor([0, 1, 0])); // tensor([0, 0, 1])
 */
export function cross(x: Tensor, y: Tensor, axis = -1): Tensor {
  const { left, right, axisIndex } = alignVectors('cross', x, y, axis);
  if (left.shape[axisIndex] !== 3 || right.shape[axisIndex] !== 3) {
    throw new RangeError(
      `cross: axis ${axisIndex} of both operands must have size 3, got ${formatShape(left.shape)} and ${formatShape(right.shape)}`,
    );
  }
  // Element i of the difference is x[i] y[i + 1] − y[i] x[i + 1], which is element i − 1 of the product.
  const difference = left.mul(roll(right, -1, axisIndex)).sub(right.mul(roll(left, -1, axisIndex)));
  return roll(difference, -1, axisIndex);
}

/**
 * The Kronecker product (NumPy's `kron`): y multiplied by each element of x, as blocks. Missing leading axes have size 1.
 * dtypes are promoted; bool becomes int32.
 * @throws {TypeError} if an operand is not a tensor.
 * @example
 * kron(tensor([1, 10]), tensor([1, 2])); // tensor([ 1, 2, 10, 20])
 */
export function kron(x: Tensor, y: Tensor): Tensor {
  checkTensorOperands('kron', [x, y]);
  const rank = Math.max(x.ndim, y.ndim);
  const [blocks, elements] = [x, y].map(({ shape }) => [
    ...Array.from({ length: rank - shape.length }, () => 1),
    ...shape,
  ]) as [number[], number[]];
  return x
    .reshape(blocks.flatMap((length) => [length, 1]))
    .mul(y.reshape(elements.flatMap((length) => [1, length])))
    .reshape(blocks.map((length, axis) => length * at(elements, axis)));
}

/**
 * The product of a chain of matrices (NumPy's `multi_dot`), multiplied in the order that needs the fewest multiplications. The
 * first may be a vector, which is a row, and the last one, which is a column; their axes are removed from the result. dtypes
 * are promoted; bool becomes int32.
 * @throws {TypeError} if `tensors` is not an array of tensors.
 * @throws {RangeError} if it is empty, a tensor is not a matrix, or inner sizes differ.
 * @example
 * multiDot([tensor([[1, 2], [3, 4]]), tensor([[1, 0], [0, 2]]), tensor([1, 1])]); // tensor([ 5, 11])
 */
export function multiDot(tensors: readonly Tensor[]): Tensor {
  checkTensors('multiDot', tensors);
  const count = tensors.length;
  const isVector = (i: number): boolean => (i === 0 || i === count - 1) && tensors[i]?.ndim === 1;
  tensors.forEach((x, i) => isVector(i) || checkRank('multiDot', x, 2));
  const dtype = tensors.map((x) => x.dtype).reduce(promoteTypes, 'int32');
  if (count === 1) return tensors[0]!.astype(dtype);
  const matrices = tensors.map((x, i) => (isVector(i) ? x.expandDims(i === 0 ? 0 : 1) : x).astype(dtype));
  matrices.slice(1).forEach((matrix, i) => {
    const before = matrices[i]!;
    if (before.shape[1] === matrix.shape[0]) return;
    throw new RangeError(
      `multiDot: inner sizes of tensors ${i} and ${i + 1} differ: ${formatShape(before.shape)} · ${formatShape(matrix.shape)}`,
    );
  });
  const splits = splitChain([...matrices.map((matrix) => at(matrix.shape, 0)), at(matrices[count - 1]!.shape, 1)]);
  const multiply = (from: number, to: number): Tensor => {
    if (from === to) return matrices[from]!;
    const middle = splits[from]![to]!;
    return multiply(from, middle).matmul(multiply(middle + 1, to));
  };
  const product = multiply(0, count - 1);
  return product.reshape(product.shape.filter((_, axis) => !isVector(axis === 0 ? 0 : count - 1)));
}

/**
 * For each range of a chain whose matrix i is [sizes[i], sizes[i + 1]], the matrix after which to split it, by dynamic
 * programming.
 */
function splitChain(sizes: readonly number[]): number[][] {
  const count = sizes.length - 1;
  const [costs, splits] = [0, 1].map(() => Array.from({ length: count }, () => new Array<number>(count).fill(0))) as [
    number[][],
    number[][],
  ];
  for (let length = 1; length < count; length++) {
    for (let from = 0; from + length < count; from++) {
      const to = from + length;
      costs[from]![to] = Infinity;
      for (let middle = from; middle < to; middle++) {
        const product = at(sizes, from) * at(sizes, middle + 1) * at(sizes, to + 1);
        const cost = costs[from]![middle]! + costs[middle + 1]![to]! + product;
        if (cost >= costs[from]![to]!) continue;
        costs[from]![to] = cost;
        splits[from]![to] = middle;
      }
    }
  }
  return splits;
}
