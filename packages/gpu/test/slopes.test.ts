// Slopes where the chain rule meets 0 · ∞, and where a formula could leave the range of numbers on its way.
import { describe, test, vi } from 'vitest';
import { withBackend } from '../../../test/support/backends.ts';
import { expectSlopes, slopesOf } from '../../../test/support/slopes.ts';
import { backendOf, modes } from './modes.ts';

vi.setConfig({ testTimeout: 60_000 });

describe.each(modes)('%s', (mode) => {
  test.each(slopesOf(['float32']))('%s of %s', async (_name, dtype, each) => {
    await withBackend(await backendOf(mode), () => expectSlopes(each, dtype));
  });
});
