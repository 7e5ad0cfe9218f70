// Random keys, and plain numbers from them.
import { checkInteger, markCopy, show } from './data/checks.ts';
import { preventReplay, renew, type OutcomeListener } from './graph/recording.ts';
import type { Shape } from './data/shape.ts';
import type { Tensor } from './graph/tensor.ts';
import { onOutcome } from './graph/transaction.ts';
import { fromArray } from './ops/creation.ts';
import { threefry } from './scalar/threefry.ts';

type Words = readonly [number, number];

/** The safe integers, which a double represents uniquely. */
export const safeIntegers: { readonly min: number; readonly max: number } = {
  min: Number.MIN_SAFE_INTEGER,
  max: Number.MAX_SAFE_INTEGER,
};

/** What a key is at a time. */
export interface KeyState {
  readonly words: Words;
  /** Learns whether what the key was drawn for could be evaluated. */
  readonly onOutcome?: OutcomeListener | undefined;
}

let stateOf: (key: Key) => KeyState;

/** Creates a key that is, in each replay of a compiled function, the one that `read` returns then. */
export function replayedKey(read: () => Key): Key {
  return new Key(() => stateOf(read()));
}

/** A key of 64 bits, of which random numbers are a pure function. Use each key once; split it to get more. */
export class Key {
  static {
    markCopy(this);
    stateOf = (key) => key.#state();
  }

  readonly #state: () => KeyState;
  /** Whether it may be another key in each replay of a compiled function. */
  readonly #isDrawn: boolean;

  /** For `random.key`, and with a function for generators. */
  constructor(words: Words | (() => KeyState)) {
    this.#isDrawn = typeof words === 'function';
    this.#state = typeof words === 'function' ? words : () => ({ words });
  }

  /** The key as two int32. */
  get words(): Words {
    if (this.#isDrawn) preventReplay();
    return this.#state().words;
  }

  /**
   * Derives independent new keys.
   * @param count Default: 2.
   * @throws {RangeError} if the count is not an integer ≥ 0.
   */
  split(count = 2): Key[] {
    checkInteger('random.Key.split', 'count', count, { min: 0 });
    return Array.from({ length: count }, (_, i) => this.#derive((words) => threefry(words, 1, i)));
  }

  /**
   * Derives an independent key from this one and a number, such as a step or the index of a layer (JAX's `fold_in`).
   * @throws {RangeError} if the number is not a safe integer.
   */
  foldIn(n: number): Key {
    checkInteger('random.Key.foldIn', 'n', n, safeIntegers);
    return this.#derive((words) => threefry(threefry(words, 2, n | 0), 2, Math.floor(n / 2 ** 32) | 0));
  }

  /** The key as a tensor, int32 [2]. */
  toTensor(): Tensor {
    return Key.#toTensor([this], [2]);
  }

  /**
   * Keys as a tensor, int32 [keys.length, 2].
   * @throws {TypeError} if it is given anything but keys.
   */
  static stack(keys: readonly Key[]): Tensor {
    for (const key of keys) checkKey('random.Key.stack', key);
    return Key.#toTensor(keys, [keys.length, 2]);
  }

  static #toTensor(keys: readonly Key[], shape: Shape): Tensor {
    const elements = (): Int32Array => Int32Array.from(keys.flatMap((key) => key.#state().words));
    const tensor = fromArray(elements(), shape, 'int32');
    const drawn = keys.filter((key) => key.#isDrawn);
    if (drawn.length > 0) {
      renew(tensor, elements);
      onOutcome(tensor, () => listenTogether(drawn.map((key) => key.#state().onOutcome)));
    }
    return tensor;
  }

  #derive(derive: (words: Words) => Words): Key {
    if (!this.#isDrawn) return new Key(derive(this.#state().words));
    return new Key(() => {
      const { words, onOutcome } = this.#state();
      return { words: derive(words), onOutcome };
    });
  }

  /** Creates a stream of plain numbers from this key, for shuffling and augmenting data. */
  stream(): Stream {
    return new Stream(this);
  }
}

/**
 * A stream of plain numbers from a key. Uses integer and correctly rounded floating-point operations only, so that the
 * numbers are the same in every JavaScript engine.
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
    preventReplay();
    const counter = this.#drawn++;
    return threefry(this.#words, 3 + Math.floor(counter / 2 ** 32), counter | 0)[0] >>> 0;
  }

  /** A uniform number in [low, high), one of 2³² equidistant values. Default: [0, 1). */
  uniform(low = 0, high = 1): number {
    return low + (high - low) * (this.uint32() / 2 ** 32);
  }

  /**
   * A uniform integer in [0, bound), without bias.
   * @throws {RangeError} if the bound is not an integer from 1 to 2⁵³.
   */
  integer(bound: number): number {
    checkInteger('random.Stream.integer', 'bound', bound, { min: 1, max: 2 ** 53 });
    // Rejection sampling: draws again above the largest multiple of the bound.
    const range = bound <= 2 ** 32 ? 2 ** 32 : 2 ** 53;
    const limit = range - (range % bound);
    for (;;) {
      const value = range === 2 ** 32 ? this.uint32() : (this.uint32() >>> 11) * 2 ** 32 + this.uint32();
      if (value < limit) return value % bound;
    }
  }

  /**
   * An approximately normal number of mean 0 and variance 1: the centered sum of twelve uniform numbers (Irwin–Hall). It is
   * exactly the same in every engine, and lies in [−6, 6].
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

  /**
   * A random permutation of 0, …, n − 1.
   * @throws {RangeError} if n is not an integer ≥ 0.
   */
  permutation(n: number): Int32Array {
    checkInteger('random.Stream.permutation', 'n', n, { min: 0 });
    return this.shuffle(Int32Array.from({ length: n }, (_, i) => i));
  }
}

/** One listener for several. */
function listenTogether(listeners: readonly (OutcomeListener | undefined)[]): OutcomeListener | undefined {
  const all = new Set(listeners.filter((listener) => listener !== undefined));
  return all.size === 0 ? undefined : (succeeded) => all.forEach((listen) => listen(succeeded));
}

/** @throws {TypeError} if it is not a key. */
export function checkKey(operation: string, key: unknown): asserts key is Key {
  if (key instanceof Key) return;
  throw new TypeError(`${operation}: expected a key as from random.key(seed), got ${show(key)}`);
}
