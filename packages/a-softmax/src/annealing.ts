import { checkNonnegative, checkOptions } from '@thetagrad/core/backend';
import type { Tensor } from '@thetagrad/core';

/** λ = max(min, base · (1 + gamma · iteration)^−power). The defaults are the SphereFace authors'. */
export interface LambdaSchedule {
  /** λ at iteration 0. Default: 1000. */
  readonly base: number;
  /** Default: 0.12. */
  readonly gamma: number;
  /** Default: 1. */
  readonly power: number;
  /** The lower bound of λ. Default: 5. */
  readonly min: number;
}

/**
 * Completes a schedule with the defaults, those of the authors' `sphereface_model.prototxt`. A number is a constant λ;
 * 0 is the loss without annealing.
 * @throws {RangeError} if a setting is not a finite number ≥ 0.
 */
export function completeSchedule(operation: string, lambda: number | Partial<LambdaSchedule> = {}): LambdaSchedule {
  if (typeof lambda !== 'number') checkOptions(`${operation}: lambda`, lambda, ['base', 'gamma', 'power', 'min']);
  const schedule =
    typeof lambda === 'number'
      ? { base: lambda, gamma: 0, power: 0, min: 0 }
      : { base: 1000, gamma: 0.12, power: 1, min: 5, ...lambda };
  for (const [name, value] of Object.entries(schedule)) {
    checkNonnegative(operation, typeof lambda === 'number' ? 'lambda' : `lambda.${name}`, value);
  }
  return schedule;
}

/**
 * λ as a float32 tensor of the iteration's shape. It is large at first, where A-Softmax is close to modified softmax
 * and easy to train, and falls to its minimum. (L-Softmax, arXiv 1612.02295; the SphereFace authors'
 * `MarginInnerProduct` layer.)
 */
export function lambdaAt(iteration: Tensor, { base, gamma, power, min }: LambdaSchedule): Tensor {
  return iteration.astype('float32').mul(gamma).add(1).pow(-power).mul(base).maximum(min);
}
