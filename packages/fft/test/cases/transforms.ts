import type { NestedArray } from '@thetagrad/core';
import type { OperationCase } from '../../../../test/support/testOperations.ts';
import * as fft from '../../src/index.ts';
import { conjugate, dft, first, hermitian, realPart, times, toComplex } from './naive.ts';

const half = (n: number): number => Math.floor(n / 2) + 1;
/** The magnitude of rounding relative to the largest element, in units in the last place of the dtype. */
const roundings = (ulps: number): { readonly float64: number; readonly float32: number } => ({
  float64: ulps * 2 ** -53,
  float32: ulps * 2 ** -24,
});

/** One stage; products of small primes; a large prime, alone and as a factor. */
const lengths = [1, 2, 3, 4, 7, 16, 33, 97, 130, 131, 132, 147, 169, 192, 262];

const ofEveryLength: readonly OperationCase[] = lengths.flatMap((n): OperationCase[] => [
  {
    name: `fft, length ${n}`,
    apply: (z) => [fft.fft(z), fft.ifft(z, -1, { norm: 'forward' })],
    inputs: [{ shape: [2, n, 2] }],
    expected: (z) => ({ outputs: [dft(z, 1, -1), dft(z, 1, 1)] }),
    derivatives: false,
    tolerance: roundings(16),
  },
  {
    name: `rfft, length ${n}`,
    apply: (x) => fft.rfft(x),
    inputs: [{ shape: [2, n] }],
    expected: (x) => first(dft(toComplex(x), 1, -1), 1, half(n)),
    derivatives: false,
    tolerance: roundings(16),
  },
  {
    name: `irfft, length ${n}`,
    apply: (z) => fft.irfft(z, -1, { n, norm: 'forward' }),
    inputs: [{ shape: [2, half(n), 2] }],
    expected: (z) => realPart(dft(hermitian(z, 1, n), 1, 1)),
    derivatives: false,
    tolerance: roundings(16),
  },
]);

const alongAxes: readonly OperationCase[] = [
  {
    name: 'fft',
    apply: (z) => [fft.fft(z, 0), fft.fft(z, -1, { n: 3 }), fft.fft(z, 1, { n: 5, norm: 'ortho' })],
    inputs: [{ shape: [3, 4, 2] }],
    expected: (z) => ({ outputs: [dft(z, 0, -1), dft(z, 1, -1, 3), times(dft(z, 1, -1, 5), 1 / Math.sqrt(5))] }),
    derivatives: { elements: 4 },
  },
  {
    name: 'fft, several stages',
    apply: (z) => fft.fft(z, -1, { n: 132, norm: 'forward' }),
    inputs: [{ shape: [3, 2] }],
    expected: (z) => times(dft(z, 0, -1, 132), 1 / 132),
    derivatives: { elements: 4 },
  },
  {
    name: 'fft, a large prime',
    apply: (z) => fft.fft(z, -1, { n: 131, norm: 'ortho' }),
    inputs: [{ shape: [3, 2] }],
    expected: (z) => times(dft(z, 0, -1, 131), 1 / Math.sqrt(131)),
    derivatives: { elements: 4 },
    tolerance: roundings(16),
  },
  {
    name: 'fft, int32, no rows, one element, and NaN in one row',
    apply: (...inputs) => inputs.map((x) => fft.fft(x)),
    inputs: [
      {
        values: [
          [1, 2],
          [3, 0],
        ],
        dtype: 'int32',
      },
      { shape: [0, 3, 2] },
      { values: [[Infinity, 0]] },
      {
        values: [
          [
            [NaN, 0],
            [0, 0],
          ],
          [
            [1, 0],
            [2, 0],
          ],
        ],
      },
    ],
    expected: () => ({
      outputs: [
        [
          [4, 2],
          [-2, 2],
        ],
        [],
        [[Infinity, 0]],
        [
          [
            [NaN, NaN],
            [NaN, NaN],
          ],
          [
            [3, 0],
            [-1, 0],
          ],
        ],
      ],
    }),
    derivatives: false,
  },
  {
    name: 'ifft',
    apply: (z) => [fft.ifft(z, 0), fft.ifft(z, 1, { n: 3, norm: 'ortho' }), fft.ifft(fft.fft(z))],
    inputs: [{ shape: [3, 4, 2] }],
    expected: (z) => ({ outputs: [times(dft(z, 0, 1), 1 / 3), times(dft(z, 1, 1, 3), 1 / Math.sqrt(3)), z] }),
    derivatives: { elements: 4 },
  },
  {
    name: 'rfft',
    apply: (x) => [fft.rfft(x, 0), fft.rfft(x, -1, { n: 3 }), fft.rfft(x, 1, { n: 6, norm: 'ortho' })],
    inputs: [{ shape: [3, 4] }],
    expected: (x) => {
      const z = toComplex(x);
      return {
        outputs: [
          first(dft(z, 0, -1), 0, 2),
          first(dft(z, 1, -1, 3), 1, 2),
          times(first(dft(z, 1, -1, 6), 1, 4), 1 / Math.sqrt(6)),
        ],
      };
    },
    derivatives: { elements: 4 },
  },
  {
    name: 'rfft, several stages',
    apply: (x) => fft.rfft(x, -1, { n: 132, norm: 'ortho' }),
    inputs: [{ shape: [4] }],
    expected: (x) => times(first(dft(toComplex(x), 0, -1, 132), 0, 67), 1 / Math.sqrt(132)),
    derivatives: { elements: 4 },
  },
  {
    name: 'irfft',
    apply: (z) => [fft.irfft(z), fft.irfft(z, 0, { n: 5 }), fft.irfft(z, 1, { n: 3, norm: 'ortho' })],
    inputs: [{ shape: [3, 3, 2] }],
    expected: (z) => ({
      outputs: [
        times(realPart(dft(hermitian(z, 1, 4), 1, 1)), 1 / 4),
        times(realPart(dft(hermitian(z, 0, 5), 0, 1)), 1 / 5),
        times(realPart(dft(hermitian(first(z, 1, 2), 1, 3), 1, 1)), 1 / Math.sqrt(3)),
      ],
    }),
    derivatives: { elements: 4 },
  },
  {
    name: 'irfft, several stages, padded',
    apply: (z) => fft.irfft(z, -1, { n: 132 }),
    inputs: [{ shape: [3, 2] }],
    expected: (z) => times(realPart(dft(hermitian(padTo(z, 67), 0, 132), 0, 1)), 1 / 132),
    derivatives: { elements: 4 },
  },
  {
    name: 'hfft',
    apply: (z) => [fft.hfft(z), fft.hfft(z, 0, { n: 3, norm: 'forward' })],
    inputs: [{ shape: [2, 3, 2] }],
    expected: (z) => ({
      outputs: [realPart(dft(hermitian(z, 1, 4), 1, -1)), times(realPart(dft(hermitian(z, 0, 3), 0, -1)), 1 / 3)],
    }),
    derivatives: { elements: 4 },
  },
  {
    name: 'ihfft',
    apply: (x) => [fft.ihfft(x), fft.ihfft(x, 0, { norm: 'ortho' })],
    inputs: [{ shape: [2, 5] }],
    expected: (x) => ({
      outputs: [
        times(first(conjugate(dft(toComplex(x), 1, -1)), 1, 3), 1 / 5),
        times(conjugate(dft(toComplex(x), 0, -1)), Math.SQRT1_2),
      ],
    }),
    derivatives: { elements: 4 },
  },
];

function padTo(z: NestedArray, length: number): NestedArray {
  const rows = z as readonly NestedArray[];
  return Array.from({ length }, (_, i) => rows[i] ?? [0, 0]);
}

const alongSeveral: readonly OperationCase[] = [
  {
    name: 'fft2',
    apply: (z) => [fft.fft2(z), fft.fft2(z, [2, 0], { s: [3, 1] })],
    inputs: [{ shape: [2, 3, 2, 2] }],
    expected: (z) => ({ outputs: [dft(dft(z, 1, -1), 2, -1), dft(dft(z, 0, -1, 1), 2, -1, 3)] }),
    derivatives: { elements: 4 },
  },
  {
    name: 'ifft2',
    apply: (z) => [fft.ifft2(z), fft.ifft2(z, [0, 1], { norm: 'ortho' })],
    inputs: [{ shape: [2, 3, 2, 2] }],
    expected: (z) => ({
      outputs: [times(dft(dft(z, 1, 1), 2, 1), 1 / 6), times(dft(dft(z, 0, 1), 1, 1), 1 / Math.sqrt(6))],
    }),
    derivatives: { elements: 4 },
  },
  {
    name: 'rfft2',
    apply: (x) => [fft.rfft2(x), fft.rfft2(x, [-1, 0], { s: [2, 3], norm: 'forward' })],
    inputs: [{ shape: [3, 4] }],
    expected: (x) => {
      const z = toComplex(x);
      return {
        outputs: [first(dft(dft(z, 0, -1), 1, -1), 1, 3), times(first(dft(dft(z, 0, -1), 1, -1, 2), 0, 2), 1 / 6)],
      };
    },
    derivatives: { elements: 4 },
  },
  {
    name: 'irfft2',
    apply: (z) => [fft.irfft2(z), fft.irfft2(z, [1, 0], { s: [2, 3] })],
    inputs: [{ shape: [3, 2, 2] }],
    expected: (z) => {
      const inverse = (x: NestedArray, full: number, axis: number, n: number): NestedArray =>
        realPart(dft(hermitian(dft(x, full, 1), axis, n), axis, 1));
      return { outputs: [times(inverse(z, 0, 1, 2), 1 / 6), times(inverse(first(z, 0, 2), 1, 0, 3), 1 / 6)] };
    },
    derivatives: { elements: 4 },
  },
  {
    name: 'fftn',
    apply: (z) => [fft.fftn(z), fft.fftn(z, undefined, { s: [2, 1] }), fft.fftn(z, [1], { norm: 'ortho' })],
    inputs: [{ shape: [2, 2, 3, 2] }],
    expected: (z) => ({
      outputs: [
        dft(dft(dft(z, 0, -1), 1, -1), 2, -1),
        dft(dft(z, 1, -1), 2, -1, 1),
        times(dft(z, 1, -1), Math.SQRT1_2),
      ],
    }),
    derivatives: { elements: 2 },
  },
  {
    name: 'ifftn',
    apply: (z) => [fft.ifftn(z), fft.ifftn(fft.fftn(z, [0, 2]), [2, 0])],
    inputs: [{ shape: [2, 2, 3, 2] }],
    expected: (z) => ({ outputs: [times(dft(dft(dft(z, 0, 1), 1, 1), 2, 1), 1 / 12), z] }),
    derivatives: { elements: 2 },
  },
  {
    name: 'rfftn',
    apply: (x) => [fft.rfftn(x), fft.rfftn(x, [2])],
    inputs: [{ shape: [2, 2, 3] }],
    expected: (x) => {
      const z = dft(toComplex(x), 2, -1);
      return { outputs: [first(dft(dft(z, 0, -1), 1, -1), 2, 2), first(z, 2, 2)] };
    },
    derivatives: { elements: 2 },
  },
  {
    name: 'irfftn',
    apply: (x) => [fft.irfftn(fft.rfftn(x), undefined, { s: [2, 2, 3] }), fft.irfftn(fft.rfftn(x, [0]), [0])],
    inputs: [{ shape: [2, 2, 3] }],
    expected: (x) => ({ outputs: [x, x] }),
    derivatives: { elements: 2 },
  },
];

const ofRealSpectra: readonly OperationCase[] = [
  {
    name: 'hfft2',
    apply: (z) => [fft.hfft2(z), fft.hfft2(z, [1, 0], { s: [3, 1], norm: 'ortho' })],
    inputs: [{ shape: [2, 3, 2] }],
    expected: (z) => ({
      outputs: [
        realPart(dft(hermitian(dft(z, 0, -1), 1, 4), 1, -1)),
        times(realPart(dft(hermitian(first(dft(z, 1, -1), 0, 1), 0, 1), 0, -1)), 1 / Math.sqrt(3)),
      ],
    }),
    derivatives: { elements: 4 },
  },
  {
    name: 'hfftn',
    apply: (z) => [fft.hfftn(z), fft.hfftn(z, [0])],
    inputs: [{ shape: [2, 3, 2] }],
    expected: (z) => ({
      outputs: [realPart(dft(hermitian(dft(z, 0, -1), 1, 4), 1, -1)), realPart(dft(hermitian(z, 0, 2), 0, -1))],
    }),
    derivatives: { elements: 4 },
  },
  {
    name: 'ihfft2',
    apply: (x) => fft.ihfft2(x, [1, 0]),
    inputs: [{ shape: [3, 2] }],
    expected: (x) => times(first(dft(dft(toComplex(x), 0, 1), 1, 1), 0, 2), 1 / 6),
    derivatives: { elements: 4 },
  },
  {
    name: 'ihfftn',
    apply: (x) => [fft.ihfftn(x, undefined, { norm: 'forward' }), fft.hfftn(fft.ihfftn(x), undefined, { s: [3, 2] })],
    inputs: [{ shape: [3, 2] }],
    expected: (x) => ({ outputs: [first(dft(dft(toComplex(x), 0, 1), 1, 1), 1, 2), x] }),
    derivatives: { elements: 4 },
  },
];

export const transformCases: readonly OperationCase[] = [
  ...alongAxes,
  ...alongSeveral,
  ...ofRealSpectra,
  ...ofEveryLength,
];
