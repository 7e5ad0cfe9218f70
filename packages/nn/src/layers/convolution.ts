import {
  avgPool2d,
  conv2d,
  type Conv2dOptions as Conv2dFunctionOptions,
  maxPool2d,
  type Pool2dOptions,
  type Size2d,
  type Tensor,
  type Variable,
} from '@thetagrad/core';
import { argumentError, checkInteger, checkOptions } from '@thetagrad/core/backend';
import { Module } from '../module.ts';
import { affineOptions, type AffineOptions, createAffineVariables } from './affine.ts';

type ConvolutionOptions = Omit<Conv2dFunctionOptions, 'bias'>;

export interface Conv2dOptions extends ConvolutionOptions, AffineOptions {}

/** 2-D convolution, core's `conv2d`, with a bias: [N, inChannels, H, W] to [N, outChannels, H′, W′]. */
export class Conv2d extends Module {
  readonly inChannels: number;
  readonly outChannels: number;
  /** Stride, padding, dilation and groups. */
  readonly options: ConvolutionOptions;
  /** [outChannels, inChannels / groups, kernel height, kernel width] */
  readonly weight: Variable;
  /** [outChannels] */
  readonly bias: Variable | undefined;

  /**
   * @throws {RangeError} if a size is not an integer ≥ 1, or the channels are not divisible by `groups`.
   * @throws {TypeError} if both a key and a generator are given.
   */
  constructor(inChannels: number, outChannels: number, kernelSize: Size2d, options: Conv2dOptions = {}) {
    super();
    checkOptions('Conv2d', options, ['stride', 'padding', 'dilation', 'groups', ...affineOptions]);
    const { stride = 1, padding = 0, dilation = 1, groups = 1 } = options;
    if (typeof kernelSize !== 'number' && !(Array.isArray(kernelSize) && kernelSize.length === 2)) {
      throw argumentError('Conv2d', 'kernelSize', 'an integer ≥ 1 or a pair of them', kernelSize, false);
    }
    const [height, width] = typeof kernelSize === 'number' ? [kernelSize, kernelSize] : kernelSize;
    for (const [name, size] of [
      ['inChannels', inChannels],
      ['outChannels', outChannels],
      ['groups', groups],
      ['kernelSize', height],
      ['kernelSize', width],
    ] as const) {
      checkInteger('Conv2d', name, size, { min: 1 });
    }
    if (inChannels % groups !== 0 || outChannels % groups !== 0) {
      throw new RangeError(
        `Conv2d: inChannels ${inChannels} and outChannels ${outChannels} must be divisible by groups ${groups}`,
      );
    }
    this.inChannels = inChannels;
    this.outChannels = outChannels;
    this.options = { stride, padding, dilation, groups };
    const shape = [outChannels, inChannels / groups, height, width];
    ({ weight: this.weight, bias: this.bias } = createAffineVariables('Conv2d', shape, options));
  }

  /**
   * @param x images [N, inChannels, H, W]
   * @throws {RangeError} if x has another shape, or is smaller than the kernel.
   */
  override forward(x: Tensor): Tensor {
    const output = conv2d(x, this.weight.value, this.options);
    return this.bias ? output.add(this.bias.value.reshape([this.outChannels, 1, 1])) : output;
  }
}

/** Stride and padding of a pooling layer. */
export type PoolOptions = Omit<Pool2dOptions, 'kernelSize'>;

/** The maximum of each window of images [N, C, H, W]; see core's `maxPool2d`. */
export class MaxPool2d extends Module {
  readonly options: Pool2dOptions;

  /** @param options `stride` (default: the kernel size) and `padding` (default: 0). */
  constructor(kernelSize: Size2d, options: PoolOptions = {}) {
    super();
    checkOptions('MaxPool2d', options, ['stride', 'padding']);
    this.options = { kernelSize, ...options };
  }

  override forward(x: Tensor): Tensor {
    return maxPool2d(x, this.options);
  }
}

/** The mean of each window of images [N, C, H, W]; see core's `avgPool2d`. */
export class AvgPool2d extends Module {
  readonly options: Pool2dOptions;

  /** @param options `stride` (default: the kernel size) and `padding` (default: 0). */
  constructor(kernelSize: Size2d, options: PoolOptions = {}) {
    super();
    checkOptions('AvgPool2d', options, ['stride', 'padding']);
    this.options = { kernelSize, ...options };
  }

  override forward(x: Tensor): Tensor {
    return avgPool2d(x, this.options);
  }
}
