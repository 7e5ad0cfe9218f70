// Helpers for loops that watch a metric: they decide what comes next, and can be saved with a checkpoint.
import { tensor, type Tensor } from '@thetagrad/core';
import { argumentError, checkInteger, checkNonnegative, checkOptions, unknownValue } from '@thetagrad/core/backend';
import type { Schedule } from './optim/schedules/index.ts';
import { checkState, type Stateful } from './state.ts';

/** How a metric is compared with the best so far. */
interface Comparison {
  readonly mode: 'min' | 'max';
  readonly threshold: number;
  readonly thresholdMode: 'rel' | 'abs';
}

function checkMode(operation: string, mode: unknown): asserts mode is 'min' | 'max' {
  if (mode !== 'min' && mode !== 'max') throw unknownValue(operation, 'mode', mode, "'min' or 'max'");
}

/** The best value of a metric, and for how many values it has not improved. */
class Best {
  readonly #comparison: Comparison;
  value: number;
  badCount = 0;

  constructor(comparison: Comparison) {
    this.#comparison = comparison;
    this.value = comparison.mode === 'min' ? Infinity : -Infinity;
  }

  /** Compares the next value; `true` if it is the best. */
  update(operation: string, metric: number): boolean {
    if (typeof metric !== 'number') throw argumentError(operation, 'the metric', 'a number', metric);
    const { mode, threshold, thresholdMode } = this.#comparison;
    const sign = mode === 'min' ? -1 : 1;
    const bound = thresholdMode === 'rel' ? this.value * (1 + sign * threshold) : this.value + sign * threshold;
    const isBetter = mode === 'min' ? metric < bound : metric > bound;
    if (isBetter) this.value = metric;
    this.badCount = isBetter ? 0 : this.badCount + 1;
    return isBetter;
  }

  stateDict(): Record<string, Tensor> {
    return { best: tensor(this.value, { dtype: 'float64' }), badCount: tensor(this.badCount, { dtype: 'int32' }) };
  }

  loadStateDict(state: Readonly<Record<string, Tensor>>): void {
    this.value = state['best']!.itemSync();
    this.badCount = state['badCount']!.itemSync();
  }
}

export interface ReduceLROnPlateauOptions {
  /** Whether the metric should fall or rise. Default: `'min'`. */
  readonly mode?: 'min' | 'max';
  /** Factor of the learning rate. Default: 0.1. */
  readonly factor?: number;
  /** The number of values without improvement that are tolerated. Default: 10. */
  readonly patience?: number;
  /** How much better a value must be to count. Default: 1e-4. */
  readonly threshold?: number;
  /** Whether the threshold is relative to the best value or absolute. Default: `'rel'`. */
  readonly thresholdMode?: 'rel' | 'abs';
  /** The number of values after a reduction that do not count against it. Default: 0. */
  readonly cooldown?: number;
  /** Default: 0. */
  readonly minLr?: number;
  /** A reduction by less is left out. Default: 1e-8. */
  readonly eps?: number;
}

/**
 * A learning rate that falls when a metric no longer improves. Pass its `schedule` to an optimizer, and call `step` with each value of
 * the metric, such as the loss of validation after an epoch.
 * @example
 * const plateau = new ReduceLROnPlateau(0.1, { patience: 2 });
 * const optimizer = new SGD(w, { lr: plateau.schedule });
 * plateau.step(1.5);
 */
export class ReduceLROnPlateau implements Stateful {
  /** The rate as of the last `step`, whatever the number of updates. */
  readonly schedule: Schedule = () => this.#lr;
  readonly #options: Required<Pick<ReduceLROnPlateauOptions, 'factor' | 'patience' | 'cooldown' | 'minLr' | 'eps'>>;
  readonly #best: Best;
  #lr: number;
  #cooldown = 0;

  /** @throws {RangeError} if an option is out of range. */
  constructor(lr: number, options: ReduceLROnPlateauOptions = {}) {
    const operation = 'ReduceLROnPlateau';
    const numbers = ['factor', 'patience', 'threshold', 'cooldown', 'minLr', 'eps'] as const;
    checkOptions(operation, options, [...numbers, 'mode', 'thresholdMode']);
    const { mode = 'min', thresholdMode = 'rel', threshold = 1e-4, ...rest } = options;
    const { factor = 0.1, patience = 10, cooldown = 0, minLr = 0, eps = 1e-8 } = rest;
    checkNonnegative(operation, 'lr', lr);
    checkMode(operation, mode);
    if (thresholdMode !== 'rel' && thresholdMode !== 'abs') {
      throw unknownValue(operation, 'thresholdMode', thresholdMode, "'rel' or 'abs'");
    }
    for (const [name, value] of Object.entries({ factor, threshold, minLr, eps }))
      checkNonnegative(operation, name, value);
    if (factor >= 1) throw argumentError(operation, 'factor', 'less than 1', factor);
    checkInteger(operation, 'patience', patience, { min: 0 });
    checkInteger(operation, 'cooldown', cooldown, { min: 0 });
    this.#lr = lr;
    this.#options = { factor, patience, cooldown, minLr, eps };
    this.#best = new Best({ mode, threshold, thresholdMode });
  }

  /** The learning rate. */
  get lr(): number {
    return this.#lr;
  }

  /** Takes the next value of the metric into account. */
  step(metric: number): void {
    const { factor, patience, cooldown, minLr, eps } = this.#options;
    this.#best.update('ReduceLROnPlateau.step', metric);
    if (this.#cooldown > 0) {
      this.#cooldown--;
      this.#best.badCount = 0;
    }
    if (this.#best.badCount <= patience) return;
    const reduced = Math.max(this.#lr * factor, minLr);
    if (this.#lr - reduced > eps) this.#lr = reduced;
    this.#cooldown = cooldown;
    this.#best.badCount = 0;
  }

  /** The rate and what is known of the metric, as scalars. */
  stateDict(): Record<string, Tensor> {
    return {
      lr: tensor(this.#lr, { dtype: 'float64' }),
      cooldown: tensor(this.#cooldown, { dtype: 'int32' }),
      ...this.#best.stateDict(),
    };
  }

  /** @throws {RangeError} if it is not such a state. Nothing is changed then. */
  loadStateDict(state: Readonly<Record<string, Tensor>>): void {
    checkState('ReduceLROnPlateau.loadStateDict', this.stateDict(), state);
    this.#lr = state['lr']!.itemSync();
    this.#cooldown = state['cooldown']!.itemSync();
    this.#best.loadStateDict(state);
  }
}

export interface EarlyStoppingOptions {
  /** The number of values without improvement that are tolerated. */
  readonly patience: number;
  /** Whether the metric should fall or rise. Default: `'min'`. */
  readonly mode?: 'min' | 'max';
  /** How much better a value must be to count. Default: 0. */
  readonly minDelta?: number;
}

/**
 * Tells when a metric no longer improves.
 * @example
 * const stopping = new EarlyStopping({ patience: 3 });
 * for (const loss of [3, 2, 2.5, 2.4, 2.3]) if (stopping.step(loss)) break;
 */
export class EarlyStopping implements Stateful {
  readonly #best: Best;
  readonly #patience: number;
  #hasImproved = false;

  /** @throws {RangeError} if an option is out of range. */
  constructor(options: EarlyStoppingOptions) {
    checkOptions('EarlyStopping', options, ['patience', 'mode', 'minDelta']);
    const { patience, mode = 'min', minDelta = 0 } = options;
    checkInteger('EarlyStopping', 'patience', patience, { min: 0 });
    checkMode('EarlyStopping', mode);
    checkNonnegative('EarlyStopping', 'minDelta', minDelta);
    this.#patience = patience;
    this.#best = new Best({ mode, threshold: minDelta, thresholdMode: 'abs' });
  }

  /** The best value so far; ±Infinity before the first. */
  get best(): number {
    return this.#best.value;
  }

  /** Whether the last value was the best: the time to save a checkpoint. */
  get hasImproved(): boolean {
    return this.#hasImproved;
  }

  /**
   * Takes the next value of the metric into account. NaN is no improvement.
   * @returns whether more than `patience` values in a row have been no improvement.
   */
  step(metric: number): boolean {
    this.#hasImproved = this.#best.update('EarlyStopping.step', metric);
    return this.#best.badCount > this.#patience;
  }

  /** What is known of the metric, as scalars. */
  stateDict(): Record<string, Tensor> {
    return this.#best.stateDict();
  }

  /** @throws {RangeError} if it is not such a state. Nothing is changed then. */
  loadStateDict(state: Readonly<Record<string, Tensor>>): void {
    checkState('EarlyStopping.loadStateDict', this.stateDict(), state);
    this.#best.loadStateDict(state);
  }
}

/** A weighted mean of numbers, such as the losses of batches by their sizes. */
export class RunningMean {
  #sum = 0;
  #weight = 0;

  /**
   * Adds a value.
   * @param weight Default: 1.
   * @throws {RangeError} if the weight is negative.
   */
  add(value: number, weight = 1): void {
    if (typeof value !== 'number') throw argumentError('RunningMean.add', 'the value', 'a number', value);
    checkNonnegative('RunningMean.add', 'the weight', weight);
    this.#sum += value * weight;
    this.#weight += weight;
  }

  /** The mean of the values so far; NaN without any. */
  get mean(): number {
    return this.#sum / this.#weight;
  }

  /** Forgets all values. */
  reset(): void {
    this.#sum = this.#weight = 0;
  }
}
