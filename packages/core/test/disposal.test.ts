// Errors of using a tensor that has been disposed of.
import { describe, expect, test } from 'vitest';
import {
  concat,
  conv2d,
  defineUnary,
  evaluate,
  evaluateSync,
  explain,
  grad,
  graph,
  jvp,
  maxPool2d,
  onesLike,
  stack,
  Tensor,
  tensor,
  Variable,
  vjp,
  where,
} from '../src/index.ts';
import { numbers } from './helpers.ts';

function disposed(): Tensor {
  const x = tensor([1.5]);
  x.dispose();
  return x;
}

const message = (operation: string): string =>
  `${operation}: the tensor float32[1] has been disposed of; dispose of a tensor once all that is computed from it has been evaluated`;

const methods = Object.getOwnPropertyNames(Tensor.prototype).filter(
  (name) =>
    typeof Object.getOwnPropertyDescriptor(Tensor.prototype, name)?.value === 'function' &&
    !['constructor', 'toJSON'].includes(name),
);

const live = tensor([1]);

test.each(methods.filter((name) => name !== 'oneHot'))('method %s', async (name) => {
  const call = async (): Promise<unknown> =>
    (disposed() as unknown as Record<string, (...rest: readonly unknown[]) => unknown>)[name]!(live);
  await expect(call()).rejects.toThrow(message(name));
});

test.each<[string, () => unknown]>([
  ['oneHot', () => disposedIndices().oneHot(2)],
  ['add', () => live.add(disposed())],
  ['where', () => where(live, live, disposed())],
  ['matmul', () => live.matmul(disposed())],
  ['take', () => disposed().take(tensor([0], { dtype: 'int32' }))],
  ['concat', () => concat([live, disposed()])],
  ['stack', () => stack([live, disposed()])],
  ['conv2d', () => conv2d(disposed(), live)],
  ['maxPool2d', () => maxPool2d(disposed(), { kernelSize: 1 })],
  ['onesLike', () => onesLike(disposed())],
  ['evaluateSync', () => evaluateSync(live, [disposed()])],
  ['explain', () => explain(disposed())],
  ['graph', () => graph(disposed())],
  ['grad', () => grad((x: Tensor) => x.sum())(disposed())],
  ['vjp', () => vjp((x: Tensor) => x, disposed())],
  ['jvp', () => jvp((x: Tensor) => x, [disposed()], [live])],
  ['Variable', () => new Variable(disposed())],
  ['assign', () => new Variable(live).assign(disposed())],
])('%s', (name, use) => {
  expect(use).toThrow(/: the tensor (?:float32|int32)\[1\] has been disposed of/);
  expect(use).toThrow(new RegExp(`^${name}: `));
});

function disposedIndices(): Tensor {
  const x = tensor([0], { dtype: 'int32' });
  x.dispose();
  return x;
}

describe('what was built on it and not evaluated', () => {
  test('cannot be evaluated, whether it had a value or not', async () => {
    for (const hasValue of [false, true]) {
      const x = tensor([1]).add(1);
      const y = x.mul(2);
      if (hasValue) await evaluate(x);
      x.dispose();
      await expect(evaluate(y)).rejects.toThrow(message('evaluate'));
      await expect(y.data()).rejects.toThrow(message('evaluate'));
      expect(() => explain(y)).toThrow(message('explain'));
    }
  });

  test('cannot be differentiated', () => {
    const { value, pullback } = vjp((x: Tensor) => x.square().exp(), tensor([1]));
    evaluateSync(value);
    value.dispose();
    expect(() => pullback(live)).toThrow(message('vjp'));
    const forward = (x: Tensor): Tensor => {
      using y = x.square();
      return y.add(1);
    };
    expect(() => jvp(forward, [tensor([1])], [live])).toThrow(message('jvp'));
    // The rule of addition does not read its operands.
    expect(() => grad((x: Tensor) => forward(x).sum())(tensor([1]))).toThrow(message('grad'));
  });

  test('is discarded if it was assigned', () => {
    const w = new Variable(tensor([1]));
    const next = w.value.add(1);
    w.assign(next);
    next.dispose();
    expect(() => evaluateSync(w)).toThrow(message('evaluateSync'));
    expect(numbers(w.value)).toEqual([1]);
  });

  test('names the variable whose initial value it is', () => {
    const initial = tensor([1]).add(1);
    const w = new Variable(initial, { name: 'w' });
    initial.dispose();
    expect(() => evaluateSync(w.value.add(1))).toThrow(`variable 'w' has no initial value: ${message('evaluateSync')}`);
  });
});

test('using disposes of it at the end of the block', () => {
  let kept: Tensor;
  {
    using x = tensor([1]).add(1);
    expect(numbers(x)).toEqual([2]);
    kept = x;
  }
  expect(() => kept.add(1)).toThrow(message('add'));
  expect(Tensor.prototype[Symbol.dispose]).toBe(Tensor.prototype.dispose);
});

test('prints without its value', () => {
  const x = disposed();
  expect(JSON.stringify(x)).toBe('"Tensor float32[1]"');
  const inspect = (x as unknown as Record<symbol, (depth: number, options: object) => string>)[
    Symbol.for('nodejs.util.inspect.custom')
  ]!;
  expect(inspect.call(x, 0, { depth: 2 })).toBe(`Tensor float32[1], no value: ${message('toString')}`);
});

test('the value of a variable belongs to the variable', () => {
  const w = new Variable(tensor([1]), { name: 'w' });
  expect(() => w.value.dispose()).toThrow("dispose: the tensor is the value of variable 'w', which keeps it");
  expect(numbers(w.value)).toEqual([1]);
});

test('not while a plan runs', () => {
  const victim = tensor([1]);
  const hostile = defineUnary({
    name: 'hostile',
    dtypes: 'float',
    value: (x) => {
      victim.dispose();
      return x;
    },
    derivatives: [(t) => t],
    domain: [{ from: -1, to: 1 }],
  });
  expect(() => evaluateSync(hostile(victim))).toThrow(/dispose: a plan is running; .* nor dispose of them/);
  expect(numbers(victim)).toEqual([1]);
});
