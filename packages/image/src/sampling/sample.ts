// Sampling of images at positions given in pixels.
import { arange, concat, type DType, tensor, type Tensor } from '@thetagrad/core';
import { at, sizeOf } from '@thetagrad/core/backend';

/** How values between pixels are computed. */
export type SamplingMode = 'bilinear' | 'nearest' | 'bicubic';

/** What lies outside of images: zeros, the outermost pixels, or the images reflected at their borders. */
export type PaddingMode = 'zeros' | 'border' | 'reflection';

export interface SamplingOptions {
  readonly mode: SamplingMode;
  readonly paddingMode: PaddingMode;
  /** Whether images are reflected at the centers of the outermost pixels, instead of their edges. */
  readonly alignCorners: boolean;
}

/**
 * Samples images.
 * @param x floating-point [N, C, …spatial]
 * @param positions one for each spatial axis, in its order: floating-point [N, …], in pixels.
 * @returns [N, C, …]
 */
export function samplePixels(x: Tensor, positions: readonly Tensor[], options: SamplingOptions): Tensor {
  const lengths = x.shape.slice(2);
  const [batch, channels] = [at(x.shape, 0), at(x.shape, 1)];
  const shape = positions[0]?.shape.slice(1) ?? [];
  const size = sizeOf(shape);
  // Each spatial axis has an axis of taps, and they broadcast: [N, T₁, T₂, P]. All pixels are read at once.
  const axes = positions.map((position, axis) => {
    const { pixel, weight } = tapsOf(position.reshape([batch, 1, size]), at(lengths, axis), options);
    const own = lengths.map((_, i) => (i === axis ? at(pixel.shape, 1) : 1));
    const align = (values: Tensor): Tensor => values.reshape([batch, ...own, size]);
    return { ...locate(align(pixel), at(lengths, axis)), weight: weight && align(weight) };
  });
  const taps = axes.reduce((all, { index, isInside, weight, length }) => ({
    index: all.index.mul(length).add(index),
    isInside: all.isInside.logicalAnd(isInside),
    weight: all.weight && weight && all.weight.mul(weight),
    length,
  }));
  const [, ...counts] = taps.index.shape;
  const pixels = x.flatten(2).takeAlongAxis(taps.index.reshape([batch, 1, sizeOf(counts)]), 2);
  const inside = taps.isInside.expandDims(1).where(pixels.reshape([batch, channels, ...counts]), 0);
  const weighted = taps.weight ? inside.mul(taps.weight.expandDims(1)) : inside;
  return weighted.sum(lengths.map((_, axis) => 2 + axis)).reshape([batch, channels, ...shape]);
}

/** The pixels along an axis that samples are made of, [N, T, P], and their weights. */
interface Taps {
  readonly pixel: Tensor;
  /** Default: 1. */
  readonly weight?: Tensor;
}

/** The taps along an axis of positions [N, 1, P]. */
function tapsOf(given: Tensor, length: number, options: SamplingOptions): Taps {
  const restrict = (position: Tensor): Tensor => restrictPosition(position, length, options);
  if (options.mode === 'nearest') return { pixel: restrict(given).round() };
  // Nothing changes farther outside, and the difference of infinities is NaN.
  const position = options.paddingMode === 'reflection' ? given : given.clip(-3, length + 2);
  const column = (offsets: number[]): Tensor => tensor(offsets, { dtype: given.dtype }).reshape([-1, 1]);
  if (options.mode === 'bicubic') {
    // Cubic convolution restricts the positions of pixels, others those of samples.
    const offsets = [-1, 0, 1, 2];
    const first = position.floor();
    const fraction = position.sub(first);
    const weights = offsets.map((offset) => cubicWeight(fraction, offset));
    return { pixel: restrict(first.add(column(offsets))), weight: concat(weights, 1) };
  }
  const restricted = restrict(position);
  const first = restricted.floor();
  const fraction = restricted.sub(first);
  const offset = column([0, 1]);
  return { pixel: first.add(offset), weight: offset.equal(0).where(fraction.neg().add(1), fraction) };
}

/** The weight, in cubic convolution with a = −0.75 (Keys 1981), of the pixel `offset` after the one before a position. */
function cubicWeight(fraction: Tensor, offset: number): Tensor {
  const a = -0.75;
  const isBefore = offset <= 0;
  const distance = isBefore ? fraction.sub(offset) : fraction.neg().add(offset);
  if (offset === 0 || offset === 1)
    return distance
      .mul(a + 2)
      .sub(a + 3)
      .mul(distance.square())
      .add(1);
  return distance
    .mul(a)
    .sub(5 * a)
    .mul(distance)
    .add(8 * a)
    .mul(distance)
    .sub(4 * a);
}

/** Moves a position that lies outside to where the padding has its value. */
function restrictPosition(position: Tensor, length: number, { paddingMode, alignCorners }: SamplingOptions): Tensor {
  if (paddingMode === 'zeros') return position;
  const inside = paddingMode === 'border' ? position : reflect(position, length, alignCorners);
  // The slope is 0 at the bounds as well.
  return inside.lessEqual(0).where(0, inside.greaterEqual(length - 1).where(length - 1, inside));
}

/** Reflects a position at the ends of an axis. */
function reflect(position: Tensor, length: number, alignCorners: boolean): Tensor {
  const [low, span] = alignCorners ? [0, length - 1] : [-0.5, length];
  if (span === 0) return position.mul(0);
  const turned = position
    .sub(low)
    .abs()
    .mod(2 * span);
  return turned
    .greater(span)
    .where(turned.neg().add(2 * span), turned)
    .add(low);
}

/** The indices of pixels along an axis; those of pixels outside are of some pixel. */
function locate(
  pixel: Tensor,
  length: number,
): { readonly index: Tensor; readonly isInside: Tensor; readonly length: number } {
  return {
    index: pixel.clip(0, length - 1).astype('int32'),
    isInside: pixel.greaterEqual(0).logicalAnd(pixel.lessEqual(length - 1)),
    length,
  };
}

/** The centers of `length` pixels from −1 to 1: of the outermost, or of their outer edges. */
export function normalizedCenters(length: number, alignCorners: boolean, dtype: DType): Tensor {
  if (alignCorners && length === 1) return arange(1, { dtype }).mul(0);
  const steps = arange(length, { dtype });
  return alignCorners ? steps.mul(2 / (length - 1)).sub(1) : steps.mul(2).add(1).div(length).sub(1);
}
