import {
  compile,
  evaluate,
  explain,
  grad,
  jvp,
  tensor,
  valueAndGrad,
  Variable,
  where,
  type Tensor,
} from '@thetagrad/core';
import { wasm } from '@thetagrad/wasm';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { withBackend } from '../../../test/support/withBackend.ts';
import {
  AnomalyError,
  assertFinite,
  assertShape,
  checkpoint,
  cond,
  debug,
  detectAnomaly,
  foriLoop,
  scan,
  setDebugging,
  vmap,
  whileLoop,
} from '../src/index.ts';

async function anomalyOf(f: () => unknown): Promise<AnomalyError> {
  const error: unknown = await detectAnomaly(f).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(AnomalyError);
  return error as AnomalyError;
}

describe('detectAnomaly', () => {
  test('returns what is finite, also where NaN and infinities are left out', async () => {
    const f = (): { y: Tensor; n: Tensor } => {
      const x = tensor([1, 0]);
      return { y: where(x.greater(0), x.log(), 0), n: x.argmax() };
    };
    const { y, n } = await detectAnomaly(f);
    expect([y.toArraySync(), n.itemSync()]).toEqual([[0, 0], 0]);
  });

  test('names the operation, the element, the ranges of its inputs and the line', async () => {
    const x = tensor([
      [1, 2],
      [-3, 4],
    ]);
    const error = await anomalyOf(() => x.mul(2).log().sum());
    expect(error.operation).toBe('log');
    expect(error.message).toMatch(
      /^detectAnomaly: log gives NaN at \[1, 0\] of float32\[2, 2\] \(1 of 4\), from float32\[2, 2\] in \[-6, 8\]; called at /,
    );
    expect(error.line).toContain('anomaly.test.ts');
  });

  test('in the backward pass', async () => {
    // √x is finite at 0, its slope is not.
    const error = await anomalyOf(() => grad((x: Tensor) => x.sqrt().mul(x.add(1)).sum())(tensor([4, 0])));
    expect(error.operation).toBe('strongDiv');
    expect(error.message).toContain('an infinity at [1]');
    expect(error.line).toContain('anomaly.test.ts');
  });

  test('in the steps of loops, one inside of another, forward and backward', async () => {
    const inner = (a: Tensor, y: Tensor): Tensor => foriLoop(0, 2, (i, b) => b.div(y.sub(i)), a);
    const f = (x: Tensor): Tensor => scan((s: Tensor, y: Tensor) => [inner(s, y), null], tensor(1), x)[0];
    const error = await anomalyOf(() => f(tensor([2, 3, 1, 5])));
    expect(error.operation).toBe('div');
    expect(error.message).toMatch(
      /^detectAnomaly: div gives an infinity at \[\] of float32\[\] \(1 of 1\) in step 1 of foriLoop in step 2 of scan, from float32\[\] in \[0\.083\d*, 0\.083\d*\] and float32\[\] in \[0, 0\]; called at /,
    );
    expect(error.line).toContain('anomaly.test.ts');
    const root = (x: Tensor): Tensor => scan((s: Tensor, y: Tensor) => [s.add(y.sqrt()), null], tensor(0), x)[0];
    expect((await anomalyOf(() => grad(root)(tensor([4, 0, 1])))).message).toMatch(
      /^detectAnomaly: strongDiv gives an infinity at \[\] of float32\[\] \(1 of 1\) in step 1 of scan/,
    );
    const ended = (x: Tensor): Tensor =>
      whileLoop(
        (y: Tensor) => y.greater(0),
        (y: Tensor) => y.sub(1).log(),
        x,
        { maxSteps: 9 },
      );
    expect(
      (
        await anomalyOf(() =>
          cond(tensor(true), ended, (y: Tensor) => y, tensor(2))
            .log()
            .neg(),
        )
      ).message,
    ).toMatch(/^detectAnomaly: log gives an infinity at \[\] of float32\[\] \(1 of 1\), from float32\[\] in \[0, 0\]/);
    expect((await anomalyOf(() => cond(tensor(true), ended, (y: Tensor) => y, tensor(1)))).message).toMatch(
      /log gives an infinity at \[\] of float32\[\] \(1 of 1\) in step 0 of whileLoop in cond, from/,
    );
  });

  test('of a step with variables', async () => {
    const w = new Variable(tensor([3e38, 1]), { name: 'w' });
    const error = await anomalyOf(() => valueAndGrad({ w }, () => w.value.mul(10).sum())());
    expect(error.operation).toBe('mul');
  });

  test('of data', async () => {
    const error = await anomalyOf(() => tensor([1, NaN]).add(1));
    expect(error.message).toBe(
      'detectAnomaly: NaN comes from a tensor float32[2] that was given, not from an operation',
    );
  });

  test('passes errors on, and stops observing', async () => {
    await expect(detectAnomaly(() => Promise.reject(new RangeError('mine')))).rejects.toThrow('mine');
    await expect(detectAnomaly(3 as never)).rejects.toThrow(/^detectAnomaly: expected a function/);
    expect(tensor([1]).log().toArraySync()).toEqual([0]);
  });
});

const backend = await wasm({ threads: 1 });

describe('debug', () => {
  afterEach(() => {
    setDebugging(true);
    vi.restoreAllMocks();
  });

  /** What is printed while f runs. */
  async function printed(f: () => unknown): Promise<unknown[]> {
    const log = vi.spyOn(console, 'log').mockImplementation(() => {});
    await f();
    const lines = log.mock.calls.map(([line]) => line as unknown);
    log.mockRestore();
    return lines;
  }
  const f = (x: Tensor): Tensor => debug(x.mul(2), 'twice').square().sum();
  const x = tensor([1, 2]);

  test('prints a value once when it is computed, with the shape of all examples under vmap', async () => {
    expect(await printed(() => f(x).itemSync())).toEqual(['twice: tensor([2, 4])']);
    expect(await printed(() => debug(tensor([[true], [false]])).toArraySync())).toEqual(
      ['debug: tensor([[ true],\n        [false]])'].map((line) => line.replace(/\)$/, ', bool)')),
    );
    expect(await printed(() => withBackend(backend, () => f(x).itemSync()))).toEqual(['twice: tensor([2, 4])']);
    expect(await printed(() => evaluate(valueAndGrad(f)(x)))).toEqual(['twice: tensor([2, 4])']);
    expect(await printed(() => evaluate(jvp(f, [x], [x])))).toEqual(['twice: tensor([2, 4])']);
    expect(await printed(() => vmap(grad((x: Tensor) => f(x)))(x).toArraySync())).toEqual(['twice: tensor([2, 4])']);
    expect(await printed(() => f(x))).toEqual([]);
  });

  test('prints each step of a loop, and again what the backward pass computes again', async () => {
    const last = (x: Tensor): Tensor =>
      scan((s: Tensor, y: Tensor) => [debug(s.mul(y), 's').mul(1), null], tensor(1), x)[0];
    const forward = ['s: tensor(1)', 's: tensor(2)'];
    expect(await printed(() => last(x).itemSync())).toEqual(forward);
    expect(await printed(() => withBackend(backend, () => last(x).itemSync()))).toEqual(forward);
    const recomputed = (x: Tensor): Tensor => checkpoint((x: Tensor) => debug(x.exp(), 'e').sin().sum())(x);
    expect((await printed(() => evaluate(valueAndGrad(recomputed)(tensor([0]))))).length).toBe(2);
  });

  test('in each call of a compiled function', async () => {
    const compiled = compile(f);
    const lines = await printed(async () => {
      for (let i = 0; i < 4; i++) await compiled(tensor([i, 0]));
    });
    expect(lines).toEqual([0, 2, 4, 6].map((i) => `twice: tensor([${i}, 0])`));
  });

  test('is left out when it is off', async () => {
    setDebugging(false);
    expect(await printed(() => f(x).itemSync())).toEqual([]);
    expect([debug(x), assertFinite(x), assertShape(x, [3])]).toEqual([x, x, x]);
    expect(() => setDebugging(1 as never)).toThrow(/^setDebugging: enabled must be true or false, got 1/);
    expect(() => debug(x, 3 as never)).toThrow(/^debug: label must be a string, got 3/);
  });
});

describe('assertFinite and assertShape', () => {
  test('names element, count and line, and leaves variables as they were', async () => {
    const w = new Variable(tensor([1, -1]), { name: 'w' });
    const step = (): Promise<void> => {
      w.assign(assertFinite(w.value.sqrt()));
      return evaluate(w);
    };
    const message =
      /^assertFinite: expected finite numbers, got NaN at \[1\] of float32\[2\] \(1 of 2\); called at .*anomaly\.test\.ts/;
    await expect(step()).rejects.toThrow(message);
    await expect(step()).rejects.toBeInstanceOf(AnomalyError);
    expect(w.value.toArraySync()).toEqual([1, -1]);
    await expect(withBackend(backend, () => evaluate(assertFinite(tensor([1, 0]).log())))).rejects.toThrow(
      /an infinity at \[1\]/,
    );
    const loop = (x: Tensor): Tensor => scan((s: Tensor, y: Tensor) => [assertFinite(s.div(y)), null], tensor(1), x)[0];
    expect(loop(tensor([1, 2])).itemSync()).toBe(0.5);
    expect(() => loop(tensor([1, 0])).itemSync()).toThrow(/an infinity at \[\] of float32\[\] \(1 of 1\)/);
    expect(grad((x: Tensor) => assertFinite(x.square()).sum())(tensor([3])).toArraySync()).toEqual([6]);
    expect(explain(assertFinite(tensor([1]).add(1))).kernels.map(({ name }) => name)).toEqual([
      'add',
      'func.assertFinite',
    ]);
  });

  test('of shapes, when the graph is built', () => {
    const x = tensor([[1, 2, 3]]);
    expect(assertShape(x, [null, 3])).toBe(x);
    expect(() => assertShape(x, [3, null])).toThrow(/^assertShape: expected shape \[3, null\], got \[1, 3\]/);
    expect(() => assertShape(x, [null, null, 3])).toThrow(RangeError);
    expect(() => assertShape(x, 3 as never)).toThrow(/^assertShape: shape must be an array of sizes and null, got 3/);
    expect(() => vmap((x: Tensor) => assertShape(x, [2]))(x)).toThrow(/expected shape \[2\], got \[3\]/);
  });
});
