// Random graphs with variables, evaluated several times: reused memory must not be in use elsewhere. Values are small
// integers, so that results are exact.
import {
  arange,
  concat,
  evaluate,
  portable,
  setBackend,
  Variable,
  type Backend,
  type Tensor,
  type TypedArray,
} from '@thetagrad/core';
import fc from 'fast-check';
import { describe, expect, test, vi } from 'vitest';
import { cubeRoot, reverse } from '../../../test/support/reverse.ts';
import { integerValues } from '../../../test/support/values.ts';
import { backendOf, modes, runs } from './modes.ts';

// Drivers in software compile slowly.
vi.setConfig({ testTimeout: 60_000 });

const clip = (x: Tensor): Tensor => x.clip(-8, 8);
/** Repeats or cuts off elements to fill shape [4, 6]. */
const fill = (x: Tensor): Tensor => x.flatten().take(arange(24).mod(x.size)).reshape([4, 6]);

const operations: readonly ((x: Tensor, y: Tensor) => Tensor)[] = [
  (x, y) => clip(x.add(y)),
  (x, y) => clip(x.mul(y)),
  (x, y) => clip(x.sub(y).square()),
  (x, y) => x.less(y).where(x, y.neg()),
  (x) => fill(x.transpose()),
  (x) => fill(x.flip().slice([[1, null, 2], null])),
  (x) => fill(clip(x.sum(0))),
  (x) => fill(x.max(1)),
  (x) => fill(x.argmax(0)).astype('float32'),
  (x, y) => clip(fill(x.matmul(y.transpose()))),
  (x, y) => fill(concat([x, y]).slice([[2, 6]])),
  (x) =>
    fill(
      x.pad(
        [
          [1, 0],
          [0, 2],
        ],
        3,
      ),
    ),
  (x) => x.sort(),
  (x) => x.astype('int32').mod(5).astype('float32'),
  (x) => reverse(x),
  (x, y) => cubeRoot(x.mul(y)).round(),
];

interface Recipe {
  readonly steps: readonly (readonly [operation: number, first: number, second: number])[];
  readonly seed: number;
}

/** The results of three steps, each of which computes everything again and assigns two variables. */
async function run({ steps, seed }: Recipe, backend: Backend): Promise<TypedArray[]> {
  setBackend(backend);
  try {
    const make = (i: number): Tensor => integerValues('float32', seed + i)([4, 6]);
    const variables = [new Variable(make(0)), new Variable(make(1))];
    const constant = make(2);
    const values: TypedArray[] = [];
    for (let step = 0; step < 3; step++) {
      const made = [constant, ...variables.map(({ value }) => value)];
      for (const [operation, first, second] of steps) {
        made.push(operations[operation % operations.length]!(made[first % made.length]!, made[second % made.length]!));
      }
      const wanted = [made.at(-1)!, made.at(seed % made.length)!].map((x) => x.add(0));
      const [x, y] = variables.map(({ value }) => value) as [Tensor, Tensor];
      variables[0]!.assign(clip(y.add(made.at(-1)!)));
      variables[1]!.assign(clip(x.sub(made.at(-2)!)));
      await evaluate(wanted, variables);
      values.push(
        ...(await Promise.all([...wanted, ...variables.map(({ value }) => value.add(0))].map((t) => t.data()))),
      );
    }
    return values;
  } finally {
    setBackend(portable());
  }
}

describe.each(modes)('%s', (mode) => {
  test('random graphs, step by step', { timeout: 60_000 }, async () => {
    const backend = await backendOf(mode);
    const recipes = fc.record({
      steps: fc.array(fc.tuple(fc.nat(), fc.nat(), fc.nat()), { minLength: 2, maxLength: 14 }),
      seed: fc.nat(),
    });
    await fc.assert(
      fc.asyncProperty(recipes, async (recipe) => {
        expect(await run(recipe, backend)).toEqual(await run(recipe, portable()));
      }),
      { numRuns: runs(mode, 12) },
    );
  });
});
