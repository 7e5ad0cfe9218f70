import {
  eig,
  eigh,
  eigvals,
  eigvalsh,
  roots,
  householderProduct,
  ldlFactor,
  lu,
  luFactor,
  qr,
  solve,
  svd,
  svdvals,
} from '@thetagrad/linalg';
import { concat, type NestedArray, type Tensor } from '@thetagrad/core';
import type { OperationCase } from '../../../../test/support/testOperations.ts';
import {
  add,
  asMatrix,
  asVector,
  choleskyFactor,
  eigenvalues2,
  identity,
  inverse,
  mapMatrix,
  multiply,
  positive,
  singularValues2,
  symmetric,
  transpose,
  type Matrix,
} from '../plain.ts';
import { positiveOf, shiftedOf, symmetricOf } from './arguments.ts';

const batch = (x: NestedArray): readonly Matrix[] => x as readonly Matrix[];
const scale = (a: Matrix, factor: number): number[][] => mapMatrix(a, (x) => factor * x);
const rowScaled = (x: Tensor, factors: Tensor): Tensor => x.mul(factors.expandDims(-2));

/** v · diag(f(w)) · vᵀ, a function of a symmetric matrix, whatever the signs of its eigenvectors. */
const rebuild = ({ eigenvalues, eigenvectors }: ReturnType<typeof eigh>, f: (w: Tensor) => Tensor): Tensor =>
  rowScaled(eigenvectors, f(eigenvalues)).matmul(eigenvectors.transpose());

/** The eigenvectors of a symmetric 2 × 2 matrix, in columns: their largest elements are positive. */
const eigenvectors2 = (a: Matrix): number[][] => {
  const [[p, q], [, r]] = a as [[number, number], [number, number]];
  const vectors = eigenvalues2(a).map((w) => {
    const [x, y] = Math.abs(w - p) > Math.abs(w - r) ? [q, w - p] : [w - r, q];
    const length = Math.hypot(x, y) * Math.sign(Math.abs(x) >= Math.abs(y) ? x : y);
    return [x / length, y / length];
  });
  return transpose(vectors);
};

/** q and r of a tall matrix of two columns: r is a Cholesky factor of aᵀ a, up to the signs of its rows. */
const factorsByCholesky = (
  a: Matrix,
  signs: readonly [number, number],
): { readonly q: number[][]; readonly r: number[][] } => {
  const r = transpose(choleskyFactor(multiply(transpose(a), a))).map((row, i) => row.map((x) => signs[i]! * x));
  return { q: multiply(a, inverse(r)), r };
};

const trace = (a: Matrix): number => a.reduce((sum, row, i) => sum + row[i]!, 0);

export const decompositions: readonly OperationCase[] = [
  {
    name: 'lu',
    apply: (a) => {
      const { p, l, u } = lu(shiftedOf(a));
      return [p, l, u];
    },
    inputs: [
      {
        values: [
          [1, 2, 3],
          [-2, 0, 1],
          [1.5, -1, 0.5],
        ],
      },
    ],
    // Without exchanges, by elimination: rows 6 2 3; −2 5 1; 1.5 −1 5.5.
    expected: () => {
      const [p, q] = [5 + 2 / 3, 5.5 - 0.75];
      const factor = -1.5 / p;
      return {
        outputs: [
          identity(3),
          [
            [1, 0, 0],
            [-1 / 3, 1, 0],
            [0.25, factor, 1],
          ],
          [
            [6, 2, 3],
            [0, p, 2],
            [0, 0, q - 2 * factor],
          ],
        ],
      };
    },
  },
  {
    name: 'lu, tall and wide',
    apply: (a) => [lu(a), lu(a.transpose())].flatMap(({ p, l, u }) => [p.matmul(l).matmul(u), u.slice([null, 0]), l]),
    inputs: [
      {
        values: [
          [
            [1, 2],
            [4, -1],
            [-2, 3],
          ],
        ],
      },
    ],
    // The pivots are 4 and then 2.5; of the transpose 4 and −2.5.
    expected: (a) => ({
      outputs: [
        batch(a),
        [[4, -1]],
        [
          [
            [1, 0],
            [-0.5, 1],
            [0.25, 0.9],
          ],
        ],
        batch(a).map(transpose),
        [[2, -1, 3]],
        [
          [
            [1, 0],
            [0.5, 1],
          ],
        ],
      ] as never,
    }),
  },
  {
    name: 'lu, NaN and nothing',
    apply: (x, y) => [x, y].flatMap((each) => Object.values(lu(each))),
    inputs: [
      {
        values: [
          [NaN, 1],
          [0, 1],
        ],
      },
      { shape: [0, 2] },
    ],
    expected: () => ({
      outputs: [
        identity(2),
        [
          [1, 0],
          [NaN, 1],
        ],
        [
          [NaN, NaN],
          [0, NaN],
        ],
        [],
        [],
        [],
      ],
    }),
    derivatives: false,
  },
  {
    name: 'luFactor',
    apply: (a) => {
      const { lu: factors, pivots } = luFactor(a);
      return [factors, pivots];
    },
    inputs: [
      {
        values: [
          [1, 2, 3],
          [-4, 2, 1],
        ],
      },
    ],
    expected: () => ({
      outputs: [
        [
          [-4, 2, 1],
          [-0.25, 2.5, 3.25],
        ],
        [1, 1],
      ],
    }),
  },
  {
    name: 'ldlFactor, without exchanges, and with a block of two rows',
    apply: (a, b) => [a, b].flatMap((each) => Object.values(ldlFactor(symmetricOf(each)))),
    inputs: [
      {
        values: [
          [4, 2],
          [2, 3],
        ],
      },
      // The largest element of the first column is in the last row, so that rows 1 and 2 are exchanged.
      {
        values: [
          [1, 2, 8],
          [2, 1, 0],
          [8, 0, 0],
        ],
      },
    ],
    expected: () => ({
      outputs: [
        [
          [4, 0],
          [0.5, 2],
        ],
        [0, 1],
        // The last row of l is [2, 0] · d⁻¹ with the block d of 1, 8, 8 and 0.
        [
          [1, 0, 0],
          [8, 0, 0],
          [0, 0.25, 1],
        ],
        [-3, -3, 2],
      ],
    }),
  },
  {
    name: 'ldlFactor, in a batch, with NaN and of nothing',
    apply: (x, y) => [x, y].flatMap((each) => Object.values(ldlFactor(each))),
    inputs: [
      {
        values: [
          [
            [NaN, 1],
            [0, 1],
          ],
          [
            [0, 5],
            [0, 0],
          ],
        ],
      },
      { shape: [0, 0] },
    ],
    expected: () => ({
      outputs: [
        [
          [
            [NaN, NaN],
            [NaN, NaN],
          ],
          [
            [0, 0],
            [0, 0],
          ],
        ],
        [
          [0, 1],
          [0, 1],
        ],
        [],
        [],
      ],
    }),
    derivatives: false,
  },
  {
    name: 'qr',
    apply: (a) => Object.values(qr(a)),
    inputs: [
      {
        values: [
          [1, 2],
          [0.5, -1],
          [2, 1.5],
          [-1, 1],
        ],
      },
    ],
    expected: (a) => {
      // NumPy's signs.
      const { q, r } = factorsByCholesky(asMatrix(a), [-1, 1]);
      return { outputs: [q, r] };
    },
  },
  {
    name: 'qr, products of both factors, in batches of tall, square and wide matrices',
    apply: (a) =>
      [a, a.slice([null, [0, 3]]), a.transpose()].flatMap((x) => {
        const { q, r } = qr(x);
        return [q.matmul(r), q.transpose().matmul(q)];
      }),
    inputs: [{ shape: [2, 4, 3] }],
    expected: (a) => {
      const matrices = batch(a);
      const unit = [identity(3), identity(3)];
      return {
        outputs: [matrices, unit, matrices.map((x) => x.slice(0, 3)), unit, matrices.map(transpose), unit] as never,
      };
    },
  },
  {
    name: 'qr, wide',
    apply: (a) => Object.values(qr(a)),
    inputs: [{ shape: [2, 3] }],
    expected: (x) => {
      // The last row of a square matrix is not reflected: q is a reflection of determinant −1.
      const [[a, b, c], [d, e, f]] = x as [[number, number, number], [number, number, number]];
      const length = -Math.sign(a) * Math.hypot(a, d);
      const q = [
        [a / length, d / length],
        [d / length, -a / length],
      ];
      return {
        outputs: [
          q,
          multiply(q, [
            [a, b, c],
            [d, e, f],
          ]).map((row, i) => row.map((y, j) => (j < i ? 0 : y))),
        ],
      };
    },
  },
  {
    name: 'qr, complete',
    apply: (a) => {
      const { q, r } = qr(a, { mode: 'complete' });
      const rest = q.slice([null, [2]]);
      return [q.matmul(r), q.transpose().matmul(q), rest.matmul(rest.transpose())];
    },
    inputs: [{ shape: [4, 2] }],
    expected: (x) => {
      const a = asMatrix(x);
      const projector = multiply(a, multiply(inverse(multiply(transpose(a), a)), transpose(a)));
      return { outputs: [a, identity(4), add(identity(4), scale(projector, -1))] } as never;
    },
  },
  {
    name: 'qr, complete, all elements',
    apply: (a) => [...Object.values(qr(a, { mode: 'complete' })), qr(a.transpose(), { mode: 'complete' }).r],
    inputs: [
      {
        values: [
          [3, 0],
          [4, 0],
          [0, 2],
        ],
      },
    ],
    expected: () => ({
      outputs: [
        [
          [-0.6, 0, 0.8],
          [-0.8, 0, -0.6],
          [0, -1, 0],
        ],
        [
          [-5, 0],
          [0, -2],
          [0, 0],
        ],
        [
          [3, 4, 0],
          [0, 0, 2],
        ],
      ],
    }),
    derivatives: false,
  },
  {
    name: 'qr, r alone',
    apply: (a) => [a, a.transpose()].flatMap((x) => Object.values(qr(x, { mode: 'r' }))),
    inputs: [
      {
        values: [
          [1, 2],
          [0.5, -1],
          [2, 1.5],
        ],
      },
    ],
    expected: (x) => {
      const a = asMatrix(x);
      const square = transpose(a.slice(0, 2));
      const { q } = factorsByCholesky(square, [-1, -1]);
      const wide = multiply(transpose(q), transpose(a));
      return { outputs: [[[], [], []], factorsByCholesky(a, [-1, 1]).r, [[], []], wide] };
    },
  },
  {
    name: 'qr, empty',
    apply: (a, b) => [...Object.values(qr(a)), ...Object.values(qr(b, { mode: 'complete' }))],
    inputs: [{ shape: [0, 2] }, { shape: [2, 0] }],
    expected: () => ({ outputs: [[], [], identity(2), [[], []]] }),
  },
  {
    name: 'householderProduct',
    apply: householderProduct,
    inputs: [{ shape: [3, 2] }, { shape: [2] }],
    expected: (x, y) => {
      const [a, tau] = [asMatrix(x), asVector(y)];
      const reflections = tau.map((factor, k) => {
        const v = a.map((row, i) => [i < k ? 0 : i === k ? 1 : row[k]!]);
        return add(identity(3), scale(multiply(v, transpose(v)), -factor));
      });
      return multiply(reflections[0]!, reflections[1]!).map((row) => row.slice(0, 2));
    },
  },
  {
    name: 'eigh',
    apply: (x) => Object.values(eigh(symmetricOf(x))),
    inputs: [{ shape: [3, 2, 2] }],
    expected: (x) => {
      const matrices = batch(x).map(symmetric);
      return { outputs: [matrices.map(eigenvalues2), matrices.map(eigenvectors2)] as never };
    },
  },
  {
    name: 'eigh, functions of a matrix',
    apply: (x) => [rebuild(eigh(positiveOf(x)), (w) => w.pow(3)), rebuild(eigh(positiveOf(x)), (w) => w.reciprocal())],
    inputs: [{ shape: [3, 2] }],
    expected: (x) => {
      const a = positive(asMatrix(x));
      return { outputs: [multiply(a, multiply(a, a)), inverse(a)] };
    },
    tolerance: { float64: 1e-11, float32: 1e-5 },
    derivatives: { rtol: 1e-5 },
  },
  {
    name: 'eigh, the space of equal eigenvalues',
    apply: (x) => {
      const vectors = eigh(symmetricOf(x)).eigenvectors.slice([null, [0, 2]]);
      return vectors.matmul(vectors.transpose());
    },
    inputs: [
      {
        values: [
          [1, 0, 0],
          [0, 3, 0],
          [0, 0, 1],
        ],
      },
    ],
    expected: () => [
      [1, 0, 0],
      [0, 0, 0],
      [0, 0, 1],
    ],
    derivatives: { order: 1 },
  },
  {
    name: 'eigh, one triangle',
    apply: (x) => [
      eigh(x).eigenvalues,
      eigh(x.transpose(), { UPLO: 'U' }).eigenvalues,
      eigvalsh(x),
      eigvalsh(x.transpose(), { UPLO: 'U' }),
    ],
    inputs: [
      {
        values: [
          [2, NaN],
          [1, 2],
        ],
      },
    ],
    expected: () => ({
      outputs: [
        [1, 3],
        [1, 3],
        [1, 3],
        [1, 3],
      ],
    }),
    derivatives: false,
  },
  {
    name: 'eigh, equal eigenvalues, NaN and nothing',
    apply: (x, y, z) => [x, y, z].flatMap((each) => Object.values(eigh(each))),
    inputs: [
      {
        values: [
          [2, 0],
          [0, 2],
        ],
      },
      {
        values: [
          [NaN, 0],
          [0, 1],
        ],
      },
      { shape: [0, 0] },
    ],
    expected: () => ({
      outputs: [
        [2, 2],
        identity(2),
        [NaN, NaN],
        [
          [NaN, NaN],
          [NaN, NaN],
        ],
        [],
        [],
      ],
    }),
    derivatives: false,
  },
  {
    name: 'eigvalsh',
    apply: (x) => eigvalsh(symmetricOf(x)),
    inputs: [{ shape: [3, 2, 2] }],
    expected: (x) => batch(x).map((each) => eigenvalues2(symmetric(each))),
  },
  {
    name: 'eigvalsh, symmetric functions of equal eigenvalues, and nothing',
    apply: (x, y) => [eigvalsh(symmetricOf(x)).pow(2).sum(), eigvalsh(y)],
    inputs: [
      {
        values: [
          [2, 0, 0],
          [0, 2, 0],
          [0, 0, 2],
        ],
      },
      { shape: [0, 0] },
    ],
    expected: () => ({ outputs: [12, []] }),
    derivatives: { order: 1 },
  },
  {
    name: 'roots',
    // The coefficients of polynomials with given roots, one of them complex, and of degrees 1 and 0.
    apply: (x, y, z) => [roots(x), roots(y), roots(z)],
    inputs: [
      {
        values: [
          [2, -2, -10, -6],
          [1, -1, 1, -1],
        ],
      },
      { values: [4, -2] },
      { values: [3] },
    ],
    expected: () => ({
      outputs: [
        [
          [
            [3, 0],
            [-1, 0],
            [-1, 0],
          ],
          [
            [1, 0],
            [0, 1],
            [0, -1],
          ],
        ],
        [[0.5, 0]],
        [],
      ],
    }),
    // A double root has an infinite slope.
    derivatives: false,
    tolerance: { float64: 1e-7, float32: 2e-3 },
  },
  {
    name: 'roots, derivatives',
    apply: (x) => roots(x).square().sum(),
    inputs: [{ values: [1, -6, 11, -6] }],
    expected: () => 1 + 4 + 9,
    tolerance: { float32: 1e-4 },
  },
  {
    name: 'eigvals',
    apply: (x) => eigvals(x),
    inputs: [
      {
        values: [
          [
            [1, 2],
            [0.5, -3],
          ],
          [
            [-1, -2],
            [2, 0.5],
          ],
        ],
      },
    ],
    expected: (x) =>
      batch(x).map((a) => {
        const [[p, q], [r, s]] = a as [[number, number], [number, number]];
        const half = (p - s) / 2;
        const square = half * half + q * r;
        const root = Math.sqrt(Math.abs(square));
        const middle = (p + s) / 2;
        return square < 0
          ? [
              [middle, root],
              [middle, -root],
            ]
          : [
              [middle + root, 0],
              [middle - root, 0],
            ];
      }),
  },
  {
    name: 'eigvals, sums of powers',
    apply: (x) => {
      const values = eigvals(x);
      const [re, im] = [values.slice([null, 0]), values.slice([null, 1])];
      return [re.sum(), im.sum(), re.square().sub(im.square()).sum()];
    },
    inputs: [{ shape: [3, 3] }],
    expected: (x) => {
      const a = asMatrix(x);
      return { outputs: [trace(a), 0, trace(multiply(a, a))] };
    },
    tolerance: { float64: 1e-11, float32: 1e-5 },
  },
  {
    name: 'eig',
    apply: (x) => Object.values(eig(x)),
    // 1 ± 2i of a rotation, scaled; 3 and 1 of a triangular matrix.
    inputs: [
      {
        values: [
          [
            [1, -2],
            [2, 1],
          ],
          [
            [3, 4],
            [0, 1],
          ],
        ],
      },
    ],
    expected: () => {
      const [half, fifth] = [Math.SQRT1_2, Math.sqrt(0.2)];
      return {
        outputs: [
          [
            [
              [1, 2],
              [1, -2],
            ],
            [
              [3, 0],
              [1, 0],
            ],
          ],
          [
            [
              [
                [half, 0],
                [half, 0],
              ],
              [
                [0, -half],
                [0, half],
              ],
            ],
            [
              [
                [1, 0],
                [2 * fifth, 0],
              ],
              [
                [0, 0],
                [-fifth, 0],
              ],
            ],
          ],
        ],
      } as never;
    },
    // The first elements of the rotation's eigenvectors are as large as the second ones.
    derivatives: false,
  },
  {
    name: 'eig, of a pair',
    apply: (x) => Object.values(eig(x)),
    inputs: [
      {
        values: [
          [1, -2],
          [1, 0.5],
        ],
      },
    ],
    expected: (x) => {
      // (−2, λ − 1) solves the first row; the first element is the largest.
      const [[p, q], [, s]] = x as [[number, number], [number, number]];
      const [middle, root] = [(p + s) / 2, Math.sqrt(2 - ((p - s) / 2) ** 2)];
      const length = -Math.hypot(q, middle - p, root);
      const [first, real, imaginary] = [q / length, (middle - p) / length, root / length];
      return {
        outputs: [
          [
            [middle, root],
            [middle, -root],
          ],
          [
            [
              [first, 0],
              [first, 0],
            ],
            [
              [real, imaginary],
              [real, -imaginary],
            ],
          ],
        ],
      } as never;
    },
  },
  {
    name: 'eig, products of the parts',
    apply: (x) => {
      const { eigenvalues, eigenvectors } = eig(x);
      const [re, im] = [0, 1].map((i) => eigenvalues.slice([null, i]));
      const [v, w] = [0, 1].map((i) => eigenvectors.slice([null, null, i]));
      const complex = (a: Tensor, b: Tensor): Tensor => concat([concat([a, b.neg()], 1), concat([b, a], 1)], 0);
      const vectors = complex(v!, w!);
      const scaled = complex(v!.mul(re!).sub(w!.mul(im!)), v!.mul(im!).add(w!.mul(re!)));
      return [v!.square().add(w!.square()).sum(0), solve(vectors.transpose(), scaled.transpose()).transpose()];
    },
    inputs: [{ shape: [3, 3] }],
    expected: (x) => {
      const zeros = [0, 0, 0];
      const a = asMatrix(x);
      return {
        outputs: [
          [1, 1, 1],
          [...a.map((row) => [...row, ...zeros]), ...a.map((row) => [...zeros, ...row])],
        ],
      };
    },
    tolerance: { float64: 1e-11, float32: 1e-5 },
  },
  {
    name: 'eig, NaN, of no rows and of equal eigenvalues',
    apply: (x, y, z) => [x, y, z].flatMap((each) => Object.values(eig(each))),
    inputs: [
      { values: [[NaN]] },
      { shape: [0, 0] },
      {
        values: [
          [2, 0],
          [0, 2],
        ],
      },
    ],
    expected: () => ({
      outputs: [
        [[NaN, NaN]],
        [[[NaN, NaN]]],
        [],
        [],
        [
          [2, 0],
          [2, 0],
        ],
        [
          [
            [1, 0],
            [0, 0],
          ],
          [
            [0, 0],
            [1, 0],
          ],
        ],
      ] as never,
    }),
    derivatives: false,
  },
  {
    name: 'svd',
    apply: (a) => Object.values(svd(a)),
    inputs: [
      {
        values: [
          [3, 0],
          [0, -4],
          [0, 0],
        ],
      },
    ],
    expected: () => ({
      outputs: [
        [
          [0, 1, 0],
          [1, 0, 0],
          [0, 0, 1],
        ],
        [4, 3],
        [
          [0, -1],
          [1, 0],
        ],
      ],
    }),
    derivatives: false,
  },
  {
    name: 'svd, rebuilt, tall and wide',
    apply: (a) =>
      [a, a.transpose()].flatMap((x) => {
        const { u, s, vh } = svd(x, { fullMatrices: false });
        return [rowScaled(u, s).matmul(vh), rowScaled(u, s.pow(3)).matmul(vh), s];
      }),
    inputs: [{ shape: [2, 3, 2] }],
    expected: (a) => {
      const cube = (x: Matrix): number[][] => multiply(x, multiply(transpose(x), x));
      const both = [batch(a), batch(a).map(transpose)];
      const values = both[1]!.map(singularValues2);
      return { outputs: both.flatMap((each) => [each, each.map(cube), values]) as never };
    },
    tolerance: { float64: 1e-11, float32: 5e-6 },
  },
  {
    name: 'svd, complete bases, in batches of tall and wide matrices',
    apply: (a) =>
      [a, a.transpose()].flatMap((x) => {
        const { u, vh } = svd(x);
        const rest = x === a ? u.slice([null, null, [2]]) : vh.slice([null, [2]]).transpose();
        return [u.transpose().matmul(u), vh.matmul(vh.transpose()), rest.matmul(rest.transpose())];
      }),
    inputs: [{ shape: [2, 4, 2] }],
    expected: (x) => {
      const projectors = batch(x).map((a) => {
        const onto = multiply(a, multiply(inverse(multiply(transpose(a), a)), transpose(a)));
        return add(identity(4), scale(onto, -1));
      });
      const [two, four] = [2, 4].map((n) => [identity(n), identity(n)]);
      return { outputs: [four, two, projectors, two, four, projectors] } as never;
    },
  },
  {
    name: 'svd, all vectors',
    apply: (a) => Object.values(svd(a, { fullMatrices: false })),
    inputs: [
      {
        values: [
          [2, 1, 0.5],
          [-0.5, 1.5, 1],
        ],
      },
    ],
    expected: (x) => {
      const a = asMatrix(x);
      const s = singularValues2(a);
      const u = eigenvectors2(multiply(a, transpose(a))).map((row) => row.toReversed());
      return { outputs: [u, s, multiply(transpose(u), a).map((row, i) => row.map((y) => y / s[i]!))] };
    },
  },
  {
    name: 'svd, of equal singular values: their sum, and the nearest orthogonal matrix',
    apply: (x) => {
      const { u, s, vh } = svd(x, { fullMatrices: false });
      return [s.sum(), u.matmul(vh)];
    },
    inputs: [
      {
        values: [
          [2, 0],
          [0, 2],
          [0, 0],
        ],
      },
    ],
    expected: () => ({
      outputs: [
        4,
        [
          [1, 0],
          [0, 1],
          [0, 0],
        ],
      ],
    }),
    derivatives: { order: 1 },
  },
  {
    name: 'svd, of rank 1: the sum of squares',
    apply: (x) => svd(x).s.square().sum(),
    inputs: [
      {
        values: [
          [1, 2],
          [2, 4],
          [0, 0],
        ],
      },
    ],
    expected: () => 25,
    derivatives: { order: 1 },
  },
  {
    name: 'svd, zeros, NaN and nothing',
    apply: (x, y, z) => [svd(x).s, svd(y).s, ...Object.values(svd(z))],
    inputs: [
      {
        values: [
          [0, 0],
          [0, 0],
        ],
      },
      { values: [[NaN, 1]] },
      { shape: [0, 2] },
    ],
    expected: () => ({ outputs: [[0, 0], [NaN], [], [], identity(2)] }),
    derivatives: false,
  },
  {
    name: 'svdvals',
    apply: (a) => [svdvals(a), svdvals(a.transpose())],
    inputs: [{ shape: [2, 2, 5] }],
    expected: (a) => {
      const values = batch(a).map(singularValues2);
      return { outputs: [values, values] };
    },
  },
];
