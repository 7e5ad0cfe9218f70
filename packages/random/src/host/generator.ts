import { threefry } from '@thetagrad/core/backend';

/** The first words of the counters, by which the numbers of an element differ from those of other purposes. */
const purpose = 0x72616e64;

/**
 * A generator of numbers for one element of a tensor, from a seed of two words. It computes in JavaScript whatever the backend is,
 * so that the outcome of decisions is the same on all.
 */
export class Generator {
  readonly #seed: readonly [number, number];
  #count = 0;

  constructor(first: number, second: number) {
    this.#seed = [first, second];
  }

  /** A uniform number in (0, 1), one of 2⁵² equidistant values. */
  uniform(): number {
    const [high, low] = threefry(this.#seed, purpose, this.#count++);
    return ((high >>> 0) * 2 ** 20 + (low >>> 12) + 0.5) * 2 ** -52;
  }

  /** A normal number, by the Box–Muller transform. */
  normal(): number {
    return Math.sqrt(-2 * Math.log(this.uniform())) * Math.cos(2 * Math.PI * this.uniform());
  }
}
