// Kernels that run together, row by row, give the results of the kernels one by one.
import {
  evaluateSync,
  logSoftmax,
  random,
  softmax,
  stack,
  tensor,
  Variable,
  vjp,
  where,
  type Tensor,
  type TypedArray,
} from '@thetagrad/core';
import { scan } from '@thetagrad/func';
import type { Buffer, Plan } from '@thetagrad/core/backend';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { expectEqual, withBackend } from '../../../test/support/backends.ts';
import { ThreadPoolBackend } from '../src/backend.ts';
import type { Features } from '../src/command.ts';
import { lower } from '../src/lower/index.ts';
import { defaultLimits, findRowChains, type ChainLimits, type RowChain } from '../src/runtime/rowChains.ts';
import { baseline, variants } from './views.ts';

/** Chains even where they do not pay. */
const eager: ChainLimits = { ...defaultLimits, maxRowBytes: 2 ** 20, minPartWork: 0, minChunkWork: 1, minChunks: 1 };

/** Keeps the chains of the plans that it has run. */
class ChainingBackend extends ThreadPoolBackend {
  chains: RowChain[] = [];
  readonly #find: (plan: Plan) => RowChain[];

  constructor(threads: number, limits: ChainLimits | false, features: Features = baseline) {
    const lowering = (kernel: Plan['kernels'][number]) => lower(kernel, { features, winograd: false });
    super({ threads, shared: threads > 1, memoryLimit: 2 ** 28, lower: lowering, chains: limits });
    this.#find = ({ kernels }) =>
      limits
        ? findRowChains(
            kernels.map((kernel) => ({ kernel, commands: lowering(kernel) })),
            limits,
          )
        : [];
  }

  override execute(plan: Plan, inputs: readonly Buffer[], outputs: readonly Buffer[], timings?: Float64Array): void {
    this.chains.push(...this.#find(plan));
    super.execute(plan, inputs, outputs, timings);
  }
}

const unchained = new ChainingBackend(1, false);
const chaining = [new ChainingBackend(1, eager), new ChainingBackend(3, eager)];
await Promise.all(chaining.map((backend) => backend.ready()));

const key = random.key(5);
const normal = (i: number, ...shape: number[]): Tensor => random.normal(key.foldIn(i), shape).mul(2);

function layerNorm(x: Tensor, scale: Tensor, shift: Tensor): Tensor {
  const deviation = x.sub(x.mean(-1, { keepdims: true }));
  const variance = deviation.square().mean(-1, { keepdims: true });
  return deviation.div(variance.add(1e-5).sqrt()).mul(scale).add(shift);
}

function rmsNorm(x: Tensor, scale: Tensor): Tensor {
  return x.div(x.square().mean(-1, { keepdims: true }).add(1e-5).sqrt()).mul(scale);
}

/** The result and all gradients of f, from the gradient `g` of the result. */
function withGradients(f: (...xs: Tensor[]) => Tensor, xs: readonly Tensor[], g?: Tensor): Tensor[] {
  const [x, ...others] = xs;
  const { value, pullback } = vjp(f as (x: Tensor, ...rest: Tensor[]) => Tensor, x!, ...others);
  return [value, ...[pullback(g ?? normal(99, ...value.shape))].flat()] as Tensor[];
}

/** Evaluates what `build` makes of evaluated inputs, as new results, and into variables twice. */
function valuesOn(backend: ThreadPoolBackend, inputs: () => Tensor[], build: (xs: Tensor[]) => Tensor[]): TypedArray[] {
  return withBackend(backend, () => {
    const xs = inputs();
    evaluateSync(xs);
    const results = build(xs);
    evaluateSync(results);
    const variables = results.map((result) => new Variable(result.mul(0)));
    for (let i = 0; i < 2; i++) {
      build(xs).forEach((result, j) => variables[j]!.assign(result));
      evaluateSync(variables);
    }
    return [...results, ...variables.map(({ value }) => value)].map((each) => each.dataSync());
  });
}

type Example = readonly [inputs: () => Tensor[], build: (xs: Tensor[]) => Tensor[]];

const softmaxOfRows = (x: Tensor): Tensor => softmax(x, -1);
const softmaxOf = (inputs: () => Tensor[]): Example => [inputs, (xs) => withGradients(softmaxOfRows, xs)];
const layerNormOf = (...shape: number[]): Example => [
  () => [normal(1, ...shape), normal(2, shape.at(-1)!), normal(3, shape.at(-1)!)],
  (xs) => withGradients(layerNorm as (...xs: Tensor[]) => Tensor, xs),
];

const graphs: Record<string, Example> = {
  softmax: softmaxOf(() => [normal(1, 37, 61)]),
  'softmax over the last of three axes': softmaxOf(() => [normal(1, 3, 7, 20)]),
  'softmax of columns': [() => [normal(1, 37, 61)], (xs) => withGradients((x) => softmax(x!, 0), xs)],
  logSoftmax: [() => [normal(1, 37, 61)], (xs) => withGradients((x) => logSoftmax(x!, 1), xs)],
  'layer norm': layerNormOf(37, 61),
  'RMS norm': [
    () => [normal(1, 4, 5, 33), normal(2, 33)],
    (xs) => withGradients(rmsNorm as (...xs: Tensor[]) => Tensor, xs),
  ],
  'as many rows as columns': layerNormOf(33, 33),
  'steps of a loop': [
    () => [normal(1, 19, 21), normal(2, 5, 19, 21)],
    ([x, rows]) => {
      const step = (state: Tensor, row: Tensor) => {
        const next = softmax(state.add(row), 1).mul(3);
        return [next, next.sub(next.max(1, { keepdims: true }))] as [Tensor, Tensor];
      };
      return [scan(step, x!, rows!)].flat(2) as Tensor[];
    },
  ],
  'infinities and NaN': softmaxOf(() => [
    where(normal(1, 19, 40).greater(3), Infinity, where(normal(2, 19, 40).greater(4), NaN, normal(3, 19, 40))),
  ]),
  float64: [
    () => [normal(1, 19, 21).astype('float64')],
    ([x]) => [
      x!
        .sub(x!.max(1, { keepdims: true }))
        .square()
        .sum(1),
    ],
  ],
  'integers and conditions': [
    () => [normal(1, 19, 21).mul(100).astype('int32')],
    ([x]) => {
      const large = x!.greater(x!.max(1, { keepdims: true }).div(2));
      return [large.astype('int32'), large.sum(1), x!.argmax(1), large.where(x!, 0).sum(1, { keepdims: true }).sub(x!)];
    },
  ],
};

test.each(Object.keys(graphs))('%s', (name) => {
  const [inputs, build] = graphs[name]!;
  const expected = valuesOn(unchained, inputs, build);
  for (const backend of chaining) expectEqual(valuesOn(backend, inputs, build), expected);
});

test.each([
  ['softmax', [7], (x: Tensor, g: Tensor) => withGradients(softmaxOfRows, [x], g)],
  ['RMS norm', [7], (x: Tensor, g: Tensor) => withGradients((x) => rmsNorm(x!, tensor(2)), [x], g)],
] as const)('the kernels of %s are chained', (_, members, build) => {
  for (const features of variants) {
    const backends = [new ChainingBackend(1, defaultLimits, features), new ChainingBackend(1, false, features)];
    const [chained, expected] = backends.map((backend) =>
      withBackend(backend, () => {
        const [x, g] = [normal(1, 80, 700), normal(2, 80, 700)];
        evaluateSync(x, g);
        backend.chains = [];
        const results = build(x, g);
        evaluateSync(results);
        return results.map((result) => result.dataSync());
      }),
    );
    expectEqual(chained!, expected!);
    expect(backends[0]!.chains.map((chain) => chain.members.length)).toEqual(members);
  }
});

/** Operations on matrices of one shape, of which some stay within rows and some do not. */
const operations: readonly ((x: Tensor, y: Tensor) => Tensor)[] = [
  (x, y) => x.add(y),
  (x, y) => x.sub(y.max(1, { keepdims: true })),
  (x, y) => x.mul(y.sum(1, { keepdims: true })),
  (x, y) => where(x.greater(y), x, y.mean(1, { keepdims: true })),
  (x, y) => x.add(y.slice([[0, 1]])),
  (x, y) => x.sub(y.sum(0)),
  (x, y) => x.flip(0).add(y),
  (x, y) => x.flip(1).mul(y),
  (x, y) => x.transpose().reshape([x.shape[0]!, x.shape[1]!]).sub(y),
  (x, y) => stack([x, y]).max(0),
  (x) => x.exp().neg(),
  (x, y) =>
    x
      .reshape([x.size])
      .add(y.reshape([x.size]))
      .reshape([x.shape[0]!, x.shape[1]!]),
  (x, y) => x.argmax(1, { keepdims: true }).astype('float32').add(y),
  (x, y) => x.slice([null, [0, 1]]).add(y.slice([[1, 2], null])),
  (x, y) => x.clip(-9, 9).astype('int32').astype('float32').mul(y),
];

const shapes = [
  [6, 5],
  [9, 9],
  [16, 33],
  [2, 70],
] as const;

const programs = fc.record({
  shape: fc.constantFrom(...shapes),
  steps: fc.array(fc.tuple(fc.nat(operations.length - 1), fc.nat(9), fc.nat(9)), { minLength: 3, maxLength: 14 }),
  /** Which of the values become results. */
  results: fc.array(fc.nat(15), { maxLength: 4 }),
  /** For each variable, the value that is assigned to it. */
  assigned: fc.tuple(fc.nat(15), fc.nat(15)),
});

type Program = typeof programs extends fc.Arbitrary<infer P> ? P : never;

/** Runs a program whose variables are inputs and are written in place, three times. */
function run(backend: ThreadPoolBackend, { shape, steps, results, assigned }: Program): TypedArray[] {
  return withBackend(backend, () => {
    const x = normal(7, ...shape);
    const variables = [new Variable(normal(8, ...shape)), new Variable(normal(9, ...shape))];
    evaluateSync(x, variables);
    const values: TypedArray[] = [];
    for (let i = 0; i < 3; i++) {
      // Of latest values there are more.
      const pool = [x, ...variables.map(({ value }) => value)];
      for (const [operation, a, b] of steps) {
        const [left, right] = [pool.at(-1 - (a % pool.length))!, pool.at(-1 - (b % pool.length))!];
        pool.push(operations[operation]!(left, right).clip(-1e4, 1e4));
      }
      const wanted = results.map((result) => pool[result % pool.length]!);
      assigned.forEach((value, j) => variables[j]!.assign(pool[(value + 3) % pool.length]!.mul(0.5)));
      evaluateSync(wanted, variables);
      values.push(...wanted.map((each) => each.dataSync()), ...variables.map(({ value }) => value.dataSync()));
    }
    return values;
  });
}

test('random programs give the same results, into variables that they read too', () => {
  let chained = 0;
  fc.assert(
    fc.property(programs, (program) => {
      const expected = run(unchained, program);
      for (const backend of chaining) {
        expectEqual(run(backend, program), expected);
        chained += backend.chains.length;
      }
    }),
    { numRuns: 40 },
  );
  expect(chained).toBeGreaterThan(100);
});
