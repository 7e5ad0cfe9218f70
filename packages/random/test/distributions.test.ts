// Draws of fixed keys against distribution functions, probabilities and moments, on every backend.
import {
  evaluate,
  grad,
  jvp,
  portable,
  random,
  tensor,
  type Backend,
  type Key,
  type Shape,
  type Tensor,
} from '@thetagrad/core';
import { checkGradients } from '@thetagrad/gradcheck';
import { vmap } from '@thetagrad/func';
import { gpu } from '@thetagrad/gpu';
import { gammainc, i0, ndtr } from '@thetagrad/special';
import { wasm } from '@thetagrad/wasm';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { withBackend } from '../../../test/support/withBackend.ts';
import * as distributions from '../src/index.ts';

const {
  beta,
  binomial,
  categorical,
  cauchy,
  chisquare,
  choice,
  dirichlet,
  exponential,
  f,
  gamma,
  geometric,
  gumbel,
  laplace,
  logistic,
  lognormal,
  multinomial,
  negativeBinomial,
  pareto,
  permutation,
  permuted,
  poisson,
  rayleigh,
  standardT,
  triangular,
  truncatedNormal,
  vonmises,
  wald,
  weibull,
} = distributions;

const ascending = (a: number, b: number): number => a - b;

type Draw = (key: Key, shape: Shape, dtype: 'float32' | 'float64') => Tensor;

const gammaCdf = (a: number, x: number): number => gammainc.primitive.value(a, x);
const normalCdf = (x: number): number => ndtr.primitive.value(x);
const truncated = (x: number): number => (normalCdf(x - 1) - normalCdf(-2)) / (normalCdf(0.5) - normalCdf(-2));

/** The distribution function on [−π, π] of a density, up to a factor, by the trapezoidal rule. */
function circularCdf(density: (x: number) => number): (x: number) => number {
  const steps = 4000;
  const width = (2 * Math.PI) / steps;
  const sums = [0];
  for (let i = 0; i < steps; i++) {
    sums.push(sums[i]! + density(-Math.PI + i * width) + density(-Math.PI + (i + 1) * width));
  }
  return (x) => {
    const position = Math.min(Math.max((x + Math.PI) / width, 0), steps - 1e-9);
    const [i, rest] = [Math.floor(position), position % 1];
    return (sums[i]! + rest * (sums[i + 1]! - sums[i]!)) / sums[steps]!;
  };
}

/** Continuous distributions and their distribution functions. */
const continuous: readonly (readonly [string, Draw, (x: number) => number])[] = [
  ['exponential', (key, shape, dtype) => exponential(key, shape, { scale: 2, dtype }), (x) => 1 - Math.exp(-x / 2)],
  [
    'gumbel',
    (key, shape, dtype) => gumbel(key, shape, { loc: 1, scale: 2, dtype }),
    (x) => Math.exp(-Math.exp(-(x - 1) / 2)),
  ],
  [
    'laplace',
    (key, shape, dtype) => laplace(key, shape, { loc: -1, scale: 0.5, dtype }),
    (x) => (x < -1 ? Math.exp(2 * (x + 1)) / 2 : 1 - Math.exp(-2 * (x + 1)) / 2),
  ],
  ['logistic', (key, shape, dtype) => logistic(key, shape, { scale: 3, dtype }), (x) => 1 / (1 + Math.exp(-x / 3))],
  ['cauchy', (key, shape, dtype) => cauchy(key, shape, { loc: 2, dtype }), (x) => 0.5 + Math.atan(x - 2) / Math.PI],
  ['truncatedNormal', (key, shape, dtype) => truncatedNormal(key, shape, -1, 1.5, { mean: 1, dtype }), truncated],
  [
    'truncatedNormal, upper tail',
    (key, shape, dtype) => truncatedNormal(key, shape, 6, Infinity, { dtype }),
    (x) => 1 - normalCdf(-x) / normalCdf(-6),
  ],
  ['gamma', (key, shape, dtype) => gamma(key, shape, 2.5, { scale: 2, dtype }), (x) => gammaCdf(2.5, x / 2)],
  ['gamma, small shape', (key, shape, dtype) => gamma(key, shape, 0.1, { dtype }), (x) => gammaCdf(0.1, x)],
  ['gamma, large shape', (key, shape, dtype) => gamma(key, shape, 1000, { dtype }), (x) => gammaCdf(1000, x)],
  ['chisquare', (key, shape, dtype) => chisquare(key, shape, 3, { dtype }), (x) => gammaCdf(1.5, x / 2)],
  [
    'standardT',
    (key, shape, dtype) => standardT(key, shape, 2, { dtype }),
    (x) => 0.5 + x / (2 * Math.sqrt(2 + x * x)),
  ],
  [
    'lognormal',
    (key, shape, dtype) => lognormal(key, shape, { mean: 1, sigma: 2, dtype }),
    (x) => normalCdf((Math.log(x) - 1) / 2),
  ],
  [
    'weibull',
    (key, shape, dtype) => weibull(key, shape, 1.5, { scale: 2, dtype }),
    (x) => 1 - Math.exp(-((x / 2) ** 1.5)),
  ],
  ['rayleigh', (key, shape, dtype) => rayleigh(key, shape, { scale: 3, dtype }), (x) => 1 - Math.exp((-x * x) / 18)],
  ['pareto', (key, shape, dtype) => pareto(key, shape, 3, { dtype }), (x) => 1 - (1 + x) ** -3],
  // The distribution function for a = 2, b = 3 is 6x² − 8x³ + 3x⁴; for a = b = ½ it is the arcsine law.
  ['beta', (key, shape, dtype) => beta(key, shape, 2, 3, { dtype }), (x) => x * x * (6 - 8 * x + 3 * x * x)],
  [
    'beta, below 1',
    (key, shape, dtype) => beta(key, shape, 0.5, 0.5, { dtype }),
    (x) => (2 / Math.PI) * Math.asin(Math.sqrt(x)),
  ],
  ['f', (key, shape, dtype) => f(key, shape, 2, 4, { dtype }), (x) => 1 - (1 + x / 2) ** -2],
  [
    'triangular',
    (key, shape, dtype) => triangular(key, shape, -1, 0, 3, { dtype }),
    (x) => (x < 0 ? (x + 1) ** 2 / 4 : 1 - (3 - x) ** 2 / 12),
  ],
  ['triangular, falling', (key, shape, dtype) => triangular(key, shape, 1, 1, 2, { dtype }), (x) => 1 - (2 - x) ** 2],
  [
    'wald',
    (key, shape, dtype) => wald(key, shape, 2, 3, { dtype }),
    (x) => normalCdf(Math.sqrt(3 / x) * (x / 2 - 1)) + Math.exp(3) * normalCdf(-Math.sqrt(3 / x) * (x / 2 + 1)),
  ],
  [
    'vonmises',
    (key, shape, dtype) => vonmises(key, shape, 8, 2, { dtype }),
    circularCdf((x) => Math.exp(2 * Math.cos(x - 8))),
  ],
  [
    'vonmises, concentrated',
    (key, shape, dtype) => vonmises(key, shape, -1, 500, { dtype }),
    circularCdf((x) => Math.exp(500 * (Math.cos(x + 1) - 1))),
  ],
  ['vonmises, uniform', (key, shape, dtype) => vonmises(key, shape, 0, 0, { dtype }), (x) => 0.5 + x / (2 * Math.PI)],
  // The first of three parameters against the sum of the others is a beta distribution of 1 and 2.
  [
    'dirichlet',
    (key, shape, dtype) => dirichlet(key, [...shape, 3], tensor([1, 0.5, 1.5], { dtype })).slice([null, 0]),
    (x) => 1 - (1 - x) ** 2,
  ],
];

/** The statistic of Kolmogorov and Smirnov: the largest distance of the empirical distribution function. */
function distance(values: ArrayLike<number>, cdf: (x: number) => number): number {
  const sorted = Float64Array.from(values).sort();
  let largest = 0;
  for (const [i, x] of sorted.entries()) {
    largest = Math.max(largest, Math.abs(cdf(x) - i / sorted.length), Math.abs(cdf(x) - (i + 1) / sorted.length));
  }
  return largest;
}

describe.each(['float64', 'float32'] as const)('%s: the distribution function', (dtype) => {
  test.for(continuous)('%s', ([, draw, cdf]) => {
    const count = 4000;
    const sample = draw(random.key(3), [count], dtype);
    expect(sample.dtype).toBe(dtype);
    // The probability that it is larger is 1 %.
    expect(distance(sample.dataSync(), cdf)).toBeLessThan(1.63 / Math.sqrt(count));
  });
});

const factorial = (n: number): number => (n < 2 ? 1 : n * factorial(n - 1));
const choose = (n: number, k: number): number => factorial(n) / factorial(k) / factorial(n - k);

/** Discrete distributions and their probabilities. */
const discrete: readonly (readonly [string, (key: Key, shape: Shape) => Tensor, (k: number) => number])[] = [
  ['poisson', (key, shape) => poisson(key, shape, 2.5), (k) => (Math.exp(-2.5) * 2.5 ** k) / factorial(k)],
  ['poisson, large rate', (key, shape) => poisson(key, shape, 30), (k) => Math.exp(-30) * (30 ** k / factorial(k))],
  ['binomial', (key, shape) => binomial(key, shape, 7, 0.7), (k) => choose(7, k) * 0.7 ** k * 0.3 ** (7 - k)],
  [
    'binomial, large mean',
    (key, shape) => binomial(key, shape, 60, 0.4),
    (k) => choose(60, k) * 0.4 ** k * 0.6 ** (60 - k),
  ],
  [
    'negativeBinomial',
    (key, shape) => negativeBinomial(key, shape, 3, 0.4),
    (k) => choose(k + 2, k) * 0.4 ** 3 * 0.6 ** k,
  ],
  ['geometric', (key, shape) => geometric(key, shape, 0.3), (k) => 0.3 * 0.7 ** (k - 1)],
  [
    'categorical',
    (key, shape) => categorical(key, shape, tensor([1, 2, 5]).log()),
    (k) => [0.125, 0.25, 0.625][k] ?? 0,
  ],
  [
    'multinomial, with replacement',
    (key, shape) => multinomial(key, tensor([1, 2, 0, 5]), shape[0]!, { replacement: true }),
    (k) => [0.125, 0.25, 0, 0.625][k] ?? 0,
  ],
  ['choice', (key, shape) => choice(key, 3, shape, { p: tensor([1, 2, 5]) }), (k) => [0.125, 0.25, 0.625][k] ?? 0],
  ['choice, equal', (key, shape) => choice(key, 5, shape), () => 0.2],
];

test('every function is in a table', () => {
  const tested = [...continuous, ...discrete].map(([name]) => name.split(',')[0]!);
  expect(Object.keys(distributions).toSorted()).toEqual(
    [...new Set([...tested, 'permutation', 'permuted'])].toSorted(),
  );
});

describe('probabilities', () => {
  test.for(discrete)('%s', ([, draw, probability]) => {
    const size = 4000;
    const sample = draw(random.key(11), [size]);
    expect(sample.dtype).toBe('int32');
    const counts = new Map<number, number>();
    for (const k of sample.dataSync()) counts.set(k, (counts.get(k) ?? 0) + 1);
    for (const [k, count] of counts) {
      const p = probability(k);
      // Four and a half standard deviations, and half a count for rare numbers.
      expect([k, Math.abs(count - size * p) < 4.5 * Math.sqrt(size * p * (1 - p)) + 2]).toEqual([k, true]);
    }
    expect([...counts.keys()].reduce((sum, k) => sum + probability(k), 0)).toBeGreaterThan(0.99);
  });

  test('moments of Poisson and binomial numbers of large mean', () => {
    const draws = [
      [poisson(random.key(2), [4000], 1e6), 1e6, 1e6],
      [binomial(random.key(2), [4000], 1e6, 0.25), 2.5e5, 1.875e5],
    ] as const;
    for (const [sample, mean, variance] of draws) {
      const values = sample.astype('float64');
      expect(Math.abs(values.mean().itemSync() - mean)).toBeLessThan(4 * Math.sqrt(variance / 4000));
      expect(values.variance().itemSync() / variance).toBeCloseTo(1, 0.9);
    }
  });
});

describe('without replacement', () => {
  const key = random.key(4);

  test('multinomial draws different categories, those of weight 0 last', async () => {
    const drawn = await multinomial(
      key,
      tensor([
        [1, 0, 3, 2],
        [0, 1, 1, 0],
      ]),
      4,
    ).toArray();
    expect((drawn as number[][]).map((row) => row.toSorted(ascending))).toEqual([
      [0, 1, 2, 3],
      [0, 1, 2, 3],
    ]);
    expect((drawn as number[][])[0]![3]).toBe(1);
    expect((drawn as number[][])[1]!.slice(0, 2).toSorted(ascending)).toEqual([1, 2]);
  });

  test('the first of two draws is proportional to the weights, the second to those of the rest', () => {
    const weights = tensor([1, 2, 5]).broadcastTo([4000, 3]);
    const [first, second] = multinomial(key, weights, 2).astype('float32').split(2, 1) as [Tensor, Tensor];
    expect(first.equal(2).astype('float32').mean().itemSync()).toBeCloseTo(0.625, 1.3);
    // P(second = 2) = 1/8 · 5/7 + 2/8 · 5/6
    expect(second.equal(2).astype('float32').mean().itemSync()).toBeCloseTo(5 / 56 + 5 / 24, 1.3);
  });

  test('choice and permutation take each slice once, permuted each element of a line', async () => {
    const x = tensor([
      [1, 2, 3],
      [4, 5, 6],
      [7, 8, 9],
    ]);
    const chosen = (await choice(key, x, [3], { replace: false }).toArray()) as number[][];
    expect(chosen.toSorted(([a], [b]) => ascending(a!, b!))).toEqual(await x.toArray());
    const columns = (await choice(key, x, [2, 1], {
      replace: false,
      axis: 1,
      p: tensor([0, 1, 1]),
    }).toArray()) as number[][][];
    expect(columns[0]!.flat().toSorted(ascending)).toEqual([2, 3]);
    const moved = (await permutation(key, x, 1).toArray()) as number[][];
    expect(moved[0]!.map((value) => value + 3)).toEqual(moved[1]);
    expect(moved[0]!.toSorted(ascending)).toEqual([1, 2, 3]);
    const lines = (await permuted(key, x.broadcastTo([20, 3, 3])).toArray()) as number[][][];
    expect(new Set(lines.map((matrix) => matrix[0]!.join())).size).toBe(6);
    expect(lines.flat().map((line) => line.toSorted(ascending))).toEqual(
      lines.flatMap(() => [
        [1, 2, 3],
        [4, 5, 6],
        [7, 8, 9],
      ]),
    );
    expect([...permutation(key, 6).dataSync()].toSorted(ascending)).toEqual([0, 1, 2, 3, 4, 5]);
    expect(choice(key, x, [0]).shape).toEqual([0, 3]);
  });
});

describe('every backend', () => {
  const backends: Backend[] = [];
  beforeAll(async () => {
    backends.push(await wasm({ threads: 2 }), await gpu({ mode: 'cpu' }));
  });
  afterAll(() => {
    for (const backend of backends) if ('close' in backend) (backend.close as () => void)();
  });

  test.for([
    ...continuous.map(([name, draw]) => [name, (key: Key) => draw(key, [50], 'float32'), 1e-5] as const),
    ...discrete.map(([name, draw]) => [name, (key: Key) => draw(key, [50]), 0] as const),
    [
      'permuted',
      (key: Key) =>
        permuted(
          key,
          tensor([
            [1, 2, 3],
            [4, 5, 6],
          ]),
        ),
      0,
    ] as const,
    ['permutation', (key: Key) => permutation(key, 9), 0] as const,
  ])('%s: the same numbers', async ([, draw, tolerance]) => {
    const read = async (): Promise<number[]> => [...(await draw(random.key(8)).data())];
    const expected = await withBackend(portable(), read);
    for (const backend of backends) {
      const actual = await withBackend(backend, read);
      const error = Math.max(
        ...actual.map((value, i) => Math.abs(value - expected[i]!) / Math.max(1, Math.abs(expected[i]!))),
      );
      expect([backend.name, Math.max(error, tolerance)]).toEqual([backend.name, tolerance]);
    }
  });
});

describe('gradients with respect to parameters', () => {
  const key = random.key(6);
  const parameter = tensor([0.7, 1.5, 3], { dtype: 'float64' });

  test.for([
    ['exponential', (scale: Tensor) => exponential(key, [3], { scale })],
    ['gumbel', (scale: Tensor) => gumbel(key, [3], { loc: scale, scale })],
    ['laplace', (scale: Tensor) => laplace(key, [3], { loc: scale, scale })],
    ['logistic', (scale: Tensor) => logistic(key, [3], { scale })],
    ['lognormal', (sigma: Tensor) => lognormal(key, [3], { mean: sigma, sigma })],
    ['weibull', (a: Tensor) => weibull(key, [3], a, { scale: a })],
    ['rayleigh', (scale: Tensor) => rayleigh(key, [3], { scale })],
    ['pareto', (a: Tensor) => pareto(key, [3], a)],
    ['cauchy', (scale: Tensor) => cauchy(key, [3], { scale })],
    ['triangular', (a: Tensor) => triangular(key, [3], a.neg(), a.mul(0.3), a.mul(2))],
    ['vonmises, of mu', (mu: Tensor) => vonmises(key, [3], mu, 2)],
    ['truncatedNormal', (std: Tensor) => truncatedNormal(key, [3], -1, 2, { mean: std.mul(0.1), std })],
  ] as const)('%s', ([name, f]) => {
    expect(() => checkGradients(f, [parameter], { name, order: 2 })).not.toThrow();
  });

  /** The quantile of a gamma distribution, by bisection. */
  const quantile = (a: number, p: number): number => {
    let [low, high] = [0, 100];
    for (let i = 0; i < 80; i++) {
      const middle = (low + high) / 2;
      if (gammaCdf(a, middle) < p) low = middle;
      else high = middle;
    }
    return low;
  };

  test('gamma: that of the quantile at a fixed probability, of both modes, and the second', async () => {
    const values = await gamma(key, [3], parameter).data();
    const slope = (f: (a: number) => number, a: number, h: number): number => (f(a + h) - f(a - h)) / (2 * h);
    const f = (a: Tensor) => gamma(key, [3], a);
    const first = grad((a: Tensor) => f(a).sum())(parameter);
    const second = grad((a: Tensor) => grad((b: Tensor) => f(b).sum())(a).sum())(parameter);
    const { tangent } = jvp(f, [parameter], [parameter.mul(0).add(1)]);
    await evaluate(first, second, tangent);
    expect(await tangent.data()).toEqual(await first.data());
    for (const [i, a] of (await parameter.data()).entries()) {
      const q = (b: number): number => quantile(b, gammaCdf(a, values[i]!));
      expect((await first.data())[i]! / slope(q, a, 1e-4)).toBeCloseTo(1, 6);
      expect((await second.data())[i]! / ((q(a + 0.01) - 2 * q(a) + q(a - 0.01)) / 1e-4)).toBeCloseTo(1, 3);
    }
  });

  test('vonmises: that of the quantile at a fixed probability', async () => {
    const angles = await vonmises(key, [3], 0, parameter).data();
    const slopes = await grad((kappa: Tensor) => vonmises(key, [3], 0, kappa).sum())(parameter).data();
    for (const [i, kappa] of (await parameter.data()).entries()) {
      const z = angles[i]!;
      const probability = (k: number): number => circularCdf((x) => Math.exp(k * Math.cos(x)))(z);
      const density = Math.exp(kappa * Math.cos(z)) / (2 * Math.PI * i0.primitive.value(kappa));
      const slope = (probability(kappa + 1e-3) - probability(kappa - 1e-3)) / 2e-3;
      expect(slopes[i]!).toBeCloseTo(-slope / density, 4);
    }
  });

  test('wald: that of the quantile at a fixed probability', async () => {
    const w = await wald(key, [3], 1, parameter).data();
    const slopes = await grad((scale: Tensor) => wald(key, [3], 1, scale).sum())(parameter).data();
    for (const [i, s] of (await parameter.data()).entries()) {
      const x = w[i]!;
      const probability = (s: number, x: number): number =>
        normalCdf(Math.sqrt(s / x) * (x - 1)) + Math.exp(2 * s) * normalCdf(-Math.sqrt(s / x) * (x + 1));
      const slope = (f: (h: number) => number): number => (f(1e-4) - f(-1e-4)) / 2e-4;
      const expected = -slope((h) => probability(s + h, x)) / slope((h) => probability(s, x + h));
      expect(slopes[i]!).toBeCloseTo(expected, 6);
    }
  });

  test('of every example of a batch', async () => {
    const each = (a: Tensor) => grad((a: Tensor) => gamma(key, [], a))(a);
    const mapped = await vmap(each)(parameter).data();
    const examples = [0, 1, 2].map((i) => each(parameter.slice([i])).itemSync());
    expect([...mapped]).toEqual(examples);
  });

  test('beta, dirichlet, chisquare, f, vonmises and standardT have that of a mean', () => {
    const many = [20000];
    const gradient = (f: (a: Tensor) => Tensor, at: number): number =>
      grad((a: Tensor) => f(a).mean())(tensor(at, { dtype: 'float64' })).itemSync();
    // The means are a / (a + 1), a / (a + 3), df and df / (df − 2).
    expect(gradient((a) => beta(key, many, a, 1), 2)).toBeCloseTo(1 / 9, 2);
    expect(gradient((a) => chisquare(key, many, a), 3)).toBeCloseTo(1, 1);
    expect(gradient((a) => f(key, many, 4, a), 8)).toBeCloseTo(-1 / 18, 2);
    // The mean of the cosine is A = I₁ / I₀, with the derivative 1 − A / κ − A².
    const meanCosine = (kappa: Tensor) => vonmises(key, [4000], 0, kappa).cos();
    expect(gradient(meanCosine, 2)).toBeCloseTo(0.1642, 2);
    expect(gradient(meanCosine, 1000) * 1e6).toBeCloseTo(0.5, 1);
    expect(gradient((a) => standardT(key, many, a).abs(), 5) < 0).toBe(true);
    const shared = (a: Tensor) => dirichlet(key, [...many, 2], a.mul(tensor([1, 0])).add(tensor([0, 3])));
    expect(gradient((a) => shared(a).slice([null, 0]), 1)).toBeCloseTo(3 / 16, 2);
  });

  test('tiny parameters neither underflow nor give NaN', async () => {
    const alpha = tensor([1e-3, 1e-3, 1e-3]);
    const draw = (a: Tensor) => dirichlet(key, [100, 3], a);
    expect(await draw(alpha).sum(-1).sub(1).abs().max().item()).toBeLessThan(1e-6);
    const slopes = await grad((a: Tensor) => draw(a).square().sum())(alpha).data();
    expect(slopes.every(Number.isFinite)).toBe(true);
  });
});

describe('arguments', () => {
  const key = random.key(1);

  test('parameters broadcast, and decide the dtype', () => {
    const scale = tensor([[1], [2]], { dtype: 'float64' });
    expect(exponential(key, [2, 3], { scale })).toMatchObject({ shape: [2, 3], dtype: 'float64' });
    expect(exponential(key, [2, 3], { scale, dtype: 'float32' }).dtype).toBe('float32');
    expect(gamma(key, [0], 1).shape).toEqual([0]);
    expect(poisson(key, [], tensor(2, { dtype: 'int32' })).shape).toEqual([]);
    expect(categorical(key, [2, 4], tensor([[1], [2], [3]]).expandDims(0), 1).shape).toEqual([2, 4]);
  });

  test('elements out of range give −1 or NaN', () => {
    expect([...poisson(key, [2], tensor([-1, NaN])).dataSync()]).toEqual([-1, -1]);
    expect([...binomial(key, [3], tensor([-1, 2.5, 3]), tensor([0.5, 0.5, 2])).dataSync()]).toEqual([-1, -1, -1]);
    expect([...gamma(key, [3], tensor([-1, 0, Infinity])).dataSync()]).toEqual([NaN, 0, Infinity]);
    expect([...poisson(key, [1], tensor([1e30])).dataSync()]).toEqual([2 ** 31 - 1]);
    expect([...vonmises(key, [2], 0, tensor([-1, NaN])).dataSync()]).toEqual([NaN, NaN]);
    expect([...wald(key, [2], 1, tensor([0, NaN])).dataSync()]).toEqual([NaN, NaN]);
  });

  const x = tensor([1, 2, 3]);
  const calls: readonly (readonly [() => unknown, RegExp])[] = [
    [() => exponential(1 as never, [2]), /^TypeError: exponential: expected a key as from random.key\(seed\), got 1$/],
    [() => exponential(key, [-1]), /^RangeError: exponential: shape must be an array of integers ≥ 0, got \[-1\]$/],
    [() => exponential(key, [2], { scale: 0 }), /^RangeError: exponential: scale must be a finite number > 0, got 0$/],
    [
      () => exponential(key, [2], { loc: 1 } as never),
      /^TypeError: exponential: unknown option 'loc'; expected scale, dtype$/,
    ],
    [
      () => exponential(key, [2], { scale: x }),
      /^RangeError: exponential: scale of shape \[3\] does not broadcast to the shape \[2\]$/,
    ],
    [() => gumbel(key, [2], { loc: Infinity }), /^RangeError: gumbel: loc must be a finite number, got Infinity$/],
    [() => gumbel(key, [2], { dtype: 'int32' }), /^TypeError: gumbel: dtype must be float32 or float64, got int32$/],
    [() => laplace(key, [2], { scale: '1' as never }), /^TypeError: laplace: scale: expected a tensor, got '1'$/],
    [() => truncatedNormal(key, [2], 1, 1), /^RangeError: truncatedNormal: low must be less than high, got 1 and 1$/],
    [
      () => triangular(key, [2], 0, 3, 2),
      /^RangeError: triangular: \[left, mode, right\] must be ascending, with left < right, got \[0, 3, 2\]$/,
    ],
    [() => vonmises(key, [2], 0, -1), /^RangeError: vonmises: kappa must be a finite number ≥ 0, got -1$/],
    [() => wald(key, [2], 1, 0), /^RangeError: wald: scale must be a finite number > 0, got 0$/],
    [() => weibull(key, [2], 0), /^RangeError: weibull: a must be a finite number > 0, got 0$/],
    [
      () => lognormal(key, [2], { std: 1 } as never),
      /^TypeError: lognormal: unknown option 'std'; expected mean, sigma, dtype$/,
    ],
    [() => negativeBinomial(key, [2], 1, 2), /^RangeError: negativeBinomial: p must be a number > 0 and ≤ 1, got 2$/],
    [() => gamma(key, [2], -1), /^RangeError: gamma: a must be a finite number > 0, got -1$/],
    [() => beta(key, [2], 1, NaN), /^RangeError: beta: b must be a finite number > 0, got NaN$/],
    [
      () => dirichlet(key, [4, 3], tensor([1])),
      /^RangeError: dirichlet: the last axis of alpha must be that of the shape/,
    ],
    [() => poisson(key, [2], -1), /^RangeError: poisson: rate must be a finite number ≥ 0, got -1$/],
    [() => binomial(key, [2], 1.5, 0.5), /^RangeError: binomial: n must be an integer from 0 to 2\^24, got 1.5$/],
    [() => binomial(key, [2], 1, 1.5), /^RangeError: binomial: p must be from 0 to 1, got 1.5$/],
    [() => geometric(key, [2], 0), /^RangeError: geometric: p must be a number > 0 and ≤ 1, got 0$/],
    [
      () => categorical(key, [2], tensor([])),
      /^RangeError: categorical: axis -1 of logits must not be empty, got shape \[0\]$/,
    ],
    [() => categorical(key, [2], x, 1), /^RangeError: categorical: axis 1 is out of range/],
    [() => multinomial(key, x, 4), /^RangeError: multinomial: count must be an integer from 0 to 3, got 4$/],
    [() => multinomial(key, tensor(1), 1), /^RangeError: multinomial: weights must have a last axis that is not empty/],
    [
      () => choice(key, 2, [3], { replace: false }),
      /^RangeError: choice: cannot choose 3 of 2 elements without replacement$/,
    ],
    [() => choice(key, 0, [1]), /^RangeError: choice: cannot choose 1 of 0 elements$/],
    [
      () => choice(key, 2, [3], { p: x }),
      /^RangeError: choice: p must have shape \[2\], a weight for each element, got \[3\]$/,
    ],
    [() => permutation(key, tensor(1)), /^RangeError: permutation: x must have an axis, got a scalar tensor/],
    [() => permutation(key, -1), /^RangeError: permutation: x must be an integer ≥ 0, got -1$/],
    [() => permuted(key, [1, 2] as never), /^TypeError: permuted: expected a tensor, got Array/],
  ];
  test.for(calls.map(([call, message]) => [message.source, call, message] as const))('%s', ([, call, message]) => {
    let thrown: unknown;
    try {
      call();
    } catch (error) {
      thrown = error;
    }
    expect(String(thrown)).toMatch(message);
  });
});
