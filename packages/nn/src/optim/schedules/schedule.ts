import { argumentError } from '@thetagrad/core/backend';

/** The learning rate of the update after `step` updates; that of the first update is at step 0. */
export type Schedule = (step: number) => number;

/** A schedule of a constant rate, or the schedule itself. */
export function toSchedule(operation: string, schedule: Schedule | number): Schedule {
  if (typeof schedule === 'number') return () => schedule;
  if (typeof schedule !== 'function')
    throw argumentError(operation, 'the schedule', 'a number or a function', schedule);
  return schedule;
}
