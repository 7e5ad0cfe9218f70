import { integrate, integrateTail } from '../quadrature.ts';
import type { OperationCase } from '../../../../test/support/testOperations.ts';
import {
  betainc,
  betaln,
  digamma,
  gamma,
  gammainc,
  gammaincc,
  lgamma,
  multigammaln,
  polygamma,
  zeta,
} from '../../src/index.ts';
import { elementwise } from './elementwise.ts';

/** Γ(a) from a shifted Euler integral. */
function gammaBy(x: number): number {
  if (x < 2) return gammaBy(x + 1) / x;
  return integrateTail((u) => u ** (x - 1) * Math.exp(-u));
}
/** The part of Euler's integral of the second kind below x, over that of Γ. */
const lowerBy = (a: number, x: number): number =>
  // With u = x v^(1/a) the integrand has no singularity.
  (integrate((v) => Math.exp(-x * v ** (1 / a)), 0, 1) * x ** a) / a / gammaBy(a);
/** ψ(x) by DLMF 5.9.12, and its derivatives. */
const digammaBy = (x: number): number =>
  Math.log(x) + integrateTail((u) => (u === 0 ? -0.5 : (1 / u - 1 / -Math.expm1(-u)) * Math.exp(-u * x)));
const polygammaBy = (n: number, x: number): number =>
  (n % 2 === 0 ? -1 : 1) * integrateTail((u) => (u ** n * Math.exp(-x * u)) / -Math.expm1(-u));
/** ζ(s, q) Γ(s) by DLMF 25.11.25. */
const zetaBy = (s: number, q: number): number =>
  integrateTail((u) => (u ** (s - 1) * Math.exp(-q * u)) / -Math.expm1(-u)) / gammaBy(s);
const betaBy = (x: number, y: number): number =>
  integrate((u, distance) => (u < 0.5 ? distance : u) ** (x - 1) * (u < 0.5 ? 1 - u : distance) ** (y - 1), 0, 1);

const inaccurate = { float64: 1e-10 };

export const gammaCases: readonly OperationCase[] = [
  {
    name: 'lgamma',
    apply: (x) => lgamma(x!),
    inputs: [{ values: [0.125, 0.75, 1, 1.25, 2, 2.25, 3.75, 8.25, 9.5, 12] }],
    expected: elementwise((x) => Math.log(gammaBy(x))),
    tolerance: inaccurate,
  },
  {
    name: 'lgamma, negative and special values',
    apply: (x) => lgamma(x!),
    inputs: [
      {
        values: [
          [-0.5, -2.25, -30.75, 0],
          [-0, -3, Infinity, -Infinity],
          [NaN, 1, 2, 3],
        ],
      },
    ],
    expected: () => [
      [Math.log(2 * Math.sqrt(Math.PI)), Math.log(Math.abs(gammaBy(-2.25))), -75.73940730906097, Infinity],
      [Infinity, Infinity, Infinity, Infinity],
      [NaN, 0, 0, Math.log(2)],
    ],
    derivatives: false,
  },
  {
    name: 'gamma',
    apply: (x) => gamma(x!),
    inputs: [{ values: [-3.5, -1.25, -0.25, 0.25, 0.75, 1.5, 2.5, 4.25] }],
    expected: elementwise(gammaBy),
    tolerance: inaccurate,
  },
  {
    name: 'gamma, special values',
    apply: (x) => gamma(x!),
    inputs: [{ values: [0, -0, -1, -30, Infinity, -Infinity, NaN, 5, 11, 36.5] }],
    expected: () => [Infinity, -Infinity, NaN, NaN, Infinity, NaN, NaN, 24, 3628800, Infinity],
    dtypes: ['float32'],
    derivatives: false,
  },
  {
    name: 'digamma',
    apply: (x) => digamma(x!),
    inputs: [{ values: [0.25, 0.75, 1, 1.5, 2.5, 5, 7.75, 20] }],
    expected: elementwise(digammaBy),
    tolerance: inaccurate,
    derivatives: { order: 3 },
  },
  {
    name: 'digamma, negative and special values',
    apply: (x) => digamma(x!),
    inputs: [{ values: [0, -0, -2, Infinity, -Infinity, NaN, -0.5, -2.25] }],
    expected: () => [-Infinity, Infinity, NaN, Infinity, NaN, NaN, 0.03648997397857652, digammaBy(3.25) + Math.PI],
    derivatives: false,
  },
  {
    name: 'polygamma',
    apply: (x) => polygamma(1, x!),
    inputs: [{ values: [0.375, 1, 2.5, 7.5, 20] }],
    expected: elementwise((x) => polygammaBy(1, x)),
    tolerance: inaccurate,
  },
  {
    name: 'polygamma, of order 2 and 4',
    apply: (x) => [polygamma(2, x!), polygamma(4, x!), polygamma(0, x!)],
    inputs: [{ values: [0.625, 1.5, 9] }],
    expected: (x) => ({
      outputs: [
        elementwise((x) => polygammaBy(2, x))(x!),
        elementwise((x) => polygammaBy(4, x))(x!),
        elementwise(digammaBy)(x!),
      ],
    }),
    tolerance: inaccurate,
  },
  {
    name: 'polygamma, negative and special values',
    apply: (x) => polygamma(1, x!),
    inputs: [{ values: [0, -1, Infinity, -Infinity, NaN, -0.5, -10.25] }],
    expected: () => [Infinity, Infinity, 0, NaN, NaN, Math.PI ** 2 - polygammaBy(1, 1.5), 19.646252424622652],
    tolerance: inaccurate,
    derivatives: false,
  },
  {
    name: 'multigammaln',
    apply: (x) => multigammaln(x!, 3),
    inputs: [
      {
        values: [
          [1.5, 2],
          [3.25, 8],
        ],
      },
    ],
    expected: elementwise((x) => Math.log(Math.PI ** 1.5 * gammaBy(x) * gammaBy(x - 0.5) * gammaBy(x - 1))),
    tolerance: inaccurate,
  },
  {
    name: 'betaln',
    apply: (x, y) => betaln(x!, y!),
    inputs: [{ values: [[0.5], [2], [12]] }, { values: [0.75, 3, 30] }],
    expected: () => [0.5, 2, 12].map((x) => [0.75, 3, 30].map((y) => Math.log(betaBy(x, y)))),
    tolerance: inaccurate,
  },
  {
    name: 'betaln, special values',
    apply: (x, y) => betaln(x!, y!),
    inputs: [{ values: [0, 1, NaN, 1e6, 1] }, { values: [2, Infinity, 1, 1, 1e-3] }],
    expected: () => [Infinity, -Infinity, NaN, -Math.log(1e6), Math.log(1e3)],
    derivatives: false,
  },
  {
    name: 'zeta',
    apply: (s, q) => zeta(s!, q!),
    inputs: [{ values: [1.5, 2, 3.5, 6] }, { values: [[0.5], [1], [4]] }],
    expected: () => [0.5, 1, 4].map((q) => [1.5, 2, 3.5, 6].map((s) => zetaBy(s, q))),
    tolerance: inaccurate,
  },
  {
    name: 'zeta, special values',
    apply: (s, q) => zeta(s!, q!),
    inputs: [{ values: [1, 0.5, 2, 2, 2.5, Infinity, 2, NaN] }, { values: [2, 2, -1, -0.5, -0.5, 1, Infinity, 1] }],
    expected: () => [Infinity, NaN, Infinity, 4 + Math.PI ** 2 / 2, NaN, 1, 0, NaN],
    derivatives: false,
  },
  {
    name: 'gammainc',
    apply: (a, x) => gammainc(a!, x!),
    inputs: [{ values: [[0.5], [2], [7]] }, { values: [0.25, 1.5, 6, 12] }],
    expected: () => [0.5, 2, 7].map((a) => [0.25, 1.5, 6, 12].map((x) => lowerBy(a, x))),
    tolerance: inaccurate,
    derivatives: { elements: 4 },
  },
  {
    name: 'gammainc, large and special values',
    apply: (a, x) => gammainc(a!, x!),
    inputs: [
      { values: [100, 100, 1e4, 0, 0, 2, 2, -1, 2, Infinity, Infinity] },
      { values: [95, 180, 1e4, 0, 2, 0, Infinity, 1, -1, 2, Infinity] },
    ],
    expected: () => [0.3173568111698, 0.999999999970517, 0.5013298083399552, NaN, 1, 0, 1, NaN, NaN, 0, NaN],
    derivatives: false,
  },
  {
    name: 'gammaincc',
    apply: (a, x) => gammaincc(a!, x!),
    inputs: [{ values: [[0.5], [2], [7]] }, { values: [0.25, 1.5, 6, 12] }],
    expected: () => [0.5, 2, 7].map((a) => [0.25, 1.5, 6, 12].map((x) => 1 - lowerBy(a, x))),
    tolerance: inaccurate,
    derivatives: { elements: 4 },
  },
  {
    name: 'gammaincc, large a',
    apply: (a, x) => gammaincc(a!, x!),
    inputs: [{ values: [50, 60, 45] }, { values: [50, 52, 40] }],
    expected: () => [50, 60, 45].map((a, i) => 1 - lowerSeries(a, [50, 52, 40][i]!)),
  },
  {
    name: 'betainc',
    apply: (a, b, x) => betainc(a!, b!, x!),
    inputs: [{ values: [1, 2, 5, 3] }, { values: [2, 3, 1, 8] }, { values: [[0.25], [0.75]] }],
    expected: () => [0.25, 0.75].map((x) => [1, 2, 5, 3].map((a, i) => binomialTail(a, [2, 3, 1, 8][i]!, x))),
    derivatives: { elements: 3 },
  },
  {
    name: 'betainc, large and special values',
    apply: (a, b, x) => betainc(a!, b!, x!),
    inputs: [
      { values: [30, 200, 0, 1, 0, 2, 2, -1, 1, Infinity, 1] },
      { values: [40, 100, 1, 0, 0, 3, 3, 1, 1, 1, Infinity] },
      { values: [0.5, 0.625, 0.5, 0.5, 0.5, 0, 1, 0.5, 1.5, 0.5, 0.5] },
    ],
    expected: () => [binomialTail(30, 40, 0.5), binomialTail(200, 100, 0.625), 1, 0, NaN, 0, 1, NaN, NaN, 0, 1],
    derivatives: false,
  },
];

/** I_x(a, b) for integers, a sum of binomial probabilities (DLMF 8.17.5). */
function binomialTail(a: number, b: number, x: number): number {
  const n = a + b - 1;
  let [term, sum] = [(1 - x) ** n, 0];
  for (let k = 0; k <= n; k++) {
    if (k >= a) sum += term;
    term *= (((n - k) / (k + 1)) * x) / (1 - x);
  }
  return sum;
}

/** P(a, x) for integers a, a sum of Poisson probabilities. */
function lowerSeries(a: number, x: number): number {
  let [term, sum] = [Math.exp(-x), 0];
  for (let k = 0; k < a; k++) {
    sum += term;
    term *= x / (k + 1);
  }
  return 1 - sum;
}
