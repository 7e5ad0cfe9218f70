import { grad, type NestedArray, type Tensor } from '@thetagrad/core';
import type { Input, OperationCase } from '../../../../test/support/testOperations.ts';
import * as ops from '../../src/index.ts';
import { flat, map } from '../plain.ts';

const special = { values: [NaN, Infinity, -Infinity, 0, -0, 1, -1, 2.5, -2.5, 1e-10, -1e20] };
/** All pairs of special values, by broadcasting. */
const pairs = [{ values: special.values.map((x) => [x]) }, special] as const;
const integers = [
  { values: [7, -7, 0, 1, -1, 2147483647, -2147483648, 100000, -99999, 12].map((x) => [x]), dtype: 'int32' as const },
  { values: [3, -3, 1, -1, 0, 2147483647, -2147483648, 65536, 7, 31], dtype: 'int32' },
] satisfies Input[];
const matrix: Input = { shape: [2, 3] };
const steady: Input = { shape: [2, 3], from: 0.2, to: 0.8 };
const steadyDivisor: Input = { shape: [3], from: 1, to: 2 };
const away: Input = { shape: [2, 3], avoid: [0] };

/** An operation at random points, where it is differentiated, at special values, and without elements. */
function everywhere(
  name: string,
  apply: (...x: Tensor[]) => Tensor,
  formula: (...x: number[]) => number | boolean,
  random: readonly Input[],
  options: Pick<OperationCase, 'derivatives' | 'tolerance'> = {},
): OperationCase[] {
  const expected = (...x: NestedArray[]): NestedArray => map(formula, ...x);
  const inputs = random.length === 1 ? [special] : pairs;
  return [
    { name, apply, inputs: random, expected, ...options },
    { name: `${name}, special values`, apply, inputs, expected, ...options, derivatives: false },
    {
      name: `${name}, empty`,
      apply,
      inputs: random.map(() => ({ shape: [2, 0] })),
      expected: () => [[], []],
      derivatives: false,
    },
  ];
}

/** An operation on pairs of int32. */
function onIntegers(
  name: string,
  apply: (x: Tensor, y: Tensor) => Tensor,
  formula: (x: bigint, y: bigint) => bigint,
): OperationCase {
  const expected = (...x: NestedArray[]): NestedArray =>
    map((a, b) => Number(BigInt.asIntN(32, formula(BigInt(a), BigInt(b)))), ...x);
  return { name: `${name}, int32`, apply, inputs: integers, expected };
}

const bigAbs = (x: bigint): bigint => (x < 0n ? -x : x);
const floorBig = (x: bigint, y: bigint): bigint => (x % y !== 0n && x < 0n !== y < 0n ? x / y - 1n : x / y);
const bigGcd = (x: bigint, y: bigint): bigint => (y === 0n ? bigAbs(x) : bigGcd(y, x % y));
const floorQuotient = (x: number, y: number): number => {
  if (y === 0) return x / y;
  if (Math.abs(y) === Infinity && Number.isFinite(x)) return x !== 0 && x < 0 !== y < 0 ? -1 : 0;
  const rest = x % y;
  return Math.round((x - rest) / y) - (rest !== 0 && rest < 0 !== y < 0 ? 1 : 0);
};
const isNegative = (x: number): boolean => x < 0 || Object.is(x, -0);
const sinc = (x: number): number => (x === 0 ? 1 : Number.isInteger(x) ? 0 : Math.sin(Math.PI * x) / (Math.PI * x));
const logit = (x: number): number => Math.log(x) - Math.log1p(-x);
const logaddexp = (x: number, y: number): number => {
  const largest = Math.max(x, y);
  return Math.abs(largest) === Infinity ? largest : largest + Math.log(Math.exp(x - largest) + Math.exp(y - largest));
};
const neighbors = [
  0,
  2 ** -149,
  -(2 ** -149),
  1,
  -1,
  0.75,
  -1.5,
  2 ** -126,
  (2 - 2 ** -23) * 2 ** 127,
  Infinity,
  -Infinity,
  NaN,
];
/** Those that have a float32 next to them on GPUs, where denormal numbers may be 0. */
const normal = neighbors.filter((x) => !(Math.abs(x) <= 2 ** -126));
/** Counts the bits of a number as an integer up or down. */
function nextafter(float: Float32Array | Float64Array, x: number, y: number): number {
  float[0] = x;
  if (Number.isNaN(x) || Number.isNaN(y)) return NaN;
  if (float[0] === y) return y;
  const bits = float instanceof Float32Array ? new Int32Array(float.buffer) : new BigInt64Array(float.buffer);
  if (x === 0) bits[0] = typeof bits[0] === 'bigint' ? 1n : 1;
  else if (typeof bits[0] === 'bigint') bits[0] += x < y === x > 0 ? 1n : -1n;
  else bits[0] = bits[0]! + (x < y === x > 0 ? 1 : -1);
  return x === 0 && y < 0 ? -float[0] : float[0];
}
const close = (x: number, y: number, rtol = 1e-5, atol = 1e-8): boolean =>
  x === y || (Number.isFinite(x) && Number.isFinite(y) && Math.abs(x - y) <= atol + rtol * Math.abs(y));

const quotients: OperationCase[] = [
  ...everywhere('floorDivide', ops.floorDivide, floorQuotient, [steady, steadyDivisor]),
  ...everywhere(
    'truncDivide',
    ops.truncDivide,
    (x, y) => (y === 0 || Math.abs(x) === Infinity ? x / y : (x - (x % y)) / y),
    [steady, steadyDivisor],
  ),
  ...everywhere('fmod', ops.fmod, (x, y) => x % y, [
    { shape: [2, 3], from: 5.2, to: 5.8 },
    { shape: [3], from: 2.1, to: 2.5 },
  ]),
  onIntegers('floorDivide', ops.floorDivide, (x, y) => (y === 0n ? 0n : floorBig(x, y))),
  onIntegers('truncDivide', ops.truncDivide, (x, y) => (y === 0n ? 0n : x / y)),
  onIntegers('fmod', ops.fmod, (x, y) => (y === 0n ? 0n : x % y)),
];

const onBits: OperationCase[] = [
  onIntegers('bitwiseOr', ops.bitwiseOr, (x, y) => x | y),
  onIntegers('bitwiseXor', ops.bitwiseXor, (x, y) => x ^ y),
  { name: 'bitwiseNot', apply: ops.bitwiseNot, inputs: integers.slice(1), expected: (x) => map((a) => -a - 1, x) },
  {
    name: 'bitwiseCount',
    apply: ops.bitwiseCount,
    inputs: [{ values: [0, 1, -1, 255, -(2 ** 31), 2 ** 31 - 1, -1431655766], dtype: 'int32' }],
    expected: (x) => map((a) => Math.abs(a).toString(2).replaceAll('0', '').length, x),
  },
  onIntegers('bitwiseLeftShift', ops.bitwiseLeftShift, (x, y) => (y < 0n || y > 31n ? 0n : x * 2n ** y)),
  onIntegers('bitwiseRightShift', ops.bitwiseRightShift, (x, y) => floorBig(x, 2n ** (y < 0n || y > 31n ? 31n : y))),
  onIntegers('gcd', ops.gcd, bigGcd),
  onIntegers('lcm', ops.lcm, (x, y) => (x === 0n || y === 0n ? 0n : (bigAbs(x) / bigGcd(x, y)) * bigAbs(y))),
];

/** Those with the most steps of Euclid's algorithm, for both kinds of remainders. */
const slowest: OperationCase = {
  name: 'gcd, Pell and Fibonacci numbers',
  apply: (x, y) => [ops.gcd(x, y), ops.gcd(y, x), ops.gcd(x.neg(), y)],
  inputs: [
    { values: [1311738121, 543339720, 1836311903, 1134903170, 2147483646], dtype: 'int32' },
    { values: [543339720, 225058681, 1134903170, 701408733, 1431655764], dtype: 'int32' },
  ],
  expected: () => {
    const divisors = [1, 1, 1, 1, 715827882];
    return { outputs: [divisors, divisors, divisors] };
  },
};

const signs: OperationCase[] = [
  ...everywhere('signbit', ops.signbit, isNegative, [matrix], { derivatives: false }),
  ...everywhere(
    'copysign',
    // The reciprocal tells zeros apart.
    (x, y) => ops.copysign(x, y).reciprocal(),
    (x, y) => 1 / (isNegative(y) ? -Math.abs(x) : Math.abs(x)),
    [
      { shape: [2, 3], avoid: [0] },
      { shape: [3], avoid: [0] },
    ],
  ),
  ...everywhere('heaviside', ops.heaviside, (x, y) => (x === 0 ? y : x < 0 ? 0 : x > 0 ? 1 : NaN), [
    away,
    { shape: [3] },
  ]),
  {
    name: 'heaviside, value at 0',
    apply: ops.heaviside,
    inputs: [{ values: [-1, 0, 2], dtype: 'int32' }, { shape: [3] }],
    expected: (x, y) => map((a, b) => (a === 0 ? b : Number(a > 0)), x, y),
  },
  ...everywhere('isposinf', ops.isposinf, (x) => x === Infinity, [matrix], { derivatives: false }),
  ...everywhere('isneginf', ops.isneginf, (x) => x === -Infinity, [matrix], { derivatives: false }),
  ...everywhere('frac', ops.frac, (x) => (Math.abs(x) === Infinity ? NaN : x % 1), [
    { shape: [2, 3], avoid: [-1, 0, 1] },
  ]),
  ...everywhere('deg2rad', ops.deg2rad, (x) => (x / 180) * Math.PI, [matrix]),
  ...everywhere('rad2deg', ops.rad2deg, (x) => (x / Math.PI) * 180, [matrix]),
  ...everywhere(
    'nanToNum',
    (x) => ops.nanToNum(x, { posinf: 5, neginf: -6 }),
    (x) => (x === Infinity ? 5 : x === -Infinity ? -6 : x || 0),
    [matrix],
  ),
  {
    name: 'nanToNum, largest numbers',
    apply: (x) => ops.nanToNum(x.astype('float32'), { nan: -1 }),
    inputs: [{ values: [Infinity, -Infinity, NaN, 2] }],
    expected: () => [3.4028234663852886e38, -3.4028234663852886e38, -1, 2],
    derivatives: false,
  },
  ...everywhere(
    'around',
    (x) => ops.around(x, 1),
    (x) => (Math.abs(x) < 100 ? Math.round(x * 10) / 10 : x),
    [{ values: [0.12, -0.28, 1.71] }],
  ),
  {
    name: 'around, to hundreds and halves to even',
    apply: (x) => [
      ops.around(x, -2),
      ops.around(x.astype('int32'), -2),
      ops.around(x.astype('int32'), -12),
      ops.around(x.astype('int32')),
    ],
    inputs: [{ values: [150, 250, -150, -250, 149, 151, 1e6 + 50, 0] }],
    expected: (x) => ({
      outputs: [
        [200, 200, -200, -200, 100, 200, 1e6, 0],
        [200, 200, -200, -200, 100, 200, 1e6, 0],
        [0, 0, 0, 0, 0, 0, 0, 0],
        x,
      ],
    }),
    derivatives: false,
  },
];

const powers: OperationCase[] = [
  ...everywhere('exp2', ops.exp2, (x) => Math.exp(x * Math.LN2), [matrix]),
  {
    name: 'exp2, exact at integers',
    apply: (x) => ops.exp2(x).log().div(Math.LN2).round().sub(x),
    inputs: [{ values: [-120, -10, -1, 0, 1, 10, 120] }],
    expected: (x) => map(() => 0, x),
    derivatives: false,
  },
  ...everywhere('rsqrt', ops.rsqrt, (x) => 1 / Math.sqrt(x), [{ shape: [2, 3], from: 0.3 }]),
  ...everywhere('cbrt', ops.cbrt, (x) => Math.sign(x) * Math.pow(Math.abs(x), 1 / 3), [away]),
  ...everywhere(
    'hypot',
    ops.hypot,
    (x, y) => {
      const longest = Math.max(Math.abs(x), Math.abs(y));
      if (Math.abs(x) === Infinity || Math.abs(y) === Infinity) return Infinity;
      return longest === 0 ? 0 : longest * Math.sqrt((x / longest) ** 2 + (y / longest) ** 2);
    },
    [away, { shape: [3], avoid: [0] }],
  ),
  {
    name: 'ldexp',
    apply: ops.ldexp,
    inputs: [matrix, { values: [-3, 0, 5], dtype: 'int32' }],
    expected: (x, n) => map((a, b) => a * 2 ** b, x, n),
  },
  {
    name: 'ldexp, large exponents',
    apply: (x) => [ops.ldexp(x, 130), ops.ldexp(ops.ldexp(x, -130), 127), ops.ldexp(x, 5000), ops.ldexp(x, -5000)],
    inputs: [{ values: [0.25, -0, NaN, Infinity] }],
    expected: () => ({
      outputs: [
        [2 ** 128, 0, NaN, Infinity],
        [2 ** -5, 0, NaN, Infinity],
        [Infinity, 0, NaN, Infinity],
        [0, 0, NaN, Infinity],
      ],
    }),
    dtypes: ['float64'],
    derivatives: false,
  },
  {
    name: 'frexp',
    apply: (x) => Object.values(ops.frexp(x)),
    inputs: [{ values: [0.5, 0.6, -0.7, 1, 1.5, -2, 3, 1e30, -1e-30, 2 ** -126, 0, Infinity, NaN] }],
    expected: (x) => {
      const exponents = flat(x).map((value) => {
        if (value === 0 || !Number.isFinite(value)) return 0;
        let exponent = -200;
        while (2 ** exponent <= Math.abs(value)) exponent++;
        return exponent;
      });
      return { outputs: [flat(x).map((value, i) => value * 2 ** -exponents[i]!), exponents] };
    },
    derivatives: false,
  },
  {
    name: 'frexp, mantissa',
    apply: (x) => ops.frexp(x).mantissa,
    inputs: [{ values: [0.6, -0.7, 1.3, -2.4] }],
    expected: () => [0.6, -0.7, 0.65, -0.6],
    tolerance: { float32: 1e-6, float64: 1e-7 },
  },
  {
    name: 'nextafter',
    apply: (x, y) => ops.nextafter(x.astype('float64'), y.astype('float64')),
    inputs: [{ values: neighbors.map((x) => [x]) }, { values: neighbors }],
    expected: (x, y) => map((a, b) => nextafter(new Float64Array(1), a, b), x, y),
    dtypes: ['float64'],
    tolerance: { float64: 0 },
    derivatives: false,
  },
  {
    name: 'nextafter, float32',
    apply: (x, y) => ops.nextafter(x.astype('float32'), y.astype('float32')),
    inputs: [{ values: normal.map((x) => [x]) }, { values: normal }],
    expected: (x, y) => map((a, b) => nextafter(new Float32Array(1), a, b), x, y),
    tolerance: { float32: 0, float64: 0 },
    derivatives: false,
  },
  {
    name: 'floatPower',
    apply: ops.floatPower,
    inputs: [{ shape: [2, 3], from: 0.3 }, { shape: [3] }],
    expected: (x, y) => map((a, b) => Math.exp(b * Math.log(a)), x, y),
  },
  {
    name: 'floatPower, int32',
    apply: (x, y) => [ops.floatPower(x, y), ops.floatPower(2, y), ops.floatPower(x, -2)],
    inputs: [
      { values: [2, 3, 10], dtype: 'int32' },
      { values: [-1, -2, 3], dtype: 'int32' },
    ],
    expected: () => ({
      outputs: [
        [0.5, 1 / 9, 1000],
        [0.5, 0.25, 8],
        [0.25, 1 / 9, 0.01],
      ],
    }),
  },
  ...everywhere('sinc', ops.sinc, sinc, [matrix]),
  {
    name: 'sinc, slopes on every backend',
    apply: (x) => {
      const slope = grad((point: Tensor) => ops.sinc(point).sum());
      return [slope(x), grad((point: Tensor) => slope(point).sum())(x)];
    },
    inputs: [{ values: [0, 1e-4, 0.3, -1.2, 1, 2.5, -7.25, 100.5] }],
    expected: (x) => {
      const slope = (t: number): number =>
        Math.abs(t) < 0.01 ? (-(Math.PI ** 2) / 3) * t : (Math.cos(Math.PI * t) - sinc(t)) / t;
      const curvature = (t: number): number =>
        Math.abs(t) < 0.01 ? -(Math.PI ** 2) / 3 : -(Math.PI ** 2) * sinc(t) - (2 / t) * slope(t);
      return { outputs: [map(slope, x), map(curvature, x)] };
    },
    tolerance: { float64: 1e-6 },
    derivatives: false,
  },
  {
    name: 'sinc, near 0',
    apply: ops.sinc,
    inputs: [{ values: [0, 1e-4, -0.01, 0.5, 1, 2] }],
    expected: (x) => map(sinc, x),
    derivatives: { order: 3 },
  },
];

const logarithms: OperationCase[] = [
  ...everywhere('logaddexp', ops.logaddexp, logaddexp, [matrix, { shape: [3] }]),
  ...everywhere('logaddexp2', ops.logaddexp2, (x, y) => logaddexp(x * Math.LN2, y * Math.LN2) / Math.LN2, [
    matrix,
    { shape: [3] },
  ]),
  ...everywhere('logit', (x) => ops.logit(x), logit, [{ shape: [2, 3], from: 0.1, to: 0.9 }]),
  {
    name: 'logit, near its zero and clamped',
    apply: (x) => [ops.logit(x), ops.logit(x, { eps: 0.25 })],
    inputs: [{ values: [0.5 - 2 ** -20, 0.5, 0.5 + 2 ** -18] }],
    expected: () => {
      // log ((½ + d) / (½ − d)) = 4d + 16/3 d³ + …
      const values = [-(2 ** -20), 0, 2 ** -18].map((d) => 4 * d + (16 / 3) * d ** 3);
      return { outputs: [values, values] };
    },
    derivatives: { step: 2 ** -10 },
  },
  {
    name: 'logit, clamped',
    apply: (x) => ops.logit(x, { eps: 0.25 }),
    inputs: [{ values: [-1, 0, 0.1, 0.6, 0.9, 1, NaN] }],
    expected: (x) => map((value) => logit(Math.min(Math.max(value, 0.25), 0.75)), x),
    derivatives: false,
  },
];

const others: OperationCase[] = [
  ...everywhere('fmax', ops.fmax, (x, y) => (Number.isNaN(x) ? y : Number.isNaN(y) || x > y ? x : y), [
    { shape: [2, 3], from: 0.5 },
    { shape: [3], to: 0.4 },
  ]),
  ...everywhere('fmin', ops.fmin, (x, y) => (Number.isNaN(x) ? y : Number.isNaN(y) || x < y ? x : y), [
    { shape: [2, 3], from: 0.5 },
    { shape: [3], to: 0.4 },
  ]),
  {
    name: 'fmax, int32',
    apply: (x, y) => [ops.fmax(x, y), ops.fmin(x, y), ops.fmax(x, -Infinity), ops.fmin(x, Infinity)],
    inputs: [
      { values: [1, -5, 2147483647], dtype: 'int32' },
      { values: [2, -6, 0], dtype: 'int32' },
    ],
    expected: (x) => ({ outputs: [[2, -5, 2147483647], [1, -6, 0], x, x] }),
  },
  {
    name: 'lerp',
    apply: ops.lerp,
    inputs: [matrix, { shape: [3] }, { shape: [2, 1], from: 0.1, to: 0.9, avoid: [0.5] }],
    expected: (x, y, w) => map((a, b, c) => a * (1 - c) + b * c, x, y, w),
  },
  {
    name: 'lerp, ends',
    apply: (x, y) => [ops.lerp(x, y, 0).sub(x), ops.lerp(x, y, 1).sub(y), ops.lerp(x, y, -1)],
    inputs: [{ values: [1e8, -0.1, 3] }, { values: [-0.3, 1e9, 5] }],
    expected: (x, y) => ({ outputs: [[0, 0, 0], [0, 0, 0], map((a, b) => 2 * a - b, x, y)] }),
    derivatives: false,
  },
  {
    name: 'addcmul',
    apply: (x, y, z) => ops.addcmul(x, y, z, { value: -0.5 }),
    inputs: [matrix, { shape: [3] }, { shape: [2, 1] }],
    expected: (x, y, z) => map((a, b, c) => a - 0.5 * b * c, x, y, z),
  },
  {
    name: 'addcmul, numbers and int32',
    apply: (x) => [ops.addcmul(x, 3, x), ops.addcmul(x, x, 2, { value: 4 })],
    inputs: [{ values: [1, -2], dtype: 'int32' }],
    expected: () => ({
      outputs: [
        [4, -8],
        [9, -18],
      ],
    }),
  },
  {
    name: 'addcdiv',
    apply: (x, y, z) => ops.addcdiv(x, y, z, { value: 2 }),
    inputs: [matrix, { shape: [3] }, { shape: [2, 1], avoid: [0] }],
    expected: (x, y, z) => map((a, b, c) => a + (2 * b) / c, x, y, z),
  },
];

const equalNan = (x: number, y: number): boolean => close(x, y) || (Number.isNaN(x) && Number.isNaN(y));

const comparisons: OperationCase[] = [
  ...everywhere(
    'isclose',
    (x, y) => ops.isclose(x, y),
    (x, y) => close(x, y),
    [matrix, { shape: [3] }],
    { derivatives: false },
  ),
  {
    name: 'isclose, tolerances and NaN',
    apply: (x, y) => [
      ops.isclose(x, y),
      ops.isclose(x, y, { rtol: 0, atol: 0.5 }),
      ops.isclose(x, y, { equalNan: true }),
    ],
    inputs: [{ values: [1, 1, 1000, NaN, 0] }, { values: [1.000001, 1.4, 1000.6, NaN, 1e-9] }],
    expected: (x, y) => ({
      outputs: [map(close, x, y), map((a, b) => close(a, b, 0, 0.5), x, y), map(equalNan, x, y)],
    }),
    derivatives: false,
  },
  {
    name: 'isclose, int32',
    apply: (x) => [ops.isclose(x, 16777217, { rtol: 0 }), ops.isclose(x, -2147483648)],
    inputs: [{ values: [16777217, 2147483647, -2147483648], dtype: 'int32' }],
    expected: () => ({
      outputs: [
        [true, false, false],
        [false, false, true],
      ],
    }),
  },
  {
    name: 'allclose',
    apply: (x, y) => [ops.allclose(x, y), ops.allclose(x, x), ops.allclose(x.slice([[0, 0]]), 1)],
    inputs: [{ values: [1, 2] }, { values: [1, 2.1] }],
    expected: () => ({ outputs: [false, true, true] }),
    derivatives: false,
  },
  {
    name: 'arrayEqual',
    apply: (x, y) => [
      ops.arrayEqual(x, y),
      ops.arrayEqual(x, x),
      ops.arrayEqual(x, x, { equalNan: true }),
      ops.arrayEqual(x, x.reshape([3, 1]), { equalNan: true }),
    ],
    inputs: [{ values: [1, NaN, 3] }, { values: [1, 2, 3] }],
    expected: () => ({ outputs: [false, false, true, false] }),
    derivatives: false,
  },
];

export const elementwiseCases: readonly OperationCase[] = [
  ...quotients,
  ...onBits,
  slowest,
  ...signs,
  ...powers,
  ...logarithms,
  ...others,
  ...comparisons,
];
