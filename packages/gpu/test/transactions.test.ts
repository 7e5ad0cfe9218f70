// An evaluation that fails, wherever it does, changes nothing: training goes on with the same bits as if it had never been.
import {
  evaluate,
  matmul,
  portable,
  random,
  setBackend,
  tensor,
  Variable,
  type Tensor,
  type TypedArray,
} from '@thetagrad/core';
import { afterEach, describe, expect, test } from 'vitest';
import { reverse } from '../../../test/support/reverse.ts';
import { repetitions } from '../../../test/support/torture.ts';
import { DeviceBackend } from '../src/backend.ts';
import type { Device } from '../src/device/device.ts';
import { deviceOf, newDevice, plainDevice } from './devices.ts';
import { hasWebGpu, modes } from './modes.ts';

afterEach(() => setBackend(portable()));

const size = 4;

/** Variables, and how each is replaced in a step. */
interface Program {
  readonly variables: readonly Variable[];
  /** Assigns new values and returns a result. With `isBad`, one of the indices is out of range. */
  step(number: number, isBad: boolean): Tensor;
}

/** A random program over matrices. Each new value reads several old ones, so that order and overwriting matter. */
function createProgram(seed: number): Program {
  const stream = random.key(seed).stream();
  const variables = Array.from({ length: 2 + stream.integer(3) }, (_, i) => {
    const values = Float32Array.from({ length: size * size }, () => stream.uniform() - 0.5);
    return new Variable(tensor(values, { shape: [size, size] }), { name: `w${i}` });
  });
  const updates = variables.map((_, i) => ({
    kind: stream.integer(6),
    other: stream.integer(variables.length),
    isComputed: stream.integer(2) === 1,
    index: (i + stream.integer(size)) % size,
  }));
  const victim = stream.integer(variables.length);
  return {
    variables,
    step: (number, isBad) => {
      const olds = variables.map(({ value }) => value);
      const values = updates.map(({ kind, other, isComputed, index }, i) => {
        const [x, y] = [olds[i]!, olds[other]!];
        const labels = [index, (index + number) % size, isBad && i === victim ? size + 3 : 0, index];
        // Labels from the host, or computed by the device.
        const given = tensor(labels, { dtype: 'int32' });
        const rows = isComputed ? given.mul(1) : given;
        const gathered = y.take(rows);
        switch (kind) {
          case 0:
            return x.mul(0.9).add(gathered.mul(0.1));
          case 1:
            return matmul(x, gathered).add(x).mul(0.5);
          case 2:
            return x.scatterAdd(rows.reshape([size, 1]), gathered.mul(0.25), 0).sin();
          case 3:
            return gathered.cumsum(1).sub(x).tanh();
          case 4:
            return reverse(gathered.mul(0.5)).add(x).sin();
          default:
            return x.sub(gathered.mean(0)).add(y.max(1).expandDims(1)).sin();
        }
      });
      values.forEach((value, i) => variables[i]!.assign(value));
      return values.reduce((sum, value) => sum.add(value.sum()), tensor(0));
    },
  };
}

/** The operations of a device that can fail. */
const operations: readonly string[] = ['upload', 'begin', 'dispatch', 'checkIndices', 'end', 'read', 'readSync'];

/** Where a device fails. */
class Fault {
  #left = Infinity;
  #operations = operations;
  #isRefused = false;

  /** Fails at the operation with this number, counted from 1. */
  arm(place: number, names = operations): void {
    this.#left = place;
    this.#operations = names;
  }

  /** Refuses the next sequence, after it was submitted. */
  refuse(): void {
    this.#isRefused = true;
  }

  /** Whether it did not happen. */
  disarm(): boolean {
    const isLeft = this.#left > 0;
    this.#left = Infinity;
    return isLeft;
  }

  plant(device: Device): Device {
    return new Proxy(device, {
      get: (target, name) => {
        const value: unknown = Reflect.get(target, name, target);
        if (name === 'outcome' && this.#isRefused) {
          return () => {
            this.#isRefused = false;
            return Promise.resolve(new Error('refused'));
          };
        }
        if (typeof value !== 'function') return value;
        return (...parameters: unknown[]): unknown => {
          if (this.#operations.includes(name as string) && --this.#left === 0)
            throw new Error(`planted in ${String(name)}`);
          return Reflect.apply(value, target, parameters);
        };
      },
    });
  }
}

/** The stored values, read from the buffers: `value` may be one that was assigned. */
const storedValues = (variables: readonly Variable[]): Promise<TypedArray[]> =>
  Promise.all(variables.map(({ buffer }) => buffer!.read()));

/** Makes the stored values those that `value` returns, whatever was assigned. */
async function dropAssigned(variables: readonly Variable[]): Promise<void> {
  const stored = await storedValues(variables);
  variables.forEach((variable, i) => variable.assign(tensor(stored[i]!, { shape: variable.shape })));
}

/** The message of an evaluation's error, or 'none'. */
const messageOf = (evaluation: Promise<void>): Promise<string> =>
  evaluation.then(
    () => 'none',
    (error: Error) => error.message,
  );

async function evaluateExpecting(message: string, ...targets: unknown[]): Promise<void> {
  expect(await messageOf(evaluate(targets))).toBe(message);
}

/** The values of variables and the result after each step, if nothing fails. */
async function train(program: Program, steps: number): Promise<TypedArray[][]> {
  const history: TypedArray[][] = [];
  for (let number = 0; number < steps; number++) {
    const result = program.step(number, false);
    await evaluate(result, program.variables);
    history.push([...(await storedValues(program.variables)), await result.data()]);
  }
  return history;
}

describe.each(modes)('%s', (mode) => {
  const isSlow = mode !== 'cpu' && mode !== 'webasm';
  const seeds = isSlow ? [1, 4] : Array.from({ length: repetitions(12) }, (_, seed) => seed);
  const steps = isSlow ? 2 : 4;

  test('failures at each place of a step, and indices out of range', { timeout: repetitions(60_000) }, async () => {
    const fault = new Fault();
    const backend = new DeviceBackend(fault.plant(await newDevice(mode)), 'for a test');
    setBackend(backend);
    for (const seed of seeds) {
      const expected = await train(createProgram(seed), steps);
      const program = createProgram(seed);
      const { variables } = program;
      await evaluate(variables.map(({ value }) => value));
      for (let number = 0; number < steps; number++) {
        const before = await storedValues(variables);
        const expectUnchanged = async (): Promise<void> => expect(await storedValues(variables)).toEqual(before);
        await expect(evaluate(program.step(number, true), variables)).rejects.toThrow(/index 7 is out of range/);
        await expectUnchanged();
        await dropAssigned(variables);
        if (backend.isAsynchronous) {
          fault.refuse();
          await evaluateExpecting('refused', program.step(number, false), variables);
          await expectUnchanged();
          await dropAssigned(variables);
        }

        // The same tensors again, until the place lies behind the last operation.
        let result = program.step(number, false);
        let place = 1;
        for (let isOver = false; !isOver; place += isSlow ? 3 : 1) {
          fault.arm(place);
          const message = await messageOf(evaluate(result, variables));
          isOver = fault.disarm();
          expect(message).toMatch(isOver ? /^none$/ : /planted in/);
          if (isOver) continue;
          await expectUnchanged();
          // The error came after the evaluation had been submitted.
          if (result.buffer) {
            await dropAssigned(variables);
            result = program.step(number, false);
          }
        }
        expect(place).toBeGreaterThan(variables.length);
        expect([...(await storedValues(variables)), await result.data()]).toEqual(expected[number]);
      }
    }
  });
});

test.runIf(hasWebGpu)('webgpu: each buffer or kernel that the device refuses undoes all of the step', async () => {
  const device = await plainDevice();
  let left = Infinity;
  const isRefused = (): boolean => --left === 0;
  const createBuffer = device.createBuffer.bind(device);
  // Invalid, as if memory had run out.
  device.createBuffer = (descriptor) =>
    createBuffer(isRefused() ? { ...descriptor, size: 2 * device.limits.maxBufferSize } : descriptor);
  const createShaderModule = device.createShaderModule.bind(device);
  device.createShaderModule = (descriptor) =>
    createShaderModule(isRefused() ? { ...descriptor, code: 'nonsense' } : descriptor);
  const fault = new Fault();
  setBackend(new DeviceBackend(fault.plant(await deviceOf(device)), 'for a test'));
  const expected = (await train(createProgram(3), 1))[0]!;
  const program = createProgram(3);
  const { variables } = program;
  await evaluate(variables.map(({ value }) => value));
  const before = await storedValues(variables);
  // Large enough to stay on the device.
  const resident = tensor(new Float32Array(2000).fill(1));
  const expectUnchanged = async (): Promise<void> => {
    expect(await storedValues(variables)).toEqual(before);
    await dropAssigned(variables);
  };
  let results: Tensor[] = [];
  let failures = -1;
  for (let place = 1, isOver = false; !isOver; place += 2) {
    results = [program.step(0, false), resident.sum()];
    // Another error ends the sequence before the device has told that it refuses something: nothing of it may be used again.
    left = place;
    fault.arm(1, ['end']);
    await expect(evaluate(results, variables)).rejects.toThrow('planted in end');
    left = place;
    const message = await messageOf(evaluate(results, variables));
    isOver = left > 0;
    left = Infinity;
    expect(message).toMatch(
      isOver ? /^none$/ : /^gpu: the device (reports an error|is out of memory) in an evaluation/,
    );
    failures++;
    if (!isOver) await expectUnchanged();
  }
  expect(failures).toBeGreaterThan(3);
  expect([...(await storedValues(variables)), await results[0]!.data()]).toEqual(expected);
  expect(await results[1]!.item()).toBe(2000);
});

test.runIf(hasWebGpu)('webgpu: a kernel that is refused in a sequence that was dropped is compiled again', async () => {
  const device = await plainDevice();
  const createShaderModule = device.createShaderModule.bind(device);
  device.createShaderModule = (descriptor) => createShaderModule({ ...descriptor, code: 'nonsense' });
  const fault = new Fault();
  setBackend(new DeviceBackend(fault.plant(await deviceOf(device)), 'for a test'));
  const result = tensor([0, 0]).exp();
  fault.arm(1, ['end']);
  await expect(evaluate(result)).rejects.toThrow('planted in end');
  device.createShaderModule = createShaderModule;
  expect(await result.data()).toEqual(Float32Array.of(1, 1));
});
