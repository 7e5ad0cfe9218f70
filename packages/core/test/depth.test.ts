import { describe, expect, test } from 'vitest';
import { concat, evaluateSync, grad, graph, jvp, tensor, Variable, type Tensor } from '../src/index.ts';
import { kernelsOf } from './backends.ts';
import { numbers } from './helpers.ts';

const depth = 10_000;
const scalar = (value: number): Tensor => tensor(value, { dtype: 'float64' });

function chain(x: Tensor, length: number): Tensor {
  let y = x;
  for (let i = 0; i < length; i++) y = i % 2 === 0 ? y.add(1) : y.mul(0.5);
  return y;
}

describe('graphs of ten thousand operations', () => {
  test('are evaluated, printed and freed', () => {
    const y = chain(scalar(3), depth);
    expect(graph(y).toString().split('\n').length).toBe(2 * depth + 1);
    // Fusion is bounded: kernels do not grow with the graph.
    const kernels = kernelsOf(() => evaluateSync(y)).map((name) => name.split(' → ').length);
    expect(kernels.reduce((sum, operations) => sum + operations, 0)).toBe(depth);
    expect(Math.max(...kernels)).toBeLessThan(50);
    // x ↦ (x + 1)/2 has the fixed point 1.
    expect(y.itemSync()).toBe(1);
    expect(graph(y).nodes.length).toBe(1);
  });

  test('movements alone are one view and one copy', () => {
    let y = tensor([
      [1, 2],
      [3, 4],
    ]);
    for (let i = 0; i < depth; i++) y = y.transpose();
    expect(kernelsOf(() => evaluateSync(y))).toEqual(['cast']);
    expect(numbers(y)).toEqual([1, 2, 3, 4]);
  });

  test('are differentiated in both modes', () => {
    const f = (x: Tensor): Tensor => {
      let y = x;
      for (let i = 0; i < depth; i++) y = y.mul(i % 2 === 0 ? 2 : 0.5);
      return y.mul(3);
    };
    // All factors except the last cancel.
    expect(grad(f)(scalar(5)).itemSync()).toBe(3);
    expect(jvp(f, [scalar(5)], [scalar(10)]).tangent.itemSync()).toBe(30);
  });

  test('assignments without evaluations in between', () => {
    const v = new Variable(scalar(0));
    for (let i = 0; i < depth; i++) v.assign(v.value.add(1));
    evaluateSync(v);
    expect(v.value.itemSync()).toBe(depth);
  });
});

describe('work grows linearly with the graph', () => {
  /** The number of nodes that a gradient adds for each operation. */
  const nodesPerOperation = (build: (x: Tensor, n: number) => Tensor, n: number): number =>
    graph(grad((x: Tensor) => build(x, n).sum())(tensor([1, 2], { dtype: 'float64' }))).nodes.length / n;

  test.each<[string, (x: Tensor, n: number) => Tensor]>([
    ['a chain', chain],
    [
      'a chain of products',
      (x, n) => {
        let y = x;
        for (let i = 0; i < n; i++) y = y.mul(x);
        return y;
      },
    ],
    [
      'a tensor that is used by every later one',
      (x, n) => {
        let y = x.exp();
        const z = y;
        for (let i = 0; i < n; i++) y = y.sin().add(z);
        return y;
      },
    ],
    [
      'one that doubles: 2ⁿ paths',
      (x, n) => {
        let y = x;
        for (let i = 0; i < n; i++) y = y.add(y);
        return y;
      },
    ],
    ['many branches joined', (x, n) => concat(Array.from({ length: n }, (_, i) => x.mul(i)))],
  ])('the gradient of %s', (_, build) => {
    const [few, many] = [nodesPerOperation(build, 100), nodesPerOperation(build, 1000)];
    expect(many).toBeLessThan(10);
    expect(many).toBeLessThanOrEqual(few * 1.01);
  });

  test('kernels of a diamond are not repeated', () => {
    let y = tensor([1], { dtype: 'float64' });
    for (let i = 0; i < 50; i++) y = y.add(y);
    const operations = kernelsOf(() => evaluateSync(y)).flatMap((name) => name.split(' → '));
    expect(operations.length).toBe(50);
    expect(y.itemSync()).toBe(2 ** 50);
  });

  test('second order', () => {
    const nodes = (n: number): number => {
      const f = (x: Tensor): Tensor => {
        let y = x;
        for (let i = 0; i < n; i++) y = y.sin();
        return y;
      };
      return graph(grad(grad(f))(scalar(0.5))).nodes.length;
    };
    expect(nodes(800) / nodes(400)).toBeLessThan(2.01);
  });
});
