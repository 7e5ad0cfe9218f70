import type { NestedArray } from '@thetagrad/core';
import { buildNested, elementOf, fromNested, type NumberArray } from '../../../../test/support/arrays.ts';
import type { OperationCase } from '../../../../test/support/testOperations.ts';
import { interpolate, type InterpolateOptions } from '../../src/index.ts';

/** The value at a position of a line. */
type At = (line: (index: number) => number, length: number, position: number) => number;

const clamp = (index: number, length: number): number => Math.min(Math.max(index, 0), length - 1);

const linear: At = (line, length, position) => {
  const inside = Math.min(Math.max(position, 0), length - 1);
  const left = Math.floor(inside);
  const slope = left + 1 < length ? line(left + 1) - line(left) : 0;
  return line(left) + slope * (inside - left);
};

/** Catmull and Rom's form with a = −0.75, of the values at −1, 0, 1 and 2. */
const cubic: At = (line, length, position) => {
  const a = -0.75;
  const left = Math.floor(position);
  const t = position - left;
  const [p, q, r, s] = [-1, 0, 1, 2].map((offset) => line(clamp(left + offset, length))) as [
    number,
    number,
    number,
    number,
  ];
  return (
    q +
    t * a * (p - r) +
    t ** 2 * (-2 * a * p - (a + 3) * q + (2 * a + 3) * r + a * s) +
    t ** 3 * (a * p + (a + 2) * q - (a + 2) * r - a * s)
  );
};

/** Evaluates along each axis in turn, at `centers`. */
function resample(
  x: NestedArray,
  sizes: readonly number[],
  at: At,
  center: (i: number, axis: number) => number,
): NestedArray {
  return sizes.reduce<NestedArray>((values, size, axis) => {
    const given = fromNested(values);
    const length = given.shape[2 + axis]!;
    return buildNested(given.shape.with(2 + axis, size), (index) =>
      at((i) => elementOf(given, index.with(2 + axis, i))!, length, center(index[2 + axis]!, axis)),
    );
  }, x);
}

const halfPixels =
  (x: NestedArray, sizes: readonly number[], ratios?: readonly number[]) =>
  (i: number, axis: number): number =>
    (i + 0.5) * (ratios?.[axis] ?? fromNested(x).shape[2 + axis]! / sizes[axis]!) - 0.5;

const corners =
  (x: NestedArray, sizes: readonly number[]) =>
  (i: number, axis: number): number =>
    sizes[axis] === 1 ? 0 : (i * (fromNested(x).shape[2 + axis]! - 1)) / (sizes[axis]! - 1);

/** Takes the pixel at a position for each axis. */
function pick(
  x: NestedArray,
  sizes: readonly number[],
  position: (i: number, length: number, size: number) => number,
): NestedArray {
  const given: NumberArray = fromNested(x);
  return buildNested([...given.shape.slice(0, 2), ...sizes], ([n, c, ...index]) =>
    elementOf(given, [n!, c!, ...index.map((i, axis) => position(i, given.shape[2 + axis]!, sizes[axis]!))])!,
  );
}

const shapes: readonly { readonly shape: readonly number[]; readonly size: readonly number[] }[] = [
  { shape: [1, 2, 3], size: [7] },
  { shape: [2, 1, 5], size: [2] },
  { shape: [1, 1, 2, 3], size: [4, 3] },
  { shape: [1, 2, 3, 2], size: [2, 5] },
  { shape: [1, 1, 2, 1, 3], size: [3, 2, 2] },
];
const names = { 1: 'linear', 2: 'bilinear', 3: 'trilinear' } as const;

const modes = shapes.flatMap(({ shape, size }): OperationCase[] => {
  const title = `${shape.slice(2).join('×')} to ${size.join('×')}`;
  const define = (options: InterpolateOptions, expected: (x: NestedArray) => NestedArray): OperationCase => ({
    name: `interpolate, ${options.mode}, ${title}${options.alignCorners ? ', aligned' : ''}`,
    apply: (x) => interpolate(x!, { size, ...options }),
    inputs: [{ shape }],
    expected: (x) => expected(x!),
  });
  const mode = names[size.length as 1 | 2 | 3];
  return [
    define({ mode: 'nearest' }, (x) => pick(x, size, (i, length, count) => Math.floor((i * length) / count))),
    define({ mode: 'nearestExact' }, (x) =>
      pick(x, size, (i, length, count) => Math.floor(((2 * i + 1) * length) / (2 * count))),
    ),
    define({ mode }, (x) => resample(x, size, linear, halfPixels(x, size))),
    define({ mode, alignCorners: true }, (x) => resample(x, size, linear, corners(x, size))),
    ...(size.length === 2
      ? [
          define({ mode: 'bicubic' }, (x) => resample(x, size, cubic, halfPixels(x, size))),
          define({ mode: 'bicubic', alignCorners: true }, (x) => resample(x, size, cubic, corners(x, size))),
        ]
      : []),
    define({ mode: 'area' }, (x) => {
      const given = fromNested(x);
      return size.reduce<NestedArray>((values, count, axis) => {
        const before = fromNested(values);
        const length = given.shape[2 + axis]!;
        return buildNested(before.shape.with(2 + axis, count), (index) => {
          const i = index[2 + axis]!;
          const [begin, end] = [Math.floor((i * length) / count), Math.ceil(((i + 1) * length) / count)];
          let sum = 0;
          for (let j = begin; j < end; j++) sum += elementOf(before, index.with(2 + axis, j))!;
          return sum / (end - begin);
        });
      }, x);
    }),
  ];
});

export const interpolation: readonly OperationCase[] = [
  ...modes,
  {
    name: 'interpolate, nearest by a factor, of integers',
    apply: (x) => interpolate(x!, { scaleFactor: 2 }),
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
    ],
    expected: () => [
      [
        [
          [1, 1, 2, 2],
          [1, 1, 2, 2],
          [3, 3, 4, 4],
          [3, 3, 4, 4],
        ],
      ],
    ],
  },
  {
    name: 'interpolate, nearest by factors, shrinking',
    apply: (x) => interpolate(x!, { scaleFactor: [0.5, 1] }),
    inputs: [
      {
        values: [
          [
            [
              [1, 2],
              [3, 4],
              [5, 6],
              [7, 8],
            ],
          ],
        ],
        dtype: 'bool',
      },
    ],
    expected: () => [
      [
        [
          [true, true],
          [true, true],
        ],
      ],
    ],
  },
  {
    name: 'interpolate, linear by a factor that is not the ratio of the sizes',
    apply: (x) => interpolate(x!, { scaleFactor: 1.7, mode: 'linear' }),
    inputs: [{ shape: [1, 1, 4] }],
    expected: (x) => resample(x!, [6], linear, halfPixels(x!, [6], [1 / 1.7])),
  },
  {
    name: 'interpolate, bilinear, NaN and infinities stay where their weight is not 0',
    apply: (x) => interpolate(x!, { size: 5, mode: 'linear', alignCorners: true }),
    inputs: [{ values: [[[1, Infinity, 3]]] }],
    expected: () => [[[1, Infinity, Infinity, Infinity, 3]]],
    derivatives: false,
  },
  {
    name: 'interpolate, no images',
    apply: (x) => interpolate(x!, { size: 4, mode: 'bilinear' }).sum(),
    inputs: [{ shape: [0, 2, 3, 3] }],
    expected: () => 0,
  },
  ...(['bilinear', 'bicubic'] as const).map((mode): OperationCase => ({
    name: `interpolate, ${mode} with antialias`,
    apply: (x) => interpolate(x!, { size: [2, 5], mode, antialias: true }),
    inputs: [{ shape: [1, 1, 7, 4] }],
    expected: (x) => smooth(smooth(x!, 2, 2, mode), 3, 5, mode),
  })),
];

/** Pillow's filter along an axis: weights of all pixels by their distance, normalized. */
function smooth(x: NestedArray, axis: number, size: number, mode: 'bilinear' | 'bicubic'): NestedArray {
  const given = fromNested(x);
  const length = given.shape[axis]!;
  const width = Math.max(1, length / size);
  const hat = (d: number): number => Math.max(0, 1 - d);
  const keys = (d: number): number => {
    if (d < 1) return 1.5 * d ** 3 - 2.5 * d ** 2 + 1;
    return d < 2 ? -0.5 * d ** 3 + 2.5 * d ** 2 - 4 * d + 2 : 0;
  };
  return buildNested(given.shape.with(axis, size), (index) => {
    const center = ((index[axis]! + 0.5) * length) / size;
    let [sum, total] = [0, 0];
    for (let j = 0; j < length; j++) {
      const weight = (mode === 'bilinear' ? hat : keys)(Math.abs(j + 0.5 - center) / width);
      sum += weight * elementOf(given, index.with(axis, j))!;
      total += weight;
    }
    return sum / total;
  });
}
