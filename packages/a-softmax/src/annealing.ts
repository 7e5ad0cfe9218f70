import type { Tensor } from '@thetagrad/core';

/** λ = max(min, base · (1 + gamma · iteration)^−power); {@link lambdaAt}. */
export interface LambdaSchedule {
  /** λ at iteration 0; 1000 unless said otherwise. */
  readonly base: number;
  /** 0.12 unless said otherwise. */
  readonly gamma: number;
  /** 1 unless said otherwise. */
  readonly power: number;
  /** What λ does not fall below; 5 unless said otherwise. */
  readonly min: number;
}

/**
 * A schedule with the settings of the SphereFace authors (their `sphereface_model.prototxt`) where nothing else is said.
 * A number is a constant λ; 0 the pure loss.
 *
 * @throws {RangeError} if a setting is not finite and ≥ 0.
 */
export function lambdaSchedule(operation: string, lambda: number | Partial<LambdaSchedule> = {}): LambdaSchedule {
  const schedule =
    typeof lambda === 'number'
      ? { base: lambda, gamma: 0, power: 0, min: 0 }
      : { base: 1000, gamma: 0.12, power: 1, min: 5, ...lambda };
  for (const [name, value] of Object.entries(schedule)) {
    if (!(value >= 0 && value < Infinity)) {
      const setting = typeof lambda === 'number' ? 'lambda' : `lambda.${name}`;
      throw new RangeError(`${operation}: ${setting} must be a finite number of at least 0, got ${String(value)}`);
    }
  }
  return schedule;
}

/**
 * λ as a float32 tensor of the iteration's shape. It starts large, where A-Softmax is close to modified softmax and easy
 * to train, and falls to its minimum (L-Softmax, arXiv 1612.02295; the SphereFace authors' `MarginInnerProduct` layer).
 */
export function lambdaAt(iteration: Tensor, { base, gamma, power, min }: LambdaSchedule): Tensor {
  return iteration.astype('float32').mul(gamma).add(1).pow(-power).mul(base).maximum(min);
}
