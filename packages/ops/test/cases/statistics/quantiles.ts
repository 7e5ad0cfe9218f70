import type { OperationCase } from '../../../../../test/support/testOperations.ts';
import * as ops from '../../../src/index.ts';
import { flat, sorted } from '../../plain.ts';
import { someHoles, numbers, reduction } from './common.ts';

/** The definition of Hyndman & Fan: the order statistics around the position n q + m, weighted. */
function quantileOf(line: readonly number[], q: number, method: ops.QuantileMethod): number {
  if (line.length === 0 || line.some(Number.isNaN)) return NaN;
  const x = sorted(line);
  const n = x.length;
  const statistic = (i: number): number => x[Math.min(Math.max(i, 1), n) - 1]!;
  const m = {
    invertedCdf: 0,
    averagedInvertedCdf: 0,
    closestObservation: -0.5,
    interpolatedInvertedCdf: 0,
    hazen: 0.5,
    weibull: q,
    linear: 1 - q,
    medianUnbiased: q / 3 + 1 / 3,
    normalUnbiased: q / 4 + 3 / 8,
    lower: 1 - q,
    higher: 1 - q,
    midpoint: 1 - q,
    nearest: 1 - q,
  }[method];
  const j = Math.floor(n * q + m + 1e-12);
  const fraction = n * q + m - j;
  const g = fraction < 1e-9 ? 0 : fraction;
  const isHalf = Math.abs(g - 0.5) < 1e-9;
  const weight = {
    invertedCdf: g > 0 ? 1 : 0,
    averagedInvertedCdf: g > 0 ? 1 : 0.5,
    closestObservation: g === 0 && j % 2 === 0 ? 0 : 1,
    interpolatedInvertedCdf: g,
    hazen: g,
    weibull: g,
    linear: g,
    medianUnbiased: g,
    normalUnbiased: g,
    lower: 0,
    higher: g > 0 ? 1 : 0,
    midpoint: g > 0 ? 0.5 : 0,
    // Half to the even index from 0, which is the odd order statistic.
    nearest: isHalf ? (j % 2 === 1 ? 0 : 1) : Math.round(g),
  }[method];
  return (1 - weight) * statistic(j) + weight * statistic(j + 1);
}

const methods = [
  'invertedCdf',
  'averagedInvertedCdf',
  'closestObservation',
  'interpolatedInvertedCdf',
  'hazen',
  'weibull',
  'linear',
  'medianUnbiased',
  'normalUnbiased',
  'lower',
  'higher',
  'midpoint',
  'nearest',
] as const;
const fractions = [0, 0.1, 0.25, 0.3, 0.5, 0.75, 0.9, 1];

export const quantilesCases: readonly OperationCase[] = [
  ...reduction('median', ops.median, (line) => quantileOf(line, 0.5, 'linear')),
  ...reduction('nanmedian', ops.nanmedian, (line) => quantileOf(numbers(line), 0.5, 'linear'), { input: someHoles }),
  ...reduction(
    'quantile',
    (x, ...rest) => ops.quantile(x, 0.3, ...rest),
    (line) => quantileOf(line, 0.3, 'linear'),
  ),
  ...reduction(
    'nanquantile',
    (x, ...rest) => ops.nanquantile(x, 0.3, ...rest),
    (line) => quantileOf(numbers(line), 0.3, 'linear'),
    {
      input: someHoles,
    },
  ),
  ...reduction(
    'percentile',
    (x, ...rest) => ops.percentile(x, 80, ...rest),
    (line) => quantileOf(line, 0.8, 'linear'),
  ),
  ...reduction(
    'nanpercentile',
    (x, ...rest) => ops.nanpercentile(x, 80, ...rest),
    (line) => quantileOf(numbers(line), 0.8, 'linear'),
    { input: someHoles },
  ),
  ...methods.map((method): OperationCase => ({
    name: `quantile, ${method}`,
    apply: (x) =>
      [4, 5, 10].flatMap((n) => [
        ops.quantile(x.slice([[0, n]]), fractions, 0, { method }),
        ops.nanquantile(x.slice([[0, n]]), fractions, 0, { method }),
      ]),
    inputs: [{ values: [3, -1, 10, 7, 2.5, 8, 0, 1, -6, 20] }],
    expected: (x) => ({
      outputs: [4, 5, 10].flatMap((n) => {
        const values = fractions.map((q) => quantileOf(flat(x).slice(0, n), q, method));
        return [values, values];
      }),
    }),
    derivatives: { order: 1 },
  })),
  {
    name: 'quantile, infinities',
    apply: (x) => ops.quantile(x, [0, 0.25, 0.3, 0.5, 0.9, 1]),
    inputs: [{ values: [Infinity, Infinity, 1, -Infinity, 2] }],
    expected: () => [-Infinity, 1, 1.2, 2, Infinity, Infinity],
    derivatives: false,
  },
  {
    name: 'quantile, several with axes kept',
    apply: (x) => ops.quantile(x, [0, 1], 1, { keepdims: true }),
    inputs: [{ shape: [2, 3] }],
    expected: (x) => [Math.min, Math.max].map((f) => (x as number[][]).map((row) => [f(...row)])),
  },
];
