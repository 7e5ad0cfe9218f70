// Schedules that fall, or rise, once.
import { areIntegers, argumentError, checkInteger, checkNonnegative, checkOptions } from '@thetagrad/core/backend';
import type { Schedule } from './schedule.ts';

/** A constant rate. */
export function constant(lr: number): Schedule {
  return () => lr;
}

export interface StepOptions {
  /** The number of updates after which the rate falls, each time. */
  readonly stepSize: number;
  /** Default: 0.1. */
  readonly gamma?: number;
}

/**
 * The rate multiplied by `gamma` after every `stepSize` updates.
 * @throws {RangeError} if `stepSize` is not an integer ≥ 1, or `gamma` is negative.
 */
export function step(lr: number, options: StepOptions): Schedule {
  checkOptions('step', options, ['stepSize', 'gamma']);
  const { stepSize, gamma = 0.1 } = options;
  checkInteger('step', 'stepSize', stepSize, { min: 1 });
  checkNonnegative('step', 'gamma', gamma);
  return (n) => lr * gamma ** Math.floor(n / stepSize);
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
  checkMilestones('multiStep', milestones);
  return (n) => lr * gamma ** countReached(milestones, n);
}

/** @throws {TypeError | RangeError} if the milestones are not increasing integers ≥ 0. */
export function checkMilestones(operation: string, milestones: readonly number[]): void {
  if (areIntegers(milestones, 0) && milestones.every((milestone, i) => milestone > (milestones[i - 1] ?? -1))) return;
  throw argumentError(operation, 'milestones', 'increasing integers ≥ 0', milestones, Array.isArray(milestones));
}

/** How many of the milestones are at most n. */
export function countReached(milestones: readonly number[], n: number): number {
  return milestones.filter((milestone) => milestone <= n).length;
}

export interface ExponentialOptions {
  /** The factor of each update. */
  readonly gamma: number;
}

/**
 * The rate multiplied by `gamma` at each update.
 * @throws {RangeError} if `gamma` is negative.
 */
export function exponential(lr: number, options: ExponentialOptions): Schedule {
  checkOptions('exponential', options, ['gamma']);
  const { gamma } = options;
  checkNonnegative('exponential', 'gamma', gamma);
  return (n) => lr * gamma ** n;
}

export interface PolynomialOptions {
  /** The number of updates until `min` is reached. */
  readonly steps: number;
  /** Default: 1. */
  readonly power?: number;
  /** Default: 0. */
  readonly min?: number;
}

/**
 * min + (lr − min) · (1 − n / steps)^power after n updates, and `min` from `steps` on.
 * @throws {RangeError} if `steps` is not an integer ≥ 1, or `power` is negative.
 */
export function polynomial(lr: number, options: PolynomialOptions): Schedule {
  checkOptions('polynomial', options, ['steps', 'power', 'min']);
  const { steps, power = 1, min = 0 } = options;
  checkInteger('polynomial', 'steps', steps, { min: 1 });
  checkNonnegative('polynomial', 'power', power);
  return (n) => min + (lr - min) * (1 - Math.min(n, steps) / steps) ** power;
}

export interface LinearOptions {
  /** The number of updates until the factor is `to`. */
  readonly steps: number;
  /** The factor at step 0. Default: 1/3. */
  readonly from?: number;
  /** The factor from `steps` on. Default: 1. */
  readonly to?: number;
}

/**
 * The rate times a factor that goes linearly from `from` to `to` in `steps` updates.
 * @throws {RangeError} if `steps` is not an integer ≥ 1, or a factor is negative.
 */
export function linear(lr: number, options: LinearOptions): Schedule {
  checkOptions('linear', options, ['steps', 'from', 'to']);
  const { steps, from = 1 / 3, to = 1 } = options;
  checkInteger('linear', 'steps', steps, { min: 1 });
  checkNonnegative('linear', 'from', from);
  checkNonnegative('linear', 'to', to);
  return (n) => lr * (from + ((to - from) * Math.min(n, steps)) / steps);
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
  return (n) => interpolateCosine(lr, min, Math.min(n, steps) / steps);
}

/** Half a cosine from one value at 0 to another at 1. */
export function interpolateCosine(from: number, to: number, position: number): number {
  return to + ((from - to) * (1 + Math.cos(Math.PI * position))) / 2;
}
