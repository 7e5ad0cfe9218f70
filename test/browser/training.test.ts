// Trains with all packages, imported from their entry points.
import { wasm } from '@thetagrad/wasm';
import { expect, inject, test } from 'vitest';
import { trainingLosses } from './training.ts';

test.each([1, 2, 3])('training has the same losses as in Node to the last bit, with threads: %i', async (threads) => {
  const backend = await wasm({ threads, deterministic: true });
  await backend.ready();
  expect(backend.threads).toBe(inject('isolated') ? threads : 1);
  const losses = await trainingLosses(backend);
  expect(losses).toEqual(inject('losses'));
  expect(losses.at(-1)!).toBeLessThan(losses[0]! / 1.5);
  backend.close();
});
