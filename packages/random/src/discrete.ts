// Discrete distributions. Results are int32 and have no gradient.
import type { Key, Shape, Tensor, TensorLike } from '@thetagrad/core';
import { checkKey, formatShape, checkTensor, normalizeAxis } from '@thetagrad/core/backend';
import { finite, fraction, nonnegative, positive, prepare } from './arguments.ts';
import { gumbel } from './continuous.ts';
import { drawBinomial, drawLogGamma, drawPoisson } from './routines.ts';
import { openUniform } from './uniform.ts';

/** Probabilities of success of which a first one is certain to come. */
const success = { text: 'a number > 0 and ≤ 1', test: (p: number) => p > 0 && p <= 1 };
const count = { text: 'an integer from 0 to 2^24', test: (n: number) => Number.isInteger(n) && n >= 0 && n <= 2 ** 24 };

/**
 * int32: Poisson distributed numbers, the same on every backend (Knuth; from a rate of 10 on Hörmann 1993, PTRS). Numbers beyond int32
 * are 2³¹ − 1.
 * @param rate the mean, ≥ 0: a number or a tensor that broadcasts to the shape. Where an element is negative or NaN the result is −1.
 * @throws {TypeError} if the key, the shape or the rate is of the wrong kind.
 * @throws {RangeError} if a number is out of range, or a tensor does not broadcast to the shape.
 * @example
 * poisson(random.key(1), [3], 0) // tensor([0, 0, 0], int32)
 */
export function poisson(key: Key, shape: Shape, rate: TensorLike): Tensor {
  const { tensors } = prepare('poisson', [key, shape], { rate: [rate, nonnegative] });
  return drawPoisson(key, tensors[0]!);
}

/**
 * int32: binomially distributed numbers, the same on every backend (Devroye 1986; from a mean of 10 on Hörmann 1993, BTRS).
 * @param n the number of trials, up to 2²⁴: an integer ≥ 0, or a tensor that broadcasts to the shape.
 * @param p the probability of success: a number in [0, 1], or a tensor that broadcasts to the shape. Where an element is out of range
 * the result is −1.
 * @throws {TypeError} if the key, the shape, n or p is of the wrong kind.
 * @throws {RangeError} if a number is out of range, or a tensor does not broadcast to the shape.
 * @example
 * binomial(random.key(1), [3], 5, 1) // tensor([5, 5, 5], int32)
 */
export function binomial(key: Key, shape: Shape, n: TensorLike, p: TensorLike): Tensor {
  const { tensors } = prepare('binomial', [key, shape], { n: [n, count], p: [p, fraction] });
  return drawBinomial(key, tensors[0]!, tensors[1]!);
}

/**
 * int32: numbers of the geometric distribution, the number of trials up to the first success, ≥ 1. Numbers beyond 2³⁰ are 2³⁰.
 * @param p the probability of success: a number in (0, 1], or a tensor that broadcasts to the shape.
 * @throws {TypeError} if the key, the shape or p is of the wrong kind.
 * @throws {RangeError} if a number is out of range, or a tensor does not broadcast to the shape.
 * @example
 * geometric(random.key(1), [3], 1) // tensor([1, 1, 1], int32)
 */
export function geometric(key: Key, shape: Shape, p: TensorLike): Tensor {
  const { tensors, dtype } = prepare('geometric', [key, shape], { p: [p, success] });
  const failures = openUniform(key, shape, dtype).log().div(tensors[0]!.neg().log1p()).floor();
  return failures
    .clip(0, 2 ** 30 - 1)
    .add(1)
    .astype('int32');
}

/**
 * int32: numbers of the negative binomial distribution, the failures before the n-th success: Poisson distributed numbers of gamma
 * distributed rates.
 * @param n the number of successes, > 0, not necessarily an integer: a number or a tensor that broadcasts to the shape.
 * @param p the probability of success: a number in (0, 1], or a tensor that broadcasts to the shape.
 * @throws {TypeError} if the key, the shape, n or p is of the wrong kind.
 * @throws {RangeError} if a number is out of range, or a tensor does not broadcast to the shape.
 * @example
 * negativeBinomial(random.key(1), [3], 2, 1) // tensor([0, 0, 0], int32)
 */
export function negativeBinomial(key: Key, shape: Shape, n: TensorLike, p: TensorLike): Tensor {
  const { tensors } = prepare('negativeBinomial', [key, shape], { n: [n, positive], p: [p, success] });
  const [successes, probability] = tensors as [Tensor, Tensor];
  const [forRates, forCounts] = key.split() as [Key, Key];
  const odds = probability.neg().add(1).div(probability);
  return drawPoisson(forCounts, drawLogGamma(forRates, successes).exp().mul(odds));
}

/**
 * int32: indices of categories, drawn with probabilities proportional to the exponentials of logits (the Gumbel-max trick: Maddison,
 * Tarlow and Minka, NeurIPS 2014).
 * @param shape the shape of the result.
 * @param logits unnormalized log probabilities; −∞ for a category that is never drawn. Its shape without the axis broadcasts to
 * the shape.
 * @param axis the axis of categories. Default: the last.
 * @throws {TypeError} if the key, the shape or logits are of the wrong kind.
 * @throws {RangeError} if the axis is out of range or empty, or the logits do not broadcast to the shape.
 * @example
 * categorical(random.key(1), [2], tensor([-Infinity, 0, -Infinity])) // tensor([1, 1], int32)
 */
export function categorical(key: Key, shape: Shape, logits: Tensor, axis = -1): Tensor {
  checkTensor('categorical: the logits', logits);
  checkKey('categorical', key);
  const from = normalizeAxis('categorical', axis, logits.ndim);
  const last = logits.permute([...logits.shape.keys()].filter((i) => i !== from).concat(from));
  const categories = last.shape.at(-1)!;
  if (categories === 0)
    throw new RangeError(
      `categorical: axis ${axis} of logits must not be empty, got shape ${formatShape(logits.shape)}`,
    );
  const full = [...shape, categories];
  const { tensors, dtype } = prepare('categorical', [key, full], { logits: [last, finite] });
  return gumbel(key, full, { dtype }).add(tensors[0]!).argmax(-1);
}
