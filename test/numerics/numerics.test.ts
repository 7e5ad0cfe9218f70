// Right values and gradients at extreme numbers, on every backend.
import { full, portable, type Backend, type DType } from '@thetagrad/core';
import { wasm } from '@thetagrad/wasm';
import { describe, expect, test, vi } from 'vitest';
import { backendOf, modes } from '../../packages/gpu/test/modes.ts';
import { withBackend } from '../support/withBackend.ts';
import { results } from './results.ts';
import { expectRow } from './row.ts';
import { slopes } from './slopes.ts';

vi.setConfig({ testTimeout: 60_000 });

const floats: readonly DType[] = ['float32', 'float64'];
const backends: readonly (readonly [name: string, open: () => Promise<Backend>, dtypes: readonly DType[]])[] = [
  ['portable', async () => portable(), floats],
  ['wasm', () => wasm(), floats],
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

  test('the mean of a thousand numbers near the ends of the range', async () => {
    await withBackend(await open(), async () => {
      const mean = await full([1000], 3e38).mean().item();
      expect(Math.abs(mean / 3e38 - 1)).toBeLessThan(2e-6);
      const small = await full([1000], 1e-37).mean().item();
      expect(Math.abs(small / 1e-37 - 1)).toBeLessThan(2e-6);
    });
  });
});
