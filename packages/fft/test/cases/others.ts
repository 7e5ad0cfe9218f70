import { tensor, type NestedArray } from '@thetagrad/core';
import { build, get, shapeOf, sumOf } from '../../../../test/support/nested.ts';
import type { OperationCase } from '../../../../test/support/testOperations.ts';
import * as fft from '../../src/index.ts';

const complexNumbers: readonly OperationCase[] = [
  {
    name: 'complex',
    apply: (x, y) => [fft.complex(x, y), fft.complex(y), fft.complex(tensor(1), tensor(true))],
    inputs: [{ shape: [2, 1] }, { shape: [3] }],
    expected: (x, y) => ({
      outputs: [
        build([2, 3, 2], (i, j, part) => (part === 0 ? get(x, i, 0) : get(y, j))),
        build([3, 2], (j, part) => (part === 0 ? get(y, j) : 0)),
        [1, 1],
      ],
    }),
  },
  {
    name: 'polar',
    apply: (abs, angle) => fft.polar(abs, angle),
    inputs: [{ shape: [2, 1] }, { shape: [3] }],
    expected: (abs, angle) =>
      build(
        [2, 3, 2],
        (i, j, part) => get(abs, i, 0) * (part === 0 ? Math.cos(get(angle, j)) : Math.sin(get(angle, j))),
      ),
  },
  {
    name: 'real',
    apply: (z) => fft.real(z),
    inputs: [{ shape: [3, 2] }],
    expected: (z) => build([3], (i) => get(z, i, 0)),
  },
  {
    name: 'imag',
    apply: (z) => [fft.imag(z), fft.imag(z.slice([0]))],
    inputs: [{ shape: [3, 2] }],
    expected: (z) => ({ outputs: [build([3], (i) => get(z, i, 1)), get(z, 0, 1)] }),
  },
  {
    name: 'conj',
    apply: (z) => fft.conj(z),
    inputs: [{ shape: [3, 2] }],
    expected: (z) => build([3, 2], (i, part) => (part === 0 ? get(z, i, 0) : -get(z, i, 1))),
  },
  {
    name: 'angle',
    apply: (z) => fft.angle(z),
    inputs: [{ shape: [3, 2], from: 0.5 }],
    expected: (z) => build([3], (i) => Math.atan(get(z, i, 1) / get(z, i, 0))),
  },
  {
    name: 'angle, on the axes',
    apply: (z) => fft.angle(z),
    inputs: [
      {
        values: [
          [-1, 0],
          [0, -2],
          [0, 0],
        ],
      },
    ],
    expected: () => [Math.PI, -Math.PI / 2, 0],
    derivatives: false,
  },
  {
    name: 'complexAbs',
    apply: (z) => fft.complexAbs(z),
    inputs: [{ shape: [3, 2], from: 0.5 }],
    expected: (z) => build([3], (i) => Math.sqrt(get(z, i, 0) ** 2 + get(z, i, 1) ** 2)),
  },
  {
    name: 'complexAbs, beyond the range of squares',
    apply: (z) => fft.complexAbs(z),
    inputs: [
      {
        values: [
          [3e30, -4e30],
          [0, -Infinity],
        ],
      },
    ],
    expected: () => [5e30, Infinity],
    derivatives: false,
  },
  {
    name: 'complexMul',
    apply: (x, y) => fft.complexMul(x, y),
    inputs: [{ shape: [2, 1, 2] }, { shape: [3, 2] }],
    expected: (x, y) =>
      build([2, 3, 2], (i, j, part) =>
        part === 0
          ? get(x, i, 0, 0) * get(y, j, 0) - get(x, i, 0, 1) * get(y, j, 1)
          : get(x, i, 0, 0) * get(y, j, 1) + get(x, i, 0, 1) * get(y, j, 0),
      ),
  },
];

/** The elements of a convolution along all axes from `start` on. */
const convolve = (x: NestedArray, y: NestedArray, start: readonly number[], shape: readonly number[]): NestedArray => {
  const [xShape, yShape] = [shapeOf(x), shapeOf(y)];
  const total = (axis: number, at: readonly number[], inX: readonly number[]): number => {
    if (axis === shape.length) return get(x, ...inX) * get(y, ...at.map((k, i) => k - inX[i]!));
    return sumOf(xShape[axis]!, (j) => {
      const other = at[axis]! - j;
      return other < 0 || other >= yShape[axis]! ? 0 : total(axis + 1, at, [...inX, j]);
    });
  };
  return build(shape, (...index) =>
    total(
      0,
      index.map((k, axis) => k + start[axis]!),
      [],
    ),
  );
};

const convolutions: readonly OperationCase[] = [
  {
    name: 'fftconvolve',
    apply: (x, y) => [
      fft.fftconvolve(x, y),
      fft.fftconvolve(x, y, { mode: 'same' }),
      fft.fftconvolve(x, y, { mode: 'valid' }),
      fft.fftconvolve(y, x, { mode: 'valid' }),
      fft.fftconvolve(y, x, { mode: 'same' }),
    ],
    inputs: [{ shape: [6] }, { shape: [3] }],
    expected: (x, y) => ({
      outputs: [
        convolve(x, y, [0], [8]),
        convolve(x, y, [1], [6]),
        convolve(x, y, [2], [4]),
        convolve(x, y, [2], [4]),
        convolve(x, y, [2], [3]),
      ],
    }),
    derivatives: { elements: 4 },
  },
  {
    name: 'fftconvolve, two axes',
    apply: (x, y) => fft.fftconvolve(x, y),
    inputs: [{ shape: [3, 2] }, { shape: [2, 4] }],
    expected: (x, y) => convolve(x, y, [0, 0], [4, 5]),
    derivatives: { elements: 4 },
  },
  {
    name: 'fftconvolve, batches that broadcast',
    apply: (x, y) => fft.fftconvolve(x, y, { axes: -1 }),
    inputs: [{ shape: [2, 3] }, { shape: [1, 2] }],
    expected: (x, y) =>
      (x as readonly NestedArray[]).map((row) => convolve(row, (y as readonly NestedArray[])[0]!, [0], [4])),
  },
];

const order: readonly OperationCase[] = [
  {
    name: 'fftfreq',
    apply: () => [fft.fftfreq(4), fft.fftfreq(5, 0.1, { dtype: 'float32' }), fft.fftfreq(1)],
    inputs: [],
    expected: () => ({ outputs: [[0, 0.25, -0.5, -0.25], [0, 2, 4, -4, -2], [0]] }),
  },
  {
    name: 'rfftfreq',
    apply: () => [fft.rfftfreq(4), fft.rfftfreq(5, 0.1)],
    inputs: [],
    expected: () => ({
      outputs: [
        [0, 0.25, 0.5],
        [0, 2, 4],
      ],
    }),
  },
  {
    name: 'fftshift',
    apply: (x, y) => [fft.fftshift(x, 0), fft.fftshift(y, [0, 1])],
    inputs: [{ values: [0, 1, 2, -2, -1] }, { shape: [2, 3, 2] }],
    expected: (_, y) => ({
      outputs: [[-2, -1, 0, 1, 2], build([2, 3, 2], (i, j, part) => get(y, 1 - i, (j + 2) % 3, part))],
    }),
  },
  {
    name: 'ifftshift',
    apply: (x, y) => [fft.ifftshift(x, 0), fft.ifftshift(fft.fftshift(y, [0, 1]), [1, 0])],
    inputs: [{ values: [-2, -1, 0, 1, 2] }, { shape: [2, 3] }],
    expected: (_, y) => ({ outputs: [[0, 1, 2, -2, -1], y] }),
  },
];

const cosine = (type: 2 | 3, x: NestedArray, axis: number): NestedArray => {
  const n = shapeOf(x)[axis]!;
  return build(shapeOf(x), (...index) => {
    const k = index[axis]!;
    return sumOf(n, (j) => {
      const value = get(x, ...index.with(axis, j));
      if (type === 2) return 2 * value * Math.cos((Math.PI * k * (2 * j + 1)) / (2 * n));
      return j === 0 ? value : 2 * value * Math.cos((Math.PI * j * (2 * k + 1)) / (2 * n));
    });
  });
};

/** The orthogonal cosine transform of type 2 as a matrix times a vector. */
const orthogonal = (x: readonly number[]): number[] =>
  x.map((_, k) =>
    sumOf(
      x.length,
      (j) => x[j]! * Math.sqrt((k === 0 ? 1 : 2) / x.length) * Math.cos((Math.PI * k * (j + 0.5)) / x.length),
    ),
  );

const cosines: readonly OperationCase[] = [
  {
    name: 'dct',
    apply: (x) => [
      fft.dct(x),
      fft.dct(x, 0, { type: 3 }),
      fft.dct(x, -1, { norm: 'forward', n: 4 }),
      fft.dct(x, 1, { norm: 'ortho' }),
    ],
    inputs: [{ shape: [2, 5] }],
    expected: (x) => {
      const rows = x as number[][];
      const cut = cosine(
        2,
        rows.map((row) => row.slice(0, 4)),
        1,
      );
      return {
        outputs: [cosine(2, x, 1), cosine(3, x, 0), build([2, 4], (i, k) => get(cut, i, k) / 8), rows.map(orthogonal)],
      };
    },
    derivatives: { elements: 4 },
  },
  {
    name: 'dct, lengths',
    apply: (...inputs) => inputs.flatMap((x) => [fft.dct(x), fft.dct(x, 0, { type: 3 })]),
    inputs: [1, 2, 3, 8, 132].map((n) => ({ shape: [n] })),
    expected: (...inputs) => ({ outputs: inputs.flatMap((x) => [cosine(2, x, 0), cosine(3, x, 0)]) }),
    derivatives: false,
  },
  {
    name: 'idct',
    apply: (x) => [
      fft.idct(fft.dct(x)),
      fft.idct(fft.dct(x, 0, { type: 3 }), 0, { type: 3 }),
      fft.idct(fft.dct(x, 1, { norm: 'ortho' }), 1, { norm: 'ortho' }),
      fft.idct(x, 1, { norm: 'forward' }),
      fft.dct(x, 1, { type: 3, norm: 'ortho' }),
    ],
    inputs: [{ shape: [2, 5] }],
    expected: (x) => {
      const columns = build(
        [5, 5],
        (i, j) => orthogonal(Array.from({ length: 5 }, (_, each) => Number(each === i)))[j]!,
      );
      const inverse = build([2, 5], (i, k) => sumOf(5, (j) => get(x, i, j) * get(columns, k, j)));
      return { outputs: [x, x, x, cosine(3, x, 1), inverse] };
    },
    derivatives: { elements: 4 },
  },
];

/** The spectra of frames of a signal, by their definition. */
const spectra = (x: readonly number[], size: number, hop: number, window: readonly number[]): NestedArray => {
  const count = Math.floor((x.length - size) / hop) + 1;
  return build([Math.floor(size / 2) + 1, count, 2], (k, frame, part) =>
    sumOf(size, (j) => {
      const angle = (-2 * Math.PI * k * j) / size;
      return x[frame * hop + j]! * window[j]! * (part === 0 ? Math.cos(angle) : Math.sin(angle));
    }),
  );
};

const shortTime: readonly OperationCase[] = [
  {
    name: 'stft',
    apply: (x, window) => [
      fft.stft(x, 4, { window }),
      fft.stft(x, 5, { window, hopLength: 2, center: false }),
      fft.stft(x, 4, { hopLength: 3, padMode: 'constant', normalized: true }),
    ],
    inputs: [{ shape: [7] }, { shape: [4], from: 0.5 }],
    expected: (x, window) => {
      const [values, weights] = [x as number[], window as number[]];
      const mirrored = [values[2]!, values[1]!, ...values, values[5]!, values[4]!];
      const plain = spectra([0, 0, ...values, 0, 0], 4, 3, [1, 1, 1, 1]);
      return {
        outputs: [
          spectra(mirrored, 4, 1, weights),
          spectra(values, 5, 2, [...weights, 0]),
          build([3, 3, 2], (k, frame, part) => get(plain, k, frame, part) / 2),
        ],
      };
    },
    derivatives: { elements: 4 },
  },
  {
    name: 'istft',
    apply: (x, window) => {
      const [plain, windowed] = [{ hopLength: 2 }, { hopLength: 3, window, normalized: true, center: false }];
      return [
        fft.istft(fft.stft(x, 4, plain), 4, plain),
        fft.istft(fft.stft(x, 4, plain), 4, { ...plain, length: 9 }),
        fft.istft(fft.stft(x, 5, windowed), 5, windowed),
      ];
    },
    inputs: [{ shape: [2, 8] }, { values: [0.5, 1, 2, 1] }],
    expected: (x) => ({
      outputs: [
        x,
        // The padding was a reflection.
        (x as number[][]).map((row) => [...row, row[6]!]),
        // Where the window is padded by a 0, nothing is known.
        (x as number[][]).map((row) => [...row.slice(0, 7), 0]),
      ],
    }),
    derivatives: { elements: 4 },
  },
];

export const otherCases: readonly OperationCase[] = [
  ...complexNumbers,
  ...convolutions,
  ...order,
  ...cosines,
  ...shortTime,
];
