import { type Tensor } from '@thetagrad/core';
import type { OperationCase } from '../../../../../test/support/testOperations.ts';
import * as ops from '../../../src/index.ts';
import { lines, mean, sum } from '../../plain.ts';
import { holes, someHoles, integers, numbers, variance, reduction } from './common.ts';

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

export const withoutNaNCases: readonly OperationCase[] = [
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
  {
    name: 'nanvar, infinities',
    apply: (x) => [ops.nanvar(x, 1), ops.nanstd(x, 1), ops.nanmean(x, 1)],
    inputs: [
      {
        values: [
          [1, Infinity, 2],
          [Infinity, NaN, -Infinity],
          [NaN, NaN, 3],
        ],
      },
    ],
    expected: () => ({
      outputs: [
        [NaN, NaN, 0],
        [NaN, NaN, 0],
        [Infinity, NaN, 3],
      ],
    }),
    derivatives: false,
  },
];
