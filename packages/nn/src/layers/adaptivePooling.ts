import {
  adaptiveAvgPool1d,
  adaptiveAvgPool2d,
  adaptiveAvgPool3d,
  adaptiveMaxPool1d,
  adaptiveMaxPool1dWithIndices,
  adaptiveMaxPool2d,
  adaptiveMaxPool2dWithIndices,
  adaptiveMaxPool3d,
  adaptiveMaxPool3dWithIndices,
  type MaxPool,
  type OutputSize,
} from '@thetagrad/conv';
import type { Tensor } from '@thetagrad/core';
import { argumentError } from '@thetagrad/core/backend';
import { Module } from '../module.ts';
import type { Rank } from './sizes.ts';

/** Pooling into a given number of windows, by a function. */
export abstract class AdaptivePool<R extends Rank> extends Module {
  /** The number of windows on each axis, or `null` for as many as there are elements. */
  readonly outputSize: OutputSize<R>;
  readonly #pool: (x: Tensor, outputSize: OutputSize<R>) => Tensor;

  /** @throws {TypeError | RangeError} if a size is neither an integer ≥ 1 nor `null`, or there is not one for each axis. */
  protected constructor(
    kind: readonly [name: string, rank: R],
    pool: (x: Tensor, outputSize: OutputSize<R>) => Tensor,
    outputSize: OutputSize<R>,
  ) {
    super();
    const [name, rank] = kind;
    const sizes: readonly unknown[] = Array.isArray(outputSize)
      ? outputSize
      : Array.from({ length: rank }, () => outputSize);
    const isKind = sizes.every((size) => size === null || typeof size === 'number');
    if (
      sizes.length !== rank ||
      !sizes.every((size) => size === null || (Number.isInteger(size) && Number(size) >= 1))
    ) {
      const expected = `an integer ≥ 1 or an array of ${rank}, one or null for each axis`;
      throw argumentError(name, 'outputSize', expected, outputSize, isKind);
    }
    this.outputSize = outputSize;
    this.#pool = pool;
  }

  /** @throws {RangeError} if x has another number of axes, or an empty one. */
  override forward(x: Tensor): Tensor {
    return this.#pool(x, this.outputSize);
  }
}

/**
 * The mean of each of `outputSize` windows of signals [N, C, L] or [C, L]; with size 1, of each channel: {@link adaptiveAvgPool1d}.
 * @example
 * new AdaptiveAvgPool1d(2).forward(tensor([[1, 2, 3, 6]])); // tensor([[1.5, 4.5]])
 */
export class AdaptiveAvgPool1d extends AdaptivePool<1> {
  /** @throws {TypeError | RangeError} if a size is neither an integer ≥ 1 nor `null`, or there is not one for each axis. */
  constructor(outputSize: OutputSize<1>) {
    super(['AdaptiveAvgPool1d', 1], adaptiveAvgPool1d, outputSize);
  }
}

/**
 * The mean of each of `outputSize` windows of images [N, C, H, W] or [C, H, W]; with size 1, of each channel: {@link adaptiveAvgPool2d}.
 * @example
 * new AdaptiveAvgPool2d(1).forward(tensor([[[1, 2], [3, 4]]])); // tensor([[[2.5]]])
 */
export class AdaptiveAvgPool2d extends AdaptivePool<2> {
  /** @throws {TypeError | RangeError} if a size is neither an integer ≥ 1 nor `null`, or there is not one for each axis. */
  constructor(outputSize: OutputSize<2>) {
    super(['AdaptiveAvgPool2d', 2], adaptiveAvgPool2d, outputSize);
  }
}

/**
 * The mean of each of `outputSize` windows of volumes [N, C, D, H, W] or [C, D, H, W]; with size 1, of each channel: {@link adaptiveAvgPool3d}.
 * @example
 * new AdaptiveAvgPool3d([1, null, 2]).forward(zeros([1, 2, 4, 4, 4])).shape; // [1, 2, 1, 4, 2]
 */
export class AdaptiveAvgPool3d extends AdaptivePool<3> {
  /** @throws {TypeError | RangeError} if a size is neither an integer ≥ 1 nor `null`, or there is not one for each axis. */
  constructor(outputSize: OutputSize<3>) {
    super(['AdaptiveAvgPool3d', 3], adaptiveAvgPool3d, outputSize);
  }
}

/**
 * The maximum of each of `outputSize` windows of signals [N, C, L] or [C, L]; with size 1, of each channel: {@link adaptiveMaxPool1d}.
 * @example
 * new AdaptiveMaxPool1d(2).forward(tensor([[1, 2, 9, 4, 6]])); // tensor([[9, 9]])
 */
export class AdaptiveMaxPool1d extends AdaptivePool<1> {
  /** @throws {TypeError | RangeError} if a size is neither an integer ≥ 1 nor `null`, or there is not one for each axis. */
  constructor(outputSize: OutputSize<1>) {
    super(['AdaptiveMaxPool1d', 1], adaptiveMaxPool1d, outputSize);
  }

  /** Also the indices of the maxima (PyTorch's `return_indices`). */
  forwardWithIndices(x: Tensor): MaxPool {
    return adaptiveMaxPool1dWithIndices(x, this.outputSize);
  }
}

/**
 * The maximum of each of `outputSize` windows of images [N, C, H, W] or [C, H, W]; with size 1, of each channel: {@link adaptiveMaxPool2d}.
 * @example
 * new AdaptiveMaxPool2d([2, 1]).forward(tensor([[[1, 2], [3, 4]]])); // tensor([[[2], [4]]])
 */
export class AdaptiveMaxPool2d extends AdaptivePool<2> {
  /** @throws {TypeError | RangeError} if a size is neither an integer ≥ 1 nor `null`, or there is not one for each axis. */
  constructor(outputSize: OutputSize<2>) {
    super(['AdaptiveMaxPool2d', 2], adaptiveMaxPool2d, outputSize);
  }

  /** Also the indices of the maxima (PyTorch's `return_indices`). */
  forwardWithIndices(x: Tensor): MaxPool {
    return adaptiveMaxPool2dWithIndices(x, this.outputSize);
  }
}

/**
 * The maximum of each of `outputSize` windows of volumes [N, C, D, H, W] or [C, D, H, W]; with size 1, of each channel: {@link adaptiveMaxPool3d}.
 * @example
 * new AdaptiveMaxPool3d([1, null, 2]).forward(zeros([1, 2, 4, 4, 4])).shape; // [1, 2, 1, 4, 2]
 */
export class AdaptiveMaxPool3d extends AdaptivePool<3> {
  /** @throws {TypeError | RangeError} if a size is neither an integer ≥ 1 nor `null`, or there is not one for each axis. */
  constructor(outputSize: OutputSize<3>) {
    super(['AdaptiveMaxPool3d', 3], adaptiveMaxPool3d, outputSize);
  }

  /** Also the indices of the maxima (PyTorch's `return_indices`). */
  forwardWithIndices(x: Tensor): MaxPool {
    return adaptiveMaxPool3dWithIndices(x, this.outputSize);
  }
}
