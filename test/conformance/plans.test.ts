// Fusion and the sharing of memory between intermediates change no result.
import { wasm } from '@thetagrad/wasm';
import fc from 'fast-check';
import { afterEach, expect, test, vi } from 'vitest';
import { disjoint, recorder } from '../../packages/core/test/backends.ts';
import type { schedule as Schedule } from '../../packages/core/src/schedule/schedule.ts';
import { expectEqual, valuesOnSync, withBackend } from '../support/backends.ts';
import { tested } from './backends.ts';
import { expectWithin } from '../support/bounds.ts';
import { errorBounds } from './errorBounds.ts';
import { buildSmooth, ExactProgram, recipes } from './recipes.ts';

const options = vi.hoisted(() => {
  // The setup file has imported the module without the mock.
  vi.resetModules();
  return { fuse: true, kernels: 0 };
});

vi.mock('../../packages/core/src/schedule/schedule.ts', async (original) => {
  const actual = await original<{ readonly schedule: typeof Schedule }>();
  const schedule: typeof Schedule = (targets) => {
    const plan = actual.schedule(targets, { fuse: options.fuse });
    options.kernels += plan.kernels.length;
    return plan;
  };
  return { ...actual, schedule };
});

afterEach(() => {
  options.fuse = true;
});

/** A backend for each value of `fuse`, since plans are cached by backend. */
const unfused = await wasm({ threads: 1, winograd: false });
const fused = await wasm({ threads: 1, winograd: false });

/** The results of f with and without fusion, and the numbers of kernels. */
function runBothWays<T>(f: () => T): { results: [T, T]; kernels: [number, number] } {
  const [first, second] = [true, false].map((fuse) => {
    Object.assign(options, { fuse, kernels: 0 });
    return { result: withBackend(fuse ? fused : unfused, f), kernels: options.kernels };
  }) as [{ result: T; kernels: number }, { result: T; kernels: number }];
  return { results: [first.result, second.result], kernels: [first.kernels, second.kernels] };
}

test('fusion changes no exact result, variables included', () => {
  const total = [0, 0];
  fc.assert(
    fc.property(recipes(), (recipe) => {
      const { results, kernels } = runBothWays(() => new ExactProgram(recipe).run(2));
      expectEqual(results[0], results[1]);
      kernels.forEach((count, i) => (total[i]! += count));
    }),
    { numRuns: 50 },
  );
  expect(total[1]! / total[0]!).toBeGreaterThan(1.5);
});

test('fusion changes other results within their error bounds', () => {
  fc.assert(
    fc.property(recipes(14), (recipe) => {
      const { results } = runBothWays(() =>
        valuesOnSync(options.fuse ? fused : unfused, () => buildSmooth(recipe, 'float32')),
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

test('elementwise operations round as if each result were stored', () => {
  fc.assert(
    fc.property(recipes(12), (recipe) => {
      const elementwise = { ...recipe, steps: recipe.steps.map(([n, ...rest]) => [8 + (n % 13), ...rest] as const) };
      const { results } = runBothWays(() =>
        valuesOnSync(options.fuse ? fused : unfused, () => buildSmooth(elementwise, 'float32')),
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
