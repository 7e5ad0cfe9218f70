import { buildNested, elementOf, fromNested, indicesOf, toNested } from '../../../../test/support/arrays.ts';
import type { OperationCase } from '../../../../test/support/testOperations.ts';
import { col2im, im2col, localResponseNorm } from '../../src/index.ts';

const options = {
  kernelSize: [2, 3],
  dilation: [2, 1],
  padding: [
    [1, 0],
    [0, 1],
  ],
  stride: [1, 2],
} as const;

/** For images of 3×4: the row and column of element (i, j) of patch (y, x), of which there are 2×2. */
const positionOf = (y: number, x: number, i: number, j: number): [number, number] => [y - 1 + 2 * i, 2 * x + j];

export const patches: readonly OperationCase[] = [
  {
    name: 'im2col',
    apply: (x) => im2col(x!, options),
    inputs: [{ shape: [2, 2, 3, 4] }],
    expected: (x) =>
      buildNested([2, 12, 4], ([n, row, column]) => {
        const [c, i, j] = indicesOf([2, 2, 3])[row!] as [number, number, number];
        const [y, z] = indicesOf([2, 2])[column!] as [number, number];
        return elementOf(fromNested(x!), [n!, c, ...positionOf(y, z, i, j)]) ?? 0;
      }),
  },
  {
    name: 'im2col, one image of integers',
    apply: (x) => im2col(x!, { kernelSize: 2 }),
    inputs: [
      {
        values: [
          [
            [1, 2, 3],
            [4, 5, 6],
          ],
        ],
        dtype: 'int32',
      },
    ],
    expected: () => [
      [1, 2],
      [2, 3],
      [4, 5],
      [5, 6],
    ],
  },
  {
    name: 'col2im',
    apply: (x) => col2im(x!, { outputSize: [3, 4], ...options }),
    inputs: [{ shape: [1, 12, 4] }],
    expected: (x) => {
      const columns = fromNested(x!);
      const data = Array.from({ length: 24 }, () => 0);
      indicesOf([2, 2, 3]).forEach(([c, i, j], row) =>
        indicesOf([2, 2]).forEach(([y, z], column) => {
          const [at, across] = positionOf(y!, z!, i!, j!);
          if (at >= 0 && at < 3 && across < 4)
            data[(c! * 3 + at) * 4 + across]! += elementOf(columns, [0, row, column])!;
        }),
      );
      return toNested({ shape: [1, 2, 3, 4], data });
    },
  },
  {
    name: 'col2im, one image of bool, larger than its patches',
    apply: (x) => col2im(x!, { outputSize: [1, 4], kernelSize: [1, 2], stride: [1, 1], dilation: [1, 2] }),
    inputs: [
      {
        values: [
          [true, true],
          [true, true],
        ],
        dtype: 'bool',
      },
    ],
    expected: () => [[[1, 1, 1, 1]]],
  },
  {
    name: 'localResponseNorm',
    apply: (x) => localResponseNorm(x!, { size: 3, alpha: 0.5, beta: 0.6, k: 2 }),
    inputs: [{ shape: [2, 4, 2, 1] }],
    expected: (x) => {
      const given = fromNested(x!);
      return buildNested([2, 4, 2, 1], ([n, c, ...rest]) => {
        const squares = [-1, 0, 1].map((i) => (elementOf(given, [n!, c! + i, ...rest]) ?? 0) ** 2);
        return (
          elementOf(given, [n!, c!, ...rest])! / (2 + (0.5 * (squares[0]! + squares[1]! + squares[2]!)) / 3) ** 0.6
        );
      });
    },
  },
  {
    name: 'localResponseNorm, an even size, by default',
    apply: (x) => localResponseNorm(x!, { size: 2 }),
    inputs: [{ values: [[100, 200, 300]] }],
    expected: () => [[100 / 1.5 ** 0.75, 200 / 3.5 ** 0.75, 300 / 7.5 ** 0.75]],
  },
];
