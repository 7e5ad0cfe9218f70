// Initial values of weights. An initializer is a function of a key, a shape and a dtype.
import { full, random, type DType, type Key, type Shape, type Tensor } from '@thetagrad/core';
import { checkOptions, formatShape, sizeOf, unknownValue } from '@thetagrad/core/backend';

export type Initializer = (key: Key, shape: Shape, dtype: DType) => Tensor;

/**
 * The number of inputs of each output of a weight, and of outputs of each input. For a weight [out, in, …], as in
 * Linear and Conv2d, these are in · k and out · k, where k is the product of the other axes (the height and width of a
 * filter). `in` is per group in a grouped convolution, as in PyTorch.
 * @throws {RangeError} if the shape has fewer than two axes.
 */
export function fans(shape: Shape): { readonly fanIn: number; readonly fanOut: number } {
  if (shape.length < 2) {
    throw new RangeError(`init: fans need a weight of at least two axes, got shape ${formatShape(shape)}`);
  }
  const [outputs, inputs, ...filter] = shape as [number, number, ...number[]];
  return { fanIn: inputs * sizeOf(filter), fanOut: outputs * sizeOf(filter) };
}

export interface XavierOptions {
  /** Factor of the standard deviation. Default: 1. */
  readonly gain?: number;
}

/** Uniform with variance gain² · 2 / (fanIn + fanOut). (Glorot and Bengio, AISTATS 2010, equation 16.) */
export function xavierUniform(options: XavierOptions = {}): Initializer {
  checkOptions('init.xavierUniform', options, ['gain']);
  const { gain = 1 } = options;
  return (key, shape, dtype) => symmetricUniform(key, shape, dtype, gain * Math.sqrt(3) * xavierStd(shape));
}

/** Normal with variance gain² · 2 / (fanIn + fanOut). (Glorot and Bengio, AISTATS 2010, equation 12.) */
export function xavierNormal(options: XavierOptions = {}): Initializer {
  checkOptions('init.xavierNormal', options, ['gain']);
  const { gain = 1 } = options;
  return (key, shape, dtype) => random.normal(key, shape, { std: gain * xavierStd(shape), dtype });
}

export interface KaimingOptions {
  /** The negative slope of the (leaky) ReLU after the layer. Default: 0. */
  readonly negativeSlope?: number;
  /** `'fanIn'` preserves the variance of activations, `'fanOut'` that of gradients. Default: `'fanIn'`. */
  readonly mode?: 'fanIn' | 'fanOut';
}

/** Uniform with variance 2 / ((1 + negativeSlope²) · fan). (He et al., ICCV 2015, equation 15.) */
export function kaimingUniform(options: KaimingOptions = {}): Initializer {
  checkOptions('init.kaimingUniform', options, ['negativeSlope', 'mode']);
  return (key, shape, dtype) => symmetricUniform(key, shape, dtype, Math.sqrt(3) * kaimingStd(shape, options));
}

/** Normal with variance 2 / ((1 + negativeSlope²) · fan). (He et al., ICCV 2015, equation 15.) */
export function kaimingNormal(options: KaimingOptions = {}): Initializer {
  checkOptions('init.kaimingNormal', options, ['negativeSlope', 'mode']);
  return (key, shape, dtype) => random.normal(key, shape, { std: kaimingStd(shape, options), dtype });
}

export interface NormalOptions {
  /** Default: 0. */
  readonly mean?: number;
  /** Standard deviation. Default: 1. */
  readonly std?: number;
}

/** Normal with the given mean and standard deviation. */
export function normal(options: NormalOptions = {}): Initializer {
  checkOptions('init.normal', options, ['mean', 'std']);
  const { mean = 0, std = 1 } = options;
  return (key, shape, dtype) => random.normal(key, shape, { mean, std, dtype });
}

export interface UniformOptions {
  /** Default: 0. */
  readonly low?: number;
  /** Default: 1. */
  readonly high?: number;
}

/** Uniform in [low, high). */
export function uniform(options: UniformOptions = {}): Initializer {
  checkOptions('init.uniform', options, ['low', 'high']);
  const { low = 0, high = 1 } = options;
  return (key, shape, dtype) => random.uniform(key, shape, { low, high, dtype });
}

/** The same value everywhere. */
export function constant(value: number): Initializer {
  return (_key, shape, dtype) => full(shape, value, { dtype });
}

export const zeros: Initializer = constant(0);
export const ones: Initializer = constant(1);

function symmetricUniform(key: Key, shape: Shape, dtype: DType, bound: number): Tensor {
  if (bound === 0) return full(shape, 0, { dtype });
  return random.uniform(key, shape, { low: -bound, high: bound, dtype });
}

function xavierStd(shape: Shape): number {
  const { fanIn, fanOut } = fans(shape);
  return Math.sqrt(2 / (fanIn + fanOut));
}

function kaimingStd(shape: Shape, { negativeSlope = 0, mode = 'fanIn' }: KaimingOptions): number {
  if (mode !== 'fanIn' && mode !== 'fanOut') throw unknownValue('init', 'mode', mode, `'fanIn' or 'fanOut'`);
  return Math.sqrt(2 / ((1 + negativeSlope ** 2) * fans(shape)[mode]));
}
