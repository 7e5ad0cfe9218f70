// Initial values of weights. An initializer is a function of a key, a shape and a dtype.
import {
  arange,
  eye as identity,
  full,
  random,
  where,
  type DType,
  type Key,
  type Shape,
  type Tensor,
} from '@thetagrad/core';
import {
  checkFraction,
  checkInteger,
  checkNonnegative,
  checkOptions,
  formatShape,
  sizeOf,
  unknownValue,
} from '@thetagrad/core/backend';
import { qr } from '@thetagrad/linalg';
import { truncatedNormal } from '@thetagrad/random';

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

export interface TruncNormalOptions extends NormalOptions {
  /** The smallest value. Default: −2. */
  readonly a?: number;
  /** The largest value. Default: 2. */
  readonly b?: number;
}

/** Normal with the given mean and standard deviation, conditioned on being in [a, b]. */
export function truncNormal(options: TruncNormalOptions = {}): Initializer {
  checkOptions('init.truncNormal', options, ['mean', 'std', 'a', 'b']);
  const { mean = 0, std = 1, a = -2, b = 2 } = options;
  return (key, shape, dtype) => truncatedNormal(key, shape, a, b, { mean, std, dtype });
}

/** The standard deviation of a standard normal that is truncated at ±2. */
const truncatedStd = 0.8796256610342398;

/** Normal with variance 1 / fanIn, truncated at two standard deviations, as in JAX and Keras. (LeCun et al., 1998, section 4.6.) */
export const lecunNormal: Initializer = (key, shape, dtype) => {
  const std = lecunStd(shape) / truncatedStd;
  return truncatedNormal(key, shape, -2 * std, 2 * std, { std, dtype });
};

/** Uniform with variance 1 / fanIn. (LeCun et al., 1998, section 4.6.) */
export const lecunUniform: Initializer = (key, shape, dtype) =>
  symmetricUniform(key, shape, dtype, Math.sqrt(3) * lecunStd(shape));

export interface OrthogonalOptions {
  /** Factor of the matrix. Default: 1. */
  readonly gain?: number;
}

/**
 * A random matrix with orthonormal rows or columns, of which there are fewer; axes after the first count as one. All such matrices are
 * equally probable. (Saxe et al., ICLR 2014.)
 */
export function orthogonal(options: OrthogonalOptions = {}): Initializer {
  checkOptions('init.orthogonal', options, ['gain']);
  const { gain = 1 } = options;
  return (key, shape, dtype) => {
    checkRank('orthogonal', shape, 2);
    const rows = shape[0] ?? 0;
    const columns = sizeOf(shape.slice(1));
    const [long, short] = [Math.max(rows, columns), Math.min(rows, columns)];
    const { q, r } = qr(random.normal(key, [long, short], { dtype }));
    // Signs make the decomposition unique, and so the distribution uniform.
    const signs = where(r.mul(identity(short, { dtype })).sum(0).less(0), -1, 1);
    const matrix = q.mul(signs.astype(dtype)).mul(gain);
    return (rows < columns ? matrix.transpose() : matrix).reshape(shape);
  };
}

export interface SparseOptions {
  /** The share of the rows that are zero in each column, rounded up. */
  readonly sparsity: number;
  /** Standard deviation of the others. Default: 0.01. */
  readonly std?: number;
}

/** Normal, with zeros in randomly chosen rows of each column of a matrix. (Martens, ICML 2010.) */
export function sparse(options: SparseOptions): Initializer {
  checkOptions('init.sparse', options, ['sparsity', 'std']);
  const { sparsity, std = 0.01 } = options;
  checkFraction('init.sparse', 'sparsity', sparsity);
  checkNonnegative('init.sparse', 'std', std);
  return (key, shape, dtype) => {
    checkRank('sparse', shape, 2, 2);
    const zeroCount = Math.ceil(sparsity * (shape[0] ?? 0));
    const [forRows, forValues] = key.split() as [Key, Key];
    const order = random.uniform(forRows, shape).argsort(0).argsort(0);
    return order.less(zeroCount).where(0, random.normal(forValues, shape, { std, dtype }));
  };
}

export interface DiracOptions {
  /** The number of groups of the convolution. Default: 1. */
  readonly groups?: number;
}

/**
 * Filters [out, in, …] of one to three spatial axes that preserve their input: 1 at the center of the filter of input i of output i, in
 * each group of outputs, and 0 elsewhere.
 */
export function dirac(options: DiracOptions = {}): Initializer {
  checkOptions('init.dirac', options, ['groups']);
  const { groups = 1 } = options;
  checkInteger('init.dirac', 'groups', groups, { min: 1 });
  return (_key, shape, dtype) => {
    checkRank('dirac', shape, 3, 5);
    const [outputs, inputs, ...filter] = shape as [number, number, ...number[]];
    if (outputs % groups !== 0) {
      throw new RangeError(`init.dirac: ${groups} groups do not divide ${outputs} outputs of ${formatShape(shape)}`);
    }
    const output = arange(outputs).mod(Math.max(1, outputs / groups));
    const isCenter = filter.map((length, i) =>
      arange(length)
        .equal(Math.floor(length / 2))
        .reshape([length, ...filter.slice(i + 1).map(() => 1)]),
    );
    const matches = output.reshape([outputs, 1]).equal(arange(inputs));
    const aligned = matches.reshape([outputs, inputs, ...filter.map(() => 1)]);
    return isCenter.reduce((all, next) => all.logicalAnd(next), aligned).astype(dtype);
  };
}

/** The identity matrix, [rows, columns]. */
export const eye: Initializer = (_key, shape, dtype) => {
  checkRank('eye', shape, 2, 2);
  const [rows, columns] = shape as [number, number];
  return arange(rows).reshape([rows, 1]).equal(arange(columns)).astype(dtype);
};

/** What {@link calculateGain} knows. */
export type Nonlinearity =
  | 'linear'
  | `conv${1 | 2 | 3}d`
  | `convTranspose${1 | 2 | 3}d`
  | 'sigmoid'
  | 'tanh'
  | 'relu'
  | 'leakyRelu'
  | 'selu';

const gains: Readonly<Record<Nonlinearity, number>> = {
  linear: 1,
  conv1d: 1,
  conv2d: 1,
  conv3d: 1,
  convTranspose1d: 1,
  convTranspose2d: 1,
  convTranspose3d: 1,
  sigmoid: 1,
  tanh: 5 / 3,
  relu: Math.SQRT2,
  leakyRelu: Math.SQRT2,
  selu: 3 / 4,
};

/**
 * PyTorch's recommended gain of the weights before a nonlinearity, for `xavierUniform` and `orthogonal`.
 * @param param the negative slope of `'leakyRelu'`. Default: 0.01.
 * @throws {TypeError} if the nonlinearity is unknown.
 */
export function calculateGain(nonlinearity: Nonlinearity, param = 0.01): number {
  if (!Object.hasOwn(gains, nonlinearity)) {
    throw unknownValue('init.calculateGain', 'nonlinearity', nonlinearity, Object.keys(gains).join(', '));
  }
  const gain = gains[nonlinearity];
  return nonlinearity === 'leakyRelu' ? gain / Math.sqrt(1 + param ** 2) : gain;
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

function checkRank(name: string, shape: Shape, min: number, max = Infinity): void {
  if (shape.length >= min && shape.length <= max) return;
  const expected = min === max ? `${min}` : max === Infinity ? `at least ${min}` : `${min} to ${max}`;
  throw new RangeError(`init.${name}: needs a weight of ${expected} axes, got ${formatShape(shape)}`);
}

function lecunStd(shape: Shape): number {
  return Math.sqrt(1 / fans(shape).fanIn);
}

function xavierStd(shape: Shape): number {
  const { fanIn, fanOut } = fans(shape);
  return Math.sqrt(2 / (fanIn + fanOut));
}

function kaimingStd(shape: Shape, { negativeSlope = 0, mode = 'fanIn' }: KaimingOptions): number {
  if (mode !== 'fanIn' && mode !== 'fanOut') throw unknownValue('init', 'mode', mode, `'fanIn' or 'fanOut'`);
  return Math.sqrt(2 / ((1 + negativeSlope ** 2) * fans(shape)[mode]));
}
