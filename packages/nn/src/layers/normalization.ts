import { type DType, ones, stopGradient, type Tensor, Variable, zeros } from '@thetagrad/core';
import {
  checkFraction,
  checkInteger,
  checkNonnegative,
  checkOptions,
  checkTensor,
  divideScaledSum,
  formatShape,
  scaleSquares,
} from '@thetagrad/core/backend';
import { Module } from '../module.ts';

export interface BatchNorm2dOptions {
  /** Added to the variance. Default: 1e-5. */
  readonly eps?: number;
  /** The share of each batch in the running statistics. Default: 0.1. */
  readonly momentum?: number;
  /** Whether a trained scale and shift follow. Default: true. */
  readonly affine?: boolean;
  /** Default: float32. */
  readonly dtype?: DType;
}

/**
 * (x − mean) / √(variance + eps) · weight + bias for each channel of images [N, C, H, W]. In training, mean and
 * variance are those of the batch, and running averages of them are assigned (the variance by the unbiased estimate, as
 * in PyTorch): evaluate the model with the loss to store them. In evaluation the running averages are used. (Ioffe and
 * Szegedy, ICML 2015, algorithms 1 and 2.)
 */
export class BatchNorm2d extends Module {
  /** The number of channels, C. */
  readonly numFeatures: number;
  readonly eps: number;
  readonly momentum: number;
  /** [C] */
  readonly weight: Variable | undefined;
  /** [C] */
  readonly bias: Variable | undefined;
  /** [C], not trainable. */
  readonly runningMean: Variable;
  /** [C], not trainable. */
  readonly runningVar: Variable;

  /** @throws {RangeError} if `numFeatures` is not an integer ≥ 1, or an option is out of range. */
  constructor(numFeatures: number, options: BatchNorm2dOptions = {}) {
    super();
    checkOptions('BatchNorm2d', options, ['eps', 'momentum', 'affine', 'dtype']);
    const { eps = 1e-5, momentum = 0.1, affine = true, dtype = 'float32' } = options;
    checkInteger('BatchNorm2d', 'numFeatures', numFeatures, { min: 1 });
    checkNonnegative('BatchNorm2d', 'eps', eps);
    checkFraction('BatchNorm2d', 'momentum', momentum);
    this.numFeatures = numFeatures;
    this.eps = eps;
    this.momentum = momentum;
    const shape = [numFeatures];
    this.weight = affine ? new Variable(ones(shape, { dtype }), { name: 'BatchNorm2d.weight' }) : undefined;
    this.bias = affine ? new Variable(zeros(shape, { dtype }), { name: 'BatchNorm2d.bias' }) : undefined;
    const createRunning = (name: string, initial: Tensor): Variable =>
      new Variable(initial, { name: `BatchNorm2d.${name}`, trainable: false });
    this.runningMean = createRunning('runningMean', zeros(shape, { dtype }));
    this.runningVar = createRunning('runningVar', ones(shape, { dtype }));
  }

  /** @throws {RangeError} if x is not [N, numFeatures, H, W], or has only one element per channel in training. */
  override forward(x: Tensor): Tensor {
    checkTensor('BatchNorm2d', x);
    if (x.ndim !== 4 || x.shape[1] !== this.numFeatures) {
      throw new RangeError(`BatchNorm2d: input must be [N, ${this.numFeatures}, H, W], got ${formatShape(x.shape)}`);
    }
    const { deviation, std } = this.training ? this.#batchStatistics(x) : this.#runningStatistics(x);
    // All factors are joined per channel first: one pass over the images instead of three.
    const scale = std.reciprocal();
    if (!this.weight || !this.bias) return deviation.mul(scale);
    return deviation.mul(scale.mul(this.#perChannel(this.weight.value))).add(this.#perChannel(this.bias.value));
  }

  #batchStatistics(x: Tensor): { deviation: Tensor; std: Tensor } {
    const count = x.size / this.numFeatures;
    if (count <= 1) {
      throw new RangeError(
        `BatchNorm2d: training needs more than one element per channel, got ${formatShape(x.shape)}; ` +
          'use a larger batch, or eval()',
      );
    }
    const axes = [0, 2, 3];
    // In one pass, where `mean` may take two.
    const mean = divideScaledSum(x, axes, count, { keepdims: true });
    const deviation = x.sub(mean);
    // eps outweighs a variance that is too small to be represented, so that scaling up would only lose it.
    const { scaled, scale } = scaleSquares(deviation, axes, { enlarge: this.eps === 0 });
    const variance = scaled.square().sum(axes, { keepdims: true }).div(count);
    this.#updateRunning(this.runningMean, mean);
    this.#updateRunning(
      this.runningVar,
      variance
        .mul(count / (count - 1))
        .div(scale)
        .div(scale),
    );
    const withEps = this.eps === 0 ? variance : variance.add(scale.mul(scale).mul(this.eps));
    return { deviation, std: withEps.sqrt().div(scale) };
  }

  #runningStatistics(x: Tensor): { deviation: Tensor; std: Tensor } {
    return {
      deviation: x.sub(this.#perChannel(this.runningMean.value)),
      std: this.#perChannel(this.runningVar.value).add(this.eps).sqrt(),
    };
  }

  #updateRunning(running: Variable, batch: Tensor): void {
    const latest = stopGradient(batch).reshape([this.numFeatures]).astype(running.dtype);
    running.assign(running.value.mul(1 - this.momentum).add(latest.mul(this.momentum)));
  }

  #perChannel(values: Tensor): Tensor {
    return values.reshape([this.numFeatures, 1, 1]);
  }
}
