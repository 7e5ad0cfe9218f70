// When the collector is prompted, and waited for.
import { afterEach, expect, test, vi } from 'vitest';
import { CollectionPacer } from '../src/memory/pacer.ts';
import { affine, affineWords, at, command, input, machine, output, Plans } from './machine.ts';

const mebi = 2 ** 20;

afterEach(() => {
  vi.restoreAllMocks();
});

/** Counts the prompts. There is no memory for them, which changes nothing. */
function countPrompts(): () => number {
  const allocate = vi.spyOn(globalThis.Buffer, 'allocUnsafeSlow').mockImplementation(() => {
    throw new RangeError('no room');
  });
  return () => allocate.mock.calls.length;
}

test('the collector is prompted when blocks take twice as much as before', () => {
  const prompts = countPrompts();
  const pacer = new CollectionPacer();
  const after: number[] = [];
  for (let bytes = 0; bytes <= 600 * mebi; bytes += 10 * mebi) {
    pacer.grow(bytes);
    if (prompts() > after.length) after.push(bytes / mebi);
  }
  expect(after).toEqual([130, 270, 550]);
  pacer.shrink(100 * mebi);
  pacer.grow(220 * mebi);
  expect(prompts()).toBe(3);
  pacer.grow(230 * mebi);
  expect(prompts()).toBe(4);
});

test('a pause waits until blocks are free, or for a while', async () => {
  countPrompts();
  const pacer = new CollectionPacer();
  await pacer.pause();
  pacer.grow(200 * mebi);
  let isFree = false;
  setTimeout(() => {
    isFree = true;
    pacer.shrink(0);
  }, 5);
  await pacer.pause();
  expect(isFree).toBe(true);
  pacer.grow(200 * mebi);
  await pacer.pause();
});

test('results that no one keeps do not accumulate', async () => {
  const plans = new Plans();
  const backend = machine(plans, { threads: 1 });
  const n = 2 * mebi;
  const plan = plans.of([command(affine, affineWords(at(output(0, n)), at(input(0, 1)), 1, 1, 1))]);
  const x = backend.upload(Float32Array.of(1), 'float32');
  let peak = 0;
  for (let i = 0; i < 80; i++) {
    backend.execute(plan, [x], [backend.allocate('float32', n)]);
    await backend.yieldToCollector();
    peak = Math.max(peak, backend.bytesInUse);
  }
  expect(peak).toBeLessThan(80 * 4 * n * 0.7);
});
