import { type DType, tensor, type Tensor, Variable, zeros } from '@thetagrad/core';
import { init, type Initializer, Linear, Module, type Randomness } from '@thetagrad/nn';
import { lambdaAt, type LambdaSchedule, lambdaSchedule } from './annealing.ts';
import { requireArcFace, requireCosFace, requireIntegerMargin } from './checks.ts';
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

/** Options of every head: where its initial weights come from. */
export interface HeadOptions extends Randomness {
  /** Default: uniform with variance 1/D, so that a class weight has a length of about 1 (Caffe's `xavier`, as the authors). */
  readonly weightInit?: Initializer;
  /** float32 unless said otherwise. */
  readonly dtype?: DType;
}

/**
 * What is trained on top of a network that computes features, and left behind afterwards: a weight vector for each
 * training class, and a loss. All heads are used alike:
 *
 *     valueAndGrad({ model, head }, (x, y) => head.loss(model.forward(x), y))
 */
export abstract class ClassificationHead extends Module {
  /** [C, D], one class a row. Losses that want it of length 1 normalise it themselves. */
  readonly weight: Variable;

  /**
   * @param features D, the length of a feature
   * @param classes C
   * @throws {RangeError} unless both are integers ≥ 1.
   */
  constructor(features: number, classes: number, options: HeadOptions = {}) {
    super();
    for (const [name, count] of Object.entries({ features, classes })) {
      if (!(Number.isSafeInteger(count) && count >= 1)) {
        throw new RangeError(`${new.target.name}: ${name} must be an integer of at least 1, got ${String(count)}`);
      }
    }
    this.weight = new Linear(features, classes, { weightInit: unitLength, ...options, bias: false }).weight;
  }

  /** The logits for prediction, those of the loss without its margin: [N, D] to [N, C]. */
  abstract override forward(features: Tensor): Tensor;

  /**
   * The mean loss of a batch, a scalar.
   * @param features [N, D]
   * @param labels int32 [N], from 0 to C − 1
   */
  abstract loss(features: Tensor, labels: Tensor): Tensor;
}

// A variance of 2 / ((1 + slope²) · fanIn), which slope 1 makes 1 / fanIn.
const unitLength = init.kaimingUniform({ negativeSlope: 1 });

export interface SoftmaxHeadOptions extends HeadOptions {
  /** Whether a bias, at first 0, is added for each class; true unless said otherwise. */
  readonly bias?: boolean;
}

/** {@link softmaxLoss} with its own weights and biases. */
export class SoftmaxHead extends ClassificationHead {
  /** [C] */
  readonly bias: Variable | undefined;

  constructor(features: number, classes: number, options: SoftmaxHeadOptions = {}) {
    super(features, classes, options);
    const { bias = true, dtype = 'float32' } = options;
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
  /** m, an integer of at least 1; 4 unless said otherwise. */
  readonly margin?: number;
  /** The schedule of λ, or a constant; that of the SphereFace authors unless said otherwise. */
  readonly lambda?: number | Partial<LambdaSchedule>;
}

/**
 * A head with an integer margin that comes in slowly, as λ falls from iteration to iteration. In training mode each call
 * of `loss` is an iteration, the first being number 1, as in the authors' code; `evaluate` the head with the loss to
 * store it. The number is a variable, so it is saved with the weights and goes on from there.
 */
export abstract class AngularMarginHead extends ClassificationHead {
  readonly margin: number;
  readonly schedule: LambdaSchedule;
  /** An int32 scalar: how many times `loss` was called in training mode. */
  readonly iteration: Variable;

  /** @throws {RangeError} if the margin is not an integer of at least 1, or a setting of λ not finite and ≥ 0. */
  constructor(features: number, classes: number, options: AngularMarginHeadOptions = {}) {
    super(features, classes, options);
    const head = new.target.name;
    const { margin = 4, lambda } = options;
    requireIntegerMargin(head, margin);
    this.margin = margin;
    this.schedule = lambdaSchedule(head, lambda);
    const start = tensor(0, { dtype: 'int32' });
    this.iteration = new Variable(start, { name: `${head}.iteration`, trainable: false });
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

/** A head on the cosines of features and weights, times a scale. */
export abstract class CosineMarginHead extends ClassificationHead {
  /** What the loss takes off the target: a cosine (CosFace) or an angle in radians (ArcFace). */
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
  /** @throws {RangeError} if the margin is not finite and ≥ 0, or the scale not positive. */
  constructor(features: number, classes: number, options: CosFaceHeadOptions = {}) {
    const { margin = 0.35, scale = 64 } = options;
    requireCosFace('CosFaceHead', margin, scale);
    super(features, classes, margin, scale, options);
  }

  override loss(features: Tensor, labels: Tensor): Tensor {
    return cosFaceLoss(features, this.weight.value, labels, { margin: this.margin, scale: this.scale });
  }
}

export interface ArcFaceHeadOptions extends HeadOptions, ArcFaceOptions {}

/** {@link arcFaceLoss} with its own weights. */
export class ArcFaceHead extends CosineMarginHead {
  /** @throws {RangeError} if the margin is not in [0, π), or the scale not positive. */
  constructor(features: number, classes: number, options: ArcFaceHeadOptions = {}) {
    const { margin = 0.5, scale = 64 } = options;
    requireArcFace('ArcFaceHead', margin, scale);
    super(features, classes, margin, scale, options);
  }

  override loss(features: Tensor, labels: Tensor): Tensor {
    return arcFaceLoss(features, this.weight.value, labels, { margin: this.margin, scale: this.scale });
  }
}
