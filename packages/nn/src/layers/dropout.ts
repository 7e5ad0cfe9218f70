import { checkFraction, checkOptions, checkTensor } from '@thetagrad/core/backend';
import { random, type Tensor } from '@thetagrad/core';
import { type Generator, generatorOf, type Randomness } from '../generator.ts';
import { Module } from '../module.ts';

/**
 * Sets each element to 0 with probability p in training, and divides the others by 1 − p, which preserves the
 * expectation; the identity in evaluation. Each call draws a new mask. (Srivastava et al., JMLR 2014, inverted.)
 */
export class Dropout extends Module {
  readonly p: number;
  /** The source of the masks; save it with the model to resume training exactly. */
  readonly generator: Generator;

  /**
   * @param p Default: 0.5.
   * @throws {RangeError} if p is not between 0 and 1.
   * @throws {TypeError} if both a key and a generator are given.
   */
  constructor(p = 0.5, randomness: Randomness = {}) {
    super();
    checkOptions('Dropout', randomness, ['key', 'generator']);
    checkFraction('Dropout', 'p', p);
    this.p = p;
    this.generator = generatorOf('Dropout', randomness);
  }

  override forward(x: Tensor): Tensor {
    checkTensor('Dropout', x);
    if (!this.training || this.p === 0) return x;
    const kept = random.bernoulli(this.generator.next(), x.shape, 1 - this.p);
    return kept.where(x, 0).mul(this.p === 1 ? 0 : 1 / (1 - this.p));
  }
}
