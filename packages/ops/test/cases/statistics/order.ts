import { type NestedArray, type Tensor } from '@thetagrad/core';
import type { Input, OperationCase } from '../../../../../test/support/testOperations.ts';
import * as ops from '../../../src/index.ts';
import { flat, lines, sorted, transposed } from '../../plain.ts';
import { matrix, integers, reduction } from './common.ts';

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

export const orderCases: readonly OperationCase[] = [
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
