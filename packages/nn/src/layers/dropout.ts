import type { Key, Tensor } from '@thetagrad/core';
import { checkFraction, checkOptions, checkTensor } from '@thetagrad/core/backend';
import {
  alphaDropout,
  dropout,
  dropout1d,
  dropout2d,
  dropout3d,
  type DropoutOptions,
  featureAlphaDropout,
} from '../functional/dropout.ts';
import { type Generator, generatorOf, type Randomness } from '../generator.ts';
import { Module } from '../module.ts';

/** Dropout by a function of keys. */
export abstract class DropoutLayer extends Module {
  readonly p: number;
  /** The source of the masks; save it with the model to resume training exactly. */
  readonly generator: Generator;
  readonly #name: string;
  readonly #drop: (key: Key, x: Tensor, options: DropoutOptions) => Tensor;

  /**
   * @param name of the class, for messages
   * @throws {RangeError} if p is not between 0 and 1.
   * @throws {TypeError} if both a key and a generator are given.
   */
  protected constructor(
    name: string,
    drop: (key: Key, x: Tensor, options: DropoutOptions) => Tensor,
    p: number,
    randomness: Randomness,
  ) {
    super();
    checkOptions(name, randomness, ['key', 'generator']);
    checkFraction(name, 'p', p);
    this.p = p;
    this.generator = generatorOf(name, randomness);
    this.#name = name;
    this.#drop = drop;
  }

  override forward(x: Tensor): Tensor {
    checkTensor(this.#name, x);
    if (!this.training || this.p === 0) return x;
    return this.#drop(this.generator.next(), x, { p: this.p });
  }
}

/**
 * Sets each element to 0 with probability p in training, and divides the others by 1 − p, which preserves the
 * expectation; the identity in evaluation. Each call draws a new mask. (Srivastava et al., JMLR 2014, inverted.)
 */
export class Dropout extends DropoutLayer {
  /**
   * @param p Default: 0.5.
   * @throws {RangeError} if p is not between 0 and 1.
   * @throws {TypeError} if both a key and a generator are given.
   */
  constructor(p = 0.5, randomness: Randomness = {}) {
    super('Dropout', dropout, p, randomness);
  }
}

/** {@link Dropout} of whole channels of sequences, [N, C, L] or [C, L]. */
export class Dropout1d extends DropoutLayer {
  /**
   * @param p Default: 0.5.
   * @throws {RangeError} if p is not between 0 and 1.
   * @throws {TypeError} if both a key and a generator are given.
   */
  constructor(p = 0.5, randomness: Randomness = {}) {
    super('Dropout1d', dropout1d, p, randomness);
  }
}

/** {@link Dropout} of whole channels of images, [N, C, H, W] or [C, H, W]. */
export class Dropout2d extends DropoutLayer {
  /**
   * @param p Default: 0.5.
   * @throws {RangeError} if p is not between 0 and 1.
   * @throws {TypeError} if both a key and a generator are given.
   */
  constructor(p = 0.5, randomness: Randomness = {}) {
    super('Dropout2d', dropout2d, p, randomness);
  }
}

/** {@link Dropout} of whole channels of volumes, [N, C, D, H, W] or [C, D, H, W]. */
export class Dropout3d extends DropoutLayer {
  /**
   * @param p Default: 0.5.
   * @throws {RangeError} if p is not between 0 and 1.
   * @throws {TypeError} if both a key and a generator are given.
   */
  constructor(p = 0.5, randomness: Randomness = {}) {
    super('Dropout3d', dropout3d, p, randomness);
  }
}

/** {@link alphaDropout} in training, which preserves mean 0 and variance 1; the identity in evaluation. */
export class AlphaDropout extends DropoutLayer {
  /**
   * @param p Default: 0.5.
   * @throws {RangeError} if p is not between 0 and 1.
   * @throws {TypeError} if both a key and a generator are given.
   */
  constructor(p = 0.5, randomness: Randomness = {}) {
    super('AlphaDropout', alphaDropout, p, randomness);
  }
}

/** {@link AlphaDropout} of whole channels, [N, C, …]. */
export class FeatureAlphaDropout extends DropoutLayer {
  /**
   * @param p Default: 0.5.
   * @throws {RangeError} if p is not between 0 and 1.
   * @throws {TypeError} if both a key and a generator are given.
   */
  constructor(p = 0.5, randomness: Randomness = {}) {
    super('FeatureAlphaDropout', featureAlphaDropout, p, randomness);
  }
}
