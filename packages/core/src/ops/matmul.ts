import { promote } from '../data/dtype.ts';
import { broadcastShapes, formatShape, positions, sizeOf } from '../data/shape.ts';
import type { Routine } from '../graph/primitive.ts';
import { applyRoutine, Tensor } from '../graph/tensor.ts';
import { multiplyMatrices } from '../reference/matmul.ts';

/** [batch…, m, k] · [batch…, k, n], with equal batch axes and dtypes: broadcasting is done by views of the operands. */
export const Matmul: Routine<'matmul'> = {
  kind: 'routine',
  name: 'matmul',
  run: (output, shape, [a, b]) => {
    const [m, k] = a.view.shape.slice(-2) as [number, number];
    const n = shape.at(-1)!;
    const starts = [a, b].map(({ view }) => positions({ ...view, shape: view.shape.with(-2, 1).with(-1, 1) }));
    const [aRow, aColumn] = a.view.strides.slice(-2) as [number, number];
    const [bRow, bColumn] = b.view.strides.slice(-2) as [number, number];
    starts[0]!.forEach((aStart, batch) => {
      for (let i = 0; i < m; i++) {
        for (let j = 0; j < n; j++) {
          let sum = 0;
          for (let l = 0; l < k; l++) {
            sum += a.values[aStart + i * aRow + l * aColumn]! * b.values[starts[1]![batch]! + l * bRow + j * bColumn]!;
          }
          output[(batch * m + i) * n + j] = sum;
        }
      }
    });
  },
  runFast: multiplyMatrices,
  multiplyAdds: (shape, [a]) => sizeOf(shape) * a.at(-1)!,
  vjp: (cotangent, { inputs: [a, b] }, input) =>
    input === 0 ? product(cotangent, b.transpose()) : product(a.transpose(), cotangent),
  jvp: (tangent, { inputs: [a, b] }, input) => (input === 0 ? product(tangent, b) : product(a, tangent)),
};

/** The node for factors whose inner sizes, batch axes and dtypes are equal. */
function product(a: Tensor, b: Tensor): Tensor {
  const shape = [...a.shape.slice(0, -1), b.shape.at(-1)!];
  return applyRoutine(Matmul, [a, b], { shape, dtype: a.dtype }, {});
}

/**
 * The matrix product, by NumPy's rules: [m, k] · [k, n] is [m, n]; leading axes are batches and broadcast; a vector on
 * the left is a row, on the right a column, and its axis disappears from the result. dtypes are promoted (bool to int32).
 * @throws {RangeError} if an operand is a scalar, inner sizes differ, or batches do not broadcast.
 */
export function matmul(a: Tensor, b: Tensor): Tensor {
  if (!(a instanceof Tensor && b instanceof Tensor)) throw new TypeError('matmul: both operands must be tensors');
  if (a.ndim === 0 || b.ndim === 0) {
    throw new RangeError(
      `matmul: ${formatShape(a.shape)} · ${formatShape(b.shape)}: operands need at least one axis; use mul for scalars`,
    );
  }
  const [last, other] = [a.ndim - 1, Math.max(0, b.ndim - 2)];
  if (a.shape[last] !== b.shape[other]) {
    throw new RangeError(
      `matmul: inner sizes differ, ${formatShape(a.shape)} · ${formatShape(b.shape)}: axis ${last} of the first (${a.shape[last]}) ` +
        `must equal axis ${other} of the second (${b.shape[other]})`,
    );
  }
  const dtype = promote(promote(a.dtype, b.dtype), 'int32');
  if (a.ndim === 1) return matmul(a.expandDims(0), b).squeeze(b.ndim === 1 ? 0 : -2);
  if (b.ndim === 1) return matmul(a, b.expandDims(1)).squeeze(-1);
  const left = a.astype(dtype);
  const right = b.astype(dtype);
  // One matrix on the right: all rows on the left are one tall matrix.
  if (b.ndim === 2) {
    const rows = a.shape.slice(0, -1);
    return product(left.reshape([sizeOf(rows), a.shape.at(-1)!]), right).reshape([...rows, b.shape[1]!]);
  }
  const batch = broadcastShapes('matmul', a.shape.slice(0, -2), b.shape.slice(0, -2));
  return product(
    left.broadcastTo([...batch, ...a.shape.slice(-2)]),
    right.broadcastTo([...batch, ...b.shape.slice(-2)]),
  );
}
