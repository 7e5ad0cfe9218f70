import { describe, expect, test } from 'vitest';
import {
  evaluate,
  evaluateSync,
  grad,
  namedVariables,
  tensor,
  valueAndGrad,
  Variable,
  zeros,
  type Tensor,
  type VariableHolder,
  type VariableTree,
} from '../src/index.ts';
import { numbers } from './helpers.ts';

const variable = (...values: number[]): Variable => new Variable(tensor(values, { dtype: 'float64' }), { name: 'v' });

describe('value and assign', () => {
  test('starts with the initial tensor', () => {
    const v = new Variable(tensor([1, 2]).add(1));
    expect([v.shape, v.dtype, v.name, v.trainable]).toEqual([[2], 'float32', 'variable', true]);
    expect(numbers(v.value)).toEqual([2, 3]);
    expect(v.pending).toBeUndefined();
    expect(String(v)).toBe("Variable 'variable' tensor([2, 3])");
  });

  test('returns the assigned value before and after it is stored', () => {
    const v = variable(1, 2);
    v.assign(v.value.add(10));
    expect(numbers(v.value)).toEqual([11, 12]);
    evaluateSync(v);
    expect(v.pending).toBeUndefined();
    expect(numbers(v.value)).toEqual([11, 12]);
  });

  test('can be assigned before it is first read', () => {
    const v = variable(1, 2);
    v.assign(tensor([5, 6], { dtype: 'float64' }));
    evaluateSync(v);
    expect(numbers(v.value)).toEqual([5, 6]);
  });

  test('the last of several assignments counts', () => {
    const v = variable(1);
    v.assign(v.value.mul(2));
    v.assign(v.value.add(1));
    v.assign(v.value.mul(5));
    evaluateSync(v);
    expect(numbers(v.value)).toEqual([15]);
  });

  test('assigning its current value has no effect', () => {
    const v = variable(1);
    v.assign(v.value);
    expect(v.pending).toBeUndefined();
  });

  test('is written in its own buffer: initial and assigned tensors do not change', () => {
    const initial = tensor([1, 2]);
    const next = tensor([7, 8]);
    const [v, w] = [new Variable(initial), new Variable(initial)];
    evaluateSync(v.value, w.value);
    v.assign(v.value.add(1));
    evaluateSync(v);
    expect([initial, v.value, w.value].map(numbers)).toEqual([
      [1, 2],
      [2, 3],
      [1, 2],
    ]);
    v.assign(next);
    evaluateSync(v);
    v.assign(v.value.neg());
    evaluateSync(v);
    expect([next, v.value].map(numbers)).toEqual([
      [7, 8],
      [-7, -8],
    ]);
  });

  test('is stored in place', () => {
    const v = variable(1);
    const step = (): void => {
      v.assign(v.value.add(1));
      evaluateSync(v);
    };
    // The first write leaves the initial value, which is a tensor's.
    step();
    const { buffer } = v;
    step();
    expect(v.buffer).toBe(buffer);
  });

  test('is stored in place from the first write on where the initial value was computed for the variable alone', () => {
    const initial = tensor([1, 2]).mul(3);
    const [v, w] = [new Variable(initial), new Variable(initial)];
    evaluateSync(v.value.neg(), w.value.neg());
    const { buffer } = v;
    expect(w.buffer).not.toBe(buffer);
    v.assign(v.value.add(1));
    evaluateSync(v);
    expect(v.buffer).toBe(buffer);
    expect([initial, v.value, w.value].map(numbers)).toEqual([
      [3, 6],
      [4, 7],
      [3, 6],
    ]);
  });

  test('an evaluated value does not change', () => {
    const v = variable(1);
    const before = v.value;
    evaluateSync(before);
    v.assign(v.value.add(1));
    evaluateSync(v);
    expect([before, v.value].map(numbers)).toEqual([[1], [2]]);
  });
});

describe('in one plan', () => {
  test('reads see the old value', () => {
    const v = variable(1, 2);
    const read = v.value.mul(10);
    const raw = v.value;
    v.assign(v.value.add(1));
    evaluateSync(v, read, raw);
    expect([read, raw, v.value].map(numbers)).toEqual([
      [10, 20],
      [1, 2],
      [2, 3],
    ]);
  });

  test('two variables can be swapped', () => {
    const [a, b] = [variable(1), variable(2)];
    const [old, other] = [a.value, b.value];
    a.assign(other);
    b.assign(old);
    evaluateSync(a, b);
    expect([numbers(a.value), numbers(b.value)]).toEqual([[2], [1]]);
  });

  test('three can be rotated, through views', () => {
    const cells = [1, 2, 3].map(
      (n) =>
        new Variable(
          tensor([
            [n, n + 10],
            [n + 20, n + 30],
          ]),
        ),
    );
    const values = cells.map(({ value }) => value.transpose());
    cells.forEach((cell, i) => cell.assign(values[(i + 1) % 3]!));
    evaluateSync(cells);
    expect(cells.map(({ value }) => numbers(value))).toEqual([
      [2, 22, 12, 32],
      [3, 23, 13, 33],
      [1, 21, 11, 31],
    ]);
  });

  test('one tensor assigned to several variables, and as a result', () => {
    const [a, b] = [variable(1), variable(2)];
    const sum = a.value.add(b.value);
    a.assign(sum);
    b.assign(sum);
    evaluateSync(a, b, sum);
    expect([a.value, b.value, sum].map(numbers)).toEqual([[3], [3], [3]]);
  });

  test('holders are found in arrays and objects', async () => {
    const v = variable(1);
    const model: VariableHolder = { variables: () => ({ v }) };
    v.assign(v.value.add(1));
    await evaluate([{ model }]);
    expect(v.pending).toBeUndefined();
  });
});

describe('values that have been overwritten', () => {
  test('a tensor built from an older value is an error that names the variable', () => {
    const v = new Variable(tensor([1]), { name: 'encoder.weight' });
    const late = v.value.mul(2);
    v.assign(v.value.add(1));
    evaluateSync(v);
    expect(() => late.dataSync()).toThrow(
      "dataSync: a tensor was built from an older value of variable 'encoder.weight', which has been written since; " +
        'evaluate the tensor together with the variable, or build it again',
    );
    expect(numbers(v.value)).toEqual([2]);
  });

  test('also through variables whose initial value is computed from others, until one is assigned', () => {
    const v = variable(1);
    const copy = new Variable(v.value.mul(1), { name: 'copy' });
    v.assign(v.value.add(1));
    evaluateSync(v);
    expect(() => copy.value.dataSync()).toThrow(/older value of variable 'v'/);
    copy.assign(tensor([5], { dtype: 'float64' }));
    evaluateSync(copy);
    expect(numbers(copy.value)).toEqual([5]);
  });

  test('a variable that begins with the value of another keeps it', () => {
    const v = variable(1);
    const beforeUse = new Variable(v.value);
    const increment = (): void => {
      v.assign(v.value.add(1));
      evaluateSync(v);
    };
    increment();
    const afterUse = new Variable(v.value);
    increment();
    afterUse.assign(afterUse.value.mul(10));
    evaluateSync(afterUse);
    expect([v, beforeUse, afterUse].map(({ value }) => numbers(value))).toEqual([[3], [1], [20]]);
  });
});

test.each([
  [
    () => variable(1).assign(tensor([1], { dtype: 'float32' })),
    "assign: variable 'v' expects float64 [1], got float32 [1]",
  ],
  [
    () => variable(1).assign(zeros([2], { dtype: 'float64' })),
    "assign: variable 'v' expects float64 [1], got float64 [2]",
  ],
  [() => variable(1).assign(3 as unknown as Tensor), "assign: the new value of variable 'v' must be a tensor, got 3"],
  [() => new Variable([1] as unknown as Tensor), 'Variable: the initial value must be a tensor'],
])('error %#', (make, message) => expect(make).toThrow(message));

describe('namedVariables', () => {
  const [a, b, c] = [variable(1), variable(2), variable(3)];
  const holder: VariableHolder = { variables: () => ({ weight: a, bias: b }) };

  test('paths are joined with dots', () => {
    expect(namedVariables(a)).toEqual({ v: a });
    expect(namedVariables(holder)).toEqual({ weight: a, bias: b });
    expect(namedVariables({ layers: [holder, { extra: c }] })).toEqual({
      'layers.0.weight': a,
      'layers.0.bias': b,
      'layers.1.extra': c,
    });
  });

  test('shared variables are listed under their first path', () => {
    expect(namedVariables({ first: holder, second: holder, third: c })).toEqual({
      'first.weight': a,
      'first.bias': b,
      third: c,
    });
  });

  test('instances of classes are trees, also those that refer to each other', async () => {
    class Node {
      readonly weight = variable(2);
      next?: Node;
    }
    const [first, second] = [new Node(), new Node()];
    first.next = second;
    second.next = first;
    expect(namedVariables(first)).toEqual({ weight: first.weight, 'next.weight': second.weight });
    const { value, grads } = valueAndGrad(first, () => first.weight.value.mul(second.weight.value.square()).sum())();
    second.weight.assign(second.weight.value.sub(grads['next.weight']!));
    await evaluate(value, first);
    expect([value.itemSync(), second.weight.pending, second.weight.value.toArraySync()]).toEqual([8, undefined, [-6]]);
    expect(() =>
      namedVariables(
        new (class {
          readonly lr = 3;
        })() as unknown as VariableTree,
      ),
    ).toThrow('namedVariables: expected variables, modules, or arrays and objects of them, got 3 at lr');
  });

  test('errors', () => {
    expect(() => namedVariables({ x: 3 } as unknown as VariableTree)).toThrow(
      'namedVariables: expected variables, modules, or arrays and objects of them, got 3',
    );
    expect(() => namedVariables([tensor([1])] as unknown as VariableTree)).toThrow(/got Tensor/);
    expect(() => namedVariables({ 'x.y': a, x: { y: b } })).toThrow("namedVariables: duplicate variable name 'x.y'");
  });
});

describe('training', () => {
  /** f(w, b) = mean((w·x + b − y)²) for points near a line, in plain arithmetic. */
  const xs = [-1, -0.5, 0.25, 1, 2];
  const ys = xs.map((x) => 3 * x - 0.5);

  test('200 steps of momentum agree with plain arithmetic', () => {
    let [w, b, mw, mb] = [0, 0, 0, 0];
    const weight = variable(0);
    const bias = variable(0);
    const moments = { weight: variable(0), bias: variable(0) };
    const x = tensor(xs, { dtype: 'float64' });
    const y = tensor(ys, { dtype: 'float64' });
    const step = valueAndGrad({ weight, bias }, () => x.mul(weight.value).add(bias.value).sub(y).square().mean());
    for (let i = 0; i < 200; i++) {
      const rate = 0.1 / (1 + i / 50);
      const residuals = xs.map((value, k) => w * value + b - ys[k]!);
      const loss = residuals.reduce((sum, r) => sum + r * r, 0) / xs.length;
      const gw = (2 * residuals.reduce((sum, r, k) => sum + r * xs[k]!, 0)) / xs.length;
      const gb = (2 * residuals.reduce((sum, r) => sum + r, 0)) / xs.length;
      [mw, mb] = [0.8 * mw + gw, 0.8 * mb + gb];
      [w, b] = [w - rate * mw, b - rate * mb];

      const { value, grads } = step();
      for (const [name, cell] of Object.entries({ weight, bias })) {
        const moment = moments[name as 'weight' | 'bias'];
        moment.assign(moment.value.mul(0.8).add(grads[name]!));
        cell.assign(cell.value.sub(moment.value.mul(rate)));
      }
      evaluateSync(value, weight, bias, moments);
      expect(value.itemSync()).toBeCloseTo(loss, 10);
    }
    expect(weight.value.itemSync()).toBeCloseTo(w, 10);
    expect(bias.value.itemSync()).toBeCloseTo(b, 10);
    expect(Math.abs(w - 3) + Math.abs(b + 0.5)).toBeLessThan(1e-3);
  });

  test('variables that are not trainable have no gradient, and may be assigned inside', () => {
    const v = variable(2);
    const frozen = new Variable(tensor([0], { dtype: 'float64' }), { trainable: false });
    const { value, grads } = valueAndGrad({ v, frozen }, () => {
      const y = v.value.square();
      frozen.assign(frozen.value.add(y));
      return y.mul(frozen.value).sum();
    })();
    expect(Object.keys(grads)).toEqual(['v']);
    evaluateSync(value, grads, frozen);
    // y·(0 + y) = v⁴.
    expect([value.itemSync(), numbers(grads['v']!), numbers(frozen.value), numbers(v.value)]).toEqual([
      16,
      [32],
      [4],
      [2],
    ]);
  });

  test('a variable keeps what the function writes to it', () => {
    const v = variable(2);
    const gradients = grad(v, () => {
      const loss = v.value.square().sum();
      v.assign(v.value.mul(10));
      return loss;
    })();
    expect(numbers(gradients['v']!)).toEqual([4]);
    evaluateSync(v);
    expect(numbers(v.value)).toEqual([20]);
  });

  test('an error in the function leaves variables unchanged', () => {
    const v = variable(2);
    expect(() =>
      grad(v, () => {
        throw new Error('inside');
      })(),
    ).toThrow('inside');
    expect(v.pending).toBeUndefined();
    expect(numbers(grad(v, () => v.value.square().sum())()['v']!)).toEqual([4]);
  });
});
