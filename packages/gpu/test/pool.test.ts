import { expect, test } from 'vitest';
import { Pool } from '../src/device/pool.ts';

test('blocks are reused, surplus and invalid ones are destroyed, and destroying the pool destroys all', () => {
  const alive = new Set<number>();
  let created = 0;
  const pool = new Pool<number>({
    maxBytes: () => 2 ** 30,
    create: () => {
      alive.add(created);
      return created++;
    },
    destroy: (resource) => void alive.delete(resource),
  });
  // More than a call can have arguments.
  const blocks = Array.from({ length: 130_000 }, () => pool.allocate(4));
  expect([pool.hasCreated, pool.takeCreated().length, pool.hasCreated]).toEqual([true, 130_000, false]);
  for (const block of blocks) pool.free(block);
  const reused = pool.allocate(4);
  expect([created, alive.size, pool.bytesInUse]).toEqual([130_000, 130_000, 256]);
  pool.discard([]);
  pool.trim();
  expect([alive.size, pool.bytesAllocated]).toEqual([1, 256]);
  pool.discard([reused]);
  pool.free(reused);
  pool.trim();
  expect([alive.size, pool.bytesAllocated]).toEqual([0, 0]);
  pool.allocate(1000);
  pool.destroy();
  expect([alive.size, pool.bytesAllocated, pool.bytesInUse]).toEqual([0, 0, 0]);
});
