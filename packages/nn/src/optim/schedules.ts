// Learning rates as pure functions of the number of updates done.

/** The learning rate of the update that follows `step` updates; the first one is that of step 0. */
export type Schedule = (step: number) => number;

/** The same rate always. */
export function constant(rate: number): Schedule {
  return () => rate;
}

/** The rate multiplied by `gamma` (0.1 unless said otherwise) at each milestone: once that many updates are done. */
export function multiStep(
  rate: number,
  { milestones, gamma = 0.1 }: { readonly milestones: readonly number[]; readonly gamma?: number },
): Schedule {
  if (!milestones.every((step, i) => Number.isInteger(step) && step > (milestones[i - 1] ?? -1))) {
    throw new RangeError(`multiStep: milestones must be increasing integers ≥ 0, got ${milestones.join(', ')}`);
  }
  return (step) => rate * gamma ** milestones.filter((milestone) => milestone <= step).length;
}

/**
 * Half a cosine from `rate` down to `min` (0 unless said otherwise) in `steps` updates, and `min` from then on.
 * (Loshchilov and Hutter, ICLR 2017, equation 5, without restarts.)
 */
export function cosine(rate: number, { steps, min = 0 }: { readonly steps: number; readonly min?: number }): Schedule {
  checkSteps('cosine', steps);
  return (step) => min + ((rate - min) * (1 + Math.cos((Math.PI * Math.min(step, steps)) / steps))) / 2;
}

/**
 * A schedule (or a constant rate) multiplied by a factor that rises linearly from `from` (0 unless said otherwise) to 1
 * in `steps` updates. Milestones and lengths of the schedule keep their meaning: they count from the very first update.
 */
export function warmUp(
  schedule: Schedule | number,
  { steps, from = 0 }: { readonly steps: number; readonly from?: number },
): Schedule {
  checkSteps('warmUp', steps);
  const full = typeof schedule === 'number' ? constant(schedule) : schedule;
  return (step) => full(step) * Math.min(1, from + ((1 - from) * step) / steps);
}

function checkSteps(operation: string, steps: number): void {
  if (!Number.isInteger(steps) || steps < 1) {
    throw new RangeError(`${operation}: steps must be an integer ≥ 1, got ${steps}`);
  }
}
