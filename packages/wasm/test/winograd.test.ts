import { positions } from '@thetagrad/core/backend';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Convolution } from '../src/kernels/convolution/geometry.ts';
import { winogradCommands } from '../src/kernels/winograd/winograd.ts';
import { forwardCommands } from '../src/kernels/winograd/forward.ts';
import { gradientCommands } from '../src/kernels/winograd/gradient.ts';
import { tileGrid } from '../src/kernels/winograd/tiles.ts';
import type { Command, Features } from '../src/command.ts';
import { backwards, inOrder, link, slot } from './link.ts';
import { baseline, layouts, narrowed, numbers, strided, tripleEpilogue, variants, type Strided } from './views.ts';

type Pair = readonly [number, number];

interface Operands {
  readonly input: Strided;
  readonly filter: Strided;
  readonly padBefore: Pair;
  readonly shape: readonly number[];
  readonly groups: number;
}

type Lowering = (convolution: Convolution, features: Features) => Command[];

/** The definition in double precision. */
function model({ input, filter, padBefore, shape, groups }: Operands): Float64Array {
  const [count, outputs, rows, columns] = shape as [number, number, number, number];
  const [, , height, width] = input.view.shape as [number, number, number, number];
  const [, channels, kh, kw] = filter.view.shape as [number, number, number, number];
  const [inputImage, inputChannel, inputRow, inputColumn] = input.view.strides as [number, number, number, number];
  const [filterOutput, filterChannel, filterRow, filterColumn] = filter.view.strides as [
    number,
    number,
    number,
    number,
  ];
  const result = new Float64Array(count * outputs * rows * columns);
  let i = 0;
  for (let n = 0; n < count; n++) {
    for (let o = 0; o < outputs; o++) {
      const first = Math.floor(o / (outputs / groups)) * channels;
      const inputFrom = input.view.offset + n * inputImage + first * inputChannel;
      const filterFrom = filter.view.offset + o * filterOutput;
      for (let y = 0; y < rows; y++) {
        for (let x = 0; x < columns; x++, i++) {
          let sum = 0;
          for (let ky = Math.max(0, padBefore[0] - y); ky < Math.min(kh, height + padBefore[0] - y); ky++) {
            for (let kx = Math.max(0, padBefore[1] - x); kx < Math.min(kw, width + padBefore[1] - x); kx++) {
              let inputAt = inputFrom + (y - padBefore[0] + ky) * inputRow + (x - padBefore[1] + kx) * inputColumn;
              let filterAt = filterFrom + ky * filterRow + kx * filterColumn;
              for (let c = 0; c < channels; c++, inputAt += inputChannel, filterAt += filterChannel) {
                sum += input.values[inputAt]! * filter.values[filterAt]!;
              }
            }
          }
          result[i] = sum;
        }
      }
    }
  }
  return result;
}

/** The largest error, as a fraction of the standard deviation of sums of products of {@link numbers}. */
function errorOf(result: Float32Array, given: Operands): number {
  const [, channels, kh, kw] = given.filter.view.shape as [number, number, number, number];
  const deviation = Math.sqrt(channels * kh * kw) / 3;
  const expected = model(given);
  return result.reduce((largest, x, i) => {
    const error = Math.abs(x - expected[i]!) / deviation;
    return error <= largest ? largest : error;
  }, 0);
}

const largestError = 2.5e-5;

const rowMajor = { order: [0, 1, 2, 3], steps: [1, 1, 1, 1], offset: 0 };
const exchanged = { ...rowMajor, order: [1, 0, 2, 3] };
const turned = { order: [1, 0, 2, 3], steps: [1, 1, -1, -1], offset: 0 };

const size = (max: number): fc.Arbitrary<number> => fc.integer({ min: 1, max });
const pairOf = (each: fc.Arbitrary<number>): fc.Arbitrary<Pair> => fc.tuple(each, each);
const anyLayout = layouts(4, [true, true, true, true]);

/** Filters of 3×3, with blocks and parts of any size. */
const forwards = fc
  .record({
    count: size(3),
    groups: fc.constantFrom(1, 1, 1, 2, 3),
    channels: size(7),
    outputs: size(20),
    spatial: pairOf(fc.oneof(size(6), size(23))),
    padBefore: pairOf(fc.integer({ min: -2, max: 2 })),
    padAfter: pairOf(fc.integer({ min: -2, max: 2 })),
    inputLayout: anyLayout,
    filterLayout: anyLayout,
    seed: fc.integer(),
    tiles: fc.integer({ min: 1, max: 12 }),
    panelsInPart: fc.integer({ min: 1, max: 3 }),
  })
  .map(
    ({ count, groups, channels, outputs, spatial, padBefore, padAfter, inputLayout, filterLayout, seed, ...cut }) => {
      const next = numbers(seed);
      const input = strided([count, groups * channels, ...spatial], inputLayout, next);
      const filter = strided([groups * outputs, channels, 3, 3], filterLayout, next);
      const [height, width] = [0, 1].map((i) => Math.max(1, spatial[i]! + padBefore[i]! + padAfter[i]! - 2)) as [
        number,
        number,
      ];
      const given: Operands = { input, filter, padBefore, shape: [count, groups * outputs, height, width], groups };
      const grid = tileGrid(count, groups * outputs, height, width, cut.tiles);
      const lower: Lowering = (convolution, features) => forwardCommands(convolution, grid, cut.panelsInPart, features);
      return { given, lower };
    },
  );

/** Outputs of 3×3, with blocks, parts and slices of any size. */
const gradients = fc
  .record({
    channels: fc.oneof(size(9), fc.integer({ min: 13, max: 18 })),
    outputs: fc.oneof(size(20), fc.integer({ min: 33, max: 40 })),
    count: size(3),
    spatial: pairOf(fc.oneof(size(6), size(18))),
    padBefore: pairOf(fc.integer({ min: -1, max: 2 })),
    inputSpatial: pairOf(fc.oneof(size(6), size(18))),
    inputLayout: anyLayout,
    filterLayout: anyLayout,
    seed: fc.integer(),
    tiles: fc.integer({ min: 1, max: 12 }),
    channelsInPart: fc.constantFrom(4, 8),
    outputsInPart: fc.constantFrom(8, 16),
    slices: fc.integer({ min: 1, max: 5 }),
  })
  .map(
    ({
      channels,
      outputs,
      count,
      spatial,
      padBefore,
      inputSpatial,
      inputLayout,
      filterLayout,
      seed,
      tiles,
      ...cut
    }) => {
      const next = numbers(seed);
      const input = strided([channels, count, ...inputSpatial], inputLayout, next);
      const filter = strided([outputs, count, ...spatial], filterLayout, next);
      const given: Operands = { input, filter, padBefore, shape: [channels, outputs, 3, 3], groups: 1 };
      const grid = tileGrid(count, 1, spatial[0], spatial[1], tiles);
      const lower: Lowering = (convolution, features) => gradientCommands(convolution, grid, cut, features);
      return { given, lower };
    },
  );

describe.each(variants)('%o', (features) => {
  function convolve(
    { given, lower }: { given: Operands; lower: Lowering },
    hasEpilogue = false,
    order = inOrder,
    of: Features = features,
  ) {
    const { input, filter, shape, padBefore, groups } = given;
    const length = shape.reduce((x, y) => x * y, 1);
    const output = slot('float32', length);
    const result = new Float32Array(length).fill(Number.NaN);
    const plain = { stride: [1, 1], inputDilation: [1, 1], filterDilation: [1, 1] } as const;
    const epilogue = hasEpilogue ? { epilogue: tripleEpilogue(output) } : {};
    const commands = lower({ input, filter, output, shape, padBefore, groups, ...plain, ...epilogue }, of);
    const buffers = new Map([
      [input.slot, input.values],
      [filter.slot, filter.values],
      [output, result],
    ]);
    const linked = link(commands, buffers);
    linked.run(order);
    return linked.read(output, result);
  }

  describe.each([
    ['filters of 3×3', forwards],
    ['outputs of 3×3', gradients],
  ])('%s', (_, cases) => {
    test('equals the definition, for all shapes, strides, paddings and cuts', () => {
      fc.assert(
        fc.property(cases, (each) => {
          expect(errorOf(convolve(each), each.given)).toBeLessThan(largestError);
        }),
        { numRuns: 100 },
      );
    });

    test('does not depend on the order of chunks, to the last bit', () => {
      fc.assert(
        fc.property(cases, (each) => {
          expect(convolve(each, true, backwards)).toEqual(convolve(each, true));
        }),
        { numRuns: 30 },
      );
    });

    test('does not depend on the width of vectors, to the last bit', () => {
      fc.assert(
        fc.property(cases, (each) => {
          expect(convolve(each, false, inOrder, narrowed(features))).toEqual(convolve(each));
        }),
        { numRuns: 30 },
      );
    });

    test('applies the epilogue once to every element, at the end', () => {
      fc.assert(
        fc.property(cases, (each) => {
          expect(convolve(each, true)).toEqual(convolve(each).map((x) => Math.fround(Math.fround(3 * x) + 1)));
        }),
        { numRuns: 50 },
      );
    });

    test('an infinity or NaN stays in the tiles of outputs that depend on it', () => {
      const special = fc.constantFrom(Infinity, -Infinity, Number.NaN);
      fc.assert(
        fc.property(cases, fc.nat(), special, ({ given, lower }, index, value) => {
          const without = convolve({ given, lower });
          const { input, shape } = given;
          const elements = positions(input.view);
          const values = input.values.with(elements[index % elements.length]!, value);
          const spoilt = { ...given, input: { ...input, values } };
          const result = convolve({ given: spoilt, lower });
          const [height, width] = shape.slice(2) as [number, number];
          const tileOf = (i: number): string => {
            const [plane, y, x] = [Math.floor(i / (height * width)), Math.floor(i / width) % height, i % width];
            return [plane, Math.floor(y / 4), Math.floor(x / 4)].join();
          };
          const meets = Array.from(model(spoilt), (sum) => !Number.isFinite(sum));
          const tiles = new Set(meets.flatMap((doesMeet, i) => (doesMeet ? [tileOf(i)] : [])));
          const expected = without.map((x, i) => (tiles.has(tileOf(i)) ? Number.NaN : x));
          expect(result.map((x, i) => (tiles.has(tileOf(i)) ? Number.NaN : x))).toEqual(expected);
          expect(meets.every((doesMeet, i) => !doesMeet || !Number.isFinite(result[i]!))).toBe(true);
        }),
        { numRuns: 50 },
      );
    });
  });

  const chosen: Lowering = (convolution, each) => winogradCommands(convolution, each)!;

  // Convolutions of trainings, with many terms.
  test.each([
    ['3×3', [2, 64, 21, 18], [24, 64, 3, 3], [2, 24, 21, 18], rowMajor, rowMajor],
    ['3×3, late', [1, 512, 14, 12], [32, 512, 3, 3], [1, 32, 14, 12], rowMajor, rowMajor],
    ['its gradient for the input', [2, 24, 21, 18], [64, 24, 3, 3], [2, 64, 21, 18], rowMajor, turned],
    ['its gradient for the filter', [20, 6, 28, 26], [16, 6, 28, 26], [20, 16, 3, 3], exchanged, exchanged],
    ['the same, late', [132, 3, 14, 12], [72, 3, 14, 12], [132, 72, 3, 3], exchanged, exchanged],
  ] as const)('%s', (_, inputShape, filterShape, shape, inputLayout, filterLayout) => {
    const next = numbers(5);
    const input = strided(inputShape, inputLayout, next);
    const filter = strided(filterShape, filterLayout, next);
    const given: Operands = { input, filter, padBefore: [1, 1], shape, groups: 1 };
    const whole = convolve({ given, lower: chosen });
    expect(errorOf(whole, given)).toBeLessThan(largestError);
    expect(convolve({ given, lower: chosen }, false, inOrder, narrowed(features))).toEqual(whole);
    const withEpilogue = convolve({ given, lower: chosen }, true, backwards);
    expect(withEpilogue).toEqual(whole.map((x) => Math.fround(Math.fround(3 * x) + 1)));
  });
});

describe('the choice', () => {
  function keys(
    inputShape: readonly number[],
    filterShape: readonly number[],
    shape: readonly number[],
    some: Partial<Convolution> = {},
  ): string[] | undefined {
    const of = (each: readonly number[]) => ({
      slot: slot('float32', 1),
      view: { shape: each, strides: [0, 0, 0, 0], offset: 0 },
    });
    const plain = {
      stride: [1, 1],
      padBefore: [1, 1],
      inputDilation: [1, 1],
      filterDilation: [1, 1],
      groups: 1,
    } as const;
    const operands = { input: of(inputShape), filter: of(filterShape), output: slot('float32', 1), shape };
    return winogradCommands({ ...operands, ...plain, ...some }, baseline)?.map(({ code }) => code.name);
  }

  test('takes convolutions with 3×3 filters and their gradients', () => {
    const forward = ['winograd filter', 'winograd'];
    expect(keys([16, 64, 28, 28], [64, 64, 3, 3], [16, 64, 28, 28])).toEqual(forward);
    const shared = ['winograd filter', 'winograd patches', 'winograd'];
    expect(keys([16, 512, 7, 6], [512, 512, 3, 3], [16, 512, 7, 6])).toEqual(shared);
    expect(keys([16, 64, 28, 28], [64, 32, 3, 3], [16, 64, 28, 28], { groups: 2 })).toEqual(forward);
    const slices = ['winograd gradient', 'winograd slices'];
    expect(keys([64, 16, 28, 28], [64, 16, 28, 28], [64, 64, 3, 3])).toEqual(slices);
    const sharing = ['winograd gradient transforms', 'winograd gradient'];
    expect(keys([512, 16, 7, 6], [512, 16, 7, 6], [512, 512, 3, 3])).toEqual(sharing);
  });

  test.each([
    ['stride', [8, 64, 28, 28], [64, 64, 3, 3], [8, 64, 14, 14], { stride: [2, 2] }],
    ['dilated input', [8, 64, 14, 14], [64, 64, 3, 3], [8, 64, 28, 28], { inputDilation: [2, 2] }],
    ['dilated filter', [8, 64, 28, 28], [64, 64, 3, 3], [8, 64, 26, 26], { filterDilation: [2, 2] }],
    ['other filter', [8, 64, 28, 28], [64, 64, 5, 5], [8, 64, 26, 26], {}],
    ['filter of 1×3', [8, 64, 28, 28], [64, 64, 1, 3], [8, 64, 30, 28], {}],
    ['no input', [0, 64, 28, 28], [64, 64, 3, 3], [0, 64, 28, 28], {}],
    ['no channels', [8, 0, 28, 28], [64, 0, 3, 3], [8, 64, 28, 28], {}],
    ['one channel', [64, 1, 28, 28], [16, 1, 3, 3], [64, 16, 28, 28], {}],
    ['depthwise', [8, 64, 28, 28], [64, 1, 3, 3], [8, 64, 28, 28], { groups: 64 }],
    ['few tiles for many filter', [1, 512, 7, 6], [512, 512, 3, 3], [1, 512, 7, 6], {}],
    ['a gradient of one channel', [1, 64, 28, 28], [16, 64, 28, 28], [1, 16, 3, 3], {}],
    ['a gradient of few tiles', [512, 1, 7, 6], [512, 1, 7, 6], [512, 512, 3, 3], {}],
    ['a gradient in groups', [32, 32, 28, 28], [64, 16, 28, 28], [32, 64, 3, 3], { groups: 2 }],
  ] as const)('leaves to the direct form: %s', (_, input, filter, shape, some) => {
    expect(keys(input, filter, shape, some)).toBeUndefined();
  });
});

test('blocks have whole groups of four tiles where that is possible, and long rows are cut', () => {
  // Seven tiles a row: four rows fill groups, also across images.
  expect(tileGrid(16, 1, 28, 28, 32)).toMatchObject({ rowsInImage: 7, rows: 112, columns: 7, rowsInBlock: 4 });
  expect(tileGrid(1, 1, 10, 640, 32)).toMatchObject({
    columns: 160,
    columnsInBlock: 40,
    columnBlocks: 4,
    rowsInBlock: 1,
  });
});
