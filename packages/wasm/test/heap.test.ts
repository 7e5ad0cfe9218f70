import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { blockBytes, Heap, OutOfMemoryError, Region } from '../src/memory/heap.ts';

const mebi = 2 ** 20;
const heapOf = (limit: number, reserved = 64): Heap => new Heap({ shared: false, limit, reserved });

function tryAllocate(heap: Heap, bytes: number): number | undefined {
  try {
    return heap.allocate(bytes);
  } catch (error) {
    if (error instanceof OutOfMemoryError) return undefined;
    throw error;
  }
}

describe('heap', () => {
  test('allocates disjoint aligned blocks within the limit, and frees them', () => {
    const actions = fc.array(fc.tuple(fc.boolean(), fc.integer({ min: 0, max: 300_000 })), { maxLength: 60 });
    fc.assert(
      fc.property(actions, (steps) => {
        const heap = heapOf(2 * mebi);
        const blocks: { start: number; bytes: number }[] = [];
        for (const [doFree, number] of steps) {
          if (doFree && blocks.length > 0) {
            const [block] = blocks.splice(number % blocks.length, 1);
            heap.free(block!.start, block!.bytes);
            continue;
          }
          const start = tryAllocate(heap, number);
          if (start !== undefined) blocks.push({ start, bytes: number });
        }
        blocks.sort((a, b) => a.start - b.start);
        let end = 64;
        for (const { start, bytes } of blocks) {
          expect(start % 64).toBe(0);
          expect(start).toBeGreaterThanOrEqual(end);
          end = start + Math.max(64, Math.ceil(bytes / 64) * 64);
        }
        expect(end).toBeLessThanOrEqual(heap.memory.buffer.byteLength - 64);
        expect(heap.memory.buffer.byteLength).toBeLessThanOrEqual(2 * mebi);
        for (const { start, bytes } of blocks) heap.free(start, bytes);
        expect(heap.bytesInUse).toBe(0);
        expect(heap.allocate(2 * mebi - 128)).toBe(64);
      }),
      { numRuns: 50 },
    );
  });

  test('keeps contents as it grows', () => {
    const heap = heapOf(8 * mebi);
    const address = heap.allocate(64);
    heap.view('float64', address, 8).fill(1.5);
    heap.allocate(5 * mebi);
    expect([...heap.view('float64', address, 8)]).toEqual(new Array(8).fill(1.5));
    expect(heap.words.length * 4).toBe(heap.memory.buffer.byteLength);
  });

  test('reports the size and the limit when memory is exhausted, and goes on', () => {
    const heap = heapOf(2 * mebi);
    const kept = heap.allocate(mebi);
    expect(() => heap.allocate(1_500_000)).toThrow(
      /no room for 1500032 bytes more: 1048576 bytes .* limit is 2097152 bytes/,
    );
    heap.free(kept, mebi);
    expect(() => heap.allocate(1_500_000)).not.toThrow();
  });

  test('finds a gap even after an allocation beyond the limit failed', () => {
    const heap = heapOf(2 * mebi);
    const first = heap.allocate(mebi);
    heap.allocate(mebi - 256);
    expect(() => heap.allocate(512)).toThrow(OutOfMemoryError);
    heap.free(first, mebi);
    expect(heap.allocate(448)).toBe(first);
  });

  test('reclaims memory before it fails', () => {
    const heap = heapOf(2 * mebi);
    const spare = heap.allocate(mebi);
    heap.reclaim = () => heap.free(spare, mebi);
    expect(heap.allocate(1.5 * mebi)).toBe(spare);
  });

  test('sizes blocks by dtype, never empty', () => {
    expect([blockBytes('bool', 65), blockBytes('float64', 8), blockBytes('int32', 0)]).toEqual([128, 64, 64]);
  });
});

describe('region', () => {
  test('grows to the largest size and frees everything', () => {
    const heap = heapOf(4 * mebi);
    const region = new Region(heap);
    region.reserve(1000);
    const { address } = region;
    region.reserve(500);
    expect(region.address).toBe(address);
    region.reserve(2 * mebi);
    expect(heap.bytesInUse).toBe(2 * mebi);
    region.release();
    expect(heap.bytesInUse).toBe(0);
  });
});
