// Normalizations whose statistics are those of each sample.
import { localResponseNorm, type LocalResponseNormOptions as LocalResponseNormFunctionOptions } from '@thetagrad/conv';
import { type DType, ones, type Shape, type Tensor, Variable, zeros } from '@thetagrad/core';
import { checkInteger, checkNonnegative, checkOptions, checkTensor, formatShape } from '@thetagrad/core/backend';
import { groupNorm, instanceNorm, layerNorm, rmsNorm, toNormalizedShape } from '../functional/normalization.ts';
import { Module } from '../module.ts';
import { FunctionLayer } from './functionLayer.ts';

export interface LayerNormOptions {
  /** Added to the variance. Default: 1e-5. */
  readonly eps?: number;
  /** Whether a trained scale follows, and a shift. Default: true. */
  readonly elementwiseAffine?: boolean;
  /** Whether there is a shift with the scale. Default: true. */
  readonly bias?: boolean;
  /** Default: float32. */
  readonly dtype?: DType;
}

/** (x − mean) / √(variance + eps) · weight + bias over the last axes: {@link layerNorm}. */
export class LayerNorm extends Module {
  readonly normalizedShape: Shape;
  readonly eps: number;
  /** Of the normalized shape. */
  readonly weight: Variable | undefined;
  /** Of the normalized shape. */
  readonly bias: Variable | undefined;

  /**
   * @param normalizedShape the sizes of the axes, or that of the last axis
   * @throws {RangeError} if a size is not an integer ≥ 1, or eps is negative.
   */
  constructor(normalizedShape: number | Shape, options: LayerNormOptions = {}) {
    super();
    checkOptions('LayerNorm', options, ['eps', 'elementwiseAffine', 'bias', 'dtype']);
    const { eps = 1e-5, elementwiseAffine = true, bias = true, dtype = 'float32' } = options;
    checkNonnegative('LayerNorm', 'eps', eps);
    this.normalizedShape = [...toNormalizedShape('LayerNorm', normalizedShape)];
    this.eps = eps;
    this.weight = elementwiseAffine ? createOnes('LayerNorm', this.normalizedShape, dtype) : undefined;
    this.bias = elementwiseAffine && bias ? createZeros('LayerNorm', this.normalizedShape, dtype) : undefined;
  }

  /** @throws {RangeError} if the last axes of x do not have the normalized shape. */
  override forward(x: Tensor): Tensor {
    checkTensor('LayerNorm', x);
    const { normalizedShape, weight, bias, eps } = this;
    return layerNorm(x, normalizedShape, { weight: weight?.value, bias: bias?.value, eps });
  }
}

export interface RMSNormLayerOptions {
  /** Added to the mean square. Default: the machine epsilon of the dtype of x. */
  readonly eps?: number | undefined;
  /** Whether a trained scale follows. Default: true. */
  readonly elementwiseAffine?: boolean;
  /** Default: float32. */
  readonly dtype?: DType;
}

/** x / √(mean(x²) + eps) · weight over the last axes: {@link rmsNorm}. */
export class RMSNorm extends Module {
  readonly normalizedShape: Shape;
  readonly eps: number | undefined;
  /** Of the normalized shape. */
  readonly weight: Variable | undefined;

  /**
   * @param normalizedShape the sizes of the axes, or that of the last axis
   * @throws {RangeError} if a size is not an integer ≥ 1, or eps is negative.
   */
  constructor(normalizedShape: number | Shape, options: RMSNormLayerOptions = {}) {
    super();
    checkOptions('RMSNorm', options, ['eps', 'elementwiseAffine', 'dtype']);
    const { eps, elementwiseAffine = true, dtype = 'float32' } = options;
    if (eps !== undefined) checkNonnegative('RMSNorm', 'eps', eps);
    this.normalizedShape = [...toNormalizedShape('RMSNorm', normalizedShape)];
    this.eps = eps;
    this.weight = elementwiseAffine ? createOnes('RMSNorm', this.normalizedShape, dtype) : undefined;
  }

  /** @throws {RangeError} if the last axes of x do not have the normalized shape. */
  override forward(x: Tensor): Tensor {
    checkTensor('RMSNorm', x);
    return rmsNorm(x, this.normalizedShape, { weight: this.weight?.value, eps: this.eps });
  }
}

export interface GroupNormOptions {
  /** Added to the variance. Default: 1e-5. */
  readonly eps?: number;
  /** Whether a trained scale and shift of each channel follow. Default: true. */
  readonly affine?: boolean;
  /** Default: float32. */
  readonly dtype?: DType;
}

/** (x − mean) / √(variance + eps) over groups of channels, · weight + bias for each channel: {@link groupNorm}. */
export class GroupNorm extends Module {
  readonly numGroups: number;
  /** The number of channels, C. */
  readonly numChannels: number;
  readonly eps: number;
  /** [C] */
  readonly weight: Variable | undefined;
  /** [C] */
  readonly bias: Variable | undefined;

  /** @throws {RangeError} if a number is not an integer ≥ 1, the groups do not divide the channels, or eps is negative. */
  constructor(numGroups: number, numChannels: number, options: GroupNormOptions = {}) {
    super();
    checkOptions('GroupNorm', options, ['eps', 'affine', 'dtype']);
    const { eps = 1e-5, affine = true, dtype = 'float32' } = options;
    checkInteger('GroupNorm', 'numGroups', numGroups, { min: 1 });
    checkInteger('GroupNorm', 'numChannels', numChannels, { min: 1 });
    checkNonnegative('GroupNorm', 'eps', eps);
    if (numChannels % numGroups !== 0) {
      throw new RangeError(`GroupNorm: ${numGroups} groups do not divide ${numChannels} channels`);
    }
    this.numGroups = numGroups;
    this.numChannels = numChannels;
    this.eps = eps;
    this.weight = affine ? createOnes('GroupNorm', [numChannels], dtype) : undefined;
    this.bias = affine ? createZeros('GroupNorm', [numChannels], dtype) : undefined;
  }

  /** @throws {RangeError} if x is not [N, numChannels, …]. */
  override forward(x: Tensor): Tensor {
    checkTensor('GroupNorm', x);
    if (x.shape[1] !== this.numChannels) {
      throw new RangeError(`GroupNorm: input must be [N, ${this.numChannels}, …], got ${formatShape(x.shape)}`);
    }
    return groupNorm(x, this.numGroups, { weight: this.weight?.value, bias: this.bias?.value, eps: this.eps });
  }
}

export interface InstanceNormOptions {
  /** Added to the variance. Default: 1e-5. */
  readonly eps?: number;
  /** Whether a trained scale and shift of each channel follow. Default: false, as in PyTorch. */
  readonly affine?: boolean;
  /** Default: float32. */
  readonly dtype?: DType;
}

/** Instance normalization of any number of axes after the channels. */
export abstract class InstanceNorm extends Module {
  /** The number of channels, C. */
  readonly numFeatures: number;
  readonly eps: number;
  /** [C] */
  readonly weight: Variable | undefined;
  /** [C] */
  readonly bias: Variable | undefined;
  readonly #name: string;
  readonly #spatial: string;

  /**
   * @param name of the class, for messages and variables
   * @param spatial the names of the axes after the channels
   * @throws {RangeError} if `numFeatures` is not an integer ≥ 1, or eps is negative.
   */
  protected constructor(name: string, spatial: string, numFeatures: number, options: InstanceNormOptions = {}) {
    super();
    checkOptions(name, options, ['eps', 'affine', 'dtype']);
    const { eps = 1e-5, affine = false, dtype = 'float32' } = options;
    checkInteger(name, 'numFeatures', numFeatures, { min: 1 });
    checkNonnegative(name, 'eps', eps);
    this.#name = name;
    this.#spatial = spatial;
    this.numFeatures = numFeatures;
    this.eps = eps;
    this.weight = affine ? createOnes(name, [numFeatures], dtype) : undefined;
    this.bias = affine ? createZeros(name, [numFeatures], dtype) : undefined;
  }

  /** @throws {RangeError} if x is not of the shape as documented, or has only one element per channel. */
  override forward(x: Tensor): Tensor {
    checkTensor(this.#name, x);
    if (x.ndim !== 2 + this.#spatial.split(',').length || x.shape[1] !== this.numFeatures) {
      const expected = `[N, ${this.numFeatures}, ${this.#spatial}]`;
      throw new RangeError(`${this.#name}: input must be ${expected}, got ${formatShape(x.shape)}`);
    }
    return instanceNorm(x, { weight: this.weight?.value, bias: this.bias?.value, eps: this.eps });
  }
}

/** (x − mean) / √(variance + eps) for each channel of each sequence [N, C, L]: {@link instanceNorm}. */
export class InstanceNorm1d extends InstanceNorm {
  /** @throws {RangeError} if `numFeatures` is not an integer ≥ 1, or eps is negative. */
  constructor(numFeatures: number, options: InstanceNormOptions = {}) {
    super('InstanceNorm1d', 'L', numFeatures, options);
  }
}

/** (x − mean) / √(variance + eps) for each channel of each image [N, C, H, W]: {@link instanceNorm}. */
export class InstanceNorm2d extends InstanceNorm {
  /** @throws {RangeError} if `numFeatures` is not an integer ≥ 1, or eps is negative. */
  constructor(numFeatures: number, options: InstanceNormOptions = {}) {
    super('InstanceNorm2d', 'H, W', numFeatures, options);
  }
}

/** (x − mean) / √(variance + eps) for each channel of each volume [N, C, D, H, W]: {@link instanceNorm}. */
export class InstanceNorm3d extends InstanceNorm {
  /** @throws {RangeError} if `numFeatures` is not an integer ≥ 1, or eps is negative. */
  constructor(numFeatures: number, options: InstanceNormOptions = {}) {
    super('InstanceNorm3d', 'D, H, W', numFeatures, options);
  }
}

/** Options of {@link LocalResponseNorm}. */
export type LocalResponseNormOptions = Omit<LocalResponseNormFunctionOptions, 'size'>;

/**
 * x / (k + alpha · m)^beta, where m is the mean of x² over `size` channels around each element of [N, C, …]: {@link
 * localResponseNorm}.
 * @example
 * new LocalResponseNorm(1, { alpha: 1, beta: 0.5, k: 0 }).forward(tensor([[3, 4]])); // tensor([[1, 1]])
 */
export class LocalResponseNorm extends FunctionLayer {
  readonly size: number;
  readonly options: LocalResponseNormOptions;

  /**
   * @param options `alpha` (default: 1e-4), `beta` (default: 0.75) and `k` (default: 1).
   * @throws {TypeError | RangeError} if the size is not an integer ≥ 1, or an option is unknown.
   */
  constructor(size: number, options: LocalResponseNormOptions = {}) {
    super('LocalResponseNorm', (x) => localResponseNorm(x, { ...options, size }));
    checkInteger('LocalResponseNorm', 'size', size, { min: 1 });
    checkOptions('LocalResponseNorm', options, ['alpha', 'beta', 'k']);
    this.size = size;
    this.options = options;
  }
}

function createOnes(layer: string, shape: Shape, dtype: DType): Variable {
  return new Variable(ones(shape, { dtype }), { name: `${layer}.weight` });
}

function createZeros(layer: string, shape: Shape, dtype: DType): Variable {
  return new Variable(zeros(shape, { dtype }), { name: `${layer}.bias` });
}
