import { integrate, integrateTail, meanOverAngles } from '../quadrature.ts';
import type { OperationCase } from '../../../../test/support/testOperations.ts';
import * as special from '../../src/index.ts';
import { elementwise } from './elementwise.ts';

const { PI, cos, sin, exp, cosh, sinh } = Math;

// Integral representations: DLMF 10.9.1, 10.9.7, 10.32.3, 10.32.9.
const J = (n: number, x: number): number => meanOverAngles((u) => cos(n * u - x * sin(u)));
const Y = (n: number, x: number): number =>
  (integrate((u) => sin(x * sin(u) - n * u), 0, PI) -
    integrate((u) => (exp(n * u) + (-1) ** n * exp(-n * u)) * exp(-x * sinh(u)), 0, 6)) /
  PI;
const I = (n: number, x: number): number => meanOverAngles((u) => exp(x * cos(u)) * cos(n * u));
const K = (n: number, x: number): number => integrateTail((u) => exp(-x * cosh(u)) * cosh(n * u));

const real = [-12, -5, -1, -0.25, 0.5, 2, 7, 9, 20];
const positive = [0.25, 0.75, 1.5, 3, 6, 10];
/** A case for each function: its formula, where it is tested, and values at 0, ∞, −∞ and NaN. */
const table: readonly [
  name: Exclude<keyof typeof special, 'polygamma' | 'multigammaln'>,
  f: (x: number) => number,
  points: readonly number[],
  special: readonly number[],
][] = [
  ['besselJ0', (x) => J(0, x), real, [1, 0, 0, NaN]],
  ['besselJ1', (x) => J(1, x), real, [0, 0, -0, NaN]],
  ['besselY0', (x) => Y(0, x), positive, [-Infinity, 0, NaN, NaN]],
  ['besselY1', (x) => Y(1, x), positive, [-Infinity, 0, NaN, NaN]],
  ['i0', (x) => I(0, x), real, [1, Infinity, Infinity, NaN]],
  ['i1', (x) => I(1, x), real, [0, Infinity, -Infinity, NaN]],
  ['i0e', (x) => exp(-Math.abs(x)) * I(0, x), real, [1, 0, 0, NaN]],
  ['i1e', (x) => exp(-Math.abs(x)) * I(1, x), real, [0, 0, -0, NaN]],
  ['modifiedBesselK0', (x) => K(0, x), positive, [Infinity, 0, NaN, NaN]],
  ['modifiedBesselK1', (x) => K(1, x), positive, [Infinity, 0, NaN, NaN]],
  ['scaledModifiedBesselK0', (x) => exp(x) * K(0, x), positive, [Infinity, 0, NaN, NaN]],
  ['scaledModifiedBesselK1', (x) => exp(x) * K(1, x), positive, [Infinity, 0, NaN, NaN]],
];

export const besselCases: readonly OperationCase[] = table.flatMap(([name, f, points, values]): OperationCase[] => [
  {
    name,
    apply: (x) => (special[name] as (x: unknown) => never)(x),
    inputs: [{ values: points }],
    expected: elementwise(f),
    derivatives: { elements: 4 },
  },
  {
    name: `${name}, special values`,
    apply: (x) => (special[name] as (x: unknown) => never)(x),
    inputs: [{ values: [0, Infinity, -Infinity, NaN] }],
    expected: () => [...values],
    derivatives: false,
  },
]);
