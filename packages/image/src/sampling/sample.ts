// Sampling of images at positions given in pixels.
import { arange, type DType, type Tensor } from '@thetagrad/core';
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
  const pixels = x.flatten(2);
  /** The values of pixels at whole positions, 0 outside. */
  const read = (pixelPositions: readonly Tensor[]): Tensor => {
    const { index, isInside } = flatIndex(pixelPositions, lengths);
    const flat = [batch, 1, sizeOf(shape)];
    return isInside.reshape(flat).where(pixels.takeAlongAxis(index.reshape(flat), 2), 0);
  };
  const samples = corners(positions, lengths, options).map(({ pixel, weight }) => {
    const values = read(pixel);
    return weight ? values.mul(weight.reshape([batch, 1, sizeOf(shape)])) : values;
  });
  return samples.reduce((sum, sample) => sum.add(sample)).reshape([batch, channels, ...shape]);
}

/** A pixel that a sample is made of, and its weight. */
interface Corner {
  readonly pixel: readonly Tensor[];
  /** Default: 1. */
  readonly weight?: Tensor;
}

function corners(positions: readonly Tensor[], lengths: readonly number[], options: SamplingOptions): Corner[] {
  const restrict = (position: Tensor, axis: number): Tensor => restrictPosition(position, at(lengths, axis), options);
  if (options.mode === 'nearest')
    return [{ pixel: positions.map((position, axis) => restrict(position, axis).round()) }];
  const offsets = options.mode === 'bicubic' ? [-1, 0, 1, 2] : [0, 1];
  const axes = positions.map((given, axis) => {
    // Nothing changes farther outside, and the difference of infinities is NaN.
    const position = options.paddingMode === 'reflection' ? given : given.clip(-3, at(lengths, axis) + 2);
    // Cubic convolution restricts the positions of pixels, others those of samples.
    const restricted = options.mode === 'bicubic' ? position : restrict(position, axis);
    const first = restricted.floor();
    const fraction = restricted.sub(first);
    return offsets.map((offset) => {
      if (options.mode === 'bicubic') {
        return { pixel: restrict(first.add(offset), axis), weight: cubicWeight(fraction, offset) };
      }
      return { pixel: first.add(offset), weight: offset === 0 ? fraction.neg().add(1) : fraction };
    });
  });
  return axes.reduce<Corner[]>(
    (products, taps) =>
      products.flatMap((product) =>
        taps.map(({ pixel, weight }) => ({
          pixel: [...product.pixel, pixel],
          weight: product.weight ? product.weight.mul(weight) : weight,
        })),
      ),
    [{ pixel: [] }],
  );
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

/** Flat indices of pixels; those of pixels outside are of some pixel. */
function flatIndex(
  positions: readonly Tensor[],
  lengths: readonly number[],
): { readonly index: Tensor; readonly isInside: Tensor } {
  const parts = positions.map((position, axis) => ({
    index: position.clip(0, at(lengths, axis) - 1).astype('int32'),
    isInside: position.greaterEqual(0).logicalAnd(position.lessEqual(at(lengths, axis) - 1)),
    length: at(lengths, axis),
  }));
  return parts.reduce((flat, part) => ({
    index: flat.index.mul(part.length).add(part.index),
    isInside: flat.isInside.logicalAnd(part.isInside),
    length: 1,
  }));
}

/** The centers of `length` pixels from −1 to 1: of the outermost, or of their outer edges. */
export function normalizedCenters(length: number, alignCorners: boolean, dtype: DType): Tensor {
  if (alignCorners && length === 1) return arange(1, { dtype }).mul(0);
  const steps = arange(length, { dtype });
  return alignCorners ? steps.mul(2 / (length - 1)).sub(1) : steps.mul(2).add(1).div(length).sub(1);
}
