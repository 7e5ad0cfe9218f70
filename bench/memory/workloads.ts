// Workloads whose memory must stay within a bound, however long they run.
import { sphereFace } from '@thetagrad/a-softmax';
import {
  arange,
  defineUnary,
  evaluate,
  explain,
  grad,
  portable,
  random,
  setBackend,
  tensor,
  valueAndGrad,
  type Backend,
  type Tensor,
} from '@thetagrad/core';
import { checkpoint } from '@thetagrad/func';
import { wasm } from '@thetagrad/wasm';
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

/** The memory in which the workload `checkpoint` computes, in MiB. */
const checkpointLimit = 768;

/** Computes the gradient of SphereFace-64 for 16 images where memory is limited: without `checkpoint` it does not fit. */
async function runCheckpoint(): Promise<void> {
  setBackend(await wasm({ threads: 2, memoryLimit: checkpointLimit * 2 ** 20 }));
  const model = sphereFace({ layers: 64, key: random.key(1) });
  const images = random.normal(random.key(2), [16, 3, 112, 96]);
  await evaluate(model, images);
  for (const keepsAll of [false, true]) {
    const block = keepsAll ? (f: (x: Tensor) => Tensor) => f : checkpoint<[Tensor], Tensor>;
    // Two residual units in each.
    const { layers } = model.convolutions;
    const blocks = Array.from({ length: layers.length / 2 }, (_, i) => layers.slice(2 * i, 2 * i + 2));
    const forward = (): Tensor =>
      model.embedding
        .forward(
          blocks
            .reduce((x, part) => block((y: Tensor) => part.reduce((z, layer) => layer.forward(z), y))(x), images)
            .flatten(1),
        )
        .square()
        .mean();
    const step = valueAndGrad({ model }, forward)();
    const name = keepsAll ? 'without checkpoint' : 'with checkpoint';
    const { arenaBytes, multiplyAdds } = explain(step);
    const plan = `arena ${(arenaBytes / 2 ** 20).toFixed(0)} MiB, ${(multiplyAdds / 1e9).toFixed(0)} G multiply-adds`;
    const begin = performance.now();
    const outcome = await evaluate(step).then(
      () => `computed in ${((performance.now() - begin) / 1000).toFixed(1)} s`,
      (error: unknown) => String(error),
    );
    console.log(`  ${name}: ${plan}: ${outcome}`);
    if (outcome.startsWith('computed') === keepsAll) throw new Error(`checkpoint: unexpected ${name}`);
  }
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
  checkpoint: {
    title: `gradient of SphereFace-64 for 16 images of 112×96 in ${checkpointLimit} MiB`,
    count: 1,
    bound: checkpointLimit + 256,
    run: runCheckpoint,
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
