import { arange, type Key, promoteTypes, Tensor } from '@thetagrad/core';
import {
  argumentError,
  broadcastShapes,
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
  const { scale = 1 / Math.sqrt(features!) } = options;
  if (typeof scale !== 'number') throw argumentError(operation, 'scale', 'a number', scale);
  const products = query.astype(dtype).mul(scale).matmul(k.astype(dtype).transpose());
  const { scores, attended } = applyMask(operation, products, attnMask);
  const causal = isCausal ? arange(size).lessEqual(arange(length).expandDims(1)) : undefined;
  const where = attended && causal ? attended.logicalAnd(causal) : (attended ?? causal);
  const weights = scores.softmax(-1, { where });
  if (dropoutP === 0) return weights.matmul(v.astype(dtype));
  if (key === undefined) throw new TypeError(`${operation}: dropoutP needs a key, as from random.key(seed)`);
  return dropout(key, weights, { p: dropoutP }).matmul(v.astype(dtype));
}

/** Adds a mask of numbers; returns which keys are attended to. */
function applyMask(
  operation: string,
  products: Tensor,
  mask: Tensor | undefined,
): { readonly scores: Tensor; readonly attended: Tensor | undefined } {
  if (mask === undefined) return { scores: products, attended: undefined };
  if (!(mask instanceof Tensor) || mask.dtype === 'int32') {
    const got = mask instanceof Tensor ? mask.dtype : mask;
    throw argumentError(operation, 'attnMask', 'a tensor of bool or floating point', got, false);
  }
  if (!sameShape(broadcastShapes(`${operation}: attnMask`, mask.shape, products.shape), products.shape)) {
    throw new RangeError(
      `${operation}: attnMask ${formatShape(mask.shape)} does not broadcast to ${formatShape(products.shape)}`,
    );
  }
  if (mask.dtype === 'bool') return { scores: products, attended: mask };
  const attended = mask.notEqual(-Infinity);
  return { scores: products.add(attended.where(mask, 0).astype(products.dtype)), attended };
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
