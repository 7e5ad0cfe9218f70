import {
  fractionalMaxPool2d,
  fractionalMaxPool2dWithIndices,
  fractionalMaxPool3d,
  fractionalMaxPool3dWithIndices,
  type FractionalMaxPoolOptions,
  type MaxPool,
  maxUnpool1d,
  maxUnpool2d,
  maxUnpool3d,
  type MaxUnpoolOptions,
  type Size,
} from '@thetagrad/conv';
import type { Key, Tensor } from '@thetagrad/core';
import { checkOptions, checkTensor } from '@thetagrad/core/backend';
import { type Generator, generatorOf, type Randomness } from '../generator.ts';
import { Module } from '../module.ts';
import { parseKernelSize, type Rank } from './sizes.ts';

/** Options of max unpooling: those of the pooling that it undoes, `stride` and `padding`. */
export type MaxUnpoolLayerOptions<R extends Rank> = Omit<MaxUnpoolOptions<R>, 'kernelSize' | 'outputSize'>;

/** Max unpooling of any number of spatial axes. */
export abstract class MaxUnpool<R extends Rank> extends Module<[x: Tensor, indices: Tensor, outputSize?: Size<R>]> {
  /** The options of the function. */
  readonly options: Omit<MaxUnpoolOptions<R>, 'outputSize'>;
  readonly #unpool: (x: Tensor, indices: Tensor, options: MaxUnpoolOptions<R>) => Tensor;

  /** @throws {TypeError | RangeError} if an option is unknown, or the kernel size is not an integer ≥ 1 or one for each axis. */
  protected constructor(
    kind: readonly [name: string, rank: R],
    unpool: (x: Tensor, indices: Tensor, options: MaxUnpoolOptions<R>) => Tensor,
    kernelSize: Size<R>,
    options: MaxUnpoolLayerOptions<R>,
  ) {
    super();
    const [name, rank] = kind;
    checkOptions(name, options, ['stride', 'padding']);
    parseKernelSize(name, kernelSize, rank);
    this.options = { ...options, kernelSize };
    this.#unpool = unpool;
  }

  /**
   * @param indices int32, from `forwardWithIndices` of the pooling
   * @param outputSize the lengths of the result. Default: the smallest that give the windows.
   * @throws {RangeError} if shapes do not match, an option is out of range, or, at evaluation, an index is.
   */
  override forward(x: Tensor, indices: Tensor, outputSize?: Size<R>): Tensor {
    return this.#unpool(x, indices, outputSize === undefined ? this.options : { ...this.options, outputSize });
  }
}

/**
 * Puts the maxima of {@link MaxPool1d} back to where they came from, and zeros elsewhere: [N, C, L′] to [N, C, L], both also
 * without N. See {@link maxUnpool1d}.
 * @example
 * new MaxUnpool1d(2).forward(tensor([[5, 3]]), tensor([[1, 3]], { dtype: 'int32' })); // tensor([[0, 5, 0, 3]])
 */
export class MaxUnpool1d extends MaxUnpool<1> {
  /** @throws {TypeError | RangeError} if an option is unknown, or the kernel size is not an integer ≥ 1 or one for each axis. */
  constructor(kernelSize: Size<1>, options: MaxUnpoolLayerOptions<1> = {}) {
    super(['MaxUnpool1d', 1], maxUnpool1d, kernelSize, options);
  }
}

/**
 * Puts the maxima of {@link MaxPool2d} back to where they came from, and zeros elsewhere: [N, C, H′, W′] to [N, C, H, W], both also
 * without N. See {@link maxUnpool2d}.
 * @example
 * new MaxUnpool2d(2).forward(tensor([[[4]]]), tensor([[[2]]], { dtype: 'int32' })); // tensor([[[0, 0], [4, 0]]])
 */
export class MaxUnpool2d extends MaxUnpool<2> {
  /** @throws {TypeError | RangeError} if an option is unknown, or the kernel size is not an integer ≥ 1 or one for each axis. */
  constructor(kernelSize: Size<2>, options: MaxUnpoolLayerOptions<2> = {}) {
    super(['MaxUnpool2d', 2], maxUnpool2d, kernelSize, options);
  }
}

/**
 * Puts the maxima of {@link MaxPool3d} back to where they came from, and zeros elsewhere: [N, C, D′, H′, W′] to [N, C, D, H, W], both also
 * without N. See {@link maxUnpool3d}.
 * @example
 * new MaxUnpool3d(2).forward(zeros([1, 1, 1, 1]), zeros([1, 1, 1, 1], { dtype: 'int32' })).shape; // [1, 2, 2, 2]
 */
export class MaxUnpool3d extends MaxUnpool<3> {
  /** @throws {TypeError | RangeError} if an option is unknown, or the kernel size is not an integer ≥ 1 or one for each axis. */
  constructor(kernelSize: Size<3>, options: MaxUnpoolLayerOptions<3> = {}) {
    super(['MaxUnpool3d', 3], maxUnpool3d, kernelSize, options);
  }
}

/** Options of fractional max pooling: one of `outputSize` and `outputRatio`. */
export interface FractionalMaxPoolLayerOptions<R extends Rank>
  extends Omit<FractionalMaxPoolOptions<R>, 'kernelSize'>, Randomness {}

type FractionalPool<R extends Rank, Result> = (key: Key, x: Tensor, options: FractionalMaxPoolOptions<R>) => Result;

/** Fractional max pooling of any number of spatial axes. */
export abstract class FractionalMaxPool<R extends Rank> extends Module {
  /** The options of the function. */
  readonly options: FractionalMaxPoolOptions<R>;
  /** The source of the places of windows. */
  readonly generator: Generator;
  readonly #name: string;
  readonly #pool: FractionalPool<R, Tensor>;
  readonly #poolWithIndices: FractionalPool<R, MaxPool>;

  /**
   * @throws {TypeError} if not one of `outputSize` and `outputRatio` is given, or both a key and a generator are.
   * @throws {RangeError} if the kernel size is not an integer ≥ 1 or one for each axis.
   */
  protected constructor(
    kind: readonly [name: string, rank: R],
    pool: readonly [FractionalPool<R, Tensor>, FractionalPool<R, MaxPool>],
    kernelSize: Size<R>,
    options: FractionalMaxPoolLayerOptions<R>,
  ) {
    super();
    const [name, rank] = kind;
    checkOptions(name, options, ['outputSize', 'outputRatio', 'key', 'generator']);
    parseKernelSize(name, kernelSize, rank);
    const { outputSize, outputRatio } = options;
    if ((outputSize === undefined) === (outputRatio === undefined)) {
      throw new TypeError(`${name}: expected one of outputSize and outputRatio`);
    }
    this.options = {
      kernelSize,
      ...(outputSize !== undefined && { outputSize }),
      ...(outputRatio !== undefined && { outputRatio }),
    };
    this.generator = generatorOf(name, options);
    this.#name = name;
    [this.#pool, this.#poolWithIndices] = pool;
  }

  /** @throws {RangeError} if x has another number of axes, an option is out of range, or there are more windows than places. */
  override forward(x: Tensor): Tensor {
    checkTensor(this.#name, x);
    return this.#pool(this.generator.next(), x, this.options);
  }

  /** Also the indices of the maxima (PyTorch's `return_indices`). */
  forwardWithIndices(x: Tensor): MaxPool {
    checkTensor(this.#name, x);
    return this.#poolWithIndices(this.generator.next(), x, this.options);
  }
}

/**
 * The maximum of each of a number of windows of images [N, C, H, W] or [C, H, W], at random places that are drawn at each call, in
 * evaluation too: {@link fractionalMaxPool2d}.
 * @example
 * new FractionalMaxPool2d(2, { outputRatio: 0.7 }).forward(zeros([1, 8, 8])).shape; // [1, 5, 5]
 */
export class FractionalMaxPool2d extends FractionalMaxPool<2> {
  /**
   * @throws {TypeError} if not one of `outputSize` and `outputRatio` is given, or both a key and a generator are.
   * @throws {RangeError} if the kernel size is not an integer ≥ 1 or one for each axis.
   */
  constructor(kernelSize: Size<2>, options: FractionalMaxPoolLayerOptions<2>) {
    super(['FractionalMaxPool2d', 2], [fractionalMaxPool2d, fractionalMaxPool2dWithIndices], kernelSize, options);
  }
}

/**
 * The maximum of each of a number of windows of volumes [N, C, D, H, W] or [C, D, H, W], at random places that are drawn at each call, in
 * evaluation too: {@link fractionalMaxPool3d}.
 * @example
 * new FractionalMaxPool3d(2, { outputRatio: 0.7 }).forward(zeros([1, 8, 8, 8])).shape; // [1, 5, 5, 5]
 */
export class FractionalMaxPool3d extends FractionalMaxPool<3> {
  /**
   * @throws {TypeError} if not one of `outputSize` and `outputRatio` is given, or both a key and a generator are.
   * @throws {RangeError} if the kernel size is not an integer ≥ 1 or one for each axis.
   */
  constructor(kernelSize: Size<3>, options: FractionalMaxPoolLayerOptions<3>) {
    super(['FractionalMaxPool3d', 3], [fractionalMaxPool3d, fractionalMaxPool3dWithIndices], kernelSize, options);
  }
}
