// Memory that runs out at any point of a run, memory in pieces, and very long plans.
import { afterEach, describe, expect, test, vi } from 'vitest';
import { Heap, OutOfMemoryError } from '../src/memory/heap.ts';
import { affine, affineWords, at, command, input, machine, output, Plans, testCode } from './machine.ts';

const mebi = 2 ** 20;
afterEach(() => {
  vi.restoreAllMocks();
});

describe('a run that is out of memory', () => {
  /** Where memory may run out. Each asks `isGranted` before it takes some. */
  const places: readonly (readonly [string, (isGranted: () => boolean) => void])[] = [
    [
      'in the heap',
      (isGranted) => {
        const original = Object.getOwnPropertyDescriptor(Heap.prototype, 'allocate')!.value as Heap['allocate'];
        vi.spyOn(Heap.prototype, 'allocate').mockImplementation(function (this: Heap, bytes) {
          if (!isGranted()) throw new OutOfMemoryError('no room');
          return original.call(this, bytes);
        });
      },
    ],
    [
      'for code',
      (isGranted) => {
        const { Module } = WebAssembly;
        vi.spyOn(WebAssembly, 'Module').mockImplementation(function (bytes) {
          if (!isGranted()) throw new RangeError('no room');
          return new Module(bytes);
        });
      },
    ],
  ];

  test.each(places)('%s changes nothing, at whichever request, and succeeds later', (_, refuse) => {
    for (const threads of [1, 2]) {
      const plans = new Plans();
      const backend = machine(plans, { threads });
      const n = 2 ** 14;
      const state = backend.upload(new Float32Array(n).fill(1), 'float32');
      let expected = 1;
      const failures: unknown[] = [];
      for (let granted = 0, hasFailed = true; hasFailed; granted++) {
        // Other code and more memory of each kind than before.
        const size = n * (granted + 2);
        const scratch = { kind: 'scratch', bytes: 4 * size } as const;
        const plan = plans.of(
          [
            command(
              testCode(`new code ${granted}`, () => {}),
              [],
              1,
              size,
            ),
          ],
          [command(affine, affineWords(at(scratch), at(input(0, n)), n, 1, 0))],
          [command(affine, affineWords(at(output(0, size)), at(scratch), n, 1, 0))],
          [command(affine, affineWords(at(output(1, n)), at(scratch), n, 2, 1))],
        );
        const small = backend.upload(Float32Array.of(granted), 'float32');
        const run = (): Float32Array => {
          const result = backend.allocate('float32', size);
          backend.execute(plan, [state, small], [result, state]);
          return result.readSync().subarray(0, n) as Float32Array;
        };
        let requests = 0;
        refuse(() => requests++ < granted);
        try {
          run();
          hasFailed = false;
        } catch (error) {
          failures.push(error);
        }
        vi.restoreAllMocks();
        const elements = [state.readSync()];
        if (hasFailed) elements.push(run());
        elements.push(state.readSync());
        const after = 2 * expected + 1;
        const steps = hasFailed ? [expected, expected, after] : [after, after];
        expect(elements.map((values) => [...new Set(values)])).toEqual(steps.map((value) => [value]));
        expected = after;
      }
      expect(failures.length).toBeGreaterThan(0);
      expect(failures.filter((error) => !(error instanceof RangeError))).toEqual([]);
      backend.close();
    }
  });
});

describe('memory', () => {
  test('for size hints may be missing', () => {
    const hint = vi.spyOn(globalThis.Buffer, 'allocUnsafeSlow').mockImplementation(() => {
      throw new RangeError('no room');
    });
    for (const threads of [1, 2]) {
      const plans = new Plans();
      const backend = machine(plans, { threads });
      const n = 2 ** 20;
      const result = backend.allocate('float32', n);
      const plan = plans.of([command(affine, affineWords(at(output(0, n)), at(input(0, n)), n, 2, 1))]);
      backend.execute(plan, [backend.upload(new Float32Array(n).fill(1), 'float32')], [result]);
      expect(new Set(result.readSync())).toEqual(new Set([3]));
      backend.close();
    }
    expect(hint).toHaveBeenCalled();
  });

  test('in pieces is put together before it runs out', () => {
    for (const threads of [1, 2]) {
      const plans = new Plans();
      const backend = machine(plans, { threads, memoryLimit: 16 * mebi });
      const copy = (n: number, total: number) =>
        plans.of([command(affine, affineWords(at(output(0, total)), at(input(0, n)), n, 1, 1))]);
      const large = backend.allocate('float32', 1.5 * mebi);
      backend.execute(copy(1, 1), [backend.upload(Float32Array.of(1), 'float32')], [large]);
      // Behind it, and needed by the run that has no room in front of or behind it.
      const behind = backend.allocate('float32', 2000);
      backend.execute(copy(2000, 2000), [backend.upload(new Float32Array(2000), 'float32')], [behind]);
      const larger = backend.allocate('float32', 3.5 * mebi);
      backend.execute(copy(2000, 2000), [behind], [larger]);
      expect(larger.readSync().subarray(1990, 2001)).toEqual(Float32Array.of(...new Array<number>(10).fill(2), 0));
      expect(behind.readSync()).toEqual(new Float32Array(2000).fill(1));
      expect(large.readSync()[0]).toBe(2);
      backend.close();
    }
  });
});

test('a plan of 130,000 commands runs', () => {
  const plans = new Plans();
  const backend = machine(plans, { threads: 1 });
  const step = command(affine, affineWords(at(output(0, 1)), at(output(0, 1)), 1, 1, 1));
  const state = backend.upload(new Float32Array(1), 'float32');
  backend.execute(plans.of(new Array<typeof step>(130_000).fill(step)), [], [state]);
  expect(state.readSync()).toEqual(Float32Array.of(130_000));
});
