// Kernels without code for the device: routines of other packages, and operations that only a JavaScript function defines.
import {
  compile,
  evaluate,
  evaluateSync,
  explain,
  grad,
  jvp,
  portable,
  profile,
  setBackend,
  tensor,
  Variable,
  type Tensor,
} from '@thetagrad/core';
import { scan } from '@thetagrad/func';
import { afterEach, describe, expect, test } from 'vitest';
import { valuesOn } from '../../../test/support/backends.ts';
import { cubeRoot, reverse } from '../../../test/support/reverse.ts';
import { DeviceBackend } from '../src/backend.ts';
import { newDevice } from './devices.ts';
import { backendOf, expectSame, hasWebGpu, modes } from './modes.ts';

afterEach(() => setBackend(portable()));

const ramp = (shape: readonly number[], dtype: 'float32' | 'int32' = 'float32'): Tensor => {
  const size = shape.reduce((product, length) => product * length, 1);
  return tensor(
    Array.from({ length: size }, (_, i) => i - 3),
    { shape, dtype },
  );
};
/** Large enough to stay on the device. */
const large = (): Tensor => ramp([40, 50]);

const graphs: Readonly<Record<string, () => readonly Tensor[]>> = {
  'a routine of values on the host': () => [reverse(tensor([1, 2, 3]))],
  'a routine between kernels of the device': () => [reverse(large().mul(2), 0).cumsum(1).sum(1)],
  'a routine with an epilogue, of strided inputs': () => [
    reverse(
      large()
        .add(1)
        .transpose()
        .slice([[0, 20]]),
      0,
    )
      .mul(3)
      .add(tensor([...new Array(40).keys()])),
  ],
  'routines one after another, whose results are read again': () => {
    const x = reverse(ramp([4, 5]).neg());
    const y = reverse(x, 0);
    return [reverse(y), x.add(y), y, x.matmul(y.transpose())];
  },
  'int32 and bool': () => {
    const x = ramp([7], 'int32');
    return [reverse(x.mul(70_000)), reverse(x.greater(0)), reverse(x).argmax()];
  },
  'a routine of a slice': () => {
    const x = large();
    return [reverse(x.slice([3])), reverse(x.slice([5]).add(1))];
  },
  'empty and single elements': () => [reverse(ramp([0, 3]).mul(1)), reverse(ramp([3, 0]), 0), reverse(ramp([1]))],
  'indices that a routine computes': () => [
    ramp([3, 4]).take(reverse(tensor([0, 1, 2], { dtype: 'int32' })), 1),
    reverse(ramp([4]).take(tensor([1, 2], { dtype: 'int32' }).mul(1))),
  ],
  'a loop between kernels of the device': () => [
    scan((sum: Tensor, row: Tensor) => [sum.mul(2).sub(row), null], large().sum(0), large())[0].add(1),
  ],
  'a function of JavaScript in a map': () => [cubeRoot(large().abs().add(1)).mul(0), cubeRoot(tensor([8, 27, 64]))],
  'a function of JavaScript in a reduction': () => [cubeRoot(tensor([8, 27, 64]).mul(1)).sum()],
  'a function of JavaScript in an epilogue': () => {
    const x = tensor([
      [1, 2],
      [3, 4],
    ]);
    return [cubeRoot(x.matmul(x).mul(8)), cubeRoot(reverse(x).mul(x).add(5).cumsum(0))];
  },
};

describe.each(modes)('%s', (mode) => {
  test.each(Object.entries(graphs))('%s', async (_, build) => {
    // Twice, since the second run finds values on the device.
    const shared = build();
    await expectSame(mode, () => shared.map((x) => x.add(0)));
    await expectSame(mode, build);
  });

  test('derivatives', () =>
    expectSame(
      mode,
      () => {
        const f = (x: Tensor): Tensor => reverse(x.mul(x)).mul(cubeRoot(x)).sum();
        const x = tensor([1, 8, 27]);
        return [grad(f)(x), jvp(f, [x], [tensor([1, -1, 2])]).tangent, grad((y: Tensor) => grad(f)(y).sum())(x)];
      },
      (actual, expected) => Math.abs(actual - expected) <= 1e-6 * Math.abs(expected),
    ));

  test('explain says what runs on the host', async () => {
    setBackend(await backendOf(mode));
    const x = ramp([2, 2]);
    const { kernels } = explain(cubeRoot(reverse(x.mul(2)).matmul(x)), cubeRoot(x));
    expect(kernels.map(({ name, onHost = false, source }) => [name, onHost, source !== undefined])).toEqual([
      ['cubeRoot', true, false],
      ['mul', false, true],
      ['test.reverse', true, false],
      ['matmul → cubeRoot', true, true],
    ]);
    const [last] = scan((sum: Tensor, row: Tensor) => [sum.add(row), null], tensor([0, 0]), x);
    expect(explain(last).toString()).toMatch(/func\.scan of 2 steps \(add\) \(.*, on the host\)/);
  });

  test('profile times what runs on the host', async () => {
    setBackend(await backendOf(mode));
    const { kernels } = await profile(() => evaluate(reverse(large().mul(2)).add(1), large().sum()));
    expect(new Set(kernels.map(({ name, runs }) => `${name} ${runs}`))).toEqual(
      new Set(['mul 1', 'sum 1', 'test.reverse → add 1']),
    );
    expect(kernels.find(({ name }) => name === 'test.reverse → add')!.milliseconds).toBeGreaterThan(0);
  });

  test('an error of a routine is that of the evaluation, which changes nothing', async () => {
    const backend = new DeviceBackend(await newDevice(mode), 'for a test');
    setBackend(backend);
    const [v, w] = [new Variable(tensor([1, 2])), new Variable(tensor([3, 4]))];
    const step = (bad: number): Tensor => {
      const [oldV, oldW] = [v.value, w.value];
      v.assign(reverse(oldV.add(oldW)));
      w.assign(reverse(oldW.div(bad).mul(bad)));
      return v.value.sum();
    };
    for (const expected of [10, 17]) {
      const sum = step(1);
      await evaluate(sum, v, w);
      expect(await sum.item()).toBe(expected);
    }
    const message = 'reverse: element 0 is NaN; replace it first';
    for (let i = 0; i < 3; i++) {
      const sum = step(0);
      const inUse = backend.bytesInUse;
      await expect(evaluate(sum, v, w)).rejects.toThrow(message);
      expect(backend.bytesInUse).toBe(inUse);
      expect(await v.value.data()).toEqual(Float32Array.of(7, 10));
      expect(await w.value.data()).toEqual(Float32Array.of(3, 4));
    }
    await expect(reverse(tensor([0]).div(0)).data()).rejects.toThrow(message);
    const sum = step(1);
    await evaluate(sum, v, w);
    expect([await sum.item(), [...(await v.value.data())], [...(await w.value.data())]]).toEqual([
      24,
      [14, 10],
      [4, 3],
    ]);
  });

  test('a compiled step', async () => {
    setBackend(await backendOf(mode));
    const w = new Variable(tensor([1, 2, 3]));
    const step = compile((x: Tensor) => {
      w.assign(reverse(w.value.add(x)));
      return cubeRoot(w.value.sum());
    });
    const results: number[] = [];
    for (const x of [0, 1, 2, 3]) results.push(await (await step(tensor([x, 0, 0]))).item());
    expect(results.map((result) => Math.round(result ** 3))).toEqual([6, 7, 9, 12]);
    expect([...(await w.value.data())]).toEqual([3, 2, 7]);
    await expect(step(tensor([NaN, 0, 0]))).rejects.toThrow('reverse: element 2 is NaN');
    expect([...(await w.value.data())]).toEqual([3, 2, 7]);
    expect(Math.round((await (await step(tensor([0, 0, 0]))).item()) ** 3)).toBe(12);
  });
});

describe.runIf(hasWebGpu)('webgpu, without waiting', () => {
  test('later evaluations use results that are not there yet', async () => {
    setBackend(await backendOf('webgpu'));
    const v = new Variable(tensor([1, 2]));
    const x = reverse(large().mul(1));
    evaluateSync(x);
    const results: Tensor[] = [];
    for (let i = 0; i < 5; i++) {
      v.assign(reverse(v.value.add(1)));
      results.push(v.value.mul(1));
      evaluateSync(v, results.at(-1));
      results.push(v.value.mul(10));
      evaluateSync(results.at(-1));
    }
    expect(() => x.dataSync()).toThrow(`only with 'await': use data()`);
    expect(() => v.value.dataSync()).toThrow(`only with 'await': use data()`);
    const values = await Promise.all(results.map((result) => result.data()));
    expect(values.map((array) => [...array])).toEqual([
      [3, 2],
      [30, 20],
      [3, 4],
      [30, 40],
      [5, 4],
      [50, 40],
      [5, 6],
      [50, 60],
      [7, 6],
      [70, 60],
    ]);
    expect((await x.data()).subarray(0, 2)).toEqual(Float32Array.of(46, 45));
    expect(v.value.mul(1).shape).toEqual([2]);
  });

  test('small results of the host stay there until the device needs them', async () => {
    const backend = new DeviceBackend(await newDevice('webgpu'), 'for a test');
    setBackend(backend);
    const [x, y] = [reverse(tensor([1, 2, 3])), reverse(large())];
    await evaluate(x);
    expect([backend.bytesInUse, ...x.dataSync()]).toEqual([0, 3, 2, 1]);
    await evaluate(y);
    expect(backend.bytesInUse).toBeGreaterThanOrEqual(4 * y.size);
    expect(() => y.dataSync()).toThrow(`only with 'await': use data()`);
    expect(await x.add(reverse(x)).data()).toEqual(Float32Array.of(4, 4, 4));
  });

  test('values may be disposed of while they are needed or computed', async () => {
    const backend = new DeviceBackend(await newDevice('webgpu'), 'for a test');
    setBackend(backend);
    const [x, source] = [large(), large()];
    const y = source.add(1);
    await evaluate(y);
    const z = reverse(x.mul(y));
    const dropped = reverse(y.mul(2));
    evaluateSync(z);
    evaluateSync(dropped);
    const next = z.add(y);
    evaluateSync(next);
    for (const value of [x, y, z, dropped]) value.dispose();
    const [expected] = await valuesOn(portable(), () => {
      const [a, b] = [large(), large().add(1)];
      return [reverse(a.mul(b)).add(b)];
    });
    expect(await next.data()).toEqual(expected);
    for (const value of [source, next]) value.dispose();
    expect(backend.bytesInUse).toBe(0);
  });

  test('an error is that of its evaluation, and of those that depend on it, if they are awaited', async () => {
    setBackend(await backendOf('webgpu'));
    const [v, w, u] = [1, 2, 3].map((value) => new Variable(tensor([value, 10 * value]))) as [
      Variable,
      Variable,
      Variable,
    ];
    for (let i = 0; i < 2; i++) {
      for (const variable of [v, w, u]) variable.assign(variable.value.mul(1));
      await evaluate(v, w, u);
    }
    const message = 'reverse: element 0 is NaN';
    const evaluations: Promise<unknown>[] = [];
    v.assign(reverse(v.value.div(0).sub(Infinity)));
    evaluations.push(evaluate(v));
    w.assign(w.value.add(1));
    const sum = w.value.sum();
    evaluations.push(evaluate(w, sum));
    u.assign(u.value.add(v.value));
    const product = reverse(u.value).prod();
    evaluations.push(evaluate(u, product), reverse(tensor([1, 2])).data());
    const settled = await Promise.allSettled(evaluations);
    expect(settled.map(({ status }) => status)).toEqual(['rejected', 'fulfilled', 'rejected', 'fulfilled']);
    for (const i of [0, 2]) await expect(evaluations[i]).rejects.toThrow(message);
    const values = await Promise.all([v, w, u].map(({ value }) => value.data()));
    expect(values.map((array) => [...array])).toEqual([
      [1, 10],
      [3, 21],
      [3, 30],
    ]);
    expect(await sum.item()).toBe(24);
    await expect(product.data()).rejects.toThrow(message);
    u.assign(u.value.add(v.value));
    await evaluate(u);
    expect([...(await u.value.data())]).toEqual([4, 40]);
  });

  test('an error rolls back all later evaluations, and is thrown once, after evaluateSync', async () => {
    setBackend(await backendOf('webgpu'));
    const [v, w] = [new Variable(tensor([1, 2])), new Variable(tensor([3, 4]))];
    for (let i = 0; i < 2; i++) {
      v.assign(v.value.mul(1));
      w.assign(w.value.mul(1));
      await evaluate(v, w);
    }
    v.assign(reverse(v.value.div(0).sub(Infinity)));
    evaluateSync(v);
    w.assign(w.value.add(v.value));
    const sum = w.value.sum();
    evaluateSync(w, sum);
    await expect(tensor([1]).add(1).data()).rejects.toThrow('reverse: element 0 is NaN');
    expect([...(await v.value.data()), ...(await w.value.data())]).toEqual([1, 2, 3, 4]);
    await expect(sum.data()).rejects.toThrow('reverse: element 0 is NaN');
    v.assign(reverse(v.value));
    await evaluate(v);
    expect([...(await v.value.data())]).toEqual([2, 1]);
  });
});
