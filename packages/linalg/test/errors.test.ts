import { evaluate, grad, ones, tensor, Variable, zeros, type Tensor } from '@thetagrad/core';
import {
  cholesky,
  choleskySolve,
  cond,
  det,
  eigh,
  householderProduct,
  inv,
  lstsq,
  ldlFactor,
  ldlSolve,
  lu,
  luSolve,
  matrixNorm,
  matrixPower,
  matrixRank,
  pinv,
  qr,
  renorm,
  slogdet,
  solve,
  solveTriangular,
  svd,
  tensorinv,
  tensorsolve,
  vectorNorm,
} from '@thetagrad/linalg';
import { describe, expect, test } from 'vitest';

const square = ones([2, 2]);
const wide = ones([2, 3]);
const vector = ones([2]);
const singular = tensor([
  [1, 2],
  [2, 4],
]);
const int32 = (values: number[]): Tensor => tensor(values, { dtype: 'int32' });

describe('a call with wrong arguments is refused', () => {
  test.for<readonly [message: string, call: () => unknown]>([
    ['TypeError: cholesky: expected a tensor, got 3; make a tensor of it with tensor(…)', () => cholesky(3 as never)],
    ['RangeError: inv: expected a matrix or a batch of matrices, got shape [2]', () => inv(vector)],
    ['RangeError: det: expected square matrices, got shape [2, 3], whose last two axes differ', () => det(wide)],
    [`TypeError: cholesky: unknown option 'lower'`, () => cholesky(square, { lower: true } as never)],
    ['TypeError: cholesky: upper must be true or false, got 1', () => cholesky(square, { upper: 1 as never })],
    ['TypeError: solve: the right-hand side: expected a tensor, got Array', () => solve(square, [1, 2] as never)],
    [
      'RangeError: solve: the right-hand side must be a vector or matrices, got a scalar',
      () => solve(square, tensor(1)),
    ],
    [
      'RangeError: solve: matrices [2, 2] need a right-hand side with 2 rows, got [3] with 3 on axis 0',
      () => solve(square, ones([3])),
    ],
    [
      'RangeError: choleskySolve: matrices [2, 2] need a right-hand side with 2 rows, got [2, 3, 2] with 3 on axis -2',
      () => choleskySolve(ones([2, 3, 2]), square),
    ],
    ['RangeError: solve: shapes [3] and [2] do not broadcast', () => solve(ones([3, 2, 2]), ones([2, 2, 1]))],
    ['TypeError: luSolve: pivots must be int32, got float32', () => luSolve(square, vector, vector)],
    [
      'RangeError: ldlFactor: expected square matrices, got shape [2, 3], whose last two axes differ',
      () => ldlFactor(wide),
    ],
    ['TypeError: ldlSolve: pivots must be int32, got float32', () => ldlSolve(square, vector, vector)],
    ['RangeError: luSolve: matrices [2, 2] need pivots [2], got [3]', () => luSolve(square, int32([0, 1, 2]), vector)],
    [
      `TypeError: qr: unknown mode 'full'; expected 'reduced', 'complete' or 'r'`,
      () => qr(wide, { mode: 'full' as never }),
    ],
    [
      'RangeError: householderProduct: expected at least as many rows as columns, got [2, 3]',
      () => householderProduct(wide, vector),
    ],
    [
      'RangeError: householderProduct: matrices [2, 2] need at most the factors [2], got [3]',
      () => householderProduct(square, ones([3])),
    ],
    [`TypeError: eigh: unknown UPLO 'l'; expected 'L' or 'U'`, () => eigh(square, { UPLO: 'l' as never })],
    ['TypeError: svd: fullMatrices must be true or false, got 0', () => svd(wide, { fullMatrices: 0 as never })],
    ['RangeError: pinv: rtol must be a finite number ≥ 0, got -1', () => pinv(wide, { rtol: -1 })],
    ['RangeError: pinv: expected square matrices, got shape [2, 3]', () => pinv(wide, { hermitian: true })],
    ['RangeError: matrixRank: atol must be a finite number ≥ 0, got NaN', () => matrixRank(wide, { atol: NaN })],
    ['RangeError: lstsq: matrices [2, 3] need a right-hand side with 2 rows, got [3]', () => lstsq(wide, ones([3]))],
    ['RangeError: matrixPower: n must be an integer, got 0.5', () => matrixPower(square, 0.5)],
    ['RangeError: vectorNorm: ord must be a number other than NaN, got NaN', () => vectorNorm(vector, 0, { ord: NaN })],
    [
      `TypeError: vectorNorm: ord must be a number other than NaN, got 'fro'`,
      () => vectorNorm(vector, 0, { ord: 'fro' as never }),
    ],
    [
      `TypeError: matrixNorm: unknown ord 3; expected 'fro', 'nuc', 1, -1, 2, -2, Infinity or -Infinity`,
      () => matrixNorm(square, [0, 1], { ord: 3 }),
    ],
    [
      'TypeError: matrixNorm: axis must be an array of the two axes of the matrices, got 1',
      () => matrixNorm(square, 1 as never),
    ],
    ['RangeError: matrixNorm: axes must be distinct, got [0, 0]', () => matrixNorm(square, [0, 0])],
    ['RangeError: cond: expected square matrices, got shape [2, 3]', () => cond(wide, { p: 1 })],
    ['RangeError: cond: expected matrices with elements, got shape [0, 2]', () => cond(zeros([0, 2]))],
    ['RangeError: renorm: p must be positive or Infinity, got 0', () => renorm(square, 0, 0, 1)],
    ['RangeError: renorm: maxnorm must be a finite number ≥ 0, got -1', () => renorm(square, 1, 0, -1)],
    [
      'RangeError: tensorsolve: a [2, 3] must have the axes of b [2], and others of as many elements',
      () => tensorsolve(wide, vector),
    ],
    [
      'RangeError: tensorinv: the first 1 axes of [2, 3] hold 2 elements and the others 3',
      () => tensorinv(wide, { ind: 1 }),
    ],
    ['RangeError: tensorinv: ind must be an integer ≥ 1, got 0', () => tensorinv(wide, { ind: 0 })],
  ])('%s', ([message, call]) => {
    let error: unknown;
    try {
      call();
    } catch (thrown) {
      error = thrown;
    }
    expect(String(error)).toContain(message);
  });
});

describe('values that an operation cannot work with are an error at evaluation', () => {
  const batch = tensor([
    [
      [
        [1, 0],
        [0, 1],
      ],
      [
        [1, 2],
        [2, 4],
      ],
    ],
  ]);
  test.for<readonly [message: string, call: () => Tensor]>([
    ['inv: the matrix is singular', () => inv(singular)],
    ['inv: matrix [0, 1] of the batch is singular', () => inv(batch)],
    ['solve: the matrix is singular', () => solve(singular, vector)],
    ['matrixPower: the matrix is singular', () => matrixPower(singular, -1)],
    ['tensorsolve: the matrix is singular', () => tensorsolve(singular, vector)],
    ['tensorinv: the matrix is singular', () => tensorinv(singular, { ind: 1 })],
    [
      'cholesky: the matrix is not positive definite: its leading minor of order 2 is not positive',
      () => cholesky(singular),
    ],
    [
      'cholesky: matrix [0, 1] of the batch is not positive definite: its leading minor of order 2 is not positive',
      () => cholesky(batch),
    ],
    [
      'solveTriangular: the matrix is singular: element [1, 1] on its diagonal is 0',
      () =>
        solveTriangular(
          tensor([
            [1, 0],
            [0, 0],
          ]),
          vector,
        ),
    ],
    [
      'choleskySolve: the matrix is singular: element [0, 0] on its diagonal is 0',
      () =>
        choleskySolve(
          vector,
          tensor([
            [0, 0],
            [1, 1],
          ]),
        ),
    ],
    [
      'luSolve: the matrix is singular: element [1, 1] on its diagonal is 0',
      () => luSolve(lu(singular).u, int32([0, 1]), vector),
    ],
    [
      'ldlSolve: the matrix is singular: element [1, 1] on its diagonal is 0',
      () => ldlSolve(lu(singular).u, int32([0, 1]), vector),
    ],
    ['ldlSolve: pivot 1 must be from 1 to 1, the last row, got 2', () => ldlSolve(square, int32([0, 2]), vector)],
    ['ldlSolve: pivot 1 must be from 1 to 1, the last row, got -2', () => ldlSolve(square, int32([0, -2]), vector)],
    ['luSolve: pivot 1 must be from 1 to 1, the last row, got 2', () => luSolve(square, int32([0, 2]), vector)],
  ])('%s', async ([message, call]) => {
    await expect(call().data()).rejects.toThrow(new RangeError(message));
  });

  test('a failed step writes no variable', async () => {
    const w = new Variable(zeros([2, 2]));
    // From its second value on, a variable is written in place.
    w.assign(w.value.add(1));
    await evaluate(w);
    const doubled = w.value.mul(2);
    w.assign(doubled);
    await expect(evaluate(w, inv(doubled))).rejects.toThrow('inv: the matrix is singular');
    expect(await w.value.toArray()).toEqual([
      [1, 1],
      [1, 1],
    ]);
  });

  test('a gradient that does not exist is multiplied by a zero to 0', async () => {
    const loss = (x: Tensor): Tensor => slogdet(x).sign.equal(0).where(7, slogdet(x).logabsdet).sum();
    expect(await loss(singular).item()).toBe(7);
    expect(await grad(loss)(singular).toArray()).toEqual([
      [0, 0],
      [0, 0],
    ]);
  });
});
