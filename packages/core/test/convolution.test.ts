import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  arange,
  avgPool2d,
  conv2d,
  type Conv2dOptions,
  grad,
  maxPool2d,
  ones,
  type Pool2dOptions,
  tensor,
  type Tensor,
  vjp,
  zeros,
} from '../src/index.ts';
import { elementAt, build, models, numbers, toTensor, type Model } from './helpers.ts';

type Pair = readonly [number, number];

interface Geometry {
  readonly stride: Pair;
  readonly dilation: Pair;
  readonly padding: readonly [Pair, Pair];
  readonly groups: number;
}

/** Convolution in seven loops. */
function naiveConvolution(x: Model, weight: Model, { stride, dilation, padding, groups }: Geometry): Model {
  const [n, c, h, w] = x.shape as [number, number, number, number];
  const [o, perGroup, kh, kw] = weight.shape as [number, number, number, number];
  const size = (i: 0 | 1): number =>
    Math.floor(([h, w][i]! + padding[i][0] + padding[i][1] - dilation[i] * ([kh, kw][i]! - 1) - 1) / stride[i]) + 1;
  expect(c).toBe(perGroup * groups);
  return build([n, o, size(0), size(1)], ([image, out, y, column]) => {
    let sum = 0;
    const group = Math.floor(out! / (o / groups));
    for (let channel = 0; channel < perGroup; channel++) {
      for (let i = 0; i < kh; i++) {
        for (let j = 0; j < kw; j++) {
          const row = y! * stride[0] + i * dilation[0] - padding[0][0];
          const col = column! * stride[1] + j * dilation[1] - padding[1][0];
          if (row < 0 || row >= h || col < 0 || col >= w) continue;
          sum +=
            x.data[((image! * c + group * perGroup + channel) * h + row) * w + col]! *
            weight.data[((out! * perGroup + channel) * kh + i) * kw + j]!;
        }
      }
    }
    return sum;
  });
}

function equals(actual: Tensor, expected: Model): void {
  expect(actual.shape).toEqual(expected.shape);
  expect(numbers(actual)).toEqual(expected.data);
}

const upTo = (max: number, min = 1): fc.Arbitrary<number> => fc.integer({ min, max });
const pairUpTo = (max: number, min = 1): fc.Arbitrary<Pair> => fc.tuple(upTo(max, min), upTo(max, min));

const convolutions = fc
  .record({
    batch: upTo(3, 0),
    perGroup: upTo(3),
    outPerGroup: upTo(3),
    groups: upTo(3),
    kernel: pairUpTo(3),
    stride: pairUpTo(3),
    dilation: pairUpTo(2),
    padding: fc.tuple(pairUpTo(2, 0), pairUpTo(2, 0)),
    room: pairUpTo(5, 0),
  })
  .chain(({ batch, perGroup, outPerGroup, groups, kernel, room, ...geometry }) => {
    // At least the smallest image that the kernel fits.
    const size = ([0, 1] as const).map((i) => {
      const extent = (kernel[i] - 1) * geometry.dilation[i] + 1;
      return Math.max(1, extent - geometry.padding[i][0] - geometry.padding[i][1]) + room[i];
    });
    return fc.record({
      x: models(fc.constant([batch, perGroup * groups, ...size])),
      weight: models(fc.constant([outPerGroup * groups, perGroup, ...kernel])),
      geometry: fc.constant({ ...geometry, groups }),
    });
  });

describe('conv2d', () => {
  test('equals seven loops', () => {
    fc.assert(
      fc.property(convolutions, ({ x, weight, geometry }) =>
        equals(conv2d(toTensor(x), toTensor(weight), geometry), naiveConvolution(x, weight, geometry)),
      ),
      { numRuns: 300 },
    );
  });

  test('of views', () => {
    fc.assert(
      fc.property(convolutions, ({ x, weight, geometry }) => {
        const images = toTensor(x).permute([2, 3, 1, 0]).add(0).permute([3, 2, 0, 1]);
        const kernels = toTensor(weight).flip([2, 3]).add(0).flip([2, 3]);
        equals(conv2d(images, kernels, geometry), naiveConvolution(x, weight, geometry));
      }),
    );
  });

  test("'same' gives ⌈size / stride⌉ positions, an odd zero last", () => {
    fc.assert(
      fc.property(convolutions, ({ x, weight, geometry }) => {
        const padding = ([0, 1] as const).map((i): Pair => {
          const [length, kernel] = [x.shape[2 + i]!, weight.shape[2 + i]!];
          const covered = (Math.ceil(length / geometry.stride[i]) - 1) * geometry.stride[i];
          const total = Math.max(0, covered + geometry.dilation[i] * (kernel - 1) + 1 - length);
          return [total >> 1, total - (total >> 1)];
        }) as unknown as [Pair, Pair];
        const result = conv2d(toTensor(x), toTensor(weight), { ...geometry, padding: 'same' });
        equals(result, naiveConvolution(x, weight, { ...geometry, padding }));
        expect(result.shape.slice(2)).toEqual(
          ([0, 1] as const).map((i) => Math.ceil(x.shape[2 + i]! / geometry.stride[i])),
        );
      }),
    );
  });

  test('one number stands for height and width', () => {
    const x = arange(2 * 36)
      .reshape([1, 2, 6, 6])
      .astype('float32');
    const weight = arange(3 * 2 * 9)
      .reshape([3, 2, 3, 3])
      .astype('float32');
    const same = (options: Conv2dOptions, spelled: Conv2dOptions): void =>
      expect(numbers(conv2d(x, weight, options))).toEqual(numbers(conv2d(x, weight, spelled)));
    same(
      { stride: 2, padding: 1, dilation: 2 },
      {
        stride: [2, 2],
        padding: [
          [1, 1],
          [1, 1],
        ],
        dilation: [2, 2],
      },
    );
    same(
      { padding: [1, 2] },
      {
        padding: [
          [1, 1],
          [2, 2],
        ],
      },
    );
    same({ padding: 'valid' }, {});
    expect(conv2d(x, weight).shape).toEqual([1, 3, 4, 4]);
  });

  test('dtypes are promoted, integers stay exact', () => {
    const weight = ones([1, 1, 2, 2], { dtype: 'int32' });
    const result = conv2d(arange(9).reshape([1, 1, 3, 3]), weight);
    expect([result.dtype, numbers(result)]).toEqual(['int32', [8, 12, 20, 24]]);
    expect(conv2d(zeros([1, 1, 3, 3], { dtype: 'float64' }), weight).dtype).toBe('float64');
  });

  test('no channels give zeros', () => {
    expect(numbers(conv2d(zeros([1, 0, 2, 2]), zeros([1, 0, 2, 2])))).toEqual([0]);
  });

  test('one image, and a bias', () => {
    const image = arange(18).reshape([2, 3, 3]);
    const weight = arange(24).reshape([3, 2, 2, 2]);
    const bias = tensor([1, 20, 300], { dtype: 'float64' });
    const plain = conv2d(image.expandDims(0), weight);
    const result = conv2d(image, weight, { bias });
    expect([result.dtype, result.shape]).toEqual(['float64', [3, 2, 2]]);
    expect(numbers(result)).toEqual(numbers(plain).map((value, i) => value + [1, 20, 300][i >> 2]!));
    expect(numbers(conv2d(image, weight))).toEqual(numbers(plain));
    const slope = grad((bias: Tensor) => conv2d(image.expandDims(0), weight, { bias }).sum())(bias);
    expect(numbers(slope)).toEqual([4, 4, 4]);
  });

  const x = zeros([1, 4, 5, 5]);
  const weight = zeros([2, 4, 3, 3]);
  test.each([
    [
      () => conv2d(zeros([5, 5]), weight),
      'conv2d: expected images [N, C, H, W] or [C, H, W] and a weight [O, C / groups, kh, kw], got [5, 5] and [2, 4, 3, 3]',
    ],
    [
      () => conv2d(x, weight, { bias: zeros([2, 1]) }),
      'conv2d: the bias must be [2], one number for each output channel, got [2, 1]',
    ],
    [() => conv2d(x, weight, { bias: 1 as unknown as Tensor }), 'conv2d: the bias must be a tensor, got 1'],
    [
      () => conv2d(x, zeros([2, 3, 3, 3])),
      'conv2d: images [1, 4, 5, 5] have 4 channels, but the weight [2, 3, 3, 3] in 1 group(s) needs 3',
    ],
    [() => conv2d(x, zeros([3, 2, 3, 3]), { groups: 2 }), 'its 3 output channels must be divisible by 2'],
    [() => conv2d(x, weight, { groups: 0 }), 'conv2d: groups must be an integer ≥ 1, got 0'],
    [() => conv2d(x, zeros([2, 4, 6, 3])), 'conv2d: a window of [6, 3] does not fit the padded images [1, 4, 5, 5]'],
    [
      () => conv2d(x, weight, { dilation: [1, 3] }),
      'conv2d: a window of [3, 7] does not fit the padded images [1, 4, 5, 5]',
    ],
    [() => conv2d(x, weight, { stride: 0 }), 'conv2d: stride must be an integer ≥ 1 or a pair of them, got 0'],
    [
      () => conv2d(x, weight, { dilation: [1, 0.5] }),
      'conv2d: dilation must be an integer ≥ 1 or a pair of them, got [1, 0.5]',
    ],
    [() => conv2d(x, weight, { padding: -1 }), 'conv2d: padding must be an integer ≥ 0 or a pair of them, got -1'],
    [
      () => conv2d(x, weight, { padding: 'full' as 'same' }),
      "conv2d: unknown padding 'full'; expected 'same', 'valid' or numbers",
    ],
    [() => conv2d(x, zeros([2, 4, 0, 3])), 'conv2d: the filters of the weight [2, 4, 0, 3] have no elements'],
    [() => conv2d(x, 1 as unknown as Tensor), 'conv2d: the weight must be a tensor'],
    [() => conv2d([1] as unknown as Tensor, weight), 'conv2d: expected a tensor, got Array'],
  ])('error %#', (make, message) => expect(make).toThrow(message));
});

describe('pooling', () => {
  const pools = fc
    .record({ kernel: pairUpTo(3), stride: pairUpTo(3), room: pairUpTo(4, 0), channels: upTo(2), batch: upTo(2, 0) })
    .chain(({ kernel, stride, room, channels, batch }) => {
      const before = fc.tuple(fc.nat(kernel[0] >> 1), fc.nat(kernel[1] >> 1));
      return fc.record({
        x: models(fc.constant([batch, channels, kernel[0] + room[0], kernel[1] + room[1]])),
        options: fc.record({
          kernelSize: fc.constant(kernel),
          stride: fc.constant(stride),
          padding: fc.tuple(before, before).map(([[top, left], [bottom, right]]): [Pair, Pair] => [
            [top, bottom],
            [left, right],
          ]),
        }),
      });
    });

  function naivePool(
    x: Model,
    { kernelSize, stride, padding }: { kernelSize: Pair; stride: Pair; padding: readonly [Pair, Pair] },
    combine: (window: (number | undefined)[]) => number,
  ): Model {
    const count = (i: 0 | 1): number =>
      Math.floor((x.shape[2 + i]! + padding[i][0] + padding[i][1] - kernelSize[i]) / stride[i]) + 1;
    return build([...x.shape.slice(0, 2), count(0), count(1)], ([n, c, y, z]) => {
      const window: (number | undefined)[] = [];
      for (let i = 0; i < kernelSize[0]; i++) {
        for (let j = 0; j < kernelSize[1]; j++) {
          const row = y! * stride[0] + i - padding[0][0];
          const column = z! * stride[1] + j - padding[1][0];
          const inside = row >= 0 && row < x.shape[2]! && column >= 0 && column < x.shape[3]!;
          window.push(inside ? elementAt(x, [n!, c!, row, column]) : undefined);
        }
      }
      return combine(window);
    });
  }

  test('maxPool2d ignores padding', () => {
    fc.assert(
      fc.property(pools, ({ x, options }) => {
        const largest = (window: (number | undefined)[]): number => Math.max(...window.map((v) => v ?? -Infinity));
        equals(maxPool2d(toTensor(x), options), naivePool(x, options, largest));
      }),
    );
  });

  test('avgPool2d counts padding as zeros', () => {
    fc.assert(
      fc.property(pools, ({ x, options }) => {
        const mean = (window: (number | undefined)[]): number =>
          window.reduce<number>((sum, v) => sum + (v ?? 0), 0) / window.length;
        equals(avgPool2d(toTensor(x), options), naivePool(x, options, mean));
      }),
    );
  });

  test('the default stride is the kernel size', () => {
    const x = arange(16).reshape([1, 1, 4, 4]);
    expect(maxPool2d(x, { kernelSize: 2 }).toArraySync()).toEqual([
      [
        [
          [5, 7],
          [13, 15],
        ],
      ],
    ]);
    expect(maxPool2d(x, { kernelSize: 2 }).dtype).toBe('int32');
    expect(avgPool2d(x, { kernelSize: [2, 4] }).toArraySync()).toEqual([[[[3.5], [11.5]]]]);
    expect(
      numbers(maxPool2d(tensor([[[[-5]]]], { dtype: 'int32' }), { kernelSize: 2, stride: 1, padding: 1 })),
    ).toEqual([-5, -5, -5, -5]);
  });

  test('windows that cover nothing but padding', () => {
    const x = tensor([[[[3]]]]);
    const options = { kernelSize: 1, padding: 1 };
    const around = (value: number): number[] => Array.from({ length: 9 }, () => value).with(4, 3);
    expect(numbers(maxPool2d(x, options))).toEqual(around(-Infinity));
    expect(numbers(maxPool2d(x.astype('int32'), options))).toEqual(around(-(2 ** 31)));
    expect(numbers(maxPool2d(x.astype('bool').logicalNot(), options))).toEqual(Array(9).fill(0));
    expect(numbers(avgPool2d(x, options))).toEqual(around(0));
    expect(numbers(grad((x: Tensor) => maxPool2d(x, options).slice([0, 0, 1, 1]).square())(x))).toEqual([6]);
    const empty = zeros([1, 1, 0, 2]);
    expect(numbers(maxPool2d(empty, { kernelSize: 2, padding: [1, 0] }))).toEqual([-Infinity]);
    expect(maxPool2d(zeros([0, 2, 4, 4]), { kernelSize: 2 }).shape).toEqual([0, 2, 2, 2]);
  });

  test('one image', () => {
    const image = arange(8).reshape([2, 2, 2]);
    const [maxima, means] = [maxPool2d(image, { kernelSize: 2 }), avgPool2d(image, { kernelSize: 2 })];
    expect([maxima.shape, numbers(maxima)]).toEqual([
      [2, 1, 1],
      [3, 7],
    ]);
    expect([means.shape, numbers(means)]).toEqual([
      [2, 1, 1],
      [1.5, 5.5],
    ]);
  });

  test('the maximum is NaN if there is one, and the gradient goes to the first', () => {
    const x = tensor([
      [
        [
          [1, NaN, 3],
          [NaN, 5, 6],
        ],
      ],
    ]);
    const { value, pullback } = vjp((x: Tensor) => maxPool2d(x, { kernelSize: 2, stride: 1 }), x);
    expect(numbers(value)).toEqual([NaN, NaN]);
    expect(numbers(pullback(tensor([[[[1, 10]]]]))[0])).toEqual([0, 11, 0, 0, 0, 0]);
  });

  const x = zeros([1, 1, 3, 3]);
  test.each([
    [
      () => maxPool2d(zeros([3, 3]), { kernelSize: 2 }),
      'maxPool2d: expected images [N, C, H, W] or [C, H, W], got [3, 3]',
    ],
    [
      () => maxPool2d(x, { kernelSize: 4 }),
      'maxPool2d: a window of [4, 4] does not fit the padded images [1, 1, 3, 3]',
    ],
    [
      () => avgPool2d(x, { kernelSize: [2, 0] }),
      'avgPool2d: kernelSize must be an integer ≥ 1 or a pair of them, got [2, 0]',
    ],
    [() => avgPool2d(x, { kernelSize: 2, stride: 0 }), 'avgPool2d: stride must be an integer ≥ 1'],
    [() => avgPool2d(x, { kernelSize: 2, padding: -1 }), 'avgPool2d: padding must be an integer ≥ 0'],
    [
      () => maxPool2d(x, undefined as unknown as Pool2dOptions),
      'maxPool2d: options must be an object such as { kernelSize: … }, got undefined',
    ],
  ])('error %#', (make, message) => expect(make).toThrow(message));
});
