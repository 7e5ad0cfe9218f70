// Random graphs of everything: several dtypes, movements, reductions, products, convolutions, gradients, and variables that
// are updated in place.
import { reference } from '@thetagrad/core';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { expectEqual, valuesOnSync, withBackend } from '../support/backends.ts';
import { direct } from './backends.ts';
import { expectWithin } from '../support/bounds.ts';
import { errorBounds } from './errors.ts';
import { buildSmooth, ExactProgram, recipes } from './recipes.ts';

test('of integers: exactly the reference, step by step', () => {
  fc.assert(
    fc.property(recipes(), (recipe) => {
      const run = () => new ExactProgram(recipe).run(2);
      expectEqual(withBackend(direct, run), withBackend(reference(), run));
    }),
    { numRuns: 70 },
  );
});

test('of smooth functions in float32: as near to double precision as the operations allow', () => {
  let elements = 0;
  let sharp = 0;
  fc.assert(
    fc.property(recipes(14), (recipe) => {
      const values = valuesOnSync(direct, () => buildSmooth(recipe, 'float32'));
      const all = valuesOnSync(reference(), () => {
        const results = buildSmooth(recipe, 'float64');
        return [...results, ...errorBounds(results)];
      });
      values.forEach((value, i) => {
        const bounds = all[values.length + i]!;
        expectWithin(value, all[i]!, bounds);
        elements += bounds.length;
        sharp += bounds.filter((bound) => bound < 1e-4).length;
      });
    }),
    { numRuns: 70 },
  );
  // Bounds that allow anything would prove nothing.
  expect(sharp / elements).toBeGreaterThan(0.9);
});
