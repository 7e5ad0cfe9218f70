// Divergences and negative log-likelihoods of distributions.
import { Tensor } from '@thetagrad/core';
import {
  broadcastShapes,
  checkPositive,
  formatShape,
  sameShape,
  Surrogate,
  unknownValue,
} from '@thetagrad/core/backend';
import { checkSameShape, type LossOptions, reduce, type Reduction, reductionOf, toFloats, toPair } from './reduce.ts';

export interface KlDivOptions {
  /** `'batchmean'` divides the sum by the first axis, as the definition of the divergence does. Default: `'mean'`. */
  readonly reduction?: Reduction | 'batchmean';
  /** Whether the targets are logarithms of probabilities, too. Default: false. */
  readonly logTarget?: boolean;
}

/**
 * Kullback–Leibler divergence of targets from predictions, target · (log target − logProbability), for each element; 0 where the
 * target is 0.
 * @param logProbabilities floating point, logarithms of predicted probabilities
 * @param targets of the shape of the predictions: probabilities, or their logarithms with `logTarget`
 * @returns a scalar, or the shape of the predictions with reduction `'none'`
 * @throws {TypeError} if an operand is not a tensor, or the reduction is unknown.
 * @throws {RangeError} if the shapes differ, or they are scalars with reduction `'batchmean'`.
 */
export function klDiv(logProbabilities: Tensor, targets: Tensor, options: KlDivOptions = {}): Tensor {
  const [x, t] = toPair('klDiv', logProbabilities, targets);
  reductionOf<object>('klDiv', options, ['logTarget' as never]);
  const { reduction = 'mean', logTarget = false } = options;
  const losses = logTarget ? t.exp().strongMul(t.sub(x)) : t.strongMul(t.log().sub(x));
  switch (reduction) {
    case 'batchmean':
      if (x.ndim > 0) return losses.sum().div(x.shape[0]!);
      throw new RangeError(`klDiv: reduction 'batchmean' needs an axis of samples, got a scalar; use 'mean'`);
    case 'mean':
    case 'sum':
    case 'none':
      return reduce('klDiv', losses, reduction);
    default:
      throw unknownValue('klDiv', 'reduction', reduction, `'mean', 'sum', 'none' or 'batchmean'`);
  }
}

export interface PoissonNllLossOptions extends LossOptions {
  /** Whether predictions are logarithms of the rates. Default: true. */
  readonly logInput?: boolean;
  /** Whether Stirling's approximation of log(target!) is added where targets are greater than 1. Default: false. */
  readonly full?: boolean;
  /** What is added to rates before their logarithm without `logInput`, > 0. Default: 1e-8. */
  readonly eps?: number;
}

/**
 * Negative log-likelihood of counts under Poisson distributions: exp(x) − target · x of the logarithms x of the rates, or
 * rate − target · log(rate + eps) without `logInput`.
 * @param predictions floating point
 * @param targets of the shape of the predictions
 * @returns a scalar, or the shape of the predictions with reduction `'none'`
 * @throws {TypeError} if an operand is not a tensor, or the reduction is unknown.
 * @throws {RangeError} if the shapes differ, or eps is not a finite number > 0.
 */
export function poissonNllLoss(predictions: Tensor, targets: Tensor, options: PoissonNllLossOptions = {}): Tensor {
  const operation = 'poissonNllLoss';
  const [x, t] = toPair(operation, predictions, targets);
  const reduction = reductionOf(operation, options, ['logInput', 'full', 'eps']);
  const { logInput = true, full = false, eps = 1e-8 } = options;
  checkPositive(operation, 'eps', eps);
  let losses = logInput ? x.exp().sub(t.strongMul(x)) : x.sub(t.strongMul(x.add(eps).log()));
  if (full) {
    const isLarge = t.greater(1);
    const count = isLarge.where(t, 1);
    const logFactorial = count
      .mul(count.log())
      .sub(count)
      .add(
        count
          .mul(2 * Math.PI)
          .log()
          .mul(0.5),
      );
    losses = losses.add(isLarge.where(logFactorial, 0));
  }
  return reduce(operation, losses, reduction);
}

export interface GaussianNllLossOptions extends LossOptions {
  /** Whether the constant log(2π) / 2 is added. Default: false. */
  readonly full?: boolean;
  /** The least variance, > 0. Default: 1e-6. */
  readonly eps?: number;
}

/**
 * Negative log-likelihood of targets under normal distributions, (log v + (prediction − target)² / v) / 2 with v = max(variance,
 * eps). The gradient in the variance is that of v, as in PyTorch.
 * @param predictions floating point, the means
 * @param targets of the shape of the predictions
 * @param variance broadcasts to the predictions, or has their shape without the last axis
 * @returns a scalar, or the shape of the predictions with reduction `'none'`
 * @throws {TypeError} if an operand is not a tensor, or the reduction is unknown.
 * @throws {RangeError} if the shapes do not fit, or eps is not a finite number > 0.
 */
export function gaussianNllLoss(
  predictions: Tensor,
  targets: Tensor,
  variance: Tensor,
  options: GaussianNllLossOptions = {},
): Tensor {
  const operation = 'gaussianNllLoss';
  checkSameShape(operation, predictions, targets);
  const [x, t, given] = toFloats(operation, predictions, targets, variance);
  const reduction = reductionOf(operation, options, ['full', 'eps']);
  const { full = false, eps = 1e-6 } = options;
  checkPositive(operation, 'eps', eps);
  const spread = alignVariance(operation, given, x);
  const v = new Tensor(Surrogate, [spread.maximum(eps), spread], spread);
  const losses = v.log().add(x.sub(t).square().div(v)).mul(0.5);
  return reduce(operation, full ? losses.add(0.5 * Math.log(2 * Math.PI)) : losses, reduction);
}

/** The variance in a shape that broadcasts to the predictions. */
function alignVariance(operation: string, variance: Tensor, { shape }: Tensor): Tensor {
  if (shape.length > 0 && sameShape(variance.shape, shape.slice(0, -1))) return variance.expandDims(-1);
  if (!sameShape(broadcastShapes(`${operation}: variance`, variance.shape, shape), shape)) {
    throw new RangeError(
      `${operation}: variance ${formatShape(variance.shape)} does not broadcast to ${formatShape(shape)}`,
    );
  }
  return variance;
}
