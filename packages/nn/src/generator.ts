import { random, type Key, tensor, type Tensor } from '@thetagrad/core';
import { argumentError, checkInteger, preventReplay, repeat } from '@thetagrad/core/backend';
import { Count } from './count.ts';
import { checkState, type Stateful } from './state.ts';

/**
 * A source of random keys. Key n is a function of the seed and n, so that its state is the seed and a count. Keys of a step
 * that fails are drawn again.
 */
export class Generator implements Stateful {
  #key: Key;
  #count = new Count();

  /**
   * @param seed an integer, or the key that all keys are derived from. Default: 0.
   * @throws {TypeError} if the seed is neither.
   */
  constructor(seed: number | Key = 0) {
    this.#key = toKey(seed);
  }

  /** The next key, different from all before. */
  next(): Key {
    const draw = repeat(() => {
      const { words } = this.#key.foldIn(this.#count.value);
      return { words, onOutcome: this.#count.increment() };
    });
    return new random.Key(draw);
  }

  /** Restarts from a seed. */
  manualSeed(seed: number | Key): void {
    preventReplay();
    this.#key = toKey(seed);
    this.#count = new Count();
  }

  /** The key that all keys are derived from (int32 [2]) and their number so far (a float64 scalar, exact up to 2⁵³). */
  stateDict(): { key: Tensor; count: Tensor } {
    preventReplay();
    return {
      key: tensor(Int32Array.from(this.#key.words)),
      count: tensor(this.#count.value, { dtype: 'float64' }),
    };
  }

  /** @throws {RangeError} if it is not the state of a generator. Nothing is changed then. */
  loadStateDict(state: Readonly<Record<string, Tensor>>): void {
    checkState('Generator.loadStateDict', this.stateDict(), state);
    const count = state['count']!.itemSync();
    checkInteger('Generator.loadStateDict', 'count', count, { min: 0, max: Number.MAX_SAFE_INTEGER });
    const [first, second] = state['key']!.dataSync() as Int32Array;
    this.#key = new random.Key([first!, second!]);
    this.#count = new Count(count);
  }
}

/** The generator of every layer that is given neither key nor generator. Its seed is 0 until {@link manualSeed}. */
export const defaultGenerator: Generator = new Generator();

/** Seeds the default generator: the same seed before building a model gives the same initial weights and dropout. */
export function manualSeed(seed: number): void {
  defaultGenerator.manualSeed(seed);
}

/** The source of a layer's random numbers. Default: {@link defaultGenerator}. */
export interface Randomness {
  readonly key?: Key;
  readonly generator?: Generator;
}

/**
 * The generator that the options specify, for layers outside this package.
 * @throws {TypeError} if both a key and a generator are given, or one is of the wrong kind.
 */
export function generatorOf(operation: string, { key, generator }: Randomness): Generator {
  if (key !== undefined && generator !== undefined) {
    throw new TypeError(`${operation}: give a key or a generator, not both`);
  }
  if (key !== undefined) {
    if (!(key instanceof random.Key)) {
      throw argumentError(operation, 'key', 'a key, as from random.key(seed)', key, false);
    }
    return new Generator(key);
  }
  if (generator === undefined) return defaultGenerator;
  if (!(generator instanceof Generator)) throw argumentError(operation, 'generator', 'a Generator', generator, false);
  return generator;
}

function toKey(seed: number | Key): Key {
  return seed instanceof random.Key ? seed : random.key(seed);
}
