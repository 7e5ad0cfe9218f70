import { positions } from '@thetagrad/core/backend';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { matmulCommands } from '../src/kernels/matmul/matmul.ts';
import type { Matmul } from '../src/kernels/matmul/product.ts';
import { packCommand, panelElements } from '../src/kernels/panels/pack.ts';
import type { Features, Scratch } from '../src/command.ts';
import { backwards, link, slot } from './link.ts';
import {
  baseline,
  hasRelaxed,
  layouts,
  numbers,
  strided,
  sumError,
  tripleEpilogue,
  variants,
  type Strided,
} from './views.ts';

/** [batch…, m, k] times [batch…, k, n] in double precision, and the sums of absolute values. */
function model(a: Strided, b: Strided): { product: number[]; magnitude: number[]; depth: number } {
  const [m, k] = a.view.shape.slice(-2) as [number, number];
  const n = b.view.shape.at(-1)!;
  const left = Array.from(positions(a.view), (at) => a.values[at]!);
  const right = Array.from(positions(b.view), (at) => b.values[at]!);
  const batches = a.view.shape.slice(0, -2).reduce((x, y) => x * y, 1);
  const product: number[] = [];
  const magnitude: number[] = [];
  for (let batch = 0; batch < batches; batch++) {
    for (let i = 0; i < m; i++) {
      for (let j = 0; j < n; j++) {
        let sum = 0;
        let absolute = 0;
        for (let x = 0; x < k; x++) {
          const term = left[(batch * m + i) * k + x]! * right[(batch * k + x) * n + j]!;
          sum += term;
          absolute += Math.abs(term);
        }
        product.push(sum);
        magnitude.push(absolute);
      }
    }
  }
  return { product, magnitude, depth: k };
}

const size = fc.oneof(
  { weight: 3, arbitrary: fc.integer({ min: 0, max: 13 }) },
  { weight: 2, arbitrary: fc.integer({ min: 14, max: 70 }) },
  { weight: 1, arbitrary: fc.constantFrom(1, 2, 3, 257, 300, 600) },
);
const batchShape = fc.array(fc.integer({ min: 0, max: 4 }), { maxLength: 3 });

const products = fc
  .tuple(batchShape, size, size, size)
  .filter(([batch, m, k, n]) => batch.reduce((x, y) => x * y, 1) * m * (k + 1) * n < 4e5)
  .chain(([batch, m, k, n]) => {
    const repeat = [...batch.map(() => true), false, false];
    const rank = batch.length + 2;
    return fc.record({
      aShape: fc.constant([...batch, m, k]),
      bShape: fc.constant([...batch, k, n]),
      aLayout: layouts(rank, repeat),
      bLayout: layouts(rank, repeat),
      seed: fc.integer(),
    });
  });

type Case = typeof products extends fc.Arbitrary<infer T> ? T : never;

function operands(
  { aShape, bShape, aLayout, bLayout, seed }: Case,
  special = false,
): { a: Strided; b: Strided; size: number } {
  const next = numbers(seed, special);
  const size = aShape.slice(0, -1).reduce((x, y) => x * y, 1) * bShape.at(-1)!;
  return { a: strided(aShape, aLayout, next), b: strided(bShape, bLayout, next), size };
}

type Order = Parameters<ReturnType<typeof link>['run']>[0];

function multiplyFor(
  features: Features,
  a: Strided,
  b: Strided,
  count: number,
  hasEpilogue = false,
  order?: Order,
): Float32Array {
  const output = slot('float32', count);
  const epilogue = hasEpilogue ? { epilogue: tripleEpilogue(output) } : {};
  const commands = matmulCommands({ dtype: 'float32', a, b, output, ...epilogue }, features);
  const result = new Float32Array(count).fill(Number.NaN);
  const linked = link(
    commands,
    new Map([
      [a.slot, a.values],
      [b.slot, b.values],
      [output, result],
    ]),
  );
  linked.run(order);
  return linked.read(output, result);
}

test('wide and narrow tiles give the same bits', () => {
  fc.assert(
    fc.property(products, fc.boolean(), (given, relaxed) => {
      const { a, b, size: count } = operands(given);
      // Rounds, unlike the numbers of other tests.
      for (const { values } of [a, b]) values.forEach((value, i) => (values[i] = value / 3));
      const [first, ...others] = variants
        .filter((features) => features.relaxed === (relaxed && hasRelaxed))
        .map((features) => multiplyFor(features, a, b, count));
      expect(others.length).toBeGreaterThan(0);
      for (const other of others) expect(other).toEqual(first);
    }),
    { numRuns: 60 },
  );
});

describe.each(variants)('float32, %o', (features) => {
  const multiply = (a: Strided, b: Strided, count: number, hasEpilogue = false, order?: Order): Float32Array =>
    multiplyFor(features, a, b, count, hasEpilogue, order);

  test('equals the product, for all shapes and strides', () => {
    fc.assert(
      fc.property(products, (given) => {
        const { a, b, size: count } = operands(given);
        const { product, magnitude, depth } = model(a, b);
        const got = multiply(a, b, count);
        const isWrong = (x: number, i: number): boolean =>
          !(Math.abs(x - product[i]!) <= sumError(depth, magnitude[i]!));
        expect(got.findIndex(isWrong)).toBe(-1);
      }),
      { numRuns: 150 },
    );
  });

  test('propagates infinities and NaN', () => {
    fc.assert(
      fc.property(products, (given) => {
        const { a, b, size: count } = operands(given, true);
        const { product } = model(a, b);
        const got = multiply(a, b, count);
        const kind = (x: number): number => (Number.isFinite(x) ? 0 : x);
        expect(Array.from(got, kind)).toEqual(product.map(kind));
      }),
      { numRuns: 50 },
    );
  });

  test('does not depend on the order of chunks, to the last bit', () => {
    fc.assert(
      fc.property(products, (given) => {
        const { a, b, size: count } = operands(given);
        expect(multiply(a, b, count, false, backwards)).toEqual(multiply(a, b, count));
      }),
      { numRuns: 30 },
    );
  });

  test('applies the epilogue once to every element, at the end', () => {
    fc.assert(
      fc.property(products, (given) => {
        const { a, b, size: count } = operands(given);
        const plainProduct = multiply(a, b, count);
        const expected = plainProduct.map((x) => Math.fround(Math.fround(3 * x) + 1));
        expect(multiply(a, b, count, true)).toEqual(expected);
      }),
      { numRuns: 60 },
    );
  });

  const rowMajor = (rank: number) => ({
    order: Array.from({ length: rank }, (_, i) => i),
    steps: new Array<number>(rank).fill(1),
    offset: 0,
  });
  const turned = { order: [1, 0], steps: [1, 1], offset: 0 };

  // Each has many chunks and blocks of the depth, at sizes that are not multiples of tiles.
  test.each([
    ['large', [131, 517], [517, 203], rowMajor(2), rowMajor(2)],
    ['large, transposed', [131, 517], [517, 203], turned, turned],
    ['many rows', [301, 517], [517, 203], rowMajor(2), rowMajor(2)],
    ['vector times matrix', [1, 530], [530, 1301], rowMajor(2), rowMajor(2)],
    ['vector times transposed matrix', [1, 530], [530, 1301], rowMajor(2), turned],
    ['matrix times vector', [1301, 530], [530, 1], rowMajor(2), rowMajor(2)],
    ['matrix times thin transposed', [1301, 301], [301, 3], rowMajor(2), turned],
    ['few outputs of a long depth', [20, 20_000], [20_000, 9], rowMajor(2), rowMajor(2)],
    ['one output', [1, 20_001], [20_001, 1], rowMajor(2), rowMajor(2)],
    ['many small', [700, 8, 8], [700, 8, 8], rowMajor(3), rowMajor(3)],
  ])('%s', (_, aShape, bShape, aLayout, bLayout) => {
    const next = numbers(7);
    const a = strided(aShape, aLayout, next);
    const b = strided(bShape, bLayout, next);
    const { product, magnitude, depth } = model(a, b);
    const got = multiply(a, b, product.length, true);
    const isWrong = (x: number, i: number): boolean =>
      !(Math.abs(x - (3 * product[i]! + 1)) <= 3 * sumError(depth, magnitude[i]!) + 1e-6 * Math.abs(x));
    expect(got.findIndex(isWrong)).toBe(-1);
    expect(multiply(a, b, product.length, true, backwards)).toEqual(got);
  });
});

describe.each(['float64', 'int32'] as const)('%s', (dtype) => {
  test('equals the product', () => {
    fc.assert(
      fc.property(products, (given) => {
        const { a, b, size: count } = operands(given);
        const make = (values: Float32Array) =>
          dtype === 'float64' ? Float64Array.from(values) : Int32Array.from(values, (x) => x * 2 ** 20);
        const output = slot(dtype, count);
        const description: Matmul = { dtype, a, b, output };
        const commands = matmulCommands(description, baseline);
        const result = dtype === 'float64' ? new Float64Array(count) : new Int32Array(count);
        const linked = link(
          commands,
          new Map([
            [a.slot, make(a.values)],
            [b.slot, make(b.values)],
            [output, result],
          ]),
        );
        linked.run(backwards);
        // Sums of products of multiples of 1/64 are exact in double precision.
        const { product } = model(a, b);
        const expected =
          dtype === 'float64' ? product : product.map((x) => Number(BigInt.asIntN(32, BigInt(x * 2 ** 12) << 28n)));
        expect(Array.from(linked.read(output, result), (x) => x + 0)).toEqual(expected.map((x) => x + 0));
      }),
      { numRuns: 60 },
    );
  });
});

test.each([4, 6, 8])('panels of %i rows hold all rows, then zeros', (width) => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 20 }),
      fc.constantFrom(1, 3, 4, 9, 256, 300),
      layouts(2, [false, false]),
      (count, depth, layout) => {
        const source = strided([count, depth], layout, numbers(count * depth));
        const panels: Scratch = { kind: 'scratch', bytes: 4 * panelElements(count, depth, width) };
        const { view, slot, values } = source;
        const [rowStride, depthStride] = view.strides as [number, number];
        const command = packCommand(
          { slot, offset: view.offset, batch: [], count, depth, rowStride, depthStride },
          width,
          panels,
        );
        const packed = new Float32Array(panels.bytes / 4);
        const linked = link(
          [command],
          new Map<Scratch | typeof slot, Float32Array>([
            [slot, values],
            [panels, packed],
          ]),
        );
        linked.run();
        const expected: number[] = [];
        for (let from = 0; from < depth; from += 256) {
          for (let panel = 0; panel < count; panel += width) {
            for (let k = from; k < Math.min(depth, from + 256); k++) {
              for (let i = panel; i < panel + width; i++) {
                expected.push(i < count ? values[view.offset + i * rowStride + k * depthStride]! : 0);
              }
            }
          }
        }
        expect(Array.from(linked.read(panels, packed))).toEqual(expected);
      },
    ),
    { numRuns: 60 },
  );
});

test('operands that do not match are rejected', () => {
  const of = (...shape: number[]) =>
    strided(shape, { order: shape.map((_, i) => i), steps: shape.map(() => 1), offset: 0 }, () => 0);
  const commands = (a: Strided, b: Strided) => () =>
    matmulCommands({ dtype: 'float32', a, b, output: slot('float32', 1) }, baseline);
  expect(commands(of(2, 3), of(4, 5))).toThrow('matmul: [2, 3] times [4, 5]');
  expect(commands(of(2, 2, 3), of(3, 3, 5))).toThrow('matmul: [2, 2, 3] times [3, 3, 5]');
  expect(commands(of(3), of(3))).toThrow('operands of ranks 1 and 1');
});
