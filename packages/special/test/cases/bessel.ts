import { integrate, integrateTail, meanOverAngles } from '../quadrature.ts';
import type { OperationCase } from '../../../../test/support/testOperations.ts';
import type { Unary } from '@thetagrad/core';
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
  operation: Unary,
  f: (x: number) => number,
  points: readonly number[],
  special: readonly number[],
][] = [
  [special.besselJ0, (x) => J(0, x), real, [1, 0, 0, NaN]],
  [special.besselJ1, (x) => J(1, x), real, [0, 0, -0, NaN]],
  [special.besselY0, (x) => Y(0, x), positive, [-Infinity, 0, NaN, NaN]],
  [special.besselY1, (x) => Y(1, x), positive, [-Infinity, 0, NaN, NaN]],
  [special.sphericalBesselJ0, (x) => integrate((u) => cos(x * u), 0, 1), real, [1, 0, 0, NaN]],
  [special.i0, (x) => I(0, x), real, [1, Infinity, Infinity, NaN]],
  [special.i1, (x) => I(1, x), real, [0, Infinity, -Infinity, NaN]],
  [special.i0e, (x) => exp(-Math.abs(x)) * I(0, x), real, [1, 0, 0, NaN]],
  [special.i1e, (x) => exp(-Math.abs(x)) * I(1, x), real, [0, 0, -0, NaN]],
  [special.modifiedBesselK0, (x) => K(0, x), positive, [Infinity, 0, NaN, NaN]],
  [special.modifiedBesselK1, (x) => K(1, x), positive, [Infinity, 0, NaN, NaN]],
  [special.scaledModifiedBesselK0, (x) => exp(x) * K(0, x), positive, [Infinity, 0, NaN, NaN]],
  [special.scaledModifiedBesselK1, (x) => exp(x) * K(1, x), positive, [Infinity, 0, NaN, NaN]],
];

export const besselCases: readonly OperationCase[] = table.flatMap(
  ([operation, f, points, values]): OperationCase[] => [
    {
      name: operation.primitive.name,
      apply: (x) => operation(x!),
      inputs: [{ values: [...points] }],
      expected: elementwise(f),
      derivatives: { elements: 4 },
    },
    {
      name: `${operation.primitive.name}, special values`,
      apply: (x) => operation(x!),
      inputs: [{ values: [0, Infinity, -Infinity, NaN] }],
      expected: () => [...values],
      derivatives: false,
    },
  ],
);
