import { load } from '../data/strided.ts';
import { show } from '../data/checks.ts';
import { promoteTypes } from '../data/dtype.ts';
import { at, broadcastShapes, formatShape, last, positions, sizeOf } from '../data/shape.ts';
import type { Routine } from '../graph/primitive.ts';
import { applyRoutine, checkNotDisposed, Tensor } from '../graph/tensor.ts';
import { multiplyMatrices } from '../portable/matmul.ts';
import { multiplyAddOf } from '../scalar/definitions.ts';

/** Matrix product of [batch…, m, k] and [batch…, k, n] with equal batch axes and dtypes; views broadcast the operands. */
export const Matmul: Routine<'matmul'> = {
  kind: 'routine',
  name: 'matmul',
  run: (output, shape, [a, b]) => {
    const [m, k] = a.view.shape.slice(-2) as [number, number];
    const n = last(shape);
    const [aStarts, bStarts] = [a, b].map(({ view }) =>
      positions({ ...view, shape: view.shape.with(-2, 1).with(-1, 1) }),
    ) as [Int32Array, Int32Array];
    const [aRow, aColumn] = a.view.strides.slice(-2) as [number, number];
    const [bRow, bColumn] = b.view.strides.slice(-2) as [number, number];
    const multiplyAdd = multiplyAddOf(output instanceof Int32Array);
    aStarts.forEach((aStart, batch) => {
      const bStart = load(bStarts, batch);
      for (let i = 0; i < m; i++) {
        for (let j = 0; j < n; j++) {
          let sum = 0;
          for (let l = 0; l < k; l++) {
            const x = load(a.values, aStart + i * aRow + l * aColumn);
            sum = multiplyAdd(sum, x, load(b.values, bStart + l * bRow + j * bColumn));
          }
          output[(batch * m + i) * n + j] = sum;
        }
      }
    });
  },
  runFast: multiplyMatrices,
  multiplyAdds: (shape, [a]) => sizeOf(shape) * last(a),
  vjp: (cotangent, { inputs: [a, b] }, input) =>
    input === 0 ? applyMatmul(cotangent, b.transpose()) : applyMatmul(a.transpose(), cotangent),
  jvp: (tangent, { inputs: [a, b] }, input) => (input === 0 ? applyMatmul(tangent, b) : applyMatmul(a, tangent)),
  // matmul broadcasts shared operands; a shared matrix on the right gives one tall product.
  batch: ([a, b], _isBatched, example, size) => matmul(a, b).broadcastTo([size, ...example.shape]),
};

/** Creates the node. Inner sizes, batch axes and dtypes must be equal. */
function applyMatmul(a: Tensor, b: Tensor): Tensor {
  const shape = [...a.shape.slice(0, -1), last(b.shape)];
  return applyRoutine(Matmul, [a, b], { shape, dtype: a.dtype }, {});
}

/**
 * The matrix product (NumPy's `matmul`): [m, k] · [k, n] is [m, n]. Leading axes are batches and broadcast. A vector is a
 * row on the left and a column on the right, and its axis is removed from the result. dtypes are promoted; bool becomes
 * int32.
 * @throws {TypeError} if an operand is not a tensor.
 * @throws {RangeError} if an operand is a scalar, inner sizes differ, or batch axes do not broadcast.
 * @example
 * matmul(tensor([[1, 2], [3, 4]]), tensor([1, 10])); // tensor([21, 43])
 */
export function matmul(a: Tensor, b: Tensor): Tensor {
  if (!(a instanceof Tensor && b instanceof Tensor)) {
    throw new TypeError(`matmul: both operands must be tensors, got ${show(a)} and ${show(b)}`);
  }
  for (const operand of [a, b]) checkNotDisposed('matmul', operand);
  if (a.ndim === 0 || b.ndim === 0) {
    throw new RangeError(
      `matmul: ${formatShape(a.shape)} · ${formatShape(b.shape)}: operands need at least one axis; use mul for scalars`,
    );
  }
  const [aAxis, bAxis] = [a.ndim - 1, Math.max(0, b.ndim - 2)];
  if (a.shape[aAxis] !== b.shape[bAxis]) {
    throw new RangeError(
      `matmul: inner sizes differ, ${formatShape(a.shape)} · ${formatShape(b.shape)}: axis ${aAxis} of the first (${a.shape[aAxis]}) ` +
        `must equal axis ${bAxis} of the second (${b.shape[bAxis]})`,
    );
  }
  const dtype = promoteTypes(promoteTypes(a.dtype, b.dtype), 'int32');
  if (a.ndim === 1) return matmul(a.expandDims(0), b).squeeze(b.ndim === 1 ? 0 : -2);
  if (b.ndim === 1) return matmul(a, b.expandDims(1)).squeeze(-1);
  const left = a.astype(dtype);
  const right = b.astype(dtype);
  // A single matrix on the right: stacks the batches on the left into one tall matrix.
  if (b.ndim === 2) {
    const rows = a.shape.slice(0, -1);
    return applyMatmul(left.reshape([sizeOf(rows), last(a.shape)]), right).reshape([...rows, at(b.shape, 1)]);
  }
  const batch = broadcastShapes('matmul', a.shape.slice(0, -2), b.shape.slice(0, -2));
  return applyMatmul(
    left.broadcastTo([...batch, ...a.shape.slice(-2)]),
    right.broadcastTo([...batch, ...b.shape.slice(-2)]),
  );
}
