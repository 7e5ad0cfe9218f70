// A failed evaluation changes nothing: values, assigned values and what is built later are as if it had not been.
import { afterEach, describe, expect, test, vi } from 'vitest';
import {
  arange,
  defineUnary,
  evaluate,
  evaluateSync,
  getBackend,
  tensor,
  valueAndGrad,
  Variable,
  type Tensor,
} from '../src/index.ts';
import { atomically, snapshot } from '../src/backend.ts';
import { withFailingBackend } from '../../../test/support/faults.ts';
import { withBackend } from './backends.ts';
import { numbers } from './helpers.ts';
import { lateBackend } from './lateBackend.ts';

const variable = (...values: number[]): Variable => new Variable(tensor(values), { name: 'w' });

/** An index out of range of [10, 20]. */
const badIndex = tensor([5], { dtype: 'int32' });

let isArmed = false;
/** The identity, unless it is armed: an operation of a user's that throws in the middle of its second call. */
const fragile = defineUnary({
  name: 'fragile',
  dtypes: 'float',
  value: (x) => {
    if (isArmed && x === 20) throw new Error('a fault of the user');
    return x;
  },
  derivatives: [(t) => t],
  domain: [{ from: -1, to: 1 }],
});

afterEach(() => {
  isArmed = false;
});

/** Kinds of targets that fail together with an update of w, and the words of the error. */
const failing: readonly (readonly [name: string, build: (w: Variable) => unknown, message: RegExp])[] = [
  ['an index out of range of the old value', (w) => atOld(w).take(badIndex), /index 5 is out of range/],
  ['an index out of range of the new value', (w) => w.value.take(badIndex), /index 5 is out of range/],
  ['a fault of the user in the old value', (w) => fragile(atOld(w)), /a fault of the user/],
  ['a fault of the user in the new value', (w) => fragile(w.value.add(1)), /a fault of the user/],
  [
    'an update of another variable by an index out of range',
    (w) => assigned(w.value.take(tensor([0, 5], { dtype: 'int32' }))),
    /index 5 is out of range/,
  ],
  ['an update of another variable by a fault of the user', (w) => assigned(fragile(atOld(w))), /a fault of the user/],
];

const olds = new WeakMap<Variable, Tensor>();

/** The value before the update. */
function atOld(w: Variable): Tensor {
  return olds.get(w)!;
}

function assigned(value: Tensor): Variable {
  const other = new Variable(tensor([1, 2]), { name: 'other' });
  other.assign(value);
  return other;
}

describe.each(failing)('%s', (_, build, message) => {
  const prepare = (): { w: Variable; bad: unknown } => {
    const w = variable(10, 20);
    evaluateSync(w.value);
    olds.set(w, w.value.mul(1));
    w.assign(w.value.sub(1));
    isArmed = true;
    const bad = build(w);
    return { w, bad };
  };

  test('leaves the stored value, and the assigned value for another try', async () => {
    const { w, bad } = prepare();
    await expect(evaluate(w, bad)).rejects.toThrow(message);
    expect(numbers(w.value)).toEqual([10, 20]);
    await evaluate(w);
    // A part of what failed is not stored alone.
    expect(numbers(w.value)).toEqual(bad instanceof Variable ? [10, 20] : [9, 19]);
  });

  test('what is assigned next is built from the value before', async () => {
    const { w, bad } = prepare();
    await expect(evaluate(w, bad)).rejects.toThrow(message);
    w.assign(w.value.mul(2));
    await evaluate(w);
    expect(numbers(w.value)).toEqual([20, 40]);
  });

  test('the same call tries again, another does not', async () => {
    const { w, bad } = prepare();
    const other = bad instanceof Variable ? bad : assigned((bad as Tensor).broadcastTo([2]));
    for (let i = 0; i < 3; i++) await expect(evaluate(w, other)).rejects.toThrow(message);
    const double = w.value.mul(2);
    await evaluate(double, w, other);
    expect([numbers(double), numbers(w.value), numbers(other.value)]).toEqual([
      [20, 40],
      [10, 20],
      [1, 2],
    ]);
  });
});

test('a variable swapped with one that fails stays as it is', () => {
  const [v, w] = [variable(10, 20), variable(1, 2)];
  evaluateSync(v.value, w.value);
  const [vBefore, wBefore] = [v.value, w.value];
  isArmed = true;
  v.assign(wBefore.add(0));
  w.assign(fragile(vBefore));
  expect(() => evaluateSync(v, w)).toThrow(/a fault of the user/);
  expect([numbers(v.value), numbers(w.value)]).toEqual([
    [10, 20],
    [1, 2],
  ]);
  isArmed = false;
  evaluateSync(v, w);
  expect([numbers(v.value), numbers(w.value)]).toEqual([
    [1, 2],
    [10, 20],
  ]);
});

/** Values assigned before a step, known or not. */
const weights: readonly (readonly [name: string, make: () => Tensor])[] = [
  ['known', () => tensor([1, 2])],
  ['not computed yet', () => tensor([0, 1]).add(1)],
];

test.each(weights)('weights that were assigned before a step remain when it fails: %s', (_, make) => {
  const w = variable(10, 20);
  evaluateSync(w.value);
  w.assign(make());
  const step = (index: number): void => {
    w.assign(w.value.add(1).add(w.value.take(tensor([index], { dtype: 'int32' })).mul(0)));
    evaluateSync(w);
  };
  for (let i = 0; i < 3; i++) expect(() => step(5)).toThrow(/index 5/);
  expect(numbers(w.value)).toEqual([1, 2]);
  step(0);
  expect(numbers(w.value)).toEqual([2, 3]);
});

test('of several values assigned in vain, all are given up', () => {
  const w = variable(10, 20);
  evaluateSync(w.value);
  const step = (index: number): void => {
    w.assign(w.value.sub(w.value.take(tensor([index], { dtype: 'int32' }))));
    w.assign(w.value.clip(-5, 5));
    evaluateSync(w);
  };
  expect(() => step(5)).toThrow(/index 5/);
  expect(numbers(w.value)).toEqual([10, 20]);
  step(0);
  expect(numbers(w.value)).toEqual([0, 5]);
});

test('a variable that takes the stored value of another is taken back, too', () => {
  const [w, previous] = [variable(8), variable(8)];
  const step = (index: number): void => {
    const x = w.value;
    const loss = x.square().add(tensor([0, 0]).take(tensor([index], { dtype: 'int32' })));
    const next = x.add(x.sub(previous.value).mul(0.5)).sub(x.mul(0.25));
    previous.assign(x);
    w.assign(next);
    evaluateSync(loss, w, previous);
  };
  step(0);
  step(1);
  expect(() => step(7)).toThrow(/index 7/);
  step(0);
  expect(numbers(w.value)).toEqual([1.375]);
});

test('reading the loss of a step that fails takes back what was assigned in it and from it', () => {
  const [w, count] = [variable(10, 20), variable(0, 0)];
  evaluateSync(w.value, count.value);
  const step = (index: number): Tensor => {
    const { value: loss, grads } = valueAndGrad([w], () => {
      count.assign(count.value.add(1));
      return w.value
        .add(count.value)
        .take(tensor([index], { dtype: 'int32' }))
        .sum();
    })();
    w.assign(w.value.sub(grads['0']!));
    return loss;
  };
  expect(() => step(5).dataSync()).toThrow(/index 5/);
  step(0).dataSync();
  evaluateSync(w, count);
  expect([numbers(w.value), numbers(count.value)]).toEqual([
    [9, 20],
    [1, 1],
  ]);
});

test('a value that fails beside a step takes nothing back', () => {
  const w = variable(10, 20);
  const x = w.value.mul(2);
  w.assign(x.sub(1));
  expect(() => x.take(badIndex).dataSync()).toThrow(/index 5/);
  const other = x.add(1);
  evaluateSync(w, other);
  expect([numbers(w.value), numbers(other)]).toEqual([
    [19, 39],
    [21, 41],
  ]);
});

test('a part of a failed step is not stored alone, and nothing of it after another store', () => {
  const [w, moment, other] = [variable(1), variable(0), variable(5)];
  evaluateSync(w.value, moment.value, other.value);
  moment.assign(moment.value.add(w.value));
  w.assign(w.value.sub(moment.value));
  expect(() => evaluateSync(w, moment, tensor([0]).take(badIndex))).toThrow(/index 5/);
  evaluateSync(w);
  expect([numbers(w.value), numbers(moment.value)]).toEqual([[1], [0]]);
  other.assign(other.value.add(1));
  evaluateSync(other, w, moment);
  evaluateSync(w, moment);
  expect([w, moment, other].map(({ value }) => numbers(value))).toEqual([[1], [0], [6]]);
});

test('an operation of the user cannot evaluate while a plan runs', () => {
  const x = tensor([1, 2]).add(1);
  const nested = defineUnary({
    name: 'nested',
    dtypes: 'float',
    value: (y) => y + x.sum().itemSync(),
    derivatives: [(t) => t],
    domain: [{ from: -1, to: 1 }],
  });
  expect(() => nested(tensor([1])).dataSync()).toThrow(
    'itemSync: a plan is running; the functions of an operation must not evaluate tensors',
  );
  expect(x.sum().itemSync()).toBe(5);
});

test('a failure elsewhere takes nothing back', () => {
  const w = variable(1);
  w.assign(w.value.add(1));
  expect(() => arange(2).take(badIndex).dataSync()).toThrow(/index 5/);
  expect(numbers(w.value)).toEqual([2]);
  evaluateSync(w);
  expect(numbers(w.value)).toEqual([2]);
});

test('memory that cannot be had, at any place', async () => {
  const w = variable(1, 2);
  let steps = 0;
  const step = async (): Promise<void> => {
    const value = w.value.mul(2);
    w.assign(value.add(1));
    await evaluate(value.sum(), w);
    steps++;
  };
  await step();
  let failed = 0;
  for (let place = 0; place < 12; place++) {
    failed += await withFailingBackend(getBackend(), place, step).then(
      () => 0,
      (error: Error) => Number(error.message.startsWith('out of memory')),
    );
  }
  expect(failed).toBeGreaterThan(2);
  expect(steps).toBe(13 - failed);
  expect(numbers(w.value)).toEqual([2 ** (steps + 1) - 1, 3 * 2 ** steps - 1]);
});

describe('while a graph is built', () => {
  test('an error in the function of a transformation takes back its assignments', () => {
    const [w, count] = [variable(1), variable(0)];
    const failingLoss = (): Tensor => {
      count.assign(count.value.add(1));
      throw new Error('a fault of the user');
    };
    expect(() => valueAndGrad([w], failingLoss)()).toThrow(/a fault of the user/);
    expect(() => valueAndGrad((x: Tensor) => (count.assign(count.value.add(1)), x))(tensor([1, 2]))).toThrow(
      /must return one element/,
    );
    expect(count.pending).toBeUndefined();
    valueAndGrad([w], () => (count.assign(count.value.add(1)), w.value.sum()))();
    evaluateSync(count);
    expect(numbers(count.value)).toEqual([1]);
  });

  test('nested, only the part that failed', () => {
    const w = variable(1);
    atomically(() => {
      w.assign(w.value.add(1));
      expect(() =>
        atomically(() => {
          w.assign(w.value.add(10));
          throw new Error('inner');
        }),
      ).toThrow('inner');
    });
    evaluateSync(w);
    expect(numbers(w.value)).toEqual([2]);
  });
});

describe('snapshot', () => {
  test('does not change with the variable, whether stored, assigned or initial', () => {
    const [stored, pending, initial] = [variable(1), variable(1), new Variable(tensor([1]).add(1))];
    evaluateSync(stored.value);
    pending.assign(pending.value.add(1));
    const copies = snapshot('test', { stored, pending, initial });
    for (const each of [stored, pending, initial]) each.assign(each.value.add(10));
    evaluateSync(stored, pending, initial);
    expect(Object.values(copies).map(numbers)).toEqual([[1], [2], [2]]);
    expect([stored, pending, initial].map(({ value }) => numbers(value))).toEqual([[11], [12], [12]]);
  });

  test('costs memory only when the variable is written', () => {
    const w = variable(1);
    w.assign(w.value.add(1));
    evaluateSync(w);
    const { w: copy } = snapshot('test', { w });
    expect(copy!.buffer).toBe(w.buffer);
    w.assign(w.value.add(1));
    evaluateSync(w);
    expect(copy!.buffer).not.toBe(w.buffer);
  });
});

test('on an asynchronous backend, what fails late is taken back, whatever succeeds meanwhile', async () => {
  const { backend, outputs, settle } = lateBackend();
  await withBackend(backend, async () => {
    // The first write leaves the initial value.
    const [v, w] = [variable(1), variable(10)];
    const [first, second] = [v, w].map((each) => {
      each.assign(each.value.add(1));
      return evaluate(each);
    });
    settle[0]!();
    await first;
    outputs.at(-1)!.failure = new Error('late');
    settle[1]!(new Error('late'));
    await expect(second).rejects.toThrow('late');
    expect([v, w].map(({ value }) => numbers(value))).toEqual([[2], [10]]);
  });
});

test('a write that has failed is taken back by its evaluation, also if a later one succeeds before it reports', async () => {
  const { backend, outputs, settle } = lateBackend();
  await withBackend(backend, async () => {
    const [v, w] = [variable(1), variable(10)];
    const [first, second] = [v, w].map((each) => {
      each.assign(each.value.add(1));
      return evaluate(each);
    });
    expect(outputs[0]).toBe(v.buffer);
    outputs[0]!.failure = new Error('late');
    settle[1]!();
    await second;
    settle[0]!(new Error('late'));
    await expect(first).rejects.toThrow('late');
    expect([v, w].map(({ value }) => numbers(value))).toEqual([[1], [11]]);
  });
});

test('an older value names the variable that was forgotten, and what to add', () => {
  const parameters = { fc: variable(1) };
  const momentum = new Variable(tensor([0]), { name: 'momentum.fc' });
  const step = (): void => {
    momentum.assign(momentum.value.add(parameters.fc.value));
    parameters.fc.assign(parameters.fc.value.sub(momentum.value));
    evaluateSync(parameters);
  };
  step();
  expect(step).toThrow(
    "variable 'momentum.fc' was assigned a value that is computed from 'fc', which has been written since; pass what owns " +
      "'momentum.fc' (usually the optimizer) to evaluate in each step",
  );
});

test('a loop that never evaluates a variable is warned of once, by its name', () => {
  const warn = vi.spyOn(console, 'warn').mockImplementation(() => undefined);
  const [w, independent] = [variable(0), variable(0)];
  for (let i = 0; i < 250; i++) w.assign(w.value.add(1));
  expect(warn).not.toHaveBeenCalled();
  for (let i = 0; i < 250; i++) {
    independent.assign(tensor([i]).add(1));
    w.assign(w.value.add(1));
    independent.value.dataSync();
  }
  expect(warn.mock.calls).toEqual([[expect.stringContaining("variable 'w' has been assigned for 100 evaluations")]]);
  warn.mockRestore();
});
