/**
 * Random numbers that depend on a seed and a few counters and on nothing else: not on the platform, not on the order of
 * calls elsewhere. A stream is named, `new Random(seed, epoch, index)`, so whatever is drawn for one image of one epoch
 * can be drawn again alone. Only integer and correctly rounded floating-point operations are used (no Math.sin or
 * Math.log, whose last bits differ between engines).
 *
 * The generator is xoshiro128** (Blackman and Vigna, "Scrambled linear pseudorandom number generators", 2021); its state
 * is filled by the finaliser of MurmurHash3 run over the seed and the counters.
 */
export class Random {
  private a: number;
  private b: number;
  private c: number;
  private d: number;

  /**
   * @param seed any safe integer
   * @param counters non-negative safe integers that name the stream, such as an epoch and an index
   * @throws RangeError if one of them is not a safe integer
   */
  constructor(seed: number, ...counters: readonly number[]) {
    let hash = absorb(0x9e3779b9, seed);
    for (const counter of counters) hash = absorb(hash, counter);
    // A second, differently started pass keeps two streams apart when their first 32-bit hashes collide.
    let other = absorb(0x243f6a88, seed);
    for (const counter of counters) other = absorb(other, counter);
    this.a = mix(hash);
    this.b = mix(other);
    this.c = mix(hash + 0x6a09e667);
    this.d = mix(other + 0xbb67ae85) | 1; // never all zeros, the one state that xoshiro cannot leave
  }

  /** A uniform integer in [0, 2³²). */
  uint32(): number {
    const product = Math.imul(this.b, 5);
    const result = Math.imul((product << 7) | (product >>> 25), 9);
    const t = this.b << 9;
    this.c ^= this.a;
    this.d ^= this.b;
    this.b ^= this.c;
    this.a ^= this.d;
    this.c ^= t;
    this.d = (this.d << 11) | (this.d >>> 21);
    return result >>> 0;
  }

  /** A uniform number in [low, high), on a grid of 2³² values. */
  uniform(low = 0, high = 1): number {
    return low + (high - low) * (this.uint32() / 0x1_0000_0000);
  }

  /** A uniform integer in [0, bound), without bias, for 1 ≤ bound ≤ 2³². */
  integer(bound: number): number {
    if (!Number.isInteger(bound) || bound < 1 || bound > 0x1_0000_0000) {
      throw new RangeError(`Random.integer: bound must be an integer from 1 to 2^32, got ${bound}`);
    }
    const limit = 0x1_0000_0000 - (0x1_0000_0000 % bound);
    for (;;) {
      const value = this.uint32();
      if (value < limit) return value % bound;
    }
  }

  /**
   * An approximately normal number of mean 0 and variance 1: the centred sum of twelve uniform ones (Irwin–Hall), exact
   * to compute on every platform and never beyond ±6.
   */
  normal(): number {
    let sum = 0;
    for (let i = 0; i < 12; i++) sum += this.uint32();
    return sum / 0x1_0000_0000 - 6;
  }

  /** Shuffles an array in place (Fisher–Yates) and returns it. */
  shuffle<T extends Int32Array | unknown[]>(items: T): T {
    for (let i = items.length - 1; i > 0; i--) {
      const j = this.integer(i + 1);
      const last = items[i];
      items[i] = items[j];
      items[j] = last;
    }
    return items;
  }
}

/** A random permutation of 0 … n − 1, the same for the same seed and counters everywhere. */
export function permutation(n: number, seed: number, ...counters: readonly number[]): Int32Array {
  return new Random(seed, ...counters).shuffle(Int32Array.from({ length: n }, (_, i) => i));
}

/**
 * Cosine and sine of an angle in radians, to about 1e-15 for |angle| ≤ 2π, by Taylor series: unlike Math.cos and
 * Math.sin the same to the last bit in every engine.
 */
export function cosSin(angle: number): [cos: number, sin: number] {
  let cos = 0;
  let sin = 0;
  let term = 1;
  for (let n = 0; n < 48; n += 2) {
    cos += term;
    term *= angle / (n + 1);
    sin += term;
    term *= -angle / (n + 2);
  }
  return [cos, sin];
}

function absorb(hash: number, value: number): number {
  if (!Number.isSafeInteger(value))
    throw new RangeError(`Random: seed and counters must be safe integers, got ${value}`);
  const high = Math.floor(value / 0x1_0000_0000);
  return mix(Math.imul(mix(Math.imul(hash, 31) ^ (value >>> 0)), 31) ^ high);
}

function mix(value: number): number {
  let h = value | 0;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return h ^ (h >>> 16);
}
