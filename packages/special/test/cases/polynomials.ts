import type { Tensor } from '@thetagrad/core';
import type { OperationCase } from '../../../../test/support/testOperations.ts';
import * as special from '../../src/index.ts';
import { elementwise } from './elementwise.ts';

const { cos, sin, acos, sqrt } = Math;

/** n-th coefficients by Rodrigues-like sums. */
const choose = (n: number, k: number): number => (k === 0 ? 1 : (choose(n - 1, k - 1) * n) / k);
const sum = (count: number, term: (k: number) => number): number =>
  Array.from({ length: count + 1 }, (_, k) => term(k)).reduce((total, value) => total + value, 0);
const factorial = (n: number): number => (n < 2 ? 1 : n * factorial(n - 1));

// Formulas of DLMF 18.5.
const T = (n: number, x: number): number => cos(n * acos(x));
const U = (n: number, x: number): number => sin((n + 1) * acos(x)) / sqrt(1 - x * x);
const V = (n: number, x: number): number => cos((n + 0.5) * acos(x)) / cos(acos(x) / 2);
const W = (n: number, x: number): number => sin((n + 0.5) * acos(x)) / sin(acos(x) / 2);
const H = (n: number, x: number): number =>
  factorial(n) *
  sum(Math.floor(n / 2), (k) => ((-1) ** k * (2 * x) ** (n - 2 * k)) / (factorial(k) * factorial(n - 2 * k)));
const He = (n: number, x: number): number => 2 ** (-n / 2) * H(n, x / Math.SQRT2);
const L = (n: number, x: number): number => sum(n, (k) => (choose(n, k) * (-x) ** k) / factorial(k));
const P = (n: number, x: number): number =>
  sum(n, (k) => choose(n, k) ** 2 * (x - 1) ** (n - k) * (x + 1) ** k) / 2 ** n;

type Formula = (n: number, x: number) => number;
const shift =
  (f: Formula): Formula =>
  (n, x) =>
    f(n, 2 * x - 1);

const table: readonly (readonly [(x: Tensor, n: number) => Tensor, Formula])[] = [
  [special.chebyshevPolynomialT, T],
  [special.chebyshevPolynomialU, U],
  [special.chebyshevPolynomialV, V],
  [special.chebyshevPolynomialW, W],
  [special.shiftedChebyshevPolynomialT, shift(T)],
  [special.shiftedChebyshevPolynomialU, shift(U)],
  [special.shiftedChebyshevPolynomialV, shift(V)],
  [special.shiftedChebyshevPolynomialW, shift(W)],
  [special.hermitePolynomialH, H],
  [special.hermitePolynomialHe, He],
  [special.laguerrePolynomialL, L],
  [special.legendrePolynomialP, P],
];

export const polynomialCases: readonly OperationCase[] = table.map(([operation, formula]) => ({
  name: operation.name,
  apply: (x) => [0, 1, 2, 5].map((n) => operation(x!, n)),
  inputs: [{ values: [0.125, 0.375, 0.75] }],
  expected: (x) => ({ outputs: [0, 1, 2, 5].map((n) => elementwise((x) => formula(n, x!))(x!)) }),
}));
