// The cases of this folder reach every differentiable primitive of core, and every rule of theirs.
import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { graph, jvp, vjp, type Tensor } from '@thetagrad/core';
import { type Primitive } from '@thetagrad/core/backend';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { collectInputs } from '../../src/check.ts';
import { collect, isFloatTensor } from '../../src/tree.ts';
import { elementwise } from './cases/elementwise.ts';
import { contractions } from './cases/contractions.ts';
import { indexing } from './cases/indexing.ts';
import { movement } from './cases/movement.ts';
import { reductions } from './cases/reductions.ts';
import { scans } from './cases/scans.ts';
import { transforms } from './cases/transforms.ts';

const cases = [...elementwise, ...contractions, ...indexing, ...movement, ...reductions, ...scans, ...transforms];
const folder = fileURLToPath(new URL('../../../core/src/primitives/', import.meta.url));
const modules = await Promise.all(
  readdirSync(folder).map(
    async (file) => (await import(/* @vite-ignore */ `${folder}${file}`)) as Readonly<Record<string, unknown>>,
  ),
);

const records: readonly Primitive[] = modules.flatMap((module) =>
  Object.values(module).flatMap((exported) => {
    const value = typeof exported === 'function' && 'primitive' in exported ? exported.primitive : exported;
    return typeof value === 'object' && value !== null && 'kind' in value ? [value as Primitive] : [];
  }),
);

function differentiable(primitive: Primitive): boolean {
  return primitive.kind === 'elementwise' ? primitive.derivatives !== 'zero' : primitive.vjp !== undefined;
}

/** The primitives that some arguments of a case are led through by f, its vjp and its jvp. */
function reached(): Set<Primitive> {
  const found = new Set<Primitive>();
  for (const { f, inputs } of cases) {
    for (const generated of fc.sample(inputs, { numRuns: 4, seed: 1 })) {
      const tree = collectInputs(generated, isFloatTensor);
      const base = tree.leaves.map((leaf) => leaf.tensor);
      const flat = (tensors: readonly Tensor[]): Tensor[] =>
        collect(f(...(tree.rebuild(tensors) as unknown[])), 'output', isFloatTensor).leaves.map((leaf) => leaf.tensor);
      const { value, pullback } = vjp<[readonly Tensor[]], Tensor[]>(flat, base);
      const forward = jvp<[readonly Tensor[]], Tensor[]>(flat, [base], [base]);
      for (const node of graph(...pullback(value)[0], ...forward.tangent, ...value).nodes) found.add(node.primitive);
    }
  }
  return found;
}

test('all files of primitives are looked through', () => {
  const names = records.map(({ name }) => name);
  expect(names).toEqual(
    expect.arrayContaining(['cast', 'convolution', 'add', 'takeAlongAxis', 'matmul', 'unfold', 'randomBits', 'max']),
  );
});

test('every differentiable primitive of core is covered', () => {
  const covered = reached();
  const missing = records.filter((primitive) => differentiable(primitive) && !covered.has(primitive));
  expect(missing.map(({ name }) => name)).toEqual([]);
  // Those that live inside of other modules.
  expect([...covered].map(({ name }) => name)).toEqual(expect.arrayContaining(['fold', 'customGradient']));
});

test('every primitive with a rule for one mode has one for the other', () => {
  const rules = records.flatMap((primitive) => (primitive.kind === 'elementwise' ? [] : [primitive]));
  expect(rules.filter((rule) => (rule.vjp === undefined) !== (rule.jvp === undefined)).map(({ name }) => name)).toEqual(
    [],
  );
});
