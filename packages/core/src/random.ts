// Random tensors and host numbers. Nothing is hidden: the same key gives the same numbers, on every backend. Split a key
// to get more.
import { isFloat, type DType } from './data/dtype.ts';
import { checkShape, type Shape } from './data/shape.ts';
import { applyRoutine, type Tensor } from './graph/tensor.ts';
import { fromArray } from './ops/creation.ts';
import { RandomBits } from './ops/randomBits.ts';
import { threefry } from './scalar/threefry.ts';

type Words = readonly [number, number];

/** What random numbers are a function of: 64 bits. Use a key once; split it for more. */
export class Key {
  readonly words: Words;

  /** For `random.key`, `split` and `foldIn`. */
  constructor(words: Words) {
    this.words = words;
  }

  /**
   * Independent new keys.
   * @throws {TypeError} if the count is not an integer ≥ 0.
   */
  split(count = 2): Key[] {
    if (!Number.isInteger(count) || count < 0) throw new TypeError(`split: the count is an integer ≥ 0, got ${count}`);
    return Array.from({ length: count }, (_, i) => new Key(threefry(this.words, 1, i)));
  }

  /**
   * The independent key that belongs to this one and a number (a step, the index of a layer).
   * @throws {TypeError} if the number is not an integer that a double holds exactly.
   */
  foldIn(n: number): Key {
    if (!Number.isSafeInteger(n)) throw new TypeError(`foldIn: expected an integer, got ${n}`);
    return new Key(threefry(threefry(this.words, 2, n | 0), 2, Math.floor(n / 2 ** 32) | 0));
  }

  /** Plain numbers from this key, one after another, without tensors: for shuffling and augmenting data. */
  stream(): Stream {
    return new Stream(this);
  }
}

/**
 * Plain numbers from a key, one after another. Integer and correctly rounded floating-point operations alone are used, so
 * that the numbers are the same in every engine.
 */
export class Stream {
  readonly #words: Words;
  #drawn = 0;

  /** For `key.stream()`. */
  constructor({ words }: Key) {
    this.#words = words;
  }

  /** A uniform integer in [0, 2³²). */
  uint32(): number {
    const counter = this.#drawn++;
    return threefry(this.#words, 3 + Math.floor(counter / 2 ** 32), counter | 0)[0] >>> 0;
  }

  /** A uniform number in [low, high), on a grid of 2³² values. */
  uniform(low = 0, high = 1): number {
    return low + (high - low) * (this.uint32() / 2 ** 32);
  }

  /**
   * A uniform integer in [0, bound), without bias.
   * @throws {RangeError} if the bound is not an integer from 1 to 2⁵³.
   */
  integer(bound: number): number {
    if (!Number.isInteger(bound) || bound < 1 || bound > 2 ** 53) {
      throw new RangeError(`random.Stream.integer: the bound is an integer from 1 to 2^53, got ${bound}`);
    }
    // Numbers from the last, incomplete multiple of the bound on are drawn again.
    const range = bound <= 2 ** 32 ? 2 ** 32 : 2 ** 53;
    const limit = range - (range % bound);
    for (;;) {
      const value = range === 2 ** 32 ? this.uint32() : (this.uint32() >>> 11) * 2 ** 32 + this.uint32();
      if (value < limit) return value % bound;
    }
  }

  /**
   * An approximately normal number of mean 0 and variance 1: the centred sum of twelve uniform ones (Irwin–Hall), exact to
   * compute in every engine and never beyond ±6.
   */
  normal(): number {
    let sum = 0;
    for (let i = 0; i < 12; i++) sum += this.uint32();
    return sum / 2 ** 32 - 6;
  }

  /** Shuffles an array in place (Fisher–Yates) and returns it. */
  shuffle<Items extends Int32Array | unknown[]>(items: Items): Items {
    for (let i = items.length - 1; i > 0; i--) {
      const j = this.integer(i + 1);
      [items[i], items[j]] = [items[j], items[i]];
    }
    return items;
  }

  /** 0 to n − 1 in random order. */
  permutation(n: number): Int32Array {
    return this.shuffle(Int32Array.from({ length: n }, (_, i) => i));
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
  return applyRoutine(RandomBits, [words], { shape, dtype: 'int32' }, {});
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
