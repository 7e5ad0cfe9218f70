// Layers that resize images, or move pixels between channels and space.
import { checkInteger, checkOptions } from '@thetagrad/core/backend';
import { channelShuffle, interpolate, type InterpolateOptions, pixelShuffle, pixelUnshuffle } from '@thetagrad/image';
import { FunctionLayer } from './functionLayer.ts';

/**
 * Images [..., C · upscaleFactor², H, W] to [..., C, H · upscaleFactor, W · upscaleFactor]: {@link pixelShuffle}. (Shi et al., CVPR
 * 2016.)
 * @example
 * new PixelShuffle(2).forward(tensor([[[1]], [[2]], [[3]], [[4]]])); // tensor([[[1, 2], [3, 4]]])
 */
export class PixelShuffle extends FunctionLayer {
  readonly upscaleFactor: number;

  /** @throws {TypeError | RangeError} if the factor is not an integer ≥ 1. */
  constructor(upscaleFactor: number) {
    super('PixelShuffle', (x) => pixelShuffle(x, upscaleFactor));
    checkInteger('PixelShuffle', 'upscaleFactor', upscaleFactor, { min: 1 });
    this.upscaleFactor = upscaleFactor;
  }
}

/**
 * Images [..., C, H · downscaleFactor, W · downscaleFactor] to [..., C · downscaleFactor², H, W]: {@link pixelUnshuffle}.
 * @example
 * new PixelUnshuffle(2).forward(tensor([[[1, 2], [3, 4]]])); // tensor([[[1]], [[2]], [[3]], [[4]]])
 */
export class PixelUnshuffle extends FunctionLayer {
  readonly downscaleFactor: number;

  /** @throws {TypeError | RangeError} if the factor is not an integer ≥ 1. */
  constructor(downscaleFactor: number) {
    super('PixelUnshuffle', (x) => pixelUnshuffle(x, downscaleFactor));
    checkInteger('PixelUnshuffle', 'downscaleFactor', downscaleFactor, { min: 1 });
    this.downscaleFactor = downscaleFactor;
  }
}

/**
 * Interleaves groups of the channels of [N, C, …]: {@link channelShuffle}. (Zhang et al., CVPR 2018.)
 * @example
 * new ChannelShuffle(2).forward(tensor([[1, 2, 3, 4]])); // tensor([[1, 3, 2, 4]])
 */
export class ChannelShuffle extends FunctionLayer {
  readonly groups: number;

  /** @throws {TypeError | RangeError} if `groups` is not an integer ≥ 1. */
  constructor(groups: number) {
    super('ChannelShuffle', (x) => channelShuffle(x, groups));
    checkInteger('ChannelShuffle', 'groups', groups, { min: 1 });
    this.groups = groups;
  }
}

/** Options of {@link Upsample}: one of `size` and `scaleFactor`, `mode` and `alignCorners`. */
export type UpsampleOptions = Omit<InterpolateOptions, 'antialias'>;

/** Options of upsampling in a given mode: one of `size` and `scaleFactor`. */
export type UpsamplingOptions = Pick<InterpolateOptions, 'size' | 'scaleFactor'>;

/** @throws {TypeError} if an option is unknown, or not one of `size` and `scaleFactor` is given. */
function checkUpsampling<Options extends UpsamplingOptions>(
  layer: string,
  options: Options,
  known: readonly (keyof Options & string)[],
): Options {
  checkOptions(layer, options, known);
  if ((options.size === undefined) !== (options.scaleFactor === undefined)) return options;
  throw new TypeError(`${layer}: give either a size or a scaleFactor`);
}

/**
 * Resizes [N, C, L], [N, C, H, W] or [N, C, D, H, W]: {@link interpolate}.
 * @example
 * new Upsample({ scaleFactor: 2 }).forward(tensor([[[1, 2]]])); // tensor([[[1, 1, 2, 2]]])
 */
export class Upsample extends FunctionLayer {
  readonly options: UpsampleOptions;

  /** @throws {TypeError} if an option is unknown, or not one of `size` and `scaleFactor` is given. */
  constructor(options: UpsampleOptions) {
    super('Upsample', (x) => interpolate(x, options));
    this.options = checkUpsampling('Upsample', options, ['size', 'scaleFactor', 'mode', 'alignCorners']);
  }
}

/**
 * Resizes images [N, C, H, W] by repeating pixels: {@link Upsample} in the mode 'nearest'.
 * @example
 * new UpsamplingNearest2d({ scaleFactor: [1, 2] }).forward(tensor([[[[1, 2]]]])); // tensor([[[[1, 1, 2, 2]]]])
 */
export class UpsamplingNearest2d extends FunctionLayer {
  readonly options: UpsamplingOptions;

  /** @throws {TypeError} if an option is unknown, or not one of `size` and `scaleFactor` is given. */
  constructor(options: UpsamplingOptions) {
    super('UpsamplingNearest2d', (x) => interpolate(x, { ...options, mode: 'nearest' }));
    this.options = checkUpsampling('UpsamplingNearest2d', options, ['size', 'scaleFactor']);
  }
}

/**
 * Resizes images [N, C, H, W] bilinearly, with the centers of the outermost pixels aligned: {@link Upsample} in the mode 'bilinear'
 * with `alignCorners`.
 * @example
 * new UpsamplingBilinear2d({ size: [1, 3] }).forward(tensor([[[[1, 2]]]])); // tensor([[[[1.0, 1.5, 2.0]]]])
 */
export class UpsamplingBilinear2d extends FunctionLayer {
  readonly options: UpsamplingOptions;

  /** @throws {TypeError} if an option is unknown, or not one of `size` and `scaleFactor` is given. */
  constructor(options: UpsamplingOptions) {
    super('UpsamplingBilinear2d', (x) => interpolate(x, { ...options, mode: 'bilinear', alignCorners: true }));
    this.options = checkUpsampling('UpsamplingBilinear2d', options, ['size', 'scaleFactor']);
  }
}
