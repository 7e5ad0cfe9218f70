import type { OperationCase } from '../../../../test/support/testOperations.ts';
import { entr, xlog1py, xlogy } from '../../src/index.ts';
import { elementwise } from './elementwise.ts';

export const entropyCases: readonly OperationCase[] = [
  {
    name: 'entr',
    apply: (x) => entr(x!),
    inputs: [
      {
        values: [
          [0.25, 0.5],
          [1.5, 3],
        ],
      },
    ],
    expected: elementwise((x) => Math.log(x ** -x)),
  },
  {
    name: 'entr, special values',
    apply: (x) => entr(x!),
    inputs: [{ values: [0, -0, 1, -1, Infinity, -Infinity, NaN] }],
    expected: () => [0, 0, 0, -Infinity, -Infinity, -Infinity, NaN],
    derivatives: false,
  },
  {
    name: 'xlogy',
    apply: (x, y) => xlogy(x!, y!),
    inputs: [{ values: [[-1.5], [0], [2]] }, { values: [0.25, 1, 3] }],
    expected: () => [-1.5, 0, 2].map((x) => [0.25, 1, 3].map((y) => Math.log(y ** x))),
  },
  {
    name: 'xlogy, special values',
    apply: (x, y) => xlogy(x!, y!),
    inputs: [{ values: [0, 0, 0, 0, 1, NaN, -0] }, { values: [0, -1, Infinity, NaN, -1, 2, 2] }],
    expected: () => [0, 0, 0, NaN, NaN, NaN, 0],
    derivatives: false,
  },
  {
    name: 'xlog1py',
    apply: (x, y) => xlog1py(x!, y!),
    inputs: [{ values: [-1.5, 0, 2] }, { values: [-0.5, 1, 3] }],
    expected: elementwise((x, y) => Math.log((1 + y!) ** x!)),
  },
  {
    name: 'xlog1py, special values',
    apply: (x, y) => xlog1py(x!, y!),
    inputs: [{ values: [0, 0, 0, 1, NaN] }, { values: [-1, -2, NaN, -2, 2] }],
    expected: () => [0, 0, NaN, NaN, NaN],
    derivatives: false,
  },
];
