import { arange, type Key, promoteTypes, type Shape, Tensor } from '@thetagrad/core';
import {
  argumentError,
  broadcastShapes,
  checkBoolean,
  checkFraction,
  checkOptions,
  checkTensor,
  formatShape,
  formatShapes,
  sameShape,
} from '@thetagrad/core/backend';
import { dropout } from './dropout.ts';

export interface ScaledDotProductAttentionOptions {
  /**
   * Broadcasts to [..., L, S]. bool: which keys each query attends to. Floating point: what is added to the products, −∞ for keys
   * that a query does not attend to. Default: all keys.
   */
  readonly attnMask?: Tensor | undefined;
  /** Whether query i attends to keys 0 to i alone, besides a mask. Default: false. */
  readonly isCausal?: boolean;
  /** The factor of the products. Default: 1 / √E. */
  readonly scale?: number | undefined;
  /** The probability with which a weight is dropped; needs a key. Default: 0. */
  readonly dropoutP?: number;
  /** The random key of the dropout. */
  readonly key?: Key | undefined;
  /** Whether keys and values may have fewer heads, axis −3, each for several heads of the queries. Default: false. */
  readonly enableGqa?: boolean;
}

/**
 * Attention, softmax(query · keyᵀ · scale) · value (Vaswani et al., NeurIPS 2017, equation 1). A query that attends to no key gives
 * zeros, with gradients of zero. int32 and bool become float32.
 * @param query [..., L, E]
 * @param keys [..., S, E]
 * @param value [..., S, D]
 * @returns [..., L, D]; the other axes broadcast
 * @throws {TypeError} if an operand is not a tensor, or an option is of the wrong kind.
 * @throws {RangeError} if the shapes do not fit, or an option is out of range.
 */
export function scaledDotProductAttention(
  query: Tensor,
  keys: Tensor,
  value: Tensor,
  options: ScaledDotProductAttentionOptions = {},
): Tensor {
  const operation = 'scaledDotProductAttention';
  for (const x of [query, keys, value]) checkTensor(operation, x);
  checkOptions(operation, options, ['attnMask', 'isCausal', 'scale', 'dropoutP', 'key', 'enableGqa']);
  const { attnMask, isCausal = false, dropoutP = 0, key, enableGqa = false } = options;
  checkBoolean(operation, 'isCausal', isCausal);
  checkBoolean(operation, 'enableGqa', enableGqa);
  checkFraction(operation, 'dropoutP', dropoutP);
  const dtype = promoteTypes(promoteTypes(query.dtype, keys.dtype), promoteTypes(value.dtype, 'float32'));
  const heads = enableGqa ? query.shape.at(-3) : undefined;
  const [k, v] = [repeatHeads(operation, keys, heads), repeatHeads(operation, value, heads)];
  const [length, features] = [query.shape.at(-2), query.shape.at(-1)];
  const size = k.shape.at(-2);
  if (length === undefined || features !== k.shape.at(-1) || size === undefined || size !== v.shape.at(-2)) {
    const shapes = formatShapes([query, keys, value]);
    throw new RangeError(
      `${operation}: query, keys and value must be [..., L, E], [..., S, E] and [..., S, D], got ${shapes}`,
    );
  }
  const outer = (x: Tensor): Shape => x.shape.slice(0, -2);
  const axes = `${operation}: axes before the last two`;
  broadcastShapes(axes, broadcastShapes(axes, outer(query), outer(k)), outer(v));
  const { scale = 1 / Math.sqrt(features!) } = options;
  if (typeof scale !== 'number') throw argumentError(operation, 'scale', 'a number', scale);
  if (dropoutP > 0 && key === undefined) {
    throw new TypeError(`${operation}: dropoutP needs a key, as from random.key(seed)`);
  }
  const products = query.astype(dtype).mul(scale).matmul(k.astype(dtype).transpose());
  if (attnMask !== undefined) checkMask(operation, attnMask, products.shape);
  const weights = toWeights(products, attnMask ? [attnMask] : [], isCausal);
  return (key === undefined ? weights : dropout(key, weights, { p: dropoutP })).matmul(v.astype(dtype));
}

/**
 * Attention of each query to keys: softmax of their products [..., L, S], with masks as in
 * {@link ScaledDotProductAttentionOptions}. All are 0 where there is none.
 */
export function toWeights(products: Tensor, masks: readonly Tensor[], isCausal: boolean): Tensor {
  const [length, size] = products.shape.slice(-2) as [number, number];
  const attended = masks.map((mask) => (mask.dtype === 'bool' ? mask : mask.notEqual(-Infinity)));
  if (isCausal) attended.push(arange(size).lessEqual(arange(length).expandDims(1)));
  // What is not attended to adds 0, as the gradient of −∞ − max is not a number.
  const scores = masks.reduce(
    (sum, mask, i) => (mask.dtype === 'bool' ? sum : sum.add(attended[i]!.where(mask, 0).astype(products.dtype))),
    products,
  );
  return scores.softmax(-1, {
    where: attended.length > 0 ? attended.reduce((all, each) => all.logicalAnd(each)) : undefined,
  });
}

function checkMask(operation: string, mask: Tensor, shape: Shape): void {
  checkMaskType(operation, 'attnMask', mask);
  if (sameShape(broadcastShapes(`${operation}: attnMask`, mask.shape, shape), shape)) return;
  throw new RangeError(`${operation}: attnMask ${formatShape(mask.shape)} does not broadcast to ${formatShape(shape)}`);
}

/** @throws {TypeError} if a mask is not a tensor of bool or floating point. */
export function checkMaskType(operation: string, name: string, mask: Tensor): void {
  if (!(mask instanceof Tensor))
    throw argumentError(operation, name, 'a tensor of bool or floating point', mask, false);
  if (mask.dtype !== 'int32') return;
  throw new TypeError(
    `${operation}: ${name} must be a tensor of bool or floating point, got int32; convert with astype('bool')`,
  );
}

/** Repeats each of the heads, axis −3, so that there are as many as of the queries. */
function repeatHeads(operation: string, x: Tensor, heads: number | undefined): Tensor {
  const own = x.shape.at(-3);
  if (heads === undefined || own === undefined || own === heads) return x;
  if (own === 0 || heads % own !== 0) {
    throw new RangeError(
      `${operation}: ${own} heads of ${formatShape(x.shape)} do not divide ${heads} heads of the queries`,
    );
  }
  const [outer, inner] = [x.shape.slice(0, -3), x.shape.slice(-2)];
  return x
    .expandDims(-3)
    .broadcastTo([...outer, own, heads / own, ...inner])
    .reshape([...outer, heads, ...inner]);
}
