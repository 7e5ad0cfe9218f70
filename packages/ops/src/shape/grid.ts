// Grids of coordinates, products and combinations.
import { arange, stack, tensor, zeros, type DType, type Tensor } from '@thetagrad/core';
import {
  at,
  checkBoolean,
  checkFunction,
  checkInteger,
  checkOptions,
  checkShape,
  checkTensor,
  checkTensorOptions,
  unknownValue,
  type Shape,
} from '@thetagrad/core/backend';
import { argumentError } from '@thetagrad/core/backend';
import { checkRank, checkTensors } from './tensors.ts';

/**
 * Coordinates of a grid from the coordinates of its axes (NumPy's `meshgrid`): one tensor for each vector, all of the shape of
 * the grid, without copying.
 * @param vectors vectors or scalars.
 * @param options `indexing`: 'ij', where axis i of the grid belongs to vector i, or 'xy', where the first two are exchanged,
 *   so that rows belong to the second vector. Default: 'xy'.
 * @throws {TypeError} if `vectors` is not an array of tensors, or an option is invalid.
 * @throws {RangeError} if it is empty, or a tensor has more than one axis.
 * @example
 * meshgrid([tensor([1, 2]), tensor([3, 4])]); // [tensor([[1, 2], [1, 2]]), tensor([[3, 3], [4, 4]])]
 */
export function meshgrid(vectors: readonly Tensor[], options: { readonly indexing?: 'xy' | 'ij' } = {}): Tensor[] {
  checkOptions('meshgrid', options, ['indexing']);
  const { indexing = 'xy' } = options;
  if (indexing !== 'xy' && indexing !== 'ij') throw unknownValue('meshgrid', 'indexing', indexing, "'xy' or 'ij'");
  return spanGrid('meshgrid', vectors, indexing === 'xy');
}

function spanGrid(operation: string, vectors: readonly Tensor[], exchanges: boolean): Tensor[] {
  checkTensors(operation, vectors);
  const large = vectors.find((vector) => vector.ndim > 1);
  if (large) throw argumentError(operation, 'every tensor', 'a vector or a scalar', large.shape, true);
  const axisOf = (i: number): number => (exchanges && i < 2 && vectors.length > 1 ? 1 - i : i);
  const shape = vectors.map((_, axis) => vectors[axisOf(axis)]!.size);
  return vectors.map((vector, i) =>
    vector.reshape(shape.map((length, axis) => (axis === axisOf(i) ? length : 1))).broadcastTo(shape),
  );
}

/**
 * All combinations of one element from each vector, as rows in lexicographic order (PyTorch's `cartesian_prod`). Of a single
 * vector, the vector itself. dtypes are promoted.
 * @throws {TypeError} if `vectors` is not an array of tensors.
 * @throws {RangeError} if it is empty, or a tensor has more than one axis.
 * @example
 * cartesianProd([tensor([1, 2]), tensor([3, 4])]); // tensor([[1, 3], [1, 4], [2, 3], [2, 4]])
 */
export function cartesianProd(vectors: readonly Tensor[]): Tensor {
  const columns = spanGrid('cartesianProd', vectors, false).map((grid) => grid.reshape([grid.size]));
  return columns.length === 1 ? columns[0]! : stack(columns, 1);
}

/**
 * All combinations of `r` elements of a vector, as rows in the order of positions (PyTorch's `combinations`, Python's
 * `itertools.combinations`).
 * @param options `r`. Default: 2. `withReplacement`: whether an element may be chosen repeatedly. Default: false.
 * @throws {TypeError} if x is not a tensor, or an option is invalid.
 * @throws {RangeError} if x is not a vector, or r is not an integer ≥ 1.
 * @example
 * combinations(tensor([1, 2, 3])); // tensor([[1, 2], [1, 3], [2, 3]])
 */
export function combinations(
  x: Tensor,
  options: { readonly r?: number; readonly withReplacement?: boolean } = {},
): Tensor {
  checkTensor('combinations', x);
  checkOptions('combinations', options, ['r', 'withReplacement']);
  checkRank('combinations', x, 1);
  const { r = 2, withReplacement = false } = options;
  checkBoolean('combinations', 'withReplacement', withReplacement);
  checkInteger('combinations', 'r', r, { min: 1 });
  const n = x.size;
  const indices: number[] = [];
  const choice: number[] = [];
  const choose = (first: number): void => {
    if (choice.length === r) {
      indices.push(...choice);
      return;
    }
    for (let i = first; i < n; i++) {
      choice.push(i);
      choose(withReplacement ? i : i + 1);
      choice.pop();
    }
  };
  choose(0);
  return x.take(tensor(Int32Array.from(indices), { shape: [indices.length / r, r] }));
}

/**
 * The index of each element of an array of a shape, along each axis (NumPy's `indices`): [rank, …shape].
 * @param options `dtype`. Default: int32.
 * @throws {TypeError} if the shape or an option is invalid.
 * @example
 * indices([2, 2]); // tensor([[[0, 0], [1, 1]], [[0, 1], [0, 1]]], int32)
 */
export function indices(shape: Shape, options: { readonly dtype?: DType } = {}): Tensor {
  checkShape('indices', shape);
  checkTensorOptions('indices', options);
  const { dtype = 'int32' } = options;
  return shape.length === 0 ? zeros([0], { dtype }) : stack(coordinates(shape, dtype));
}

/** The index along each axis, broadcast to the shape. */
function coordinates(shape: Shape, dtype: DType): Tensor[] {
  return shape.map((length, axis) =>
    arange(length)
      .astype(dtype)
      .reshape(shape.map((_, i) => (i === axis ? at(shape, axis) : 1)))
      .broadcastTo(shape),
  );
}

/**
 * A tensor from a function of its indices (NumPy's `fromfunction`): `f` is called once, with a tensor for each axis that holds
 * the index of each element along it, of the given shape.
 * @param options `dtype` of the indices. Default: float32.
 * @throws {TypeError} if `f` is not a function that returns a tensor, or the shape or an option is invalid.
 * @example
 * fromfunction((i, j) => i.add(j), [2, 3]); // tensor([[0, 1, 2], [1, 2, 3]])
 */
export function fromfunction(
  f: (...indices: Tensor[]) => Tensor,
  shape: Shape,
  options: { readonly dtype?: DType } = {},
): Tensor {
  checkFunction('fromfunction', f);
  checkShape('fromfunction', shape);
  checkTensorOptions('fromfunction', options);
  const { dtype = 'float32' } = options;
  const result = f(...coordinates(shape, dtype));
  checkTensor('fromfunction: the result of the function', result);
  return result;
}
