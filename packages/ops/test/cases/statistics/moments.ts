import { type NestedArray } from '@thetagrad/core';
import type { Input, OperationCase } from '../../../../../test/support/testOperations.ts';
import * as ops from '../../../src/index.ts';
import { flat, lines, mean, sum, transposed } from '../../plain.ts';
import { matrix, integers, variance } from './common.ts';

const rows: Input = { shape: [3, 5] };

/** Covariance of rows by definition, each observation repeated and weighted. */
function covariance(
  x: NestedArray,
  correction: number,
  repeats: readonly number[],
  weights: readonly number[],
): number[][] {
  const w = repeats.map((count, i) => count * weights[i]!);
  const total = sum(w);
  const divisor = total - (correction * sum(w.map((value, i) => value * weights[i]!))) / total;
  const centered = (x as number[][]).map((row) => {
    const center = sum(row.map((value, i) => value * w[i]!)) / total;
    return row.map((value) => value - center);
  });
  return centered.map((a) => centered.map((b) => sum(a.map((value, i) => value * b[i]! * w[i]!)) / divisor));
}
const once = [1, 1, 1, 1, 1];

export const momentsCases: readonly OperationCase[] = [
  {
    name: 'varMean',
    apply: (x) => Object.values(ops.varMean(x, 1, { correction: 1 })),
    inputs: [matrix],
    expected: (x) => ({ outputs: [lines((line) => variance(line, 1), x), lines(mean, x)] }),
  },
  {
    name: 'stdMean',
    apply: (x) => Object.values(ops.stdMean(x, 0, { keepdims: true })),
    inputs: [matrix],
    expected: (x) => ({
      outputs: [[transposed(x).map((line) => Math.sqrt(variance(line)))], [transposed(x).map(mean)]],
    }),
  },
  {
    name: 'average',
    apply: (x, w) => ops.average(x, 1, { weights: w }),
    inputs: [matrix, { shape: [4], from: 0.5 }],
    expected: (x, w) => lines((line) => sum(line.map((value, i) => value * flat(w)[i]!)) / sum(flat(w)), x),
  },
  {
    name: 'average, weights of all elements, or none',
    apply: (x, w) => [ops.average(x, undefined, { weights: w }), ops.average(x, [0], { keepdims: true })],
    inputs: [
      integers,
      {
        values: [
          [1, 0, 2],
          [3, 4, 0],
        ],
        dtype: 'int32',
      },
    ],
    expected: (x, w) => ({
      outputs: [sum(flat(x).map((value, i) => value * flat(w)[i]!)) / sum(flat(w)), [transposed(x).map(mean)]],
    }),
  },
  { name: 'cov', apply: (x) => ops.cov(x), inputs: [rows], expected: (x) => covariance(x, 1, once, once) },
  {
    name: 'cov, columns, without correction',
    apply: (x) => [ops.cov(x.transpose(), { rowvar: false, correction: 0 }), ops.cov(x.slice([0]))],
    inputs: [rows],
    expected: (x) => ({ outputs: [covariance(x, 0, once, once), covariance(x, 1, once, once)[0]![0]!] }),
    derivatives: { order: 1 },
  },
  {
    name: 'cov, weights',
    apply: (x, f, a) => [ops.cov(x, { fweights: f, aweights: a }), ops.cov(x, { fweights: f })],
    inputs: [rows, { values: [1, 2, 0, 3, 1], dtype: 'int32' }, { shape: [5], from: 0.5 }],
    expected: (x, f, a) => ({ outputs: [covariance(x, 1, flat(f), flat(a)), covariance(x, 1, flat(f), once)] }),
    derivatives: { order: 1 },
  },
  {
    name: 'corrcoef',
    apply: (x) => ops.corrcoef(x),
    inputs: [rows],
    expected: (x) => {
      const c = covariance(x, 1, once, once);
      return c.map((row, i) => row.map((value, j) => value / Math.sqrt(c[i]![i]! * c[j]![j]!)));
    },
    // The diagonal is clamped to 1.
    derivatives: false,
  },
  {
    name: 'corrcoef, differentiated',
    apply: (x) => ops.corrcoef(x).slice([0, [1, 3]]),
    inputs: [rows],
    expected: (x) => {
      const c = covariance(x, 1, once, once);
      return [1, 2].map((j) => c[0]![j]! / Math.sqrt(c[0]![0]! * c[j]![j]!));
    },
  },
  {
    name: 'corrcoef, columns, one variable',
    apply: (x) => [ops.corrcoef(x, { rowvar: false }), ops.corrcoef(x.slice([0]))],
    inputs: [
      {
        values: [
          [1, -2],
          [2, -4],
          [3, -6],
        ],
        dtype: 'int32',
      },
    ],
    expected: () => ({
      outputs: [
        [
          [1, -1],
          [-1, 1],
        ],
        1,
      ],
    }),
    tolerance: { float32: 1e-6 },
  },
];
