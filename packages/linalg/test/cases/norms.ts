import { cond, matrixNorm, renorm, vectorNorm } from '@thetagrad/linalg';
import type { OperationCase } from '../../../../test/support/testOperations.ts';
import { asMatrix, inverse, mapMatrix, shifted, singularValues2, type Matrix } from '../plain.ts';
import { shiftedOf } from './arguments.ts';

const sum = (values: readonly number[]): number => values.reduce((total, x) => total + x, 0);
const powerNorm = (values: readonly number[], p: number): number => sum(values.map((x) => Math.abs(x) ** p)) ** (1 / p);
const rowSums = (a: Matrix): number[] => a.map((row) => sum(row.map(Math.abs)));
const columnSums = (a: Matrix): number[] => a[0]!.map((_, j) => sum(a.map((row) => Math.abs(row[j]!))));
const frobenius = (a: Matrix): number => Math.hypot(...a.flat());
const orders = [1, -1, 2, -2, Infinity, -Infinity, 'fro', 'nuc'] as const;
const normsOf = (a: Matrix): number[] => {
  const s = singularValues2(a);
  return [
    Math.max(...columnSums(a)),
    Math.min(...columnSums(a)),
    s[0]!,
    s[1]!,
    Math.max(...rowSums(a)),
    Math.min(...rowSums(a)),
    frobenius(a),
    sum(s),
  ];
};

export const norms: readonly OperationCase[] = [
  {
    name: 'vectorNorm',
    apply: (x) => [2, 1, 3, 0.5, -1, -2.5, Infinity, -Infinity, 0].map((ord) => vectorNorm(x, undefined, { ord })),
    inputs: [{ shape: [2, 3], avoid: [0] }],
    expected: (x) => {
      const values = asMatrix(x).flat();
      const magnitudes = values.map(Math.abs);
      const powers = [2, 1, 3, 0.5, -1, -2.5].map((p) => powerNorm(values, p));
      return { outputs: [...powers, Math.max(...magnitudes), Math.min(...magnitudes), 6] };
    },
  },
  {
    name: 'vectorNorm, axes',
    apply: (x) => [vectorNorm(x, 0, { ord: 3 }), vectorNorm(x, [1], { ord: 1.5, keepdims: true })],
    inputs: [{ shape: [2, 3], avoid: [0] }],
    expected: (x) => {
      const a = asMatrix(x);
      return {
        outputs: [
          a[0]!.map((_, j) =>
            powerNorm(
              a.map((row) => row[j]!),
              3,
            ),
          ),
          a.map((row) => [powerNorm(row, 1.5)]),
        ],
      };
    },
  },
  {
    name: 'vectorNorm, zeros',
    apply: (x) => [3, 1.5, 2, -2, 0].map((ord) => vectorNorm(x, -1, { ord })),
    inputs: [
      {
        values: [
          [0, 0],
          [0, 2],
        ],
      },
    ],
    expected: () => ({
      outputs: [
        [0, 2],
        [0, 2],
        [0, 2],
        [0, 0],
        [0, 1],
      ],
    }),
    derivatives: false,
  },
  {
    name: 'vectorNorm, of large, small and infinite numbers, of none and of a scalar',
    apply: (x, y, z) => [
      vectorNorm(x, 1, { ord: 3 }),
      vectorNorm(y, 0, { ord: 3 }),
      vectorNorm(z, undefined, { ord: 3 }),
    ],
    inputs: [
      {
        values: [
          [1e30, 0],
          [-1e-30, 1e-30],
          [Infinity, 1],
          [NaN, 1],
        ],
      },
      { shape: [0, 1] },
      { values: -5 },
    ],
    expected: () => ({ outputs: [[1e30, 1e-30 * 2 ** (1 / 3), Infinity, NaN], [0], 5] }),
    derivatives: false,
  },
  {
    name: 'matrixNorm',
    apply: (x) => orders.map((ord) => matrixNorm(x, undefined, { ord })),
    inputs: [{ shape: [2, 3], avoid: [0] }],
    expected: (x) => ({ outputs: normsOf(asMatrix(x)) }),
  },
  {
    name: 'matrixNorm, axes of a batch',
    apply: (x) => [
      ...orders.map((ord) => matrixNorm(x, [0, 2], { ord, keepdims: true })),
      matrixNorm(x, [-1, 0], { ord: 1 }),
    ],
    inputs: [{ shape: [2, 2, 3], avoid: [0] }],
    expected: (x) => {
      const array = x as unknown as number[][][];
      const matrices = [0, 1].map((j) => array.map((each) => each[j]!));
      const kept = orders.map((_, i) => [matrices.map((a) => [normsOf(a)[i]!])]);
      return { outputs: [...kept, matrices.map((a) => Math.max(...rowSums(a)))] };
    },
  },
  {
    name: 'matrixNorm, of no rows',
    apply: (x) => [matrixNorm(x), matrixNorm(x, [0, 1], { ord: 'nuc' })],
    inputs: [{ shape: [0, 2] }],
    expected: () => ({ outputs: [0, 0] }),
  },
  {
    name: 'cond',
    apply: (x) => orders.map((p) => cond(shiftedOf(x), { p })),
    inputs: [{ shape: [2, 2], avoid: [0] }],
    expected: (x) => {
      const a = shifted(asMatrix(x));
      const [of, ofInverse] = [normsOf(a), normsOf(inverse(a))];
      const [largest, smallest] = singularValues2(a);
      return {
        outputs: of.map((each, i) => {
          if (orders[i] === 2) return largest! / smallest!;
          return orders[i] === -2 ? smallest! / largest! : each * ofInverse[i]!;
        }),
      };
    },
  },
  {
    name: 'cond, singular, NaN and wide',
    apply: (x, y) => [cond(x), cond(x, { p: 1 }), cond(y)],
    inputs: [
      {
        values: [
          [
            [0, 0],
            [0, 1],
          ],
          [
            [NaN, 0],
            [0, 1],
          ],
        ],
      },
      {
        values: [
          [3, 0, 0],
          [0, 0, 2],
        ],
      },
    ],
    expected: () => ({ outputs: [[Infinity, NaN], [Infinity, NaN], 1.5] }),
    derivatives: false,
  },
  {
    name: 'renorm',
    apply: (x) => [renorm(x, 1, 0, 3), renorm(x, 2, -1, 100)],
    inputs: [{ shape: [3, 2], avoid: [0] }],
    expected: (x) => {
      const a = asMatrix(x);
      const factors = rowSums(a).map((norm) => (norm > 3 ? 3 / (norm + 1e-7) : 1));
      return { outputs: [mapMatrix(a, (y, i) => y * factors[i]!), a.map((row) => [...row])] };
    },
  },
];
