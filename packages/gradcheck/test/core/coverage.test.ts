// The cases of this folder reach every differentiable primitive of core and every rule of it.
import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { graph, jvp, vjp, type Tensor } from '@thetagrad/core';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { flattenInputs, flattenLeaves, isFloatTensor } from '../../src/tree.ts';
import { contractions } from './cases/contractions.ts';
import { elementwise } from './cases/elementwise.ts';
import { indexing } from './cases/indexing.ts';
import { movement } from './cases/movement.ts';
import { reductions } from './cases/reductions.ts';
import { scans } from './cases/scans.ts';
import { transforms } from './cases/transforms.ts';

const cases = [...elementwise, ...contractions, ...indexing, ...movement, ...reductions, ...scans, ...transforms];

/** A primitive, as far as this test looks at it. */
interface Primitive {
  readonly kind: string;
  readonly name?: string;
  readonly derivatives?: unknown;
  readonly vjp?: unknown;
  readonly jvp?: unknown;
}

const kinds = ['elementwise', 'reduce', 'movement', 'routine'];

function isPrimitive(value: unknown): value is Primitive {
  return typeof value === 'object' && value !== null && 'kind' in value && kinds.includes(String(value.kind));
}

/** Identifies a primitive: `routine matmul`. */
const keyOf = ({ kind, name }: Primitive): string => `${kind} ${name}`;

/** The primitives that the modules of core's operations export, also as the records of functions. */
async function exportedPrimitives(): Promise<Primitive[]> {
  const folder = fileURLToPath(new URL('../../../core/src/ops/', import.meta.url));
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'));
  const modules = await Promise.all(
    files.map(async (file) => (await import(/* @vite-ignore */ `${folder}${file}`)) as Record<string, unknown>),
  );
  return modules
    .flatMap((module) => Object.values(module))
    .map((value) => (typeof value === 'function' && 'primitive' in value ? value.primitive : value))
    .filter(isPrimitive);
}

function isDifferentiable({ kind, derivatives, vjp: rule }: Primitive): boolean {
  return kind === 'elementwise' ? derivatives !== 'zero' : rule !== undefined;
}

/** The primitives in the graphs of each case, its vjp and its jvp. */
function reachedPrimitives(): Set<string> {
  const reached = new Set<string>();
  for (const { f, inputs } of cases) {
    for (const generated of fc.sample(inputs, { numRuns: 4, seed: 1 })) {
      const tree = flattenInputs(generated, isFloatTensor);
      const point = tree.leaves.map((leaf) => leaf.tensor);
      const flat = (tensors: readonly Tensor[]): Tensor[] =>
        flattenLeaves(f(...(tree.rebuild(tensors) as unknown[])), 'output', isFloatTensor).leaves.map(
          (leaf) => leaf.tensor,
        );
      const { value, pullback } = vjp<[readonly Tensor[]], Tensor[]>(flat, point);
      const forward = jvp<[readonly Tensor[]], Tensor[]>(flat, [point], [point]);
      const { nodes } = graph(...pullback(value)[0], ...forward.tangent, ...value);
      for (const { primitive } of nodes) reached.add(keyOf(primitive as Primitive));
    }
  }
  return reached;
}

const primitives = await exportedPrimitives();

test('the primitives of core are found', () => {
  expect(primitives.map(({ name }) => name)).toEqual(
    expect.arrayContaining(['cast', 'convolution', 'add', 'take', 'matmul', 'unfold', 'randomBits', 'max']),
  );
});

test('every differentiable primitive of core is covered', () => {
  const reached = reachedPrimitives();
  const missing = primitives.filter((primitive) => isDifferentiable(primitive) && !reached.has(keyOf(primitive)));
  expect(missing.map(keyOf)).toEqual([]);
  // Primitives that are made outside of core's operations, or by other rules only.
  expect([...reached].map((key) => key.split(' ')[1])).toEqual(expect.arrayContaining(['fold', 'customGradient']));
});

test('every primitive with a rule for one mode has one for the other', () => {
  const rules = primitives.filter(({ kind }) => kind !== 'elementwise');
  const unpaired = rules.filter((rule) => (rule.vjp === undefined) !== (rule.jvp === undefined));
  expect(unpaired.map(keyOf)).toEqual([]);
});
