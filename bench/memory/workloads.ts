// Workloads whose memory must stay within a bound, however long they run.
import {
  arange,
  defineUnary,
  evaluate,
  grad,
  portable,
  setBackend,
  tensor,
  type Backend,
  type Tensor,
} from '@thetagrad/core';
import { setTimeout } from 'node:timers/promises';

export interface Workload {
  /** What it repeats, for the heading. */
  readonly title: string;
  /** How often it runs {@link run}. */
  readonly count: number;
  /** The bound on the growth of the process's resident memory at any time, in MiB. */
  readonly bound: number;
  readonly run: (i: number, open: () => Promise<Backend>) => Promise<void>;
}

const unary = ['exp', 'sin', 'cos', 'tanh', 'abs', 'neg', 'relu', 'sigmoid', 'floor', 'square'] as const;

/** A graph whose structure differs from those of all other numbers. */
function newStructure(i: number): Tensor {
  const x = arange(3 + (i % 97), { dtype: 'float32' });
  let y = x;
  for (let rest = i; rest > 0; rest = Math.floor(rest / unary.length)) y = y[unary[rest % unary.length]!]();
  return [y.sum(), y.expandDims(0).matmul(y.expandDims(1)), y.add(x).max()][i % 3]!;
}

export const workloads: Readonly<Record<string, Workload>> = {
  structures: {
    title: 'ever-new graph structures',
    count: 10_000,
    bound: 256,
    run: (i) => evaluate(newStructure(i)),
  },
  operations: {
    title: 'operations of the user, each evaluated once',
    count: 5000,
    bound: 192,
    run: async (i) => {
      const operation = defineUnary({
        name: 'own',
        dtypes: 'float',
        value: (x) => 2 * x + i,
        derivatives: [(t) => t.mul(2)],
        domain: [{ from: -1, to: 1 }],
      });
      await evaluate(operation(tensor([1, 2, 3])));
    },
  },
  loop: {
    title: 'gradient of a loop of 50,000 steps',
    count: 1,
    bound: 1280,
    run: async () => {
      const f = (x: Tensor): Tensor => {
        let y = x;
        for (let i = 0; i < 50_000; i++) y = y.mul(1.000_01).sin();
        return y.sum();
      };
      await evaluate(grad(f)(tensor([1, 2, 3])));
    },
  },
  results: {
    title: 'evaluation of 130,000 tensors at once',
    count: 1,
    bound: 1280,
    run: async () => {
      const x = tensor([1, 2, 3]);
      await evaluate(Array.from({ length: 130_000 }, (_, i) => x.mul(i).sum()));
    },
  },
  backends: {
    title: 'backends that are dropped without being closed',
    count: 300,
    bound: 384,
    run: async (i, open) => {
      setBackend(await open());
      await evaluate(tensor(new Float32Array(2 ** 16)).add(i));
      setBackend(portable());
      await setTimeout(0);
    },
  },
};
