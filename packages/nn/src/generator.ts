import { random, type Key, tensor, type Tensor } from '@thetagrad/core';
import { checkState, type Stateful } from './state.ts';

/**
 * A source of keys for layers that need randomness: the n-th key is a function of the seed and n, so that the seed and
 * a count are its whole state.
 */
export class Generator implements Stateful {
  #key: Key;
  #count = 0;

  /** @param seed an integer, or a key to derive all keys from. */
  constructor(seed: number | Key = 0) {
    this.#key = toKey(seed);
  }

  /** A key that was not given out before. */
  next(): Key {
    return this.#key.foldIn(this.#count++);
  }

  /** Starts again, from another seed or the same. */
  manualSeed(seed: number | Key): void {
    this.#key = toKey(seed);
    this.#count = 0;
  }

  /** The key that all keys derive from (int32 [2]) and how many were given out (a float64 scalar, which counts further). */
  stateDict(): { key: Tensor; count: Tensor } {
    return {
      key: tensor(Int32Array.from(this.#key.words)),
      count: tensor(this.#count, { dtype: 'float64' }),
    };
  }

  /** @throws {RangeError} if it is not the state of a generator. */
  loadStateDict(state: Readonly<Record<string, Tensor>>): void {
    checkState('Generator.loadStateDict', this.stateDict(), state);
    const count = state['count']!.itemSync();
    if (!Number.isSafeInteger(count) || count < 0) {
      throw new RangeError(`Generator.loadStateDict: count must be an integer ≥ 0, got ${count}`);
    }
    const [first, second] = state['key']!.dataSync() as Int32Array;
    this.#key = new random.Key([first!, second!]);
    this.#count = count;
  }
}

/** The generator of every layer that is not given one. Its seed is 0 until {@link manualSeed} sets another. */
export const defaultGenerator: Generator = new Generator();

/** Seeds the default generator: the same seed before building a model gives the same initial weights and dropout. */
export function manualSeed(seed: number): void {
  defaultGenerator.manualSeed(seed);
}

/** Where a layer's randomness comes from: a key, a generator, or else the default generator. */
export interface Randomness {
  readonly key?: Key;
  readonly generator?: Generator;
}

/**
 * The generator that such options name, for layers of your own.
 * @throws {TypeError} if both are given.
 */
export function generatorOf(operation: string, { key, generator }: Randomness): Generator {
  if (key && generator) throw new TypeError(`${operation}: give a key or a generator, not both`);
  return key ? new Generator(key) : (generator ?? defaultGenerator);
}

function toKey(seed: number | Key): Key {
  return typeof seed === 'number' ? random.key(seed) : seed;
}
