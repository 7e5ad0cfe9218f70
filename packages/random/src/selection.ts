// Choices and permutations of elements.
import { arange, random, Tensor, type Key, type Shape } from '@thetagrad/core';
import {
  checkBoolean,
  checkInteger,
  checkKey,
  checkOptions,
  checkShape,
  checkTensor,
  formatShape,
  normalizeAxis,
  sizeOf,
} from '@thetagrad/core/backend';
import { gumbel } from './continuous.ts';
import { categorical } from './discrete.ts';

/** Options of {@link multinomial}. */
export interface MultinomialOptions {
  /** Whether a category may be drawn again. Default: false. */
  readonly replacement?: boolean;
}

/**
 * int32 [..., count]: indices along the last axis, drawn with probabilities proportional to weights (torch's `multinomial`). Without
 * replacement they are different, in the order in which they are drawn; categories of weight 0 come when no others are left.
 * @param weights nonnegative, [..., n].
 * @param count how many are drawn.
 * @param options `replacement`, Default: false.
 * @throws {TypeError} if the key, the weights or an option is of the wrong kind.
 * @throws {RangeError} if the weights are a scalar or empty, or without replacement the count is larger than n.
 * @example
 * multinomial(random.key(1), tensor([0, 3, 0]), 2, { replacement: true }) // tensor([1, 1], int32)
 */
export function multinomial(key: Key, weights: Tensor, count: number, options: MultinomialOptions = {}): Tensor {
  checkOptions('multinomial', options, ['replacement']);
  checkKey('multinomial', key);
  checkTensor('multinomial: the weights', weights);
  const [categories = 0, ...leading] = weights.shape.toReversed();
  if (categories === 0) {
    throw new RangeError(
      `multinomial: weights must have a last axis that is not empty, got shape ${formatShape(weights.shape)}`,
    );
  }
  const { replacement = false } = options;
  checkBoolean('multinomial', 'replacement', replacement);
  checkInteger('multinomial', 'count', count, { min: 0, ...(!replacement && { max: categories }) });
  const logits = weights.log();
  if (replacement) return categorical(key, [...leading.toReversed(), count], logits.expandDims(-2));
  const { dtype } = logits;
  return gumbel(key, weights.shape, { dtype }).add(logits).topk(count).indices;
}

/** Options of {@link choice}. */
export interface ChoiceOptions {
  /** Whether an element may be chosen again. Default: true. */
  readonly replace?: boolean;
  /** Weights of the elements, [n]: probabilities are proportional to them. Default: all equal. */
  readonly p?: Tensor;
  /** The axis along which elements, or slices, are chosen. Default: 0. */
  readonly axis?: number;
}

/**
 * Chooses elements at random, or slices along an axis: NumPy's `Generator.choice`. The shape replaces the axis.
 * @param x a tensor, or a number n for the int32 0, …, n − 1.
 * @param options `replace`, Default: true; `p`, Default: all equal; `axis`, Default: 0.
 * @throws {TypeError} if the key, x, the shape or an option is of the wrong kind.
 * @throws {RangeError} if the axis is out of range, there is nothing to choose from, or without replacement not enough; if p does not have an element for each.
 * @example
 * choice(random.key(1), 3, [3], { replace: false }).sort() // tensor([0, 1, 2], int32)
 */
export function choice(key: Key, x: Tensor | number, shape: Shape, options: ChoiceOptions = {}): Tensor {
  checkOptions('choice', options, ['replace', 'p', 'axis']);
  checkKey('choice', key);
  checkShape('choice', shape);
  const from = source('choice', x);
  const { replace = true, p } = options;
  checkBoolean('choice', 'replace', replace);
  const axis = normalizeAxis('choice', options.axis ?? 0, from.ndim);
  const n = from.shape[axis]!;
  const count = sizeOf(shape);
  if (count > 0 && (replace ? n === 0 : n < count)) {
    throw new RangeError(`choice: cannot choose ${count} of ${n} elements${replace ? '' : ' without replacement'}`);
  }
  if (p !== undefined) checkTensor('choice: p', p);
  if (p && (p.ndim !== 1 || p.shape[0] !== n)) {
    throw new RangeError(`choice: p must have shape [${n}], a weight for each element, got ${formatShape(p.shape)}`);
  }
  if (count === 0) return from.take(arange(0, { dtype: 'int32' }).reshape(shape), axis);
  return from.take(indices(key, { n, count, replace }, p).reshape(shape), axis);
}

/** Indices of chosen elements, [count]. */
function indices(
  key: Key,
  { n, count, replace }: { n: number; count: number; replace: boolean },
  p: Tensor | undefined,
): Tensor {
  if (p) return multinomial(key, p, count, { replacement: replace });
  return replace ? random.integers(key, [count], { high: n }) : random.permutation(key, n).slice([[0, count]]);
}

/** A tensor, or 0, …, n − 1. */
function source(operation: string, x: Tensor | number): Tensor {
  if (x instanceof Tensor) {
    checkTensor(operation, x);
    if (x.ndim === 0)
      throw new RangeError(`${operation}: x must have an axis, got a scalar tensor; pass a number for 0, …, n − 1`);
    return x;
  }
  if (typeof x !== 'number') checkTensor(operation, x);
  checkInteger(operation, 'x', x, { min: 0 });
  return arange(x, { dtype: 'int32' });
}

/**
 * Permutes slices along an axis at random: NumPy's `Generator.permutation`. All slices move as wholes, see {@link permuted}.
 * @param x a tensor, or a number n for the int32 0, …, n − 1.
 * @param axis Default: 0.
 * @throws {TypeError} if the key or x is of the wrong kind.
 * @throws {RangeError} if the axis is out of range.
 * @example
 * permutation(random.key(1), tensor([5, 6, 7])).sort() // tensor([5, 6, 7])
 */
export function permutation(key: Key, x: Tensor | number, axis = 0): Tensor {
  checkKey('permutation', key);
  const from = source('permutation', x);
  const along = normalizeAxis('permutation', axis, from.ndim);
  return from.take(random.permutation(key, from.shape[along]!), along);
}

/**
 * Permutes elements along an axis at random, each line independently: NumPy's `Generator.permuted`.
 * @param axis Default: the last.
 * @throws {TypeError} if the key or x is of the wrong kind.
 * @throws {RangeError} if the axis is out of range.
 * @example
 * permuted(random.key(1), tensor([[1, 2], [3, 4]])).sum(1) // tensor([3, 7])
 */
export function permuted(key: Key, x: Tensor, axis = -1): Tensor {
  checkKey('permuted', key);
  checkTensor('permuted', x);
  const along = normalizeAxis('permuted', axis, x.ndim);
  return x.takeAlongAxis(random.bits(key, x.shape).argsort(along), along);
}
