import { tensor, type NestedArray, type Tensor } from '@thetagrad/core';
import type { Input, OperationCase } from '../../../../test/support/testOperations.ts';
import * as ops from '../../src/index.ts';
import { flat, lines, map, mean, sorted, sum, transposed } from '../plain.ts';

const matrix: Input = { shape: [3, 4] };
const holes: Input = {
  values: [
    [1, NaN, 3, 2.5],
    [NaN, NaN, -4, 0.5],
    [NaN, NaN, NaN, NaN],
  ],
};
/** Rows in which some are missing, but not all, so that there are derivatives. */
const someHoles: Input = {
  values: [
    [1, NaN, 3, 2.5],
    [NaN, NaN, -4, 0.5],
  ],
};
const integers: Input = {
  values: [
    [5, -2, 5],
    [0, 7, 1],
  ],
  dtype: 'int32',
};
const bools: Input = { values: [true, false, true], dtype: 'bool' };

const numbers = (line: readonly number[]): number[] => line.filter((value) => !Number.isNaN(value));
const variance = (line: readonly number[], correction = 0): number =>
  sum(line.map((value) => (value - mean(line)) ** 2)) / (line.length - correction);

/** A reduction of lines: over the last axis, over all axes with keepdims, without elements, of int32, at NaN. */
function reduction(
  name: string,
  apply: (x: Tensor, axis?: number | readonly number[], options?: { keepdims?: boolean }) => Tensor,
  formula: (line: number[]) => number | boolean,
  { input = matrix, empty, nan = holes }: { input?: Input; empty?: number; nan?: Input } = {},
): OperationCase[] {
  const ofInt32 = (x: NestedArray): NestedArray => lines(formula, x);
  return [
    { name, apply: (x) => apply(x, -1), inputs: [input], expected: (x) => lines(formula, x) },
    {
      name: `${name}, all axes kept`,
      apply: (x) => apply(x, undefined, { keepdims: true }),
      inputs: [input],
      expected: (x) => [[formula(flat(x))]],
      derivatives: { order: 1 },
    },
    {
      name: `${name}, axis 0 of three, a list of axes`,
      apply: (x) => [apply(x, [0, 2]), apply(x.permute([1, 0, 2]), [1, -1], { keepdims: true })],
      inputs: [{ shape: [2, 2, 2] }],
      expected: (x) => {
        const [a, b] = x as number[][][];
        const values = [0, 1].map((i) => formula([...a![i]!, ...b![i]!]));
        return { outputs: [values, values.map((value) => [[value]])] };
      },
      derivatives: false,
    },
    {
      name: `${name}, NaN`,
      apply: (x) => apply(x, 1),
      inputs: [nan],
      expected: (x) => lines(formula, x),
      derivatives: false,
    },
    { name: `${name}, int32`, apply: (x) => apply(x, 1), inputs: [integers], expected: ofInt32 },
    {
      name: `${name}, a scalar`,
      apply: (x) => apply(x),
      inputs: [{ values: 2.5 }],
      expected: (x) => formula([x as number]),
      derivatives: false,
    },
    ...(empty === undefined
      ? []
      : [
          {
            name: `${name}, empty`,
            apply: (x: Tensor) => [apply(x, 1), apply(x, 0)],
            inputs: [{ shape: [2, 0] }],
            expected: () => ({ outputs: [[empty, empty], []] }),
            derivatives: false as const,
          },
        ]),
  ];
}

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

const quantiles: OperationCase[] = [
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

/** Indices take one axis. */
const indexOf =
  (f: typeof ops.nanargmax) =>
  (x: Tensor, axis?: number | readonly number[], options?: { keepdims?: boolean }): Tensor =>
    f(x, axis as number | undefined, options);
const isOfIndices = ({ name, inputs }: OperationCase): boolean =>
  inputs[0] === holes || inputs[0] === integers || name.endsWith('a scalar');

function cumulation(
  name: string,
  apply: typeof ops.nancumsum,
  start: number,
  combine: (a: number, b: number) => number,
): OperationCase[] {
  const formula = (line: number[]): number[] =>
    line.map((_, i) => numbers(line.slice(0, i + 1)).reduce(combine, start));
  return [
    { name, apply: (x) => apply(x), inputs: [someHoles], expected: (x) => lines(formula, x) },
    {
      name: `${name}, int32 and options`,
      apply: (x) => [apply(x), apply(x, 1, { reverse: true, exclusive: true })],
      inputs: [integers],
      expected: (x) => ({
        outputs: [
          lines(formula, x),
          lines((line) => [start, ...formula(line.toReversed())].slice(0, -1).toReversed(), x),
        ],
      }),
    },
  ];
}

const nanReductions: OperationCase[] = [
  ...reduction('countNonzero', ops.countNonzero, (line) => line.filter((value) => value !== 0).length, {
    empty: 0,
  }).map((each) => ({ ...each, derivatives: false as const })),
  ...reduction('nansum', ops.nansum, (line) => sum(numbers(line)), { input: someHoles, empty: 0 }),
  ...reduction('nanprod', ops.nanprod, (line) => numbers(line).reduce((product, value) => product * value, 1), {
    input: someHoles,
    empty: 1,
  }),
  ...reduction('nanmean', ops.nanmean, (line) => mean(numbers(line)), { input: someHoles, empty: NaN }),
  ...reduction('nanvar', ops.nanvar, (line) => variance(numbers(line)), { input: someHoles, empty: NaN }),
  ...reduction('nanstd', ops.nanstd, (line) => Math.sqrt(variance(numbers(line))), { input: someHoles, empty: NaN }),
  ...reduction('nanmax', ops.nanmax, (line) => (numbers(line).length > 0 ? Math.max(...numbers(line)) : NaN), {
    input: someHoles,
  }),
  ...reduction('nanmin', ops.nanmin, (line) => (numbers(line).length > 0 ? Math.min(...numbers(line)) : NaN), {
    input: someHoles,
  }),
  ...reduction('nanargmax', indexOf(ops.nanargmax), (line) => line.indexOf(Math.max(...numbers(line)))).filter(
    isOfIndices,
  ),
  ...reduction('nanargmin', indexOf(ops.nanargmin), (line) => line.indexOf(Math.min(...numbers(line)))).filter(
    isOfIndices,
  ),
  {
    name: 'nanargmax, all axes, and along one that is kept',
    apply: (x) => [ops.nanargmax(x), ops.nanargmin(x), ops.nanargmax(x, 0, { keepdims: true })],
    inputs: [holes],
    expected: () => ({ outputs: [2, 6, [[0, -1, 0, 0]]] }),
    derivatives: false,
  },
  ...cumulation('nancumsum', ops.nancumsum, 0, (a, b) => a + b),
  ...cumulation('nancumprod', ops.nancumprod, 1, (a, b) => a * b),
  {
    name: 'nanvar, correction',
    apply: (x) => [
      ops.nanvar(x, 1, { correction: 1 }),
      ops.nanstd(x, 1, { correction: 1 }),
      ops.nanvar(x, 1, { correction: 3 }),
    ],
    inputs: [someHoles],
    expected: (x) => {
      const values = (x as number[][]).map((row) => variance(numbers(row), 1));
      return { outputs: [values, values.map(Math.sqrt), [NaN, NaN]] };
    },
    derivatives: false,
  },
  {
    name: 'nanmean, beyond the range of a sum',
    apply: (x) => [ops.nanmean(x.mul(3e38)), ops.nanvar(x.mul(1e19)), ops.nanstd(x.mul(1e30))],
    inputs: [{ values: [1, NaN, 1, 0.5, 0.5] }],
    expected: () => ({ outputs: [0.75 * 3e38, 6.25e36, 2.5e29] }),
    derivatives: false,
  },
];

const attaining = (line: readonly number[], f: (...x: number[]) => number): number => {
  const extremum = f(...line);
  return line.findIndex((value) => Object.is(value, extremum));
};

function selection(
  name: string,
  apply: (x: Tensor, axis?: number, options?: { keepdims?: boolean }) => ops.ValuesAndIndices,
  index: (line: number[]) => number,
  { flattens = false } = {},
): OperationCase[] {
  const value = (line: number[]): number => line[index(line)]!;
  const tied: Input = {
    values: [
      [1, 3, 3, -2],
      [2, 0, 2, 0],
      [4, NaN, 5, NaN],
    ],
  };
  return [
    { name, apply: (x) => apply(x, 1).values, inputs: [matrix], expected: (x) => lines(value, x) },
    {
      name: `${name}, ties and NaN`,
      apply: (x) => Object.values(apply(x, -1)),
      inputs: [tied],
      expected: (x) => ({ outputs: [lines(value, x), lines(index, x)] }),
      derivatives: false,
    },
    {
      name: `${name}, axis 0 kept`,
      apply: (x) => Object.values(apply(x, 0, { keepdims: true })),
      inputs: [integers],
      expected: (x) => ({ outputs: [[transposed(x).map(value)], [transposed(x).map(index)]] }),
    },
    ...(flattens
      ? [
          {
            name: `${name}, all axes`,
            apply: (x: Tensor) => [
              ...Object.values(apply(x)),
              ...Object.values(apply(x, undefined, { keepdims: true })),
            ],
            inputs: [matrix],
            expected: (x: NestedArray) => {
              const [values, indices] = [value(flat(x)), index(flat(x))];
              return { outputs: [values, indices, [[values]], [[indices]]] };
            },
            derivatives: false as const,
          },
        ]
      : []),
  ];
}

/** The index of the latest extremum or NaN up to each element. */
function latest(line: readonly number[], wins: (x: number, best: number) => boolean): number[] {
  let best = 0;
  return line.map((value, i) => {
    const current = line[best]!;
    if (Number.isNaN(value) || (!Number.isNaN(current) && (wins(value, current) || value === current))) best = i;
    return best;
  });
}

function tracking(
  name: string,
  apply: typeof ops.cummaxWithIndices,
  wins: (x: number, best: number) => boolean,
): OperationCase[] {
  const indices = (line: number[]): number[] => latest(line, wins);
  const values = (line: number[]): number[] => indices(line).map((i) => line[i]!);
  return [
    { name, apply: (x) => apply(x).values, inputs: [matrix], expected: (x) => lines(values, x) },
    {
      name: `${name}, ties and NaN, in both directions`,
      apply: (x) => [...Object.values(apply(x)), ...Object.values(apply(x, -1, { reverse: true }))],
      inputs: [
        {
          values: [
            [1, 3, 3, 2, 5],
            [2, NaN, 1, NaN, 4],
            [-1, -1, -3, -3, Infinity],
          ],
        },
      ],
      expected: (x) => {
        const reversed = (line: number[]): number[] =>
          indices(line.toReversed())
            .map((i) => line.length - 1 - i)
            .toReversed();
        return {
          outputs: [
            lines(values, x),
            lines(indices, x),
            lines((line) => reversed(line).map((i) => line[i]!), x),
            lines(reversed, x),
          ],
        };
      },
      derivatives: false,
    },
    {
      name: `${name}, along axis 0`,
      apply: (x) => Object.values(apply(x, 0)),
      inputs: [integers],
      expected: (x) => ({
        outputs: [transposed(transposed(x).map(values)), transposed(transposed(x).map(indices))],
      }),
    },
  ];
}

const kth = (line: readonly number[], k: number): number =>
  line
    .map((value, i) => [value, i] as const)
    .toSorted(
      ([a, i], [b, j]) => Number(Number.isNaN(a)) - Number(Number.isNaN(b)) || (a < b ? -1 : a > b ? 1 : 0) || i - j,
    )[k - 1]![1];

const modeOf = (line: readonly number[]): number => {
  const count = (value: number): number => line.filter((other) => other === value).length || 1;
  const most = Math.max(...line.map(count));
  const candidates = sorted(line.filter((value) => count(value) === most && !Number.isNaN(value)));
  return line.lastIndexOf(candidates[0]!);
};

const order: OperationCase[] = [
  ...selection('maxWithIndices', ops.maxWithIndices, (line) => attaining(line, Math.max), { flattens: true }),
  ...selection('minWithIndices', ops.minWithIndices, (line) => attaining(line, Math.min), { flattens: true }),
  ...selection(
    'kthvalue',
    (x, ...rest) => ops.kthvalue(x, 2, ...rest),
    (line) => kth(line, 2),
  ),
  ...selection('mode', ops.mode, modeOf),
  {
    name: 'mode, frequent elements',
    apply: (x) => Object.values(ops.mode(x)),
    inputs: [
      {
        values: [
          [3, 1, 3, 1, 3],
          [2, 2, 9, 9, 0],
          [7, 6, 5, 4, 4],
        ],
      },
    ],
    expected: () => ({
      outputs: [
        [3, 2, 4],
        [4, 1, 4],
      ],
    }),
    derivatives: false,
  },
  ...tracking('cummaxWithIndices', ops.cummaxWithIndices, (x, best) => x > best),
  ...tracking('cumminWithIndices', ops.cumminWithIndices, (x, best) => x < best),
  ...reduction('ptp', ops.ptp, (line) => Math.max(...line) - Math.min(...line)),
  {
    name: 'aminmax',
    apply: (x) => Object.values(ops.aminmax(x, 1)),
    inputs: [matrix],
    expected: (x) => ({ outputs: [lines((line) => Math.min(...line), x), lines((line) => Math.max(...line), x)] }),
  },
];

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

const moments: OperationCase[] = [
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

const norm = (line: readonly number[], p: number): number => {
  const magnitudes = line.map(Math.abs);
  if (p === 0) return line.filter((value) => value !== 0).length;
  if (Math.abs(p) === Infinity) return Math[p > 0 ? 'max' : 'min'](...magnitudes);
  return sum(magnitudes.map((value) => value ** p)) ** (1 / p);
};
const apart: Input = { shape: [3, 4], avoid: [0] };
const orders = [0, 0.5, 1, 2, 3, Infinity, -Infinity, -1, -2.5];

const norms: OperationCase[] = [
  ...reduction(
    'vectorNorm',
    (x, axis, options) => ops.vectorNorm(x, axis, { ord: 3, ...options }),
    (line) => norm(line, 3),
    {
      input: apart,
      empty: 0,
    },
  ),
  ...orders.map((ord): OperationCase => ({
    name: `vectorNorm, order ${ord}`,
    apply: (x) => ops.vectorNorm(x, 1, { ord }),
    inputs: [apart],
    expected: (x) => lines((line) => norm(line, ord), x),
  })),
  {
    name: 'vectorNorm, zeros, infinities and the ends of the range',
    apply: (x) => orders.map((ord) => ops.vectorNorm(x, 1, { ord })),
    inputs: [
      {
        values: [
          [0, 0],
          [0, 3],
          [Infinity, 3],
          [1e30, 1e30],
          [1e-30, 1e-30],
          [NaN, 1],
        ],
      },
    ],
    expected: (x) => ({
      outputs: orders.map((ord) =>
        lines((line) => {
          if (ord !== 0 && line.includes(NaN)) return NaN;
          if (ord < 0 && line.includes(0)) return 0;
          return norm(line, ord);
        }, x),
      ),
    }),
    tolerance: { float32: 1e-5 },
    derivatives: false,
  },
  {
    name: 'normalize',
    apply: (x) => ops.normalize(x),
    inputs: [matrix],
    expected: (x) => lines((line) => line.map((value) => value / norm(line, 2)), x),
  },
  {
    name: 'normalize, other norms and zeros',
    apply: (x) => [
      ops.normalize(x, 1, { p: 1 }),
      ops.normalize(x, [0, 1], { p: Infinity }),
      ops.normalize(x, 0, { eps: 100 }),
    ],
    inputs: [
      {
        values: [
          [1, -3],
          [0, 0],
        ],
        dtype: 'int32',
      },
    ],
    expected: () => ({
      outputs: [
        [
          [0.25, -0.75],
          [0, 0],
        ],
        [
          [1 / 3, -1],
          [0, 0],
        ],
        [
          [0.01, -0.03],
          [0, 0],
        ],
      ],
    }),
  },
];

const subtract = (a: readonly number[], b: readonly number[], eps = 0): number[] =>
  a.map((value, i) => value - b[i]! + eps);
const points: Input = { shape: [3, 2] };
const others: Input = { shape: [4, 2], from: 2.5, to: 4 };

const distances: OperationCase[] = [
  {
    name: 'dist',
    apply: (x, y) => ops.dist(x, y, { p: 3 }),
    inputs: [points, { shape: [2], from: 3, to: 4 }],
    expected: (x, y) =>
      norm(
        (x as number[][]).flatMap((row) => subtract(row, flat(y))),
        3,
      ),
  },
  {
    name: 'dist, int32',
    apply: (x, y) => [ops.dist(x, y), ops.dist(x, x), ops.dist(x, y, { p: 1 })],
    inputs: [
      { values: [2147483647, 3], dtype: 'int32' },
      { values: [-2147483648, 3], dtype: 'int32' },
    ],
    expected: () => ({ outputs: [2 ** 32, 0, 2 ** 32] }),
  },
  {
    name: 'pairwiseDistance',
    apply: (x, y) => ops.pairwiseDistance(x, y),
    inputs: [points, { shape: [3, 2], from: 2.5, to: 4 }],
    expected: (x, y) => (x as number[][]).map((row, i) => norm(subtract(row, (y as number[][])[i]!, 1e-6), 2)),
  },
  {
    name: 'pairwiseDistance, options',
    apply: (x, y) => ops.pairwiseDistance(x, y, { p: 1, eps: 0, keepdims: true }),
    inputs: [points, { shape: [2], from: 2.5, to: 4 }],
    expected: (x, y) => (x as number[][]).map((row) => [norm(subtract(row, flat(y)), 1)]),
  },
  ...[1, 2, 2.5, Infinity].map((p): OperationCase => ({
    name: `cdist, order ${p}`,
    apply: (x, y) => ops.cdist(x, y, { p }),
    inputs: [points, others],
    expected: (x, y) => (x as number[][]).map((a) => (y as number[][]).map((b) => norm(subtract(a, b), p))),
  })),
  {
    name: 'cdist, batches and no points',
    apply: (x, y) => [ops.cdist(x, y.expandDims(0)), ops.cdist(x.slice([null, [0, 0]]), y)],
    inputs: [{ shape: [2, 1, 2] }, others],
    expected: (x, y) => ({
      outputs: [(x as number[][][]).map(([a]) => [(y as number[][]).map((b) => norm(subtract(a!, b), 2))]), [[], []]],
    }),
    derivatives: false,
  },
  {
    name: 'pdist',
    apply: (x) => ops.pdist(x),
    inputs: [
      {
        values: [
          [0, 0],
          [3, 4],
          [-1, 2],
          [5, 0],
        ],
      },
    ],
    expected: (x) => {
      const all = x as number[][];
      return all.flatMap((a, i) => all.slice(i + 1).map((b) => norm(subtract(a, b), 2)));
    },
  },
  {
    name: 'pdist, one point',
    apply: (x) => ops.pdist(x, { p: 1 }),
    inputs: [{ shape: [1, 3] }],
    expected: () => [],
    derivatives: false,
  },
  {
    name: 'cosineSimilarity',
    apply: (x, y) => ops.cosineSimilarity(x, y),
    inputs: [matrix, { shape: [4] }],
    expected: (x, y) =>
      lines((line) => sum(line.map((value, i) => value * flat(y)[i]!)) / norm(line, 2) / norm(flat(y), 2), x),
  },
  {
    name: 'cosineSimilarity, zeros and large numbers along axis 0',
    apply: (x, y) => ops.cosineSimilarity(x, y, 0),
    inputs: [
      {
        values: [
          [0, 3e20],
          [0, 4e20],
        ],
      },
      {
        values: [
          [1, 1],
          [2, 0],
        ],
      },
    ],
    expected: () => [0, 0.6],
    derivatives: false,
  },
];

const histogramOf = (line: readonly number[], edges: readonly number[], weights: readonly number[]): number[] =>
  edges.slice(1).map((end, i) => {
    const isInside = (value: number): boolean =>
      value >= edges[i]! && (value < end || (i === edges.length - 2 && value === end));
    return sum(weights.filter((_, j) => isInside(line[j]!)));
  });

const histograms: OperationCase[] = [
  {
    name: 'bincount',
    apply: (x, w) => ops.bincount(x, 4, { weights: w }),
    inputs: [{ values: [1, 3, 1, 0, 1], dtype: 'int32' }, { shape: [5] }],
    expected: (x, w) => [0, 1, 2, 3].map((bin) => sum(flat(w).filter((_, i) => flat(x)[i] === bin))),
  },
  {
    name: 'bincount, counts, bool and none',
    apply: (x, w) => [ops.bincount(x, 3), ops.bincount(x, 3, { weights: w }), ops.bincount(x.slice([[0, 0]]), 2)],
    inputs: [{ values: [1, 2, 1], dtype: 'int32' }, bools],
    expected: () => ({
      outputs: [
        [0, 2, 1],
        [0, 2, 0],
        [0, 0],
      ],
    }),
  },
  {
    name: 'histogram',
    apply: (x) => Object.values(ops.histogram(x, { bins: 4 })),
    inputs: [
      {
        values: [
          [0, 1, 2, 2.5],
          [4, 8, 3.9, 6],
        ],
      },
    ],
    expected: (x) => ({
      outputs: [
        histogramOf(
          flat(x),
          [0, 2, 4, 6, 8],
          flat(x).map(() => 1),
        ),
        [0, 2, 4, 6, 8],
      ],
    }),
    derivatives: false,
  },
  {
    name: 'histogram, weights, in a range',
    apply: (x, w) => [
      ops.histogram(x, { bins: 5, range: [-1, 1.5], weights: w }).hist,
      ops.histogram(x, { bins: tensor([-2, 0, 0.5, 2]), weights: w }).hist,
    ],
    inputs: [{ values: [-1, 1.5, 3, NaN, Infinity, -0.5, 0.25, -2] }, { shape: [8] }],
    expected: (x, w) => ({
      outputs: [
        histogramOf(flat(x), [-1, -0.5, 0, 0.5, 1, 1.5], flat(w)),
        histogramOf(flat(x), [-2, 0, 0.5, 2], flat(w)),
      ],
    }),
    derivatives: false,
  },
  {
    name: 'histogram, weights differentiated',
    apply: (w) => ops.histogram(tensor([0.1, 0.9, 0.8]), { bins: 2, range: [0, 1], weights: w, density: true }).hist,
    inputs: [{ shape: [3], from: 0.5 }],
    expected: (w) => {
      const [a, b, c] = flat(w) as [number, number, number];
      return [a, b + c].map((value) => value / (a + b + c) / 0.5);
    },
  },
  {
    name: 'histogram, density and equal elements',
    apply: (x, n) => [
      ops.histogram(x, { bins: tensor([0, 1, 4]), density: true }).hist,
      ...Object.values(ops.histogram(n, { bins: 2 })),
    ],
    inputs: [{ values: [0.5, 2, 3, 4] }, { values: [7, 7, 7], dtype: 'int32' }],
    expected: () => ({
      outputs: [
        [0.25, 0.25],
        [0, 3],
        [6.5, 7, 7.5],
      ],
    }),
    derivatives: false,
  },
];

const boxes: OperationCase[] = [
  {
    name: 'histogramdd',
    apply: (x) => {
      const { hist, binEdges } = ops.histogramdd(x, { bins: 2 });
      return [hist, ...binEdges];
    },
    inputs: [
      {
        values: [
          [0, 0],
          [1, 1],
          [2, 4],
          [0.5, 3.5],
          [1.5, 2],
        ],
      },
    ],
    expected: () => ({
      outputs: [
        [
          [1, 1],
          [1, 2],
        ],
        [0, 1, 2],
        [0, 2, 4],
      ],
    }),
    derivatives: false,
  },
  {
    name: 'histogramdd, weights of three dimensions, some points outside',
    apply: (w) =>
      ops.histogramdd(
        tensor([
          [0, 0, 1],
          [1, 2, 3],
          [2, 4, 1],
          [5, 0, 0],
          [1, NaN, 1],
          [0, 8, 0.5],
        ]),
        {
          bins: [1, tensor([0, 1, 9]), 2],
          range: [
            [0, 2],
            [0, 1],
            [0, 2],
          ],
          weights: w,
          density: true,
        },
      ).hist,
    inputs: [{ shape: [6], from: 0.5 }],
    expected: (w) => {
      const [a, , c, , , f] = flat(w) as [number, number, number, number, number, number];
      const total = a + c + f;
      return [
        [
          [0, a / total / 2 / 1 / 1],
          [f / total / 2 / 8 / 1, c / total / 2 / 8 / 1],
        ],
      ];
    },
  },
];

const differences = (line: readonly number[]): number[] => line.slice(1).map((value, i) => value - line[i]!);
/** Slopes of the parabola through three neighbors, at each of them. */
const parabola = (t: readonly number[], y: readonly number[], at: number): number => {
  const [a, b, c] = t as [number, number, number];
  return (
    (y[0]! * (2 * at - b - c)) / ((a - b) * (a - c)) +
    (y[1]! * (2 * at - a - c)) / ((b - a) * (b - c)) +
    (y[2]! * (2 * at - a - b)) / ((c - a) * (c - b))
  );
};
function slopes(y: readonly number[], t: readonly number[], edgeOrder: 1 | 2): number[] {
  return y.map((_, i) => {
    const start = Math.min(Math.max(i - 1, 0), y.length - 3);
    const isEdge = i === 0 || i === y.length - 1;
    if (isEdge && edgeOrder === 1) {
      const j = Math.min(i, y.length - 2);
      return (y[j + 1]! - y[j]!) / (t[j + 1]! - t[j]!);
    }
    return parabola(t.slice(start, start + 3), y.slice(start, start + 3), t[i]!);
  });
}
const area = (y: readonly number[], t: readonly number[]): number[] =>
  differences(t).map((width, i) => ((y[i]! + y[i + 1]!) / 2) * width);
const running = (line: readonly number[]): number[] => line.map((_, i) => sum(line.slice(0, i + 1)));
const steady = [0, 1, 2, 3];
const uneven: Input = { values: [0, 0.5, 2, 3] };

const samples: OperationCase[] = [
  {
    name: 'diff',
    apply: (x) => ops.diff(x, 2),
    inputs: [matrix],
    expected: (x) => lines((line) => differences(differences(line)), x),
  },
  {
    name: 'diff, ends, axis 0, and no difference',
    apply: (x, y) => [ops.diff(x, 1, 0, { prepend: y, append: 5 }), ops.diff(x, 0), ops.diff(x, 9)],
    inputs: [matrix, { shape: [1, 4] }],
    expected: (x, y) => {
      const extended = transposed([...(y as number[][]), ...(x as number[][]), [5, 5, 5, 5]]);
      return { outputs: [transposed(extended.map(differences)), x, [[], [], []]] };
    },
    derivatives: false,
  },
  {
    name: 'diff, int32 and bool',
    apply: (x, y) => [ops.diff(x), ops.diff(y), ops.diff(y, 1, 0, { prepend: 3 })],
    inputs: [{ values: [5, -2147483648, 2147483647], dtype: 'int32' }, bools],
    expected: () => ({
      outputs: [
        [2147483643, -1],
        [true, true],
        [-2, -1, 1],
      ],
    }),
  },
  {
    name: 'gradient',
    apply: (x) => ops.gradient(x, 1),
    inputs: [matrix],
    expected: (x) => lines((line) => slopes(line, steady, 1), x),
  },
  {
    name: 'gradient, of all axes by second order at the ends',
    apply: (x) => ops.gradient(x, undefined, { spacing: 0.5, edgeOrder: 2 }),
    inputs: [matrix],
    expected: (x) => ({
      outputs: [
        transposed(transposed(x).map((line) => slopes(line, [0, 0.5, 1], 2))),
        lines((line) => slopes(line, [0, 0.5, 1, 1.5], 2), x),
      ],
    }),
    derivatives: { order: 1 },
  },
  {
    name: 'gradient, coordinates',
    apply: (x, t) => [ops.gradient(x, 1, { spacing: t }), ops.gradient(x, -1, { spacing: t, edgeOrder: 2 })],
    inputs: [matrix, uneven],
    expected: (x, t) => ({
      outputs: [lines((line) => slopes(line, flat(t), 1), x), lines((line) => slopes(line, flat(t), 2), x)],
    }),
    derivatives: { order: 1 },
  },
  {
    name: 'gradient, of two int32',
    apply: (x) => ops.gradient(x, [0]),
    inputs: [{ values: [3, 7], dtype: 'int32' }],
    expected: () => ({ outputs: [[4, 4]] }),
  },
  {
    name: 'trapezoid',
    apply: (y, t) => ops.trapezoid(y, -1, { x: t }),
    inputs: [matrix, uneven],
    expected: (y, t) => lines((line) => sum(area(line, flat(t))), y),
  },
  {
    name: 'trapezoid, equal steps, coordinates of each line, few samples',
    apply: (y, t) => [
      ops.trapezoid(y, 0, { dx: 2 }),
      ops.trapezoid(y, -1, { x: t }),
      ops.trapezoid(y.slice([null, [0, 1]])),
      ops.trapezoid(y.slice([null, [0, 0]])),
    ],
    inputs: [matrix, { shape: [3, 4] }],
    expected: (y, t) => ({
      outputs: [
        transposed(y).map((line) => sum(area(line, [0, 2, 4]))),
        (y as number[][]).map((line, i) => sum(area(line, (t as number[][])[i]!))),
        [0, 0, 0],
        [0, 0, 0],
      ],
    }),
    derivatives: false,
  },
  {
    name: 'cumulativeTrapezoid',
    apply: (y, t) => ops.cumulativeTrapezoid(y, 1, { x: t }),
    inputs: [matrix, uneven],
    expected: (y, t) => lines((line) => running(area(line, flat(t))), y),
  },
  {
    name: 'cumulativeTrapezoid, int32',
    apply: (y) => ops.cumulativeTrapezoid(y, 1, { dx: 0.5 }),
    inputs: [integers],
    expected: (y) => lines((line) => running(area(line, [0, 0.5, 1])), y),
  },
];

/** The polygon through points, by its definition segment by segment. */
function polygon(x: number, xp: readonly number[], fp: readonly number[], left = fp[0]!, right = fp.at(-1)!): number {
  if (Number.isNaN(x)) return NaN;
  if (x < xp[0]!) return left;
  if (x > xp.at(-1)!) return right;
  const i = Math.min(xp.filter((value) => value <= x).length, xp.length - 1);
  const share = xp.length === 1 ? 0 : (x - xp[i - 1]!) / (xp[i]! - xp[i - 1]!);
  return xp.length === 1 ? fp[0]! : fp[i - 1]! * (1 - share) + fp[i]! * share;
}

const interpolations: OperationCase[] = [
  {
    name: 'interp',
    apply: (x, xp, fp) => ops.interp(x, xp, fp),
    inputs: [
      {
        values: [
          [-1, 0.3],
          [1.2, 2.5],
          [3.4, 9],
        ],
      },
      { values: [0, 1, 1.5, 3, 4] },
      { shape: [5] },
    ],
    expected: (x, xp, fp) => map((value) => polygon(value, flat(xp), flat(fp)), x),
  },
  {
    name: 'interp, at coordinates and beyond',
    apply: (x, xp, fp) => [
      ops.interp(x, xp, fp, { left: -7, right: 9 }),
      ops.interp(x, xp.slice([[0, 1]]), fp.slice([[0, 1]])),
      ops.interp(x.astype('int32'), xp, fp),
    ],
    inputs: [{ values: [0, 1, 2, 4, 5, -1, NaN, Infinity, -Infinity] }, { values: [0, 1, 4] }, { values: [2, -1, 5] }],
    expected: (x, xp, fp) => ({
      outputs: [
        map((value) => polygon(value, flat(xp), flat(fp), -7, 9), x),
        map((value) => (Number.isNaN(value) ? NaN : 2), x),
        map((value) => polygon(Number.isFinite(value) ? value : 0, flat(xp), flat(fp)), x),
      ],
    }),
    derivatives: false,
  },
  {
    name: 'unwrap',
    apply: (x) => ops.unwrap(x),
    inputs: [
      {
        values: [
          [0, 2, 4, 6, 1.5],
          [1, -5, 3, 3.2, -3],
        ],
      },
    ],
    expected: (x) => lines((line) => continued(line, 2 * Math.PI), x),
  },
  {
    name: 'unwrap, periods',
    apply: (x) => [
      ops.unwrap(x, -1, { period: 4 }),
      ops.unwrap(x, 0, { period: 10, discont: 8 }),
      ops.unwrap(x.slice([[0, 1]])),
    ],
    inputs: [{ values: [1, 3, 5, 1, -1, 9, 0], dtype: 'int32' }],
    expected: () => ({ outputs: [[1, 3, 5, 5, 3, 5, 4], [1, 3, 5, 1, -1, -1, 0], [1]] }),
  },
];

/** Adds turns to each element until it is nearest to the one before. */
function continued(line: readonly number[], period: number): number[] {
  const result: number[] = [];
  for (const value of line) {
    let next = value;
    const previous = result.at(-1) ?? value;
    while (next - previous > period / 2) next -= period;
    while (previous - next > period / 2) next += period;
    result.push(next);
  }
  return result;
}

const noLines: Input = { shape: [0, 3] };
const emptyLines: Input = { shape: [3, 0] };

/** Tensors without elements, with and without results. */
const empties: OperationCase[] = (
  [
    ['median', (x) => ops.median(x, 1), noLines, []],
    ['nanquantile', (x) => ops.nanquantile(x, [0.5, 1], 1), noLines, [[], []]],
    ['quantile', (x) => ops.quantile(x.sum(1), []), emptyLines, []],
    ['mode', (x) => ops.mode(x).values, noLines, []],
    ['kthvalue', (x) => ops.kthvalue(x, 1).indices, noLines, []],
    ['maxWithIndices', (x) => ops.maxWithIndices(x, 1).values, noLines, []],
    ['cummaxWithIndices', (x) => ops.cummaxWithIndices(x).indices, emptyLines, [[], [], []]],
    ['nancumsum', (x) => ops.nancumsum(x), emptyLines, [[], [], []]],
    ['nanargmax', (x) => ops.nanargmax(x, 1), noLines, []],
    ['average', (x) => ops.average(x, 1), emptyLines, [NaN, NaN, NaN]],
    ['cov', (x) => ops.cov(x.slice([[0, 1]])), emptyLines, [[NaN]]],
    [
      'cdist',
      (x) => ops.cdist(x, x.slice([[0, 2]])),
      emptyLines,
      [
        [0, 0],
        [0, 0],
        [0, 0],
      ],
    ],
    ['cosineSimilarity', (x) => ops.cosineSimilarity(x, x), emptyLines, [0, 0, 0]],
    ['normalize', (x) => ops.normalize(x), emptyLines, [[], [], []]],
    ['histogram', (x) => ops.histogram(x, { bins: 2, range: [0, 1] }).hist, emptyLines, [0, 0]],
    ['interp', (x) => ops.interp(x, tensor([1]), tensor([2])), emptyLines, [[], [], []]],
    ['unwrap', (x) => ops.unwrap(x), emptyLines, [[], [], []]],
    ['gradient', (x) => ops.gradient(x, 1), noLines, []],
  ] satisfies [string, (x: Tensor) => Tensor, Input, NestedArray][]
).map(([name, apply, input, result]) => ({
  name: `${name}, no elements`,
  apply,
  inputs: [input],
  expected: () => result,
  derivatives: false,
}));

/** A scalar counts as a line of one element. */
const scalars: OperationCase[] = (
  [
    ['mode', (x) => ops.mode(x)],
    ['kthvalue', (x) => ops.kthvalue(x, 1, 0)],
    ['maxWithIndices', (x) => ops.maxWithIndices(x, -1, { keepdims: true })],
    ['cummaxWithIndices', (x) => ops.cummaxWithIndices(x)],
    ['cumminWithIndices', (x) => ops.cumminWithIndices(x)],
  ] satisfies [string, (x: Tensor) => ops.ValuesAndIndices][]
).map(([name, apply]) => ({
  name: `${name}, a scalar`,
  apply: (x: Tensor) => Object.values({ ...apply(x) }),
  inputs: [{ values: 2.5 }],
  expected: () => ({ outputs: [2.5, 0] }),
  derivatives: false,
}));

export const statisticsCases: readonly OperationCase[] = [
  ...quantiles,
  ...nanReductions,
  ...order,
  ...moments,
  ...norms,
  ...distances,
  ...histograms,
  ...boxes,
  ...samples,
  ...interpolations,
  ...empties,
  ...scalars,
];
