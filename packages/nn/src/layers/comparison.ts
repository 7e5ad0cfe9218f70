// Layers of two inputs.
import { type Tensor, type Variable } from '@thetagrad/core';
import { checkInteger, checkNonnegative, checkOptions, checkTensor } from '@thetagrad/core/backend';
import { bilinear, cosineSimilarity, pairwiseDistance, type PairwiseDistanceOptions } from '@thetagrad/ops';
import { uniform } from '../init.ts';
import { Module } from '../module.ts';
import { affineOptions, type AffineOptions, createAffineVariables } from './affine.ts';

/** Options of {@link CosineSimilarity}. */
export interface CosineSimilarityOptions {
  /** The axis of the vectors. Default: 1, as in PyTorch. */
  readonly axis?: number;
  /** What norms below are raised to. Default: 1e-8. */
  readonly eps?: number;
}

/**
 * The cosine of the angle between vectors along an axis of two tensors, which broadcast: {@link cosineSimilarity}.
 * @example
 * new CosineSimilarity().forward(tensor([[1, 0]]), tensor([[1, 1]])); // tensor([0.7071])
 */
export class CosineSimilarity extends Module<[x: Tensor, y: Tensor]> {
  readonly axis: number;
  readonly eps: number;

  /** @throws {TypeError | RangeError} if the axis is not an integer, or eps is not a finite number ≥ 0. */
  constructor(options: CosineSimilarityOptions = {}) {
    super();
    checkOptions('CosineSimilarity', options, ['axis', 'eps']);
    const { axis = 1, eps = 1e-8 } = options;
    checkInteger('CosineSimilarity', 'axis', axis);
    checkNonnegative('CosineSimilarity', 'eps', eps);
    this.axis = axis;
    this.eps = eps;
  }

  /** @throws {RangeError} if shapes do not broadcast, or the axis is out of range. */
  override forward(x: Tensor, y: Tensor): Tensor {
    return cosineSimilarity(x, y, this.axis, { eps: this.eps });
  }
}

/**
 * The distances ‖x − y + eps‖ of vectors along the last axis of two tensors, which broadcast: {@link pairwiseDistance}.
 * @example
 * new PairwiseDistance({ eps: 0 }).forward(tensor([[1, 2]]), tensor([[4, 6]])); // tensor([5])
 */
export class PairwiseDistance extends Module<[x: Tensor, y: Tensor]> {
  readonly options: PairwiseDistanceOptions;

  /** @param options `p` (default: 2), `eps` (default: 1e-6) and `keepdims` (default: false). */
  constructor(options: PairwiseDistanceOptions = {}) {
    super();
    checkOptions('PairwiseDistance', options, ['p', 'eps', 'keepdims']);
    this.options = options;
  }

  /** @throws {RangeError} if shapes do not broadcast, x and y are scalars, or an option is out of range. */
  override forward(x: Tensor, y: Tensor): Tensor {
    return pairwiseDistance(x, y, this.options);
  }
}

/**
 * x · weight[o] · y + bias[o] for each output o: {@link bilinear} of [..., in1Features] and [..., in2Features], to
 * [..., outFeatures].
 * @example
 * new Bilinear(2, 3, 4).forward(zeros([5, 2]), zeros([5, 3])).shape; // [5, 4]
 */
export class Bilinear extends Module<[x: Tensor, y: Tensor]> {
  readonly in1Features: number;
  readonly in2Features: number;
  readonly outFeatures: number;
  /** [outFeatures, in1Features, in2Features], by default uniform in ±1/√in1Features, as in PyTorch. */
  readonly weight: Variable;
  /** [outFeatures], by default uniform in ±1/√in1Features. */
  readonly bias: Variable | undefined;

  /**
   * @throws {RangeError} if a size is not an integer ≥ 1.
   * @throws {TypeError} if both a key and a generator are given.
   */
  constructor(in1Features: number, in2Features: number, outFeatures: number, options: AffineOptions = {}) {
    super();
    checkOptions('Bilinear', options, affineOptions);
    for (const [name, size] of Object.entries({ in1Features, in2Features, outFeatures })) {
      checkInteger('Bilinear', name, size, { min: 1 });
    }
    this.in1Features = in1Features;
    this.in2Features = in2Features;
    this.outFeatures = outFeatures;
    const bound = 1 / Math.sqrt(in1Features);
    const weightInit = uniform({ low: -bound, high: bound });
    const variables = createAffineVariables('Bilinear', [outFeatures, in1Features, in2Features], {
      weightInit,
      biasInit: weightInit,
      ...options,
    });
    ({ weight: this.weight, bias: this.bias } = variables);
  }

  /** @throws {RangeError} if the last axes of x and y do not have `in1Features` and `in2Features`, or others do not broadcast. */
  override forward(x: Tensor, y: Tensor): Tensor {
    checkTensor('Bilinear', x);
    checkTensor('Bilinear', y);
    return bilinear(x, y, this.weight.value, this.bias?.value);
  }
}
