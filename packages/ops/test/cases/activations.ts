import { random, type NestedArray, type Tensor } from '@thetagrad/core';
import type { OperationCase } from '../../../../test/support/testOperations.ts';
import * as ops from '../../src/index.ts';
import { lines, map, sum } from '../plain.ts';

/** Limits at infinity, NaN, and the kinks at 0. */
const extremes = { values: [NaN, Infinity, -Infinity, 0, 100, -100] };

/** An activation at points away from its kinks, at extremes, and for int32, which becomes float32. */
function activation(
  name: string,
  apply: (x: Tensor) => Tensor,
  formula: (x: number) => number,
  {
    avoid = [0],
    limits,
  }: { avoid?: readonly number[]; limits?: readonly [atInfinity: number, atMinusInfinity: number] } = {},
): OperationCase[] {
  const expected = (x: NestedArray): NestedArray =>
    map((value) => (limits && Math.abs(value) === Infinity ? limits[value > 0 ? 0 : 1] : formula(value)), x);
  const [call] = name.split(',');
  return [
    { name, apply, inputs: [{ shape: [3, 4], from: -4, to: 4, avoid }], expected },
    { name: `${call}, extremes`, apply, inputs: [extremes], expected, derivatives: false },
    { name: `${call}, int32`, apply, inputs: [{ values: [-5, -1, 0, 2, 7], dtype: 'int32' }], expected },
  ];
}

const clamp = (x: number, low: number, high: number): number => Math.min(Math.max(x, low), high);
const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));
const softplus = (x: number): number => (x > 0 ? x + Math.log1p(Math.exp(-x)) : Math.log1p(Math.exp(x)));

/** Φ(x) by Simpson's rule on the density of the normal distribution. */
function normalCdf(x: number): number {
  if (Math.abs(x) > 40) return x > 0 ? 1 : 0;
  const steps = 400;
  const h = x / steps;
  const density = (t: number): number => Math.exp((-t * t) / 2) / Math.sqrt(2 * Math.PI);
  let total = density(0) + density(x);
  for (let i = 1; i < steps; i++) total += density(i * h) * (i % 2 === 1 ? 4 : 2);
  return 0.5 + (total * h) / 3;
}

const limits = [Infinity, 0] as const;

export const activationCases: readonly OperationCase[] = [
  ...activation(
    'leakyRelu',
    (x) => ops.leakyRelu(x),
    (x) => Math.max(x, 0) + 0.01 * Math.min(x, 0),
  ),
  ...activation(
    'leakyRelu, slope',
    (x) => ops.leakyRelu(x, { negativeSlope: 0.3 }),
    (x) => (x < 0 ? 0.3 * x : x),
  ),
  {
    name: 'prelu',
    apply: ops.prelu,
    inputs: [{ shape: [2, 3, 2], avoid: [0] }, { shape: [3] }],
    expected: (x, weight) =>
      (x as number[][][]).map((image) =>
        image.map((channel, i) => channel.map((value) => (value > 0 ? value : value * (weight as number[])[i]!))),
      ),
  },
  {
    name: 'prelu, one weight',
    apply: ops.prelu,
    inputs: [{ shape: [4], avoid: [0] }, { shape: [1] }],
    expected: (x, weight) => map((value) => (value > 0 ? value : value * (weight as number[])[0]!), x),
  },
  {
    name: 'rrelu',
    apply: (x) => {
      const slopes = ops.rrelu(random.key(1), x, { lower: 0.25, upper: 0.5 }).div(x);
      return slopes
        .greaterEqual(0.25)
        .logicalAnd(x.greater(0).logicalOr(slopes.less(0.5)))
        .all();
    },
    inputs: [{ shape: [3, 4], avoid: [0] }],
    expected: () => true,
    derivatives: false,
  },
  {
    name: 'rrelu, differentiated',
    // The same key gives the same slopes.
    apply: (x) =>
      ops
        .rrelu(random.key(1), x)
        .div(ops.rrelu(random.key(1), x.abs().neg()))
        .mul(x),
    inputs: [{ values: [-3, -4, -0.5] }],
    expected: (x) => x,
  },
  ...activation(
    'elu',
    (x) => ops.elu(x),
    (x) => (x > 0 ? x : Math.exp(x) - 1),
    { limits: [Infinity, -1] },
  ),
  ...activation(
    'elu, alpha',
    (x) => ops.elu(x, { alpha: 0.5 }),
    (x) => (x > 0 ? x : 0.5 * (Math.exp(x) - 1)),
  ),
  ...activation(
    'celu',
    (x) => ops.celu(x, { alpha: 2 }),
    (x) => Math.max(0, x) + Math.min(0, 2 * (Math.exp(x / 2) - 1)),
  ),
  ...activation('softplus', (x) => ops.softplus(x), softplus, { limits: [Infinity, 0] }),
  ...activation(
    'softplus, beta and threshold',
    (x) => ops.softplus(x, { beta: 2, threshold: 1 }),
    (x) => (2 * x > 1 ? x : softplus(2 * x) / 2),
    { avoid: [0.5] },
  ),
  ...activation('selu', ops.selu, (x) => 1.0507009873554805 * (x > 0 ? x : 1.6732632423543772 * (Math.exp(x) - 1))),
  ...activation(
    'gelu',
    (x) => ops.gelu(x),
    (x) => x * normalCdf(x),
    { limits },
  ),
  ...activation(
    'gelu, tanh',
    (x) => ops.gelu(x, { approximate: 'tanh' }),
    (x) => 0.5 * x * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3))),
    { limits },
  ),
  ...activation('silu', ops.silu, (x) => x / (1 + Math.exp(-x)), { limits }),
  ...activation('mish', ops.mish, (x) => x * Math.tanh(softplus(x)), { limits }),
  ...activation('softsign', ops.softsign, (x) => x / (1 + Math.abs(x)), { limits: [1, -1] }),
  ...activation(
    'hardtanh',
    (x) => ops.hardtanh(x),
    (x) => clamp(x, -1, 1),
    { avoid: [-1, 1] },
  ),
  ...activation(
    'hardtanh, bounds',
    (x) => ops.hardtanh(x, { minVal: -2, maxVal: 3 }),
    (x) => clamp(x, -2, 3),
    {
      avoid: [-2, 3],
    },
  ),
  ...activation(
    'relu6',
    (x) => ops.relu6(x),
    (x) => clamp(x, 0, 6),
  ),
  ...activation('hardsigmoid', ops.hardsigmoid, (x) => clamp(x / 6 + 0.5, 0, 1), { avoid: [-3, 3] }),
  ...activation('hardswish', ops.hardswish, (x) => (x * clamp(x + 3, 0, 6)) / 6, { avoid: [-3, 3], limits }),
  ...activation(
    'hardshrink',
    (x) => ops.hardshrink(x),
    (x) => (Math.abs(x) <= 0.5 ? 0 : x),
    { avoid: [-0.5, 0.5] },
  ),
  ...activation(
    'softshrink',
    (x) => ops.softshrink(x, { lambd: 1 }),
    (x) => (x > 1 ? x - 1 : x < -1 ? x + 1 : x && 0),
    { avoid: [-1, 1] },
  ),
  ...activation('tanhshrink', ops.tanhshrink, (x) => x - Math.tanh(x)),
  {
    name: 'threshold',
    apply: (x) => ops.threshold(x, 0.5, -7),
    inputs: [{ shape: [3, 4], avoid: [0.5] }],
    expected: (x) => map((value) => (value > 0.5 ? value : -7), x),
  },
  {
    name: 'threshold, special values and int32',
    apply: (x, n) => [ops.threshold(x, 1, 2), ops.threshold(n, 1, 2)],
    inputs: [{ values: [NaN, 1, Infinity] }, { values: [1, 5], dtype: 'int32' }],
    expected: () => ({
      outputs: [
        [NaN, 2, Infinity],
        [2, 5],
      ],
    }),
    derivatives: false,
  },
  ...activation('logsigmoid', ops.logsigmoid, (x) => (x < -30 ? x : Math.log(sigmoid(x))), { limits: [0, -Infinity] }),
  {
    name: 'softmin',
    apply: (x) => ops.softmin(x),
    inputs: [{ shape: [2, 4] }],
    expected: (x) =>
      lines((line) => {
        const weights = line.map((value) => Math.exp(-value));
        return weights.map((weight) => weight / sum(weights));
      }, x),
  },
  {
    name: 'softmin, of equal numbers along axis 0',
    apply: (x) => ops.softmin(x, 0),
    inputs: [{ values: [[3], [3]], dtype: 'int32' }],
    expected: () => [[0.5], [0.5]],
  },
  {
    name: 'glu',
    apply: (x) => ops.glu(x),
    inputs: [{ shape: [2, 4] }],
    expected: (x) => lines(([a, b, c, d]) => [a! * sigmoid(c!), b! * sigmoid(d!)], x),
  },
  {
    name: 'glu, axis',
    apply: (x) => ops.glu(x, 0),
    inputs: [{ shape: [2, 3] }],
    expected: (x) => [map((a, b) => a * sigmoid(b), (x as NestedArray[])[0]!, (x as NestedArray[])[1]!)] as NestedArray,
  },
  {
    name: 'gumbelSoftmax',
    // A low temperature turns one of two very different logits into 1, whatever the noise.
    apply: (x) => [
      ops.gumbelSoftmax(random.key(1), x, 1, { tau: 0.01 }),
      ops.gumbelSoftmax(random.key(2), x.transpose(), 0, { hard: true }),
    ],
    inputs: [
      {
        values: [
          [0, 300, 0],
          [300, 0, -Infinity],
        ],
      },
    ],
    expected: () => ({
      outputs: [
        [
          [0, 1, 0],
          [1, 0, 0],
        ],
        [
          [0, 1],
          [1, 0],
          [0, 0],
        ],
      ],
    }),
    derivatives: false,
  },
  {
    name: 'gumbelSoftmax, a scalar is a line of one element',
    apply: (x) => [ops.gumbelSoftmax(random.key(1), x), ops.gumbelSoftmax(random.key(1), x, 0, { hard: true })],
    inputs: [{ values: 3 }],
    expected: () => ({ outputs: [1, 1] }),
    derivatives: false,
  },
  {
    name: 'gumbelSoftmax, differentiated',
    apply: (x) => ops.gumbelSoftmax(random.key(3), x, -1, { tau: 2 }).sum(-1),
    inputs: [{ shape: [2, 3] }],
    expected: () => [1, 1],
  },
];
