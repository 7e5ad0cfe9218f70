// The family of margin losses. Their inputs are
//   features  [N, D]  floating point, one row per sample
//   weight    [C, D]  floating point, one row per class
//   labels    [N]     int32, from 0 to C − 1
// The logits [N, C] are those without a margin minus a penalty on the target class, and the loss is their mean cross
// entropy with the labels.
//
// Rows of zeros have no direction. Weights of zeros, and features of zeros where the method normalizes features, have
// cosine 0 with everything and gradient 0. Where the method keeps the length of features (A-Softmax, L-Softmax), the
// margin vanishes with that length: value and derivatives of a feature of zeros are those without a margin.
import { full, type Tensor } from '@thetagrad/core';
import { checkInteger, checkOptions, formatShape } from '@thetagrad/core/backend';
import { crossEntropy, toClassIndices } from '@thetagrad/nn';
import { checkArcFace, checkCosFace, checkInputs, checkLambda, checkMatrices, checkScale } from './checks.ts';
import { psiOfCosine } from './psi.ts';
import { divideByLength, polarRows } from './polar.ts';

export interface SoftmaxOptions {
  /** [C], added to the logits. Default: none. */
  readonly bias?: Tensor | undefined;
}

/**
 * The logits of softmax, W_j·x + b_j (SphereFace, Liu et al., CVPR 2017, arXiv 1704.08063, section 3.1, equation 3).
 * @returns [N, C]
 * @throws {TypeError} if features or weight are not floating point.
 * @throws {RangeError} if the shapes do not fit, or features or weight are empty.
 */
export function softmaxLogits(features: Tensor, weight: Tensor, options: SoftmaxOptions = {}): Tensor {
  checkOptions('softmaxLogits', options, ['bias']);
  const { classes } = checkMatrices('softmaxLogits', features, weight);
  const { bias } = options;
  if (bias && !(bias.ndim === 1 && bias.shape[0] === classes)) {
    throw new RangeError(
      `softmaxLogits: bias must be [${classes}], one number per class, got ${formatShape(bias.shape)}`,
    );
  }
  const logits = features.matmul(weight.transpose());
  return bias ? logits.add(bias) : logits;
}

/**
 * Softmax loss: mean −log softmax(Wx + b) of the target (SphereFace, section 3.1, equation 3).
 * @throws {TypeError} if features or weight are not floating point, or labels not int32.
 * @throws {RangeError} as {@link softmaxLogits}, and if the labels are not [N] or out of range: at once where they are
 *   plain data, at evaluation otherwise.
 */
export function softmaxLoss(features: Tensor, weight: Tensor, labels: Tensor, options: SoftmaxOptions = {}): Tensor {
  checkInputs('softmaxLoss', features, weight, labels);
  return crossEntropy(softmaxLogits(features, weight, options), labels);
}

/**
 * The logits of modified softmax, ‖x‖cos θ_j: W_j scaled to length 1, no bias (SphereFace, section 3.1, equation 5).
 * They are those of A-Softmax at test time.
 * @returns [N, C]
 * @throws {TypeError} as {@link softmaxLogits}.
 * @throws {RangeError} as {@link softmaxLogits}.
 */
export function modifiedSoftmaxLogits(features: Tensor, weight: Tensor): Tensor {
  checkMatrices('modifiedSoftmaxLogits', features, weight);
  return features.matmul(polarRows(weight).direction.transpose());
}

/**
 * Modified softmax loss: softmax with ‖W_j‖ = 1 and no bias, whose decisions depend on angles only (SphereFace, section
 * 3.1, equation 5).
 * @throws {TypeError} as {@link softmaxLoss}.
 * @throws {RangeError} as {@link softmaxLoss}.
 */
export function modifiedSoftmaxLoss(features: Tensor, weight: Tensor, labels: Tensor): Tensor {
  checkInputs('modifiedSoftmaxLoss', features, weight, labels);
  return crossEntropy(modifiedSoftmaxLogits(features, weight), labels);
}

export interface AngularMarginOptions {
  /** m, an integer ≥ 1. Default: 4, as the authors. */
  readonly margin?: number;
  /**
   * λ ≥ 0 blends the target's logit with that of no margin: (λ‖x‖cos θ + ‖x‖ψ(θ)) / (1 + λ). ∞ removes the margin. A
   * number, or a floating-point scalar; either may change from step to step without a new plan. Default: 0.
   */
  readonly lambda?: number | Tensor;
}

/**
 * The logits of A-Softmax: ‖x‖ψ(θ_y) for the target and ‖x‖cos θ_j = x·W_j/‖W_j‖ for the other classes, with
 * ψ(θ) = (−1)^k cos(mθ) − 2k on [kπ/m, (k+1)π/m] ({@link psiOfCosine}); SphereFace, section 3.2, equations 6 and 7.
 * The annealing by λ is that of L-Softmax (arXiv 1612.02295) and of the authors' code.
 * @returns [N, C]
 * @throws {TypeError} as {@link softmaxLoss}, and if λ is a tensor that is not floating point.
 * @throws {RangeError} as {@link softmaxLoss}, and if the margin is not an integer ≥ 1, or λ is a number < 0 or a
 *   tensor that is not a scalar.
 */
export function aSoftmaxLogits(
  features: Tensor,
  weight: Tensor,
  labels: Tensor,
  options: AngularMarginOptions = {},
): Tensor {
  const operation = 'aSoftmaxLogits';
  checkInputs(operation, features, weight, labels);
  const penalty = angularPenalty(operation, options);
  const { length } = polarRows(features);
  return subtractPenalty(operation, modifiedSoftmaxLogits(features, weight), labels, (target) =>
    penalty(target, length),
  );
}

/**
 * A-Softmax loss, "angular softmax": mean cross entropy of {@link aSoftmaxLogits} (SphereFace, section 3.2, equations 6
 * and 7).
 * @throws {TypeError} as {@link aSoftmaxLogits}.
 * @throws {RangeError} as {@link aSoftmaxLogits}.
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
 * @returns [N, C]
 * @throws {TypeError} as {@link aSoftmaxLogits}.
 * @throws {RangeError} as {@link aSoftmaxLogits}.
 */
export function lSoftmaxLogits(
  features: Tensor,
  weight: Tensor,
  labels: Tensor,
  options: AngularMarginOptions = {},
): Tensor {
  const operation = 'lSoftmaxLogits';
  checkInputs(operation, features, weight, labels);
  const penalty = angularPenalty(operation, options);
  const { length } = polarRows(features);
  const weightLength = polarRows(weight).length.take(toClassIndices(operation, labels, weight.shape[0]!));
  return subtractPenalty(operation, softmaxLogits(features, weight), labels, (target) =>
    penalty(target, length.mul(weightLength)),
  );
}

/**
 * L-Softmax loss, "large-margin softmax": mean cross entropy of {@link lSoftmaxLogits} (arXiv 1612.02295, equations 4
 * to 6).
 * @throws {TypeError} as {@link aSoftmaxLogits}.
 * @throws {RangeError} as {@link aSoftmaxLogits}.
 */
export function lSoftmaxLoss(
  features: Tensor,
  weight: Tensor,
  labels: Tensor,
  options: AngularMarginOptions = {},
): Tensor {
  return crossEntropy(lSoftmaxLogits(features, weight, labels, options), labels);
}

export interface CosineOptions {
  /** s > 0. Default: 64. */
  readonly scale?: number;
}

/**
 * The scaled cosines s·cos θ_j of features and weights: the logits of CosFace and ArcFace without their margin, for
 * prediction.
 * @returns [N, C]
 * @throws {TypeError} as {@link softmaxLogits}.
 * @throws {RangeError} as {@link softmaxLogits}, and if the scale is not finite and > 0.
 */
export function cosineLogits(features: Tensor, weight: Tensor, options: CosineOptions = {}): Tensor {
  checkOptions('cosineLogits', options, ['scale']);
  checkMatrices('cosineLogits', features, weight);
  const { scale = 64 } = options;
  checkScale('cosineLogits', scale);
  return polarRows(features).direction.matmul(polarRows(weight).direction.transpose()).mul(scale);
}

export interface CosFaceOptions {
  /** m ≥ 0, subtracted from the target's cosine. Default: 0.35. */
  readonly margin?: number;
  /** s > 0, the factor of all cosines. Default: 64, as CosFace; AM-Softmax has 30. */
  readonly scale?: number;
}

/**
 * The logits of additive-margin softmax: s(cos θ_y − m) for the target and s·cos θ_j for the other classes (CosFace,
 * Wang et al., CVPR 2018, arXiv 1801.09414, equation 4; AM-Softmax, Wang et al., arXiv 1801.05599, equation 6).
 * @returns [N, C]
 * @throws {TypeError} as {@link softmaxLoss}.
 * @throws {RangeError} as {@link softmaxLoss}, and if the margin is not finite and ≥ 0, or the scale not finite and >
 *   0.
 */
export function cosFaceLogits(features: Tensor, weight: Tensor, labels: Tensor, options: CosFaceOptions = {}): Tensor {
  const operation = 'cosFaceLogits';
  checkOptions(operation, options, ['margin', 'scale']);
  const { margin = 0.35, scale = 64 } = options;
  checkInputs(operation, features, weight, labels);
  checkCosFace(operation, margin, scale);
  return subtractPenalty(operation, cosineLogits(features, weight, { scale }), labels, () => full([], scale * margin));
}

/**
 * CosFace loss, also known as AM-Softmax: mean cross entropy of {@link cosFaceLogits} (arXiv 1801.09414, equation 4;
 * arXiv 1801.05599, equation 6).
 * @throws {TypeError} as {@link cosFaceLogits}.
 * @throws {RangeError} as {@link cosFaceLogits}.
 */
export function cosFaceLoss(features: Tensor, weight: Tensor, labels: Tensor, options: CosFaceOptions = {}): Tensor {
  return crossEntropy(cosFaceLogits(features, weight, labels, options), labels);
}

export interface ArcFaceOptions {
  /** m in radians, in [0, π), added to the target's angle. Default: 0.5. */
  readonly margin?: number;
  /** s > 0, the factor of all cosines. Default: 64. */
  readonly scale?: number;
}

/**
 * The logits of ArcFace: s·cos(θ_y + m) for the target and s·cos θ_j for the other classes (Deng et al., CVPR 2019,
 * arXiv 1801.07698, equation 3). Beyond θ = π − m, where the cosine would rise again, the target's logit is
 * s(cos θ_y − m sin m), as in the authors' code; for m above 2.331, where this would be a jump upwards, it is
 * s(cos θ_y − 1 + cos m). So it never rises with the angle.
 *
 * No arccosine is differentiated: cos(θ + m) = cos θ cos m − sin θ sin m. As a function of the cosine, sin θ has
 * infinite slope at θ = 0 and π; its derivative there is defined as 0.
 * @returns [N, C]
 * @throws {TypeError} as {@link softmaxLoss}.
 * @throws {RangeError} as {@link softmaxLoss}, and if the margin is not in [0, π), or the scale not finite and > 0.
 */
export function arcFaceLogits(features: Tensor, weight: Tensor, labels: Tensor, options: ArcFaceOptions = {}): Tensor {
  const operation = 'arcFaceLogits';
  checkOptions(operation, options, ['margin', 'scale']);
  const { margin = 0.5, scale = 64 } = options;
  checkInputs(operation, features, weight, labels);
  checkArcFace(operation, margin, scale);
  const [cosMargin, sinMargin] = [Math.cos(margin), Math.sin(margin)];
  const drop = Math.max(margin * sinMargin, 1 - cosMargin);
  return subtractPenalty(operation, cosineLogits(features, weight, { scale }), labels, (target) => {
    const cosine = target.div(scale);
    const shifted = cosine.mul(cosMargin).sub(sineOfCosine(cosine).mul(sinMargin));
    const withMargin = cosine.greater(-cosMargin).where(shifted, cosine.sub(drop));
    return cosine.sub(withMargin).mul(scale);
  });
}

/**
 * ArcFace loss, "additive angular margin": mean cross entropy of {@link arcFaceLogits} (arXiv 1801.07698, equation 3).
 * @throws {TypeError} as {@link arcFaceLogits}.
 * @throws {RangeError} as {@link arcFaceLogits}.
 */
export function arcFaceLoss(features: Tensor, weight: Tensor, labels: Tensor, options: ArcFaceOptions = {}): Tensor {
  return crossEntropy(arcFaceLogits(features, weight, labels, options), labels);
}

/** Subtracts a penalty from the target's logits; it is a function of these, [N, 1]. */
function subtractPenalty(
  operation: string,
  logits: Tensor,
  labels: Tensor,
  penalty: (target: Tensor) => Tensor,
): Tensor {
  const index = toClassIndices(operation, labels, logits.shape[1]!).expandDims(1);
  return logits.scatterAdd(index, penalty(logits.takeAlongAxis(index, 1)).neg(), 1);
}

/**
 * The penalty of an angular margin: the target's logit length · cos θ becomes (λ · length · cos θ + length · ψ(θ)) /
 * (1 + λ). As a difference it is exactly 0 for m = 1, λ = ∞ and length 0.
 */
function angularPenalty(operation: string, options: AngularMarginOptions): (target: Tensor, length: Tensor) => Tensor {
  checkOptions(operation, options, ['margin', 'lambda']);
  const { margin = 4, lambda = 0 } = options;
  checkInteger(operation, 'margin', margin, { min: 1 });
  checkLambda(operation, lambda);
  return (target, length) => {
    const cosine = divideByLength(target, length);
    const divisor = typeof lambda === 'number' ? 1 + lambda : lambda.astype(target.dtype).add(1);
    return cosine.sub(psiOfCosine(cosine, margin)).mul(length).div(divisor);
  };
}

/** sin θ ≥ 0 from cos θ; 0 with derivatives 0 where 1 − cos² θ rounds to 0. */
function sineOfCosine(cosine: Tensor): Tensor {
  const square = cosine.square().neg().add(1);
  const zero = square.lessEqual(0);
  return zero.where(0, zero.where(1, square).sqrt());
}
