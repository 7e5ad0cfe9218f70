// Schedules that rise and fall.
import {
  checkBoolean,
  checkInteger,
  checkOptions,
  checkPositive,
  unknownValue,
  argumentError,
} from '@thetagrad/core/backend';
import { interpolateCosine } from './decay.ts';
import type { Schedule } from './schedule.ts';

export interface CosineWarmRestartsOptions {
  /** The number of updates until the first restart. */
  readonly steps: number;
  /** Each period is as many times as long as the one before, an integer. Default: 1. */
  readonly multiplier?: number;
  /** Default: 0. */
  readonly min?: number;
}

/**
 * Half a cosine from `lr` down to `min`, again and again. (Loshchilov and Hutter, ICLR 2017, equation 5.)
 * @throws {RangeError} if `steps` or `multiplier` is not an integer ≥ 1.
 */
export function cosineWarmRestarts(lr: number, options: CosineWarmRestartsOptions): Schedule {
  checkOptions('cosineWarmRestarts', options, ['steps', 'multiplier', 'min']);
  const { steps, multiplier = 1, min = 0 } = options;
  checkInteger('cosineWarmRestarts', 'steps', steps, { min: 1 });
  checkInteger('cosineWarmRestarts', 'multiplier', multiplier, { min: 1 });
  return (n) => {
    let [position, length] = [multiplier === 1 ? n % steps : n, steps];
    while (position >= length) {
      position -= length;
      length *= multiplier;
    }
    return interpolateCosine(lr, min, position / length);
  };
}

export interface CyclicOptions {
  /** The rate at the top of the first cycle. */
  readonly maxLr: number;
  /** The number of updates in which the rate rises. Default: 2000. */
  readonly stepSizeUp?: number;
  /** The number of updates in which it falls. Default: `stepSizeUp`. */
  readonly stepSizeDown?: number;
  /**
   * How high later cycles are: `'triangular'` as the first, `'triangular2'` half as high each time, `'expRange'` by the factor
   * gammaⁿ after n updates. Default: `'triangular'`.
   */
  readonly mode?: 'triangular' | 'triangular2' | 'expRange';
  /** Default: 1. */
  readonly gamma?: number;
}

/**
 * The rate rises linearly from `lr` to `maxLr` and falls back, again and again. (Smith, WACV 2017.)
 * @throws {RangeError} if a number of updates is not an integer ≥ 1, or `gamma` is not positive.
 */
export function cyclic(lr: number, options: CyclicOptions): Schedule {
  checkOptions('cyclic', options, ['maxLr', 'stepSizeUp', 'stepSizeDown', 'mode', 'gamma']);
  const { maxLr, stepSizeUp = 2000, stepSizeDown = stepSizeUp, mode = 'triangular', gamma = 1 } = options;
  checkPositive('cyclic', 'maxLr', maxLr);
  checkInteger('cyclic', 'stepSizeUp', stepSizeUp, { min: 1 });
  checkInteger('cyclic', 'stepSizeDown', stepSizeDown, { min: 1 });
  checkPositive('cyclic', 'gamma', gamma);
  if (!['triangular', 'triangular2', 'expRange'].includes(mode)) {
    throw unknownValue('cyclic', 'mode', mode, "'triangular', 'triangular2' or 'expRange'");
  }
  const total = stepSizeUp + stepSizeDown;
  return (n) => {
    const [cycle, position] = [Math.floor(n / total), n % total];
    const height = position <= stepSizeUp ? position / stepSizeUp : (total - position) / stepSizeDown;
    const factor = { triangular: 1, triangular2: 0.5 ** cycle, expRange: gamma ** n }[mode];
    return lr + (maxLr - lr) * height * factor;
  };
}

export interface OneCycleOptions {
  /** The number of updates of the cycle. */
  readonly steps: number;
  /** The share of the updates in which the rate rises. Default: 0.3. */
  readonly pctStart?: number;
  /** Default: `'cos'`. */
  readonly annealStrategy?: 'cos' | 'linear';
  /** The rate begins with maxLr / divFactor. Default: 25. */
  readonly divFactor?: number;
  /** The rate ends with maxLr / divFactor / finalDivFactor. Default: 1e4. */
  readonly finalDivFactor?: number;
  /** Whether the rate first falls to what it began with, in as many updates as it rose. Default: false. */
  readonly threePhase?: boolean;
}

/**
 * The rate rises to `maxLr`, and falls far below what it began with, where it stays. (Smith and Topin, 2018, arXiv 1708.07120, as in
 * PyTorch.)
 * @throws {RangeError} if `steps` is not an integer ≥ 2, the phases have less than a step, or a factor is not positive.
 */
export function oneCycle(maxLr: number, options: OneCycleOptions): Schedule {
  checkOptions('oneCycle', options, [
    'steps',
    'pctStart',
    'annealStrategy',
    'divFactor',
    'finalDivFactor',
    'threePhase',
  ]);
  const { steps, pctStart = 0.3, annealStrategy = 'cos', divFactor = 25 } = options;
  const { finalDivFactor = 1e4, threePhase = false } = options;
  checkInteger('oneCycle', 'steps', steps, { min: 2 });
  checkPositive('oneCycle', 'divFactor', divFactor);
  checkPositive('oneCycle', 'finalDivFactor', finalDivFactor);
  checkBoolean('oneCycle', 'threePhase', threePhase);
  if (annealStrategy !== 'cos' && annealStrategy !== 'linear') {
    throw unknownValue('oneCycle', 'annealStrategy', annealStrategy, "'cos' or 'linear'");
  }
  const first = maxLr / divFactor;
  const top = pctStart * steps - 1;
  const corners: readonly (readonly [step: number, lr: number])[] = [
    [0, first],
    [top, maxLr],
    ...(threePhase ? [[2 * top, first] as const] : []),
    [steps - 1, first / finalDivFactor],
  ];
  if (!corners.every(([end], i) => i === 0 || end > corners[i - 1]![0])) {
    const range = `between 1 / ${steps} and ${threePhase ? 0.5 : 1}, such that the rate rises and falls in ${steps} steps`;
    throw argumentError('oneCycle', 'pctStart', range, pctStart);
  }
  return (n) => {
    const position = Math.min(n, steps - 1);
    const i = Math.max(
      1,
      corners.findIndex(([end]) => position <= end),
    );
    const [[start, from], [end, to]] = [corners[i - 1]!, corners[i]!];
    const share = (position - start) / (end - start);
    return annealStrategy === 'cos' ? interpolateCosine(from, to, share) : from + (to - from) * share;
  };
}
