import { describe, expect, test, vi } from 'vitest';
import {
  compile,
  evaluate,
  getBackend,
  grad,
  portable,
  random,
  setBackend,
  tensor,
  valueAndGrad,
  Variable,
  zeros,
  type Tensor,
} from '../src/index.ts';
import { guard, onOutcome, preventReplay, recordUndo, repeat, snapshot } from '../src/backend.ts';
import { withFailingBackend } from '../../../test/support/faults.ts';
import { withBackend } from './backends.ts';
import { numbers } from './helpers.ts';
import { lateBackend } from './lateBackend.ts';

const vector = (...values: number[]): Tensor => tensor(values);
const variable = (...values: number[]): Variable => new Variable(vector(...values), { name: 'w' });

/** The function, and how often it has been called. */
function counted<Parameters extends unknown[], Result>(f: (...parameters: Parameters) => Result) {
  return vi.fn<(...parameters: Parameters) => Result>(f);
}

describe('what is computed', () => {
  test('the function of each call, which only the first two make', async () => {
    const f = counted((x: Tensor, y: Tensor) => x.mul(y).add(1).sum());
    const compiled = compile(f);
    for (let i = 0; i < 6; i++) {
      const [x, y] = [vector(i, 2, 3), vector(4, 5, i)];
      expect(numbers(await compiled(x, y))).toEqual(numbers(x.mul(y).add(1).sum()));
    }
    expect(f).toHaveBeenCalledTimes(2);
  });

  test('trees of results, of arguments, and nothing', async () => {
    const f = counted(({ a, b: [b] }: { a: Tensor; b: [Tensor] }, scale: number, name: string) => ({
      sum: a.add(b),
      list: [b.mul(scale), { a }],
      length: b.sum().mul(name.length),
    }));
    const compiled = compile(f);
    for (let i = 0; i < 4; i++) {
      const [a, b] = [vector(i, 1), vector(2, i)];
      const result = await compiled({ a, b: [b] }, 3, 'abc');
      expect(numbers(result.sum)).toEqual([i + 2, i + 1]);
      expect(numbers(result.list[0] as Tensor)).toEqual([6, 3 * i]);
      expect((result.list[1] as { a: Tensor }).a).toBe(a);
      expect(numbers(result.length)).toEqual([3 * (2 + i)]);
    }
    expect(f).toHaveBeenCalledTimes(2);
    const nothing = compile(() => {});
    expect(await nothing()).toBeUndefined();
    expect(await nothing()).toBeUndefined();
  });

  test('results are values of their own: later calls do not change them', async () => {
    const double = compile((x: Tensor) => x.mul(2));
    const results = [];
    for (let i = 0; i < 5; i++) results.push(await double(vector(i, i)));
    results.forEach((result, i) => expect(numbers(result)).toEqual([2 * i, 2 * i]));
  });

  test('each structure of arguments is recorded', async () => {
    const f = counted((x: Tensor, options: { readonly scale: number }) => x.mul(options.scale));
    const compiled = compile(f);
    for (let i = 0; i < 4; i++) {
      expect(numbers(await compiled(vector(1, i), { scale: 2 }))).toEqual([2, 2 * i]);
      expect(numbers(await compiled(vector(1, i), { scale: 3 }))).toEqual([3, 3 * i]);
      expect(numbers(await compiled(vector(i), { scale: 2 }))).toEqual([2 * i]);
      expect(numbers(await compiled(tensor([i], { dtype: 'int32' }), { scale: 2 }))).toEqual([2 * i]);
      expect(numbers(await compiled(vector(1), { scale: i % 2 ? 0 : -0 }))).toEqual([i % 2 ? 0 : -0]);
    }
    expect(f).toHaveBeenCalledTimes(12);
  });

  test('arguments that are lazy, or the same, or slices of them', async () => {
    const f = counted((x: Tensor, y: Tensor) => x.slice([[1, 3]]).mul(y.slice([[0, 2]])));
    const compiled = compile(f);
    for (let i = 0; i < 4; i++) {
      const x = vector(i, 1, 2).add(1);
      expect(numbers(await compiled(x, x))).toEqual([2 * (i + 1), 6]);
    }
    expect(f).toHaveBeenCalledTimes(2);
  });

  test('gradients by arguments, and gradients of gradients', async () => {
    const cube = (x: Tensor): Tensor => x.mul(x).mul(x).sum();
    const second = compile((x: Tensor) => [grad(cube)(x), grad((y: Tensor) => grad(cube)(y).sum())(x)]);
    for (let i = 0; i < 4; i++) {
      const [first, then] = await second(vector(i, 2));
      expect(numbers(first!)).toEqual([3 * i * i, 12]);
      expect(numbers(then!)).toEqual([6 * i, 12]);
    }
  });

  test('random numbers of a key that is an argument', async () => {
    const draw = (key: random.Key): Tensor => random.normal(key.foldIn(3).split()[1]!, [5]);
    const f = counted(draw);
    const compiled = compile(f);
    for (let seed = 0; seed < 5; seed++) {
      expect(numbers(await compiled(random.key(seed)))).toEqual(numbers(draw(random.key(seed))));
    }
    expect(f).toHaveBeenCalledTimes(2);
  });
});

describe('variables', () => {
  const step = (w: Variable, m: Variable) => (x: Tensor) => {
    const { value, grads } = valueAndGrad({ w }, () => w.value.mul(x).square().sum())();
    m.assign(m.value.mul(0.5).add(grads['w']!));
    w.assign(w.value.sub(m.value.mul(0.1)));
    return value;
  };

  test('are read and written as in ordinary steps', async () => {
    const [w, m, v, n] = [variable(1, 2), variable(0, 0), variable(1, 2), new Variable(zeros([2]), { name: 'm' })];
    const f = counted(step(w, m));
    const compiled = compile(f);
    const ordinary = step(v, n);
    for (let i = 0; i < 6; i++) {
      const x = vector(i, 0.5);
      const loss = ordinary(x);
      await evaluate(loss, v, n);
      expect(numbers(await compiled(x))).toEqual(numbers(loss));
      expect(numbers(w.value)).toEqual(numbers(v.value));
      expect(numbers(m.value)).toEqual(numbers(n.value));
      expect(w.version).toBe(v.version);
    }
    expect(f).toHaveBeenCalledTimes(2);
  });

  test('values that were assigned outside are stored first', async () => {
    const w = variable(1, 2);
    const compiled = compile((x: Tensor) => {
      w.assign(w.value.add(x));
    });
    for (let i = 0; i < 3; i++) await compiled(vector(1, 1));
    w.assign(vector(10, 20));
    await compiled(vector(1, 1));
    expect(numbers(w.value)).toEqual([11, 21]);
    await compiled(vector(1, 1));
    expect(numbers(w.value)).toEqual([12, 22]);
  });

  test('snapshots and tensors that share the memory keep their values', async () => {
    const w = variable(1, 2);
    const compiled = compile(() => {
      w.assign(w.value.add(1));
      return w.value;
    });
    const values = [];
    for (let i = 0; i < 5; i++) values.push(await compiled());
    values.forEach((value, i) => expect(numbers(value)).toEqual([i + 2, i + 3]));
  });

  test('that are arguments are told apart by identity', async () => {
    const [a, b] = [variable(1), variable(2)];
    const f = counted((w: Variable) => w.value.mul(10));
    const compiled = compile(f);
    for (let i = 0; i < 3; i++) {
      expect(numbers(await compiled(a))).toEqual([10]);
      expect(numbers(await compiled(b))).toEqual([20]);
    }
    expect(f).toHaveBeenCalledTimes(4);
  });

  test('two compiled functions share variables', async () => {
    const w = variable(1);
    const add = compile((x: Tensor) => {
      w.assign(w.value.add(x));
    });
    const times = compile((x: Tensor) => {
      w.assign(w.value.mul(x));
    });
    let expected = 1;
    for (let i = 1; i < 6; i++) {
      await add(vector(i));
      await times(vector(2));
      expected = (expected + i) * 2;
    }
    expect(numbers(w.value)).toEqual([expected]);
  });

  test('calls that overlap run in order', async () => {
    const w = variable(0);
    const add = compile((x: Tensor) => {
      w.assign(w.value.mul(2).add(x));
      return w.value;
    });
    for (let i = 0; i < 2; i++) await add(vector(0));
    const results = await Promise.all([1, 2, 3].map((x) => add(vector(x))));
    expect(results.map(numbers)).toEqual([[1], [4], [11]]);
  });

  test('an older lazy tensor of a variable is an error, as in ordinary steps', async () => {
    const w = variable(1);
    const before = w.value.mul(2);
    const compiled = compile(() => {
      w.assign(w.value.add(before));
    });
    await compiled();
    await expect(compiled()).rejects.toThrow(/built from an older value of variable 'w'/);
  });

  test('take over arguments, and swap', async () => {
    const [a, b] = [variable(0), variable(0)];
    const compiled = compile((x: Tensor) => {
      const before = a.value;
      a.assign(x);
      b.assign(before);
      return [x, before];
    });
    for (let i = 1; i < 6; i++) {
      const x = vector(i);
      const [first, second] = await compiled(x);
      expect(first).toBe(x);
      expect([numbers(second!), numbers(a.value), numbers(b.value)]).toEqual([[i - 1], [i], [i - 1]]);
    }
  });

  test('a variable that is made inside is a new one in each call', async () => {
    const f = counted((x: Tensor) => {
      const w = new Variable(x);
      w.assign(w.value.add(1));
      return w.value;
    });
    const compiled = compile(f);
    for (let i = 0; i < 4; i++) expect(numbers(await compiled(vector(i)))).toEqual([i + 1]);
    expect(f).toHaveBeenCalledTimes(4);
  });
});

test('random programs compute what they compute without it, also after failures', async () => {
  const size = 4;
  const x = (seed: number): Tensor => random.normal(random.key(seed), [size, size]);
  /** A step over variables, which reads several of them for each new value. */
  const createProgram = (seed: number) => {
    const stream = random.key(seed).stream();
    const variables = Array.from(
      { length: 2 + stream.integer(3) },
      (_, i) => new Variable(x(i).mul(0.1), { name: `w${i}` }),
    );
    const choices = variables.map((w) => ({ w, kind: stream.integer(6), other: stream.integer(variables.length) }));
    const step = (input: Tensor, indices: Tensor, key: random.Key) => {
      const values = variables.map(({ value }) => value);
      const results = choices.map(({ w, kind, other }, i) => {
        const [own, read] = [values[i]!, values[other]!];
        if (kind === 0) w.assign(own.add(read.take(indices).mul(0.5)));
        if (kind === 1) w.assign(read);
        if (kind === 2) w.assign(own.matmul(read).tanh());
        if (kind === 3) w.assign(random.bernoulli(key.foldIn(i), w.shape).where(own, input));
        if (kind === 4) w.assign(own.add(input.slice([[i % 3, (i % 3) + 1]])).sin());
        return kind === 5 ? grad((y: Tensor) => y.mul(input).exp().sum())(read) : w.value.take(indices).sum();
      });
      return { results, input };
    };
    return { variables, step };
  };
  for (let seed = 0; seed < 40; seed++) {
    const [ordinary, other] = [createProgram(seed), createProgram(seed)];
    const compiled = compile(other.step);
    const stream = random.key(seed).foldIn(1).stream();
    for (let i = 0; i < 8; i++) {
      const indices = [0, 1, 2, 3].map(() => stream.integer(stream.integer(4) === 0 ? 5 : 4));
      const given = [x(i), tensor(indices, { dtype: 'int32' }), random.key(i)] as const;
      await evaluate(given[0]);
      const { results } = ordinary.step(...given);
      const message = await evaluate(results, ordinary.variables).catch(String);
      const found = await compiled(...given).catch(String);
      const messageOf = (value: unknown): unknown => (typeof value === 'string' ? value : undefined);
      expect(messageOf(found)).toBe(messageOf(message));
      const computed = typeof found === 'string' ? [] : found.results;
      expect(computed.map(numbers)).toEqual(message === undefined ? results.map(numbers) : []);
      expect(other.variables.map(({ value }) => numbers(value))).toEqual(
        ordinary.variables.map(({ value }) => numbers(value)),
      );
    }
  }
});

describe('what a replay cannot know', () => {
  const reads: readonly (readonly [string, (x: Tensor) => unknown])[] = [
    ['itemSync', (x) => x.sum().itemSync()],
    ['dataSync', (x) => x.dataSync()],
    ['toString', (x) => String(x)],
    ['evaluateSync', (x) => x.add(1).toArraySync()],
    ['dispose', (x) => x.dispose()],
  ];
  test.each(reads)('%s inside is an error', async (_name, read) => {
    const w = variable(1);
    const compiled = compile((x: Tensor) => {
      w.assign(w.value.add(1));
      try {
        read(x);
      } catch {
        // A function that goes on all the same cannot be compiled either.
      }
      return x;
    });
    await expect(compiled(vector(1))).rejects.toThrow(/a compiled function must not read or evaluate values/);
    expect(numbers(w.value)).toEqual([1]);
  });

  test('compiled functions and transformations do not nest', async () => {
    const inner = compile((x: Tensor) => x.add(1));
    const outer = compile((x: Tensor) => {
      inner(x).catch(() => {});
      return x;
    });
    await expect(outer(vector(1))).rejects.toThrow(/must not read or evaluate/);
    let call: Promise<unknown> | undefined;
    grad((x: Tensor) => {
      call = inner(x);
      return x.sum();
    })(vector(1));
    await expect(call).rejects.toThrow(/cannot differentiate a compiled function/);
  });

  test('what changes between the first two calls is an error that says what', async () => {
    const w = variable(1);
    let scale = 2;
    const number = compile((x: Tensor) => {
      w.assign(w.value.add(1));
      return x.mul(scale);
    });
    await number(vector(1));
    scale = 3;
    await expect(number(vector(1))).rejects.toThrow(
      /does something else than when it was recorded \(the number 2 is 3 now\)/,
    );
    expect(numbers(w.value)).toEqual([2]);
    for (let i = 0; i < 3; i++) expect(numbers(await number(vector(1)))).toEqual([3]);

    let offset = vector(1, 2);
    const constant = compile((x: Tensor) => x.add(offset));
    await constant(vector(1, 1));
    offset = vector(1, 3);
    await expect(constant(vector(1, 1))).rejects.toThrow(/another tensor float32\[2\]/);

    let isFirst = true;
    const operations = compile((x: Tensor) => {
      const result = isFirst ? x.exp() : x.sin();
      isFirst = false;
      return result;
    });
    await operations(vector(1));
    await expect(operations(vector(1))).rejects.toThrow(/other operations/);
  });

  test('tensors made inside of the same values are the same', async () => {
    const f = counted((x: Tensor) => x.add(tensor([1, 2])).mul(full()));
    const full = (): Tensor => zeros([2]).add(3);
    const compiled = compile(f);
    for (let i = 0; i < 4; i++) expect(numbers(await compiled(vector(i, 0)))).toEqual([3 * (i + 1), 6]);
    expect(f).toHaveBeenCalledTimes(2);
  });

  test('check compares every call', async () => {
    let scale = 2;
    const compiled = compile((x: Tensor) => x.mul(scale), { check: true });
    for (let i = 0; i < 4; i++) expect(numbers(await compiled(vector(i)))).toEqual([2 * i]);
    scale = 3;
    await expect(compiled(vector(1))).rejects.toThrow(/the number 2 is 3 now/);
  });

  test('guards, repeated effects and other state', async () => {
    let mode = 'a';
    let count = 0;
    let isHidden = false;
    const f = counted((x: Tensor) => {
      const scale = guard(() => mode) === 'a' ? 1 : 2;
      repeat(() => count++);
      if (isHidden) preventReplay();
      return x.mul(scale);
    });
    const compiled = compile(f);
    for (let i = 0; i < 3; i++) expect(numbers(await compiled(vector(5)))).toEqual([5]);
    expect([count, f.mock.calls.length]).toEqual([3, 2]);
    mode = 'b';
    for (let i = 0; i < 3; i++) expect(numbers(await compiled(vector(5)))).toEqual([10]);
    expect([count, f.mock.calls.length]).toEqual([6, 4]);
    mode = 'a';
    expect(numbers(await compiled(vector(5)))).toEqual([5]);
    expect([count, f.mock.calls.length]).toEqual([7, 4]);
    mode = 'c';
    isHidden = true;
    for (let i = 0; i < 3; i++) await compiled(vector(5));
    expect([count, f.mock.calls.length]).toEqual([10, 7]);
  });

  test('words of keys and streams', async () => {
    const words = counted((x: Tensor, key: random.Key) => x.mul(key.words[1]));
    const compiled = compile(words);
    for (let seed = 1; seed < 5; seed++) expect(numbers(await compiled(vector(1), random.key(seed)))).toEqual([seed]);
    const stream = random.key(1).stream();
    const same = random.key(1).stream();
    const draw = compile((x: Tensor) => x.add(stream.integer(100)));
    for (let i = 0; i < 4; i++) expect(numbers(await draw(vector(0)))).toEqual([same.integer(100)]);
  });
});

describe('failures', () => {
  test('an index out of range: the error of an ordinary call, and nothing has changed', async () => {
    const w = variable(10, 20);
    const f = counted((i: Tensor) => {
      w.assign(w.value.add(1));
      return w.value.take(i);
    });
    const compiled = compile(f);
    const index = (i: number): Tensor => tensor([i], { dtype: 'int32' });
    for (let i = 0; i < 3; i++) await compiled(index(0));
    await expect(compiled(index(5))).rejects.toThrow(/take: index 5 is out of range/);
    expect(numbers(w.value)).toEqual([13, 23]);
    expect(numbers(await compiled(index(1)))).toEqual([24]);
  });

  test('a function that throws changes nothing', async () => {
    const w = variable(1);
    const compiled = compile((x: Tensor) => {
      w.assign(w.value.add(1));
      return x.reshape([3]);
    });
    await expect(compiled(vector(1))).rejects.toThrow(/reshape/);
    expect(numbers(w.value)).toEqual([1]);
  });

  test('a backend that fails at any call: as if the step had not been', async () => {
    const w = variable(1);
    let count = 0;
    const compiled = compile((x: Tensor) => {
      repeat(() => {
        count++;
        recordUndo(() => count--);
      });
      w.assign(w.value.mul(2).add(x));
      return w.value.square();
    });
    const [x, offset] = [vector(1), new Variable(vector(5))];
    await evaluate(x, offset);
    for (let i = 0; i < 3; i++) await compiled(x);
    const errors = new Set<string>();
    let failures = 0;
    for (let calls = 0; ; calls++) {
      const [before, counted] = [numbers(w.value), count];
      const hasFailed = await withFailingBackend(getBackend(), calls, async () => {
        await compiled(x).catch((error: unknown) => errors.add(String(error)));
      });
      if (!hasFailed) break;
      failures++;
      expect([numbers(w.value), count]).toEqual([before, counted]);
      expect(numbers(await compiled(x))).toEqual([(2 * before[0]! + 1) ** 2]);
    }
    expect([...errors].sort()).toEqual(['allocate', 'execute'].map((name) => `RangeError: out of memory in ${name}`));
    expect(count).toBe(3 + failures + 1);
  });

  test('what fails late on an asynchronous backend is taken back', async () => {
    const { backend, outputs, settle } = lateBackend();
    await withBackend(backend, async () => {
      const [w, listener] = [variable(1), vi.fn<(succeeded: boolean) => void>()];
      const compiled = compile(() => {
        w.assign(w.value.add(1));
        onOutcome(w.value, () => listener);
      });
      const step = async (failure?: Error): Promise<void> => {
        const call = compiled();
        outputs.at(-1)!.failure = failure;
        settle.at(-1)!(failure);
        await call;
      };
      for (let i = 0; i < 3; i++) await step();
      // The next write goes to other memory.
      const { saved } = snapshot('test', { saved: w });
      listener.mockClear();
      await expect(step(new Error('late'))).rejects.toThrow('late');
      expect(listener.mock.calls).toEqual([[false]]);
      expect(w.buffer).toBe(saved!.buffer);
      await step();
      expect(listener.mock.calls).toEqual([[false], [true]]);
      expect([numbers(w.value), numbers(saved!)]).toEqual([[5], [4]]);
    });
  });

  test('a disposed argument or captured tensor', async () => {
    const captured = vector(1, 2);
    const compiled = compile((x: Tensor) => x.add(captured));
    const x = vector(1, 1);
    for (let i = 0; i < 3; i++) await compiled(x);
    x.dispose();
    await expect(compiled(x)).rejects.toThrow(/disposed/);
    captured.dispose();
    await expect(compiled(vector(1, 1))).rejects.toThrow(/disposed/);
  });

  test('wrong arguments and results', async () => {
    expect(() => compile(3 as never)).toThrow(TypeError);
    expect(() => compile((x: Tensor) => x, { chek: true } as never)).toThrow(/chek/);
    const identity = compile(((x: unknown) => x) as (x: unknown) => Tensor);
    for (const wrong of [new Map(), new Float32Array(2), () => 1, new Date(0), [1, { a: new Set() }]]) {
      await expect(identity(wrong)).rejects.toThrow(/compile: expected tensors, keys, modules/);
    }
    await expect(identity(1)).rejects.toThrow(/compile: expected tensors/);
    const promising = compile((async (x: Tensor) => x) as never as (x: Tensor) => Tensor);
    await expect(promising(vector(1))).rejects.toThrow(TypeError);
  });
});

test('the current backend of each call computes it', async () => {
  const before = getBackend();
  const w = variable(1, 2);
  const compiled = compile((x: Tensor) => {
    w.assign(w.value.add(x));
    return w.value.mul(2);
  });
  let sum = 0;
  for (let i = 0; i < 9; i++) {
    setBackend(i % 3 === 0 ? portable() : before);
    sum += i;
    expect(numbers(await compiled(vector(i, i)))).toEqual([2 * (1 + sum), 2 * (2 + sum)]);
  }
  setBackend(before);
});
