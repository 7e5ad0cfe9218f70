import {
  cholesky,
  choleskyInverse,
  choleskySolve,
  det,
  inv,
  lstsq,
  ldlFactor,
  ldlSolve,
  luFactor,
  luSolve,
  matrixExp,
  matrixPower,
  matrixRank,
  pinv,
  slogdet,
  solve,
  solveTriangular,
  tensorinv,
  tensorsolve,
} from '@thetagrad/linalg';
import type { NestedArray } from '@thetagrad/core';
import type { OperationCase } from '../../../../test/support/testOperations.ts';
import {
  asMatrix,
  asVector,
  choleskyFactor,
  determinant,
  exponentialSeries,
  identity,
  inverse,
  mapMatrix,
  multiply,
  positive,
  shifted,
  singularValues2,
  symmetric,
  transpose,
  type Matrix,
} from '../plain.ts';
import { positiveOf, shiftedOf, symmetricOf } from './arguments.ts';

const column = (b: readonly number[]): number[][] => b.map((x) => [x]);
const product = (a: Matrix, b: readonly number[]): number[] => multiply(a, column(b)).flat();
const batch = (x: NestedArray): readonly Matrix[] => x as readonly Matrix[];
const lower = (a: Matrix): number[][] => mapMatrix(a, (x, i, j) => (j > i ? 0 : x));
const upper = (a: Matrix): number[][] => mapMatrix(a, (x, i, j) => (j < i ? 0 : x));
/** aᵀ (a aᵀ)⁻¹ of a wide matrix, or (aᵀ a)⁻¹ aᵀ of a tall one. */
const pseudoinverse = (a: Matrix): number[][] =>
  a.length < a[0]!.length
    ? multiply(transpose(a), inverse(multiply(a, transpose(a))))
    : multiply(inverse(multiply(transpose(a), a)), transpose(a));

export const solving: readonly OperationCase[] = [
  {
    name: 'cholesky',
    apply: (x) => cholesky(positiveOf(x)),
    inputs: [{ shape: [3, 2] }],
    expected: (x) => choleskyFactor(positive(asMatrix(x))),
  },
  {
    name: 'cholesky, upper, in a batch',
    apply: (x) => cholesky(positiveOf(x), { upper: true }),
    inputs: [{ shape: [2, 2, 2] }],
    expected: (x) => batch(x).map((each) => transpose(choleskyFactor(positive(each)))),
  },
  {
    name: 'cholesky, reads one triangle',
    apply: (x) => [cholesky(x), cholesky(x.transpose(), { upper: true })],
    inputs: [
      {
        values: [
          [4, NaN],
          [2, 3],
        ],
      },
    ],
    expected: () => ({
      outputs: [
        [
          [2, 0],
          [1, Math.SQRT2],
        ],
        [
          [2, 1],
          [0, Math.SQRT2],
        ],
      ],
    }),
    derivatives: false,
  },
  {
    name: 'cholesky, NaN',
    apply: (x) => cholesky(x),
    inputs: [
      {
        values: [
          [
            [4, 2],
            [NaN, 3],
          ],
          [
            [9, 0],
            [0, 1],
          ],
        ],
      },
    ],
    expected: () => [
      [
        [NaN, NaN],
        [NaN, NaN],
      ],
      [
        [3, 0],
        [0, 1],
      ],
    ],
    derivatives: false,
  },
  {
    name: 'choleskySolve',
    apply: (x, b) => [
      choleskySolve(b, cholesky(positiveOf(x))),
      choleskySolve(b.slice([null, 0]), cholesky(positiveOf(x), { upper: true }), { upper: true }),
    ],
    inputs: [{ shape: [3, 3] }, { shape: [3, 2] }],
    expected: (x, b) => {
      const solution = multiply(inverse(positive(asMatrix(x))), asMatrix(b));
      return { outputs: [solution, solution.map((row) => row[0]!)] };
    },
  },
  {
    name: 'choleskyInverse',
    apply: (x) => choleskyInverse(cholesky(positiveOf(x))),
    inputs: [{ shape: [3, 3] }],
    expected: (x) => inverse(positive(asMatrix(x))),
  },
  {
    name: 'choleskyInverse, upper',
    apply: (x) => choleskyInverse(cholesky(positiveOf(x), { upper: true }), { upper: true }),
    inputs: [{ shape: [2, 2, 2] }],
    expected: (x) => batch(x).map((each) => inverse(positive(each))),
  },
  {
    name: 'solveTriangular',
    apply: (a, b) => solveTriangular(shiftedOf(a), b),
    inputs: [{ shape: [3, 3] }, { shape: [2, 3, 2] }],
    expected: (a, b) => batch(b).map((each) => multiply(inverse(lower(shifted(asMatrix(a)))), each)),
  },
  {
    name: 'solveTriangular, upper, from the right',
    apply: (a, b) => solveTriangular(shiftedOf(a), b, { upper: true, left: false }),
    inputs: [{ shape: [3, 3] }, { shape: [2, 3] }],
    expected: (a, b) => multiply(asMatrix(b), inverse(upper(shifted(asMatrix(a))))),
  },
  {
    name: 'solveTriangular, vectors and ones on the diagonal',
    apply: (a, b) => [
      solveTriangular(a, b, { unitriangular: true }),
      solveTriangular(a, b, { unitriangular: true, upper: true }),
      solveTriangular(a, b, { unitriangular: true, left: false }),
    ],
    inputs: [{ shape: [3, 3] }, { shape: [3] }],
    expected: (a, b) => {
      const ones = mapMatrix(asMatrix(a), (x, i, j) => (i === j ? 1 : x));
      const [l, u] = [inverse(lower(ones)), inverse(upper(ones))];
      return { outputs: [l, u, transpose(l)].map((each) => product(each, asVector(b))) };
    },
  },
  {
    name: 'ldlSolve, in a batch, and of a vector',
    apply: (a, b) => {
      const { ld, pivots } = ldlFactor(symmetricOf(a));
      return [ldlSolve(ld, pivots, b), ldlSolve(ld, pivots, b.slice([null, 0])).slice([0])];
    },
    // Without exchanges, and with a block of two rows.
    inputs: [
      {
        values: [
          [
            [4, 1, 0],
            [1, -3, 1],
            [0, 1, 2],
          ],
          [
            [0, 1, 4],
            [1, 0, 0],
            [4, 0, 1],
          ],
        ],
      },
      { shape: [3, 1] },
    ],
    expected: (a, b) => {
      const solutions = batch(a).map((each) => multiply(inverse(symmetric(each)), asMatrix(b)));
      return { outputs: [solutions, solutions[0]!.map((row) => row[0]!)] };
    },
    // Higher orders are those of `ldlFactor`, in decompositions.ts.
    derivatives: { order: 1 },
  },
  {
    name: 'luSolve',
    apply: (a, b) => {
      const { lu, pivots } = luFactor(a);
      return [luSolve(lu, pivots, b), luSolve(lu, pivots, b.slice([null, 0]))];
    },
    inputs: [{ shape: [4, 4] }, { shape: [4, 2] }],
    expected: (a, b) => {
      const solution = multiply(inverse(asMatrix(a)), asMatrix(b));
      return { outputs: [solution, solution.map((row) => row[0]!)] };
    },
    tolerance: { float64: 1e-11, float32: 2e-5 },
  },
  {
    name: 'solve',
    apply: solve,
    inputs: [{ shape: [3, 3] }, { shape: [3, 2] }],
    expected: (a, b) => multiply(inverse(asMatrix(a)), asMatrix(b)),
  },
  {
    name: 'solve, a vector for a batch of matrices',
    apply: (a, b) => solve(shiftedOf(a), b),
    inputs: [{ shape: [2, 2, 2] }, { shape: [2] }],
    expected: (a, b) => batch(a).map((each) => product(inverse(shifted(each)), asVector(b))),
  },
  {
    name: 'solve, batches that broadcast',
    apply: (a, b) => solve(shiftedOf(a), b),
    inputs: [{ shape: [2, 1, 2, 2] }, { shape: [2, 2, 1] }],
    expected: (a, b) =>
      batch(a).map(([each]) => batch(b).map((side) => multiply(inverse(shifted(each as never)), side))) as never,
  },
  {
    name: 'solve, integers',
    apply: solve,
    inputs: [
      {
        values: [
          [2, 0],
          [0, 4],
        ],
        dtype: 'int32',
      },
      { values: [1, 1], dtype: 'int32' },
    ],
    expected: () => [0.5, 0.25],
  },
  { name: 'solve, empty', apply: solve, inputs: [{ shape: [0, 0] }, { shape: [0] }], expected: () => [] },
  { name: 'solve, no columns', apply: solve, inputs: [{ shape: [2, 2] }, { shape: [2, 0] }], expected: () => [[], []] },
  {
    name: 'inv',
    apply: inv,
    inputs: [{ shape: [2, 3, 3] }],
    expected: (a) => batch(a).map((each) => inverse(each)),
    tolerance: { float64: 1e-11, float32: 1e-5 },
  },
  {
    name: 'inv, NaN in one of two',
    apply: inv,
    inputs: [
      {
        values: [
          [
            [NaN, 0],
            [0, 1],
          ],
          [
            [2, 0],
            [0, 4],
          ],
        ],
      },
    ],
    expected: () => [
      [
        [NaN, NaN],
        [NaN, NaN],
      ],
      [
        [0.5, 0],
        [0, 0.25],
      ],
    ],
    derivatives: false,
  },
  { name: 'inv, empty', apply: inv, inputs: [{ shape: [0, 0] }], expected: () => [] },
  { name: 'inv, empty batch', apply: inv, inputs: [{ shape: [0, 2, 2] }], expected: () => [] },
  { name: 'det', apply: det, inputs: [{ shape: [3, 3] }], expected: (a) => determinant(asMatrix(a)) },
  {
    name: 'det, in a batch',
    apply: det,
    inputs: [{ shape: [3, 2, 2] }],
    expected: (a) => batch(a).map((each) => determinant(each)),
  },
  {
    name: 'det, singular, of rank 2',
    apply: det,
    inputs: [
      {
        values: [
          [1, 2, 3],
          [0, 1, 1],
          [1, 3, 4],
        ],
      },
    ],
    expected: () => 0,
  },
  {
    name: 'det, singular, of rank 1',
    apply: (a) => det(a),
    inputs: [
      {
        values: [
          [1, 2, 0.5],
          [2, 4, 1],
          [-1, -2, -0.5],
        ],
      },
    ],
    expected: () => 0,
  },
  {
    name: 'det, of a zero, of one element and of none',
    apply: (a, b, c) => [det(a), det(b), det(c)],
    inputs: [
      {
        values: [
          [0, 0],
          [0, 0],
        ],
      },
      { values: [[-3]] },
      { shape: [0, 0] },
    ],
    expected: () => ({ outputs: [0, -3, 1] }),
  },
  {
    name: 'slogdet',
    apply: (a) => {
      const { sign, logabsdet } = slogdet(a);
      return [sign, logabsdet];
    },
    inputs: [{ shape: [2, 3, 3] }],
    expected: (a) => {
      const values = batch(a).map((each) => determinant(each));
      return { outputs: [values.map((x) => Math.sign(x)), values.map((x) => Math.log(Math.abs(x)))] };
    },
  },
  {
    name: 'slogdet, singular and empty',
    apply: (a, b) => [a, b].flatMap((each) => Object.values(slogdet(each))),
    inputs: [
      {
        values: [
          [1, 2],
          [2, 4],
        ],
      },
      { shape: [0, 0] },
    ],
    expected: () => ({ outputs: [0, -Infinity, 1, 0] }),
    derivatives: false,
  },
  {
    name: 'pinv, tall',
    apply: (a) => pinv(a),
    inputs: [{ shape: [3, 2] }],
    expected: (a) => pseudoinverse(asMatrix(a)),
    tolerance: { float64: 1e-11, float32: 1e-5 },
  },
  {
    name: 'pinv, wide, in a batch',
    apply: (a) => pinv(a),
    inputs: [{ shape: [2, 2, 3] }],
    expected: (a) => batch(a).map((each) => pseudoinverse(each)),
    tolerance: { float64: 1e-11, float32: 1e-5 },
  },
  {
    name: 'pinv, of rank 1 by its parts',
    apply: (x, y) => pinv(x.expandDims(1).mul(y)),
    inputs: [{ shape: [3] }, { shape: [2] }],
    expected: (x, y) => {
      const [a, b] = [asVector(x), asVector(y)];
      const squares = [a, b].map((v) => v.reduce((sum, each) => sum + each * each, 0));
      return b.map((each) => a.map((other) => (each * other) / (squares[0]! * squares[1]!)));
    },
  },
  {
    name: 'pinv, hermitian',
    apply: (x) => pinv(symmetricOf(x), { hermitian: true }),
    inputs: [{ shape: [3, 3] }],
    expected: (x) => inverse(symmetric(asMatrix(x))),
    tolerance: { float64: 1e-11, float32: 1e-5 },
  },
  {
    name: 'pinv, with a tolerance, and empty',
    apply: (a, b) => [pinv(a, { rtol: 0.1 }), pinv(b)],
    inputs: [
      {
        values: [
          [10, 0],
          [0, 0.5],
        ],
      },
      { shape: [0, 2] },
    ],
    expected: () => ({
      outputs: [
        [
          [0.1, 0],
          [0, 0],
        ],
        [[], []],
      ],
    }),
    derivatives: false,
  },
  {
    name: 'lstsq',
    apply: (a, b) => {
      const { solution, residuals, rank, singularValues } = lstsq(a, b);
      return [solution, residuals, rank, singularValues];
    },
    inputs: [{ shape: [4, 2] }, { shape: [4, 2] }],
    expected: (x, y) => {
      const [a, b] = [asMatrix(x), asMatrix(y)];
      const solution = multiply(pseudoinverse(a), b);
      const fitted = multiply(a, solution);
      const residuals = [0, 1].map((j) => b.reduce((sum, row, i) => sum + (row[j]! - fitted[i]![j]!) ** 2, 0));
      return { outputs: [solution, residuals, 2, singularValues2(transpose(a))] };
    },
    tolerance: { float64: 1e-11, float32: 1e-5 },
  },
  {
    name: 'lstsq, the shortest solution, of a vector',
    apply: (a, b) => [lstsq(a, b).solution, lstsq(a, b, { rtol: 0.999 }).rank],
    inputs: [{ shape: [2, 3] }, { shape: [2] }],
    expected: (a, b) => ({ outputs: [product(pseudoinverse(asMatrix(a)), asVector(b)), 1] }),
    tolerance: { float64: 1e-11, float32: 1e-5 },
  },
  {
    name: 'matrixRank',
    apply: (a, b, c) => [
      matrixRank(a),
      matrixRank(b),
      matrixRank(b, { hermitian: true, rtol: 0.5 }),
      matrixRank(b, { atol: 4 }),
      matrixRank(c),
    ],
    inputs: [
      {
        values: [
          [
            [1, 2],
            [2, 4],
          ],
          [
            [1, 0],
            [0, 1],
          ],
          [
            [0, 0],
            [0, 0],
          ],
        ],
      },
      {
        values: [
          [3, 0],
          [0, -8],
        ],
      },
      { shape: [0, 3] },
    ],
    expected: () => ({ outputs: [[1, 2, 0], 2, 1, 1, 0] }),
    derivatives: false,
  },
  {
    name: 'matrixExp',
    apply: (a) => matrixExp(a),
    inputs: [{ shape: [3, 3] }],
    expected: (a) => exponentialSeries(asMatrix(a)),
  },
  {
    name: 'matrixExp, of a large rotation, zeros and nothing',
    apply: (a, b, c) => [matrixExp(a), matrixExp(b), matrixExp(c)],
    inputs: [
      {
        values: [
          [0, 100],
          [-100, 0],
        ],
      },
      {
        values: [
          [
            [0, 0],
            [0, 0],
          ],
        ],
      },
      { shape: [0, 0] },
    ],
    expected: () => {
      const [c, s] = [Math.cos(100), Math.sin(100)];
      return {
        outputs: [
          [
            [c, s],
            [-s, c],
          ],
          [identity(2)],
          [],
        ],
      };
    },
    derivatives: false,
  },
  {
    name: 'matrixPower',
    apply: (a) => [matrixPower(a, 3), matrixPower(a, 0), matrixPower(a, 1)],
    inputs: [{ shape: [2, 2] }],
    expected: (x) => {
      const a = asMatrix(x);
      return { outputs: [multiply(a, multiply(a, a)), identity(2), multiply(a, identity(2))] };
    },
  },
  {
    name: 'matrixPower, of the inverse',
    apply: (a) => matrixPower(shiftedOf(a), -2),
    inputs: [{ shape: [2, 2, 2] }],
    expected: (x) => batch(x).map((a) => inverse(multiply(shifted(a), shifted(a)))),
  },
  {
    name: 'tensorsolve',
    apply: (a, b) => [tensorsolve(a, b), tensorsolve(a.permute([1, 0, 2]), b, { axes: [0, 2] })],
    inputs: [{ shape: [4, 2, 2] }, { shape: [4] }],
    expected: (a, b) => {
      const rows = batch(a).map((each) => each.flat());
      const [x0, x1, x2, x3] = product(inverse(rows), asVector(b));
      const solution = [
        [x0!, x1!],
        [x2!, x3!],
      ];
      return { outputs: [solution, solution] };
    },
    tolerance: { float64: 1e-11, float32: 1e-4 },
  },
  {
    name: 'tensorinv',
    apply: (a) => [tensorinv(a, { ind: 1 }), tensorinv(a.reshape([2, 2, 4]))],
    inputs: [{ shape: [4, 4, 1] }],
    expected: (a) => {
      const b = inverse(batch(a).map((each) => each.flat()));
      return { outputs: [b.map((row) => [row]), b.map((row) => [row.slice(0, 2), row.slice(2)])] };
    },
    tolerance: { float64: 1e-11, float32: 1e-4 },
  },
];
