// Random keys whose words are tensors: what a mapped or repeated function sees of the keys that it is given.
import { defineTernary, random, stack, Tensor, type Key } from '@thetagrad/core';
import { checkInteger, sameShape, threefry, threefryExpression } from '@thetagrad/core/backend';

/** A word of a key derived from a key and a counter. */
type Word = (key0: Tensor, key1: Tensor, counter: Tensor | number) => Tensor;

/** The operation that gives one of the two words of Threefry of a key and a counter whose first word is `block`. */
function word(block: number, index: 0 | 1): Word {
  const range = { from: -(2 ** 31), to: 2 ** 31 - 1 };
  return defineTernary({
    name: `threefry${block}${index}`,
    dtypes: 'bitwise',
    value: (key0, key1, counter) => threefry([key0, key1], block, counter)[index],
    lower: (key0, key1, counter) => threefryExpression([key0, key1], block, counter)[index],
    derivatives: 'zero',
    domain: [range, range, range],
  });
}

const splitWords = [word(1, 0), word(1, 1)] as const;
const foldWords = [word(2, 0), word(2, 1)] as const;

/**
 * The words of keys derived from others, of shape […, 2].
 * @param counters int32, broadcast against the keys.
 */
function derive(words: readonly Word[], keys: Tensor, counters: Tensor | number): Tensor {
  const [key0, key1] = [0, 1].map((i) => keys.slice([...keys.shape.slice(1).map(() => null), i])) as [Tensor, Tensor];
  return stack(
    words.map((each) => each(key0, key1, counters)),
    -1,
  );
}

/** The words of keys to which a number is folded in, as by `Key.foldIn`: int32 […, 2]. */
export function foldInWords(keys: Tensor, n: Tensor | number): Tensor {
  const [low, high] = typeof n === 'number' ? [n | 0, Math.floor(n / 2 ** 32) | 0] : [n, 0];
  return derive(foldWords, derive(foldWords, keys, low), high);
}

/** A key whose words are a tensor: it gives the same numbers as a key of these words. */
export class TensorKey extends random.Key {
  readonly #tensor: Tensor;

  /** @param tensor int32 [2]. */
  constructor(tensor: Tensor) {
    super(() => {
      throw new Error(
        'random.Key: a key inside of a mapped or repeated function has no plain numbers; draw tensors from it, or derive a stream outside',
      );
    });
    this.#tensor = tensor;
  }

  override split(count = 2): Key[] {
    checkInteger('random.Key.split', 'count', count, { min: 0 });
    return Array.from({ length: count }, (_, i) => new TensorKey(derive(splitWords, this.#tensor, i)));
  }

  override foldIn(n: number): Key {
    checkInteger('random.Key.foldIn', 'n', n, { min: Number.MIN_SAFE_INTEGER, max: Number.MAX_SAFE_INTEGER });
    return new TensorKey(foldInWords(this.#tensor, n));
  }

  override toTensor(): Tensor {
    return this.#tensor;
  }
}

/** Keys with axes, as an array of keys or nested arrays of them have: a leaf of trees of tensors and keys. */
export class KeyArray {
  /** int32 [...axes, 2]. */
  readonly #words: Tensor;
  readonly #source: Key | readonly unknown[];

  private constructor(words: Tensor, source: Key | readonly unknown[]) {
    this.#words = words;
    this.#source = source;
  }

  /** The keys that a value stands for: a key, or an array of keys or of such arrays of equal lengths. */
  static from(value: unknown): KeyArray | undefined {
    if (value instanceof random.Key) return new KeyArray(value.toTensor(), value);
    if (!Array.isArray(value)) return undefined;
    const source: readonly unknown[] = value;
    const known = wordsOf.get(source);
    if (known) return new KeyArray(known, source);
    const axes = axesOf(source);
    if (!axes) return undefined;
    const keys = source.flat(axes.length - 1) as Key[];
    const words = keys.some((key) => key instanceof TensorKey)
      ? stack(keys.map((key) => key.toTensor()))
      : random.Key.stack(keys);
    return new KeyArray(words.reshape([...axes, 2]), source);
  }

  get words(): Tensor {
    return this.#words;
  }

  /** The key, or array of keys, of these words; those that it was made from if the words are. */
  withWords(words: unknown): unknown {
    if (words === this.#words) return this.#source;
    return words instanceof Tensor ? keysOf(words) : words;
  }
}

/** The axes of an array of keys, or of arrays of them of equal lengths; `undefined` of anything else. */
function axesOf(value: unknown, depth = 0): number[] | undefined {
  if (value instanceof random.Key) return [];
  // Deeper than any shape: the array may contain itself.
  if (!Array.isArray(value) || value.length === 0 || depth > 32) return undefined;
  const first = axesOf(value[0], depth + 1);
  if (!first) return undefined;
  const isSame = (axes: readonly number[] | undefined): boolean => axes !== undefined && sameShape(axes, first);
  return value.every((item) => isSame(axesOf(item, depth + 1))) ? [value.length, ...first] : undefined;
}

/** The words of arrays of keys that were made from them. */
const wordsOf = new WeakMap<readonly unknown[], Tensor>();

function keysOf(words: Tensor): unknown {
  if (words.ndim === 1) return new TensorKey(words);
  const keys = Object.freeze(Array.from({ length: words.shape[0]! }, (_, i) => keysOf(words.slice([i]))));
  wordsOf.set(keys, words);
  return keys;
}
