// The fast versions of routines against their plain definitions.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { dropLeadingAxes, layouts, makeView, type Layout } from '../../../test/support/layouts.ts';
import { expectEqual } from '../../../test/support/backends.ts';
import { anyValues, fractionValues } from '../../../test/support/values.ts';
import {
  allocate,
  contiguous,
  dilate,
  sizeOf,
  type ConvolutionAttributes,
  type Pair,
  type RoutineDefinition,
  type Strided,
} from '../src/backend.ts';
import type { DType, Shape, Tensor } from '../src/index.ts';
import { Convolution } from '../src/ops/convolve.ts';
import { Matmul } from '../src/ops/matmul.ts';

/** The elements of a tensor that only movements separate from a tensor in host memory. */
function stridedOf(x: Tensor): Strided {
  if (x.buffer) return { values: x.buffer.readSync(), view: contiguous(x.shape) };
  const { values, view } = stridedOf(x.inputs[0]!);
  if (x.primitive.kind !== 'movement') throw new Error(`${x.primitive.name} is not a movement`);
  const movement: { view(input: typeof view, output: Tensor): typeof view | undefined } = x.primitive;
  return { values, view: movement.view(view, x)! };
}

/** Runs both versions into arrays with other values and expects the same bits. */
function expectSameBits<Name extends 'matmul' | 'convolution'>(
  { run, runFast }: Pick<RoutineDefinition<Name>, 'run' | 'runFast'>,
  dtype: DType,
  shape: Shape,
  inputs: Parameters<typeof run>[2],
  attributes: Parameters<typeof run>[3],
): void {
  const plain = allocate(dtype, sizeOf(shape)).fill(3);
  const fast = allocate(dtype, sizeOf(shape)).fill(5);
  run(plain, shape, inputs, attributes);
  runFast!(fast, shape, inputs, attributes);
  expectEqual([fast], [plain]);
}

const dtypes = fc.constantFrom<DType>('float32', 'float64', 'int32');

interface Operand {
  readonly layout: Layout;
  readonly seed: number;
  /** Whether values are of all kinds, NaN and infinities included. */
  readonly any: boolean;
}

function operandsOf(shape: Shape): fc.Arbitrary<Operand> {
  return fc.record({ layout: layouts(shape), seed: fc.integer(), any: fc.boolean() });
}

function makeStrided({ layout, seed, any }: Operand, dtype: DType): Strided {
  return stridedOf(makeView(layout, any ? anyValues(dtype, seed) : fractionValues(dtype, seed)));
}

const products = fc
  .record({
    batch: fc.array(fc.integer({ min: 0, max: 3 }), { maxLength: 2 }),
    m: fc.integer({ min: 0, max: 10 }),
    k: fc.integer({ min: 0, max: 10 }),
    n: fc.integer({ min: 0, max: 10 }),
  })
  .chain(({ batch, m, k, n }) =>
    fc.record({
      shape: fc.constant([...batch, m, n]),
      a: operandsOf([...batch, m, k]),
      b: operandsOf([...batch, k, n]),
      /** Whether all batches have the same right factor. */
      isShared: fc.boolean(),
    }),
  );

test('matmul', () => {
  fc.assert(
    fc.property(dtypes, products, (dtype, { shape, a, b, isShared }) => {
      const right = isShared ? { ...b, layout: dropLeadingAxes(b.layout, shape.length - 2) } : b;
      const make = right.any ? anyValues(dtype, right.seed) : fractionValues(dtype, right.seed);
      const rightView = makeView(right.layout, make).broadcastTo(b.layout.shape);
      expectSameBits(Matmul, dtype, shape, [makeStrided(a, dtype), stridedOf(rightView)], {});
    }),
    { numRuns: 500 },
  );
});

const upTo = (max: number, min = 1): fc.Arbitrary<number> => fc.integer({ min, max });
const pairs = (max: number, min = 1): fc.Arbitrary<Pair> => fc.tuple(upTo(max, min), upTo(max, min));

function outputShape(input: Shape, filter: Shape, attributes: ConvolutionAttributes): number[] {
  const { stride, padBefore, padAfter, inputDilation, filterDilation } = attributes;
  const size = (i: 0 | 1): number => {
    const padded = padBefore[i] + dilate(input[2 + i]!, inputDilation[i]) + padAfter[i];
    return Math.max(0, Math.floor((padded - dilate(filter[2 + i]!, filterDilation[i])) / stride[i]) + 1);
  };
  return [input[0]!, filter[0]!, size(0), size(1)];
}

const convolutions = fc
  .record({
    batch: upTo(2, 0),
    channels: upTo(3, 0),
    outputs: upTo(5),
    size: pairs(8, 0),
    filterSize: pairs(4),
    attributes: fc.record({
      stride: pairs(3),
      padBefore: pairs(3, -2),
      padAfter: pairs(3, -2),
      inputDilation: pairs(3),
      filterDilation: pairs(3),
      groups: upTo(3),
    }),
  })
  .chain(({ batch, channels, outputs, size, filterSize, attributes }) =>
    fc.record({
      input: operandsOf([batch, channels * attributes.groups, ...size]),
      filter: operandsOf([outputs * attributes.groups, channels, ...filterSize]),
      attributes: fc.constant(attributes),
    }),
  );

test('convolution', () => {
  fc.assert(
    fc.property(dtypes, convolutions, (dtype, { input, filter, attributes }) => {
      const shape = outputShape(input.layout.shape, filter.layout.shape, attributes);
      const inputs = [makeStrided(input, dtype), makeStrided(filter, dtype)] as const;
      expectSameBits(Convolution, dtype, shape, inputs, attributes);
    }),
    { numRuns: 1000 },
  );
});

test('a convolution whose patches are packed in more than one chunk', () => {
  const strided = (shape: Shape): Strided => stridedOf(anyValues('float32', 1)(shape));
  const [input, filter] = [
    [1, 64, 45, 45],
    [1, 64, 3, 3],
  ];
  const one: Pair = [1, 1];
  const attributes = {
    stride: one,
    padBefore: one,
    padAfter: one,
    inputDilation: one,
    filterDilation: one,
    groups: 1,
  };
  const shape = outputShape(input!, filter!, attributes);
  expect(sizeOf(shape) * 64 * 9).toBeGreaterThan(2 ** 20);
  expectSameBits(Convolution, 'float32', shape, [strided(input!), strided(filter!)], attributes);
});
