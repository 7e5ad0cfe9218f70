// Counts of elements in bins.
import { linspace, ones, promoteTypes, stopGradient, Tensor, tensor, zeros, type DType } from '@thetagrad/core';
import {
  argumentError,
  at,
  checkBoolean,
  checkInteger,
  checkOptions,
  checkTensor,
  describeIndices,
  formatShape,
  sameShape,
  sizeOf,
  toFloat,
} from '@thetagrad/core/backend';
import { search } from '../indexing/search.ts';

export interface BincountOptions {
  /** [elements]: what each element adds to its bin. Default: 1. */
  readonly weights?: Tensor;
}

/**
 * Counts each integer from 0 to length − 1 (NumPy's `bincount`), or adds the weights of its occurrences. int32, or with weights
 * their dtype, where bool becomes int32. The gradient with respect to the weights is that of their bins.
 * @param x int32 [elements].
 * @param length the number of bins, as the shape of the result is known before values are.
 * @throws {TypeError} if x is not int32, or the length is not a number.
 * @throws {RangeError} if x does not have one axis, the weights are not of its shape, the length is not an integer ≥ 0, or, at
 *   evaluation, an element is not from 0 to length − 1.
 * @example
 * bincount(tensor([0, 2, 2], { dtype: 'int32' }), 4); // tensor([1, 0, 2, 0], int32)
 */
export function bincount(x: Tensor, length: number, options: BincountOptions = {}): Tensor {
  checkTensor('bincount', x);
  checkInteger('bincount', 'length', length, { min: 0 });
  checkOptions('bincount', options, ['weights']);
  if (x.dtype !== 'int32')
    throw new TypeError(`bincount: x must be int32, got ${x.dtype}; convert with astype('int32')`);
  const weights = resolveWeights('bincount', x, options.weights);
  if (x.ndim !== 1) throw new RangeError(`bincount: x must have one axis, got ${formatShape(x.shape)}; flatten it`);
  // A negative index would count from the end: length is out of range.
  const indices = describeIndices(
    x.less(0).where(length, x),
    (_index, position) => `bincount: the element at index ${position} is not from 0 to ${length - 1}`,
  );
  return zeros([length], { dtype: weights.dtype }).scatterAdd(indices, weights);
}

function resolveWeights(operation: string, x: Tensor, weights: Tensor | undefined): Tensor {
  if (weights === undefined) return ones(x.shape, { dtype: 'int32' });
  checkTensor(`${operation}: weights`, weights);
  if (sameShape(weights.shape, x.shape)) return weights.dtype === 'bool' ? weights.astype('int32') : weights;
  throw new RangeError(
    `${operation}: weights must have the shape ${formatShape(x.shape)} of x, got ${formatShape(weights.shape)}`,
  );
}

export interface HistogramOptions {
  /** The number of bins of equal width, or a tensor of their increasing edges [bins + 1]. Default: 10. */
  readonly bins?: number | Tensor;
  /** The lower and upper end of bins of equal width. Default: the smallest and largest element. */
  readonly range?: readonly [low: number, high: number];
  /** Of x's shape: what each element adds to its bin. Default: 1. */
  readonly weights?: Tensor;
  /** Whether to divide by the total and the widths of bins, so that the integral is 1. Default: false. */
  readonly density?: boolean;
}

/**
 * Counts elements in bins (NumPy's `histogram`). A bin includes its lower edge, and the last one its upper edge, too; other
 * elements and NaN are left out. Counts are int32; with weights of their dtype; densities floating point. Without a range, bins
 * go from the smallest to the largest element, or half a unit to either side if those are equal; there is no gradient with
 * respect to x.
 * @returns the counts [bins], and the edges of bins [bins + 1].
 * @throws {TypeError | RangeError} if `bins` is not a positive integer or a tensor of at least two edges, or the range is not
 *   two finite numbers, the first below the second.
 * @throws {RangeError} if the weights are not of x's shape, or there are neither elements nor a range.
 * @example
 * histogram(tensor([0, 1, 1, 4]), { bins: 2 }); // { hist: tensor([3, 1], int32), binEdges: tensor([0, 2, 4]) }
 */
export function histogram(
  x: Tensor,
  options: HistogramOptions = {},
): { readonly hist: Tensor; readonly binEdges: Tensor } {
  checkTensor('histogram', x);
  checkOptions('histogram', options, ['bins', 'range', 'weights', 'density']);
  const { density = false } = options;
  checkBoolean('histogram', 'density', density);
  const weights = resolveWeights('histogram', x, options.weights).flatten();
  const values = stopGradient(x.astype(toFloat(x.dtype)).flatten());
  const edges = resolveEdges('histogram', values, options);
  const bins = edges.size - 1;
  const { index, isInside } = findBins(values, edges, !(options.bins instanceof Tensor));
  const zero = zeros([bins], { dtype: weights.dtype });
  const counts = zero.scatterAdd(index, isInside.where(weights, 0));
  if (!density) return { hist: counts, binEdges: edges };
  return { hist: shareOf(counts, edges.dtype).div(widthsOf(edges)), binEdges: edges };
}

export interface HistogramddOptions extends Omit<HistogramOptions, 'bins' | 'range'> {
  /** For all dimensions or for each: the number of bins of equal width, or a tensor of their edges. Default: 10. */
  readonly bins?: number | readonly (number | Tensor)[];
  /** The lower and upper end of bins of equal width for each dimension. Default: the smallest and largest coordinate. */
  readonly range?: readonly (readonly [low: number, high: number])[];
}

/**
 * Counts points in boxes of a grid (NumPy's and PyTorch's `histogramdd`), see {@link histogram}; points outside of it are left
 * out.
 * @param x [points, dimensions].
 * @returns the counts, with an axis for each dimension, and the edges of bins for each dimension.
 * @throws {TypeError | RangeError} as `histogram`, for each dimension.
 * @throws {RangeError} if x does not have two axes, weights are not [points], or there are not as many bins or ranges as
 *   dimensions.
 * @example
 * histogramdd(tensor([[0, 0], [1, 4], [1, 3]]), { bins: 2 }).hist; // tensor([[1, 0], [0, 2]], int32)
 */
export function histogramdd(
  x: Tensor,
  options: HistogramddOptions = {},
): { readonly hist: Tensor; readonly binEdges: Tensor[] } {
  checkTensor('histogramdd', x);
  checkOptions('histogramdd', options, ['bins', 'range', 'weights', 'density']);
  const { density = false } = options;
  checkBoolean('histogramdd', 'density', density);
  const dimensions = x.ndim === 2 ? at(x.shape, 1) : 0;
  if (dimensions === 0) {
    throw new RangeError(`histogramdd: x must be [points, dimensions], got ${formatShape(x.shape)}`);
  }
  const { bins = 10, range } = options;
  if (typeof bins !== 'number') checkEntries('bins', bins, dimensions);
  if (range !== undefined) checkEntries('range', range, dimensions);
  const values = stopGradient(x.astype(toFloat(x.dtype)));
  const columns = Array.from({ length: dimensions }, (_, i) => {
    const coordinates = values.slice([null, i]);
    const ofColumn = typeof bins === 'number' ? bins : bins[i];
    const edges = resolveEdges('histogramdd', coordinates, { bins: ofColumn, range: range?.[i] });
    return { edges, ...findBins(coordinates, edges, !(ofColumn instanceof Tensor)) };
  });
  const shape = columns.map(({ edges }) => edges.size - 1);
  const points = x.slice([null, 0]);
  const weights = resolveWeights('histogramdd', points, options.weights);
  // Row-major indices of boxes.
  const start = zeros(points.shape, { dtype: 'int32' });
  const index = columns.reduce((sum, column) => sum.mul(column.edges.size - 1).add(column.index), start);
  const isInside = columns.map((column) => column.isInside).reduce((all, each) => all.logicalAnd(each));
  const empty = zeros([sizeOf(shape)], { dtype: weights.dtype });
  const counts = empty.scatterAdd(isInside.where(index, 0), isInside.where(weights, 0)).reshape(shape);
  const binEdges = columns.map(({ edges }) => edges);
  if (!density) return { hist: counts, binEdges };
  const widths = binEdges.map((edges, i) => widthsOf(edges).reshape(shape.map((length, j) => (j === i ? length : 1))));
  return { hist: widths.reduce((quotient, each) => quotient.div(each), shareOf(counts, values.dtype)), binEdges };
}

/** Checks a list of options of dimensions. */
function checkEntries(name: string, list: unknown, dimensions: number): void {
  if (Array.isArray(list) && list.length === dimensions) return;
  const expected = `an array with an entry for each of ${dimensions} dimensions`;
  throw argumentError('histogramdd', name, expected, list, Array.isArray(list));
}

/** The share of each count, in a dtype or a wider one. */
function shareOf(counts: Tensor, dtype: DType): Tensor {
  const inFloat = counts.astype(promoteTypes(counts.dtype, dtype));
  return inFloat.div(inFloat.sum());
}

function widthsOf(edges: Tensor): Tensor {
  return edges.slice([[1, edges.size]]).sub(edges.slice([[0, edges.size - 1]]));
}

function resolveEdges(
  operation: string,
  values: Tensor,
  { bins = 10, range }: { readonly bins?: number | Tensor | undefined; readonly range?: readonly number[] | undefined },
): Tensor {
  if (bins instanceof Tensor) {
    checkTensor(`${operation}: bins`, bins);
    if (bins.ndim === 1 && bins.size >= 2) return stopGradient(bins.astype(values.dtype));
    throw new RangeError(`${operation}: bins must be at least two edges in one axis, got ${formatShape(bins.shape)}`);
  }
  checkInteger(operation, 'bins', bins, { min: 1 });
  if (range !== undefined) {
    const isRange = Array.isArray(range) && range.length === 2 && range.every((end) => Number.isFinite(end));
    if (isRange && at(range, 0) < at(range, 1)) {
      return linspace(at(range, 0), at(range, 1), bins + 1, { dtype: values.dtype });
    }
    throw argumentError(
      operation,
      'range',
      'two finite numbers, the first below the second',
      range,
      Array.isArray(range),
    );
  }
  if (values.size === 0)
    throw new RangeError(`${operation}: there are no elements to take the range from; give a range`);
  const [low, high] = [values.min(), values.max()];
  const isPoint = low.equal(high);
  const [start, end] = [isPoint.where(low.sub(0.5), low), isPoint.where(high.add(0.5), high)];
  const fractions = tensor(
    Float64Array.from({ length: bins + 1 }, (_, i) => i / bins),
    { dtype: values.dtype },
  );
  const edges = start.add(end.sub(start).mul(fractions));
  return fractions.equal(1).where(end, edges);
}

/** The bin of each element, and whether it is in any. */
function findBins(
  values: Tensor,
  edges: Tensor,
  areEqual: boolean,
): { readonly index: Tensor; readonly isInside: Tensor } {
  const bins = edges.size - 1;
  const found = areEqual ? findEqualBins(values, edges) : search('histogram', edges, values, true).sub(1);
  const index = values.equal(edges.slice([bins])).where(bins - 1, found);
  const isInside = index.greaterEqual(0).logicalAnd(index.less(bins)).logicalAnd(values.isnan().logicalNot());
  return { index: isInside.where(index, 0), isInside };
}

/** The bin of equal width in which each element is: computed, and corrected by the edges, which are rounded. */
function findEqualBins(values: Tensor, edges: Tensor): Tensor {
  const bins = edges.size - 1;
  const [start, end] = [edges.slice([0]), edges.slice([bins])];
  const estimate = values.sub(start).div(end.sub(start)).mul(bins).floor();
  const index = estimate.clip(0, bins - 1).astype('int32');
  const isBelow = values.less(edges.take(index));
  const isAbove = values.greaterEqual(edges.take(index.add(1)));
  return index.sub(isBelow).add(isAbove);
}
