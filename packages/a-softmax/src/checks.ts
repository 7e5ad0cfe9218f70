// Checks of the inputs of losses and heads.
import { isFloatingPoint, type Tensor } from '@thetagrad/core';
import { argumentError, checkNonnegative, checkPositive, checkTensor, formatShape } from '@thetagrad/core/backend';
import { checkLabels } from '@thetagrad/nn';

/**
 * Checks features [N, D] and weight [C, D].
 * @returns N and C
 */
export function checkMatrices(
  operation: string,
  features: Tensor,
  weight: Tensor,
): { samples: number; classes: number } {
  for (const [name, value, shape] of [
    ['features', features, '[N, D]'],
    ['weight', weight, '[C, D], one row per class'],
  ] as const) {
    checkTensor(operation, value);
    if (value.ndim !== 2) {
      throw new RangeError(`${operation}: ${name} must be ${shape}, got ${formatShape(value.shape)}`);
    }
    if (!isFloatingPoint(value.dtype)) {
      throw new TypeError(`${operation}: ${name} must be float32 or float64, got ${value.dtype}`);
    }
    if (value.size === 0) {
      throw new RangeError(`${operation}: ${name} must not be empty, got ${formatShape(value.shape)}`);
    }
  }
  const [samples, dimension] = features.shape as [number, number];
  const [classes, width] = weight.shape as [number, number];
  if (dimension !== width) {
    throw new RangeError(
      `${operation}: features ${formatShape(features.shape)} and weight ${formatShape(weight.shape)} ` +
        `must have rows of one length, got ${dimension} and ${width}`,
    );
  }
  return { samples, classes };
}

/** Checks features [N, D], weight [C, D] and labels [N]. */
export function checkInputs(operation: string, features: Tensor, weight: Tensor, labels: Tensor): void {
  const { samples, classes } = checkMatrices(operation, features, weight);
  checkLabels(operation, labels, samples, classes);
}

export function checkLambda(operation: string, lambda: number | Tensor): void {
  if (typeof lambda === 'number') {
    // Infinity is modified softmax.
    if (!(lambda >= 0)) throw argumentError(operation, 'lambda', 'a number ≥ 0', lambda);
    return;
  }
  if (lambda.ndim !== 0) {
    throw new RangeError(`${operation}: lambda must be a scalar, got shape ${formatShape(lambda.shape)}`);
  }
  if (!isFloatingPoint(lambda.dtype)) {
    throw new TypeError(`${operation}: lambda must be float32 or float64, got ${lambda.dtype}`);
  }
}

export function checkCosFace(operation: string, margin: number, scale: number): void {
  checkScale(operation, scale);
  checkNonnegative(operation, 'margin', margin);
}

export function checkArcFace(operation: string, margin: number, scale: number): void {
  checkScale(operation, scale);
  if (!(margin >= 0 && margin < Math.PI)) {
    throw argumentError(operation, 'margin', 'an angle in radians in [0, π)', margin);
  }
}

export function checkScale(operation: string, scale: number): void {
  checkPositive(operation, 'scale', scale);
}
