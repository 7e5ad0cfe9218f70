import type { Plan } from '@thetagrad/core/backend';
import { describe, expect, test } from 'vitest';
import { f64, i32, type Value } from '../src/assembler/index.ts';
import type { Command, KernelCode, Scratch } from '../src/command.ts';
import { callKernel } from '../src/emit/kernelModule.ts';
import { affine, affineWords, at, command, input, testCode, machine, output, Plans } from './machine.ts';

const n = 8;
const ramp = Float32Array.from({ length: n }, (_, i) => i);
const scratch = (bytes: number): Scratch => ({ kind: 'scratch', bytes });
const add = (out: Command['words'][number], x: Command['words'][number], b: number): Command =>
  command(affine, affineWords(out, x, n, 1, b));

describe('programs', () => {
  test('run commands through scratch, the arena and parts of slots', () => {
    const plans = new Plans();
    const backend = machine(plans, { threads: 1 });
    const [first, second] = [scratch(4 * n), scratch(4 * n)];
    const arena = { kind: 'arena', byteOffset: 64, dtype: 'float32', size: n } as const;
    const plan: Plan = {
      ...plans.of(
        [add(at(first), at(input(0, n)), 1), add(at(second), at(first), 10), add(at(arena), at(second), 100)],
        [add(at(output(0, 2 * n)), at(first), 0), add(at(output(0, 2 * n), 4 * n), at(arena), 0)],
      ),
      arenaBytes: 64 + 4 * n,
    };
    const out = backend.allocate('float32', 2 * n);
    backend.execute(plan, [backend.upload(ramp, 'float32')], [out]);
    expect(out.readSync()).toEqual(Float32Array.of(...ramp.map((x) => x + 1), ...ramp.map((x) => x + 111)));
  });

  test('share memory between scratch regions that are not alive at the same time', () => {
    const plans = new Plans();
    const backend = machine(plans, { threads: 1 });
    const bytes = 2 ** 20;
    let last = at(input(0, n));
    const commands = Array.from({ length: 50 }, () => {
      const next = at(scratch(bytes));
      const each = add(next, last, 1);
      last = next;
      return each;
    });
    const out = backend.allocate('float32', n);
    backend.execute(plans.of([...commands, add(at(output(0, n)), last, 1)]), [backend.upload(ramp, 'float32')], [out]);
    expect(out.readSync()).toEqual(ramp.map((x) => x + 51));
    expect(backend.bytesInUse).toBeLessThan(3 * bytes);
  });

  test('pass functions and argument blocks of other commands', () => {
    const plans = new Plans();
    const backend = machine(plans, { threads: 1 });
    // Words: function, its arguments.
    const caller = testCode('caller', (code, args, chunk, workspace) =>
      code.emit(callKernel(i32.load(args), i32.load(args, { offset: 4 }), chunk, workspace)),
    );
    const called = add(at(output(0, n)), at(input(0, n)), 5);
    const out = backend.allocate('float32', n);
    const plan = plans.of([command(caller, [{ code: affine }, { argsOf: called }])]);
    backend.execute(plan, [backend.upload(ramp, 'float32')], [out]);
    expect(out.readSync()).toEqual(ramp.map((x) => x + 5));
  });

  test('skip commands without chunks, and do nothing for an empty plan', () => {
    const plans = new Plans();
    const backend = machine(plans, { threads: 1 });
    const never = command(
      testCode('never', (code) => code.trap()),
      [],
      0,
    );
    backend.execute(plans.of([never]), [], []);
    backend.execute(plans.of(), [], []);
    expect(backend.threads).toBe(1);
  });

  test('reject words that are not 32-bit integers', () => {
    const plans = new Plans();
    const backend = machine(plans, { threads: 1 });
    for (const word of [0.5, Number.NaN, 2 ** 32, -(2 ** 31) - 1]) {
      const plan = plans.of([command(affine, [word])]);
      expect(() => backend.execute(plan, [], [])).toThrow(RangeError);
    }
  });

  test('run kernels without WebAssembly code in JavaScript, between the others', () => {
    const plans = new Plans();
    const backend = machine(plans, { threads: 2 });
    const arena = { kind: 'arena', byteOffset: 0, dtype: 'float32', size: n } as const;
    const before = plans.of([add(at(arena), at(input(0, n)), 1)]);
    const after = plans.of([add(at(output(0, n)), at(output(1, n)), 100)]);
    const reversed: Plan['kernels'][number] = {
      kind: 'map',
      body: { operands: [{ slot: arena, view: { shape: [n], strides: [-1], offset: n - 1 } }], steps: [] },
      shape: [n],
      output: output(1, n),
    };
    const plan: Plan = { kernels: [...before.kernels, reversed, ...after.kernels], arenaBytes: 64 };
    const outputs = [backend.allocate('float32', n), backend.allocate('float32', n)];
    const timings = new Float64Array(3).fill(-1);
    backend.execute(plan, [backend.upload(ramp, 'float32')], outputs, timings);
    expect(outputs[0]!.readSync()).toEqual(ramp.toReversed().map((x) => x + 101));
    expect(timings.every((time) => time >= 0)).toBe(true);
    backend.execute(plan, [backend.upload(ramp, 'float32')], outputs);
    expect(outputs[0]!.readSync()).toEqual(ramp.toReversed().map((x) => x + 101));
    backend.close();
  });

  test('run functions that call JavaScript on the main thread alone', async () => {
    const plans = new Plans();
    const calls: number[] = [];
    const square = (value: number): number => {
      calls.push(value);
      return value * value;
    };
    const functions: Record<string, (value: number) => number> = { square, twice: (value) => 2 * value };
    const backend = machine(plans, { threads: 2 });
    await backend.ready();
    const calling = (name: string): KernelCode => ({
      name: `calling ${name}`,
      key: `calling ${name}`,
      hostFunctions: functions,
      assemble: (module) => {
        const imported = module.importFunction('js', name, ['f64'], ['f64']);
        return module.function(['i32', 'i32', 'i32'], [], (code, args, chunk) => {
          const address = i32.add(i32.load(args), i32.shl(chunk, i32.const(3)));
          const result = code.call(imported, f64.convertI32U(chunk)) as Value<'f64'>;
          code.emit(f64.store(address, result));
        });
      },
    });
    const words = (index: number) => [at(output(index, 64, 'float64'))];
    const outputs = [0, 1, 2].map(() => backend.allocate('float64', 64));
    const through = testCode('through', (code, args, chunk, workspace) =>
      code.emit(callKernel(i32.load(args), i32.load(args, { offset: 4 }), chunk, workspace)),
    );
    const epilogue = command(calling('twice'), words(2));
    const plan = plans.of([
      command(calling('square'), words(0), 64),
      command(calling('twice'), words(1), 64),
      command(through, [{ code: epilogue.code }, { argsOf: epilogue }], 64),
    ]);
    backend.execute(plan, [], outputs);
    const numbers = Float64Array.from({ length: 64 }, (_, i) => i);
    expect(outputs[0]!.readSync()).toEqual(numbers.map((x) => x * x));
    expect(outputs[1]!.readSync()).toEqual(numbers.map((x) => 2 * x));
    expect(outputs[2]!.readSync()).toEqual(numbers.map((x) => 2 * x));
    expect(calls).toEqual([...numbers]);
    backend.close();
  });

  test('are freed when their plan is released, and assembled again if it runs again', () => {
    const plans = new Plans();
    const backend = machine(plans, { threads: 1 });
    const plan = plans.of(Array.from({ length: 1000 }, () => add(at(output(0, n)), at(input(0, n)), 1)));
    const run = (): void => {
      const out = backend.allocate('float32', n);
      backend.execute(plan, [backend.upload(ramp, 'float32')], [out]);
      expect(out.readSync()).toEqual(ramp.map((x) => x + 1));
    };
    run();
    const before = backend.bytesInUse;
    backend.release(plan);
    backend.release(plan);
    expect(before - backend.bytesInUse).toBe(1000 * (16 + 32));
    run();
  });
});
