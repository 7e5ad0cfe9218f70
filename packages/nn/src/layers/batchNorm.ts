// Batch normalization of sequences, images and volumes.
import { type DType, ones, type Tensor, Variable, zeros } from '@thetagrad/core';
import {
  checkFraction,
  checkInteger,
  checkNonnegative,
  checkOptions,
  checkTensor,
  formatShape,
  guard,
  preventReplay,
} from '@thetagrad/core/backend';
import { checkChannels, normalizeBatch } from '../functional/normalization.ts';
import { Module } from '../module.ts';

export interface BatchNormLayerOptions {
  /** Added to the variance. Default: 1e-5. */
  readonly eps?: number;
  /** The share of each batch in the running statistics. Default: 0.1. */
  readonly momentum?: number;
  /** Whether a trained scale and shift follow. Default: true. */
  readonly affine?: boolean;
  /** Default: float32. */
  readonly dtype?: DType;
}

/** Options of {@link BatchNorm2d}. */
export type BatchNorm2dOptions = BatchNormLayerOptions;

/** Batch normalization of any number of axes after the channels. */
export abstract class BatchNorm extends Module {
  /** The number of channels, C. */
  readonly numFeatures: number;
  readonly eps: number;
  /** [C] */
  readonly weight: Variable | undefined;
  /** [C] */
  readonly bias: Variable | undefined;
  /** [C], not trainable. */
  readonly runningMean: Variable;
  /** [C], not trainable. */
  readonly runningVar: Variable;
  readonly #name: string;
  readonly #spatial: readonly string[];
  #momentum: number;

  /**
   * @param name of the class, for messages and variables
   * @param spatial the names of the axes after the channels, for each shape that is accepted
   * @throws {RangeError} if `numFeatures` is not an integer ≥ 1, or an option is out of range.
   */
  protected constructor(
    name: string,
    spatial: readonly string[],
    numFeatures: number,
    options: BatchNormLayerOptions = {},
  ) {
    super();
    checkOptions(name, options, ['eps', 'momentum', 'affine', 'dtype']);
    const { eps = 1e-5, momentum = 0.1, affine = true, dtype = 'float32' } = options;
    checkInteger(name, 'numFeatures', numFeatures, { min: 1 });
    checkNonnegative(name, 'eps', eps);
    checkFraction(name, 'momentum', momentum);
    this.#name = name;
    this.#spatial = spatial;
    this.numFeatures = numFeatures;
    this.eps = eps;
    this.#momentum = momentum;
    const shape = [numFeatures];
    this.weight = affine ? new Variable(ones(shape, { dtype }), { name: `${name}.weight` }) : undefined;
    this.bias = affine ? new Variable(zeros(shape, { dtype }), { name: `${name}.bias` }) : undefined;
    this.runningMean = new Variable(zeros(shape, { dtype }), { name: `${name}.runningMean`, trainable: false });
    this.runningVar = new Variable(ones(shape, { dtype }), { name: `${name}.runningVar`, trainable: false });
  }

  /** The share of each batch in the running statistics; may be set at any time, to a number from 0 to 1. */
  get momentum(): number {
    return guard(() => this.#momentum);
  }

  set momentum(momentum: number) {
    checkFraction(this.#name, 'momentum', momentum);
    preventReplay();
    this.#momentum = momentum;
  }

  /** @throws {RangeError} if x is not of a shape as documented, or has only one element per channel in training. */
  override forward(x: Tensor): Tensor {
    checkTensor(this.#name, x);
    const ranks = this.#spatial.map((axes) => 2 + axes.split(',').filter(Boolean).length);
    if (!ranks.includes(x.ndim) || x.shape[1] !== this.numFeatures) {
      const shapes = this.#spatial.map((axes) => `[N, ${this.numFeatures}${axes && ', '}${axes}]`).join(' or ');
      throw new RangeError(`${this.#name}: input must be ${shapes}, got ${formatShape(x.shape)}`);
    }
    const { training, eps, momentum, weight, bias, runningMean, runningVar } = this;
    const options = { training, eps, momentum, weight: weight?.value, bias: bias?.value, runningMean, runningVar };
    const { values, perChannel } = checkChannels(this.#name, x);
    return normalizeBatch(this.#name, values, options, perChannel);
  }
}

/**
 * (x − mean) / √(variance + eps) · weight + bias for each channel of [N, C] or of sequences [N, C, L]; otherwise as {@link
 * BatchNorm2d}.
 */
export class BatchNorm1d extends BatchNorm {
  /** @throws {RangeError} if `numFeatures` is not an integer ≥ 1, or an option is out of range. */
  constructor(numFeatures: number, options: BatchNormLayerOptions = {}) {
    super('BatchNorm1d', ['', 'L'], numFeatures, options);
  }
}

/**
 * (x − mean) / √(variance + eps) · weight + bias for each channel of images [N, C, H, W]. In training, mean and
 * variance are those of the batch, and running averages of them are assigned (the variance by the unbiased estimate, as
 * in PyTorch): evaluate the model with the loss to store them. In evaluation the running averages are used. (Ioffe and
 * Szegedy, ICML 2015, algorithms 1 and 2.)
 */
export class BatchNorm2d extends BatchNorm {
  /** @throws {RangeError} if `numFeatures` is not an integer ≥ 1, or an option is out of range. */
  constructor(numFeatures: number, options: BatchNormLayerOptions = {}) {
    super('BatchNorm2d', ['H, W'], numFeatures, options);
  }
}

/**
 * (x − mean) / √(variance + eps) · weight + bias for each channel of volumes [N, C, D, H, W]; otherwise as {@link BatchNorm2d}.
 */
export class BatchNorm3d extends BatchNorm {
  /** @throws {RangeError} if `numFeatures` is not an integer ≥ 1, or an option is out of range. */
  constructor(numFeatures: number, options: BatchNormLayerOptions = {}) {
    super('BatchNorm3d', ['D, H, W'], numFeatures, options);
  }
}
