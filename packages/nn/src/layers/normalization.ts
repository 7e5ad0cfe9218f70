import { type DType, ones, stopGradient, type Tensor, Variable, zeros } from '@thetagrad/core';
import { Module } from '../module.ts';
import { checkCount } from './affine.ts';

export interface BatchNorm2dOptions {
  /** Added to the variance; 1e-5 unless said otherwise. */
  readonly eps?: number;
  /** How much of each batch goes into the running statistics; 0.1 unless said otherwise. */
  readonly momentum?: number;
  /** Whether a trained scale and shift follow; true unless said otherwise. */
  readonly affine?: boolean;
  readonly dtype?: DType;
}

/** x − mean, and the variance per channel. */
interface Statistics {
  readonly deviation: Tensor;
  readonly variance: Tensor;
}

/**
 * (x − mean) / √(variance + eps) · weight + bias for each channel of images [N, C, H, W]. In training, mean and variance
 * are those of the batch, and running averages of them are assigned (the variance by the unbiased estimate, as in
 * PyTorch): evaluate the model with the loss to store them. In evaluation mode the running averages are used.
 * (Ioffe and Szegedy, ICML 2015, algorithms 1 and 2.)
 */
export class BatchNorm2d extends Module {
  readonly channels: number;
  readonly eps: number;
  readonly momentum: number;
  /** [channels] */
  readonly weight: Variable | undefined;
  /** [channels] */
  readonly bias: Variable | undefined;
  /** [channels], not trained. */
  readonly runningMean: Variable;
  /** [channels], not trained. */
  readonly runningVar: Variable;

  constructor(channels: number, options: BatchNorm2dOptions = {}) {
    super();
    const { eps = 1e-5, momentum = 0.1, affine = true, dtype = 'float32' } = options;
    checkCount('BatchNorm2d', 'channels', channels);
    if (!(eps >= 0)) throw new RangeError(`BatchNorm2d: eps must be at least 0, got ${eps}`);
    if (!(momentum >= 0 && momentum <= 1)) {
      throw new RangeError(`BatchNorm2d: momentum must be between 0 and 1, got ${momentum}`);
    }
    this.channels = channels;
    this.eps = eps;
    this.momentum = momentum;
    const shape = [channels];
    this.weight = affine ? new Variable(ones(shape, { dtype }), { name: 'BatchNorm2d.weight' }) : undefined;
    this.bias = affine ? new Variable(zeros(shape, { dtype }), { name: 'BatchNorm2d.bias' }) : undefined;
    const running = (name: string, initial: Tensor): Variable =>
      new Variable(initial, { name: `BatchNorm2d.${name}`, trainable: false });
    this.runningMean = running('runningMean', zeros(shape, { dtype }));
    this.runningVar = running('runningVar', ones(shape, { dtype }));
  }

  /** @throws {RangeError} if x is not [N, channels, H, W], or in training has only one element per channel. */
  override forward(x: Tensor): Tensor {
    if (x.ndim !== 4 || x.shape[1] !== this.channels) {
      throw new RangeError(`BatchNorm2d: needs images [N, ${this.channels}, H, W], got [${x.shape.join(', ')}]`);
    }
    const { deviation, variance } = this.training ? this.#overBatch(x) : this.#overRunning(x);
    // All that is multiplied is joined per channel first: one pass over the images instead of three.
    const scale = variance.add(this.eps).sqrt().reciprocal();
    if (!this.weight || !this.bias) return deviation.mul(scale);
    return deviation.mul(scale.mul(this.#perChannel(this.weight.value))).add(this.#perChannel(this.bias.value));
  }

  #overBatch(x: Tensor): Statistics {
    const count = x.size / this.channels;
    if (count <= 1) {
      throw new RangeError(
        `BatchNorm2d: in training more than one element per channel is needed, got [${x.shape.join(', ')}]; ` +
          'use a larger batch, or eval()',
      );
    }
    const mean = x.mean([0, 2, 3], { keepdims: true });
    const deviation = x.sub(mean);
    const variance = deviation.square().mean([0, 2, 3], { keepdims: true });
    this.#average(this.runningMean, mean);
    this.#average(this.runningVar, variance.mul(count / (count - 1)));
    return { deviation, variance };
  }

  #overRunning(x: Tensor): Statistics {
    return {
      deviation: x.sub(this.#perChannel(this.runningMean.value)),
      variance: this.#perChannel(this.runningVar.value),
    };
  }

  #average(running: Variable, batch: Tensor): void {
    const latest = stopGradient(batch).reshape([this.channels]).astype(running.dtype);
    running.assign(running.value.mul(1 - this.momentum).add(latest.mul(this.momentum)));
  }

  #perChannel(values: Tensor): Tensor {
    return values.reshape([this.channels, 1, 1]);
  }
}
