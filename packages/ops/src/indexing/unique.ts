// Distinct elements. The shape of the results depends on values, so these functions are asynchronous.
import { tensor, type Tensor, type TypedArray } from '@thetagrad/core';
import { checkBoolean, checkOptions, checkTensor, normalizeLineAxis } from '@thetagrad/core/backend';

export interface UniqueOptions {
  /** Whether all NaN count as one element. Default: true. */
  readonly equalNan?: boolean;
}

/** Distinct elements, and where they are (NumPy's `unique_all`). */
export interface Unique {
  /** The distinct elements, or slices, of x's dtype. Differentiable. */
  readonly values: Tensor;
  /** int32: the index of the first occurrence of each. */
  readonly indices: Tensor;
  /** int32: for each element of x, in its shape, or for each slice, the index of its value. */
  readonly inverse: Tensor;
  /** int32: how often each occurs. */
  readonly counts: Tensor;
}

/**
 * The distinct elements of x in ascending order, NaN last, with their first indices, the indices that restore x, and counts
 * (NumPy's `unique` with all of its results). Asynchronous, as the shape depends on the values of x, which are read.
 * @param axis the axis whose slices are compared, in lexicographic order. Default: elements of the flattened tensor are.
 * @throws {TypeError} if x is not a tensor or an option is unknown.
 * @throws {RangeError} if the axis is out of range.
 * @example
 * unique(tensor([3, 1, 3])).then(({ values }) => values) // tensor([1, 3])
 */
export async function unique(x: Tensor, axis?: number, options: UniqueOptions = {}): Promise<Unique> {
  const lines = await readLines('unique', x, axis, options);
  const { vector } = lines;
  return group(
    lines,
    vector ? await vector.argsort().data() : countTo(lines.count).sort((i, j) => lines.compare(i, j)),
  );
}

/**
 * The first elements of each run of equal elements of x, in x's order, with their indices, the indices that restore x, and the
 * lengths of the runs (PyTorch's `unique_consecutive`). Asynchronous, as the shape depends on the values of x, which are read.
 * @param axis the axis whose slices are compared. Default: elements of the flattened tensor are.
 * @throws {TypeError} if x is not a tensor or an option is unknown.
 * @throws {RangeError} if the axis is out of range.
 * @example
 * uniqueConsecutive(tensor([1, 1, 2, 1])).then(({ values }) => values) // tensor([1, 2, 1])
 */
export async function uniqueConsecutive(x: Tensor, axis?: number, options: UniqueOptions = {}): Promise<Unique> {
  const lines = await readLines('uniqueConsecutive', x, axis, options);
  return group(lines, countTo(lines.count));
}

function countTo(length: number): number[] {
  return Array.from({ length }, (_, i) => i);
}

/** Elements, or slices, that are compared. */
interface Lines {
  readonly count: number;
  /** The elements, if no slices are compared. */
  readonly vector: Tensor | undefined;
  /** Takes lines by their indices. */
  readonly take: (indices: Int32Array) => Tensor;
  /** Less than 0 if line i comes before line j, 0 if they are equal. */
  readonly compare: (i: number, j: number) => number;
  readonly inverseShape: readonly number[];
}

async function readLines(
  operation: string,
  x: Tensor,
  axis: number | undefined,
  options: UniqueOptions,
): Promise<Lines> {
  checkTensor(operation, x);
  checkOptions(operation, options, ['equalNan']);
  const { equalNan = true } = options;
  checkBoolean(operation, 'equalNan', equalNan);
  const along = axis === undefined ? 0 : normalizeLineAxis(operation, axis, x.ndim);
  const lines = axis === undefined || x.ndim === 0 ? x.flatten() : x;
  const others = lines.shape.map((_, i) => i).filter((i) => i !== along);
  const values = await lines.permute([along, ...others]).data();
  const [count = 0] = lines.shape.slice(along);
  const length = count === 0 ? 0 : values.length / count;
  return {
    count,
    vector: others.length === 0 ? lines : undefined,
    take: (indices) => lines.take(indices, along),
    compare: (i, j) => compareLines(values, length, i, j, equalNan),
    inverseShape: axis === undefined ? x.shape : [count],
  };
}

function compareLines(values: TypedArray, length: number, i: number, j: number, equalNan: boolean): number {
  for (let k = 0; k < length; k++) {
    const [a = 0, b = 0] = [values[i * length + k], values[j * length + k]];
    if (a === b) continue;
    const [isNaNA, isNaNB] = [Number.isNaN(a), Number.isNaN(b)];
    if (!isNaNA && !isNaNB) return a - b < 0 ? -1 : 1;
    if (isNaNA !== isNaNB) return isNaNA ? 1 : -1;
    if (!equalNan && i !== j) return i - j;
  }
  return 0;
}

/** Groups lines that are next to each other in an order and equal. */
function group({ count, take, compare, inverseShape }: Lines, order: Iterable<number>): Unique {
  const indices: number[] = [];
  const counts: number[] = [];
  const inverse = new Int32Array(count);
  let previous: number | undefined;
  for (const line of order) {
    if (previous === undefined || compare(previous, line) !== 0) {
      indices.push(line);
      counts.push(0);
    }
    inverse[line] = indices.length - 1;
    counts.push((counts.pop() ?? 0) + 1);
    previous = line;
  }
  const firsts = Int32Array.from(indices);
  return {
    values: take(firsts),
    indices: tensor(firsts),
    inverse: tensor(inverse, { shape: inverseShape }),
    counts: tensor(Int32Array.from(counts)),
  };
}
