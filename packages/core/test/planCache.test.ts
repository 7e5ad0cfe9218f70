import fc from 'fast-check';
import { describe, expect, test, vi } from 'vitest';
import {
  arange,
  concat,
  evaluateSync,
  getBackend,
  ones,
  tensor,
  defineUnary,
  valueAndGrad,
  Variable,
  type Definition,
  type Tensor,
} from '../src/index.ts';
import type { Plan } from '../src/backend.ts';
import { collectWork } from '../src/evaluate.ts';
import { signatureOf } from '../src/graph/signature.ts';
import type { Targets } from '../src/graph/targets.ts';
import { PlanCache } from '../src/planCache.ts';
import { schedule } from '../src/schedule/schedule.ts';
import { planBytes } from '../src/schedule/planBytes.ts';
import { plansOf } from './backends.ts';

const definition: Definition<1> = {
  name: 'twin',
  dtypes: 'float',
  value: (x) => x + 1,
  derivatives: 'zero',
  domain: [{ from: -1, to: 1 }],
};
/** Operations that users define may share a name. */
const twins = [defineUnary(definition), defineUnary({ ...definition, value: (x) => x + 2 })] as const;

const numbers = [0, -0, 1, 0.5, 2 ** 40, Infinity];

/** Operations that differ from others in little: one attribute, one input, one function. */
const operations: readonly ((x: Tensor, y: Tensor, n: number) => Tensor)[] = [
  (x) => x.neg(),
  (x) => x.abs(),
  (x, _y, n) => twins[n % 2]!(x),
  (x, y) => x.sub(y),
  (x, y) => y.sub(x),
  (x, y) => x.where(x, y),
  (x, _y, n) => x.sum(n % 2, { keepdims: true }).add(x),
  (x, _y, n) => x.max(n % 2, { keepdims: true }).add(x),
  (x, _y, n) => x.flip(n % 2),
  (x) => x.transpose(),
  (x) => x.reshape([4, 1, 4]).reshape([4, 4]),
  (x, _y, n) =>
    x
      .pad(
        [
          [n % 2, 1 - (n % 2)],
          [0, 0],
        ],
        numbers[n % numbers.length],
      )
      .slice([[0, 4]]),
  (x, y, n) =>
    concat([x, y], n % 2).slice([
      [0, 4],
      [0, 4],
    ]),
  (x, y, n) =>
    concat([x, y], n % 2)
      .slice([
        [(n + 1) % 2, null],
        [n % 2, null],
      ])
      .slice([
        [0, 3],
        [0, 3],
      ])
      .pad([
        [0, 1],
        [1, 0],
      ]),
  (x, _y, n) => x.sort(n % 2, { descending: n % 3 === 0 }),
  (x, _y, n) => x.cumsum(n % 2, { reverse: n % 3 === 0 }),
  (x, _y, n) => x.cumprod(n % 2),
  (x, y) => x.matmul(y),
  (x) => x.astype('int32').astype('float32'),
  (x) => x.astype('bool').astype('float32'),
  (x, _y, n) => x.mul(n),
];

interface Recipe {
  readonly steps: readonly (readonly [operation: number, first: number, second: number, n: number])[];
  readonly start: number;
  readonly results: readonly number[];
}

const recipes: fc.Arbitrary<Recipe> = fc.record({
  steps: fc.array(
    fc.tuple(fc.nat(operations.length - 1), fc.nat({ max: 3 }), fc.nat({ max: 3 }), fc.nat({ max: 11 })),
    {
      minLength: 1,
      maxLength: 4,
    },
  ),
  start: fc.nat({ max: 4 }),
  results: fc.array(fc.nat({ max: 5 }), { minLength: 1, maxLength: 2 }),
});

const known = arange(32).reshape([8, 4]).astype('float32');
evaluateSync(known);

function targetsOf({ steps, start, results }: Recipe): Targets {
  const v = new Variable(ones([4, 4]));
  const tensors = [known.slice([[start, start + 4]]), v.value];
  const pick = (n: number): Tensor => tensors[n % tensors.length]!;
  for (const [operation, first, second, n] of steps) tensors.push(operations[operation]!(pick(first), pick(second), n));
  if (start === 1) v.assign(pick(steps.length + 1));
  return collectWork('test', getBackend(), [results.map(pick), v]).targets;
}

describe('plans are found by signature', () => {
  test.each([
    ['all hashes are equal', (): number => 0],
    ['hashes are weak', (signature: Int32Array): number => signature.length % 3],
    ['hashes are as always', undefined],
  ])('a plan that is found is the one that would be made, where %s', (_name, hash) => {
    const cache = new PlanCache(hash && { hash });
    let found = 0;
    fc.assert(
      fc.property(recipes, (recipe) => {
        const targets = targetsOf(recipe);
        const fresh = schedule(targets);
        let isNew = false;
        const plan = cache.get(signatureOf(targets), () => {
          isNew = true;
          return fresh;
        });
        if (isNew) return;
        found++;
        expect(plan).toEqual(fresh);
      }),
      { numRuns: 500 },
    );
    expect(found).toBeGreaterThan(5);
    expect(cache.size).toBeGreaterThan(100);
  });

  test('equal graphs have equal signatures', () => {
    fc.assert(
      fc.property(recipes, (recipe) => {
        expect(signatureOf(targetsOf(recipe)).slice()).toEqual(signatureOf(targetsOf(recipe)).slice());
      }),
    );
  });

  test('large sizes and numbers that are no int32 are told apart', () => {
    const signatures = [2 ** 31, 2 ** 32, 2 ** 32 + 1, 2 ** 33].map((size) => {
      const { targets } = collectWork('test', getBackend(), [tensor(1).broadcastTo([size, 1]).sum(1)]);
      return signatureOf(targets).join();
    });
    expect(new Set(signatures).size).toBe(4);
  });
});

/** A signature that belongs to no graph. */
const signature = (n: number): Int32Array => Int32Array.of(n);

function planOf(count: number): Plan {
  const { targets } = collectWork('test', getBackend(), [
    Array.from({ length: count }, (_, i) => ones([2]).add(i).add(0)),
  ]);
  return schedule(targets);
}

describe('the cache', () => {
  const plan = planOf(4);
  const bytes = planBytes(plan) + signature(0).byteLength;

  test('drops the plans that were not used for longest, and releases them', () => {
    const release = vi.fn<(plan: Plan) => void>();
    const cache = new PlanCache({ maxBytes: 3 * bytes, release, hash: (words) => words[0]! % 2 });
    const plans = [0, 1, 2].map((n) => cache.get(signature(n), () => ({ ...plan })));
    const get = (n: number): Plan => cache.get(signature(n), () => expect.fail('it was dropped'));
    expect(get(0)).toBe(plans[0]);
    cache.get(signature(3), () => ({ ...plan }));
    expect(release.mock.calls).toEqual([[plans[1]]]);
    expect([get(0), get(2)]).toEqual([plans[0], plans[2]]);
    expect(cache.get(signature(1), () => plan)).toBe(plan);
    expect(cache.size).toBe(3);
  });

  test('is bounded by the size of plans, not by their number', () => {
    const cache = new PlanCache({ maxBytes: 1000 * bytes });
    for (let n = 0; n < 900; n++) cache.get(signature(n), () => plan);
    expect(cache.size).toBe(900);
    const large = planOf(200);
    for (let n = 900; n < 920; n++) cache.get(signature(n), () => large);
    expect(cache.size).toBeLessThan(200);
    expect(cache.size).toBeGreaterThan(19);
  });

  test('knows which plans it has dropped, and when one was used', () => {
    const cache = new PlanCache({ maxBytes: 3 * bytes });
    const plans = [0, 1, 2].map((n) => cache.get(signature(n), () => ({ ...plan })));
    expect(cache.use(plans[0]!)).toBe(true);
    cache.get(signature(3), () => ({ ...plan }));
    expect(plans.map((kept) => cache.use(kept))).toEqual([true, false, true]);
    expect(cache.use(plan)).toBe(false);
  });

  test('keeps a plan that is larger than all may be', () => {
    const cache = new PlanCache({ maxBytes: 1 });
    for (const n of [0, 1]) cache.get(signature(n), () => plan);
    expect(cache.get(signature(1), () => expect.fail('it was dropped'))).toBe(plan);
    expect(cache.size).toBe(1);
  });

  test('keeps no plan that could not be made', () => {
    const cache = new PlanCache();
    const fail = (): Plan => {
      throw new Error('too large');
    };
    expect(() => cache.get(signature(0), fail)).toThrow('too large');
    expect(cache.get(signature(0), () => plan)).toBe(plan);
  });
});

test('96 batch sizes of a training step stay planned', () => {
  const weights = [ones([3, 8]), ones([8, 2])].map((value) => new Variable(value));
  const moments = weights.map(({ value }) => new Variable(value.mul(0)));
  const step = (size: number): void => {
    const loss = (x: Tensor): Tensor => x.matmul(weights[0]!.value).relu().matmul(weights[1]!.value).square().mean();
    const { value, grads } = valueAndGrad(weights, loss)(ones([size, 3]).mul(0.1));
    weights.forEach((weight, i) => {
      const moment = moments[i]!;
      moment.assign(moment.value.mul(0.9).add(grads[i]!));
      weight.assign(weight.value.sub(moment.value.mul(0.01)));
    });
    evaluateSync(value, weights, moments);
  };
  step(1);
  const plans = plansOf(() => {
    for (let epoch = 0; epoch < 3; epoch++) for (let size = 1; size <= 96; size++) step(size);
  });
  expect([plans.length, new Set(plans).size]).toEqual([3 * 96, 96]);
});
