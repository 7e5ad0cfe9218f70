import fc from 'fast-check';
import { expect, test } from 'vitest';
import { concat, evaluateSync, tensor, valueAndGrad, Variable, type Tensor } from '../src/index.ts';
import { operandsOf, type Plan } from '../src/backend.ts';
import { worksInPlace } from '../src/schedule/body.ts';
import { bytesOf, disjoint, plansOf, recorder, withBackend, type ArenaSlot } from './backends.ts';
import { numbers } from './helpers.ts';

/** A random graph: each number picks an operation, or its operands among the tensors so far. */
interface Recipe {
  readonly steps: readonly (readonly [operation: number, first: number, second: number])[];
  readonly results: readonly number[];
  readonly assigned: readonly number[];
}

const operations: readonly ((x: Tensor, y: Tensor) => Tensor)[] = [
  (x) => x.sin(),
  (x) => x.neg(),
  (x, y) => x.add(y.sum()),
  (x, y) =>
    x
      .flatten()
      .slice([[0, 1]])
      .mul(y),
  (x, y) => (x.size === y.size ? x.reshape(y.shape).sub(y) : x.square().sigmoid()),
  (x, y) =>
    x
      .reshape([x.size, 1])
      .slice([[0, 6]])
      .matmul(y.reshape([1, y.size]).slice([null, [0, 6]])),
  (x) => x.reshape([x.size, 1]).transpose().flip(),
  (x, y) => concat([x.flatten(), y.flatten()]).slice([[0, 20]]),
  (x) => x.flatten().pad([[1, 2]]),
  (x) => x.flatten().sort(),
  (x) => x.greater(0).astype('float32').add(x.astype('int32')),
  (x) => x.softmax(x.shape.map((_, axis) => axis)),
  (x) => x.flatten().max(0, { keepdims: true }),
  (x) => x.astype('float64').exp().astype('float32').clip(-2, 2),
];

const recipes: fc.Arbitrary<Recipe> = fc.record({
  steps: fc.array(fc.tuple(fc.nat(operations.length - 1), fc.nat(), fc.nat()), { minLength: 1, maxLength: 25 }),
  results: fc.array(fc.nat(), { minLength: 1, maxLength: 4 }),
  assigned: fc.array(fc.nat(), { maxLength: 2 }),
});

interface Built {
  readonly results: Tensor[];
  readonly variables: Variable[];
}

function build({ steps, results, assigned }: Recipe): Built {
  const variables = [
    new Variable(
      tensor([
        [0.5, -1.5],
        [2, 0.25],
      ]),
    ),
    new Variable(tensor([3, -0.5, 1])),
  ];
  const tensors: Tensor[] = [tensor([1.5, -2, 0.5]), ...variables.map(({ value }) => value)];
  const pick = (n: number): Tensor => tensors[n % tensors.length]!;
  for (const [operation, first, second] of steps) tensors.push(operations[operation]!(pick(first), pick(second)));
  assigned.forEach((n, i) => {
    const { shape } = variables[i]!;
    variables[i]!.assign(
      pick(n)
        .sum()
        .broadcastTo(shape)
        .add(variables[1 - i]!.value.sum()),
    );
  });
  return { results: results.map(pick), variables };
}

const valuesOf = ({ results, variables }: Built): number[][] =>
  [...results, ...variables.map(({ value }) => value)].map(numbers);

test('sharing memory does not change results', () => {
  fc.assert(
    fc.property(recipes, (recipe) => {
      const shared = build(recipe);
      evaluateSync(shared);
      const separate = build(recipe);
      withBackend(recorder(disjoint), () => evaluateSync(separate));
      expect(valuesOf(shared)).toEqual(valuesOf(separate));
      // Each result by itself, in a plan without the others.
      const single = recipe.results.map((_, i) => numbers(build({ ...recipe, assigned: [] }).results[i]!));
      expect(shared.results.map(numbers)).toEqual(single);
    }),
    { numRuns: 150 },
  );
});

/** The first and last kernel that access a slot, of which the first must write it. */
function lifetimes({ kernels }: Plan): Map<ArenaSlot, { from: number; to: number }> {
  const result = new Map<ArenaSlot, { from: number; to: number }>();
  kernels.forEach((kernel, i) => {
    const { output } = kernel;
    for (const slot of [output, ...operandsOf(kernel).map((operand) => operand.slot)]) {
      if (slot.kind !== 'arena') continue;
      const known = result.get(slot);
      if (known) known.to = i;
      else if (slot === output) result.set(slot, { from: i, to: i });
      else throw new Error(`kernel ${i} reads what no kernel has written`);
    }
  });
  return result;
}

test('intermediates that are alive at the same time do not overlap and lie inside the arena', () => {
  fc.assert(
    fc.property(recipes, (recipe) => {
      for (const plan of plansOf(() => evaluateSync(build(recipe)))) {
        const alive = [...lifetimes(plan)];
        alive.forEach(([a, { from, to }], i) => {
          expect(a.byteOffset % 8).toBe(0);
          expect(a.byteOffset + bytesOf(a)).toBeLessThanOrEqual(plan.arenaBytes);
          for (const [b, life] of alive.slice(i + 1)) {
            if (life.from > to || life.to < from || bytesOf(a) === 0 || bytesOf(b) === 0) continue;
            // A kernel that works in place may write over an operand that it is the last to read.
            const taken =
              (life.from === to && worksInPlace(plan.kernels[to]!, a)) ||
              (from === life.to && worksInPlace(plan.kernels[from]!, b));
            if (taken) continue;
            const apart = a.byteOffset + bytesOf(a) <= b.byteOffset || b.byteOffset + bytesOf(b) <= a.byteOffset;
            expect([a, b, apart]).toEqual([a, b, true]);
          }
        });
      }
    }),
    { numRuns: 100 },
  );
});

test('a long chain needs the memory of a few intermediates', () => {
  const [plan] = plansOf(() => {
    let x = tensor(new Float32Array(1000));
    for (let i = 0; i < 100; i++) x = x.sin();
    evaluateSync(x);
  }) as [Plan];
  expect(plan.arenaBytes).toBeLessThanOrEqual(2 * 4096);
});

test('a gradient of weights is computed before those of the layers below, so that what its layer keeps dies', () => {
  const layers = 12;
  const weights = Array.from({ length: layers }, () => new Variable(tensor(new Float32Array(64)).reshape([8, 8])));
  const plans = plansOf(() => {
    const { value, grads } = valueAndGrad(weights, (input: Tensor) =>
      weights.reduce((x, { value: weight }) => x.matmul(weight), input).sum(),
    )(tensor(new Float32Array(1024)).reshape([128, 8]));
    evaluateSync(value, grads);
  });
  // Each layer keeps its result. The gradients of all results together would need as much again.
  expect(plans.at(-1)!.arenaBytes).toBeLessThanOrEqual((layers + 1) * 4096);
});

test('what many results are computed from does not wait until all of it is computed', () => {
  const [plan] = plansOf(() => {
    const terms = Array.from({ length: 200 }, (_, i) => tensor(new Float32Array(1000)).add(i));
    const sorted = terms.map((term) => term.sort());
    evaluateSync(sorted.map((each) => each.cumsum(0).sum()));
  }) as [Plan];
  expect(plan.arenaBytes).toBeLessThanOrEqual(5 * 4096);
});

test('all outputs are written, and every slot is written before it is read', () => {
  fc.assert(
    fc.property(recipes, (recipe) => {
      for (const { kernels } of plansOf(() => evaluateSync(build(recipe)))) {
        const written = new Set(kernels.map(({ output }) => output));
        const known = new Set<unknown>();
        for (const kernel of kernels) {
          for (const { slot } of operandsOf(kernel)) {
            const isRoutineResult = kernel.kind === 'routine' && slot === kernel.output;
            expect(slot.kind === 'input' || isRoutineResult || known.has(slot)).toBe(true);
          }
          known.add(kernel.output);
        }
        expect([...written].every((slot) => slot.kind !== 'input')).toBe(true);
      }
    }),
    { numRuns: 50 },
  );
});
