import { type NestedArray, tensor } from '@thetagrad/core';
import { buildNested, elementOf, fromNested, indicesOf } from '../../../../test/support/arrays.ts';
import type { OperationCase } from '../../../../test/support/testOperations.ts';
import {
  centerCrop,
  channelShuffle,
  closing,
  crop,
  dilation,
  erosion,
  gaussianBlur,
  hsvToRgb,
  medianFilter,
  opening,
  pixelShuffle,
  pixelUnshuffle,
  rgbToGrayscale,
  rgbToHsv,
  sobel,
} from '../../src/index.ts';

const rearranged: readonly OperationCase[] = [
  {
    name: 'pixelShuffle',
    apply: (x) => pixelShuffle(x!, 2),
    inputs: [{ shape: [2, 8, 1, 2] }],
    expected: (x) =>
      buildNested([2, 2, 2, 4], ([n, c, y, z]) =>
        elementOf(fromNested(x!), [n!, c! * 4 + (y! % 2) * 2 + (z! % 2), y! >> 1, z! >> 1])!,
      ),
  },
  {
    name: 'pixelUnshuffle',
    apply: (x) => pixelUnshuffle(x!, 2),
    inputs: [{ shape: [2, 2, 4] }],
    expected: (x) =>
      buildNested([8, 1, 2], ([c, y, z]) =>
        elementOf(fromNested(x!), [c! >> 2, y! * 2 + ((c! >> 1) % 2), z! * 2 + (c! % 2)])!,
      ),
  },
  {
    name: 'channelShuffle',
    apply: (x) => channelShuffle(x!, 3),
    inputs: [{ shape: [1, 6, 2] }],
    expected: (x) => [[0, 2, 4, 1, 3, 5].map((c) => (x as NestedArray[][])[0]![c]!)],
  },
  {
    name: 'crop',
    apply: (x) => crop(x!, 1, 2, 2, 1),
    inputs: [{ shape: [2, 3, 4] }],
    expected: (x) => buildNested([2, 2, 1], ([c, y, z]) => elementOf(fromNested(x!), [c!, 1 + y!, 2 + z!])!),
  },
  {
    name: 'centerCrop',
    apply: (x) => centerCrop(x!, [2, 5]),
    inputs: [{ shape: [1, 5, 4] }],
    // Rows 2 and 3 of five, as Python rounds 1.5; of five columns the last is a zero.
    expected: (x) => buildNested([1, 2, 5], ([c, y, z]) => elementOf(fromNested(x!), [c!, 2 + y!, z!]) ?? 0),
  },
  {
    name: 'centerCrop, one size',
    apply: (x) => centerCrop(x!, 1),
    inputs: [
      {
        values: [
          [1, 2, 3],
          [4, 5, 6],
        ],
        dtype: 'int32',
      },
    ],
    expected: () => [[2]],
  },
];

const mirror = (position: number, length: number, isSymmetric: boolean): number => {
  if (position < 0) return -position - (isSymmetric ? 1 : 0);
  return position < length ? position : 2 * length - position - (isSymmetric ? 1 : 2);
};

/** Combines the neighborhood of each pixel of images [C, H, W], which are mirrored at their edges. */
function filter(
  x: NestedArray,
  [height, width]: readonly [number, number],
  isSymmetric: boolean,
  combine: (values: readonly number[]) => number,
): NestedArray {
  const images = fromNested(x);
  const [, h, w] = images.shape as [number, number, number];
  return buildNested(images.shape, ([c, y, z]) =>
    combine(
      indicesOf([height, width]).map(([i, j]) => {
        const row = mirror(y! + i! - (height - 1) / 2, h, isSymmetric);
        const column = mirror(z! + j! - (width - 1) / 2, w, isSymmetric);
        return elementOf(images, [c!, row, column])!;
      }),
    ),
  );
}

const weighted =
  (weights: readonly number[]) =>
  (values: readonly number[]): number =>
    values.reduce((sum, value, i) => sum + value * weights[i]!, 0);

const bell = (size: number, sigma: number): number[] => {
  const values = Array.from({ length: size }, (_, i) => Math.exp(-((i - (size >> 1)) ** 2) / (2 * sigma ** 2)));
  return values.map((value) => value / values.reduce((sum, each) => sum + each, 0));
};
const outer = (a: readonly number[], b: readonly number[]): number[] => a.flatMap((x) => b.map((y) => x * y));

const filters: readonly OperationCase[] = [
  {
    name: 'gaussianBlur',
    apply: (x) => gaussianBlur(x!, { kernelSize: [3, 5], sigma: [0.8, 1.3] }),
    inputs: [{ shape: [2, 3, 4] }],
    expected: (x) => filter(x!, [3, 5], false, weighted(outer(bell(3, 0.8), bell(5, 1.3)))),
  },
  {
    name: 'gaussianBlur, by default',
    apply: (x) => gaussianBlur(x!, { kernelSize: 3 }),
    inputs: [{ shape: [1, 2, 2] }],
    // torchvision: 0.3 · ((size − 1) · 0.5 − 1) + 0.8
    expected: (x) => filter(x!, [3, 3], false, weighted(outer(bell(3, 0.8), bell(3, 0.8)))),
  },
  {
    name: 'gaussianBlur, no images',
    apply: (x) => gaussianBlur(x!, { kernelSize: 3 }).sum(),
    inputs: [{ shape: [0, 2, 2] }],
    expected: () => 0,
  },
  {
    name: 'sobel',
    apply: (x) => sobel(x!),
    inputs: [{ shape: [2, 2, 3] }],
    expected: (x) => filter(x!, [3, 3], true, weighted(outer([1, 2, 1], [-1, 0, 1]))),
  },
  {
    name: 'sobel, vertical',
    apply: (x) => sobel(x!, -2),
    inputs: [{ shape: [1, 3, 1] }],
    expected: (x) => filter(x!, [3, 3], true, weighted(outer([-1, 0, 1], [1, 2, 1]))),
  },
  {
    name: 'medianFilter',
    apply: (x) => medianFilter(x!, [3, 1]),
    inputs: [{ shape: [2, 3, 2] }],
    expected: (x) => filter(x!, [3, 1], true, (values) => [...values].sort((a, b) => a - b)[1]!),
  },
  {
    name: 'medianFilter, of integers',
    apply: (x) => medianFilter(x!, 3),
    inputs: [{ shape: [1, 3, 4], dtype: 'int32', from: -9, to: 9 }],
    expected: (x) => filter(x!, [3, 3], true, (values) => [...values].sort((a, b) => a - b)[4]!),
  },
];

/** Heights of elements, by their offsets from the center; none is left out. */
type Heights = (row: number, column: number) => number | undefined;

function morph(x: NestedArray, size: readonly [number, number], heights: Heights, isDilation: boolean): NestedArray {
  const images = fromNested(x);
  const center = size.map((length) => length >> 1) as [number, number];
  return buildNested(images.shape, ([c, y, z]) => {
    const values = indicesOf(size).flatMap(([i, j]) => {
      const [row, column] = [i! - center[0], j! - center[1]];
      const height = heights(i!, j!);
      const value = isDilation
        ? elementOf(images, [c!, y! - row, z! - column])
        : elementOf(images, [c!, y! + row, z! + column]);
      return value === undefined || height === undefined ? [] : [isDilation ? value + height : value - height];
    });
    return isDilation ? Math.max(...values) : Math.min(...values);
  });
}

const flat: Heights = () => 0;
const cross = [
  [false, true, false],
  [true, true, true],
];
const onCross: Heights = (row, column) => (cross[row]![column] ? 0 : undefined);
const hill = [
  [0.5, -Infinity],
  [0.25, 1],
  [0, -0.5],
];
const onHill: Heights = (row, column) => hill[row]![column];

const morphology: readonly OperationCase[] = (
  [
    ['dilation', dilation, true],
    ['erosion', erosion, false],
  ] as const
).flatMap(([name, apply, isDilation]): OperationCase[] => [
  {
    name,
    apply: (x) => apply(x!, 3),
    inputs: [{ shape: [2, 3, 4] }],
    expected: (x) => morph(x!, [3, 3], flat, isDilation),
  },
  {
    name: `${name}, by an even rectangle, of integers`,
    apply: (x) => apply(x!, [1, 2]),
    inputs: [{ shape: [1, 2, 4], dtype: 'int32', from: -9, to: 9 }],
    expected: (x) => morph(x!, [1, 2], flat, isDilation),
  },
  {
    name: `${name}, by a footprint`,
    apply: (x) => apply(x!, cross),
    inputs: [{ shape: [1, 3, 4] }],
    expected: (x) => morph(x!, [2, 3], onCross, isDilation),
  },
  {
    name: `${name}, by heights`,
    apply: (x) => apply(x!, tensor(hill, { dtype: x!.dtype })),
    inputs: [{ shape: [1, 3, 4] }],
    expected: (x) => morph(x!, [3, 2], onHill, isDilation),
  },
  {
    name: `${name}, by heights that are learned`,
    apply: (x, heights) => apply(x!, heights!),
    inputs: [{ shape: [1, 3, 3] }, { shape: [2, 2] }],
    expected: (x, heights) => morph(x!, [2, 2], (row, column) => (heights as number[][])[row]![column]!, isDilation),
  },
  {
    name: `${name}, of masks`,
    apply: (x) => apply(x!, cross),
    inputs: [{ shape: [1, 3, 4], dtype: 'bool' }],
    expected: (x) => booleans(morph(x!, [2, 3], onCross, isDilation)),
  },
]);

const booleans = (values: NestedArray): NestedArray =>
  Array.isArray(values) ? (values as NestedArray[]).map(booleans) : Boolean(values);

const composed: readonly OperationCase[] = [
  {
    name: 'dilation, no rows',
    apply: (x) => dilation(x!, 3).sum(),
    inputs: [{ shape: [2, 0, 3] }],
    expected: () => 0,
  },
  {
    name: 'opening',
    apply: (x) => opening(x!, cross),
    inputs: [{ shape: [1, 4, 4] }],
    expected: (x) => morph(morph(x!, [2, 3], onCross, false), [2, 3], onCross, true),
  },
  {
    name: 'closing',
    apply: (x) => closing(x!, 2),
    inputs: [{ shape: [1, 4, 4] }],
    expected: (x) => morph(morph(x!, [2, 2], flat, true), [2, 2], flat, false),
  },
];

/** Hue, saturation and value by cases, as Python's colorsys. */
function toHsv(r: number, g: number, b: number): [number, number, number] {
  const [most, least] = [Math.max(r, g, b), Math.min(r, g, b)];
  if (most === least) return [0, 0, most];
  const [rc, gc, bc] = [r, g, b].map((value) => (most - value) / (most - least)) as [number, number, number];
  const sextant = r === most ? bc - gc : g === most ? 2 + rc - bc : 4 + gc - rc;
  return [(sextant / 6 + 1) % 1, (most - least) / most, most];
}

function toRgb(h: number, s: number, v: number): [number, number, number] {
  const i = Math.floor(h * 6);
  const f = h * 6 - i;
  const [p, q, t] = [v * (1 - s), v * (1 - s * f), v * (1 - s * (1 - f))];
  const cases: [number, number, number][] = [
    [v, t, p],
    [q, v, p],
    [p, v, t],
    [p, q, v],
    [t, p, v],
    [v, p, q],
  ];
  return cases[((i % 6) + 6) % 6]!;
}

/** Maps the channels of images [3, H, W]. */
function mapChannels(x: NestedArray, f: (a: number, b: number, c: number) => readonly number[]): NestedArray {
  const images = fromNested(x);
  const [, height, width] = images.shape as [number, number, number];
  const count = f(0.1, 0.2, 0.3).length;
  return buildNested([count, height, width], ([c, y, z]) => {
    const [r, g, b] = [0, 1, 2].map((channel) => elementOf(images, [channel, y!, z!])!) as [number, number, number];
    return f(r, g, b)[c!]!;
  });
}

const colors: readonly OperationCase[] = [
  {
    name: 'rgbToGrayscale',
    apply: (x) => rgbToGrayscale(x!),
    inputs: [{ shape: [3, 2, 2] }],
    expected: (x) => mapChannels(x!, (r, g, b) => [0.299 * r + 0.587 * g + 0.114 * b]),
  },
  {
    name: 'rgbToHsv',
    apply: (x) => rgbToHsv(x!),
    inputs: [{ shape: [3, 2, 3], from: 0, to: 1 }],
    expected: (x) => mapChannels(x!, toHsv),
  },
  {
    name: 'rgbToHsv, of pure colors, grays, white and black',
    apply: (x) => rgbToHsv(x!),
    inputs: [{ values: [[[1, 0, 0, 0.5, 1, 0]], [[0, 1, 0, 0.5, 1, 0]], [[0, 0, 1, 0.5, 1, 0]]] }],
    expected: (x) => mapChannels(x!, toHsv),
    derivatives: false,
  },
  {
    name: 'hsvToRgb',
    apply: (x) => hsvToRgb(x!),
    inputs: [{ shape: [3, 2, 4], from: 0, to: 1 }],
    expected: (x) => mapChannels(x!, toRgb),
  },
  {
    name: 'hsvToRgb, every sextant and beyond',
    apply: (x) => hsvToRgb(x!),
    inputs: [
      { values: [[[0.05, 0.25, 0.45, 0.55, 0.7, 0.9, -0.3, 1.2]], [new Array(8).fill(0.8)], [new Array(8).fill(0.9)]] },
    ],
    expected: (x) => mapChannels(x!, toRgb),
  },
];

export const images: readonly OperationCase[] = [...rearranged, ...filters, ...morphology, ...composed, ...colors];
