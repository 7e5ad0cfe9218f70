import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { arange, eye, matmul, tensor, zeros, type Tensor } from '../src/index.ts';
import { elementAt, broadcastShape, build, models, numbers, toModel, toTensor, type Model } from './helpers.ts';

// Elements are multiples of 1/16, whose sums are exact in float64 in any order.

/** NumPy's matmul of matrices and batches of them. */
function naive(a: Model, b: Model): Model {
  const [m, k] = a.shape.slice(-2) as [number, number];
  const n = b.shape.at(-1)!;
  const batch = broadcastShape([a.shape.slice(0, -2), b.shape.slice(0, -2)]);
  // `elementAt` broadcasts axes of size 1, which matters for those of the batch only.
  return build([...batch, m, n], (index) => {
    const outer = index.slice(0, -2);
    const [i, j] = index.slice(-2) as [number, number];
    let sum = 0;
    for (let l = 0; l < k; l++) sum += elementAt(a, [...outer, i, l]) * elementAt(b, [...outer, l, j]);
    return sum;
  });
}

function equals(actual: Tensor, expected: Model): void {
  expect(actual.shape).toEqual(expected.shape);
  expect(numbers(actual)).toEqual(expected.data);
}

const length = fc.integer({ min: 0, max: 9 });
/** Batch axes that broadcast. */
const batches = fc
  .array(fc.tuple(fc.integer({ min: 0, max: 3 }), fc.constantFrom('both', 'left', 'right')), { maxLength: 2 })
  .chain((axes) =>
    fc.tuple(fc.nat(axes.length), fc.nat(axes.length)).map(([dropLeft, dropRight]) => ({
      left: axes.map(([n, side]) => (side === 'right' ? 1 : n)).slice(dropLeft),
      right: axes.map(([n, side]) => (side === 'left' ? 1 : n)).slice(dropRight),
    })),
  );
const factors = fc
  .tuple(batches, length, length, length)
  .chain(([{ left, right }, m, k, n]) =>
    fc.tuple(models(fc.constant([...left, m, k])), models(fc.constant([...right, k, n]))),
  );

describe('against three loops', () => {
  test('batches of matrices of any size', () => {
    fc.assert(
      fc.property(factors, ([a, b]) => equals(matmul(toTensor(a), toTensor(b)), naive(a, b))),
      { numRuns: 300 },
    );
  });

  test('transposed, flipped, sliced and expanded factors', () => {
    fc.assert(
      fc.property(factors, fc.boolean(), fc.boolean(), ([a, b], turnLeft, turnRight) => {
        const view = (model: Model, turn: boolean): Tensor => {
          const x = toTensor(model);
          if (turn) return x.transpose().add(0).transpose();
          return x
            .pad(model.shape.map(() => [1, 2]))
            .slice(model.shape.map(() => [1, -2]))
            .flip(-1)
            .add(0)
            .flip(-1);
        };
        equals(view(a, turnLeft).matmul(view(b, turnRight)), naive(a, b));
        const gram = toTensor(a).transpose().matmul(toTensor(a));
        equals(gram, naive(toModel(toTensor(a).transpose()), a));
      }),
      { numRuns: 200 },
    );
  });

  test('vectors are rows on the left and columns on the right', () => {
    fc.assert(
      fc.property(factors, ([a, b]) => {
        const [k] = a.shape.slice(-1) as [number];
        const row = { shape: [k], data: Array.from({ length: k }, (_, i) => i - 2) };
        equals(matmul(toTensor(row), toTensor(b)), dropAxis(naive({ ...row, shape: [1, k] }, b), -2));
        equals(matmul(toTensor(a), toTensor(row)), dropAxis(naive(a, { ...row, shape: [k, 1] }), -1));
        const dot = matmul(toTensor(row), toTensor(row));
        expect([dot.shape, dot.itemSync()]).toEqual([[], row.data.reduce((sum, v) => sum + v * v, 0)]);
      }),
    );
  });

  function dropAxis({ shape, data }: Model, axis: number): Model {
    return { shape: shape.toSpliced(axis, 1), data };
  }
});

test('a larger product in float32', () => {
  const x = arange(37 * 41)
    .mod(7)
    .reshape([37, 41])
    .astype('float32');
  const y = arange(41 * 35)
    .mod(5)
    .reshape([41, 35])
    .astype('float32');
  equals(x.matmul(y), naive(toModel(x), toModel(y)));
});

test('the identity matrix is neutral', () => {
  const x = arange(12).reshape([3, 4]).astype('float32');
  expect(numbers(eye(3).matmul(x))).toEqual(numbers(x));
});

test('dtypes are promoted', () => {
  const table = (['bool', 'int32', 'float32', 'float64'] as const).map(
    (dtype) => tensor([[1]], { dtype }).matmul(tensor([[1]], { dtype: 'int32' })).dtype,
  );
  expect(table).toEqual(['int32', 'int32', 'float32', 'float64']);
  const flags = tensor([[true, true]]);
  expect(numbers(flags.matmul(flags.transpose()))).toEqual([2]);
  expect(numbers(tensor([[2 ** 30, 1]], { dtype: 'int32' }).matmul(tensor([[4], [5]], { dtype: 'int32' })))).toEqual([
    5,
  ]);
});

test('a zero times NaN is NaN', () => {
  expect(numbers(tensor([[0, 1]]).matmul(tensor([[NaN], [1]])))).toEqual([NaN]);
});

test.each([
  [
    [2, 3],
    [4, 5],
    'matmul: inner sizes differ, [2, 3] · [4, 5]: axis 1 of the first (3) must equal axis 0 of the second (4)',
  ],
  [
    [6, 2, 3],
    [4, 5],
    'matmul: inner sizes differ, [6, 2, 3] · [4, 5]: axis 2 of the first (3) must equal axis 0 of the second (4)',
  ],
  [[3], [4], 'matmul: inner sizes differ, [3] · [4]: axis 0 of the first (3) must equal axis 0 of the second (4)'],
  [
    [3],
    [6, 4, 5],
    'matmul: inner sizes differ, [3] · [6, 4, 5]: axis 0 of the first (3) must equal axis 1 of the second (4)',
  ],
  [[2, 1, 3], [3, 3, 1], 'matmul: shapes [2] and [3] do not broadcast'],
  [[], [2], 'matmul: [] · [2]: operands need at least one axis; use mul for scalars'],
])('%j · %j is an error', (a, b, message) => expect(() => zeros(a).matmul(zeros(b))).toThrow(message));

test('both operands are tensors', () => {
  expect(() => zeros([2]).matmul(2 as unknown as Tensor)).toThrow('matmul: both operands must be tensors');
});
