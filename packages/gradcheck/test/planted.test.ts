// Plants wrong gradients one by one: each must be found, and the message must locate it.
import { customGradient, ones, stopGradient, sum, Tensor, tensor, type TensorTree } from '@thetagrad/core';
import { type Movement } from '@thetagrad/core/backend';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  assertGradients,
  checkGradients,
  GradientError,
  gradientProperty,
  tensors,
  type GradientOptions,
} from '../src/index.ts';

const x = tensor(Float64Array.of(0.5, -1.25, 2, 0.75, 1.5, -0.5), { shape: [2, 3] });
const b = tensor(Float64Array.of(0.25, -0.75, 1.5));

function failure(
  f: (...inputs: readonly Tensor[]) => TensorTree,
  inputs: readonly Tensor[],
  options?: GradientOptions,
): GradientError {
  let thrown: unknown;
  try {
    checkGradients(f, inputs, options);
  } catch (error) {
    thrown = error;
  }
  if (thrown instanceof GradientError) return thrown;
  throw new Error('the planted error was not found', { cause: thrown });
}

/** A function with a custom gradient, which a user may get wrong. */
function withRule(value: (x: Tensor) => Tensor, rule: (t: Tensor, x: Tensor) => Tensor): (x: Tensor) => Tensor {
  return customGradient((input: Tensor) => ({ value: value(input), vjp: (t) => [rule(t, input)] }));
}

describe('planted errors are found:', () => {
  test('a sign', () => {
    const cosine = withRule(
      (x) => x.cos(),
      (t, x) => t.mul(x.sin()),
    );
    const error = failure((x) => cosine(x!), [x], { name: 'cosine' });
    expect(error).toMatchObject({ function: 'cosine', check: 'vjp', order: 1, input: 'input 0', weighted: true });
    expect(error.wrong).toEqual({ count: 6, of: 6 });
    expect(error.analytic).toBeCloseTo(-error.numeric, 6);
  });

  test('a missing reduction after broadcasting, with only one row counted', () => {
    const addBias = customGradient((x: Tensor, bias: Tensor) => ({
      value: x.add(bias),
      vjp: (t) => [t, t.slice([0])],
    }));
    const error = failure((x, bias) => addBias(x!, bias!).square().sum(), [x, b], { name: 'addBias' });
    expect(error).toMatchObject({ check: 'vjp', input: 'input 1', wrong: { of: 3 } });
  });

  test('a missing reduction after broadcasting, of the wrong scale', () => {
    const addBias = customGradient((x: Tensor, bias: Tensor) => ({ value: x.add(bias), vjp: (t) => [t, t.mean(0)] }));
    const error = failure((x, bias) => addBias(x!, bias!).sum(), [x, b]);
    expect(error).toMatchObject({ input: 'input 1', analytic: 1, weighted: false });
    expect(error.numeric).toBeCloseTo(2, 6);
  });

  test('a missing reduction after broadcasting, of the wrong shape', () => {
    const addBias = customGradient((x: Tensor, bias: Tensor) => ({ value: x.add(bias), vjp: (t) => [t, t] }));
    expect(() => checkGradients((x, bias) => addBias(x, bias).sum(), [x, b])).toThrow(
      'cotangents of the shapes of the arguments, [2, 3], [3], got [2, 3], [2, 3]',
    );
  });

  test('a detached term', () => {
    const normalized = (x: Tensor): Tensor => x.div(stopGradient(x.norm()));
    const error = failure((x) => normalized(x!), [x], { name: 'normalized' });
    expect(error).toMatchObject({ check: 'vjp', input: 'input 0' });
    expect(error.message).toMatch(/^normalized: reverse mode \(vjp\) disagrees with central differences/);
  });

  test('an input that is detached altogether', () => {
    const error = failure((x, bias) => x!.mul(stopGradient(bias!)), [x, b]);
    expect(error).toMatchObject({ input: 'input 1', analytic: 0 });
  });

  test('a wrong axis', () => {
    const softmaxRows = withRule(
      (x) => x.softmax(1),
      (t, x) => {
        const p = x.softmax(1);
        return p.mul(t.sub(t.mul(p).sum(0, { keepdims: true })));
      },
    );
    expect(failure((x) => softmaxRows(x!), [x])).toMatchObject({ check: 'vjp', input: 'input 0' });
  });

  test('a gradient transposed', () => {
    const square = tensor(Float64Array.of(1, 2, 3, 4), { shape: [2, 2] });
    const cubes = withRule(
      (x) => x.pow(3),
      (t, x) => t.mul(x.square().transpose()).mul(3),
    );
    const error = failure((x) => cubes(x!).sum(), [square]);
    expect(error.wrong).toEqual({ count: 2, of: 4 });
    expect([
      [0, 1],
      [1, 0],
    ]).toContainEqual(error.element);
  });

  test('an error of 1e-5 at only one element', () => {
    const factor = tensor(Float64Array.of(1, 1, 1, 1, 1.00001, 1), { shape: [2, 3] });
    const sine = withRule(
      (x) => x.sin(),
      (t, x) => t.mul(x.cos()).mul(factor),
    );
    const error = failure((x) => sine(x!), [x], { name: 'sine' });
    expect(error).toMatchObject({ check: 'vjp', input: 'input 0', element: [1, 1], wrong: { count: 1, of: 6 } });
    expect(error.message).toContain('at        input 0, element [1, 1]');
    expect(error.message).toContain('wrong     1 of 6 compared values');
  });

  test.for([0, 1, 2, 3, 4])('an error at one element of a large input that is not sampled (seed %i)', (seed) => {
    const large = tensor(
      Float64Array.from({ length: 400 }, (_, i) => Math.sin(i)),
      { shape: [20, 20] },
    );
    const factor = ones([20, 20], { dtype: 'float64' }).scatterAdd(
      tensor(Int32Array.of(7), { shape: [1, 1] }),
      tensor([[0.001]]),
      1,
    );
    const wrongFactor = factor.slice([[13, 14]]).pad(
      [
        [13, 6],
        [0, 0],
      ],
      1,
    );
    const sine = withRule(
      (x) => x.sin(),
      (t, x) => t.mul(x.cos()).mul(wrongFactor),
    );
    const error = failure((x) => sine(x!), [large], { elements: 3, seed });
    expect(error).toMatchObject({ check: 'vjp', input: 'input 0', element: [13, 7], wrong: { count: 1, of: 1 } });
  });

  test('a wrong second derivative after a right first one', () => {
    // The rule is right, but 3x² is detached.
    const cube = withRule(
      (x) => x.pow(3),
      (t, x) => t.mul(stopGradient(x.square().mul(3))),
    );
    expect(() => checkGradients((x) => cube(x).sum(), [x])).not.toThrow();
    const error = failure((x) => cube(x!).sum(), [x], { order: 2, name: 'cube' });
    expect(error).toMatchObject({ function: 'cube', check: 'vjp', order: 2, input: 'input 0', analytic: 0 });
    expect(error.message).toContain("(check 'vjp', order 2)");
  });

  test('a wrong third derivative after right ones', () => {
    const inner = withRule(
      (x) => x.square().mul(3),
      (t, x) => t.mul(stopGradient(x)).mul(6),
    );
    const cube = withRule(
      (x) => x.pow(3),
      (t, x) => t.mul(inner(x)),
    );
    expect(() => checkGradients((x) => cube(x).sum(), [x], { order: 2 })).not.toThrow();
    expect(failure((x) => cube(x!).sum(), [x], { order: 3 })).toMatchObject({ order: 3, check: 'vjp' });
  });

  describe('modes that differ', () => {
    const scaledIdentity = (reverse: number, forward: number): ((x: Tensor) => Tensor) => {
      const primitive: Movement = {
        kind: 'movement',
        name: 'plantedIdentity',
        view: (view) => view,
        vjp: (t) => t.mul(reverse),
        jvp: (t) => t.mul(forward),
        batch: ([x]) => x,
      };
      return (x) => new Tensor(primitive, [x], x);
    };

    test('a wrong jvp', () => {
      const f = scaledIdentity(1, 2);
      const error = failure((x, y) => ({ sum: x!.add(1), other: f(y!).square() }), [x, b]);
      expect(error).toMatchObject({ check: 'jvp', order: 1, output: 'output.other', input: 'input 1' });
      expect(error.element).toEqual(error.outputElement);
      expect(error.message).toContain('forward mode (jvp) disagrees with central differences');
      expect(error.message).toMatch(/at {8}input 1, element \[\d\] → output\.other, element \[\d\]/);
    });

    test('a wrong vjp', () => {
      const f = scaledIdentity(2, 1);
      expect(failure((x) => f(x!), [x])).toMatchObject({ check: 'vjp' });
    });

    test('vjp and jvp within tolerance of the differences, but not transposes of each other', () => {
      const f = scaledIdentity(1 + 3e-4, 1 - 3e-4);
      const loose = { rtol: 4e-4, atol: 0 };
      const error = failure((x) => f(x!).square(), [tensor(2)], loose);
      expect(error).toMatchObject({ check: 'transpose', input: undefined });
      expect(error.message).toContain('vjp and jvp are not transposes of each other');
    });
  });

  test('a jvp with a wrong derivative', () => {
    // The factor is 1, as it must be, but has a derivative.
    const identity: Movement = {
      kind: 'movement',
      name: 'plantedIdentity',
      view: (view) => view,
      vjp: (t) => t,
      jvp: (t, { inputs: [x] }) => t.mul(x!.sub(stopGradient(x!)).add(1)),
      batch: ([x]) => x,
    };
    const f = (x: Tensor): Tensor => new Tensor(identity, [x], x);
    const error = failure((x) => sum(f(x!).square()), [x], { order: 2 });
    expect(error).toMatchObject({ check: 'mixed', order: 2, input: 'input 0' });
    expect(error.message).toContain('the gradient of the jvp differs from the jvp of the gradient');
  });

  test('a gradient of NaN or ∞ where the function is smooth', () => {
    const broken = withRule(
      (x) => x.square(),
      (t, x) => t.mul(x).div(x.sub(2)),
    );
    expect(failure((x) => broken(x!).sum(), [x])).toMatchObject({ check: 'vjp', element: [0, 2], analytic: Infinity });
    const nan = withRule(
      (x) => x.square(),
      (t, x) =>
        t
          .mul(x.sub(2).div(x.sub(2)))
          .mul(x)
          .mul(2),
    );
    const error = failure((x) => nan(x!).sum(), [x]);
    expect(error).toMatchObject({ check: 'vjp', element: [0, 2], analytic: NaN, wrong: { count: 1, of: 6 } });
  });
});

describe('properties', () => {
  const wrong = withRule(
    (x) => x.square(),
    (t, x) => t.mul(x).mul(3),
  );
  const arbitraries = [tensors(), fc.nat()] as const;

  function messageOf(run: () => void): string {
    try {
      run();
    } catch (error) {
      return (error as Error).message;
    }
    throw new Error('the planted error was not found');
  }

  test('shrink to a smallest failing case, and print the seed and path that replay it', () => {
    const f = (x: Tensor, _n: number): Tensor => wrong(x).sum();
    const message = messageOf(() => assertGradients(f, [...arbitraries], { name: 'wrongSquare' }, { seed: 7 }));
    // At 0 it is right: the smallest case is a scalar 1.
    expect(message).toContain("Counterexample: [[tensor(1, { dtype: 'float64' }),0]]");
    expect(message).toContain('wrongSquare: reverse mode (vjp) disagrees with central differences');
    const [, seed, path] = /seed: (-?\d+), path: "([\d:]+)"/.exec(message)!;
    expect(seed).toBe('7');

    const again = messageOf(() =>
      assertGradients(f, [...arbitraries], {}, { seed: 7, path: path!, endOnFailure: true }),
    );
    expect(again).toContain("Counterexample: [[tensor(1, { dtype: 'float64' }),0]]");
    expect(again).toContain('Property failed after 1 tests');
  });

  test('are the same for the same seed', () => {
    const property = gradientProperty((x: Tensor) => wrong(x), [tensors()]);
    const details = [1, 1, 2].map((seed) => fc.check(property, { seed }));
    expect(details[0]!.counterexamplePath).toBe(details[1]!.counterexamplePath);
    expect(String(details[0]!.counterexample)).toBe(String(details[1]!.counterexample));
    expect(details.every(({ failed }) => failed)).toBe(true);
  });

  test('pass on what is not differentiated, also inside of objects', () => {
    const labels = tensor(Int32Array.of(0, 1));
    const seen = new Set<unknown>();
    assertGradients(
      (x: Tensor, options: { readonly axis: number; readonly weights: Tensor; readonly labels: Tensor }) => {
        seen.add(options.axis).add(options.labels);
        return x.mul(options.weights).sum(options.axis).square();
      },
      [
        tensors({ shape: [2, 2] }),
        fc.record({ axis: fc.constant(1), weights: tensors({ shape: [2] }), labels: fc.constant(labels) }),
      ],
      { order: 2 },
      { numRuns: 3 },
    );
    expect([...seen]).toEqual([1, labels]);
    const detached = (x: Tensor, { w }: { readonly w: Tensor }): Tensor => x.mul(stopGradient(w)).sum();
    const message = messageOf(() =>
      assertGradients(detached, [tensors({ shape: [], avoid: [0] }), fc.record({ w: tensors({ shape: [] }) })]),
    );
    expect(message).toContain('at        input 1.w');
    expect(message).toContain('detached: ');
  });

  test('take one arbitrary for all arguments, where they depend on each other', () => {
    const pair = tensors({ shape: fc.constantFrom([2], [3]) }).map((x): [Tensor, number] => [x, x.size]);
    assertGradients((x: Tensor, size: number) => x.reshape([size, 1]).square(), pair, {}, { numRuns: 5 });
  });
});
