// What the losses and the heads ask of their inputs.
import { isFloat, reference, type Tensor } from '@thetagrad/core';

export function checkMatrices(
  operation: string,
  features: Tensor,
  weight: Tensor,
): { samples: number; classes: number } {
  for (const [name, value, shape] of [
    ['features', features, '[N, D]'],
    ['weight', weight, '[C, D], one class a row'],
  ] as const) {
    if (value.ndim !== 2) {
      throw new RangeError(`${operation}: ${name} must be ${shape}, got [${value.shape.join(', ')}]`);
    }
    if (!isFloat(value.dtype)) {
      throw new TypeError(`${operation}: ${name} must be float32 or float64, got ${value.dtype}`);
    }
    if (value.size === 0) {
      throw new RangeError(`${operation}: ${name} is empty, [${value.shape.join(', ')}]`);
    }
  }
  const [samples, dimension] = features.shape as [number, number];
  const [classes, width] = weight.shape as [number, number];
  if (dimension !== width) {
    throw new RangeError(
      `${operation}: features [${samples}, ${dimension}] have ${dimension} components, ` +
        `the classes of weight [${classes}, ${width}] have ${width}`,
    );
  }
  return { samples, classes };
}

export function checkLabels(operation: string, features: Tensor, weight: Tensor, labels: Tensor): void {
  const { samples, classes } = checkMatrices(operation, features, weight);
  if (labels.dtype !== 'int32') {
    throw new TypeError(`${operation}: labels must be int32, got ${labels.dtype}; convert with astype('int32')`);
  }
  if (labels.ndim !== 1 || labels.shape[0] !== samples) {
    throw new RangeError(
      `${operation}: labels must be [${samples}], one for each feature, got [${labels.shape.join(', ')}]`,
    );
  }
  // Labels that are plain data are looked at here; others are checked when they are used as indices.
  if (labels.buffer?.backend !== reference()) return;
  const wrong = labels.dataSync().find((label) => label < 0 || label >= classes);
  if (wrong !== undefined) {
    throw new RangeError(`${operation}: label ${wrong} is none of the ${classes} classes, 0 to ${classes - 1}`);
  }
}

/** @throws {RangeError} unless the margin is an integer of at least 1. */
export function requireIntegerMargin(operation: string, margin: number): void {
  if (!(Number.isSafeInteger(margin) && margin >= 1)) {
    throw new RangeError(`${operation}: margin must be an integer of at least 1, got ${String(margin)}`);
  }
}

export function requireLambda(operation: string, lambda: number | Tensor): void {
  if (typeof lambda === 'number') {
    if (!(lambda >= 0)) throw new RangeError(`${operation}: lambda must be at least 0, got ${lambda}`);
    return;
  }
  if (lambda.ndim !== 0) {
    throw new RangeError(`${operation}: lambda must be a scalar, got shape [${lambda.shape.join(', ')}]`);
  }
  if (!isFloat(lambda.dtype)) {
    throw new TypeError(`${operation}: lambda must be float32 or float64, got ${lambda.dtype}`);
  }
}

export function requireCosFace(operation: string, margin: number, scale: number): void {
  requireScale(operation, scale);
  if (!(margin >= 0 && margin < Infinity)) {
    throw new RangeError(`${operation}: margin must be a finite number of at least 0, got ${String(margin)}`);
  }
}

export function requireArcFace(operation: string, margin: number, scale: number): void {
  requireScale(operation, scale);
  if (!(margin >= 0 && margin < Math.PI)) {
    throw new RangeError(`${operation}: margin must be an angle in radians in [0, π), got ${String(margin)}`);
  }
}

export function requireScale(operation: string, scale: number): void {
  if (!(scale > 0 && scale < Infinity)) {
    throw new RangeError(`${operation}: scale must be a positive finite number, got ${String(scale)}`);
  }
}
