import type { Conv2dOptions as ConvolutionOptions, Pool2dOptions, Size2d, Tensor, Variable } from '@thetagrad/core';
import { Module } from '../module.ts';
import { affineVariables, type AffineOptions, checkCount } from './affine.ts';

export interface Conv2dOptions extends ConvolutionOptions, AffineOptions {}

/** 2-D convolution of images [N, inChannels, H, W] to [N, outChannels, H′, W′]; sizes as core's `conv2d`. */
export class Conv2d extends Module {
  readonly inChannels: number;
  readonly outChannels: number;
  /** Stride, padding, dilation and groups. */
  readonly options: ConvolutionOptions;
  /** [outChannels, inChannels / groups, kh, kw] */
  readonly weight: Variable;
  /** [outChannels] */
  readonly bias: Variable | undefined;

  constructor(inChannels: number, outChannels: number, kernelSize: Size2d, options: Conv2dOptions = {}) {
    super();
    const { stride = 1, padding = 0, dilation = 1, groups = 1 } = options;
    checkCount('Conv2d', 'inChannels', inChannels);
    checkCount('Conv2d', 'outChannels', outChannels);
    checkCount('Conv2d', 'groups', groups);
    if (inChannels % groups !== 0 || outChannels % groups !== 0) {
      throw new RangeError(
        `Conv2d: ${inChannels} input and ${outChannels} output channels do not split evenly into ${groups} groups`,
      );
    }
    const [height, width] = typeof kernelSize === 'number' ? [kernelSize, kernelSize] : kernelSize;
    checkCount('Conv2d', 'kernelSize', height);
    checkCount('Conv2d', 'kernelSize', width);
    this.inChannels = inChannels;
    this.outChannels = outChannels;
    this.options = { stride, padding, dilation, groups };
    const shape = [outChannels, inChannels / groups, height, width];
    ({ weight: this.weight, bias: this.bias } = affineVariables('Conv2d', shape, options));
  }

  /** @throws {RangeError} if the images have another number of channels, or the kernel does not fit them. */
  override forward(x: Tensor): Tensor {
    const images = x.conv2d(this.weight.value, this.options);
    return this.bias ? images.add(this.bias.value.reshape([this.outChannels, 1, 1])) : images;
  }
}

/** The stride and padding of a pooling layer. */
export type PoolOptions = Omit<Pool2dOptions, 'kernelSize'>;

/** The largest element of each window of images [N, C, H, W]; see core's `maxPool2d`. */
export class MaxPool2d extends Module {
  readonly options: Pool2dOptions;

  /** The stride is the kernel size unless given. */
  constructor(kernelSize: Size2d, options: PoolOptions = {}) {
    super();
    this.options = { kernelSize, ...options };
  }

  override forward(x: Tensor): Tensor {
    return x.maxPool2d(this.options);
  }
}

/** The mean of each window of images [N, C, H, W]; see core's `avgPool2d`. */
export class AvgPool2d extends Module {
  readonly options: Pool2dOptions;

  /** The stride is the kernel size unless given. */
  constructor(kernelSize: Size2d, options: PoolOptions = {}) {
    super();
    this.options = { kernelSize, ...options };
  }

  override forward(x: Tensor): Tensor {
    return x.avgPool2d(this.options);
  }
}
