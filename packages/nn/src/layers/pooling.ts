import {
  avgPool1d,
  avgPool2d,
  avgPool3d,
  type AvgPoolOptions,
  lpPool1d,
  lpPool2d,
  lpPool3d,
  type LpPoolOptions,
  type MaxPool,
  maxPool1d,
  maxPool1dWithIndices,
  maxPool2d,
  maxPool2dWithIndices,
  maxPool3d,
  maxPool3dWithIndices,
  type MaxPoolOptions,
  type Size,
} from '@thetagrad/conv';
import type { Tensor } from '@thetagrad/core';
import { argumentError, checkOptions } from '@thetagrad/core/backend';
import { Module } from '../module.ts';
import { parseKernelSize, type Rank } from './sizes.ts';

/** Options of max pooling: `stride`, `padding`, `dilation` and `ceilMode`. */
export type MaxPoolLayerOptions<R extends Rank> = Omit<MaxPoolOptions<R>, 'kernelSize'>;

/** Options of average pooling: `stride`, `padding`, `ceilMode`, `countIncludePad` and `divisorOverride`. */
export type AvgPoolLayerOptions<R extends Rank> = Omit<AvgPoolOptions<R>, 'kernelSize'>;

/** Options of power-average pooling: `stride` and `ceilMode`. */
export type LPPoolLayerOptions<R extends Rank> = Omit<LpPoolOptions<R>, 'kernelSize' | 'ord'>;

/** Pooling over windows, by a function. */
export abstract class WindowPool<Options> extends Module {
  /** The options of the function. */
  readonly options: Options;
  readonly #pool: (x: Tensor, options: Options) => Tensor;

  protected constructor(pool: (x: Tensor, options: Options) => Tensor, options: Options) {
    super();
    this.#pool = pool;
    this.options = options;
  }

  /** @throws {RangeError} if x has another number of axes, an option is out of range, or a window exceeds the padded input. */
  override forward(x: Tensor): Tensor {
    return this.#pool(x, this.options);
  }
}

const maxPoolOptions = ['stride', 'padding', 'dilation', 'ceilMode'] as const;
const avgPoolOptions = ['stride', 'padding', 'ceilMode', 'countIncludePad', 'divisorOverride'] as const;
const lpPoolOptions = ['stride', 'ceilMode'] as const;

/** @throws {TypeError | RangeError} if an option is unknown, or the kernel size is not an integer ≥ 1 or one for each axis. */
function parseOptions<R extends Rank, Options extends object>(
  kind: readonly [layer: string, rank: R],
  kernelSize: Size<R>,
  options: Options,
  known: readonly (keyof Options & string)[],
): Options & { readonly kernelSize: Size<R> } {
  const [layer, rank] = kind;
  checkOptions(layer, options, known);
  parseKernelSize(layer, kernelSize, rank);
  return { ...options, kernelSize };
}

/**
 * The maximum of each window of signals [N, C, L] or [C, L]: {@link maxPool1d}.
 * @example
 * new MaxPool1d(2).forward(tensor([[1, 5, 2, 3]])); // tensor([[5, 3]])
 */
export class MaxPool1d extends WindowPool<MaxPoolOptions<1>> {
  /**
   * @throws {TypeError | RangeError} if an option is unknown, or the kernel size is not an integer ≥ 1 or one for each axis.
   */
  constructor(kernelSize: Size<1>, options: MaxPoolLayerOptions<1> = {}) {
    super(maxPool1d, parseOptions(['MaxPool1d', 1], kernelSize, options, maxPoolOptions));
  }

  /** Also the indices of the maxima, for {@link MaxUnpool1d} (PyTorch's `return_indices`). */
  forwardWithIndices(x: Tensor): MaxPool {
    return maxPool1dWithIndices(x, this.options);
  }
}

/**
 * The maximum of each window of images [N, C, H, W] or [C, H, W]: {@link maxPool2d}.
 * @example
 * new MaxPool2d(2).forward(tensor([[[1, 2], [3, 4]]])); // tensor([[[4]]])
 */
export class MaxPool2d extends WindowPool<MaxPoolOptions<2>> {
  /**
   * @throws {TypeError | RangeError} if an option is unknown, or the kernel size is not an integer ≥ 1 or one for each axis.
   */
  constructor(kernelSize: Size<2>, options: MaxPoolLayerOptions<2> = {}) {
    super(maxPool2d, parseOptions(['MaxPool2d', 2], kernelSize, options, maxPoolOptions));
  }

  /** Also the indices of the maxima, for {@link MaxUnpool2d} (PyTorch's `return_indices`). */
  forwardWithIndices(x: Tensor): MaxPool {
    return maxPool2dWithIndices(x, this.options);
  }
}

/**
 * The maximum of each window of volumes [N, C, D, H, W] or [C, D, H, W]: {@link maxPool3d}.
 * @example
 * new MaxPool3d(2).forward(zeros([1, 2, 4, 4, 4])).shape; // [1, 2, 2, 2, 2]
 */
export class MaxPool3d extends WindowPool<MaxPoolOptions<3>> {
  /**
   * @throws {TypeError | RangeError} if an option is unknown, or the kernel size is not an integer ≥ 1 or one for each axis.
   */
  constructor(kernelSize: Size<3>, options: MaxPoolLayerOptions<3> = {}) {
    super(maxPool3d, parseOptions(['MaxPool3d', 3], kernelSize, options, maxPoolOptions));
  }

  /** Also the indices of the maxima, for {@link MaxUnpool3d} (PyTorch's `return_indices`). */
  forwardWithIndices(x: Tensor): MaxPool {
    return maxPool3dWithIndices(x, this.options);
  }
}

/**
 * The mean of each window of signals [N, C, L] or [C, L]: {@link avgPool1d}.
 * @example
 * new AvgPool1d(2).forward(tensor([[1, 5, 2, 4]])); // tensor([[3, 3]])
 */
export class AvgPool1d extends WindowPool<AvgPoolOptions<1>> {
  /**
   * @throws {TypeError | RangeError} if an option is unknown, or the kernel size is not an integer ≥ 1 or one for each axis.
   */
  constructor(kernelSize: Size<1>, options: AvgPoolLayerOptions<1> = {}) {
    super(avgPool1d, parseOptions(['AvgPool1d', 1], kernelSize, options, avgPoolOptions));
  }
}

/**
 * The mean of each window of images [N, C, H, W] or [C, H, W]: {@link avgPool2d}.
 * @example
 * new AvgPool2d(2).forward(tensor([[[1, 2], [3, 4]]])); // tensor([[[2.5]]])
 */
export class AvgPool2d extends WindowPool<AvgPoolOptions<2>> {
  /**
   * @throws {TypeError | RangeError} if an option is unknown, or the kernel size is not an integer ≥ 1 or one for each axis.
   */
  constructor(kernelSize: Size<2>, options: AvgPoolLayerOptions<2> = {}) {
    super(avgPool2d, parseOptions(['AvgPool2d', 2], kernelSize, options, avgPoolOptions));
  }
}

/**
 * The mean of each window of volumes [N, C, D, H, W] or [C, D, H, W]: {@link avgPool3d}.
 * @example
 * new AvgPool3d(2).forward(zeros([1, 2, 4, 4, 4])).shape; // [1, 2, 2, 2, 2]
 */
export class AvgPool3d extends WindowPool<AvgPoolOptions<3>> {
  /**
   * @throws {TypeError | RangeError} if an option is unknown, or the kernel size is not an integer ≥ 1 or one for each axis.
   */
  constructor(kernelSize: Size<3>, options: AvgPoolLayerOptions<3> = {}) {
    super(avgPool3d, parseOptions(['AvgPool3d', 3], kernelSize, options, avgPoolOptions));
  }
}

/**
 * The norm of order `normType` of each window of signals [N, C, L] or [C, L]: {@link lpPool1d}.
 * @example
 * new LPPool1d(2, 2).forward(tensor([[3, -4]])); // tensor([[5]])
 */
export class LPPool1d extends WindowPool<LpPoolOptions<1>> {
  /**
   * @throws {TypeError | RangeError} if an option is unknown, or the kernel size is not an integer ≥ 1 or one for each axis.
   */
  constructor(normType: number, kernelSize: Size<1>, options: LPPoolLayerOptions<1> = {}) {
    super(lpPool1d, {
      ...parseOptions(['LPPool1d', 1], kernelSize, options, lpPoolOptions),
      ord: checkOrder('LPPool1d', normType),
    });
  }
}

/**
 * The norm of order `normType` of each window of images [N, C, H, W] or [C, H, W]: {@link lpPool2d}.
 * @example
 * new LPPool2d(2, [1, 2]).forward(tensor([[[3, -4]]])); // tensor([[[5]]])
 */
export class LPPool2d extends WindowPool<LpPoolOptions<2>> {
  /**
   * @throws {TypeError | RangeError} if an option is unknown, or the kernel size is not an integer ≥ 1 or one for each axis.
   */
  constructor(normType: number, kernelSize: Size<2>, options: LPPoolLayerOptions<2> = {}) {
    super(lpPool2d, {
      ...parseOptions(['LPPool2d', 2], kernelSize, options, lpPoolOptions),
      ord: checkOrder('LPPool2d', normType),
    });
  }
}

/**
 * The norm of order `normType` of each window of volumes [N, C, D, H, W] or [C, D, H, W]: {@link lpPool3d}.
 * @example
 * new LPPool3d(2, [1, 1, 2]).forward(tensor([[[[3, -4]]]])); // tensor([[[[5]]]])
 */
export class LPPool3d extends WindowPool<LpPoolOptions<3>> {
  /**
   * @throws {TypeError | RangeError} if an option is unknown, or the kernel size is not an integer ≥ 1 or one for each axis.
   */
  constructor(normType: number, kernelSize: Size<3>, options: LPPoolLayerOptions<3> = {}) {
    super(lpPool3d, {
      ...parseOptions(['LPPool3d', 3], kernelSize, options, lpPoolOptions),
      ord: checkOrder('LPPool3d', normType),
    });
  }
}

function checkOrder(layer: string, normType: number): number {
  if (Number.isFinite(normType) && normType > 0) return normType;
  throw argumentError(layer, 'normType', 'a finite number > 0', normType);
}
