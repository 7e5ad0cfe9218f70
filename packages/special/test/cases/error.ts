import { integrateTail, integrate } from '../quadrature.ts';
import type { OperationCase } from '../../../../test/support/testOperations.ts';
import { erfc, erfcx, erfinv, logNdtr, ndtr, ndtri } from '../../src/index.ts';
import { elementwise, inverse } from './elementwise.ts';

const erfcBy = (x: number): number => (2 / Math.sqrt(Math.PI)) * integrateTail((u) => Math.exp(-((x + u) ** 2)));
const erfcxBy = (x: number): number => (2 / Math.sqrt(Math.PI)) * integrateTail((u) => Math.exp(-u * (2 * x + u)));
const ndtrBy = (x: number): number => integrateTail((u) => Math.exp(-((u - x) ** 2) / 2)) / Math.sqrt(2 * Math.PI);
const erfBy = (x: number): number => (2 / Math.sqrt(Math.PI)) * integrate((u) => Math.exp(-u * u), 0, x);

export const errorCases: readonly OperationCase[] = [
  {
    name: 'erfc',
    apply: (x) => erfc(x!),
    inputs: [{ values: [-2.5, -0.5, 0, 0.3, 0.7, 1.1, 2, 3.5] }],
    expected: elementwise(erfcBy),
  },
  {
    name: 'erfc, special values',
    apply: (x) => erfc(x!),
    inputs: [{ values: [-Infinity, Infinity, NaN, -0, 30] }],
    expected: () => [2, 0, NaN, 1, 0],
    derivatives: false,
  },
  {
    name: 'erfcx',
    apply: (x) => erfcx(x!),
    inputs: [{ values: [-1.5, -0.5, 0.25, 0.75, 1, 2.5, 8, 40] }],
    expected: elementwise(erfcxBy),
    derivatives: { order: 3 },
  },
  {
    name: 'erfcx, special values',
    apply: (x) => erfcx(x!),
    inputs: [{ values: [-Infinity, Infinity, NaN, 0, -30, 1e30] }],
    expected: () => [Infinity, 0, NaN, 1, Infinity, 1 / (1e30 * Math.sqrt(Math.PI))],
    derivatives: false,
  },
  {
    name: 'erfinv',
    apply: (x) => erfinv(x!),
    inputs: [{ values: [-0.95, -0.5, 0.0625, 0.25, 0.75, 0.96875] }],
    expected: elementwise((x) => inverse(erfBy, x, -3, 3)),
  },
  {
    name: 'erfinv, special values',
    apply: (x) => erfinv(x!),
    inputs: [{ values: [-1, 1, 1.5, NaN, 0, -0] }],
    expected: () => [-Infinity, Infinity, NaN, NaN, 0, -0],
    derivatives: false,
  },
  {
    name: 'ndtr',
    apply: (x) => ndtr(x!),
    inputs: [
      {
        values: [
          [-3, -1.5],
          [-0.5, 0],
          [0.5, 2],
        ],
      },
    ],
    expected: elementwise(ndtrBy),
  },
  {
    name: 'ndtr, special values',
    apply: (x) => ndtr(x!),
    inputs: [{ values: [-Infinity, Infinity, NaN, 0, -50, 50] }],
    expected: () => [0, 1, NaN, 0.5, 0, 1],
    derivatives: false,
  },
  {
    name: 'logNdtr',
    apply: (x) => logNdtr(x!),
    inputs: [{ values: [-8, -3, -1.5, -0.5, 0, 1.5, 3] }],
    expected: elementwise((x) => Math.log(ndtrBy(x))),
  },
  {
    name: 'logNdtr, tails',
    apply: (x) => logNdtr(x!),
    inputs: [{ values: [-Infinity, Infinity, NaN, -1e30] }],
    expected: () => [-Infinity, 0, NaN, -Infinity],
    dtypes: ['float32'],
    derivatives: false,
  },
  {
    name: 'ndtri',
    apply: (p) => ndtri(p!),
    inputs: [{ values: [0.03125, 0.0625, 0.25, 0.5, 0.625, 0.875] }],
    expected: elementwise((p) => inverse(ndtrBy, p, -4, 4)),
  },
  {
    name: 'ndtri, special values',
    apply: (p) => ndtri(p!),
    inputs: [{ values: [0, 1, -0.5, 1.5, NaN] }],
    expected: () => [-Infinity, Infinity, NaN, NaN, NaN],
    derivatives: false,
  },
];
