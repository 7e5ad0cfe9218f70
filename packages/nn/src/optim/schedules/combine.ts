// Schedules made of others.
import { checkInteger, checkOptions } from '@thetagrad/core/backend';
import { checkMilestones, countReached } from './decay.ts';
import { type Schedule, toSchedule } from './schedule.ts';

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
  const rate = toSchedule('warmup', schedule);
  return (n) => rate(n) * Math.min(1, from + ((1 - from) * n) / steps);
}

/** The product of schedules, such as a rate and factors: PyTorch's `ChainedScheduler`. */
export function chained(...schedules: readonly (Schedule | number)[]): Schedule {
  const factors = schedules.map((schedule) => toSchedule('chained', schedule));
  return (n) => factors.reduce((product, factor) => product * factor(n), 1);
}

export interface SequentialOptions {
  /** Numbers of updates after which the next schedule begins, increasing, one less than schedules. */
  readonly milestones: readonly number[];
}

/**
 * One schedule after another, each of which counts from where it begins: PyTorch's `SequentialLR`.
 * @throws {RangeError} if the milestones are not increasing integers ≥ 0, or not one less than the schedules.
 */
export function sequential(schedules: readonly (Schedule | number)[], options: SequentialOptions): Schedule {
  checkOptions('sequential', options, ['milestones']);
  const { milestones } = options;
  checkMilestones('sequential', milestones);
  const parts = schedules.map((schedule) => toSchedule('sequential', schedule));
  if (milestones.length !== parts.length - 1) {
    throw new RangeError(
      `sequential: ${parts.length} schedules need ${parts.length - 1} milestones, got ${milestones.length}`,
    );
  }
  return (n) => {
    const i = countReached(milestones, n);
    return parts[i]!(n - (milestones[i - 1] ?? 0));
  };
}
