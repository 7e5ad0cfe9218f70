import { type DType, tensor, type Tensor, Variable, zeros } from '@thetagrad/core';
import { checkInteger, checkOptions } from '@thetagrad/core/backend';
import { init, type Initializer, Linear, Module, type Randomness } from '@thetagrad/nn';
import { completeSchedule, lambdaAt, type LambdaSchedule } from './annealing.ts';
import { checkArcFace, checkCosFace } from './checks.ts';
import {
  arcFaceLoss,
  type ArcFaceOptions,
  aSoftmaxLoss,
  cosFaceLoss,
  type CosFaceOptions,
  cosineLogits,
  lSoftmaxLoss,
  modifiedSoftmaxLogits,
  modifiedSoftmaxLoss,
  softmaxLogits,
  softmaxLoss,
} from './losses.ts';

/** Options of all heads: the initial weights. */
export interface HeadOptions extends Randomness {
  /** Default: uniform with variance 1/D, so that rows have lengths of about 1 (Caffe's `xavier`, as the authors). */
  readonly weightInit?: Initializer;
  /** Default: float32. */
  readonly dtype?: DType;
}

/** The names of {@link HeadOptions}. */
const headOptions = ['weightInit', 'dtype', 'key', 'generator'] as const;

/**
 * The classification layer on top of a network that computes features, used in training only: a weight vector for each
 * class, and a loss. All heads are used alike:
 *
 *     valueAndGrad({ model, head }, (x, y) => head.loss(model.forward(x), y))
 */
export abstract class ClassificationHead extends Module {
  /** [C, D], one row per class. Losses that need rows of length 1 normalize them. */
  readonly weight: Variable;

  /**
   * @param features D, the dimension of a feature
   * @param classes C, the number of classes
   * @throws {RangeError} if one of them is not an integer ≥ 1.
   * @throws {TypeError} if both a key and a generator are given.
   */
  constructor(features: number, classes: number, options: HeadOptions = {}) {
    super();
    checkOptions(new.target.name, options, headOptions);
    checkInteger(new.target.name, 'features', features, { min: 1 });
    checkInteger(new.target.name, 'classes', classes, { min: 1 });
    this.weight = new Linear(features, classes, { weightInit, ...options, bias: false }).weight;
  }

  /** The logits for prediction, without a margin: [N, D] to [N, C]. */
  abstract override forward(features: Tensor): Tensor;

  /**
   * The mean loss of a batch, a scalar.
   * @param features [N, D]
   * @param labels int32 [N], from 0 to C − 1
   */
  abstract loss(features: Tensor, labels: Tensor): Tensor;
}

// The variance is 2 / ((1 + slope²) · fanIn), 1 / fanIn for slope 1.
const weightInit = init.kaimingUniform({ negativeSlope: 1 });

export interface SoftmaxHeadOptions extends HeadOptions {
  /** Whether a bias, initially 0, is added for each class. Default: true. */
  readonly bias?: boolean;
}

/** {@link softmaxLoss} with its own weights and biases. */
export class SoftmaxHead extends ClassificationHead {
  /** [C] */
  readonly bias: Variable | undefined;

  constructor(features: number, classes: number, options: SoftmaxHeadOptions = {}) {
    checkOptions('SoftmaxHead', options, ['bias', ...headOptions]);
    const { bias = true, ...rest } = options;
    super(features, classes, rest);
    const { dtype = 'float32' } = rest;
    this.bias = bias ? new Variable(zeros([classes], { dtype }), { name: 'SoftmaxHead.bias' }) : undefined;
  }

  override forward(features: Tensor): Tensor {
    return softmaxLogits(features, this.weight.value, { bias: this.bias?.value });
  }

  override loss(features: Tensor, labels: Tensor): Tensor {
    return softmaxLoss(features, this.weight.value, labels, { bias: this.bias?.value });
  }
}

/** {@link modifiedSoftmaxLoss} with its own weights. */
export class ModifiedSoftmaxHead extends ClassificationHead {
  override forward(features: Tensor): Tensor {
    return modifiedSoftmaxLogits(features, this.weight.value);
  }

  override loss(features: Tensor, labels: Tensor): Tensor {
    return modifiedSoftmaxLoss(features, this.weight.value, labels);
  }
}

export interface AngularMarginHeadOptions extends HeadOptions {
  /** m, an integer ≥ 1. Default: 4. */
  readonly margin?: number;
  /** The schedule of λ, or a constant. Default: the schedule of the SphereFace authors. */
  readonly lambda?: number | Partial<LambdaSchedule>;
}

/**
 * A head with an integer margin whose effect grows as λ falls from iteration to iteration. In training mode each call
 * of `loss` is an iteration; the first is number 1, as in the authors' code. The number is a variable, which is saved
 * with the weights; evaluate the head with the loss to store it.
 */
export abstract class AngularMarginHead extends ClassificationHead {
  readonly margin: number;
  readonly schedule: LambdaSchedule;
  /** The number of calls of `loss` in training mode, an int32 scalar. */
  readonly iteration: Variable;

  /**
   * @throws {RangeError} if the margin is not an integer ≥ 1, a setting of λ is not finite and ≥ 0, or as
   *   {@link ClassificationHead}.
   */
  constructor(features: number, classes: number, options: AngularMarginHeadOptions = {}) {
    const { name } = new.target;
    checkOptions(name, options, ['margin', 'lambda', ...headOptions]);
    const { margin = 4, lambda, ...rest } = options;
    super(features, classes, rest);
    checkInteger(name, 'margin', margin, { min: 1 });
    this.margin = margin;
    this.schedule = completeSchedule(name, lambda);
    const start = tensor(0, { dtype: 'int32' });
    this.iteration = new Variable(start, { name: `${name}.iteration`, trainable: false });
  }

  /** λ of the last iteration, a float32 scalar. */
  get lambda(): Tensor {
    return lambdaAt(this.iteration.value, this.schedule);
  }

  override loss(features: Tensor, labels: Tensor): Tensor {
    if (this.training) this.iteration.assign(this.iteration.value.add(1));
    return this.lossAt(features, labels, this.lambda);
  }

  /** The loss with a given λ, without counting an iteration. */
  protected abstract lossAt(features: Tensor, labels: Tensor, lambda: Tensor): Tensor;
}

/** {@link aSoftmaxLoss}, the loss of SphereFace, with its own weights and λ. */
export class ASoftmaxHead extends AngularMarginHead {
  override forward(features: Tensor): Tensor {
    return modifiedSoftmaxLogits(features, this.weight.value);
  }

  protected override lossAt(features: Tensor, labels: Tensor, lambda: Tensor): Tensor {
    return aSoftmaxLoss(features, this.weight.value, labels, { margin: this.margin, lambda });
  }
}

/** {@link lSoftmaxLoss} with its own weights and λ. */
export class LSoftmaxHead extends AngularMarginHead {
  override forward(features: Tensor): Tensor {
    return softmaxLogits(features, this.weight.value);
  }

  protected override lossAt(features: Tensor, labels: Tensor, lambda: Tensor): Tensor {
    return lSoftmaxLoss(features, this.weight.value, labels, { margin: this.margin, lambda });
  }
}

/** A head whose logits are the scaled cosines of features and weights. */
export abstract class CosineMarginHead extends ClassificationHead {
  /** Subtracted from the target's cosine (CosFace), or added to its angle, in radians (ArcFace). */
  readonly margin: number;
  readonly scale: number;

  constructor(features: number, classes: number, margin: number, scale: number, options: HeadOptions) {
    super(features, classes, options);
    this.margin = margin;
    this.scale = scale;
  }

  override forward(features: Tensor): Tensor {
    return cosineLogits(features, this.weight.value, { scale: this.scale });
  }
}

export interface CosFaceHeadOptions extends HeadOptions, CosFaceOptions {}

/** {@link cosFaceLoss}, also known as additive-margin softmax, with its own weights. */
export class CosFaceHead extends CosineMarginHead {
  /**
   * @throws {RangeError} if the margin is not finite and ≥ 0, the scale not finite and > 0, or as {@link
   *   ClassificationHead}.
   */
  constructor(features: number, classes: number, options: CosFaceHeadOptions = {}) {
    checkOptions('CosFaceHead', options, ['margin', 'scale', ...headOptions]);
    const { margin = 0.35, scale = 64, ...rest } = options;
    checkCosFace('CosFaceHead', margin, scale);
    super(features, classes, margin, scale, rest);
  }

  override loss(features: Tensor, labels: Tensor): Tensor {
    return cosFaceLoss(features, this.weight.value, labels, { margin: this.margin, scale: this.scale });
  }
}

export interface ArcFaceHeadOptions extends HeadOptions, ArcFaceOptions {}

/** {@link arcFaceLoss} with its own weights. */
export class ArcFaceHead extends CosineMarginHead {
  /**
   * @throws {RangeError} if the margin is not in [0, π), the scale not finite and > 0, or as {@link
   *   ClassificationHead}.
   */
  constructor(features: number, classes: number, options: ArcFaceHeadOptions = {}) {
    checkOptions('ArcFaceHead', options, ['margin', 'scale', ...headOptions]);
    const { margin = 0.5, scale = 64, ...rest } = options;
    checkArcFace('ArcFaceHead', margin, scale);
    super(features, classes, margin, scale, rest);
  }

  override loss(features: Tensor, labels: Tensor): Tensor {
    return arcFaceLoss(features, this.weight.value, labels, { margin: this.margin, scale: this.scale });
  }
}
