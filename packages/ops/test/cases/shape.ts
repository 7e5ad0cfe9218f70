import { arange, tensor, type NestedArray, type Tensor } from '@thetagrad/core';
import type { OperationCase } from '../../../../test/support/testOperations.ts';
import * as ops from '../../src/index.ts';
import { build, flat, get, type Matrix } from '../../../../test/support/nested.ts';

type Rows = readonly NestedArray[];
const int = 'int32';
const vector = { shape: [5] };
const matrix = { shape: [2, 3] };
const cube = { shape: [2, 3, 2] };
const scalar = { values: 1.5 };
const columns = (x: NestedArray, from: number, to: number): NestedArray =>
  (x as Matrix).map((row) => row.slice(from, to));

/** Operations of one tensor that pick, repeat or drop its elements. */
const splits: readonly OperationCase[] = [
  {
    name: 'chunk',
    apply: (x) => ops.chunk(x, 3),
    inputs: [vector],
    expected: (x) => ({ outputs: [(x as Rows).slice(0, 2), (x as Rows).slice(2, 4), (x as Rows).slice(4)] }),
  },
  {
    name: 'chunk, fewer parts than asked for, along an axis',
    apply: (x) => ops.chunk(x, 2, -1).concat(ops.chunk(x, 9, 0)),
    inputs: [matrix],
    expected: (x) => ({
      outputs: [columns(x, 0, 2), columns(x, 2, 3), ...(x as Rows).map((row) => [row])],
    }),
  },
  {
    name: 'chunk, an empty axis',
    apply: (x) => ops.chunk(x, 2),
    inputs: [{ values: [] }],
    expected: () => ({ outputs: [[], []] }),
    derivatives: false,
  },
  {
    name: 'splitWithSizes, one for all parts but the rest',
    apply: (x) => ops.splitWithSizes(x, 2).concat(ops.splitWithSizes(x, 9)),
    inputs: [vector],
    expected: (x) => ({
      outputs: [(x as Rows).slice(0, 2), (x as Rows).slice(2, 4), (x as Rows).slice(4), x],
    }),
  },
  {
    name: 'splitWithSizes, one for each part, along an axis',
    apply: (x) => ops.splitWithSizes(x, [2, 0, 1], -1),
    inputs: [matrix],
    expected: (x) => ({ outputs: [columns(x, 0, 2), columns(x, 2, 2), columns(x, 2, 3)] }),
  },
  {
    name: 'tensorSplit',
    apply: (x) => ops.tensorSplit(x, 3),
    inputs: [vector],
    expected: (x) => ({ outputs: [(x as Rows).slice(0, 2), (x as Rows).slice(2, 4), (x as Rows).slice(4)] }),
  },
  {
    name: 'tensorSplit, indices, one of them negative, beyond the end, or before its predecessor',
    apply: (x) => ops.tensorSplit(x, [1, -2, 2, 9]),
    inputs: [vector],
    expected: (x) => {
      const rows = x as Rows;
      return { outputs: [rows.slice(0, 1), rows.slice(1, -2), [], rows.slice(2), []] };
    },
  },
  {
    name: 'tensorSplit, more parts than elements',
    apply: (x) => ops.tensorSplit(x, 3, 1),
    inputs: [{ values: [[1, 2]] }],
    expected: () => ({ outputs: [[[1]], [[2]], [[]]] }),
    derivatives: false,
  },
  {
    name: 'hsplit',
    apply: (x, y) => [...ops.hsplit(x, 3), ...ops.hsplit(y, [1])],
    inputs: [matrix, vector],
    expected: (x, y) => ({
      outputs: [columns(x, 0, 1), columns(x, 1, 2), columns(x, 2, 3), (y as Rows).slice(0, 1), (y as Rows).slice(1)],
    }),
  },
  {
    name: 'vsplit',
    apply: (x) => ops.vsplit(x, 2),
    inputs: [matrix],
    expected: (x) => ({ outputs: (x as Rows).map((row) => [row]) }),
  },
  {
    name: 'dsplit',
    apply: (x) => ops.dsplit(x, [1]),
    inputs: [cube],
    expected: (x) => ({ outputs: [0, 1].map((k) => build([2, 3, 1], (i, j) => get(x, i, j, k))) }),
  },
  {
    name: 'unstack',
    apply: (x) => [...ops.unstack(x), ...ops.unstack(x, -1)],
    inputs: [matrix],
    expected: (x) => ({ outputs: [...(x as Rows), ...[0, 1, 2].map((j) => build([2], (i) => get(x, i, j)))] }),
  },
  {
    name: 'narrow',
    apply: (x) => [ops.narrow(x, 0, 1, 3), ops.narrow(x, -1, -2, 2), ops.narrow(x, 0, 5, 0)],
    inputs: [vector],
    expected: (x) => ({ outputs: [(x as Rows).slice(1, 4), (x as Rows).slice(3), []] }),
  },
];

const joins: readonly OperationCase[] = [
  {
    name: 'atleast1d',
    apply: (x, y) => [ops.atleast1d(x), ops.atleast1d(y)],
    inputs: [scalar, matrix],
    expected: (x, y) => ({ outputs: [[x], y] }),
  },
  {
    name: 'atleast2d',
    apply: (x, y, z) => [ops.atleast2d(x), ops.atleast2d(y), ops.atleast2d(z)],
    inputs: [scalar, vector, cube],
    expected: (x, y, z) => ({ outputs: [[[x]], [y], z] }),
  },
  {
    name: 'atleast3d',
    apply: (...inputs) => inputs.map(ops.atleast3d),
    inputs: [scalar, vector, matrix, cube],
    expected: (x, y, z, w) => ({
      outputs: [[[[x]]], [(y as Rows).map((each) => [each])], (z as Matrix).map((row) => row.map((each) => [each])), w],
    }),
  },
  {
    name: 'hstack',
    apply: (x, y) => [ops.hstack([x, x]), ops.hstack([y, tensor(3)])],
    inputs: [matrix, vector],
    expected: (x, y) => ({ outputs: [(x as Matrix).map((row) => [...row, ...row]), [...(y as Rows), 3]] }),
  },
  {
    name: 'vstack',
    apply: (x, y) => ops.vstack([x, y]),
    inputs: [matrix, { shape: [3] }],
    expected: (x, y) => [...(x as Rows), y],
  },
  {
    name: 'dstack',
    apply: (x, y) => [ops.dstack([x, y]), ops.dstack([x.slice([0])])],
    inputs: [matrix, matrix],
    expected: (x, y) => ({
      outputs: [build([2, 3, 2], (i, j, k) => get(k === 0 ? x : y, i, j)), build([1, 3, 1], (_, j) => get(x, 0, j))],
    }),
  },
  {
    name: 'columnStack',
    apply: (x, y) => ops.columnStack([x, y]),
    inputs: [matrix, { shape: [2] }],
    expected: (x, y) => (x as Matrix).map((row, i) => [...row, get(y, i)]),
  },
  {
    name: 'broadcastTensors',
    apply: (x, y) => ops.broadcastTensors([x, y]),
    inputs: [{ shape: [2, 1] }, { shape: [3] }],
    expected: (x, y) => ({ outputs: [build([2, 3], (i) => get(x, i, 0)), build([2, 3], (_, j) => get(y, j))] }),
  },
  {
    name: 'block',
    apply: (x, y, z) => [
      ops.block([
        [x, y],
        [z, z],
      ]),
      ops.block([z, tensor(3)]),
      ops.block(z),
      ops.block([[z], [x]]),
    ],
    inputs: [{ shape: [2, 2] }, { shape: [2, 2] }, { shape: [2] }],
    expected: (x, y, z) => {
      const [a, b, c] = [x as Matrix, y as Matrix, z as number[]];
      return { outputs: [[...a.map((row, i) => [...row, ...b[i]!]), [...c, ...c]], [...c, 3], c, [c, ...a]] };
    },
  },
  {
    name: 'blockDiag',
    apply: (x, y, z) => ops.blockDiag([x, y, z]),
    inputs: [matrix, scalar, { shape: [2] }],
    expected: (x, y, z) => [
      ...(x as Matrix).map((row) => [...row, 0, 0, 0]),
      [0, 0, 0, y, 0, 0],
      [0, 0, 0, 0, ...(z as Rows)],
    ],
  },
  {
    name: 'blockDiag, an empty block',
    apply: (x, y) => ops.blockDiag([x, y]),
    inputs: [{ values: [] }, scalar],
    expected: (_, y) => [[0], [y]],
    derivatives: false,
  },
];

const moves: readonly OperationCase[] = [
  {
    name: 'roll',
    apply: (x) => [ops.roll(x, 2, 0), ops.roll(x, -8, 0), ops.roll(x, 5, 0)],
    inputs: [vector],
    expected: (x) => ({
      outputs: [2, -8, 5].map((shift) => build([5], (i) => get(x, (i - shift + 10) % 5))),
    }),
  },
  {
    name: 'roll, two axes, and all elements in a row',
    apply: (x) => [ops.roll(x, [1, -1], [1, 0]), ops.roll(x, 1, [0, 1]), ops.roll(x, 1)],
    inputs: [matrix],
    expected: (x) => ({
      outputs: [
        build([2, 3], (i, j) => get(x, (i + 1) % 2, (j + 2) % 3)),
        build([2, 3], (i, j) => get(x, (i + 1) % 2, (j + 2) % 3)),
        build([2, 3], (i, j) => flat(x)[(3 * i + j + 5) % 6]!),
      ],
    }),
  },
  {
    name: 'roll, an empty axis and a scalar',
    apply: (x, y) => [ops.roll(x, 1, 0), ops.roll(y, 3)],
    inputs: [{ values: [] }, scalar],
    expected: (x, y) => ({ outputs: [x, y] }),
    derivatives: false,
  },
  {
    name: 'rot90',
    apply: (x) => [-1, 0, 1, 2, 7].map((k) => ops.rot90(x, { k })),
    inputs: [matrix],
    expected: (x) => {
      const left = build([3, 2], (i, j) => get(x, j, 2 - i));
      const half = build([2, 3], (i, j) => get(x, 1 - i, 2 - j));
      const right = build([3, 2], (i, j) => get(x, 1 - j, i));
      return { outputs: [right, x, left, half, right] };
    },
  },
  {
    name: 'rot90, other axes',
    apply: (x) => [ops.rot90(x, { axes: [1, 2] }), ops.rot90(x, { axes: [-1, 0] })],
    inputs: [cube],
    expected: (x) => ({
      outputs: [build([2, 2, 3], (i, j, k) => get(x, i, k, 1 - j)), build([2, 3, 2], (i, j, k) => get(x, 1 - k, j, i))],
    }),
  },
  {
    name: 'fliplr',
    apply: (x) => ops.fliplr(x),
    inputs: [matrix],
    expected: (x) => (x as Matrix).map((row) => row.toReversed()),
  },
  {
    name: 'flipud',
    apply: (x) => ops.flipud(x),
    inputs: [matrix],
    expected: (x) => (x as Matrix).toReversed(),
  },
  {
    name: 'moveaxis',
    apply: (x) => [ops.moveaxis(x, 0, -1), ops.moveaxis(x, [0, 1], [1, 2])],
    inputs: [{ shape: [2, 3, 1] }],
    expected: (x) => ({
      outputs: [build([3, 1, 2], (i, j, k) => get(x, k, i, j)), build([1, 2, 3], (i, j, k) => get(x, j, k, i))],
    }),
  },
  {
    name: 'unflatten',
    apply: (x) => [ops.unflatten(x, -1, [3, 2]), ops.unflatten(x, 1, [1, -1, 3])],
    inputs: [{ shape: [2, 6] }],
    expected: (x) => ({
      outputs: [
        build([2, 3, 2], (i, j, k) => get(x, i, 2 * j + k)),
        build([2, 1, 2, 3], (i, _, j, k) => get(x, i, 3 * j + k)),
      ],
    }),
  },
  {
    name: 'repeat',
    apply: (x) => [ops.repeat(x, 2), ops.repeat(x, 2, 1), ops.repeat(x, 0, 0)],
    inputs: [matrix],
    expected: (x) => ({
      outputs: [
        flat(x).flatMap((each) => [each, each]),
        (x as Matrix).map((row) => row.flatMap((each) => [each, each])),
        [],
      ].map((each, i) => (i === 2 ? build([0, 3], () => 0) : each)),
    }),
  },
  {
    name: 'repeat, a count for each index',
    apply: (x) => [ops.repeat(x, [2, 0, 1], -1), ops.repeat(x, [0, 0, 1, 0, 3, 0])],
    inputs: [matrix],
    expected: (x) => ({
      outputs: [(x as Matrix).map(([a, , c]) => [a!, a!, c!]), [flat(x)[2]!, flat(x)[4]!, flat(x)[4]!, flat(x)[4]!]],
    }),
  },
  {
    name: 'tile',
    apply: (x) => [ops.tile(x, 2), ops.tile(x, [2, 1, 2]), ops.tile(x, [])],
    inputs: [matrix],
    expected: (x) => {
      const wide = (x as Matrix).map((row) => [...row, ...row]);
      return { outputs: [wide, [wide, wide], x] };
    },
  },
];

/** Where element (i, j) of a matrix with a vector on diagonal `offset` is in the vector; −1 elsewhere. */
const onDiagonal = (i: number, j: number, offset: number): number => (j - i === offset ? Math.min(i, j) : -1);
const diagonalMatrix = (x: NestedArray, offset: number): NestedArray => {
  const size = (x as Rows).length + Math.abs(offset);
  return build([size, size], (i, j) => (onDiagonal(i, j, offset) < 0 ? 0 : get(x, onDiagonal(i, j, offset))));
};

const diagonals: readonly OperationCase[] = [
  {
    name: 'diagonal',
    apply: (x) => [0, 1, 2, -1, -2, 3, -7].map((offset) => ops.diagonal(x, { offset })),
    inputs: [{ shape: [3, 4] }],
    expected: (x) => ({
      outputs: [0, 1, 2, -1, -2, 3, -7].map((offset) =>
        (x as Matrix).flatMap((row, i) => (i + offset in row ? [row[i + offset]!] : [])),
      ),
    }),
  },
  {
    name: 'diagonal, of batches, in other axes',
    apply: (x) => [ops.diagonal(x), ops.diagonal(x, { axis1: -1, axis2: 0, offset: 1 })],
    inputs: [cube],
    expected: (x) => ({
      outputs: [build([2, 2], (k, i) => get(x, i, i, k)), build([3, 1], (j, i) => get(x, i + 1, j, i))],
    }),
  },
  {
    name: 'trace',
    apply: (x) => [ops.trace(x), ops.trace(x, { offset: -2 }), ops.trace(x, { axis1: 1, axis2: 2 })],
    inputs: [cube],
    expected: (x) => ({
      outputs: [
        build([2], (k) => get(x, 0, 0, k) + get(x, 1, 1, k)),
        [0, 0],
        build([2], (i) => get(x, i, 0, 0) + get(x, i, 1, 1)),
      ],
    }),
  },
  {
    name: 'diagEmbed',
    apply: (x) => [0, 1, -2].map((offset) => ops.diagEmbed(x, { offset })),
    inputs: [matrix],
    expected: (x) => ({ outputs: [0, 1, -2].map((offset) => (x as Rows).map((row) => diagonalMatrix(row, offset))) }),
  },
  {
    name: 'diagEmbed, other axes',
    apply: (x) => ops.diagEmbed(x, { axis1: 0, axis2: -2, offset: 1 }),
    inputs: [matrix],
    expected: (x) => build([4, 4, 2], (i, j, b) => (j === i + 1 ? get(x, b, i) : 0)),
  },
  {
    name: 'diag',
    apply: (x, y) => [ops.diag(x), ops.diag(x, { offset: -1 }), ops.diag(y, { offset: 1 })],
    inputs: [{ shape: [3] }, matrix],
    expected: (x, y) => ({ outputs: [diagonalMatrix(x, 0), diagonalMatrix(x, -1), [get(y, 0, 1), get(y, 1, 2)]] }),
  },
  {
    name: 'diag, no elements',
    apply: (x) => [ops.diag(x), ops.diag(x, { offset: 2 })],
    inputs: [{ values: [] }],
    expected: () => ({
      outputs: [
        [],
        [
          [0, 0],
          [0, 0],
        ],
      ],
    }),
    derivatives: false,
  },
  {
    name: 'diagflat',
    apply: (x) => ops.diagflat(x, { offset: 1 }),
    inputs: [matrix],
    expected: (x) => diagonalMatrix(flat(x), 1),
  },
];

const triangles: readonly OperationCase[] = [
  ...[ops.tril, ops.triu].map((operation): OperationCase => {
    const { name } = operation;
    const isInside = (i: number, j: number, offset: number): boolean =>
      name === 'tril' ? j - i <= offset : j - i >= offset;
    return {
      name,
      apply: (x) => [0, 1, -1, 9, -9].map((offset) => operation(x, { offset })),
      inputs: [{ shape: [2, 3, 2] }],
      expected: (x) => ({
        outputs: [0, 1, -1, 9, -9].map((offset) =>
          build([2, 3, 2], (b, i, j) => (isInside(i, j, offset) ? get(x, b, i, j) : 0)),
        ),
      }),
    };
  }),
  {
    name: 'tril, infinities and NaN above the diagonal, int32 and bool',
    apply: (x, y, z) => [ops.tril(x), ops.tril(y), ops.triu(z)],
    inputs: [
      {
        values: [
          [1, NaN],
          [-Infinity, 2],
        ],
      },
      {
        values: [
          [1, 2],
          [3, 4],
        ],
        dtype: int,
      },
      {
        values: [
          [true, true],
          [true, false],
        ],
        dtype: 'bool',
      },
    ],
    expected: () => ({
      outputs: [
        [
          [1, 0],
          [-Infinity, 2],
        ],
        [
          [1, 0],
          [3, 4],
        ],
        [
          [true, true],
          [false, false],
        ],
      ],
    }),
    derivatives: false,
  },
  {
    name: 'tri',
    apply: () => [ops.tri(2), ops.tri(2, { columns: 3, offset: 1, dtype: 'int32' }), ops.tri(0)],
    inputs: [],
    expected: () => ({
      outputs: [
        [
          [1, 0],
          [1, 1],
        ],
        [
          [1, 1, 0],
          [1, 1, 1],
        ],
        [],
      ],
    }),
  },
  {
    name: 'trilIndices',
    apply: () => [...ops.trilIndices(2, { columns: 3 }), ...ops.trilIndices(2, { offset: -1 })],
    inputs: [],
    expected: () => ({ outputs: [[0, 1, 1], [0, 0, 1], [1], [0]] }),
  },
  {
    name: 'triuIndices',
    apply: () => [...ops.triuIndices(2, { columns: 3 }), ...ops.triuIndices(2, { offset: 2 })],
    inputs: [],
    expected: () => ({ outputs: [[0, 0, 0, 1, 1], [0, 1, 2, 1, 2], [], []] }),
  },
];

const grids: readonly OperationCase[] = [
  {
    name: 'meshgrid',
    apply: (x, y) => [...ops.meshgrid([x, y]), ...ops.meshgrid([x, y], { indexing: 'ij' }), ...ops.meshgrid([x])],
    inputs: [{ shape: [2] }, { shape: [3] }],
    expected: (x, y) => ({
      outputs: [
        build([3, 2], (_, j) => get(x, j)),
        build([3, 2], (i) => get(y, i)),
        build([2, 3], (i) => get(x, i)),
        build([2, 3], (_, j) => get(y, j)),
        x,
      ],
    }),
  },
  {
    name: 'meshgrid, three axes',
    apply: (x, y, z) => ops.meshgrid([x, y, z]),
    inputs: [{ shape: [2] }, scalar, { shape: [3] }],
    expected: (x, y, z) => ({
      outputs: [
        build([1, 2, 3], (_, j) => get(x, j)),
        build([1, 2, 3], () => y as number),
        build([1, 2, 3], (_, _j, k) => get(z, k)),
      ],
    }),
  },
  {
    name: 'cartesianProd',
    apply: (x, y) => [ops.cartesianProd([x, y]), ops.cartesianProd([x])],
    inputs: [{ shape: [2] }, { shape: [3] }],
    expected: (x, y) => ({ outputs: [(x as Rows).flatMap((a) => (y as Rows).map((b) => [a, b])), x] }),
  },
  {
    name: 'combinations',
    apply: (x) => [
      ops.combinations(x),
      ops.combinations(x, { withReplacement: true }),
      ops.combinations(x, { r: 3 }),
      ops.combinations(x, { r: 4 }),
    ],
    inputs: [{ values: [1, 2, 3] }],
    expected: () => ({
      outputs: [
        [
          [1, 2],
          [1, 3],
          [2, 3],
        ],
        [
          [1, 1],
          [1, 2],
          [1, 3],
          [2, 2],
          [2, 3],
          [3, 3],
        ],
        [[1, 2, 3]],
        [],
      ],
    }),
  },
  {
    name: 'indices',
    apply: () => [ops.indices([2, 3]), ops.indices([2], { dtype: 'float32' }), ops.indices([])],
    inputs: [],
    expected: () => ({
      outputs: [build([2, 2, 3], (axis, i, j) => (axis === 0 ? i : j)), [[0, 1]], []],
    }),
  },
  {
    name: 'fromfunction',
    apply: () => [
      ops.fromfunction((i, j) => i.mul(10).add(j), [2, 3]),
      ops.fromfunction((i) => i.mod(2), [3], { dtype: 'int32' }),
      ops.fromfunction(() => arange(2), []),
    ],
    inputs: [],
    expected: () => ({ outputs: [build([2, 3], (i, j) => 10 * i + j), [0, 1, 0], [0, 1]] }),
  },
];

const sequences: readonly OperationCase[] = [
  {
    name: 'fullLike',
    apply: (x) => [ops.fullLike(x, 7), ops.fullLike(x, true, { dtype: 'bool' })],
    inputs: [matrix],
    expected: () => ({ outputs: [build([2, 3], () => 7), build([2, 3], () => true)] }),
    derivatives: false,
  },
  {
    name: 'logspace',
    apply: () => [
      ops.logspace(-1, 2, 4, { dtype: 'float64' }),
      ops.logspace(0, 3, 4, { base: 2, dtype: 'int32' }),
      ops.logspace(2, 9, 1),
    ],
    inputs: [],
    expected: () => ({ outputs: [[0.1, 1, 10, 100], [1, 2, 4, 8], [100]] }),
  },
  {
    name: 'geomspace',
    apply: () => [ops.geomspace(1, 1000, 4, { dtype: 'float64' }), ops.geomspace(-8, -1, 4, { dtype: 'float64' })],
    inputs: [],
    expected: () => ({
      outputs: [
        [1, 10, 100, 1000],
        [-8, -4, -2, -1],
      ],
    }),
  },
  {
    name: 'vander',
    apply: (x) => [ops.vander(x), ops.vander(x, { columns: 2, increasing: true }), ops.vander(x, { columns: 0 })],
    inputs: [{ shape: [3], avoid: [0] }],
    expected: (x) => ({
      outputs: [
        (x as number[]).map((each) => [each * each, each, 1]),
        (x as number[]).map((each) => [1, each]),
        [[], [], []],
      ],
    }),
  },
  {
    name: 'vander, int32 and 0',
    apply: (x) => ops.vander(x),
    inputs: [{ values: [0, 3, -2], dtype: int }],
    expected: () => [
      [0, 0, 1],
      [9, 3, 1],
      [4, -2, 1],
    ],
  },
];

/** Symmetric and periodic windows against a formula in the position from 0 to 1. */
const windowCase = (
  name: string,
  apply: (size: number, options?: ops.WindowOptions) => Tensor,
  window: (position: number) => number,
): OperationCase => ({
  name,
  apply: () => [
    ...[0, 1, 3, 8].map((size) => apply(size, { dtype: 'float64' })),
    apply(6, { periodic: true, dtype: 'float64' }),
  ],
  inputs: [],
  expected: () => ({
    outputs: [
      ...[0, 1, 3, 8].map((size) => Array.from({ length: size }, (_, i) => (size === 1 ? 1 : window(i / (size - 1))))),
      Array.from({ length: 6 }, (_, i) => window(i / 6)),
    ],
  }),
});

/** I₀ as the mean of e^(x cos θ). */
const besselI0 = (x: number): number => {
  const terms = Array.from({ length: 400 }, (_, i) => Math.exp(x * Math.cos((2 * Math.PI * i) / 400)));
  return terms.reduce((sum, term) => sum + term, 0) / 400;
};

const windows: readonly OperationCase[] = [
  windowCase('hanning', ops.hanning, (p) => Math.sin(Math.PI * p) ** 2),
  windowCase('hamming', ops.hamming, (p) => 0.08 + 0.92 * Math.sin(Math.PI * p) ** 2),
  windowCase(
    'blackman',
    ops.blackman,
    (p) => 0.42 - 0.5 * Math.cos(2 * Math.PI * p) + 0.08 * Math.cos(4 * Math.PI * p),
  ),
  windowCase('bartlett', ops.bartlett, (p) => Math.min(2 * p, 2 - 2 * p)),
  windowCase(
    'kaiser',
    (size, options) => ops.kaiser(size, 5, options),
    (p) => besselI0(10 * Math.sqrt(p * (1 - p))) / besselI0(5),
  ),
  {
    name: 'kaiser, a beta whose exponential overflows',
    apply: () => [1000, 1e6].map((beta) => ops.kaiser(3, beta, { dtype: 'float64' })),
    inputs: [],
    expected: () => ({
      outputs: [
        [0, 1, 0],
        [0, 1, 0],
      ],
    }),
    tolerance: { float64: 1e-300 },
  },
];

const padCase = (mode: ops.PadMode, name: string, continued: (i: number) => number): OperationCase => ({
  name: `pad, ${name}`,
  apply: (x) => [
    ops.pad(x, [[2, 1]], { mode }),
    ops.pad(x, [[7, 9]], { mode }),
    ops.pad(x, [[-1, 0]], { mode }),
    ops.pad(x.slice([[0, 1]]), [[2, 1]], { mode }),
  ],
  inputs: [{ values: [10, 11, 12, 13] }],
  expected: () => ({
    outputs: [
      build([7], (i) => 10 + continued(i - 2)),
      build([20], (i) => 10 + continued(i - 7)),
      [11, 12, 13],
      [10, 10, 10, 10],
    ],
  }),
});

const walk = (path: readonly number[]) => (i: number) => path[(i + 10 * path.length) % path.length]!;

const pads: readonly OperationCase[] = [
  {
    name: 'pad',
    apply: (x) => [
      ops.pad(x, 1),
      ops.pad(
        x,
        [
          [-1, 1],
          [2, -2],
        ],
        { value: 9 },
      ),
    ],
    inputs: [matrix],
    expected: (x) => ({
      outputs: [
        build([4, 5], (i, j) => (i < 1 || i > 2 || j < 1 || j > 3 ? 0 : get(x, i - 1, j - 1))),
        [
          [9, 9, get(x, 1, 0)],
          [9, 9, 9],
        ],
      ],
    }),
  },
  padCase('edge', 'the edge', (i) => Math.max(0, Math.min(3, i))),
  padCase('reflect', 'reflected', walk([0, 1, 2, 3, 2, 1])),
  padCase('symmetric', 'symmetric', walk([0, 1, 2, 3, 3, 2, 1, 0])),
  padCase('wrap', 'wrapped', walk([0, 1, 2, 3])),
  {
    name: 'pad, both axes reflected',
    apply: (x) => ops.pad(x, 1, { mode: 'reflect' }),
    inputs: [matrix],
    expected: (x) => build([4, 5], (i, j) => get(x, [1, 0, 1, 0][i]!, [1, 0, 1, 2, 1][j]!)),
  },
  {
    name: 'pad, infinities, a scalar and an empty axis',
    apply: (x, y, z) => [
      ops.pad(x, 1, { mode: 'symmetric' }),
      ops.pad(y, 1),
      ops.pad(z, [[1, 1]]),
      ops.pad(z, [[0, 0]], { mode: 'edge' }),
    ],
    inputs: [{ values: [NaN, Infinity] }, scalar, { values: [] }],
    expected: (_, y) => ({ outputs: [[NaN, NaN, Infinity, Infinity], y, [0, 0], []] }),
    derivatives: false,
  },
];

export const shapeCases: readonly OperationCase[] = [
  ...splits,
  ...joins,
  ...moves,
  ...diagonals,
  ...triangles,
  ...grids,
  ...sequences,
  ...windows,
  ...pads,
];
