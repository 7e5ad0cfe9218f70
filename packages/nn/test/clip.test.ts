import { values } from '@thetagrad/gradcheck';
import { evaluate, tensor, Variable, zeros } from '@thetagrad/core';
import { clipGradNorm, clipGradValue, SGD } from '@thetagrad/nn';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

const grads = { a: tensor([3, 0]), b: tensor([[4]]) };

describe('clipGradNorm', () => {
  test('scales down to the norm and returns the norm before', () => {
    const { grads: clipped, norm } = clipGradNorm(grads, 1);
    expect(norm.itemSync()).toBeCloseTo(5, 6);
    expect(clipped['a']!.dataSync()[0]).toBeCloseTo(0.6, 5);
    expect(clipped['b']!.itemSync()).toBeCloseTo(0.8, 5);
  });

  test('leaves smaller gradients unchanged', () => {
    const { grads: clipped } = clipGradNorm(grads, 6);
    expect(clipped['a']!.toArraySync()).toEqual([3, 0]);
    expect(clipGradNorm({ a: zeros([2]) }, 1).grads['a']!.toArraySync()).toEqual([0, 0]);
  });

  test('with a limit of Infinity returns the norm alone', () => {
    const { grads: clipped, norm } = clipGradNorm(grads, Infinity);
    expect(norm.itemSync()).toBeCloseTo(5, 6);
    expect(clipped['a']!.toArraySync()).toEqual([3, 0]);
    expect(clipGradValue(grads, Infinity)['a']!.toArraySync()).toEqual([3, 0]);
  });

  test.for([
    [1, 7],
    [2, 5],
    [Infinity, 4],
  ])('bounds the norm of order %s', ([normType, expected]) => {
    const { grads: clipped, norm } = clipGradNorm(grads, expected! / 2, { normType: normType! });
    expect(norm.itemSync()).toBeCloseTo(expected!, 6);
    expect(clipped['b']!.itemSync()).toBeCloseTo(2, 5);
  });

  test.for([
    [3e20, 4e20, 5e20, 1],
    [3e38, 3.2e38, Infinity, 1],
    [3e38, 0, 3e38, 1e-3],
    [3e-30, 4e-30, 5e-30, 1],
    [3e-30, 4e-30, 5e-30, 1e-36],
    [3e-30, 3e30, 3e30, 2e10],
  ])('is right for %s and %s, of norm %s, with the limit %s', ([a, b, expected, max]) => {
    const { grads: clipped, norm } = clipGradNorm({ a: tensor([a!]), b: tensor([b!]) }, max!, {
      errorIfNonfinite: true,
    });
    expect(norm.itemSync() / Math.fround(expected!) || 1).toBeCloseTo(1, 6);
    const factor = Math.min(1, max! / (Math.hypot(a!, b!) + 1e-6));
    for (const [name, grad] of [
      ['a', a!],
      ['b', b!],
    ] as const) {
      const right = Math.fround(grad * factor);
      expect(Math.abs(clipped[name]!.itemSync() - right)).toBeLessThanOrEqual(Math.abs(right) * 3e-7);
    }
  });

  test('counts empty gradients as nothing, and promotes dtypes', () => {
    expect(clipGradNorm({ a: zeros([0]) }, 1).norm.itemSync()).toBe(0);
    const { grads: clipped, norm } = clipGradNorm(
      { a: zeros([0]), b: tensor([3]), c: tensor([4], { dtype: 'float64' }) },
      1,
    );
    expect([norm.dtype, norm.itemSync()]).toEqual(['float64', 5]);
    expect([clipped['b']!.dtype, clipped['c']!.dtype]).toEqual(['float32', 'float64']);
  });

  test('lets a step fail on demand if the norm is not finite', async () => {
    const p = new Variable(tensor([1]), { name: 'p' });
    const optimizer = new SGD(p, { lr: 1 });
    const step = async (grad: number): Promise<void> => {
      optimizer.update(clipGradNorm({ p: tensor([grad]) }, 1, { errorIfNonfinite: true }).grads);
      await evaluate(p, optimizer);
    };
    await step(0.5);
    for (const bad of [NaN, Infinity])
      await expect(step(bad)).rejects.toThrow('the norm of the gradients is not finite');
    expect([optimizer.step, p.value.itemSync()]).toEqual([1, 0.5]);
    expect(clipGradNorm({ p: tensor([NaN]) }, 1).grads['p']!.itemSync()).toBeNaN();
  });

  test('returns a norm of at most the limit, and the same direction', () => {
    const numbers = fc.array(values({ from: -100, to: 100 }), { minLength: 2, maxLength: 6 });
    fc.assert(
      fc.property(numbers, fc.double({ min: 0.01, max: 10, noNaN: true }), (values, max) => {
        const before = tensor(values, { dtype: 'float64' });
        const after = clipGradNorm({ before }, max).grads['before']!;
        const norm = before.norm().itemSync();
        const factor = Math.min(1, max / (norm + 1e-6));
        after.dataSync().forEach((value, i) => expect(value).toBeCloseTo(values[i]! * factor, 9));
        expect(after.norm().itemSync()).toBeLessThanOrEqual(max);
      }),
    );
  });
});

test('clipGradValue limits each element', () => {
  const clipped = clipGradValue({ a: tensor([-3, 0.5, 2]) }, 1);
  expect(clipped['a']!.toArraySync()).toEqual([-1, 0.5, 1]);
});

test.for([
  [() => clipGradNorm({}, 1), 'clipGradNorm: there are no gradients'],
  [() => clipGradNorm(grads, 0), 'clipGradNorm: maxNorm must be a finite number > 0, got 0'],
  [() => clipGradNorm(grads, 1, { normType: 3 }), 'clipGradNorm: normType must be 1, 2 or Infinity, got 3'],
  [
    () => clipGradNorm(grads, 1, { errorIfNonfinite: 1 as never }),
    'clipGradNorm: errorIfNonfinite must be true or false, got 1',
  ],
  [() => clipGradValue(grads, NaN), 'clipGradValue: clipValue must be a finite number > 0, got NaN'],
] as const)('rejects bad arguments: %#', ([clip, message]) => {
  expect(clip).toThrow(message);
});
