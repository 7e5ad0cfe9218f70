// Transfers values between backends.
import {
  evaluate,
  evaluateSync,
  portable,
  setBackend,
  tensor,
  Variable,
  type Backend,
  type TypedArray,
} from '@thetagrad/core';
import { wasm } from '@thetagrad/wasm';
import { afterEach, describe, expect, test } from 'vitest';
import { backendOf, hasWebGpu, modes } from '../../packages/gpu/test/modes.ts';

const backends: readonly (readonly [string, () => Promise<Backend>])[] = [
  ['portable', async () => portable()],
  ['wasm', () => wasm()],
  ...modes.map((mode) => [mode, () => backendOf(mode)] as const),
];
const pairs = backends.flatMap(([from, openFrom]) =>
  backends.flatMap(([to, openTo]) => (from === to ? [] : [[from, to, openFrom, openTo] as const])),
);

afterEach(() => setBackend(portable()));

/** Reads several tensors. */
const readAll = (...tensors: { data(): Promise<TypedArray> }[]): Promise<TypedArray[]> =>
  Promise.all(tensors.map((x) => x.data()));

describe.each(pairs)('%s → %s', (_from, _to, openFrom, openTo) => {
  test('tensors and variables, evaluated or not, large or small, are transferred there and back', async () => {
    const [from, to] = [await openFrom(), await openTo()];
    setBackend(from);
    const large = tensor(new Float32Array(2000).fill(1)).mul(2);
    const flags = tensor([3, 0]).greater(1);
    const integers = tensor([5, 2 ** 30], { dtype: 'int32' }).add(1);
    const stored = new Variable(tensor([1, 2]).add(1));
    const assigned = new Variable(tensor([1, 1]));
    await evaluate(large, flags, integers, stored.value);
    assigned.assign(stored.value.mul(10));
    const initial = tensor([7, 8]).mul(1);
    await evaluate(initial);
    const fresh = new Variable(initial);

    setBackend(to);
    const sum = large.sum().add(stored.value).add(fresh.value);
    const next = flags.where(integers, 0);
    stored.assign(stored.value.add(fresh.value));
    await evaluate(sum, next, stored, assigned);
    expect(await readAll(sum, next, stored.value, assigned.value, fresh.value)).toEqual([
      Float32Array.of(4009, 4011),
      Int32Array.of(6, 0),
      Float32Array.of(9, 11),
      Float32Array.of(20, 30),
      Float32Array.of(7, 8),
    ]);

    setBackend(from);
    stored.assign(stored.value.add(sum));
    await evaluate(stored);
    expect(await readAll(stored.value, large.slice([[0, 1]]), next.add(integers))).toEqual([
      Float32Array.of(4018, 4022),
      Float32Array.of(2),
      Int32Array.of(12, 2 ** 30 + 1),
    ]);
  });

  test('values can be read without a transfer', async () => {
    setBackend(await openFrom());
    const x = tensor([1, 2]).add(1);
    await evaluate(x);
    setBackend(await openTo());
    expect(await x.data()).toEqual(Float32Array.of(2, 3));
  });
});

test('concurrent evaluations transfer a value once, and see assignments made meanwhile', async () => {
  setBackend(await backendOf('cpu'));
  const x = new Variable(tensor([1, 2]));
  const y = tensor([10, 20]).add(0);
  await evaluate(x.value, y);
  setBackend(portable());
  const sums = [x.value.add(y), x.value.sub(y)] as const;
  await Promise.all(sums.map((sum) => evaluate(sum)));
  expect(await readAll(...sums)).toEqual([Float32Array.of(11, 22), Float32Array.of(-9, -18)]);
  setBackend(await backendOf('cpu'));
  const reading = evaluate(x.value.mul(1), y.mul(1));
  x.assign(tensor([5, 6]));
  await Promise.all([reading, evaluate(x)]);
  expect(await x.value.data()).toEqual(Float32Array.of(5, 6));
});

test('a dtype that the other backend lacks is an error, and the value stays readable', async () => {
  setBackend(await wasm());
  const x = tensor([1, 2], { dtype: 'float64' }).add(1);
  await evaluate(x);
  setBackend(await backendOf('cpu'));
  await expect(evaluate(x.add(1))).rejects.toThrow('does not support float64');
  expect(await x.data()).toEqual(Float64Array.of(2, 3));
});

test.runIf(hasWebGpu)('synchronous transfers from a GPU are an error that says what to do', async () => {
  setBackend(await backendOf('webgpu'));
  const x = tensor([1, 2]).add(1);
  const v = new Variable(tensor([3, 4]));
  await evaluate(x, v.value);
  setBackend(portable());
  const message =
    `a value on the backend 'gpu webgpu' cannot be transferred to 'portable' synchronously; ` +
    'await evaluate(), data() or item() instead';
  const sum = x.add(v.value);
  expect(() => evaluateSync(sum)).toThrow(`evaluateSync: ${message}`);
  expect(() => sum.dataSync()).toThrow(`dataSync: ${message}`);
  expect(await sum.data()).toEqual(Float32Array.of(5, 7));
  expect(sum.dataSync()).toEqual(Float32Array.of(5, 7));
});
