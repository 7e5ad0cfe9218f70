// Random graphs of all kinds of operations and dtypes, with gradients and with variables that are updated in place.
import { portable } from '@thetagrad/core';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { expectEqual, valuesOnSync, withBackend } from '../support/backends.ts';
import { direct } from './backends.ts';
import { expectWithin } from '../support/bounds.ts';
import { errorBounds } from './errorBounds.ts';
import { buildSmooth, ExactProgram, recipes } from './recipes.ts';

test('of integers: exact after each step', () => {
  fc.assert(
    fc.property(recipes(), (recipe) => {
      const run = () => new ExactProgram(recipe).run(2);
      expectEqual(withBackend(direct, run), withBackend(portable(), run));
    }),
    { numRuns: 70 },
  );
});

test('of smooth functions in float32: within the error bounds of the graph', () => {
  let elements = 0;
  let tight = 0;
  fc.assert(
    fc.property(recipes(14), (recipe) => {
      const values = valuesOnSync(direct, () => buildSmooth(recipe, 'float32'));
      const expected = valuesOnSync(portable(), () => {
        const results = buildSmooth(recipe, 'float64');
        return [...results, ...errorBounds(results)];
      });
      values.forEach((value, i) => {
        const bounds = expected[values.length + i]!;
        expectWithin(value, expected[i]!, bounds);
        elements += bounds.length;
        tight += bounds.filter((bound) => bound < 1e-4).length;
      });
    }),
    { numRuns: 70 },
  );
  // Loose bounds would prove nothing.
  expect(tight / elements).toBeGreaterThan(0.9);
});
