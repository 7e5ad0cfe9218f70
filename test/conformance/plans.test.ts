// How a plan is made changes no result: whether operations are fused, and whether intermediates share memory.
import type { Plan } from '@thetagrad/core/backend';
import { wasm } from '@thetagrad/wasm';
import fc from 'fast-check';
import { afterEach, expect, test, vi } from 'vitest';
import { disjoint, recorder } from '../../packages/core/test/backends.ts';
import type { ScheduleOptions, Wanted } from '../../packages/core/src/schedule/schedule.ts';
import { expectEqual, valuesOnSync, withBackend } from '../support/backends.ts';
import { tested } from './backends.ts';
import { expectWithin } from '../support/bounds.ts';
import { errorBounds } from './errors.ts';
import { buildSmooth, ExactProgram, recipes } from './recipes.ts';

const options = vi.hoisted(() => {
  // What a set-up file has imported would know nothing of the mock.
  vi.resetModules();
  return { fuse: true, kernels: 0 };
});

vi.mock('../../packages/core/src/schedule/schedule.ts', async (original) => {
  const actual = await original<{ schedule(wanted: Wanted, options: ScheduleOptions): Plan }>();
  const schedule = (wanted: Wanted): Plan => {
    const plan = actual.schedule(wanted, { fuse: options.fuse });
    options.kernels += plan.kernels.length;
    return plan;
  };
  return { ...actual, schedule };
});

afterEach(() => {
  options.fuse = true;
});

/** Plans are kept for each backend: this one has those of single operations. */
const plainly = await wasm({ threads: 1, winograd: false });
const fused = await wasm({ threads: 1, winograd: false });

/** What f gives with and without fusion, and how many kernels that took. */
function bothWays<T>(f: () => T): { results: [T, T]; kernels: [number, number] } {
  const [first, second] = [true, false].map((fuse) => {
    Object.assign(options, { fuse, kernels: 0 });
    return { result: withBackend(fuse ? fused : plainly, f), kernels: options.kernels };
  }) as [{ result: T; kernels: number }, { result: T; kernels: number }];
  return { results: [first.result, second.result], kernels: [first.kernels, second.kernels] };
}

test('fusion changes no result where results are exact, variables included', () => {
  const total = [0, 0];
  fc.assert(
    fc.property(recipes(), (recipe) => {
      const { results, kernels } = bothWays(() => new ExactProgram(recipe).run(2));
      expectEqual(results[0], results[1]);
      kernels.forEach((count, i) => (total[i]! += count));
    }),
    { numRuns: 50 },
  );
  expect(total[1]! / total[0]!).toBeGreaterThan(1.5);
});

test('fusion changes others within their rounding', () => {
  fc.assert(
    fc.property(recipes(14), (recipe) => {
      const { results } = bothWays(() =>
        valuesOnSync(options.fuse ? fused : plainly, () => buildSmooth(recipe, 'float32')),
      );
      const bounds = valuesOnSync(fused, () => errorBounds(buildSmooth(recipe, 'float64')));
      results[0].forEach((values, i) =>
        expectWithin(
          values,
          results[1][i]!,
          bounds[i]!.map((bound) => 2 * bound),
        ),
      );
    }),
    { numRuns: 40 },
  );
});

test('elementwise operations round as if each result had been stored', () => {
  fc.assert(
    fc.property(recipes(12), (recipe) => {
      const elementwise = { ...recipe, steps: recipe.steps.map(([n, ...rest]) => [8 + (n % 13), ...rest] as const) };
      const { results } = bothWays(() =>
        valuesOnSync(options.fuse ? fused : plainly, () => buildSmooth(elementwise, 'float32')),
      );
      expectEqual(results[0], results[1]);
    }),
    { numRuns: 40 },
  );
});

test('sharing memory changes no result', () => {
  fc.assert(
    fc.property(recipes(), (recipe) => {
      const run = () => new ExactProgram(recipe).run(2);
      const shared = withBackend(tested, run);
      expectEqual(
        withBackend(
          withBackend(tested, () => recorder(disjoint)),
          run,
        ),
        shared,
      );
    }),
    { numRuns: 40 },
  );
});
