import {
  getBackend,
  random,
  portable,
  tensor,
  Variable,
  zeros,
  type Backend,
  type Tensor,
  type TensorTree,
} from '@thetagrad/core';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { withBackend } from '../../../test/support/backends.ts';
import { checkGradients, gradientProperty, GradientError, type GradientOptions } from '../src/index.ts';

const x = tensor(Float64Array.of(0.5, -1.25, 2, 0.75), { shape: [2, 2] });

describe('accepts', () => {
  test('inputs and results in arrays and objects', () => {
    const f = ({ a, rest }: { a: Tensor; rest: Tensor[] }, y: Tensor) => ({
      sum: a.add(rest[0]!).exp(),
      parts: [rest[1]!.mul(y)],
    });
    expect(() => checkGradients(f, [{ a: x, rest: [x, x.mul(2)] }, x.sin()], { order: 2 })).not.toThrow();
  });

  test('instances of classes, of which only those with tensors are rebuilt', () => {
    class Scaled {
      readonly x = x;
      readonly key = random.key(3);
      apply(): Tensor {
        return this.x.exp().mul(random.uniform(this.key.split()[0]!, this.x.shape, { dtype: 'float64' }));
      }
    }
    const property = gradientProperty((scaled: Scaled) => scaled.apply(), [fc.constant(new Scaled())]);
    expect(() => fc.assert(property, { numRuns: 1 })).not.toThrow();
  });

  test('an input that does not matter', () => {
    expect(() => checkGradients((x, _y) => x.square(), [x, x], { order: 2 })).not.toThrow();
  });

  test('a result that is constant', () => {
    expect(() => checkGradients((x) => [x.square(), tensor([1, 2])], [x], { order: 2 })).not.toThrow();
  });

  test('tensors without elements', () => {
    expect(() => checkGradients((x, y) => [x.square(), y.sum()], [zeros([0, 2]), x])).not.toThrow();
  });

  test('inputs near the end of the domain, near kinks and near poles', () => {
    // Each is nearer than the first step of the differences.
    expect(() => checkGradients((x) => x.log(), [tensor(0.001)], { order: 2 })).not.toThrow();
    expect(() => checkGradients((x) => x.sqrt(), [tensor(1e-5)], { order: 2 })).not.toThrow();
    expect(() => checkGradients((x) => x.relu(), [tensor(Float64Array.of(0.001, -0.003))], { order: 2 })).not.toThrow();
    expect(() => checkGradients((x) => x.reciprocal(), [tensor(0.01)], { order: 2 })).not.toThrow();
  });

  test('values far from 1', () => {
    expect(() => checkGradients((x) => x.square(), [tensor(Float64Array.of(1e6, -1e-6))])).not.toThrow();
    expect(() => checkGradients((x) => x.mul(1e8).sin().mul(1e-8), [tensor(1e-9)], { step: 1e-9 })).not.toThrow();
    expect(() => checkGradients((x) => x.mul(30).sin(), [x], { order: 2 })).not.toThrow();
  });

  test('float32 inputs, converted to float64', () => {
    const seen: string[] = [];
    checkGradients(
      (x) => {
        seen.push(x.dtype);
        return x.exp();
      },
      [x.astype('float32')],
    );
    expect(new Set(seen)).toEqual(new Set(['float64']));
  });

  test('any order', () => {
    expect(() => checkGradients((x) => x.sin().mul(x.exp()), [x], { order: 4 })).not.toThrow();
  });
});

describe('variables', () => {
  const make = () => ({
    weight: new Variable(
      tensor([
        [1, 2],
        [3, 4],
      ]),
      { name: 'weight' },
    ),
    running: new Variable(tensor([0, 0]), { name: 'running', trainable: false }),
  });

  test('are checked like inputs, in float64, and restored', () => {
    const layer = make();
    const before = layer.running.value;
    const dtypes = new Set<string>();
    const forward = (x: Tensor): Tensor => {
      const y = x.matmul(layer.weight.value).tanh();
      dtypes.add(layer.weight.value.dtype);
      layer.running.assign(y.mean(0).astype('float32'));
      return y;
    };
    checkGradients(forward, [x.mul(0.25)], { variables: { layer: { variables: () => layer } }, order: 2 });
    expect(dtypes).toEqual(new Set(['float64']));
    expect(layer.running.value).toBe(before);
    expect(layer.weight.value.toArraySync()).toEqual([
      [1, 2],
      [3, 4],
    ]);
  });

  test('are named in messages', () => {
    const layer = make();
    const forward = (x: Tensor): Tensor =>
      x.matmul(layer.weight.value.mul(1)).add(layer.weight.value.stopGradient()).sum();
    expect(() => checkGradients(forward, [x], { variables: { layer: { variables: () => layer } } })).toThrow(
      /at {8}variable layer\.weight, element \[\d, \d\]/,
    );
  });

  test('may be the only inputs', () => {
    const { weight } = make();
    expect(() => checkGradients(() => weight.value.square(), [], { variables: weight })).not.toThrow();
  });
});

describe('rejects', () => {
  const expectRejection = (
    f: (...inputs: readonly Tensor[]) => unknown,
    inputs: readonly TensorTree[],
    message: string | RegExp,
    options?: GradientOptions,
  ) =>
    expect(() => checkGradients(f as (...inputs: readonly TensorTree[]) => TensorTree, inputs, options)).toThrow(
      message,
    );

  test('inputs that are not floating point', () => {
    expectRejection(
      (x) => x!,
      [x, { labels: [tensor(Int32Array.of(1))] }],
      'the function: input 1.labels[0] is a tensor of int32; inputs are floating-point tensors',
    );
    expectRejection((x) => x!, [3 as unknown as Tensor], 'input 0 is 3;');
    expectRejection(
      (x) => x!,
      x as unknown as Tensor[],
      'the inputs of the function come in an array, got a tensor of float64',
    );
    expectRejection(() => x, [], 'there is nothing to differentiate with respect to');
    expect(() => checkGradients(3 as unknown as () => Tensor, [])).toThrow(
      'checkGradients: expected a function, got 3',
    );
  });

  test('results that have no gradient', () => {
    expectRejection((x) => [x!, x!.greater(0)], [x], 'output[1] is a tensor of bool, which has no gradient', {
      name: 'mask',
    });
    expectRejection(() => ({ loss: 3 }), [x], 'output.loss is 3; the function must return tensors');
    expectRejection(async (x) => x!, [x], 'output is a Promise; it must be synchronous');
    expectRejection(() => [], [x], 'the function returns no tensors');
  });

  test('values that are not finite', () => {
    expectRejection(
      (x) => x!.log(),
      [x],
      'the function: element [0, 1] of output is NaN; gradients are checked where the function is finite',
    );
    expectRejection((x) => x!.sum().div(0), [x], 'output is Infinity;');
    // 0 at 0, NaN on one side.
    expectRejection(
      (x) => x!.sqrt(),
      [tensor(0)],
      'the function is finite at the input but not around it (moving input 0)',
    );
  });

  test('functions that are not deterministic', () => {
    let calls = 0;
    const noisy = (x?: Tensor): Tensor => x!.add(random.uniform(random.key(calls++), [2, 2]));
    expectRejection(
      noisy,
      [x],
      /noisy: two calls with the same inputs give different values, \S+ and \S+ for element \[0, 0\] of output; fix what is random/,
    );
    let growing = 1;
    expectRejection(
      (x) => x!.broadcastTo([growing++, 2, 2]),
      [x],
      'the results have shapes [1, 2, 2] in one call and [2, 2, 2] in another',
    );
  });

  test('functions whose shapes depend on values', () => {
    expectRejection(
      (x) => x!.broadcastTo([x!.itemSync() > 0.5 ? 2 : 1]),
      [tensor(0.5)],
      'the results have shapes [1] in one call and [2] in another',
    );
  });

  test('kinks and jumps', () => {
    const at0 = tensor(0);
    expect(() => checkGradients((x) => x.relu(), [at0])).toThrow(GradientError);
    const error = ((): unknown => {
      try {
        checkGradients((x) => x.floor().add(x), [tensor(1)], { name: 'steps' });
      } catch (thrown) {
        return thrown;
      }
      return undefined;
    })();
    expect(error).toMatchObject({ name: 'GradientError', check: 'differences', function: 'steps', input: 'input 0' });
    expect((error as Error).message).toMatch(/^steps: central differences do not converge/);
  });

  test('options out of range', () => {
    expectRejection((x) => x!, [x], 'checkGradients: order must be an integer ≥ 1, got 0', { order: 0 });
    expectRejection((x) => x!, [x], 'checkGradients: elements must be an integer ≥ 1, got 1.5', { elements: 1.5 });
    expectRejection((x) => x!, [x], 'checkGradients: rtol must be a finite number ≥ 0, got -1', { rtol: -1 });
    expectRejection((x) => x!, [x], 'checkGradients: atol must be a finite number ≥ 0, got NaN', { atol: NaN });
    expectRejection((x) => x!, [x], 'checkGradients: step must be a finite number > 0, got 0', { step: 0 });
    expectRejection((x) => x!, [x], 'checkGradients: seed must be an integer', { seed: 0.5 });
  });
});

describe('the check', () => {
  test('takes few evaluations', () => {
    let calls = 0;
    checkGradients(
      (x) => {
        calls++;
        return x.tanh();
      },
      [x],
    );
    // Four elements and one direction, at most four steps of two evaluations each.
    expect(calls).toBeLessThanOrEqual(3 + 5 * 8);
  });

  test('samples the elements of a large input', () => {
    let calls = 0;
    const large = random.normal(random.key(1), [1000], { dtype: 'float64' });
    checkGradients(
      (x) => {
        calls++;
        return x.sin();
      },
      [large],
      { elements: 5 },
    );
    expect(calls).toBeLessThanOrEqual(3 + 7 * 8);
  });

  test('depends on the seed alone', () => {
    const message = (seed: number): string => {
      try {
        checkGradients((x) => x.mul(x.stopGradient()), [x], { seed });
      } catch (error) {
        return (error as Error).message;
      }
      return '';
    };
    expect(message(1)).toBe(message(1));
    expect(message(1)).not.toBe(message(2));
  });

  test('runs on the portable backend and restores the previous one', () => {
    const backend: Backend = Object.create(portable()) as Backend;
    withBackend(backend, () => {
      checkGradients(
        (x) => {
          expect(getBackend()).toBe(portable());
          return x.square();
        },
        [x],
      );
      expect(() => checkGradients((x) => x.log(), [x])).toThrow(RangeError);
      expect(getBackend()).toBe(backend);
    });
  });
});
