import { grad, random, type NestedArray, type Tensor } from '@thetagrad/core';
import { fromNested } from '../../../../test/support/arrays.ts';
import type { OperationCase } from '../../../../test/support/testOperations.ts';
import * as conv from '../../src/index.ts';
import {
  indexOfLargest,
  largest,
  mean,
  type NaiveGeometry,
  pool,
  poolAdaptively,
  poolAt,
  total,
  type WindowElement,
} from './naive.ts';

type Rank = 1 | 2 | 3;
const ranks: readonly Rank[] = [1, 2, 3];
const rankOf = (values: readonly number[]): Rank => values.length as Rank;

interface Windows {
  readonly title: string;
  /** The shape of the images. */
  readonly shape: readonly number[];
  readonly kernel: readonly number[];
  readonly options: object;
  readonly geometry: NaiveGeometry;
}

const fill = (rank: number, value: number): number[] => Array.from({ length: rank }, () => value);

/** Windows that dilation does not reach into. */
const dense: readonly Windows[] = [
  ...ranks.map((rank) => ({
    title: 'by default',
    shape: [1, 2, ...fill(rank, 3)],
    kernel: fill(rank, 2),
    options: {},
    geometry: { stride: fill(rank, 2), dilation: fill(rank, 1), before: fill(rank, 0), size: fill(rank, 1) },
  })),
  {
    title: 'overlapping, padded',
    shape: [2, 1, 5],
    kernel: [3],
    options: { stride: 2, padding: 1 },
    geometry: { stride: [2], dilation: [1], before: [1], size: [3] },
  },
  {
    title: 'ceil mode',
    shape: [1, 1, 6],
    kernel: [3],
    options: { stride: 2, ceilMode: true },
    geometry: { stride: [2], dilation: [1], before: [0], size: [3] },
  },
  {
    title: 'ceil mode, a window longer than the axis',
    shape: [1, 1, 2],
    kernel: [3],
    options: { stride: 2, ceilMode: true },
    geometry: { stride: [2], dilation: [1], before: [0], size: [1] },
  },
  {
    title: 'ceil mode, the last window in the padding',
    shape: [1, 1, 2, 3],
    kernel: [2, 2],
    options: { padding: 1, ceilMode: true },
    geometry: { stride: [2, 2], dilation: [1, 1], before: [1, 1], size: [2, 2] },
  },
  {
    title: 'unequal',
    shape: [1, 1, 3, 4],
    kernel: [1, 3],
    options: {
      stride: [2, 1],
      padding: [
        [0, 0],
        [1, 0],
      ],
    },
    geometry: { stride: [2, 1], dilation: [1, 1], before: [0, 1], size: [2, 3] },
  },
  {
    title: 'unequal',
    shape: [1, 2, 3, 2, 3],
    kernel: [2, 1, 2],
    options: {
      stride: [1, 2, 1],
      padding: [
        [1, 0],
        [0, 0],
        [0, 1],
      ],
    },
    geometry: { stride: [1, 2, 1], dilation: [1, 1, 1], before: [1, 0, 0], size: [3, 1, 3] },
  },
];

const dilated: readonly Windows[] = [
  {
    title: 'dilated, padded',
    shape: [1, 2, 6],
    kernel: [3],
    options: { stride: 2, dilation: 2, padding: [[1, 2]] },
    geometry: { stride: [2], dilation: [2], before: [1], size: [3] },
  },
  {
    title: 'one axis dilated',
    shape: [1, 2, 3, 4],
    kernel: [2, 2],
    options: { stride: 1, dilation: [1, 3], padding: [0, 1] },
    geometry: { stride: [1, 1], dilation: [1, 3], before: [0, 1], size: [2, 3] },
  },
  {
    title: 'dilated, ceil mode',
    shape: [1, 1, 3, 3, 4],
    kernel: [2, 1, 2],
    options: { stride: [1, 1, 2], dilation: [2, 1, 2], padding: [1, 0, 1], ceilMode: true },
    geometry: { stride: [1, 1, 2], dilation: [2, 1, 2], before: [1, 0, 1], size: [3, 3, 3] },
  },
];

/** Bounds of axes for windows that lie within the padding. */
const inPadding: readonly Windows[] = [
  {
    title: 'windows of padding',
    shape: [1, 1, 2],
    kernel: [2],
    options: { padding: 2, stride: 1 },
    geometry: { stride: [1], dilation: [1], before: [2], size: [5] },
  },
  {
    title: 'windows of padding between elements',
    shape: [1, 1, 1, 2],
    kernel: [2, 1],
    options: { padding: [1, 0], dilation: [2, 1], stride: 1 },
    geometry: { stride: [1, 1], dilation: [2, 1], before: [1, 0], size: [1, 2] },
  },
];

type Pool = (x: Tensor, options: object) => Tensor | { readonly values: Tensor; readonly indices: Tensor };
const poolNamed = (name: string): Pool => (conv as Readonly<Record<string, unknown>>)[name] as Pool;

function cases(
  name: (rank: Rank) => string,
  windows: readonly Windows[],
  combine: (elements: readonly WindowElement[], kernel: readonly number[]) => number,
  options: object = {},
): OperationCase[] {
  return windows.map(({ title, shape, kernel, geometry, options: others }) => {
    const own = name(rankOf(kernel));
    return {
      name: `${own}, ${[title, ...Object.keys(options)].join(', ')}`,
      apply: (x) => poolNamed(own)(x!, { kernelSize: kernel, ...others, ...options }) as Tensor,
      inputs: [{ shape }],
      expected: (x) => pool(x!, kernel, geometry, (elements) => combine(elements, kernel)),
    };
  });
}

const count = (kernel: readonly number[]): number => kernel.reduce((product, size) => product * size, 1);
const isInBounds = ({ title }: Windows): boolean => !title.startsWith('ceil mode');

const norm =
  (p: number) =>
  (elements: readonly WindowElement[]): number =>
    elements.reduce((sum, { value }) => sum + Math.abs(value) ** p, 0) ** (1 / p);

const unpadded = dense.filter(({ options }) => !('padding' in options));

const nan = Number.NaN;
const ties: NestedArray = [[[1, 3, 3, -Infinity, -Infinity, nan, nan, 2]]];

/** Tests pooling with indices: both tensors, and of ties and NaN the first. */
function casesWithIndices(windows: readonly Windows[]): OperationCase[] {
  return windows.map(({ title, shape, kernel, geometry, options }) => {
    const own = `maxPool${kernel.length}dWithIndices`;
    return {
      name: `${own}, ${title}`,
      apply: (x) => {
        const { values, indices } = poolNamed(own)(x!, { kernelSize: kernel, ...options }) as conv.MaxPool;
        return [values, indices];
      },
      inputs: [{ shape }],
      expected: (x) => ({
        outputs: [pool(x!, kernel, geometry, largest), pool(x!, kernel, geometry, indexOfLargest)],
      }),
    };
  });
}

const adaptive: readonly {
  readonly shape: readonly number[];
  readonly size: readonly number[];
  readonly given?: unknown;
}[] = [
  { shape: [1, 2, 5], size: [3] },
  { shape: [2, 1, 3], size: [1] },
  { shape: [1, 1, 2], size: [5] },
  { shape: [1, 2, 3, 4], size: [2, 4], given: [2, null] },
  { shape: [1, 2, 2, 4], size: [2, 2] },
  { shape: [1, 2, 2, 3], size: [1, 1] },
  { shape: [1, 1, 3, 2, 3], size: [2, 2, 2] },
  { shape: [1, 2, 2, 1, 2], size: [1, 1, 1] },
];

const adaptiveCases = adaptive.flatMap(({ shape, size, given = size }): OperationCase[] => {
  const title = `${shape.join('×')} to ${size.join('×')}`;
  const argument = size.every((length) => length === 1) ? 1 : given;
  const rank = size.length;
  const call = (name: string, x: Tensor): unknown =>
    (poolNamed(name) as (x: Tensor, size: unknown) => unknown)(x, argument);
  return [
    {
      name: `adaptiveAvgPool${rank}d, ${title}`,
      apply: (x) => call(`adaptiveAvgPool${rank}d`, x!) as Tensor,
      inputs: [{ shape }],
      expected: (x) => poolAdaptively(x!, size, mean),
    },
    {
      name: `adaptiveMaxPool${rank}d, ${title}`,
      apply: (x) => call(`adaptiveMaxPool${rank}d`, x!) as Tensor,
      inputs: [{ shape }],
      expected: (x) => poolAdaptively(x!, size, largest),
    },
    {
      name: `adaptiveMaxPool${rank}dWithIndices, ${title}`,
      apply: (x) => {
        const { values, indices } = call(`adaptiveMaxPool${rank}dWithIndices`, x!) as conv.MaxPool;
        return [values, indices];
      },
      inputs: [{ shape }],
      expected: (x) => ({ outputs: [poolAdaptively(x!, size, largest), poolAdaptively(x!, size, indexOfLargest)] }),
    },
  ];
});

/** Where windows begin along an axis of length L, for a random u (Graham 2014, "Fractional max-pooling", section 2). */
function fractionalStarts(length: number, size: number, count: number, u: number): number[] {
  const step = (length - size) / (count - 1);
  return Array.from({ length: count }, (_, i) =>
    i === count - 1 ? length - size : Math.floor((i + u) * step) - Math.floor(u * step),
  );
}

const fractional = [
  { shape: [2, 1, 4, 6], kernel: [2, 3], size: [2, 3], options: { outputSize: [2, 3] } },
  { shape: [1, 2, 5, 4], kernel: [2, 2], size: [3, 2], options: { outputRatio: [0.6, 0.5] } },
  { shape: [1, 1, 3, 3, 3], kernel: [2, 2, 2], size: [2, 1, 2], options: { outputSize: [2, 1, 2] } },
].flatMap(({ shape, kernel, size, options }): OperationCase[] => {
  const key = random.key(5);
  const name = `fractionalMaxPool${kernel.length}d`;
  const call = (f: string, x: Tensor): unknown =>
    (poolNamed(f) as (key: unknown, x: Tensor, options: object) => unknown)(key, x, { kernelSize: kernel, ...options });
  const starts = (n: number, c: number): number[][] =>
    size.map((count, axis) => {
      const u = random.uniform(key.foldIn(axis), [shape[0]!, shape[1]!, 1]).toArraySync() as number[][][];
      return fractionalStarts(shape[2 + axis]!, kernel[axis]!, count, u[n]![c]![0]!);
    });
  return [
    {
      name: `${name}, ${size.join(' × ')}`,
      apply: (x) => call(name, x!) as Tensor,
      inputs: [{ shape }],
      expected: (x) => poolAt(x!, kernel, starts, largest),
    },
    {
      name: `${name}WithIndices, ${size.join(' × ')}`,
      apply: (x) => {
        const { values, indices } = call(`${name}WithIndices`, x!) as conv.MaxPool;
        return [values, indices];
      },
      inputs: [{ shape }],
      expected: (x) => ({ outputs: [poolAt(x!, kernel, starts, largest), poolAt(x!, kernel, starts, indexOfLargest)] }),
      derivatives: false,
    },
  ];
});

export const pooling: readonly OperationCase[] = [
  ...cases((rank) => `maxPool${rank}d`, [...dense, ...dilated], largest),
  ...cases((rank) => `maxPool${rank}d`, inPadding, largest).map((each) => ({ ...each, derivatives: false as const })),
  {
    name: 'maxPool1d, windows of padding have no gradient',
    apply: (x) => conv.maxPool1d(x!, { kernelSize: 2, padding: 2, stride: 1 }).maximum(-9),
    inputs: [{ values: [[1, 2]] }],
    expected: () => [[-9, 1, 2, 2, -9]],
  },
  ...casesWithIndices([...dense, ...dilated]),
  ...fractional,
  ...cases((rank) => `avgPool${rank}d`, dense, mean, { countIncludePad: false }),
  ...cases(
    (rank) => `avgPool${rank}d`,
    dense.filter(isInBounds),
    (elements, kernel) => total(elements) / count(kernel),
  ),
  ...cases(
    (rank) => `avgPool${rank}d`,
    dense.slice(1, 4),
    (elements) => total(elements) / 7,
    { divisorOverride: 7 },
  ),
  {
    name: 'avgPool1d, means count padding, but not what ceil mode adds',
    apply: (x) => conv.avgPool1d(x!, { kernelSize: 3, stride: 2, padding: [[1, 1]], ceilMode: true }),
    inputs: [{ shape: [1, 1, 4] }],
    // Windows [−1, 2), [1, 4) and [3, 6), of which the last ends at 5, with the padding.
    expected: (x) => {
      const [a, b, c, d] = (x as number[][][])[0]![0] as [number, number, number, number];
      return [[[(a + b) / 3, (b + c + d) / 3, d / 2]]];
    },
  },
  ...cases((rank) => `lpPool${rank}d`, unpadded, norm(2)),
  ...cases((rank) => `lpPool${rank}d`, unpadded.slice(0, 2), norm(1), { ord: 1 }),
  ...cases((rank) => `lpPool${rank}d`, unpadded.slice(0, 3), norm(3), { ord: 3 }),
  {
    name: 'lpPool1d, all derivatives of zeros are 0',
    apply: (x) => {
      const slope = grad((x: Tensor) => conv.lpPool1d(x, { kernelSize: 2 }).sum());
      return [slope(x!), grad((x: Tensor) => slope(x).sum())(x!)];
    },
    inputs: [{ values: [[0, 0, 3, 4]] }],
    expected: () => ({ outputs: [[[0, 0, 0.6, 0.8]], [[0, 0, (1 - 0.6 * 1.4) / 5, (1 - 0.8 * 1.4) / 5]]] }),
    derivatives: false,
  },
  ...adaptiveCases,
  {
    name: 'maxPool1dWithIndices, the first of equals, and NaN',
    apply: (x) => {
      const { values, indices } = conv.maxPool1dWithIndices(x!, { kernelSize: 3, stride: 1 });
      return [values, indices];
    },
    inputs: [{ values: ties }],
    expected: () => ({ outputs: [[[[3, 3, 3, nan, nan, nan]]], [[[1, 1, 2, 5, 5, 5]]]] }),
    derivatives: false,
  },
  {
    name: 'maxPool1dWithIndices, dilated: the first of equals, and NaN',
    apply: (x) => {
      const { values, indices } = conv.maxPool1dWithIndices(x!, { kernelSize: 2, stride: 1, dilation: 2, padding: 1 });
      return [values, indices];
    },
    inputs: [{ values: ties }],
    expected: () => ({
      // Windows [−1, 1], [0, 2], [1, 3], [2, 4], [3, 5], [4, 6], [5, 7] and [6, 8].
      outputs: [[[[3, 3, 3, 3, nan, nan, nan, nan]]], [[[1, 2, 1, 2, 5, 6, 5, 6]]]],
    }),
    derivatives: false,
  },
  {
    name: 'maxPool2dWithIndices, nothing but −∞: the first that is no padding',
    apply: (x) => {
      const { values, indices } = conv.maxPool2dWithIndices(x!, { kernelSize: 2, stride: 1, dilation: 2, padding: 1 });
      return [values, indices];
    },
    inputs: [
      {
        values: [
          [
            [
              [-Infinity, -Infinity],
              [-Infinity, -Infinity],
            ],
          ],
        ] as NestedArray,
      },
    ],
    expected: () => ({
      outputs: [
        [
          [
            [
              [-Infinity, -Infinity],
              [-Infinity, -Infinity],
            ],
          ],
        ],
        [
          [
            [
              [3, 2],
              [1, 0],
            ],
          ],
        ],
      ],
    }),
    derivatives: false,
  },
  ...(['int32', 'bool'] as const).map((dtype): OperationCase => ({
    name: `maxPool2d, of ${dtype}, one image`,
    apply: (x) => conv.maxPool2d(x!, { kernelSize: 2, padding: 2, dilation: [1, 2], stride: 1 }).astype('int32'),
    inputs: [{ shape: [2, 2, 3], dtype, from: -9, to: 9 }],
    expected: (x) =>
      (
        pool([x!], [2, 2], { stride: [1, 1], dilation: [1, 2], before: [2, 2], size: [5, 5] }, (elements) =>
          Math.max(dtype === 'bool' ? 0 : -(2 ** 31), ...elements.map(({ value }) => value)),
        ) as NestedArray[]
      )[0]!,
  })),
  {
    name: 'avgPool3d, of integers, one volume',
    apply: (x) => conv.avgPool3d(x!, { kernelSize: [1, 2, 2], stride: 1 }),
    inputs: [{ shape: [1, 2, 2, 3], dtype: 'int32', from: -9, to: 9 }],
    expected: (x) =>
      (
        pool(
          [x!],
          [1, 2, 2],
          { stride: [1, 1, 1], dilation: [1, 1, 1], before: [0, 0, 0], size: [2, 1, 2] },
          mean,
        ) as NestedArray[]
      )[0]!,
  },
  {
    name: 'adaptiveAvgPool1d, an infinite element stays in its windows',
    apply: (x) => conv.adaptiveAvgPool1d(x!, 3),
    inputs: [{ values: [[1, 2, Infinity, 4, 6]] }],
    expected: () => [[1.5, Infinity, 5]],
    derivatives: false,
  },
  {
    name: 'maxPool1d, no signals',
    apply: (x) => conv.maxPool1d(x!, { kernelSize: 2 }).sum(),
    inputs: [{ shape: [0, 2, 4] }],
    expected: () => 0,
  },
  ...ranks.map((rank): OperationCase => {
    const size = [5, 4, 4].slice(0, rank);
    return {
      name: `maxUnpool${rank}d`,
      apply: (x) => {
        const options = { kernelSize: 2, padding: fill(rank, 0) };
        const { values, indices } = poolNamed(`maxPool${rank}dWithIndices`)(x!, options) as conv.MaxPool;
        const unpool = poolNamed(`maxUnpool${rank}d`) as (...parameters: unknown[]) => Tensor;
        return unpool(values, indices, { kernelSize: 2, outputSize: size });
      },
      inputs: [{ shape: [1, 2, ...size] }],
      expected: (x) => putBack(x!, size),
    };
  }),
  {
    name: 'maxUnpool1d, of windows that overlap',
    apply: (x) => {
      const { values, indices } = conv.maxPool1dWithIndices(x!, { kernelSize: 3, stride: 1, padding: 1 });
      return conv.maxUnpool1d(values, indices, { kernelSize: 3, stride: 1, padding: 1 });
    },
    inputs: [{ values: [[1, 4, 2, 3, 0]] }],
    expected: () => [[0, 4, 0, 3, 0]],
  },
];

/** Images with all but the maxima of windows of 2 set to 0. */
function putBack(x: NestedArray, size: readonly number[]): NestedArray {
  const rank = size.length;
  const geometry = {
    stride: fill(rank, 2),
    dilation: fill(rank, 1),
    before: fill(rank, 0),
    size: size.map((length) => Math.floor(length / 2)),
  };
  const kept = (pool(x, fill(rank, 2), geometry, indexOfLargest) as NestedArray[][])[0]!.map(
    (channel) => new Set(fromNested(channel).data),
  );
  let channel = -1;
  return pool(
    x,
    fill(rank, 1),
    { stride: fill(rank, 1), dilation: fill(rank, 1), before: fill(rank, 0), size },
    ([element]) => {
      if (element!.index === 0) channel++;
      return kept[channel]!.has(element!.index) ? element!.value : 0;
    },
  );
}
