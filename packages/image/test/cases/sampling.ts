import type { NestedArray } from '@thetagrad/core';
import { buildNested, elementOf, fromNested, indicesOf } from '../../../../test/support/arrays.ts';
import type { OperationCase } from '../../../../test/support/testOperations.ts';
import { affineGrid, gridSample, type GridSampleOptions, rotate } from '../../src/index.ts';

const keys = (distance: number): number => {
  const [a, d] = [-0.75, Math.abs(distance)];
  if (d <= 1) return (a + 2) * d ** 3 - (a + 3) * d ** 2 + 1;
  return d < 2 ? a * d ** 3 - 5 * a * d ** 2 + 8 * a * d - 4 * a : 0;
};
const hat = (distance: number): number => Math.max(0, 1 - Math.abs(distance));

const isOdd = (n: number): boolean => Math.abs(n) % 2 === 1;

/** Folds a position into an axis by reflections, one after the other. */
function fold(position: number, low: number, high: number): number {
  let p = position;
  while (p < low || p > high) p = p < low ? 2 * low - p : 2 * high - p;
  return p;
}

/** Samples one position of images by a sum over all whole positions around it. */
function sampleAt(
  read: (pixel: readonly number[]) => number | undefined,
  lengths: readonly number[],
  position: readonly number[],
  { mode = 'bilinear', paddingMode = 'zeros', alignCorners = false }: GridSampleOptions,
): number {
  const restrict = (p: number, axis: number): number => {
    const length = lengths[axis]!;
    if (paddingMode === 'zeros') return p;
    const inside = paddingMode === 'border' ? p : alignCorners ? fold(p, 0, length - 1) : fold(p, -0.5, length - 0.5);
    return Math.min(Math.max(inside, 0), length - 1);
  };
  const center = mode === 'bicubic' ? position : position.map(restrict);
  if (mode === 'nearest') {
    const nearest = center.map((p) =>
      p - Math.floor(p) === 0.5 ? Math.floor(p) + (isOdd(Math.floor(p)) ? 1 : 0) : Math.round(p),
    );
    return read(nearest) ?? 0;
  }
  const reach = [-2, -1, 0, 1, 2];
  let sum = 0;
  for (const offsets of indicesOf(center.map(() => reach.length))) {
    const pixel = center.map((p, axis) => Math.floor(p) + reach[offsets[axis]!]!);
    const weights = pixel.map((p, axis) => (mode === 'bicubic' ? keys : hat)(p - center[axis]!));
    const weight = weights.reduce((product, w) => product * w, 1);
    if (weight !== 0) sum += weight * (read(mode === 'bicubic' ? pixel.map(restrict) : pixel) ?? 0);
  }
  return sum;
}

function sampleGrid(x: NestedArray, grid: NestedArray, options: GridSampleOptions): NestedArray {
  const [images, positions] = [fromNested(x), fromNested(grid)];
  const lengths = images.shape.slice(2);
  return buildNested([...images.shape.slice(0, 2), ...positions.shape.slice(1, -1)], ([n, c, ...place]) => {
    const position = lengths.map((length, axis) => {
      const normalized = elementOf(positions, [n!, ...place, lengths.length - 1 - axis])!;
      return options.alignCorners ? ((normalized + 1) / 2) * (length - 1) : ((normalized + 1) * length - 1) / 2;
    });
    return sampleAt((pixel) => elementOf(images, [n!, c!, ...pixel]), lengths, position, options);
  });
}

const grids = [true, false].flatMap((alignCorners) =>
  (['zeros', 'border', 'reflection'] as const).flatMap((paddingMode) =>
    (['bilinear', 'nearest', 'bicubic'] as const).map((mode): OperationCase => {
      const options = { mode, paddingMode, alignCorners };
      // Cubic convolution reads 16 pixels.
      const count = mode === 'bicubic' ? 1 : 2;
      return {
        name: `gridSample, ${mode}, ${paddingMode}${alignCorners ? ', aligned' : ''}`,
        apply: (x, grid) => gridSample(x!, grid!, options),
        inputs: [{ shape: [count, 1, 3, 4] }, { shape: [count, 2, 1, 2], from: -2.4, to: 2.4 }],
        expected: (x, grid) => sampleGrid(x!, grid!, options),
        tolerance: { float32: 1e-5 },
      };
    }),
  ),
);

const volumes = (['bilinear', 'nearest'] as const).map((mode): OperationCase => ({
  name: `gridSample, volumes, ${mode}`,
  apply: (x, grid) => gridSample(x!, grid!, { mode }),
  inputs: [{ shape: [1, 2, 2, 1, 3] }, { shape: [1, 2, 1, 1, 3], from: -1.2, to: 1.2 }],
  expected: (x, grid) => sampleGrid(x!, grid!, { mode }),
  tolerance: { float32: 1e-5 },
}));

/** Positions of pixels from −1 to 1. */
const centers = (length: number, alignCorners: boolean): ((i: number) => number) =>
  alignCorners ? (i) => (length === 1 ? 0 : -1 + (2 * i) / (length - 1)) : (i) => -1 + (2 * i + 1) / length;

const affine = [
  { size: [2, 1, 2, 3], alignCorners: false },
  { size: [1, 1, 3, 1], alignCorners: true },
  { size: [1, 1, 2, 1, 2], alignCorners: false },
].map(({ size, alignCorners }): OperationCase => {
  const rank = size.length - 2;
  return {
    name: `affineGrid, ${size.join('×')}${alignCorners ? ', aligned' : ''}`,
    apply: (theta) => affineGrid(theta!, size, { alignCorners }),
    inputs: [{ shape: [size[0]!, rank, rank + 1] }],
    expected: (theta) => {
      const matrix = fromNested(theta!);
      return buildNested([size[0]!, ...size.slice(2), rank], (index) => {
        const [n, row] = [index[0]!, index.at(-1)!];
        const point = index.slice(1, -1).map((i, axis) => centers(size[2 + axis]!, alignCorners)(i));
        return [...point.reverse(), 1].reduce((sum, p, column) => sum + p * elementOf(matrix, [n, row, column])!, 0);
      });
    },
  };
});

function rotated(
  x: NestedArray,
  degrees: (n: number) => number,
  options: GridSampleOptions,
  center?: readonly [number, number],
): NestedArray {
  const images = fromNested(x);
  const [height, width] = images.shape.slice(2) as [number, number];
  const [cx, cy] = center ?? [(width - 1) / 2, (height - 1) / 2];
  return buildNested(images.shape, ([n, c, y, z]) => {
    // The vector from the center turns back: clockwise, in coordinates whose y points down.
    const [length, angle] = [
      Math.hypot(z! - cx, y! - cy),
      Math.atan2(y! - cy, z! - cx) + (degrees(n!) * Math.PI) / 180,
    ];
    const position = [cy + length * Math.sin(angle), cx + length * Math.cos(angle)];
    return sampleAt((pixel) => elementOf(images, [n!, c!, ...pixel]), [height, width], position, options);
  });
}

export const sampling: readonly OperationCase[] = [
  ...grids,
  ...volumes,
  {
    name: 'gridSample, NaN is −1, and far outside is zero',
    apply: (x, grid) => gridSample(x!, grid!, { alignCorners: true }),
    inputs: [
      {
        values: [
          [
            [
              [1, 2],
              [3, 4],
            ],
          ],
        ],
      },
      {
        values: [
          [
            [
              [Number.NaN, 1],
              [1e30, 0],
              [-Infinity, 0],
            ],
          ],
        ],
      },
    ],
    expected: () => [[[[3, 0, 0]]]],
    derivatives: false,
  },
  {
    name: 'gridSample, of integers',
    apply: (x, grid) => gridSample(x!, grid!, { mode: 'nearest', paddingMode: 'border' }),
    inputs: [
      {
        values: [
          [
            [
              [1, 2],
              [3, 4],
            ],
          ],
        ],
        dtype: 'int32',
      },
      {
        values: [
          [
            [
              [1, 1],
              [-1, 1],
            ],
          ],
        ],
        dtype: 'int32',
      },
    ],
    expected: () => [[[[4, 3]]]],
  },
  ...affine,
  {
    name: 'affineGrid, no maps',
    apply: (theta) => affineGrid(theta!, [0, 1, 2, 2]).sum(),
    inputs: [{ shape: [0, 2, 3] }],
    expected: () => 0,
  },
  {
    name: 'rotate',
    apply: (x, angle) => rotate(x!, angle!),
    inputs: [{ shape: [2, 1, 3, 4] }, { values: [20.5, -100.25] }],
    expected: (x) => rotated(x!, (n) => [20.5, -100.25][n]!, {}),
    tolerance: { float32: 1e-5 },
  },
  {
    name: 'rotate, one image around a point, nearest, border',
    apply: (x) => rotate(x!, 30, { mode: 'nearest', paddingMode: 'border', center: [0, 2] }),
    inputs: [{ shape: [2, 3, 3] }],
    expected: (x) => (rotated([x!], () => 30, { mode: 'nearest', paddingMode: 'border' }, [0, 2]) as NestedArray[])[0]!,
  },
  {
    name: 'rotate, counterclockwise by a right angle',
    apply: (x) => rotate(x!, 90, { mode: 'nearest' }),
    inputs: [
      {
        values: [
          [
            [1, 2],
            [3, 4],
          ],
        ],
        dtype: 'int32',
      },
    ],
    expected: () => [
      [
        [2, 4],
        [1, 3],
      ],
    ],
  },
];
