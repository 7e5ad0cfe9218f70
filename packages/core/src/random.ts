// Random tensors and host numbers from explicit keys, as in JAX: the same key gives the same numbers on every backend.
import { argumentError, checkFraction, checkInteger, checkOptions } from './data/checks.ts';
import { isFloatingPoint, maxInt32, minInt32, type DType } from './data/dtype.ts';
import { checkShape, type Shape } from './data/shape.ts';
import { applyRoutine, Tensor } from './graph/tensor.ts';
import { RandomBits } from './ops/randomBits.ts';
import { checkKey, Key, safeIntegers } from './randomKey.ts';

export { Key, Stream } from './randomKey.ts';

/**
 * Creates a key from a seed.
 * @throws {RangeError} if the seed is not a safe integer.
 */
export function key(seed: number): Key {
  checkInteger('random.key', 'seed', seed, safeIntegers);
  return new Key([Math.floor(seed / 2 ** 32) | 0, seed | 0]);
}

/**
 * Uniformly random int32 of all 32 bits: Threefry-2x32 of the key and the element's index.
 * @throws {TypeError} if the key or the shape is invalid.
 */
export function bits(key: Key, shape: Shape): Tensor {
  return draw('random.bits', key, shape);
}

function draw(operation: string, key: Key, shape: Shape): Tensor {
  checkKey(operation, key);
  checkShape(operation, shape);
  return applyRoutine(RandomBits, [key.toTensor()], { shape, dtype: 'int32' }, {});
}

export interface UniformOptions {
  /** The lower bound, inclusive. Default: 0. */
  readonly low?: number;
  /** The upper bound, exclusive except for rounding. Default: 1. */
  readonly high?: number;
  /** 'float32' (24 random bits) or 'float64' (53 random bits). Default: 'float32'. */
  readonly dtype?: DType;
}

/**
 * Uniformly distributed numbers in [low, high).
 * @throws {TypeError} if the key, the shape or an option is invalid.
 * @throws {RangeError} if low ≥ high.
 */
export function uniform(key: Key, shape: Shape, options: UniformOptions = {}): Tensor {
  checkOptions('random.uniform', options, ['low', 'high', 'dtype']);
  const { low = 0, high = 1, dtype = 'float32' } = options;
  checkNumbers('random.uniform', { low, high });
  if (!(low < high)) throw new RangeError(`random.uniform: low must be less than high, got ${low} and ${high}`);
  const unit = unitInterval('random.uniform', key, shape, dtype);
  if (low === 0 && high === 1) return unit;
  const range = dtype === 'float32' ? Math.fround(high - low) : high - low;
  if (range < Infinity) return unit.mul(high - low).add(low);
  return unit.mul(high).sub(unit.sub(1).mul(low));
}

export interface NormalOptions {
  /** The mean. Default: 0. */
  readonly mean?: number;
  /** The standard deviation. Default: 1. */
  readonly std?: number;
  /** 'float32' or 'float64'. Default: 'float32'. */
  readonly dtype?: DType;
}

/**
 * Normally distributed numbers, by the Box–Muller transform.
 * @throws {TypeError} if the key, the shape or an option is invalid.
 */
export function normal(key: Key, shape: Shape, options: NormalOptions = {}): Tensor {
  checkOptions('random.normal', options, ['mean', 'std', 'dtype']);
  const { mean = 0, std = 1, dtype = 'float32' } = options;
  checkKey('random.normal', key);
  checkNumbers('random.normal', { mean, std });
  const [first, second] = key.split() as [Key, Key];
  const radius = unitInterval('random.normal', first, shape, dtype).neg().log1p().mul(-2).sqrt();
  const angle = unitInterval('random.normal', second, shape, dtype).mul(2 * Math.PI);
  const unit = radius.mul(angle.cos());
  return mean === 0 && std === 1 ? unit : unit.mul(std).add(mean);
}

/**
 * Uniformly distributed int32 in [low, high), with a relative bias of at most (high − low) / 2³¹.
 * @param options `low`. Default: 0. `high`.
 * @throws {TypeError} if the key or the shape is invalid.
 * @throws {RangeError} if a bound is not an integer, low < −2³¹, high > 2³¹, or the range is empty or wider than 2³¹ − 1.
 */
export function integers(key: Key, shape: Shape, options: { readonly low?: number; readonly high: number }): Tensor {
  checkOptions('random.integers', options, ['low', 'high']);
  const { low = 0, high } = options;
  checkInteger('random.integers', 'low', low, { min: minInt32 });
  checkInteger('random.integers', 'high', high, { max: maxInt32 + 1 });
  const range = high - low;
  if (range < 1 || range >= 2 ** 31) {
    throw new RangeError(`random.integers: high − low must be from 1 to 2^31 − 1, got low ${low} and high ${high}`);
  }
  return draw('random.integers', key, shape).bitwiseAnd(0x7fffffff).mod(range).add(low);
}

/**
 * int32: a random permutation of 0, …, n − 1, uniform except for ties among 32-bit random numbers.
 * @throws {TypeError} if the key is invalid.
 * @throws {RangeError} if n is not an integer ≥ 0.
 */
export function permutation(key: Key, n: number): Tensor {
  checkInteger('random.permutation', 'n', n, { min: 0 });
  return draw('random.permutation', key, [n]).argsort();
}

/**
 * bool: true with probability p.
 * @param p a number, or a tensor of probabilities that broadcasts to the shape. Default: 0.5.
 * @throws {TypeError} if the key or the shape is invalid.
 * @throws {RangeError} if p is a number outside of [0, 1], or does not broadcast to the shape.
 */
export function bernoulli(key: Key, shape: Shape, p: number | Tensor = 0.5): Tensor {
  if (!(p instanceof Tensor)) checkFraction('random.bernoulli', 'p', p);
  return unitInterval('random.bernoulli', key, shape, 'float32').less(p).broadcastTo(shape);
}

/** Uniform numbers in [0, 1). */
function unitInterval(operation: string, key: Key, shape: Shape, dtype: DType): Tensor {
  if (!isFloatingPoint(dtype))
    throw new TypeError(
      `${operation}: dtype must be float32 or float64, got ${dtype}; for integers use random.integers`,
    );
  if (dtype === 'float32')
    return draw(operation, key, shape)
      .bitwiseAnd(0xffffff)
      .astype('float32')
      .mul(2 ** -24);
  checkKey(operation, key);
  const [high, low] = key.split() as [Key, Key];
  const top = draw(operation, high, shape)
    .bitwiseAnd(0x3ffffff)
    .astype('float64')
    .mul(2 ** 27);
  return top.add(draw(operation, low, shape).bitwiseAnd(0x7ffffff)).mul(2 ** -53);
}

function checkNumbers(operation: string, parameters: Readonly<Record<string, unknown>>): void {
  for (const [name, value] of Object.entries(parameters)) {
    if (typeof value !== 'number') throw argumentError(operation, name, 'a number', value);
  }
}
