// A routine of another package, which no backend has code for.
import { describe, expect, test } from 'vitest';
import { cubeRoot, reverse } from '../../../test/support/reverse.ts';
import { evaluate, explain, getBackend, grad, jvp, tensor, Variable, type Tensor } from '../src/index.ts';
import { kernelsOf } from './backends.ts';
import { numbers } from './helpers.ts';

const x = tensor([
  [1, 2, 3],
  [4, 5, 6],
]);

describe('a routine of another package', () => {
  test('is computed by its definition, with an epilogue', () => {
    expect(numbers(reverse(x))).toEqual([3, 2, 1, 6, 5, 4]);
    expect(numbers(reverse(x.transpose(), 0).mul(2).add(1))).toEqual([7, 13, 5, 11, 3, 9]);
    expect(kernelsOf(() => reverse(x.mul(2)).add(1).exp().dataSync())).toEqual(['mul', 'test.reverse → add → exp']);
  });

  test('is differentiated by its rules, in both modes and twice', () => {
    const f = (y: Tensor): Tensor => reverse(y).mul(y.square()).sum();
    // d/dyᵢ = yᵣ₍ᵢ₎² + 2 yᵢ yᵣ₍ᵢ₎
    expect(numbers(grad(f)(x))).toEqual([9 + 6, 4 + 8, 1 + 6, 36 + 48, 25 + 50, 16 + 48]);
    expect(jvp(f, [x], [reverse(x)]).tangent.itemSync()).toBe(15 * 3 + 12 * 2 + 7 + 84 * 6 + 75 * 5 + 64 * 4);
    const second = jvp(grad(f), [x], [x]).tangent;
    expect(numbers(second)).toEqual([15, 12, 7, 84, 75, 64].map((value) => 2 * value));
  });

  test('runs on the host where there is no code for it, which explain says', () => {
    const explanation = explain(reverse(x.add(1)));
    const isCompiled = getBackend().name !== 'portable';
    expect(explanation.kernels.map(({ onHost = false }) => onHost)).toEqual([false, isCompiled]);
    expect(String(explanation).includes('test.reverse (48 B, on the host)')).toBe(isCompiled);
  });

  test('throws its error from the evaluation, which then leaves variables as they were', async () => {
    const [v, w] = [new Variable(tensor([1, 2])), new Variable(tensor([3, 4]))];
    const step = (bad: number): void => {
      const [oldV, oldW] = [v.value, w.value];
      v.assign(reverse(oldV.add(oldW)));
      w.assign(reverse(oldW.div(bad).mul(bad)));
    };
    const values = (): number[][] => [numbers(v.value), numbers(w.value)];
    // The second step writes in place, since nothing else reads the variables' memory.
    for (const bad of [1, 1]) {
      step(bad);
      await evaluate(v, w);
    }
    step(0);
    await expect(evaluate(v, w)).rejects.toThrow('reverse: element 0 is NaN; replace it first');
    expect(values()).toEqual([
      [7, 10],
      [3, 4],
    ]);
    step(1);
    await evaluate(v, w);
    expect(values()).toEqual([
      [14, 10],
      [4, 3],
    ]);
    expect(() => reverse(tensor([NaN])).dataSync()).toThrow('reverse: element 0 is NaN');
    await expect(reverse(tensor([NaN])).data()).rejects.toThrow('reverse: element 0 is NaN');
  });

  test('between elementwise operations that only a JavaScript function defines', () => {
    expect(numbers(reverse(cubeRoot(tensor([1, 8, 27]))))).toEqual([3, 2, 1]);
    expect(numbers(grad((y: Tensor) => cubeRoot(reverse(y)).sum())(tensor([1, 8])))).toEqual(
      [1 / 3, 1 / 12].map(Math.fround),
    );
  });
});
