import type { NestedArray, Tensor } from '@thetagrad/core';
import type { OperationCase } from '../../../../test/support/testOperations.ts';
import * as ops from '../../src/index.ts';
import { build, flat, get, type Matrix, shapeOf, sumOf } from '../../../../test/support/nested.ts';

const product = (a: NestedArray, b: NestedArray): Matrix =>
  (a as Matrix).map((row) => (b as Matrix)[0]!.map((_, j) => sumOf(row.length, (k) => row[k]! * get(b, k, j))));

/** Sums over all indices, one loop for each letter. The equation has no ellipsis and no size 1 that broadcasts. */
function sumProducts(equation: string, ...operands: readonly NestedArray[]): NestedArray {
  const [left, output] = equation.split('->') as [string, string];
  const terms = left.split(',');
  const sizes = new Map(
    terms.flatMap((term, i) => term.split('').map((letter, axis) => [letter, shapeOf(operands[i]!)[axis]!])),
  );
  const summed = [...sizes.keys()].filter((letter) => !output.includes(letter));
  const total = (index: ReadonlyMap<string, number>, [letter, ...rest]: readonly string[]): number =>
    letter === undefined
      ? operands.reduce<number>(
          (value, x, i) => value * get(x, ...terms[i]!.split('').map((each) => index.get(each)!)),
          1,
        )
      : sumOf(sizes.get(letter)!, (i) => total(new Map([...index, [letter, i]]), rest));
  return build(
    output.split('').map((letter) => sizes.get(letter)!),
    (...index) => total(new Map(output.split('').map((letter, i) => [letter, index[i]!])), summed),
  );
}

const einsumCase = (equation: string, ...shapes: readonly (readonly number[])[]): OperationCase => ({
  name: `einsum, ${equation}`,
  apply: (...operands) => ops.einsum(equation, ...operands),
  inputs: shapes.map((shape) => ({ shape })),
  expected: (...operands) => sumProducts(equation, ...operands),
  // The order of sums differs.
  tolerance: { float64: 1e-13, float32: 1e-6 },
});

const einsums: readonly OperationCase[] = [
  einsumCase('ij->ji', [2, 3]),
  einsumCase('ij->', [2, 3]),
  einsumCase('ii->i', [3, 3]),
  einsumCase('iji->j', [2, 3, 2]),
  einsumCase('iii->', [2, 2, 2]),
  einsumCase('ij,jk->ik', [2, 3], [3, 2]),
  einsumCase('ji,jk->ki', [3, 2], [3, 2]),
  einsumCase('bij,bkj->bik', [2, 2, 3], [2, 2, 3]),
  einsumCase('ib,ijb->jb', [2, 2], [2, 3, 2]),
  einsumCase('i,i->', [3], [3]),
  einsumCase('i,j->ji', [2], [3]),
  einsumCase('ij,ij->i', [2, 3], [2, 3]),
  einsumCase('ij,kl->', [2, 2], [2, 2]),
  einsumCase('ij,jk,k->i', [2, 3], [3, 2], [2]),
  einsumCase('ij,ik,il->jkl', [2, 2], [2, 1], [2, 2]),
  einsumCase(',i->i', [], [3]),
  einsumCase('abcd,bd,aec->ace', [2, 2, 1, 2], [2, 2], [2, 1, 1]),
  {
    ...einsumCase('a,ab,bc,cd,de,ef,fg,gh,h->', [2], ...Array.from({ length: 7 }, () => [2, 2]), [2]),
    derivatives: { order: 1, elements: 2 },
  },
  {
    name: 'einsum, an ellipsis',
    apply: (x, y) => [
      ops.einsum('...ij,jk->...ik', x, y),
      ops.einsum('i...->...', x),
      ops.einsum('...,...', x, x.slice([0, 0])),
      ops.einsum('...i->i', x),
    ],
    inputs: [{ shape: [2, 1, 3] }, { shape: [3, 2] }],
    expected: (x, y) => ({
      outputs: [
        build([2, 1, 2], (b, i, k) => sumOf(3, (j) => get(x, b, i, j) * get(y, j, k))),
        build([1, 3], (i, j) => get(x, 0, i, j) + get(x, 1, i, j)),
        build([2, 1, 3], (b, i, j) => get(x, b, i, j) * get(x, 0, 0, j)),
        build([3], (j) => get(x, 0, 0, j) + get(x, 1, 0, j)),
      ],
    }),
  },
  {
    name: 'einsum, implicit output and spaces',
    apply: (x, y) => [
      ops.einsum('ba', x),
      ops.einsum(' ij , jh ', x, y),
      ops.einsum('iA,Aa', x, y),
      ops.einsum('ii', y),
    ],
    inputs: [{ shape: [2, 3] }, { shape: [3, 3] }],
    expected: (x, y) => ({
      outputs: [
        build([3, 2], (i, j) => get(x, j, i)),
        build([3, 2], (h, i) => product(x, y)[i]![h]!),
        build([3, 2], (a, i) => product(x, y)[i]![a]!),
        get(y, 0, 0) + get(y, 1, 1) + get(y, 2, 2),
      ],
    }),
  },
  {
    name: 'einsum, axes of size 1 that broadcast',
    apply: (x, y) => [
      ops.einsum('ij,ij->ij', x, y),
      ops.einsum('ij,ij->i', x, y),
      ops.einsum('ij,jk->ik', y, x.transpose()),
    ],
    inputs: [{ shape: [2, 3] }, { shape: [2, 1] }],
    expected: (x, y) => {
      const sums = [0, 1].map((i) => sumOf(3, (j) => get(x, i, j)));
      return {
        outputs: [
          build([2, 3], (i, j) => get(x, i, j) * get(y, i, 0)),
          sums.map((sum, i) => sum * get(y, i, 0)),
          build([2, 2], (i, k) => sums[k]! * get(y, i, 0)),
        ],
      };
    },
  },
  {
    name: 'einsum, int32, bool and empty axes',
    apply: (x, y, z) => [
      ops.einsum('ij,j->i', x, y),
      ops.einsum('i,i->', y, y),
      ops.einsum('ik,kj->ij', z, z.transpose()),
    ],
    inputs: [
      {
        values: [
          [1, 2],
          [3, 4],
        ],
        dtype: 'int32',
      },
      { values: [true, true], dtype: 'bool' },
      { values: [[], []] },
    ],
    expected: () => ({
      outputs: [
        [3, 7],
        2,
        [
          [0, 0],
          [0, 0],
        ],
      ],
    }),
    derivatives: false,
  },
];

const products: readonly OperationCase[] = [
  {
    name: 'tensordot',
    apply: (x, y) => [
      ops.tensordot(x, y),
      ops.tensordot(x, y, 1),
      ops.tensordot(x, y, [
        [0, 2],
        [1, 0],
      ]),
      ops.tensordot(x, y, [1, -1]),
    ],
    inputs: [{ shape: [2, 2, 2] }, { shape: [2, 2, 2] }],
    expected: (x, y) => ({
      outputs: ['iab,abj->ij', 'iab,bcd->iacd', 'aib,baj->ij', 'iaj,kla->ijkl'].map((equation) =>
        sumProducts(equation, x, y),
      ),
    }),
    derivatives: { elements: 4 },
  },
  {
    name: 'tensordot, no axes',
    apply: (x, y) => ops.tensordot(x, y, 0),
    inputs: [{ shape: [2] }, { shape: [3] }],
    expected: (x, y) => sumProducts('i,j->ij', x, y),
  },
  {
    name: 'dot',
    apply: (x, y, z) => [ops.dot(z, z), ops.dot(x, z), ops.dot(y, x.transpose()), ops.dot(x.slice([0, 0]), z)],
    inputs: [{ shape: [2, 3] }, { shape: [2, 1, 3] }, { shape: [3] }],
    expected: (x, y, z) => ({
      outputs: [
        sumProducts('i,i->', z, z),
        sumProducts('ij,j->i', x, z),
        sumProducts('aij,kj->aik', y, x),
        build([3], (i) => get(x, 0, 0) * get(z, i)),
      ],
    }),
  },
  {
    name: 'inner',
    apply: (x, y) => [ops.inner(x, y), ops.inner(x, x), ops.inner(y.sum(), x)],
    inputs: [{ shape: [2, 3] }, { shape: [3] }],
    expected: (x, y) => ({
      outputs: [
        sumProducts('ij,j->i', x, y),
        sumProducts('ij,kj->ik', x, x),
        build([2, 3], (i, j) => get(x, i, j) * sumOf(3, (k) => get(y, k))),
      ],
    }),
  },
  {
    name: 'outer',
    apply: (x, y) => ops.outer(x, y),
    inputs: [{ shape: [2, 2] }, { shape: [3] }],
    expected: (x, y) => flat(x).map((a) => flat(y).map((b) => a * b)),
  },
  {
    name: 'vecdot',
    apply: (x, y) => [ops.vecdot(x, y), ops.vecdot(x, y.slice([[0, 1]]).broadcastTo([2, 1]), 0)],
    inputs: [{ shape: [2, 3] }, { shape: [3] }],
    expected: (x, y) => ({
      outputs: [sumProducts('ij,j->i', x, y), build([3], (j) => (get(x, 0, j) + get(x, 1, j)) * get(y, 0))],
    }),
  },
  {
    name: 'vdot',
    apply: (x, y) => ops.vdot(x, y),
    inputs: [{ shape: [2, 3] }, { shape: [3, 2] }],
    expected: (x, y) => sumProducts('i,i->', flat(x), flat(y)),
  },
  {
    name: 'cross',
    apply: (x, y) => [ops.cross(x, y), ops.cross(x.transpose(), y.expandDims(1), 0)],
    inputs: [{ shape: [2, 3] }, { shape: [3] }],
    expected: (x, y) => {
      const [b0, b1, b2] = y as [number, number, number];
      const rows = (x as [number, number, number][]).map(([a0, a1, a2]) => [
        a1 * b2 - a2 * b1,
        a2 * b0 - a0 * b2,
        a0 * b1 - a1 * b0,
      ]);
      return { outputs: [rows, build([3, 2], (i, j) => rows[j]![i]!)] };
    },
  },
  {
    name: 'kron',
    apply: (x, y, z) => [ops.kron(x, y), ops.kron(z, x)],
    inputs: [{ shape: [2, 2] }, { shape: [1, 3] }, { shape: [2] }],
    expected: (x, y, z) => ({
      outputs: [
        build([2, 6], (i, j) => get(x, i, Math.floor(j / 3)) * get(y, 0, j % 3)),
        build([2, 4], (i, j) => get(z, Math.floor(j / 2)) * get(x, i, j % 2)),
      ],
    }),
  },
  {
    name: 'multiDot',
    apply: (x, y, z, v) => [
      ops.multiDot([x, y, z]),
      ops.multiDot([v, y, z]),
      ops.multiDot([x, y, v]),
      ops.multiDot([v, y, v]),
      ops.multiDot([v, v]),
      ops.multiDot([x]),
    ],
    inputs: [{ shape: [2, 3] }, { shape: [3, 3] }, { shape: [3, 1] }, { shape: [3] }],
    expected: (x, y, z, v) => ({
      outputs: [
        product(product(x, y), z),
        product(product([v], y), z)[0]!,
        sumProducts('ij,jk,k->i', x, y, v),
        sumProducts('j,jk,k->', v, y, v),
        sumProducts('i,i->', v, v),
        x,
      ],
    }),
  },
];

type Factors = readonly [Tensor, Tensor];

/** A product that is added, with and without factors, and with an input that does not count. */
const addCase = (
  operation: typeof ops.addmm,
  equation: string,
  inputShape: readonly number[],
  ...shapes: readonly [readonly number[], readonly number[]]
): OperationCase => ({
  name: operation.name,
  apply: (input, ...factors) => {
    const [a, b] = factors as unknown as Factors;
    return [
      operation(input, a, b),
      operation(input, a, b, { alpha: 0.5, beta: -2 }),
      operation(input.sum().mul(NaN), a, b, { beta: 0 }),
    ];
  },
  inputs: [inputShape, ...shapes].map((shape) => ({ shape })),
  expected: (input, a, b) => {
    const sums = sumProducts(equation, a, b);
    const shape = shapeOf(sums);
    // Inputs of the cases have the shape of the last axis.
    const combine = (alpha: number, beta: number): NestedArray =>
      build(shape, (...index) => alpha * get(sums, ...index) + (beta && beta * get(input, index.at(-1)!)));
    return { outputs: [combine(1, 1), combine(0.5, -2), combine(1, 0)] };
  },
});

const additions: readonly OperationCase[] = [
  addCase(ops.addmm, 'ij,jk->ik', [2], [3, 2], [2, 2]),
  addCase(ops.addmv, 'ij,j->i', [2], [2, 3], [3]),
  addCase(ops.addr, 'i,j->ij', [3], [2], [3]),
  addCase(ops.addbmm, 'bij,bjk->ik', [2], [2, 2, 2], [2, 2, 2]),
  addCase(ops.baddbmm, 'bij,bjk->bik', [2], [2, 1, 3], [2, 3, 2]),
  {
    name: 'bilinear',
    apply: (x, y, weight, bias) => [ops.bilinear(x, y, weight, bias), ops.bilinear(x, y, weight)],
    inputs: [{ shape: [2, 2] }, { shape: [2, 3] }, { shape: [2, 2, 3] }, { shape: [2] }],
    expected: (x, y, weight, bias) => {
      const form = sumProducts('bi,oij,bj->bo', x, weight, y);
      return { outputs: [build([2, 2], (b, o) => get(form, b, o) + get(bias, o)), form] };
    },
    derivatives: { elements: 4 },
  },
];

export const contractionCases: readonly OperationCase[] = [...einsums, ...products, ...additions];
