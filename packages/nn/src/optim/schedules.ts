// Learning rates as pure functions of the number of updates so far.
import { checkInteger, checkOptions } from '@thetagrad/core/backend';

/** The learning rate of the update after `step` updates; that of the first update is at step 0. */
export type Schedule = (step: number) => number;

/** A constant rate. */
export function constant(lr: number): Schedule {
  return () => lr;
}

export interface MultiStepOptions {
  /** Numbers of updates after which the rate falls, increasing. */
  readonly milestones: readonly number[];
  /** Default: 0.1. */
  readonly gamma?: number;
}

/**
 * The rate multiplied by `gamma` at each milestone.
 * @throws {RangeError} if the milestones are not increasing integers ≥ 0.
 */
export function multiStep(lr: number, options: MultiStepOptions): Schedule {
  checkOptions('multiStep', options, ['milestones', 'gamma']);
  const { milestones, gamma = 0.1 } = options;
  if (!milestones.every((step, i) => Number.isInteger(step) && step > (milestones[i - 1] ?? -1))) {
    throw new RangeError(`multiStep: milestones must be increasing integers ≥ 0, got ${milestones.join(', ')}`);
  }
  return (step) => lr * gamma ** milestones.filter((milestone) => milestone <= step).length;
}

export interface CosineOptions {
  /** The number of updates until `min` is reached. */
  readonly steps: number;
  /** Default: 0. */
  readonly min?: number;
}

/**
 * Half a cosine from `lr` down to `min` in `steps` updates, and `min` from then on.
 * (Loshchilov and Hutter, ICLR 2017, equation 5, without restarts.)
 * @throws {RangeError} if `steps` is not an integer ≥ 1.
 */
export function cosine(lr: number, options: CosineOptions): Schedule {
  checkOptions('cosine', options, ['steps', 'min']);
  const { steps, min = 0 } = options;
  checkInteger('cosine', 'steps', steps, { min: 1 });
  return (step) => min + ((lr - min) * (1 + Math.cos((Math.PI * Math.min(step, steps)) / steps))) / 2;
}

export interface WarmupOptions {
  /** The number of updates of the warm-up. */
  readonly steps: number;
  /** The factor at step 0. Default: 0. */
  readonly from?: number;
}

/**
 * A schedule (or constant rate) multiplied by a factor that rises linearly from `from` to 1 in `steps` updates. The
 * schedule itself still counts from the first update.
 * @throws {RangeError} if `steps` is not an integer ≥ 1.
 */
export function warmup(schedule: Schedule | number, options: WarmupOptions): Schedule {
  checkOptions('warmup', options, ['steps', 'from']);
  const { steps, from = 0 } = options;
  checkInteger('warmup', 'steps', steps, { min: 1 });
  const rate = typeof schedule === 'number' ? constant(schedule) : schedule;
  return (step) => rate(step) * Math.min(1, from + ((1 - from) * step) / steps);
}
