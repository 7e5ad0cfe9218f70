import {
  conv1d,
  conv3d,
  type ConvOptions,
  convTranspose1d,
  convTranspose2d,
  convTranspose3d,
  type ConvTransposeOptions,
  type Size,
} from '@thetagrad/conv';
import { conv2d, type Tensor, type Variable } from '@thetagrad/core';
import { checkInteger, checkOptions } from '@thetagrad/core/backend';
import { Module } from '../module.ts';
import { affineOptions, type AffineOptions, createAffineVariables } from './affine.ts';
import { parseKernelSize, type Rank } from './sizes.ts';

/** Options of convolutions: `stride`, `padding`, `dilation` and `groups`, and those of weight and bias. */
export interface ConvLayerOptions<R extends Rank> extends Omit<ConvOptions<R>, 'bias'>, AffineOptions {}

/** Options of transposed convolutions: those of convolutions and `outputPadding`. */
export interface ConvTransposeLayerOptions<R extends Rank>
  extends Omit<ConvTransposeOptions<R>, 'bias'>, AffineOptions {}

/** What tells convolutions apart. */
interface ConvolutionKind<R extends Rank> {
  readonly name: string;
  readonly rank: R;
  readonly isTransposed: boolean;
  readonly convolve: (x: Tensor, weight: Tensor, options: ConvTransposeOptions<R>) => Tensor;
}

/** A convolution of any number of spatial axes, or a transposed one. */
export abstract class Convolution<R extends Rank> extends Module {
  readonly inChannels: number;
  readonly outChannels: number;
  /** Stride, padding, dilation and groups, and of transposed convolutions the output padding. */
  readonly options: Omit<ConvTransposeOptions<R>, 'bias'>;
  /** [outChannels, inChannels / groups, …kernelSize], or [inChannels, outChannels / groups, …kernelSize] of transposed ones. */
  readonly weight: Variable;
  /** [outChannels] */
  readonly bias: Variable | undefined;
  readonly #convolve: ConvolutionKind<R>['convolve'];

  /**
   * @throws {RangeError} if a size is not an integer ≥ 1, or the channels are not divisible by `groups`.
   * @throws {TypeError} if both a key and a generator are given.
   */
  protected constructor(
    { name, rank, isTransposed, convolve }: ConvolutionKind<R>,
    inChannels: number,
    outChannels: number,
    kernelSize: Size<R>,
    options: ConvTransposeLayerOptions<R>,
  ) {
    super();
    const known = ['stride', 'padding', 'dilation', 'groups', ...affineOptions] as const;
    checkOptions(name, options, isTransposed ? [...known, 'outputPadding'] : known);
    const { stride = 1, padding = 0, dilation = 1, groups = 1, outputPadding } = options;
    const filter = parseKernelSize(name, kernelSize, rank);
    for (const [argument, size] of Object.entries({ inChannels, outChannels, groups })) {
      checkInteger(name, argument, size, { min: 1 });
    }
    if (inChannels % groups !== 0 || outChannels % groups !== 0) {
      throw new RangeError(
        `${name}: inChannels ${inChannels} and outChannels ${outChannels} must be divisible by groups ${groups}`,
      );
    }
    this.inChannels = inChannels;
    this.outChannels = outChannels;
    this.options = { stride, padding, dilation, groups, ...(outputPadding !== undefined && { outputPadding }) };
    this.#convolve = convolve;
    const channels = isTransposed ? [inChannels, outChannels / groups] : [outChannels, inChannels / groups];
    const variables = createAffineVariables(name, [...channels, ...filter], options, outChannels);
    ({ weight: this.weight, bias: this.bias } = variables);
  }

  /** @throws {RangeError} if x has another shape, or is smaller than the kernel. */
  override forward(x: Tensor): Tensor {
    const { weight, bias, options } = this;
    return this.#convolve(x, weight.value, bias ? { ...options, bias: bias.value } : options);
  }
}

/**
 * A convolution of signals, {@link conv1d}, with a trained weight and bias: [N, inChannels, L] to [N, outChannels, L′], both also without N.
 * @example
 * new Conv1d(2, 4, 3, { padding: 1 }).forward(zeros([1, 2, 8])).shape; // [1, 4, 8]
 */
export class Conv1d extends Convolution<1> {
  /**
   * @throws {RangeError} if a size is not an integer ≥ 1, or the channels are not divisible by `groups`.
   * @throws {TypeError} if both a key and a generator are given.
   */
  constructor(inChannels: number, outChannels: number, kernelSize: Size<1>, options: ConvLayerOptions<1> = {}) {
    const kind = { name: 'Conv1d', rank: 1, isTransposed: false, convolve: conv1d } as const;
    super(kind, inChannels, outChannels, kernelSize, options);
  }
}

/**
 * A convolution of images, {@link conv2d}, with a trained weight and bias: [N, inChannels, H, W] to [N, outChannels, H′, W′], both also without N.
 * @example
 * new Conv2d(2, 4, 3, { padding: 1 }).forward(zeros([1, 2, 8, 8])).shape; // [1, 4, 8, 8]
 */
export class Conv2d extends Convolution<2> {
  /**
   * @throws {RangeError} if a size is not an integer ≥ 1, or the channels are not divisible by `groups`.
   * @throws {TypeError} if both a key and a generator are given.
   */
  constructor(inChannels: number, outChannels: number, kernelSize: Size<2>, options: ConvLayerOptions<2> = {}) {
    const kind = { name: 'Conv2d', rank: 2, isTransposed: false, convolve: conv2d } as const;
    super(kind, inChannels, outChannels, kernelSize, options);
  }
}

/**
 * A convolution of volumes, {@link conv3d}, with a trained weight and bias: [N, inChannels, D, H, W] to [N, outChannels, D′, H′, W′], both also without N.
 * @example
 * new Conv3d(2, 4, 3, { padding: 1 }).forward(zeros([1, 2, 8, 8, 8])).shape; // [1, 4, 8, 8, 8]
 */
export class Conv3d extends Convolution<3> {
  /**
   * @throws {RangeError} if a size is not an integer ≥ 1, or the channels are not divisible by `groups`.
   * @throws {TypeError} if both a key and a generator are given.
   */
  constructor(inChannels: number, outChannels: number, kernelSize: Size<3>, options: ConvLayerOptions<3> = {}) {
    const kind = { name: 'Conv3d', rank: 3, isTransposed: false, convolve: conv3d } as const;
    super(kind, inChannels, outChannels, kernelSize, options);
  }
}

/**
 * A transposed convolution of signals, {@link convTranspose1d}, with a trained weight and bias: [N, inChannels, L] to [N, outChannels, L′], both also without N.
 * @example
 * new ConvTranspose1d(4, 2, 2, { stride: 2 }).forward(zeros([1, 4, 8])).shape; // [1, 2, 16]
 */
export class ConvTranspose1d extends Convolution<1> {
  /**
   * @throws {RangeError} if a size is not an integer ≥ 1, or the channels are not divisible by `groups`.
   * @throws {TypeError} if both a key and a generator are given.
   */
  constructor(
    inChannels: number,
    outChannels: number,
    kernelSize: Size<1>,
    options: ConvTransposeLayerOptions<1> = {},
  ) {
    const kind = { name: 'ConvTranspose1d', rank: 1, isTransposed: true, convolve: convTranspose1d } as const;
    super(kind, inChannels, outChannels, kernelSize, options);
  }
}

/**
 * A transposed convolution of images, {@link convTranspose2d}, with a trained weight and bias: [N, inChannels, H, W] to [N, outChannels, H′, W′], both also without N.
 * @example
 * new ConvTranspose2d(4, 2, 2, { stride: 2 }).forward(zeros([1, 4, 8, 8])).shape; // [1, 2, 16, 16]
 */
export class ConvTranspose2d extends Convolution<2> {
  /**
   * @throws {RangeError} if a size is not an integer ≥ 1, or the channels are not divisible by `groups`.
   * @throws {TypeError} if both a key and a generator are given.
   */
  constructor(
    inChannels: number,
    outChannels: number,
    kernelSize: Size<2>,
    options: ConvTransposeLayerOptions<2> = {},
  ) {
    const kind = { name: 'ConvTranspose2d', rank: 2, isTransposed: true, convolve: convTranspose2d } as const;
    super(kind, inChannels, outChannels, kernelSize, options);
  }
}

/**
 * A transposed convolution of volumes, {@link convTranspose3d}, with a trained weight and bias: [N, inChannels, D, H, W] to [N, outChannels, D′, H′, W′], both also without N.
 * @example
 * new ConvTranspose3d(4, 2, 2, { stride: 2 }).forward(zeros([1, 4, 8, 8, 8])).shape; // [1, 2, 16, 16, 16]
 */
export class ConvTranspose3d extends Convolution<3> {
  /**
   * @throws {RangeError} if a size is not an integer ≥ 1, or the channels are not divisible by `groups`.
   * @throws {TypeError} if both a key and a generator are given.
   */
  constructor(
    inChannels: number,
    outChannels: number,
    kernelSize: Size<3>,
    options: ConvTransposeLayerOptions<3> = {},
  ) {
    const kind = { name: 'ConvTranspose3d', rank: 3, isTransposed: true, convolve: convTranspose3d } as const;
    super(kind, inChannels, outChannels, kernelSize, options);
  }
}
