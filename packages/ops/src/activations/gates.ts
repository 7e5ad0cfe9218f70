// Smooth activations, most of them x times a gate. strongMul makes them 0 at −∞, where the gate is 0.
import { oneHot, random, stopGradient, strongMul, type Axis, type Key, type Tensor } from '@thetagrad/core';
import {
  at,
  checkBoolean,
  checkKey,
  checkOptions,
  checkPositive,
  formatShape,
  normalizeAxes,
  normalizeAxis,
  normalizeLineAxis,
  unknownValue,
} from '@thetagrad/core/backend';
import { toFloatTensor } from './floating.ts';

export interface GeluOptions {
  /** 'none' for the error function, 'tanh' for its approximation by a hyperbolic tangent. Default: 'none'. */
  readonly approximate?: 'none' | 'tanh';
}

/**
 * The Gaussian error linear unit x · Φ(x), where Φ is the distribution function of the normal distribution (Hendrycks & Gimpel
 * 2016). int32 and bool become float32.
 * @throws {TypeError} if `approximate` is unknown.
 * @example
 * gelu(tensor([-1, 0, 1])); // tensor([-0.1587, 0.0000, 0.8413])
 */
export function gelu(x: Tensor, options: GeluOptions = {}): Tensor {
  const values = toFloatTensor('gelu', x);
  checkOptions('gelu', options, ['approximate']);
  const { approximate = 'none' } = options;
  if (approximate === 'none') return strongMul(values, values.mul(Math.SQRT1_2).erf().add(1).mul(0.5));
  if (approximate !== 'tanh') throw unknownValue('gelu', 'approximation', approximate, `'none' or 'tanh'`);
  const inner = strongMul(values, values.square().mul(0.044715).add(1)).mul(Math.sqrt(2 / Math.PI));
  // ½ (1 + tanh u) is the sigmoid of 2u, which keeps its digits where it is small.
  return strongMul(values, inner.mul(2).sigmoid());
}

/**
 * x · sigmoid(x), also known as swish. 0 at −∞. int32 and bool become float32.
 * @example
 * silu(tensor([-1, 0, 1])); // tensor([-0.2689, 0.0000, 0.7311])
 */
export function silu(x: Tensor): Tensor {
  const values = toFloatTensor('silu', x);
  return strongMul(values, values.sigmoid());
}

/**
 * x · tanh(softplus(x)) (Misra 2019). 0 at −∞. int32 and bool become float32.
 * @example
 * mish(tensor([-1, 0, 1])); // tensor([-0.3034, 0.0000, 0.8651])
 */
export function mish(x: Tensor): Tensor {
  const values = toFloatTensor('mish', x);
  return strongMul(values, values.softplus().tanh());
}

/**
 * x · relu6(x + 3) / 6, a piecewise approximation of `silu` (Howard et al. 2019). 0 at −∞. int32 and bool become float32.
 * @example
 * hardswish(tensor([-4, 1, 5])); // tensor([0.0000, 0.6667, 5.0000])
 */
export function hardswish(x: Tensor): Tensor {
  const values = toFloatTensor('hardswish', x);
  const shifted = values.add(3);
  const gate = shifted.lessEqual(0).where(0, shifted.greaterEqual(6).where(6, shifted));
  return strongMul(values, gate).div(6);
}

/**
 * x / (1 + |x|); ±1 at ±∞. int32 and bool become float32.
 * @example
 * softsign(tensor([-1, 0, 3])); // tensor([-0.50, 0.00, 0.75])
 */
export function softsign(x: Tensor): Tensor {
  const values = toFloatTensor('softsign', x);
  return values.isfinite().where(values.div(values.abs().add(1)), values.sign());
}

/**
 * x − tanh(x). int32 and bool become float32.
 * @example
 * tanhshrink(tensor([-1, 0, 1])); // tensor([-0.2384, 0.0000, 0.2384])
 */
export function tanhshrink(x: Tensor): Tensor {
  const values = toFloatTensor('tanhshrink', x);
  return values.sub(values.tanh());
}

/**
 * log(sigmoid(x)) = −softplus(−x), without underflow (PyTorch's `logsigmoid`). int32 and bool become float32.
 * @example
 * logsigmoid(tensor([-1000, 0])); // tensor([-1000.0000, -0.6931])
 */
export function logsigmoid(x: Tensor): Tensor {
  return toFloatTensor('logsigmoid', x).neg().softplus().neg();
}

/**
 * The softmax of −x over axes, of x's shape. int32 and bool become float32.
 * @param axis Default: −1.
 * @throws {RangeError} if the axis is out of range.
 * @example
 * softmin(tensor([0, 0, Infinity])); // tensor([0.5, 0.5, 0.0])
 */
export function softmin(x: Tensor, axis: Axis = -1): Tensor {
  const values = toFloatTensor('softmin', x);
  return values.neg().softmax(normalizeAxes('softmin', axis, x.ndim));
}

/**
 * The gated linear unit: the first half of x along an axis times the sigmoid of the second half (Dauphin et al. 2017). int32 and
 * bool become float32.
 * @param axis Default: −1.
 * @throws {RangeError} if the axis is out of range or has an odd length.
 * @example
 * glu(tensor([1, 2, 0, 100])); // tensor([0.5, 2.0])
 */
export function glu(x: Tensor, axis = -1): Tensor {
  const values = toFloatTensor('glu', x);
  const axisIndex = normalizeAxis('glu', axis, x.ndim);
  const length = at(x.shape, axisIndex);
  if (length % 2 !== 0) {
    throw new RangeError(
      `glu: axis ${axisIndex} of shape ${formatShape(x.shape)} must have an even length, got ${length}`,
    );
  }
  const part = (from: number, to: number): Tensor =>
    values.slice(x.shape.map((_, i) => (i === axisIndex ? [from, to] : null)));
  return strongMul(part(0, length / 2), part(length / 2, length).sigmoid());
}

export interface GumbelSoftmaxOptions {
  /** The temperature: the lower, the nearer to one-hot. Default: 1. */
  readonly tau?: number;
  /** Whether the result is one-hot, with the gradient of the soft sample. Default: false. */
  readonly hard?: boolean;
}

/**
 * Samples a relaxed one-hot vector from unnormalized log-probabilities: softmax((logits + g) / tau) with Gumbel noise g (Jang et
 * al. 2017). int32 and bool become float32.
 * @param axis the axis of the classes. Default: −1.
 * @throws {TypeError | RangeError} if `tau` is not a finite number > 0.
 * @throws {RangeError} if the axis is out of range.
 * @example
 * gumbelSoftmax(random.key(0), tensor([0, 100, 0]), -1, { hard: true }); // tensor([0, 1, 0])
 */
export function gumbelSoftmax(key: Key, logits: Tensor, axis = -1, options: GumbelSoftmaxOptions = {}): Tensor {
  checkKey('gumbelSoftmax', key);
  const values = toFloatTensor('gumbelSoftmax', logits);
  checkOptions('gumbelSoftmax', options, ['tau', 'hard']);
  const { tau = 1, hard = false } = options;
  checkPositive('gumbelSoftmax', 'tau', tau);
  checkBoolean('gumbelSoftmax', 'hard', hard);
  if (logits.ndim === 0) {
    normalizeLineAxis('gumbelSoftmax', axis, 0);
    return gumbelSoftmax(key, logits.reshape([1]), -1, options).reshape([]);
  }
  const axisIndex = normalizeAxis('gumbelSoftmax', axis, logits.ndim);
  const uniform = random.uniform(key, values.shape, { dtype: values.dtype });
  const noise = uniform.log().neg().log().neg();
  const soft = values.add(noise).div(tau).softmax(axisIndex);
  if (!hard) return soft;
  const rank = logits.ndim;
  const axes = Array.from({ length: rank }, (_, i) => (i < axisIndex ? i : i === axisIndex ? rank - 1 : i - 1));
  const chosen = oneHot(soft.argmax(axisIndex), at(logits.shape, axisIndex)).permute(axes);
  return stopGradient(chosen.astype(soft.dtype).sub(soft)).add(soft);
}
