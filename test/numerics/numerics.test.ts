// Right values and gradients at extreme numbers, on every backend.
import {
  evaluate,
  full,
  jvp,
  ones,
  portable,
  tensor,
  vjp,
  where,
  zeros,
  type Backend,
  type DType,
  type Tensor,
} from '@thetagrad/core';
import { describe, expect, test, vi } from 'vitest';
import { backendOf, modes } from '../../packages/gpu/test/modes.ts';
import { operations } from '../support/operations.ts';
import { sharedWasm } from '../support/sharedWasm.ts';
import { withBackend } from '../support/withBackend.ts';
import { results } from './results.ts';
import { expectRow } from './row.ts';
import { slopes } from './slopes.ts';

vi.setConfig({ testTimeout: 60_000 });

const special = [0, -0, 1, -1, 0.5, Infinity, -Infinity, NaN, 1e-40, 3e38, -3e38];
/** 3 log₂ n units in the last place, for sums of n = 10⁶ terms. */
const sumBound = 60 * 2 ** -23;
const floats: readonly DType[] = ['float32', 'float64'];
const backends: readonly (readonly [name: string, open: () => Promise<Backend>, dtypes: readonly DType[]])[] = [
  ['portable', async () => portable(), floats],
  ['wasm', async () => sharedWasm, floats],
  ...modes.map((mode) => [`gpu ${mode}`, () => backendOf(mode), ['float32']] as const),
];

describe.each(backends)('%s', (_name, open, supported) => {
  const rows = [...results, ...slopes].flatMap((row) =>
    (row.dtypes ?? floats)
      .filter((dtype) => supported.includes(dtype))
      .map((dtype) => [`${row.name} at ${row.x.join(', ')} in ${dtype}`, row, dtype] as const),
  );

  test.each(rows)('%s', async (_title, row, dtype) => {
    await withBackend(await open(), () => expectRow(row, dtype));
  });

  // The derivatives of what is not chosen are 0, whatever the operation gives there, and zero slopes outweigh infinite ones.
  test('no operation has a slope where it is not chosen', async () => {
    await withBackend(await open(), async () => {
      const checked: string[] = [];
      for (const [name, operation] of operations) {
        const { derivatives, domain } = operation.primitive;
        if (derivatives === 'zero') continue;
        const inputs = domain.map((_, i) => tensor(special).reshape(domain.map((_, axis) => (axis === i ? -1 : 1))));
        const shape = domain.map(() => special.length);
        const ignored = (...parameters: Tensor[]): Tensor =>
          where(zeros(shape, { dtype: 'bool' }), operation(...parameters), 1);
        const { value, pullback } = vjp(ignored, ...inputs);
        const { tangent } = jvp(
          ignored,
          inputs,
          inputs.map((input) => ones(input.shape)),
        );
        const slopes = [tangent, ...pullback(ones(value.shape))].map((slope) => slope.abs().max());
        await evaluate(slopes);
        for (const slope of slopes) expect([name, await slope.item()]).toEqual([name, 0]);
        checked.push(name);
      }
      expect(checked.length).toBeGreaterThan(30);
    });
  });

  test('the mean of many numbers near the ends of the range', async () => {
    await withBackend(await open(), async () => {
      const mean = await full([10, 100_000], 3e38).mean().item();
      expect(Math.abs(mean / 3e38 - 1)).toBeLessThan(sumBound);
      const small = await full([10, 100_000], 1e-37).mean().item();
      expect(Math.abs(small / 1e-37 - 1)).toBeLessThan(sumBound);
    });
  });
});
