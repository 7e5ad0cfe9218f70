// Sums of many terms.
import { describe, vi } from 'vitest';
import { testAccumulations } from '../../../test/support/testAccumulations.ts';
import { backendOf, isGpu, modes } from './modes.ts';

// Drivers in software compile slowly.
vi.setConfig({ testTimeout: 60_000 });

describe.each(modes)('%s', (mode) => {
  testAccumulations(() => backendOf(mode), isGpu(mode) ? 2 ** 17 : 2 ** 20);
});
