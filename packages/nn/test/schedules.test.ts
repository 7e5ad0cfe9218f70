import { schedules } from '@thetagrad/nn';
import fc from 'fast-check';
import { expect, test } from 'vitest';

const { constant, cosine, multiStep, warmup } = schedules;
const values = (schedule: schedules.Schedule, steps: readonly number[]): number[] => steps.map(schedule);

test('constant', () => {
  expect(values(constant(0.3), [0, 1, 1000])).toEqual([0.3, 0.3, 0.3]);
});

test('multiStep falls when the milestone is reached: the authors’ schedule for SphereFace', () => {
  const schedule = multiStep(0.1, { milestones: [16_000, 24_000, 28_000] });
  const found = values(schedule, [0, 15_999, 16_000, 23_999, 24_000, 28_000, 50_000]);
  [0.1, 0.1, 0.01, 0.01, 0.001, 0.0001, 0.0001].forEach((rate, i) => expect(found[i]).toBeCloseTo(rate, 12));
  expect(values(multiStep(1, { milestones: [2], gamma: 0.5 }), [1, 2])).toEqual([1, 0.5]);
});

test('cosine falls from the rate to the minimum and stays there', () => {
  const schedule = cosine(1, { steps: 100, min: 0.2 });
  const found = values(schedule, [0, 25, 50, 75, 100, 1000]);
  [1, 0.6 + 0.4 * Math.SQRT1_2, 0.6, 0.6 - 0.4 * Math.SQRT1_2, 0.2, 0.2].forEach((rate, i) =>
    expect(found[i]).toBeCloseTo(rate, 12),
  );
  expect(cosine(1, { steps: 10 })(10)).toBe(0);
});

test('warmup rises linearly and does not shift the schedule', () => {
  const inner = multiStep(1, { milestones: [8] });
  const schedule = warmup(inner, { steps: 4, from: 0.2 });
  const found = values(schedule, [0, 1, 2, 3, 4, 7, 8]);
  [0.2, 0.4, 0.6, 0.8, 1, 1, 0.1].forEach((rate, i) => expect(found[i]).toBeCloseTo(rate, 12));
  expect(values(warmup(2, { steps: 2 }), [0, 1, 2, 3])).toEqual([0, 1, 2, 2]);
});

test('rates never rise after the warm-up', () => {
  const steps = fc.integer({ min: 1, max: 50 });
  fc.assert(
    fc.property(steps, steps, fc.nat(100), (length, warm, step) => {
      const schedule = warmup(cosine(0.5, { steps: length }), { steps: warm });
      expect(schedule(step + 1)).toBeLessThanOrEqual(step >= warm ? schedule(step) : 0.5);
      expect(schedule(step)).toBeGreaterThanOrEqual(0);
    }),
  );
});

test.for([
  [() => multiStep(1, { milestones: [3, 3] }), 'multiStep: milestones must be increasing integers ≥ 0, got 3, 3'],
  [() => multiStep(1, { milestones: [-1] }), 'multiStep: milestones'],
  [() => multiStep(1, { milestones: [1.5] }), 'multiStep: milestones'],
  [() => cosine(1, { steps: 0 }), 'cosine: steps must be an integer ≥ 1, got 0'],
  [() => warmup(1, { steps: 2.5 }), 'warmup: steps must be an integer ≥ 1, got 2.5'],
] as const)('rejects bad options: %#', ([make, message]) => {
  expect(make).toThrow(message);
});
