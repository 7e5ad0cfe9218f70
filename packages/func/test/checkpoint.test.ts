import { explain, grad, jvp, random, tensor, valueAndGrad, Variable, type Tensor } from '@thetagrad/core';
import { describe, expect, test } from 'vitest';
import { checkpoint } from '../src/index.ts';

describe('checkpoint', () => {
  const layers = 8;
  const weights = Array.from({ length: layers }, (_, i) => random.normal(random.key(i), [16, 16], { std: 0.25 }));
  const x = random.normal(random.key(layers), [256, 16]);
  const block = (x: Tensor, weights: readonly Tensor[]): Tensor => weights.reduce((h, w) => h.matmul(w).tanh(), x);
  const plain = (weights: readonly Tensor[]): Tensor => block(x, weights).square().sum();
  const checkpointed = (weights: readonly Tensor[]): Tensor => {
    const half = layers / 2;
    const first = checkpoint(block)(x, weights.slice(0, half));
    return checkpoint(block)(first, weights.slice(half)).square().sum();
  };

  test('keeps less for the backward pass, and computes more', () => {
    const [all, less] = [plain, checkpointed].map((f) => explain(grad<readonly Tensor[], []>(f)(weights)));
    expect(less!.arenaBytes).toBeLessThan(0.7 * all!.arenaBytes);
    expect(less!.multiplyAdds).toBeGreaterThan(1.2 * all!.multiplyAdds);
  });

  test('gives the same bits', () => {
    const [a, b] = [plain, checkpointed].map((f) => grad<readonly Tensor[], []>(f)(weights));
    a!.forEach((each, i) => expect(b![i]!.dataSync()).toEqual(each.dataSync()));
  });

  test('sends gradients to variables, and does not draw random numbers anew', () => {
    const w = new Variable(tensor([1, 2, 3]), { name: 'w' });
    const noisy = (): Tensor =>
      w.value
        .mul(random.normal(random.key(5), [3]))
        .exp()
        .sum();
    const { value, grads } = valueAndGrad({ w }, () => checkpoint(noisy)())();
    const expected = valueAndGrad({ w }, noisy)();
    expect(value.itemSync()).toBe(expected.value.itemSync());
    expect(grads['w']!.toArraySync()).toEqual(expected.grads['w']!.toArraySync());
  });

  test('of trees, in forward mode, and of higher order', () => {
    const f = checkpoint(({ a, b }: { a: Tensor; b: Tensor }) => ({ product: a.mul(b), sine: a.sin() }));
    const g = (a: Tensor): Tensor => {
      const { product, sine } = f({ a, b: a.square() });
      return product.add(sine).sum();
    };
    const point = tensor([0.5, 2], { dtype: 'float64' });
    const derivative = (order: number): ((x: number) => number) =>
      [(x: number) => 3 * x ** 2 + Math.cos(x), (x: number) => 6 * x - Math.sin(x)][order - 1]!;
    const second = grad((x: Tensor) => grad(g)(x).sum())(point).dataSync();
    const { tangent } = jvp(g, [point], [tensor([1, 0], { dtype: 'float64' })]);
    expect(tangent.itemSync()).toBeCloseTo(derivative(1)(0.5), 12);
    [0.5, 2].forEach((x, i) => expect(second[i]).toBeCloseTo(derivative(2)(x), 12));
  });

  test('refuses what is not a function, and results that are not tensors', () => {
    expect(() => checkpoint(3 as never)).toThrow(/^checkpoint: expected a function, got 3/);
    expect(() => checkpoint(() => 3)()).toThrow(/^checkpoint: the result: expected tensors/);
  });
});
