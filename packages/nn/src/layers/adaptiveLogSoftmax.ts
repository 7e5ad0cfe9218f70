import { concat, type DType, type Tensor } from '@thetagrad/core';
import {
  areIntegers,
  areNumbers,
  argumentError,
  checkInteger,
  checkOptions,
  checkPositive,
} from '@thetagrad/core/backend';
import { generatorOf, type Randomness } from '../generator.ts';
import { nllLoss } from '../losses/crossEntropy.ts';
import { Module } from '../module.ts';
import { Sequential } from './container.ts';
import { Linear } from './linear.ts';

/** Options of {@link AdaptiveLogSoftmaxWithLoss}. */
export interface AdaptiveLogSoftmaxOptions extends Randomness {
  /** The factor by which the features of each cluster are fewer than those of the one before. Default: 4. */
  readonly divValue?: number;
  /** Whether the head has a bias. Default: false. */
  readonly headBias?: boolean;
  /** Default: float32. */
  readonly dtype?: DType;
}

/** What {@link AdaptiveLogSoftmaxWithLoss} returns. */
export interface AdaptiveLogSoftmaxOutput {
  /** [N]: the log-probability of each target. */
  readonly output: Tensor;
  /** A scalar: the mean of −output. */
  readonly loss: Tensor;
}

/**
 * Log-probabilities of many classes, in the order of their frequency: those below the first cutoff are outputs of a head; the others are
 * in clusters, one from each cutoff to the next, which the head has an output for, and whose classes have a product of two small
 * weights. All clusters are computed for each sample, which saves parameters and not time, unlike in PyTorch. (Grave et al., ICML 2017.)
 * @example
 * new AdaptiveLogSoftmaxWithLoss(16, 100, [10, 40]).logProb(zeros([3, 16])).shape; // [3, 100]
 */
export class AdaptiveLogSoftmaxWithLoss extends Module<[x: Tensor, target: Tensor], AdaptiveLogSoftmaxOutput> {
  readonly inFeatures: number;
  readonly nClasses: number;
  /** Where clusters begin. */
  readonly cutoffs: readonly number[];
  /** [..., inFeatures] to the classes below the first cutoff, and the clusters. */
  readonly head: Linear;
  /** [..., inFeatures] to the classes of each cluster. */
  readonly tail: readonly Sequential<readonly [Linear, Linear]>[];

  /**
   * @param cutoffs increasing integers from 1 to nClasses − 1
   * @throws {RangeError} if a size is not an integer ≥ 1, the cutoffs are others, or a cluster has no features left.
   * @throws {TypeError} if both a key and a generator are given.
   */
  constructor(
    inFeatures: number,
    nClasses: number,
    cutoffs: readonly number[],
    options: AdaptiveLogSoftmaxOptions = {},
  ) {
    super();
    const name = 'AdaptiveLogSoftmaxWithLoss';
    checkOptions(name, options, ['divValue', 'headBias', 'dtype', 'key', 'generator']);
    checkInteger(name, 'inFeatures', inFeatures, { min: 1 });
    checkInteger(name, 'nClasses', nClasses, { min: 2 });
    const isIncreasing = areIntegers(cutoffs, 1) && cutoffs.every((cutoff, i) => cutoff < (cutoffs[i + 1] ?? nClasses));
    if (!isIncreasing || cutoffs.length === 0) {
      throw argumentError(
        name,
        'cutoffs',
        `increasing integers from 1 to ${nClasses - 1}`,
        cutoffs,
        areNumbers(cutoffs),
      );
    }
    const { divValue = 4, headBias = false, dtype = 'float32' } = options;
    checkPositive(name, 'divValue', divValue);
    const generator = generatorOf(name, options);
    const [shortlist = 0] = cutoffs;
    this.inFeatures = inFeatures;
    this.nClasses = nClasses;
    this.cutoffs = [...cutoffs];
    this.head = new Linear(inFeatures, shortlist + cutoffs.length, { bias: headBias, dtype, generator });
    this.tail = cutoffs.map((cutoff, i) => {
      const features = Math.floor(inFeatures / divValue ** (i + 1));
      checkInteger(name, `the features of cluster ${i}, inFeatures / divValue^${i + 1},`, features, { min: 1 });
      const layer = { bias: false, dtype, generator };
      const classes = (cutoffs[i + 1] ?? nClasses) - cutoff;
      return new Sequential(new Linear(inFeatures, features, layer), new Linear(features, classes, layer));
    });
  }

  /**
   * @param x [N, inFeatures]
   * @param target int32 [N], each from 0 to nClasses − 1
   * @throws {TypeError} if the targets are not int32.
   * @throws {RangeError} if shapes do not fit, or a target is out of range: at once where targets are plain data, at evaluation
   *   otherwise.
   */
  override forward(x: Tensor, target: Tensor): AdaptiveLogSoftmaxOutput {
    const output = nllLoss(this.logProb(x), target, { reduction: 'none' }).neg();
    return { output, loss: output.mean().neg() };
  }

  /**
   * The log-probabilities of all classes: [..., inFeatures] to [..., nClasses].
   * @throws {RangeError} if the last axis of x does not have `inFeatures` elements.
   */
  logProb(x: Tensor): Tensor {
    const head = this.head.forward(x).logSoftmax();
    const part = (from: number, to: number): Tensor =>
      head.slice([...x.shape.slice(0, -1).map(() => null), [from, to]]);
    const [shortlist = 0] = this.cutoffs;
    const clusters = this.tail.map((cluster, i) => {
      return cluster
        .forward(x)
        .logSoftmax()
        .add(part(shortlist + i, shortlist + i + 1));
    });
    return concat([part(0, shortlist), ...clusters], -1);
  }

  /** The most probable class of each sample: [..., inFeatures] to int32 [...]. */
  predict(x: Tensor): Tensor {
    return this.logProb(x).argmax(-1);
  }
}
