// What disposing of a tensor means, on every backend.
import {
  evaluate,
  evaluateSync,
  grad,
  portable,
  setBackend,
  tensor,
  Variable,
  type Backend,
  type Tensor,
} from '@thetagrad/core';
import { snapshot } from '@thetagrad/core/backend';
import { gpu, type GpuMode } from '@thetagrad/gpu';
import { wasm } from '@thetagrad/wasm';
import { afterEach, beforeEach, describe, expect, inject, test } from 'vitest';

const modes: readonly GpuMode[] = inject('gpuModes');
const backends: readonly (readonly [name: string, open: () => Backend | Promise<Backend>])[] = [
  ['portable', portable],
  ['wasm', () => wasm({ threads: 1 })],
  ...modes.map((mode) => [`gpu ${mode}`, () => gpu({ mode })] as const),
];

const n = 5000;
const make = (): Tensor => tensor(new Float32Array(n).fill(3));
const first = async (x: Tensor): Promise<number | undefined> => (await x.data())[0];
const disposed = `the tensor float32[${n}] has been disposed of`;

describe.each(backends)('%s', (_name, open) => {
  let backend: Backend & { readonly bytesInUse?: number };

  beforeEach(async () => {
    setBackend((backend = await open()));
  });

  afterEach(() => {
    setBackend(portable());
  });

  test('what was computed from it stays valid, and its memory is used again', async () => {
    const x = make();
    const sums: Tensor[] = [];
    const inUse: (number | undefined)[] = [];
    for (let i = 0; i < 20; i++) {
      const y = x.mul(i).add(1);
      await evaluate(y);
      sums.push(y.max());
      await evaluate(sums[i]);
      y.dispose();
      inUse.push(backend.bytesInUse);
    }
    expect(await Promise.all(sums.map((sum) => sum.item()))).toEqual(sums.map((_, i) => 3 * i + 1));
    // Each step adds one small result, and whatever is in use for code.
    const [early = 0, late = 0] = [inUse[4], inUse[19]];
    expect(late - early).toBeLessThan(15 * 4 * n * 0.5);
  });

  test('a value read before stays the reader’s, and a read under way fails or succeeds', async () => {
    const y = make().add(1);
    const values = await y.data();
    const pending = y.data();
    y.dispose();
    await pending.then(
      (late) => expect(late).toEqual(values),
      (error: Error) => expect(error.message).toMatch(/has been disposed of/),
    );
    await evaluate(make().mul(7));
    expect(values).toEqual(new Float32Array(n).fill(4));
  });

  test('using it, or what was built on it, is an error, and evaluated results are not affected', async () => {
    const y = make().add(1);
    const [before, after] = [y.mul(2), y.mul(3)];
    await evaluate(before);
    y.dispose();
    expect(await first(before)).toBe(8);
    await expect(evaluate(after)).rejects.toThrow(`evaluate: ${disposed}`);
    await expect(evaluate(before, y)).rejects.toThrow(`evaluate: ${disposed}`);
    await expect(y.data()).rejects.toThrow(`data: ${disposed}`);
    expect(() => y.sin()).toThrow(`sin: ${disposed}`);
    expect(() => y.dispose()).toThrow(`dispose: ${disposed}`);
    expect(await first(before)).toBe(8);
  });

  test('variables and snapshots that share its memory keep it', async () => {
    const data = make();
    const computed = make().add(1);
    await evaluate(computed);
    const [v, w] = [new Variable(data), new Variable(computed)];
    data.dispose();
    computed.dispose();
    w.assign(w.value.add(1));
    await evaluate(w);
    expect(await first(v.value)).toBe(3);
    expect(await first(w.value)).toBe(5);
    if (backend.isAsynchronous) return;
    w.assign(w.value.add(1));
    const saved = snapshot('stateDict', { v, w });
    for (const x of Object.values(saved)) x.dispose();
    await evaluate(v, w);
    expect(await first(v.value)).toBe(3);
    expect(await first(w.value)).toBe(6);
  });

  test('a step that needs it fails and leaves no trace', async () => {
    const w = new Variable(make());
    const y = make().add(1);
    w.assign(w.value.add(y));
    y.dispose();
    await expect(evaluate(w)).rejects.toThrow(`evaluate: ${disposed}`);
    expect(await first(w.value)).toBe(3);
  });

  test('in the middle of an evaluation of something else', async () => {
    const [x, y] = [make(), make().add(1)];
    await evaluate(x, y);
    const z = x.mul(y);
    const evaluation = evaluate(z);
    y.dispose();
    await evaluation;
    await evaluate(x.sub(1));
    expect(await z.data()).toEqual(new Float32Array(n).fill(12));
  });

  test('after it moved to another backend', async () => {
    const y = make().add(1);
    await evaluate(y);
    setBackend(portable());
    expect(await first(y.mul(2))).toBe(8);
    y.dispose();
    expect(() => y.mul(2)).toThrow(disposed);
  });
});

test('a derivative through it is an error', () => {
  const f = (x: Tensor): Tensor => {
    const y = x.mul(x);
    const z = y.sum();
    y.dispose();
    return z;
  };
  expect(() => grad(f)(make())).toThrow(`grad: ${disposed}`);
});

test('evaluateSync at the end of a block that uses it', () => {
  const x = make();
  let total: Tensor;
  {
    using y = x.add(1);
    total = y.sum();
    evaluateSync(total);
  }
  expect(total.itemSync()).toBe(4 * n);
});
