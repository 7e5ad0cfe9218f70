import { random, type Tensor } from '@thetagrad/core';
import { type Generator, generatorOf, type Randomness } from '../generator.ts';
import { Module } from '../module.ts';

/**
 * In training, each element is set to 0 with probability p and the others are divided by 1 − p, so that the expectation
 * stays; otherwise nothing is done. Each call uses a new key. (Srivastava et al., JMLR 2014, in its inverted form.)
 */
export class Dropout extends Module {
  readonly p: number;
  /** Where the keys come from; save it with the model to continue training exactly. */
  readonly generator: Generator;

  /** @throws {RangeError} if p is not between 0 and 1. */
  constructor(p = 0.5, randomness: Randomness = {}) {
    super();
    if (!(p >= 0 && p <= 1)) throw new RangeError(`Dropout: p must be between 0 and 1, got ${p}`);
    this.p = p;
    this.generator = generatorOf('Dropout', randomness);
  }

  override forward(x: Tensor): Tensor {
    if (!this.training || this.p === 0) return x;
    const kept = random.bernoulli(this.generator.next(), x.shape, 1 - this.p);
    return kept.where(x, 0).mul(this.p === 1 ? 0 : 1 / (1 - this.p));
  }
}
