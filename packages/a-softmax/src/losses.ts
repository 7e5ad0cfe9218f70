// The family of margin losses. In all of them
//   features  [N, D]  floating point, one sample a row
//   weight    [C, D]  floating point, one class a row
//   labels    [N]     int32, from 0 to C − 1
// and the logits are [N, C]: those of the method without its margin, less a penalty on the target class. The loss is
// their mean cross entropy with the labels.
//
// Rows of zeros have no direction. Zero-length weights, and zero-length features where the method normalises them, have
// cosine 0 with everything and get no gradient. Where the method keeps the length of the feature (A-Softmax, L-Softmax),
// the margin vanishes with the feature: at 0, value and derivatives are those without a margin.
import { full, type Tensor } from '@thetagrad/core';
import { crossEntropy } from '@thetagrad/nn';
import {
  checkLabels,
  checkMatrices,
  requireArcFace,
  requireCosFace,
  requireIntegerMargin,
  requireLambda,
  requireScale,
} from './checks.ts';
import { psiOfCosine } from './psi.ts';
import { divideByLength, polarRows } from './rows.ts';

export interface SoftmaxOptions {
  /** [C], added to the logits; none unless given. */
  readonly bias?: Tensor | undefined;
}

/**
 * The logits of softmax, W_j·x + b_j (SphereFace, Liu et al., CVPR 2017, arXiv 1704.08063, section 3.1, equation 3).
 *
 * @returns [N, C]
 * @throws {TypeError} if features or weight are not floating point.
 * @throws {RangeError} if shapes do not fit.
 */
export function softmaxLogits(features: Tensor, weight: Tensor, options: SoftmaxOptions = {}): Tensor {
  const { classes } = checkMatrices('softmaxLogits', features, weight);
  const { bias } = options;
  if (bias && !(bias.ndim === 1 && bias.shape[0] === classes)) {
    throw new RangeError(
      `softmaxLogits: bias must be [${classes}], one number a class, got [${bias.shape.join(', ')}]`,
    );
  }
  const logits = features.matmul(weight.transpose());
  return bias ? logits.add(bias) : logits;
}

/**
 * Softmax loss: mean −log softmax(Wx + b) of the target (SphereFace, section 3.1, equation 3).
 *
 * @throws as {@link softmaxLogits}, and for labels that are not int32, not [N], or not classes.
 */
export function softmaxLoss(features: Tensor, weight: Tensor, labels: Tensor, options: SoftmaxOptions = {}): Tensor {
  checkLabels('softmaxLoss', features, weight, labels);
  return crossEntropy(softmaxLogits(features, weight, options), labels);
}

/**
 * The logits of modified softmax, ‖x‖cos θ_j: W_j scaled to length 1, no bias (SphereFace, section 3.1, equation 5).
 * They are also those of A-Softmax at test time.
 *
 * @returns [N, C]
 * @throws as {@link softmaxLogits}
 */
export function modifiedSoftmaxLogits(features: Tensor, weight: Tensor): Tensor {
  checkMatrices('modifiedSoftmaxLogits', features, weight);
  return features.matmul(polarRows(weight).direction.transpose());
}

/**
 * Modified softmax loss: softmax with ‖W_j‖ = 1 and no bias, which makes the decision one of angles (SphereFace,
 * section 3.1, equation 5).
 *
 * @throws as {@link softmaxLoss}
 */
export function modifiedSoftmaxLoss(features: Tensor, weight: Tensor, labels: Tensor): Tensor {
  checkLabels('modifiedSoftmaxLoss', features, weight, labels);
  return crossEntropy(modifiedSoftmaxLogits(features, weight), labels);
}

export interface AngularMarginOptions {
  /** m, an integer of at least 1; 4 (the authors' choice) unless said otherwise. */
  readonly margin?: number;
  /**
   * λ ≥ 0 blends the target's logit with the one without a margin: (λ‖x‖cos θ + ‖x‖ψ(θ)) / (1 + λ). 0, the pure loss,
   * unless said otherwise; ∞ is allowed and takes the margin away. A number, or a floating-point scalar; either may
   * change from step to step without a new plan.
   */
  readonly lambda?: number | Tensor;
}

/**
 * The logits of A-Softmax: ‖x‖ψ(θ_y) for the target and ‖x‖cos θ_j = x·W_j/‖W_j‖ for the other classes, with
 * ψ(θ) = (−1)^k cos(mθ) − 2k on [kπ/m, (k+1)π/m] ({@link psiOfCosine}); SphereFace, section 3.2, equations 6 and 7.
 * The annealing by λ is that of L-Softmax (arXiv 1612.02295) and of the authors' code.
 *
 * @returns [N, C]
 * @throws {TypeError} if features or weight are not floating point, labels not int32, or λ is neither a number nor a
 *   floating-point tensor.
 * @throws {RangeError} if shapes do not fit, the margin is not an integer of at least 1, λ is a number below 0 or a
 *   tensor that is no scalar, or a label is no class (at once if the labels are plain data, else at evaluation).
 */
export function aSoftmaxLogits(
  features: Tensor,
  weight: Tensor,
  labels: Tensor,
  options: AngularMarginOptions = {},
): Tensor {
  const operation = 'aSoftmaxLogits';
  checkLabels(operation, features, weight, labels);
  const soften = angularPenalty(operation, options);
  const { length } = polarRows(features);
  return penalised(modifiedSoftmaxLogits(features, weight), labels, (target) => soften(target, length));
}

/**
 * A-Softmax loss, "angular softmax": mean cross entropy of {@link aSoftmaxLogits} (SphereFace, section 3.2, equations 6
 * and 7).
 *
 * @throws as {@link aSoftmaxLogits}
 */
export function aSoftmaxLoss(
  features: Tensor,
  weight: Tensor,
  labels: Tensor,
  options: AngularMarginOptions = {},
): Tensor {
  return crossEntropy(aSoftmaxLogits(features, weight, labels, options), labels);
}

/**
 * The logits of L-Softmax: ‖W_y‖‖x‖ψ(θ_y) for the target and W_j·x for the other classes: A-Softmax with the lengths of
 * the weights kept (Liu et al., "Large-Margin Softmax Loss for Convolutional Neural Networks", ICML 2016, arXiv
 * 1612.02295, equations 4 to 6).
 *
 * @returns [N, C]
 * @throws as {@link aSoftmaxLogits}
 */
export function lSoftmaxLogits(
  features: Tensor,
  weight: Tensor,
  labels: Tensor,
  options: AngularMarginOptions = {},
): Tensor {
  const operation = 'lSoftmaxLogits';
  checkLabels(operation, features, weight, labels);
  const soften = angularPenalty(operation, options);
  const { length } = polarRows(features);
  const weightLength = polarRows(weight).length.take(indexable(labels, weight.shape[0]!));
  return penalised(softmaxLogits(features, weight), labels, (target) => soften(target, length.mul(weightLength)));
}

/**
 * L-Softmax loss, "large-margin softmax": mean cross entropy of {@link lSoftmaxLogits} (arXiv 1612.02295, equations 4
 * to 6).
 *
 * @throws as {@link aSoftmaxLogits}
 */
export function lSoftmaxLoss(
  features: Tensor,
  weight: Tensor,
  labels: Tensor,
  options: AngularMarginOptions = {},
): Tensor {
  return crossEntropy(lSoftmaxLogits(features, weight, labels, options), labels);
}

/**
 * The scaled cosines s·cos θ_j of features and weights, both scaled to length 1: the logits of CosFace and ArcFace
 * without their margin, for prediction.
 *
 * @param scale s > 0; 64 unless said otherwise.
 * @returns [N, C]
 * @throws as {@link softmaxLogits}, and {RangeError} if the scale is not positive and finite.
 */
export function cosineLogits(features: Tensor, weight: Tensor, options: { readonly scale?: number } = {}): Tensor {
  checkMatrices('cosineLogits', features, weight);
  const { scale = 64 } = options;
  requireScale('cosineLogits', scale);
  return polarRows(features).direction.matmul(polarRows(weight).direction.transpose()).mul(scale);
}

export interface CosFaceOptions {
  /** m ≥ 0, subtracted from the target's cosine; 0.35 unless said otherwise. */
  readonly margin?: number;
  /** s > 0, the length that all features are given; 64 (CosFace) unless said otherwise; AM-Softmax has 30. */
  readonly scale?: number;
}

/**
 * The logits of additive-margin softmax: s(cos θ_y − m) for the target and s·cos θ_j for the other classes (CosFace,
 * Wang et al., CVPR 2018, arXiv 1801.09414, equation 4; AM-Softmax, Wang et al., arXiv 1801.05599, equation 6).
 *
 * @returns [N, C]
 * @throws as {@link softmaxLoss}, and {RangeError} if the margin is not finite and ≥ 0, or the scale not positive.
 */
export function cosFaceLogits(features: Tensor, weight: Tensor, labels: Tensor, options: CosFaceOptions = {}): Tensor {
  const operation = 'cosFaceLogits';
  const { margin = 0.35, scale = 64 } = options;
  checkLabels(operation, features, weight, labels);
  requireCosFace(operation, margin, scale);
  return penalised(cosineLogits(features, weight, { scale }), labels, () => full([], scale * margin));
}

/**
 * CosFace loss, also known as AM-Softmax: mean cross entropy of {@link cosFaceLogits} (arXiv 1801.09414, equation 4;
 * arXiv 1801.05599, equation 6).
 *
 * @throws as {@link cosFaceLogits}
 */
export function cosFaceLoss(features: Tensor, weight: Tensor, labels: Tensor, options: CosFaceOptions = {}): Tensor {
  return crossEntropy(cosFaceLogits(features, weight, labels, options), labels);
}

export interface ArcFaceOptions {
  /** m in radians, from 0 to below π, added to the target's angle; 0.5 unless said otherwise. */
  readonly margin?: number;
  /** s > 0, the length that all features are given; 64 unless said otherwise. */
  readonly scale?: number;
}

/**
 * The logits of ArcFace: s·cos(θ_y + m) for the target and s·cos θ_j for the other classes (Deng et al., CVPR 2019,
 * arXiv 1801.07698, equation 3). Beyond θ = π − m, where the cosine would rise again, the target's is
 * s(cos θ_y − m sin m), as in the authors' code.
 *
 * cos(θ + m) = cos θ cos m − sin θ sin m, so no arccosine is differentiated; sin θ has the derivative 0 at θ = 0 and π,
 * where it has a kink.
 *
 * @returns [N, C]
 * @throws as {@link softmaxLoss}, and {RangeError} if the margin is not in [0, π), or the scale not positive.
 */
export function arcFaceLogits(features: Tensor, weight: Tensor, labels: Tensor, options: ArcFaceOptions = {}): Tensor {
  const operation = 'arcFaceLogits';
  const { margin = 0.5, scale = 64 } = options;
  checkLabels(operation, features, weight, labels);
  requireArcFace(operation, margin, scale);
  const [cosMargin, sinMargin] = [Math.cos(margin), Math.sin(margin)];
  return penalised(cosineLogits(features, weight, { scale }), labels, (target) => {
    const cosine = target.div(scale);
    const shifted = cosine.mul(cosMargin).sub(sineOfCosine(cosine).mul(sinMargin));
    const turned = cosine.greater(-cosMargin).where(shifted, cosine.sub(margin * sinMargin));
    return cosine.sub(turned).mul(scale);
  });
}

/**
 * ArcFace loss, "additive angular margin": mean cross entropy of {@link arcFaceLogits} (arXiv 1801.07698, equation 3).
 *
 * @throws as {@link arcFaceLogits}
 */
export function arcFaceLoss(features: Tensor, weight: Tensor, labels: Tensor, options: ArcFaceOptions = {}): Tensor {
  return crossEntropy(arcFaceLogits(features, weight, labels, options), labels);
}

/** The logits with a penalty, computed from the target's logits [N, 1], taken off the target's. */
function penalised(logits: Tensor, labels: Tensor, penalty: (target: Tensor) => Tensor): Tensor {
  const index = indexable(labels, logits.shape[1]!).expandDims(1);
  return logits.scatterAdd(index, penalty(logits.takeAlongAxis(index, 1)).neg(), 1);
}

/**
 * What the margin takes off the target's logit: target = length · cos θ becomes (λ target + length · ψ(θ)) / (1 + λ).
 * As a difference, so that it is exactly 0 for m = 1, λ = ∞ and length 0.
 */
function angularPenalty(
  operation: string,
  { margin = 4, lambda = 0 }: AngularMarginOptions,
): (target: Tensor, length: Tensor) => Tensor {
  requireIntegerMargin(operation, margin);
  requireLambda(operation, lambda);
  return (target, length) => {
    const cosine = divideByLength(target, length);
    const share = typeof lambda === 'number' ? 1 + lambda : lambda.astype(target.dtype).add(1);
    return cosine.sub(psiOfCosine(cosine, margin)).mul(length).div(share);
  };
}

/** sin θ ≥ 0 from cos θ; 0 with derivatives 0 where rounding leaves nothing of 1 − cos² θ. */
function sineOfCosine(cosine: Tensor): Tensor {
  const square = cosine.square().neg().add(1);
  const none = square.lessEqual(0);
  return none.where(0, none.where(1, square).sqrt());
}

/** Labels as indices: core counts negative ones from the end, but they are errors here, so they become one as well. */
function indexable(labels: Tensor, classes: number): Tensor {
  return labels.less(0).where(classes, labels);
}
