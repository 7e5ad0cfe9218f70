// SphereFace-4 on images of 112 × 96 with a quarter of its channels, since software drivers are slow. The command
// `npm run bench:gpu-training` trains it with all channels.
import { portable } from '@thetagrad/core';
import { expect, test } from 'vitest';
import { backendOf, modes } from '../../packages/gpu/test/modes.ts';
import { losses, quarter } from './sphereface.ts';

const steps = 5;
/** Relative. The actual error is about 4e-7 and grows with the steps. */
const tolerance = 1e-5;
const expected = await losses(portable(), quarter, steps);

test.each(modes)(
  '%s: training SphereFace-4 has the losses of the portable backend',
  { timeout: 60_000 },
  async (mode) => {
    const actual = await losses(await backendOf(mode), quarter, steps);
    expect(actual).toHaveLength(steps);
    actual.forEach((loss, step) =>
      expect(Math.abs(loss / expected[step]! - 1), `step ${step}`).toBeLessThan(tolerance),
    );
    expect(actual.at(-1)!).toBeLessThan(0.75 * actual[0]!);
  },
);
