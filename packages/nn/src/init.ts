// Initial values of weights. An initialiser is a function of a key, a shape and a dtype.
import { full, random, type DType, type Key, type Shape, type Tensor } from '@thetagrad/core';

export type Initializer = (key: Key, shape: Shape, dtype: DType) => Tensor;

/**
 * How many inputs each output of a weight has, and how many outputs each input: for a weight [out, in, …], as Linear
 * and Conv2d have, `fanIn = in · receptive` and `fanOut = out · receptive`, where `receptive` is the product of the
 * other axes (the kernel's height and width). `in` is per group in a grouped convolution, as in PyTorch.
 * @throws {RangeError} if the shape has fewer than two axes.
 */
export function fans(shape: Shape): { readonly fanIn: number; readonly fanOut: number } {
  if (shape.length < 2) {
    throw new RangeError(`init: a weight of shape [${shape.join(', ')}] has no fan; at least two axes are needed`);
  }
  const [outputs, inputs, ...kernel] = shape as [number, number, ...number[]];
  const receptive = kernel.reduce((product, length) => product * length, 1);
  return { fanIn: inputs * receptive, fanOut: outputs * receptive };
}

export interface XavierOptions {
  /** Multiplies the standard deviation; 1 unless said otherwise. */
  readonly gain?: number;
}

/** Uniform with variance gain² · 2 / (fanIn + fanOut). (Glorot and Bengio, AISTATS 2010, equation 16.) */
export function xavierUniform({ gain = 1 }: XavierOptions = {}): Initializer {
  return (key, shape, dtype) => symmetric(key, shape, dtype, gain * Math.sqrt(3) * xavierStd(shape));
}

/** Normal with variance gain² · 2 / (fanIn + fanOut). (Glorot and Bengio, AISTATS 2010, equation 12.) */
export function xavierNormal({ gain = 1 }: XavierOptions = {}): Initializer {
  return (key, shape, dtype) => random.normal(key, shape, { std: gain * xavierStd(shape), dtype });
}

export interface KaimingOptions {
  /** The slope for negative inputs of the (leaky) ReLU that follows; 0 unless said otherwise. */
  readonly negativeSlope?: number;
  /** Keep the variance of activations (`'fanIn'`, the default) or of gradients (`'fanOut'`). */
  readonly mode?: 'fanIn' | 'fanOut';
}

/** Uniform with variance 2 / ((1 + negativeSlope²) · fan). (He et al., ICCV 2015, equation 15.) */
export function kaimingUniform(options: KaimingOptions = {}): Initializer {
  return (key, shape, dtype) => symmetric(key, shape, dtype, Math.sqrt(3) * kaimingStd(shape, options));
}

/** Normal with variance 2 / ((1 + negativeSlope²) · fan). (He et al., ICCV 2015, equation 15.) */
export function kaimingNormal(options: KaimingOptions = {}): Initializer {
  return (key, shape, dtype) => random.normal(key, shape, { std: kaimingStd(shape, options), dtype });
}

/** Normal with the given standard deviation and mean (0 unless said otherwise). */
export function gaussian(std: number, mean = 0): Initializer {
  return (key, shape, dtype) => random.normal(key, shape, { mean, std, dtype });
}

/** Uniform from `low` to `high`. */
export function uniform(low: number, high: number): Initializer {
  return (key, shape, dtype) => random.uniform(key, shape, { low, high, dtype });
}

/** One value everywhere. */
export function constant(value: number): Initializer {
  return (_key, shape, dtype) => full(shape, value, { dtype });
}

export const zeros: Initializer = constant(0);
export const ones: Initializer = constant(1);

function symmetric(key: Key, shape: Shape, dtype: DType, bound: number): Tensor {
  return random.uniform(key, shape, { low: -bound, high: bound, dtype });
}

function xavierStd(shape: Shape): number {
  const { fanIn, fanOut } = fans(shape);
  return Math.sqrt(2 / (fanIn + fanOut));
}

function kaimingStd(shape: Shape, { negativeSlope = 0, mode = 'fanIn' }: KaimingOptions): number {
  return Math.sqrt(2 / ((1 + negativeSlope ** 2) * fans(shape)[mode]));
}
