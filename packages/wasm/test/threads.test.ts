import { describe, expect, test } from 'vitest';
import { f32, i32 } from '../src/assembler/index.ts';
import { at, command, testCode, output, Plans } from './machine.ts';
import { expectRightResults, meet, rendezvous, started } from './rendezvous.ts';

describe('threads', () => {
  test('give the same results, whatever their number', async () => {
    for (const threads of [1, 2, 3]) {
      const plans = new Plans();
      const backend = started(plans, { threads });
      expect(backend.threads).toBe(threads);
      // Before the workers are up, and afterwards.
      expectRightResults(backend, plans);
      await backend.ready();
      for (let i = 0; i < 20; i++) expectRightResults(backend, plans);
    }
  });

  test('run every chunk exactly once and commands in order, even many of them', async () => {
    const plans = new Plans();
    const backend = started(plans, { threads: 3 });
    await backend.ready();
    const chunks = 64;
    // cell[chunk] = 3 · cell[chunk] + cell[63 − chunk] of the other half: wrong if a command overtakes another.
    const step = testCode('step', (code, args, chunk) => {
      const into = code.local('i32', i32.add(i32.load(args), i32.shl(chunk, i32.const(2))));
      const from = i32.add(i32.load(args, { offset: 4 }), i32.shl(i32.sub(i32.const(63), chunk), i32.const(2)));
      code.emit(i32.store(into, i32.add(i32.mul(i32.load(into), i32.const(3)), i32.load(from))));
    });
    const a = at(output(0, 2 * chunks, 'int32'));
    const b = at(output(0, 2 * chunks, 'int32'), 4 * chunks);
    const commands = Array.from({ length: 400 }, (_, i) => command(step, i % 2 ? [a, b] : [b, a], chunks));
    const cells = Int32Array.from({ length: 2 * chunks }, (_, i) => i);
    const buffer = backend.upload(cells.slice(), 'int32');
    const plan = plans.of(commands);
    for (let run = 0; run < 5; run++) {
      backend.execute(plan, [], [buffer]);
      for (let i = 0; i < 400; i++) {
        const [into, from] = i % 2 ? [0, chunks] : [chunks, 0];
        for (let chunk = 0; chunk < chunks; chunk++) {
          cells[into + chunk] = Math.imul(cells[into + chunk]!, 3) + cells[from + 63 - chunk]!;
        }
      }
    }
    expect(buffer.readSync()).toEqual(cells);
  });

  test('compute chunks at the same time, each in its workspace', async () => {
    const plans = new Plans();
    const backend = started(plans, { threads: 2 });
    await backend.ready();
    const words = backend.upload(new Int32Array(4), 'int32');
    const plan = plans.of([
      command(
        rendezvous('meet', () => {}),
        [at(output(0, 4, 'int32'))],
        2,
        1000,
      ),
    ]);
    backend.execute(plan, [], [words]);
    const [count, a, b] = words.readSync();
    expect(count).toBe(2);
    expect(Math.abs(a! - b!)).toBeGreaterThanOrEqual(1000);
    expect([a! % 64, b! % 64]).toEqual([0, 0]);
  });

  test('wake up after a pause', async () => {
    const plans = new Plans();
    const backend = started(plans, { threads: 2 });
    await backend.ready();
    for (let i = 0; i < 3; i++) {
      await new Promise((resolve) => setTimeout(resolve, 20));
      const words = backend.upload(new Int32Array(4), 'int32');
      backend.execute(
        plans.of([
          command(
            rendezvous('meet', () => {}),
            [at(output(0, 4, 'int32'))],
            2,
          ),
        ]),
        [],
        [words],
      );
      expect(words.readSync()[0]).toBe(2);
    }
  });

  test('report a trap of a worker with the kernel, and go on', async () => {
    const plans = new Plans();
    const backend = started(plans, { threads: 2 });
    await backend.ready();
    expect(() => meet(plans, backend, 'trapping kernel', (code) => code.trap())).toThrow(
      /^wasm: kernel 0 of the plan \(map, function trapping kernel\) failed: unreachable \(in worker thread 1\)$/,
    );
    expectRightResults(backend, plans);
    expect(backend.threads).toBe(2);
  });

  test('report a trap of the main thread with the kernel, and go on', async () => {
    const trap = testCode('out of bounds', (code, _args, chunk) =>
      code.if(i32.eq(chunk, i32.const(3)), () => code.emit(f32.store(i32.const(-4), f32.const(0)))),
    );
    for (const threads of [1, 3]) {
      const plans = new Plans();
      const backend = started(plans, { threads });
      const fine = command(
        testCode('fine', () => {}),
        [],
        2,
      );
      for (const chunks of [4, 9]) {
        const plan = plans.of([fine], [fine, command(trap, [], chunks)], [fine]);
        expect(() => backend.execute(plan, [], [])).toThrow(
          /kernel 1 of the plan \(map, function out of bounds\) failed/,
        );
        await backend.ready();
      }
      expectRightResults(backend, plans);
    }
  });

  test('are replaced when they do not answer', async () => {
    const plans = new Plans();
    const backend = started(plans, { threads: 2, timeoutMs: 300 });
    await backend.ready();
    expect(() => meet(plans, backend, 'endless', (code) => code.loop((again) => again()))).toThrow(
      /kernel 0 of the plan \(map, function endless\) failed: a worker thread has not answered for 0.3 s .* replaced/,
    );
    expect(backend.threads).toBe(2);
    await backend.ready();
    meet(plans, backend, 'with the new one', () => {});
    expectRightResults(backend, plans);
  });

  test('get all code, also what was dropped and what comes before they are up', async () => {
    const plans = new Plans();
    const backend = started(plans, { threads: 2, maxCodeBytes: 2 ** 18 });
    const writing = (value: number) =>
      testCode(`write ${value}`, (code, args, chunk) => {
        const address = i32.add(i32.load(args), i32.shl(chunk, i32.const(2)));
        code.emit(i32.store(address, i32.const(value)));
      });
    const many = (first: number) => {
      const out = at(output(0, 4, 'int32'));
      return plans.of(Array.from({ length: 1500 }, (_, i) => command(writing(first + i), [out], 4)));
    };
    // Each has 66 KB of code, so that some are dropped in each round.
    const list = Array.from({ length: 10 }, (_, i) => many(2000 * i));
    const out = backend.allocate('int32', 4);
    const inUse: number[] = [];
    for (let round = 0; round < 4; round++) {
      list.forEach((plan, i) => {
        backend.execute(plan, [], [out]);
        expect(out.readSync()).toEqual(new Int32Array(4).fill(2000 * i + 1499));
      });
      // The first rounds end before the event loop can tell that workers are up.
      if (round < 1) continue;
      await backend.ready();
      meet(plans, backend, `rendezvous in round ${round}`, () => {});
      inUse.push(backend.bytesInUse);
    }
    expect(inUse.at(-1)! - inUse[0]!).toBeLessThan(2 ** 20);
    expectRightResults(backend, plans);
  });
});
