// Random tensors. Nothing is hidden: the same key gives the same numbers, on every backend. Split a key to get more.
import { isFloat, type DType } from './data/dtype.ts';
import { randomBits, threefry } from './ops/randomBits.ts';
import { fromArray } from './graph/source.ts';
import { checkShape, type Shape } from './data/shape.ts';
import { Tensor } from './graph/tensor.ts';

/** What random numbers are a function of: 64 bits. Use a key once; split it for more. */
export class Key {
  readonly words: readonly [number, number];

  /** For `random.key`, `split` and `foldIn`. */
  constructor(words: readonly [number, number]) {
    this.words = words;
  }

  /** Independent new keys. */
  split(count = 2): Key[] {
    if (!Number.isInteger(count) || count < 0) throw new TypeError(`split: the count is an integer ≥ 0, got ${count}`);
    return Array.from({ length: count }, (_, i) => new Key(threefry(...this.words, 1, i)));
  }

  /** The independent key that belongs to this one and a number (a step, the index of a layer). */
  foldIn(n: number): Key {
    if (!Number.isSafeInteger(n)) throw new TypeError(`foldIn: expected an integer, got ${n}`);
    const [first, second] = threefry(...this.words, 2, n | 0);
    return new Key(threefry(first, second, 2, Math.floor(n / 2 ** 32) | 0));
  }
}

/**
 * The key of a seed.
 * @throws {TypeError} if the seed is not an integer that a double holds exactly.
 */
export function key(seed: number): Key {
  if (!Number.isSafeInteger(seed)) throw new TypeError(`random.key: the seed must be an integer, got ${seed}`);
  return new Key([Math.floor(seed / 2 ** 32) | 0, seed | 0]);
}

/** Random int32 of all 32 bits: Threefry-2x32 of the key and the element's index. */
export function bits(key: Key, shape: Shape): Tensor {
  return draw('random.bits', key, shape);
}

function draw(operation: string, key: Key, shape: Shape): Tensor {
  checkKey(operation, key);
  checkShape(operation, shape);
  const words = fromArray(Int32Array.from(key.words), [2], 'int32');
  return new Tensor(randomBits, [words], { shape, dtype: 'int32' });
}

export interface UniformOptions {
  readonly low?: number;
  readonly high?: number;
  /** float32 (24 random bits) or float64 (53). */
  readonly dtype?: DType;
}

/** Numbers from `low` (0, included) to `high` (1, not included but for rounding), evenly spread. */
export function uniform(key: Key, shape: Shape, options: UniformOptions = {}): Tensor {
  const { low = 0, high = 1, dtype = 'float32' } = options;
  checkNumbers('random.uniform', { low, high });
  const unit = unitInterval('random.uniform', key, shape, dtype);
  return low === 0 && high === 1 ? unit : unit.mul(high - low).add(low);
}

export interface NormalOptions {
  readonly mean?: number;
  readonly std?: number;
  /** float32 or float64. */
  readonly dtype?: DType;
}

/** Normally distributed numbers, mean 0 and standard deviation 1 unless said otherwise (Box–Muller). */
export function normal(key: Key, shape: Shape, options: NormalOptions = {}): Tensor {
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
 * int32 from `low` (0 unless said otherwise) up to but without `high`, all equally likely (to within (high − low) / 2³¹).
 * @throws {RangeError} if the range is empty or wider than 2³¹ − 1.
 */
export function integers(key: Key, shape: Shape, options: { readonly low?: number; readonly high: number }): Tensor {
  const { low = 0, high } = options ?? {};
  const range = high - low;
  if (!Number.isInteger(low) || !Number.isInteger(high) || range < 1 || range >= 2 ** 31) {
    throw new RangeError(`random.integers: needs integers low < high, less than 2^31 apart; got ${low} and ${high}`);
  }
  return draw('random.integers', key, shape).bitwiseAnd(0x7fffffff).mod(range).add(low);
}

/** 0 to n − 1 in random order, int32: all orders are equally likely but for ties among 32-bit random numbers. */
export function permutation(key: Key, n: number): Tensor {
  return draw('random.permutation', key, [n]).argsort();
}

/** bool: true with probability p (a number, or probabilities that broadcast to the shape). */
export function bernoulli(key: Key, shape: Shape, p: number | Tensor = 0.5): Tensor {
  return unitInterval('random.bernoulli', key, shape, 'float32').less(p).broadcastTo(shape);
}

function unitInterval(operation: string, key: Key, shape: Shape, dtype: DType): Tensor {
  if (!isFloat(dtype))
    throw new TypeError(`${operation}: the dtype must be float32 or float64, got ${dtype}; see random.integers`);
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

function checkKey(operation: string, key: unknown): void {
  if (key instanceof Key) return;
  throw new TypeError(`${operation}: the first argument is a key, made with random.key(seed)`);
}

function checkNumbers(operation: string, parameters: Readonly<Record<string, unknown>>): void {
  for (const [name, value] of Object.entries(parameters)) {
    if (typeof value !== 'number') throw new TypeError(`${operation}: ${name} is a number, got ${String(value)}`);
  }
}
