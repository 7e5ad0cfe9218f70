import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { convolutionCommands } from '../src/kernels/convolution/convolution.ts';
import type { Convolution } from '../src/kernels/convolution/geometry.ts';
import type { Features } from '../src/command.ts';
import { backwards, inOrder, link, slot } from './link.ts';
import {
  baseline,
  layouts,
  narrowed,
  numbers,
  strided,
  sumError,
  tripleEpilogue,
  variants,
  type Strided,
} from './views.ts';

type Pair = readonly [number, number];

interface Attributes {
  readonly stride: Pair;
  readonly padBefore: Pair;
  readonly padAfter: Pair;
  readonly inputDilation: Pair;
  readonly filterDilation: Pair;
  readonly groups: number;
}

const plainly: Attributes = {
  stride: [1, 1],
  padBefore: [0, 0],
  padAfter: [0, 0],
  inputDilation: [1, 1],
  filterDilation: [1, 1],
  groups: 1,
};

function outputShape(input: readonly number[], filter: readonly number[], a: Attributes): number[] {
  const dilated = (length: number, dilation: number): number => (length === 0 ? 0 : (length - 1) * dilation + 1);
  const spatial = ([0, 1] as const).map((i) => {
    const room = dilated(input[2 + i]!, a.inputDilation[i]) + a.padBefore[i] + a.padAfter[i];
    return Math.max(0, Math.floor((room - dilated(filter[2 + i]!, a.filterDilation[i])) / a.stride[i]) + 1);
  });
  return [input[0]!, filter[0]!, ...spatial];
}

/** The definition in double precision, and the sums of absolute values. */
function model(input: Strided, filter: Strided, shape: readonly number[], a: Attributes) {
  const [, , height, width] = input.view.shape as [number, number, number, number];
  const [outputs, channels, kh, kw] = filter.view.shape as [number, number, number, number];
  const [inputImage, inputChannel, inputRow, inputColumn] = input.view.strides as [number, number, number, number];
  const [filterOutput, filterChannel, filterRow, filterColumn] = filter.view.strides as [
    number,
    number,
    number,
    number,
  ];
  /** The input coordinate of an output's term, −1 in the padding, undefined between dilated elements. */
  const meet = (i: 0 | 1, out: number, k: number, length: number): number | undefined => {
    const place = (out * a.stride[i] - a.padBefore[i] + k * a.filterDilation[i]) / a.inputDilation[i];
    if (!Number.isInteger(place)) return undefined;
    return place >= 0 && place < length ? place : -1;
  };
  const sums: number[] = [];
  const magnitudes: number[] = [];
  const [count, , rows, columns] = shape as [number, number, number, number];
  for (let n = 0; n < count; n++) {
    for (let o = 0; o < outputs; o++) {
      const firstChannel = Math.floor(o / (outputs / a.groups)) * channels;
      const inputFrom = input.view.offset + n * inputImage + firstChannel * inputChannel;
      const filterFrom = filter.view.offset + o * filterOutput;
      for (let i = 0; i < rows; i++) {
        for (let j = 0; j < columns; j++) {
          let sum = 0;
          let magnitude = 0;
          for (let ky = 0; ky < kh; ky++) {
            const y = meet(0, i, ky, height);
            if (y === undefined) continue;
            for (let kx = 0; kx < kw; kx++) {
              const x = meet(1, j, kx, width);
              if (x === undefined) continue;
              let inputAt = inputFrom + y * inputRow + x * inputColumn;
              let filterAt = filterFrom + ky * filterRow + kx * filterColumn;
              for (let c = 0; c < channels; c++, inputAt += inputChannel, filterAt += filterChannel) {
                const term = (y < 0 || x < 0 ? 0 : input.values[inputAt]!) * filter.values[filterAt]!;
                sum += term;
                magnitude += Math.abs(term);
              }
            }
          }
          sums.push(sum);
          magnitudes.push(magnitude);
        }
      }
    }
  }
  return { sums, magnitudes, depth: channels * kh * kw };
}

const pairOf = (arbitrary: fc.Arbitrary<number>): fc.Arbitrary<Pair> => fc.tuple(arbitrary, arbitrary);
const small = (max: number): fc.Arbitrary<number> => fc.integer({ min: 1, max });
const distance = pairOf(fc.oneof({ weight: 3, arbitrary: fc.constant(1) }, fc.constantFrom(1, 2, 3)));

const convolutions = fc
  .record({
    count: fc.integer({ min: 0, max: 3 }),
    groups: fc.constantFrom(1, 1, 1, 2, 3, 5),
    channels: fc.oneof(fc.integer({ min: 0, max: 3 }), small(9)),
    outputs: fc.oneof(fc.integer({ min: 0, max: 3 }), small(9)),
    spatial: pairOf(fc.oneof(fc.integer({ min: 0, max: 12 }), small(30))),
    kernel: pairOf(fc.oneof(fc.integer({ min: 0, max: 3 }), small(6))),
    attributes: fc.record({
      stride: distance,
      padBefore: pairOf(fc.integer({ min: -2, max: 3 })),
      padAfter: pairOf(fc.integer({ min: -2, max: 3 })),
      inputDilation: distance,
      filterDilation: distance,
    }),
    inputLayout: layouts(4, [true, true, true, true]),
    filterLayout: layouts(4, [true, true, true, true]),
    seed: fc.integer(),
  })
  .filter(
    ({ count, groups, channels, outputs, spatial, kernel }) =>
      count * groups * channels * outputs * (spatial[0] + 3) * (spatial[1] + 3) * kernel[0] * kernel[1] < 400_000,
  );

type Case = typeof convolutions extends fc.Arbitrary<infer T> ? T : never;

interface Operands {
  readonly input: Strided;
  readonly filter: Strided;
  readonly attributes: Attributes;
  readonly shape: readonly number[];
}

function operands(given: Case, special = false): Operands {
  const { count, groups, channels, outputs, spatial, kernel, seed } = given;
  const next = numbers(seed, special);
  const input = strided([count, groups * channels, ...spatial], given.inputLayout, next);
  const filter = strided([groups * outputs, channels, ...kernel], given.filterLayout, next);
  const attributes = { ...given.attributes, groups };
  return { input, filter, attributes, shape: outputShape(input.view.shape, filter.view.shape, attributes) };
}

describe.each(variants)('%o', (features) => {
  function convolve(
    { input, filter, attributes, shape }: Operands,
    hasEpilogue = false,
    order = inOrder,
    of: Features = features,
  ): Float32Array {
    const size = shape.reduce((x, y) => x * y, 1);
    const output = slot('float32', size);
    const epilogue = hasEpilogue ? { epilogue: tripleEpilogue(output) } : {};
    const convolution: Convolution = { input, filter, output, shape, ...attributes, ...epilogue };
    const result = new Float32Array(size).fill(Number.NaN);
    const buffers = new Map([
      [input.slot, input.values],
      [filter.slot, filter.values],
      [output, result],
    ]);
    const linked = link(convolutionCommands(convolution, of), buffers);
    linked.run(order);
    return linked.read(output, result);
  }

  function check(given: Operands): void {
    const { sums, magnitudes, depth } = model(given.input, given.filter, given.shape, given.attributes);
    const isWrong = (x: number, i: number): boolean => !(Math.abs(x - sums[i]!) <= sumError(depth, magnitudes[i]!));
    expect(convolve(given).findIndex(isWrong)).toBe(-1);
  }

  test('equals the definition, for all shapes, strides and attributes', () => {
    fc.assert(
      fc.property(convolutions, (given) => check(operands(given))),
      { numRuns: 300 },
    );
  });

  test('propagates infinities and NaN', () => {
    fc.assert(
      fc.property(convolutions, (given) => {
        const each = operands(given, true);
        const { sums } = model(each.input, each.filter, each.shape, each.attributes);
        const kind = (x: number): number => (Number.isFinite(x) ? 0 : x);
        expect(Array.from(convolve(each), kind)).toEqual(sums.map(kind));
      }),
      { numRuns: 60 },
    );
  });

  test('does not depend on the order of chunks, to the last bit', () => {
    fc.assert(
      fc.property(convolutions, (given) => {
        const each = operands(given);
        expect(convolve(each, true, backwards)).toEqual(convolve(each, true));
      }),
      { numRuns: 40 },
    );
  });

  test('does not depend on the width of vectors, to the last bit', () => {
    fc.assert(
      fc.property(convolutions, (given) => {
        const each = operands(given);
        expect(convolve(each, false, inOrder, narrowed(features))).toEqual(convolve(each));
      }),
      { numRuns: 40 },
    );
  });

  test('applies the epilogue once to every element, at the end', () => {
    fc.assert(
      fc.property(convolutions, (given) => {
        const each = operands(given);
        expect(convolve(each, true)).toEqual(convolve(each).map((x) => Math.fround(Math.fround(3 * x) + 1)));
      }),
      { numRuns: 100 },
    );
  });

  const rowMajor = { order: [0, 1, 2, 3], steps: [1, 1, 1, 1], offset: 0 };
  const exchanged = { ...rowMajor, order: [1, 0, 2, 3] };
  const flipped = { order: [1, 0, 2, 3], steps: [1, 1, -1, -1], offset: 0 };
  const channelsLast = { ...rowMajor, order: [0, 3, 1, 2] };

  // Convolutions of trainings, each with several chunks.
  test.each([
    ['3×3', [3, 20, 19, 17], [70, 20, 3, 3], { padBefore: [1, 1], padAfter: [1, 1] }, rowMajor, rowMajor],
    ['3×3 in small planes', [7, 40, 7, 6], [9, 40, 3, 3], { padBefore: [1, 1], padAfter: [1, 1] }, rowMajor, rowMajor],
    [
      '3×3, stride 2',
      [3, 3, 41, 37],
      [64, 3, 3, 3],
      { padBefore: [1, 1], padAfter: [1, 1], stride: [2, 2] },
      rowMajor,
      rowMajor,
    ],
    [
      'its gradient for the input',
      [3, 16, 21, 19],
      [3, 16, 3, 3],
      { padBefore: [1, 1], padAfter: [2, 2], inputDilation: [2, 2] },
      rowMajor,
      flipped,
    ],
    [
      'its gradient for the filter',
      [3, 6, 41, 37],
      [32, 6, 21, 19],
      { padBefore: [1, 1], padAfter: [1, 1], filterDilation: [2, 2] },
      exchanged,
      exchanged,
    ],
    [
      'gradient for the filter, stride 1',
      [5, 7, 28, 26],
      [9, 7, 28, 26],
      { padBefore: [1, 1], padAfter: [1, 1] },
      exchanged,
      exchanged,
    ],
    ['1×1, channels last', [3, 50, 9, 9], [33, 50, 1, 1], {}, channelsLast, rowMajor],
    ['3×3, channels last', [3, 10, 9, 9], [33, 10, 3, 3], {}, channelsLast, rowMajor],
    [
      'depthwise',
      [2, 30, 33, 31],
      [30, 1, 3, 3],
      { padBefore: [1, 1], padAfter: [1, 1], groups: 30 },
      rowMajor,
      rowMajor,
    ],
    [
      'depthwise, stride 2',
      [2, 30, 33, 31],
      [60, 1, 5, 5],
      { padBefore: [2, 2], padAfter: [2, 2], stride: [2, 2], groups: 30 },
      rowMajor,
      rowMajor,
    ],
    [
      'its gradient for the input',
      [2, 30, 17, 16],
      [30, 1, 5, 5],
      { padBefore: [2, 2], padAfter: [2, 2], inputDilation: [2, 2], groups: 30 },
      rowMajor,
      flipped,
    ],
    [
      'its gradient for the filter',
      [1, 60, 33, 31],
      [30, 2, 17, 16],
      { padBefore: [2, 2], padAfter: [2, 2], filterDilation: [2, 2], groups: 30 },
      exchanged,
      exchanged,
    ],
    [
      'the same, stride 1',
      [1, 60, 21, 19],
      [30, 2, 20, 18],
      { padBefore: [1, 1], padAfter: [1, 1], groups: 30 },
      exchanged,
      exchanged,
    ],
  ] as const)('%s', (_, inputShape, filterShape, some, inputLayout, filterLayout) => {
    const attributes: Attributes = { ...plainly, ...some };
    const next = numbers(3);
    const input = strided(inputShape, inputLayout, next);
    const filter = strided(filterShape, filterLayout, next);
    const given = { input, filter, attributes, shape: outputShape(inputShape, filterShape, attributes) };
    check(given);
    const whole = convolve(given);
    expect(convolve(given, false, inOrder, narrowed(features))).toEqual(whole);
    expect(convolve(given, true, backwards)).toEqual(whole.map((x) => Math.fround(Math.fround(3 * x) + 1)));
  });
});

test('a long sum with few outputs is cut into slices, so that all threads have work', () => {
  const zeros = (...shape: number[]) =>
    strided(shape, { order: [1, 0, 2, 3], steps: [1, 1, 1, 1], offset: 0 }, () => 0);
  const output = slot('float32', 64 * 64 * 9);
  const form = {
    shape: [64, 64, 3, 3],
    stride: [1, 1],
    padBefore: [1, 1],
    inputDilation: [1, 1],
    filterDilation: [1, 1],
    groups: 1,
  } as const;
  const commands = convolutionCommands(
    { input: zeros(64, 4, 28, 28), filter: zeros(64, 4, 28, 28), output, ...form },
    baseline,
  );
  expect(commands.map(({ code }) => code.name)).toEqual([
    'convolution pad',
    'convolution filter',
    'convolution multiply',
    'sum of slices',
  ]);
  expect(commands[2]!.chunks).toBeGreaterThanOrEqual(24);
});

test('operands that do not match are rejected', () => {
  const of = (...shape: number[]) => strided(shape, { order: [0, 1, 2, 3], steps: [1, 1, 1, 1], offset: 0 }, () => 0);
  const form = { stride: [1, 1], padBefore: [0, 0], inputDilation: [1, 1], filterDilation: [1, 1] } as const;
  const commands = (shape: number[], groups: number) => () =>
    convolutionCommands(
      { input: of(2, 6, 4, 4), filter: of(4, 3, 1, 1), output: slot('float32', 1), shape, groups, ...form },
      baseline,
    );
  expect(commands([2, 4, 4, 4], 1)).toThrow('input [2, 6, 4, 4] and filter [4, 3, 1, 1] in 1 groups');
  expect(commands([2, 5, 4, 4], 2)).toThrow('do not make [2, 5, 4, 4]');
});
