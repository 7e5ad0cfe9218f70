// SphereFace-4 on images of 112 × 96, but with a quarter of its channels: drivers in software take long for all of them.
// `npm run bench:gpu-training` trains the whole one.
import { reference } from '@thetagrad/core';
import { expect, test } from 'vitest';
import { backendOf, modes } from '../../packages/gpu/test/modes.ts';
import { losses, quarter } from './sphereface.ts';

const steps = 5;
/** Relative. It is some 4e-7 in fact, and grows from step to step. */
const tolerance = 1e-5;
const expected = await losses(reference(), quarter, steps);

test.each(modes)(
  '%s: training SphereFace-4 has the losses of the reference backend',
  { timeout: 60_000 },
  async (mode) => {
    const found = await losses(await backendOf(mode), quarter, steps);
    expect(found).toHaveLength(steps);
    found.forEach((loss, step) => expect(Math.abs(loss / expected[step]! - 1), `step ${step}`).toBeLessThan(tolerance));
    expect(found.at(-1)!).toBeLessThan(0.75 * found[0]!);
  },
);
