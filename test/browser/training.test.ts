// All packages together, from their entry points.
import { wasm } from '@thetagrad/wasm';
import { expect, inject, test } from 'vitest';
import { losses } from './training.ts';

test.each([1, 2, 3])('a training has the losses of Node to the last bit, with threads: %i', async (threads) => {
  const backend = await wasm({ threads, deterministic: true });
  await backend.ready();
  expect(backend.threads).toBe(inject('isolated') ? threads : 1);
  const here = await losses(backend);
  expect(here).toEqual(inject('losses'));
  expect(here.at(-1)!).toBeLessThan(here[0]! / 1.5);
  backend.close();
});
