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

test('blocks are reused for as many layers only', () => {
  let created = 0;
  const pool = new Pool<number>({
    maxBytes: (layers = 1) => 1024 * layers,
    create: () => created++,
    destroy: () => {},
  });
  const [plain, layered] = [pool.allocate(1000), pool.allocate(1000, 4)];
  pool.free(plain);
  pool.free(layered);
  expect([pool.allocate(1000, 4), pool.allocate(1000)]).toEqual([layered, plain]);
  expect([pool.allocate(4000, 4).bytes, created]).toEqual([4096, 3]);
  expect(() => pool.allocate(4000)).toThrow('gpu: an array of 4000 bytes is more than the 1024 that the device allows');
});
