// Work for several threads.
import { afterEach, expect } from 'vitest';
import { i32, type Code, type Local } from '../src/assembler/index.ts';
import type { ThreadPoolBackend } from '../src/backend.ts';
import type { KernelCode } from '../src/command.ts';
import { affine, affineWords, at, command, input, testCode, machine, output, type Plans } from './machine.ts';

const backends: ThreadPoolBackend[] = [];
/** A backend that is closed after the test. */
export const started = (...parameters: Parameters<typeof machine>): ThreadPoolBackend => {
  const backend = machine(...parameters);
  backends.push(backend);
  return backend;
};
afterEach(() => {
  for (const backend of backends.splice(0)) backend.close();
});

const n = 4096;
const ramp = Float32Array.from({ length: n }, (_, i) => i);
const affinePlan = (plans: Plans, chunks: number) =>
  plans.of([command(affine, affineWords(at(output(0, n)), at(input(0, n)), n / chunks, 2, 1), chunks)]);

export function expectRightResults(backend: ThreadPoolBackend, plans: Plans): void {
  const out = backend.allocate('float32', n);
  backend.execute(affinePlan(plans, 16), [backend.upload(ramp, 'float32')], [out]);
  expect(out.readSync()).toEqual(ramp.map((value) => 2 * value + 1));
}

/**
 * Two chunks of which each waits until both are being computed, by two threads. Then the one on the worker thread,
 * whose workspace lies higher, does something else. The words: 4 zeros.
 */
export const rendezvous = (key: string, inWorker: (code: Code) => void): KernelCode =>
  testCode(key, (code, args, _chunk, workspace) => {
    const words = code.local('i32', i32.load(args));
    const patience: Local<'i32'> = code.local('i32', i32.const(2 ** 30));
    const mine = code.local('i32', i32.shl(i32.atomic.rmw.add(words, i32.const(1)), i32.const(2)));
    code.emit(i32.atomic.store(i32.add(words, mine), workspace, { offset: 4 }));
    const other = code.local('i32');
    const otherAt = i32.add(words, i32.sub(i32.const(8), mine));
    code.loop((again) => {
      code.set(other, i32.atomic.load(otherAt));
      code.add(patience, i32.const(-1));
      again(i32.and(i32.eqz(other), i32.ne(patience, i32.const(0))));
    });
    code.if(i32.and(i32.ne(other, i32.const(0)), i32.gtU(workspace, other)), () => inWorker(code));
  });
export const meet = (plans: Plans, backend: ThreadPoolBackend, key: string, inWorker: (code: Code) => void): void => {
  const plan = plans.of([command(rendezvous(key, inWorker), [at(output(0, 4, 'int32'))], 2)]);
  backend.execute(plan, [], [backend.upload(new Int32Array(4), 'int32')]);
};
