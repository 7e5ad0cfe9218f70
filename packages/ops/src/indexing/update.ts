// Updates of single elements: what scatter, atSet, indexAdd and their kin have in common.
import {
  arange,
  customGradient,
  isFloatingPoint,
  ones,
  promoteTypes,
  type Tensor,
  zeros,
  type DType,
  type Shape,
  type TensorLike,
} from '@thetagrad/core';
import {
  broadcastShapes,
  checkTensor,
  formatShape,
  fromValues,
  sameShape,
  toFloat,
  unknownValue,
} from '@thetagrad/core/backend';

/** How updates of one element are combined, with each other and with the element. */
export type Reduction = 'none' | 'sum' | 'prod' | 'mean' | 'amax' | 'amin';

/** The dtype of the result for elements of a dtype. */
const dtypeOf: Readonly<Record<Reduction, (dtype: DType) => DType>> = {
  none: (dtype) => dtype,
  sum: (dtype) => promoteTypes(dtype, 'int32'),
  prod: (dtype) => promoteTypes(dtype, 'int32'),
  mean: toFloat,
  amax: (dtype) => dtype,
  amin: (dtype) => dtype,
};

/** @throws {TypeError} if a reduction is unknown. */
export function checkReduction(operation: string, reduce: Reduction): void {
  const known = Object.keys(dtypeOf);
  if (!known.includes(reduce)) throw unknownValue(operation, 'reduction', reduce, known.join(', '));
}

/** The place of each element in row-major order, int32 of a shape. */
export function places(shape: Shape): Tensor {
  return arange(shape.reduce((size, length) => size * length, 1)).reshape(shape);
}

interface UpdateOptions {
  readonly reduce: Reduction;
  /** Whether an element is combined with its updates, or replaced by them. Default: true. */
  readonly includeSelf?: boolean;
  /** Whether no element is known to have several updates, which takes no sorting. Default: false. */
  readonly isDistinct?: boolean;
}

/**
 * Updates elements of x.
 * @param positions places of elements, see {@link places}, not negative.
 * @param updates broadcast to the shape of `positions`.
 * @throws {TypeError} if the updates are neither a tensor nor a number, or their dtype does not fit x's.
 * @throws {RangeError} if they do not broadcast to the shape of `positions`.
 */
export function update(
  operation: string,
  x: Tensor,
  positions: Tensor,
  updates: TensorLike,
  { reduce, includeSelf = true, isDistinct = false }: UpdateOptions,
): Tensor {
  const dtype = dtypeOf[reduce](x.dtype);
  const values = fitUpdates(operation, updates, dtype);
  if (!sameShape(broadcastShapes(operation, values.shape, positions.shape), positions.shape)) {
    const [from, to] = [formatShape(values.shape), formatShape(positions.shape)];
    throw new RangeError(`${operation}: updates ${from} do not broadcast to what they update, of shape ${to}`);
  }
  const elements = x.astype(dtype);
  if (positions.size === 0) return elements;
  const all = {
    elements: elements.flatten(),
    positions: positions.flatten(),
    updates: values.broadcastTo(positions.shape).flatten(),
    includeSelf,
  };
  return (isDistinct ? updateOnce(all, reduce) : combinations[reduce](all)).astype(dtype).reshape(x.shape);
}

/**
 * Converts updates to a dtype.
 * @throws {TypeError} if they are neither a tensor nor a number, or of floats for integers, or of integers for bool.
 * @throws {RangeError} if the dtype is int32 and a number is not.
 */
export function fitUpdates(operation: string, updates: TensorLike, dtype: DType): Tensor {
  if (typeof updates === 'number') return fromValues(operation, updates, { dtype });
  checkTensor(`${operation}: the updates`, updates);
  if (promoteTypes(updates.dtype, dtype) === dtype || isFloatingPoint(dtype)) return updates.astype(dtype);
  const fix = `convert them, or what they update, with astype`;
  throw new TypeError(`${operation}: updates of ${updates.dtype} do not fit ${dtype}; ${fix}`);
}

/** Vectors of the elements, and of the updates with their places. */
interface Updates {
  readonly elements: Tensor;
  readonly positions: Tensor;
  readonly updates: Tensor;
  readonly includeSelf: boolean;
}

const combinations: Readonly<Record<Reduction, (all: Updates) => Tensor>> = {
  none: ({ elements, positions, updates }) => {
    const counts = countUpdates(elements, positions);
    return counts.greater(0).where(updates.take(lastsOf(positions.argsort(), counts)), elements);
  },
  sum: ({ elements, positions, updates, includeSelf }) => {
    if (includeSelf) return elements.scatterAdd(positions, updates);
    return replaceUpdated(elements, positions, sumUpdates(elements, positions, updates));
  },
  mean: ({ elements, positions, updates, includeSelf }) => {
    const counts = countUpdates(elements, positions);
    if (includeSelf) return elements.scatterAdd(positions, updates).div(counts.add(1));
    return counts.greater(0).where(sumUpdates(elements, positions, updates).div(counts.maximum(1)), elements);
  },
  prod: ({ elements, positions, updates, includeSelf }) => {
    const counts = countUpdates(elements, positions);
    const order = positions.argsort();
    const products = multiplyRuns(updates.take(order), positions.take(order));
    const combined = products.take(endsOf(counts));
    return counts.greater(0).where(includeSelf ? elements.mul(combined) : combined, elements);
  },
  amax: (all) => extreme(all, false),
  amin: (all) => extreme(all, true),
};

/** Combines an element with its only update. */
const pairs: Readonly<Record<Reduction, (element: Tensor, update: Tensor) => Tensor>> = {
  none: (_element, update) => update,
  sum: (element, update) => element.add(update),
  prod: (element, update) => element.mul(update),
  mean: (element, update) => element.add(update).div(2),
  amax: (element, update) => element.maximum(update),
  amin: (element, update) => element.minimum(update),
};

/** Updates elements that have one update at most. */
function updateOnce({ elements, positions, updates, includeSelf }: Updates, reduce: Reduction): Tensor {
  const numbers = sumUpdates(elements, positions, arange(updates.size));
  const combine = includeSelf ? pairs[reduce] : pairs.none;
  return replaceUpdated(elements, positions, combine(elements, updates.take(numbers)));
}

/** int32: how many updates each element has. */
function countUpdates(elements: Tensor, positions: Tensor): Tensor {
  return sumUpdates(elements, positions, ones([], { dtype: 'int32' }));
}

/** The sum of the updates of each element. */
function sumUpdates({ shape }: Tensor, positions: Tensor, updates: Tensor): Tensor {
  return zeros(shape, { dtype: updates.dtype }).scatterAdd(positions, updates);
}

function replaceUpdated(elements: Tensor, positions: Tensor, values: Tensor): Tensor {
  return countUpdates(elements, positions).greater(0).where(values, elements);
}

/** For each element the place of its last update, among updates in the order of elements. Without any, some place. */
function endsOf(counts: Tensor): Tensor {
  return counts.cumsum().sub(1).maximum(0);
}

/** For each element the number of its last update, given the order that sorts updates by elements. Without any, some number. */
function lastsOf(order: Tensor, counts: Tensor): Tensor {
  return order.take(endsOf(counts));
}

/** The products of values from the start of each run of equal keys on. */
function multiplyRuns(values: Tensor, keys: Tensor): Tensor {
  // Doubles the number of factors in each step (Hillis and Steele, "Data parallel algorithms", 1986).
  let products = values;
  for (let distance = 1; distance < values.size; distance *= 2) {
    const shift = (x: Tensor, fill: number): Tensor => x.slice([[0, x.size - distance]]).pad([[distance, 0]], fill);
    products = keys.equal(shift(keys, -1)).where(products.mul(shift(products, 1)), products);
  }
  return products;
}

/** The largest or smallest among the updates of each element; the gradient is divided evenly among ties. */
function extreme({ elements, positions, updates, includeSelf }: Updates, isMinimum: boolean): Tensor {
  const counts = countUpdates(elements, positions);
  const isUpdated = counts.greater(0);
  return customGradient((x: Tensor, values: Tensor) => {
    // Sorts by value, NaN last, then stably by element, so that the last update of an element is its extreme.
    const byValue = values.argsort(-1, { descending: isMinimum });
    const order = byValue.take(positions.take(byValue).argsort());
    const found = values.take(lastsOf(order, counts));
    const best = isMinimum ? x.minimum(found) : x.maximum(found);
    const value = isUpdated.where(includeSelf ? best.astype(x.dtype) : found, x);
    return {
      value,
      vjp: (cotangent) => {
        const isKept = isUpdated.logicalNot();
        const isOwn = includeSelf ? x.equal(value).logicalOr(isKept) : isKept;
        const isAttained = values.equal(value.take(positions));
        const ties = isOwn.astype('int32').scatterAdd(positions, isAttained.astype('int32'));
        const share = cotangent.strongDiv(ties);
        return [isOwn.where(share, 0), isAttained.where(share.take(positions), 0)];
      },
    };
  })(elements, updates);
}
