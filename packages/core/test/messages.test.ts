// Messages are short whatever the argument is, speak of the user's call, and printing never throws or computes too much.
import { inspect } from 'node:util';
import { afterEach, describe, expect, test } from 'vitest';
import { describeIndices, show } from '../src/backend.ts';
import {
  customGradient,
  evaluate,
  getBackend,
  grad,
  jvp,
  namedVariables,
  ones,
  portable,
  profile,
  setBackend,
  tensor,
  valueAndGrad,
  Variable,
  zeros,
  type Backend,
  type Tensor,
} from '../src/index.ts';

const wrong = (value: unknown): never => value as never;
const int32 = (values: number[] | number[][]): Tensor => tensor(values, { dtype: 'int32' });

/** A tensor behind which 2²² paths lead to one leaf. */
const doubled = Array.from({ length: 22 }).reduce<Tensor>((x) => x.add(x), ones([2]));

function nestedArrays(depth: number): unknown {
  let value: unknown = 1;
  for (let i = 0; i < depth; i++) value = i % 2 === 0 ? [value] : { a: value };
  return value;
}
const deep = nestedArrays(200_000);
const cyclic: unknown[] = [];
cyclic.push(cyclic);

test('values are shown shortly', () => {
  const cases: readonly [unknown, string][] = [
    ['a', "'a'"],
    [-0.5, '-0.5'],
    [10n, '10'],
    [undefined, 'undefined'],
    [null, 'null'],
    [Symbol('s'), 'Symbol(s)'],
    [{}, '{}'],
    [[], '[]'],
    [{ axis: 0, keepdims: true }, '{ axis: 0, keepdims: true }'],
    [[1, ['a', [2, [3]]]], "[1, ['a', […]]]"],
    [{ a: { b: { c: 1 } } }, '{ a: { b: { … } } }'],
    [Array.from({ length: 1e6 }, (_, i) => i), '[0, 1, 2, 3, 4, 5, 6, 7, … 999992 more]'],
    ['x'.repeat(1e6), `'${'x'.repeat(80)}…'`],
    [cyclic, '[[[…]]]'],
    [deep, '{ a: [{ … }] }'],
    [doubled, 'Tensor'],
    [{ x: doubled }, '{ x: Tensor }'],
    [new Map(), 'Map'],
    [Object.create({ constructor: 5 }) as unknown, 'an object'],
    [Math.sin, 'the function sin'],
    [() => 1, 'a function'],
  ];
  for (const [value, text] of cases) expect(show(value)).toBe(text);
});

describe('a tensor as a wrong argument', () => {
  test.each<[string, () => unknown]>([
    ['max', () => doubled.max(wrong(doubled))],
    ['sum', () => doubled.sum(wrong([doubled]))],
    ['sum', () => doubled.sum(0, wrong({ axis: doubled }))],
    ['slice', () => doubled.slice([wrong(doubled)])],
    ['reshape', () => doubled.reshape(wrong(doubled))],
    ['zeros', () => zeros(wrong([doubled]))],
    ['Variable', () => new Variable(doubled, { name: wrong(doubled) })],
    ['grad', () => grad(wrong(doubled))],
    ['setBackend', () => setBackend(wrong(doubled))],
    ['customGradient', () => customGradient(wrong(() => ({ value: doubled })))(doubled)],
  ])('of %s: a short message', (operation, call) => {
    expect(call).toThrow(new RegExp(`^${operation}: .{1,200}$`));
  });

  test('JSON and vitest describe it', () => {
    const v = new Variable(doubled, { name: 'w' });
    expect(JSON.stringify({ loss: doubled, v })).toBe(`{"loss":"Tensor float32[2]","v":"Variable 'w' float32[2]"}`);
    expect(() => expect({ loss: doubled }).toEqual({ loss: 1 })).toThrow(/^[^]{1,500}$/);
  });
});

describe('on the console', () => {
  const backend = getBackend();
  afterEach(() => setBackend(backend));

  test('a variable shows its name, type and value; inside of other objects no value is computed', () => {
    const w = new Variable(tensor([1, 2]), { name: 'w' });
    w.assign(w.value.mul(2));
    expect(inspect(w)).toBe("Variable 'w' tensor([2, 4])");
    expect(inspect(new Variable(tensor([true])))).toBe("Variable 'variable' tensor([true], bool)");
    expect(inspect({ w })).toBe("{ w: Variable 'w' float32[2] }");
  });

  test('what cannot be computed or read is described', () => {
    const x = tensor([1, 2]).take(int32([5]));
    expect(inspect(x)).toBe(
      'Tensor float32[1], no value: take: index 5 is out of range for axis 0 of length 2; use -2 to 1',
    );
    expect(() => x.toString()).toThrow(RangeError);
    const refusing: Backend = {
      ...backend,
      name: 'refusing',
      allocate: (dtype, size) => backend.allocate(dtype, size),
      upload: (values, dtype) => backend.upload(values, dtype),
      execute: () => {
        throw new Error('too late');
      },
    };
    setBackend(refusing);
    expect(inspect({ x: ones([2]).add(1) })).toBe('{ x: Tensor float32[2], no value: too late }');
  });
});

describe('structures nested too deep, or in themselves', () => {
  // Variables and what is to be evaluated may refer to each other, tensors of a tree and nested numbers may not.
  test.each<[string, (value: never) => unknown, ...values: unknown[]]>([
    ['grad', (value) => grad((x: Tensor) => x)(value), deep, cyclic],
    ['jvp', (value) => jvp((x: Tensor) => x, [value], [value]), deep, cyclic],
    ['namedVariables', (value) => namedVariables(value), deep],
    ['grad', (value) => grad(value, () => ones([]))(), deep],
    ['evaluate', async (value) => evaluate(value), deep],
    ['tensor', (value) => tensor(value), cyclic],
  ])('%s', async (operation, call, ...values) => {
    const message = new RegExp(
      `^${operation}: arrays( and objects)? are nested deeper than \\d+, or contain themselves$`,
    );
    for (const value of values) {
      await expect((async () => call(value as never))()).rejects.toThrow(message);
      await expect((async () => call(value as never))()).rejects.toBeInstanceOf(RangeError);
    }
  });

  test.each<[string, (value: never) => unknown]>([
    ['reshape', (value) => ones([2]).reshape(value)],
    ['slice', (value) => ones([2]).slice(value)],
    ['pad', (value) => ones([2]).pad(value)],
    ['sum', (value) => ones([2]).sum(value)],
    ['add', (value) => ones([2]).add(value)],
    ['setBackend', (value) => setBackend(value)],
  ])('%s has a short message', (operation, call) => {
    for (const value of [deep, cyclic])
      expect(() => call(value as never)).toThrow(new RegExp(`^${operation}: .{1,300}$`));
  });

  test('long arrays and shapes', () => {
    const long = Array.from({ length: 1e6 }, () => 1);
    expect(() => zeros(long)).toThrow(
      'zeros: a shape must have at most 64 axes, got 1000000; to make a tensor of numbers',
    );
    expect(() => ones([2]).split(long)).toThrow(/^split: .{1,200}$/);
    expect(() => ones([2]).reshape(wrong(['a', ...long]))).toThrow(/^reshape: .{1,200}$/);
    expect(() =>
      jvp(
        (...all: Tensor[]) => all[0]!,
        Array.from({ length: 1000 }, () => ones([2])),
        [ones([2])],
      ),
    ).toThrow(/^jvp: .{1,200}$/);
  });
});

describe('arguments in the wrong order', () => {
  const variable = new Variable(ones([2]));
  test.each<[() => unknown, string]>([
    [
      () =>
        valueAndGrad(
          wrong((x: Tensor) => x),
          wrong(variable),
        ),
      'valueAndGrad(variables, f) with a function f, got valueAndGrad(a function, Variable)',
    ],
    [() => grad(wrong(variable)), 'grad: expected grad(f) or grad(variables, f) with a function f, got grad(Variable)'],
    [() => grad(wrong({ a: 1 }), wrong({ b: 2 })), 'got grad({ a: 1 }, { b: 2 })'],
    [
      () =>
        grad(
          wrong((x: Tensor) => x),
          wrong(null),
        ),
      'got grad(a function, null)',
    ],
    [
      () => grad(wrong(Math.sin), () => ones([]))(),
      'grad: expected variables, modules, or arrays and objects of them, got the function sin',
    ],
  ])('%#', (call, message) => expect(call).toThrow(message));

  test('profile', async () => {
    await expect(profile(wrong(3))).rejects.toThrow('profile: expected a function, got 3');
  });
});

describe('an index out of range', () => {
  const x = tensor([
    [1, 2, 3],
    [4, 5, 6],
  ]);
  test.each<[string, (indices: Tensor) => Tensor, string]>([
    [
      'take',
      (indices) => x.take(indices.flatten(), 1),
      'take: index 7 is out of range for axis 1 of length 3; use -3 to 2',
    ],
    [
      'takeAlongAxis',
      (indices) => x.takeAlongAxis(indices),
      'takeAlongAxis: index 7 is out of range for axis 1 of length 3',
    ],
    [
      'scatterAdd',
      (indices) => x.scatterAdd(indices, ones([2, 2])),
      'scatterAdd: index 7 is out of range for axis 1 of length 3',
    ],
    [
      'takeAlongAxis, fused and transposed',
      (indices) => x.exp().transpose().takeAlongAxis(indices.sub(1), 0).mul(2),
      'takeAlongAxis: index 6 is out of range for axis 0 of length 3',
    ],
  ])('names the operation: %s', async (_, f, message) => {
    const given = int32([
      [0, 1],
      [2, 7],
    ]);
    for (const indices of [given, given.add(0)]) {
      expect(() => f(indices).dataSync()).toThrow(message);
      await expect(f(indices).data()).rejects.toThrow(message);
      await expect(f(indices).data()).rejects.toBeInstanceOf(RangeError);
    }
    expect(f(given.minimum(2)).dataSync().length).toBeGreaterThan(0);
  });

  test('is described by who made the indices, also in the gradient alone', async () => {
    const choose = (values: Tensor, choice: Tensor): Tensor => {
      const indices = describeIndices(choice.sub(1), (index, i) => `choose: no choice ${index + 1}, in place ${i}`);
      return values.takeAlongAxis(indices.expandDims(1), 1).sum();
    };
    const message = 'choose: no choice 4, in place 1';
    expect(() => choose(x, int32([3, 4])).itemSync()).toThrow(message);
    await expect(evaluate(grad(choose)(x, int32([3, 4]).add(0)))).rejects.toThrow(message);
    // The first operation that fails is named, and errors of the indices themselves are kept.
    await expect(evaluate(x.take(int32([9])), choose(x, int32([3, 4])))).rejects.toThrow(/^(take|choose): /);
    const failing = int32([1, 2]).take(int32([8, 0]));
    await expect(evaluate(choose(x, failing))).rejects.toThrow('take: index 8 is out of range');
  });

  test('that a device reports late is described as well', async () => {
    const [current, backend] = [getBackend(), portable()];
    let failure: unknown;
    const late: Backend = {
      name: 'late',
      dtypes: backend.dtypes,
      isAsynchronous: true,
      allocate: (dtype, size) => backend.allocate(dtype, size),
      upload: (values, dtype) => backend.upload(values, dtype),
      execute: (...plan) => {
        try {
          backend.execute(...plan);
        } catch (error) {
          failure = error;
        }
      },
      yieldToCollector: async () => {
        const error = failure;
        failure = undefined;
        if (error) throw error;
      },
    };
    setBackend(late);
    try {
      await expect(evaluate(x.takeAlongAxis(int32([[7], [0]]).add(0)).sum())).rejects.toThrow('takeAlongAxis: index 7');
    } finally {
      setBackend(current);
    }
  });
});
