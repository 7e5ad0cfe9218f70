import { compile, ones, Variable, zeros } from '@thetagrad/core';
import { EarlyStopping, ReduceLROnPlateau, RunningMean, schedules, SGD } from '@thetagrad/nn';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

const { chained, constant, cosine, cosineWarmRestarts, cyclic, exponential, linear } = schedules;
const { multiStep, oneCycle, polynomial, sequential, step, warmup } = schedules;
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

// Rates of PyTorch's schedulers at steps 0, 1, 2….
test.for([
  ['step', step(1, { stepSize: 3, gamma: 0.5 }), [1, 1, 1, 0.5, 0.5, 0.5, 0.25, 0.25]],
  ['exponential', exponential(1, { gamma: 0.9 }), [1, 0.9, 0.81, 0.729]],
  ['polynomial', polynomial(1, { steps: 4, power: 2 }), [1, 0.5625, 0.25, 0.0625, 0, 0, 0]],
  ['polynomial with a minimum', polynomial(1, { steps: 2, min: 0.2 }), [1, 0.6, 0.2, 0.2]],
  ['linear', linear(1, { steps: 4 }), [1 / 3, 0.5, 2 / 3, 5 / 6, 1, 1]],
  ['linear decay', linear(2, { steps: 2, from: 1, to: 0 }), [2, 1, 0, 0]],
  ['cosineWarmRestarts', cosineWarmRestarts(1, { steps: 3 }), [1, 0.75, 0.25, 1, 0.75, 0.25, 1]],
  [
    'cosineWarmRestarts of growing periods',
    cosineWarmRestarts(1, { steps: 2, multiplier: 2, min: 0.1 }),
    [1, 0.55, 1, 0.8681980515, 0.55, 0.2318019485, 1, 0.9657457896, 0.8681980515],
  ],
  [
    'cyclic',
    cyclic(0.1, { maxLr: 1, stepSizeUp: 2, stepSizeDown: 3 }),
    [0.1, 0.55, 1, 0.7, 0.4, 0.1, 0.55, 1, 0.7, 0.4, 0.1, 0.55],
  ],
  [
    'cyclic, triangular2',
    cyclic(0.1, { maxLr: 1, stepSizeUp: 2, stepSizeDown: 3, mode: 'triangular2' }),
    [0.1, 0.55, 1, 0.7, 0.4, 0.1, 0.325, 0.55, 0.4, 0.25, 0.1, 0.2125],
  ],
  [
    'cyclic, expRange',
    cyclic(0.1, { maxLr: 1, stepSizeUp: 2, stepSizeDown: 3, mode: 'expRange', gamma: 0.9 }),
    [0.1, 0.505, 0.829, 0.5374, 0.29683, 0.1, 0.33914845, 0.53046721, 0.358280326, 0.2162261467, 0.1, 0.2412147682],
  ],
  [
    'oneCycle',
    oneCycle(1, { steps: 10 }),
    [0.04, 0.52, 1, 0.950484632, 0.8117456539, 0.6112620219, 0.3887419781, 0.1882583461, 0.049519368, 4e-6, 4e-6],
  ],
  [
    'oneCycle of three phases',
    oneCycle(1, { steps: 10, threePhase: true, annealStrategy: 'linear', divFactor: 5, finalDivFactor: 10 }),
    [0.2, 0.6, 1, 0.6, 0.2, 0.164, 0.128, 0.092, 0.056, 0.02],
  ],
  [
    'chained',
    chained(1, multiStep(0.1, { milestones: [2], gamma: 10 }), exponential(1, { gamma: 0.9 })),
    [0.1, 0.09, 0.81, 0.729, 0.6561],
  ],
  ['sequential', sequential([0.1, exponential(1, { gamma: 0.9 })], { milestones: [2] }), [0.1, 0.1, 1, 0.9, 0.81]],
] as const)('%s computes what PyTorch does', ([, schedule, expected]) => {
  expect(expected.map((_, i) => schedule(i))).toEqual(expected.map((rate) => expect.closeTo(rate, 9) as number));
});

describe('watching a metric', () => {
  const metrics = [3, 2, 2, 2, 2, 1.99999, 1, 1.5, 1.2, 1.1, 1.3, 1, 1];

  // Rates of PyTorch's scheduler after each metric.
  test.for([
    [{ patience: 1 }, [1, 1, 1, 0.1, 0.1, 0.01, 0.01, 0.01, 1e-3, 1e-3, 1e-4, 1e-4, 1e-5]],
    [
      { patience: 1, cooldown: 2, factor: 0.5, minLr: 0.2 },
      [1, 1, 1, 0.5, 0.5, 0.5, 0.5, 0.5, 0.25, 0.25, 0.25, 0.25, 0.2],
    ],
    [{ mode: 'max', patience: 0, factor: 0.5, threshold: 0.4, thresholdMode: 'abs' }, metrics.map((_, i) => 0.5 ** i)],
  ] as const)('ReduceLROnPlateau computes what PyTorch does: %j', ([options, expected]) => {
    let plateau = new ReduceLROnPlateau(1, options);
    const rates = metrics.map((metric) => {
      const state = plateau.stateDict();
      plateau = new ReduceLROnPlateau(7, options);
      plateau.loadStateDict(state);
      plateau.step(metric);
      return plateau.lr;
    });
    expect(rates).toEqual(expected.map((rate) => expect.closeTo(rate, 9) as number));
  });

  test('a plateau lowers the rate of a compiled step', async () => {
    const plateau = new ReduceLROnPlateau(1, { patience: 0, factor: 0.5 });
    const p = new Variable(zeros([1]), { name: 'p' });
    const optimizer = new SGD(p, { lr: chained(2, plateau.schedule) });
    const train = compile(() => {
      optimizer.update({ p: ones([1]) });
      return p.value;
    });
    const seen: number[] = [];
    for (const metric of [1, 1, 1]) {
      seen.push((await train()).itemSync());
      plateau.step(metric);
    }
    expect(seen).toEqual([-2, -4, -5]);
  });

  test('EarlyStopping stops after values without improvement, also when it is resumed', () => {
    let stopping = new EarlyStopping({ patience: 1, minDelta: 0.5 });
    const found = [3, 2, 1.6, NaN, 1].map((metric) => {
      const state = stopping.stateDict();
      stopping = new EarlyStopping({ patience: 1, minDelta: 0.5 });
      stopping.loadStateDict(state);
      return [stopping.step(metric), stopping.hasImproved, stopping.best];
    });
    expect(found).toEqual([
      [false, true, 3],
      [false, true, 2],
      [false, false, 2],
      [true, false, 2],
      [false, true, 1],
    ]);
  });

  test('RunningMean weights values', () => {
    const mean = new RunningMean();
    expect(mean.mean).toBeNaN();
    mean.add(1, 3);
    mean.add(5);
    expect(mean.mean).toBe(2);
    mean.reset();
    mean.add(4);
    expect(mean.mean).toBe(4);
  });
});

test.for([
  [() => multiStep(1, { milestones: [3, 3] }), 'multiStep: milestones must be increasing integers ≥ 0, got [3, 3]'],
  [() => multiStep(1, { milestones: [-1] }), 'multiStep: milestones'],
  [() => multiStep(1, { milestones: [1.5] }), 'multiStep: milestones'],
  [() => cosine(1, { steps: 0 }), 'cosine: steps must be an integer ≥ 1, got 0'],
  [() => step(1, { stepSize: 0 }), 'step: stepSize must be an integer ≥ 1, got 0'],
  [() => exponential(1, { gamma: -1 }), 'exponential: gamma must be a finite number ≥ 0, got -1'],
  [() => polynomial(1, { steps: 1, power: -1 }), 'polynomial: power must be a finite number ≥ 0, got -1'],
  [() => linear(1, { steps: 1, from: -1 }), 'linear: from must be a finite number ≥ 0, got -1'],
  [
    () => cosineWarmRestarts(1, { steps: 1, multiplier: 0.5 }),
    'cosineWarmRestarts: multiplier must be an integer ≥ 1, got 0.5',
  ],
  [
    () => cyclic(1, { maxLr: 2, mode: 'sawtooth' as never }),
    "cyclic: unknown mode 'sawtooth'; expected 'triangular', 'triangular2' or 'expRange'",
  ],
  [() => oneCycle(1, { steps: 1 }), 'oneCycle: steps must be an integer ≥ 2, got 1'],
  [
    () => oneCycle(1, { steps: 10, pctStart: 0.6, threePhase: true }),
    'oneCycle: pctStart must be between 1 / 10 and 0.5, such that the rate rises and falls in 10 steps, got 0.6',
  ],
  [() => chained(1, 'x' as never), "chained: the schedule must be a number or a function, got 'x'"],
  [() => sequential([1, 2], { milestones: [] }), 'sequential: 2 schedules need 1 milestones, got 0'],
  [() => new ReduceLROnPlateau(1, { factor: 1 }), 'ReduceLROnPlateau: factor must be less than 1, got 1'],
  [() => new ReduceLROnPlateau(1, { mode: 'up' as never }), "unknown mode 'up'; expected 'min' or 'max'"],
  [() => new ReduceLROnPlateau(1).step('1' as never), "ReduceLROnPlateau.step: the metric must be a number, got '1'"],
  [() => new EarlyStopping({ patience: -1 }), 'EarlyStopping: patience must be an integer ≥ 0, got -1'],
  [() => new RunningMean().add(1, -1), 'RunningMean.add: the weight must be a finite number ≥ 0, got -1'],
  [() => warmup(1, { steps: 2.5 }), 'warmup: steps must be an integer ≥ 1, got 2.5'],
] as const)('rejects bad options: %#', ([make, message]) => {
  expect(make).toThrow(message);
});
