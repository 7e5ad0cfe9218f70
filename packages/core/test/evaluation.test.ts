import { describe, expect, test } from 'vitest';
import {
  arange,
  evaluate,
  evaluateSync,
  full,
  getBackend,
  portable,
  setBackend,
  tensor,
  zeros,
  Variable,
  type Backend,
  type Tensor,
} from '../src/index.ts';
import { kernelsOf, plansOf, recorder, withBackend } from './backends.ts';
import { numbers } from './helpers.ts';

describe('laziness', () => {
  test('nothing is computed until a value is read', () => {
    const kernels = kernelsOf(() => {
      const x = tensor([1, 2])
        .add(1)
        .matmul(tensor([3, 4]));
      expect(x.buffer).toBeUndefined();
    });
    expect(kernels).toEqual([]);
  });

  test('movements need no kernels', () => {
    const x = arange(6).astype('float32');
    evaluateSync(x);
    expect(
      kernelsOf(() =>
        x
          .reshape([2, 3])
          .transpose()
          .flip(0)
          .slice([[0, 2]])
          .add(1)
          .dataSync(),
      ),
    ).toEqual(['add']);
    expect(
      kernelsOf(() =>
        zeros([3, 4])
          .add(full([3, 4], 2))
          .dataSync(),
      ),
    ).toEqual(['add']);
  });

  test('only what is needed is computed', () => {
    const x = tensor([1, 2]).exp();
    const y = x.neg();
    x.sin();
    expect(kernelsOf(() => evaluateSync(y))).toEqual(['exp → neg']);
  });
});

describe('evaluate', () => {
  test('computes common subexpressions once', () => {
    const x = tensor([1, 2]).exp();
    const results = { sum: x.add(1), list: [x.neg(), { deep: x.add(1).neg() }] };
    expect(kernelsOf(() => evaluateSync(results)).filter((name) => name === 'exp')).toEqual(['exp']);
    expect(kernelsOf(() => evaluateSync(results))).toEqual([]);
  });

  test('values are kept and the graph behind them is freed', () => {
    const x = tensor([1, 2]).exp();
    const y = x.neg();
    evaluateSync(y);
    expect(y.inputs).toEqual([]);
    expect(kernelsOf(() => numbers(y))).toEqual([]);
    // x was an intermediate, whose value was not kept.
    expect(x.buffer).toBeUndefined();
    expect(kernelsOf(() => numbers(x))).toEqual(['exp']);
  });

  test('results are independent of the order of the arguments', () => {
    const build = (): Tensor[] => {
      const x = arange(4).astype('float32');
      const y = x.mul(2);
      return [y.sum(), x, y, y.reshape([2, 2]).transpose(), y.add(1), x.slice([1]), y];
    };
    const expected = build().map((result) => result.toArraySync());
    const forward = build();
    evaluateSync(forward);
    const backward = build();
    evaluateSync(...backward.toReversed());
    for (const list of [forward, backward]) expect(list.map((result) => result.toArraySync())).toEqual(expected);
  });

  test('results do not share memory', () => {
    const x = tensor([1, 2, 3, 4]);
    const [a, b] = [x.reshape([2, 2]), x.slice([[0, 2]])];
    evaluateSync(a, b, x);
    a.dataSync().fill(0);
    expect([numbers(a), numbers(b), numbers(x)]).toEqual([
      [1, 2, 3, 4],
      [1, 2],
      [1, 2, 3, 4],
    ]);
  });

  test('a tensor that is given twice', () => {
    const x = tensor([1]).add(1);
    expect(kernelsOf(() => evaluateSync(x, x, [x]))).toEqual(['add']);
    expect(numbers(x)).toEqual([2]);
  });

  test('scalars, filled tensors and views as results', () => {
    expect(full([], 3).itemSync()).toBe(3);
    expect(numbers(full([2, 2], 3))).toEqual([3, 3, 3, 3]);
    expect(numbers(arange(3).flip())).toEqual([2, 1, 0]);
    expect(numbers(tensor([7]).broadcastTo([2, 2]).transpose())).toEqual([7, 7, 7, 7]);
    expect(numbers(zeros([0, 3]).transpose())).toEqual([]);
  });

  test('the asynchronous readers', async () => {
    const x = arange(4).reshape([2, 2]);
    await evaluate({ x });
    expect(await x.data()).toEqual(Int32Array.of(0, 1, 2, 3));
    expect(await x.toArray()).toEqual([
      [0, 1],
      [2, 3],
    ]);
    expect(await x.sum().item()).toBe(6);
    await expect(x.item()).rejects.toThrow(
      'item: expected a tensor of one element, got 4 of shape [2, 2]; use data() or toArray()',
    );
    expect(() => zeros([0]).itemSync()).toThrow('itemSync: expected a tensor of one element, got 0 of shape [0]');
  });

  test.each([undefined, null, 3, 'loss', () => 0])('%s is an error', (value) => {
    expect(() => evaluateSync(value)).toThrow(
      'evaluateSync: expected tensors, variables, modules, or arrays and objects of them, got',
    );
  });

  test('objects of other classes are an error, settings next to tensors are not', () => {
    expect(() => evaluateSync(Promise.resolve(1))).toThrow(
      'evaluateSync: expected tensors, variables, modules, or arrays and objects of them, got a Promise (functions must be ',
    );
    const x = tensor([1]).add(1);
    evaluateSync({ x, rate: 0.1, name: 'adam', none: undefined });
    expect(x.buffer).toBeDefined();
  });

  test('an error in a kernel leaves tensors and variables unchanged', () => {
    const v = new Variable(tensor([1, 2]));
    const w = v.value.add(1);
    v.assign(w);
    const bad = tensor([1]).take(tensor([5], { dtype: 'int32' }));
    expect(() => evaluateSync(v, bad)).toThrow(/index 5 is out of range/);
    expect(bad.buffer).toBeUndefined();
    evaluateSync(v);
    expect(numbers(v.value)).toEqual([2, 3]);
  });
});

describe('plans', () => {
  const step = (values: readonly number[], rate: number, outputs: 'one' | 'two' = 'one'): void => {
    const x = tensor(values);
    const y = x.mul(rate).add(x.exp());
    evaluateSync(...(outputs === 'one' ? [y] : [y, x.neg()]));
  };

  test('equal structure with other data and numbers runs the same plan', () => {
    const plans = plansOf(() => {
      step([1, 2], 0.1);
      step([3, 4], 0.2);
      step([5, 6], 7);
    });
    expect(plans.length).toBe(3);
    expect(new Set(plans).size).toBe(1);
  });

  test('the results are those of the new data', () => {
    const f = (x: number, k: number): number => tensor([x]).mul(k).sub(1).itemSync();
    expect([f(2, 3), f(5, 7), f(-1, 0.5)]).toEqual([5, 34, -1.5]);
  });

  test.each([
    ['shape', () => step([1, 2, 3], 0.1)],
    ['set of results', () => step([1, 2], 0.1, 'two')],
    ['dtype', () => tensor([1, 2], { dtype: 'float64' }).mul(0.1).dataSync()],
    [
      'an axis',
      () =>
        tensor([[1, 2]])
          .mul(0.1)
          .sum(0)
          .dataSync(),
    ],
    ['operation', () => tensor([1, 2]).div(0.1).dataSync()],
  ])('another plan for another %s', (_, other) => {
    const plans = plansOf(() => {
      step([1, 2], 0.1);
      tensor([1, 2]).mul(0.1).dataSync();
      tensor([[1, 2]])
        .mul(0.1)
        .sum(1)
        .dataSync();
      other();
    });
    expect(new Set(plans).size).toBe(4);
  });

  test('the order of inputs belongs to the structure', () => {
    const [a, b] = [tensor([5]), tensor([3])];
    expect([a.sub(b).itemSync(), b.sub(a).itemSync(), a.sub(a).itemSync()]).toEqual([2, -2, 0]);
    const both = (swap: boolean): number[] => {
      const [x, y] = [a.neg(), b.exp()];
      evaluateSync(swap ? [y, x] : [x, y]);
      return [x.itemSync(), Math.round(y.itemSync())];
    };
    expect([both(false), both(true)]).toEqual([
      [-5, 20],
      [-5, 20],
    ]);
  });

  test('constants in attributes', () => {
    const padded = (value: number): number[] => numbers(tensor([1]).pad([[1, 0]], value));
    expect([padded(0), padded(-0), padded(2)]).toEqual([
      [0, 1],
      [-0, 1],
      [2, 1],
    ]);
  });

  test('a training step reuses its plan', () => {
    const v = new Variable(tensor([1, 2]));
    evaluateSync(v.value.neg());
    const plans = plansOf(() => {
      for (let i = 0; i < 5; i++) {
        v.assign(v.value.sub(v.value.mul(0.1 * i)));
        evaluateSync(v);
      }
    });
    expect([plans.length, new Set(plans).size]).toEqual([5, 1]);
  });

  test('what an initial value is computed from may be read together with the variable', () => {
    const x = tensor([1, 2]).mul(3);
    const v = new Variable(x);
    expect(numbers(x.add(v.value))).toEqual([6, 12]);
  });

  test('the cache drops old plans, and results stay correct', () => {
    for (let round = 0; round < 2; round++) {
      for (let n = 1; n <= 150; n++) expect(arange(n).sum().itemSync()).toBe((n * (n - 1)) / 2);
    }
  });
});

describe('backends', () => {
  test('setBackend sets the current one', () => {
    const before = getBackend();
    const other = recorder();
    withBackend(other, () => expect(getBackend()).toBe(other));
    expect(getBackend()).toBe(before);
    withBackend(portable(), () => expect(getBackend()).toBe(portable()));
  });

  test('values are transferred to the backend that needs them', () => {
    const x = tensor([1, 2]).add(1);
    const v = new Variable(tensor([1, 2]));
    evaluateSync(x, v.value);
    withBackend(recorder(), () => {
      v.assign(v.value.add(x));
      evaluateSync(v);
    });
    expect(numbers(v.value.add(x))).toEqual([5, 8]);
  });

  test('an unsupported dtype is an error', () => {
    const narrow: Backend = { ...recorder(), name: 'narrow', dtypes: ['float32', 'int32', 'bool'] };
    withBackend(narrow, () => {
      const x = tensor([1], { dtype: 'float64' }).exp();
      const message = "the backend 'narrow' does not support float64";
      expect(() => x.dataSync()).toThrow(`dataSync: ${message}`);
      expect(() => x.itemSync()).toThrow(`itemSync: ${message}`);
      expect(() => x.toArraySync()).toThrow(`toArraySync: ${message}`);
      expect(() => x.toString()).toThrow(`toString: ${message}`);
      expect(() => evaluateSync(x)).toThrow(`evaluateSync: ${message}`);
    });
  });

  test('setBackend refuses what is not a backend', () => {
    expect(() => setBackend('wasm' as unknown as Backend)).toThrow('setBackend: expected a backend such as portable()');
    expect(() => setBackend(undefined as unknown as Backend)).toThrow('setBackend: expected a backend');
  });
});
