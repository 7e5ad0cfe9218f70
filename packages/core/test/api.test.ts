import { describe, expect, test } from 'vitest';
import * as core from '../src/index.ts';
import type { Primitive } from '../src/backend.ts';
import { Tensor, tensor } from '../src/index.ts';
import * as cast from '../src/ops/cast.ts';
import * as concatenation from '../src/ops/concat.ts';
import * as convolution from '../src/ops/convolution.ts';
import * as creation from '../src/ops/creation.ts';
import * as elementwise from '../src/ops/elementwise.ts';
import * as identity from '../src/ops/identity.ts';
import * as indexing from '../src/ops/indexing.ts';
import * as matmul from '../src/ops/matmul.ts';
import * as movement from '../src/ops/movement.ts';
import * as pooling from '../src/ops/pooling.ts';
import * as randomBits from '../src/ops/randomBits.ts';
import * as reduction from '../src/ops/reduction.ts';
import * as scan from '../src/ops/scan.ts';
import * as slicing from '../src/ops/slice.ts';
import * as sort from '../src/ops/sort.ts';
import * as statistics from '../src/ops/statistics.ts';

type Anything = (...parameters: unknown[]) => unknown;
const methodModules = [cast, identity, indexing, matmul, movement, reduction, scan, slicing, sort, statistics];
/** As torch.nn.functional's: a bundle without them leaves convolution and pooling out. */
const functionModules = [convolution, pooling];
const functionsOf = (modules: readonly object[]): Record<string, unknown> =>
  Object.fromEntries(modules.flatMap((module) => Object.entries(module)).filter(([, f]) => typeof f === 'function'));
const methods = functionsOf(methodModules);
const modules = [...methodModules, ...functionModules];
const composed = functionsOf(modules);
const operations = Object.entries({ ...elementwise, ...composed }) as unknown as [string, Anything][];

/** Arguments of operations after the first tensor. */
const x = tensor([
  [
    [
      [1, 2],
      [3, 4],
    ],
  ],
]);
const index = tensor([[[[0, 1]]]], { dtype: 'int32' });
const rest: Record<string, unknown[]> = {
  reshape: [[4]],
  permute: [[3, 2, 1, 0]],
  expandDims: [0],
  broadcastTo: [[2, 1, 2, 2]],
  slice: [[0]],
  at: [0, '...', [0, -1]],
  pad: [
    [
      [0, 0],
      [0, 0],
      [1, 0],
      [0, 1],
    ],
  ],
  unfold: [3, 2],
  split: [[1], 0],
  astype: ['int32'],
  matmul: [x],
  conv2d: [x],
  maxPool2d: [{ kernelSize: 2 }],
  avgPool2d: [{ kernelSize: 2 }],
  take: [index, 3],
  takeAlongAxis: [index, 3],
  scatterAdd: [index, index, 2],
  topk: [1],
  cumsum: [3],
  cumprod: [3],
  cummax: [3],
  cummin: [3],
  logcumsumexp: [3],
  oneHot: [3],
};

function shown(value: unknown): unknown {
  if (value instanceof Tensor) return [value.shape, value.dtype, value.toArraySync()];
  return Array.isArray(value)
    ? value.map(shown)
    : Object.entries(value as object).map(([key, item]) => [key, shown(item)]);
}

describe('every composed operation', () => {
  test('is a method, except those of networks on images', () => {
    const names = Object.keys(composed).filter((name) => !(name in Tensor.prototype));
    expect(names.toSorted()).toEqual(['avgPool2d', 'conv2d', 'maxPool2d']);
  });

  test.each(Object.entries(methods) as [string, Anything][])('%s is the same as a method', (name, apply) => {
    const first = name === 'oneHot' ? index : x;
    const method = (first as unknown as Record<string, Anything>)[name]!;
    const parameters = rest[name] ?? [];
    expect(shown(method.call(first, ...parameters))).toEqual(shown(apply(first, ...parameters)));
  });

  test.each(Object.entries(composed) as [string, Anything][])(
    '%s refuses a first operand that is not a tensor',
    (name, apply) => {
      const numbers = name === 'oneHot' ? [] : [3, [1, 2], Float32Array.of(1)];
      for (const wrong of [undefined, null, 'x', ...numbers]) {
        expect(() => apply(wrong, ...(rest[name] ?? []))).toThrow(new RegExp(`^${name}: `));
      }
    },
  );
});

test('operations are exported, each under one name', () => {
  for (const [name, apply] of operations)
    expect([name, (core as Record<string, unknown>)[name]]).toEqual([name, apply]);
});

test('methods are not enumerable', () => {
  for (const name in tensor([1])) expect(operations.map(([operation]) => operation)).not.toContain(name);
});

test('primitives have distinct names, by which plans are cached', () => {
  const primitives = [
    ...Object.values(elementwise).map(({ primitive }) => primitive),
    ...[...modules, concatenation, creation, randomBits]
      .flatMap((module) => Object.values<unknown>(module))
      .filter((value): value is Primitive => typeof value === 'object'),
  ];
  const names = primitives.map(({ name }) => name);
  expect(new Set(names).size).toBe(names.length);
  expect(names.length).toBeGreaterThan(60);
});

test('tensors are immutable', () => {
  const a = tensor([3, 1, 2]);
  const before = a.toArraySync();
  for (const result of [a.sort(), a.neg(), a.flip(), a.add(1), a.pad([[1, 1]])]) result.dataSync().fill(9);
  expect(a.toArraySync()).toEqual(before);
});

test('the exports of random', () => {
  expect(
    Object.keys(core)
      .filter((name) => !operations.some(([operation]) => operation === name))
      .toSorted(),
  ).toEqual([
    'Tensor',
    'Variable',
    'arange',
    'call',
    'compile',
    'concat',
    'constant',
    'customGradient',
    'defineBinary',
    'defineTernary',
    'defineUnary',
    'evaluate',
    'evaluateSync',
    'explain',
    'eye',
    'full',
    'getBackend',
    'grad',
    'graph',
    'isFloatingPoint',
    'jvp',
    'linearize',
    'linspace',
    'namedVariables',
    'ones',
    'onesLike',
    'portable',
    'profile',
    'promoteTypes',
    'random',
    'setBackend',
    'stack',
    'strongDiv',
    'strongMul',
    'tensor',
    'valueAndGrad',
    'vjp',
    'zeros',
    'zerosLike',
  ]);
});
