import { promote } from '../data/dtype.ts';
import { formatShape, normalizeAxis, rowMajorStrides, sameShape } from '../data/shape.ts';
import { copyInto } from '../data/strided.ts';
import type { Node, Routine } from '../graph/primitive.ts';
import type { AxisAttributes } from '../graph/routines.ts';
import { applyRoutine, type Tensor } from '../graph/tensor.ts';
import { checkTensor } from './define.ts';

/** Inputs joined along an axis. */
export const Concat: Routine<'concat'> = {
  kind: 'routine',
  name: 'concat',
  run: (output, shape, inputs, { axis }) => {
    const strides = rowMajorStrides(shape);
    let offset = 0;
    for (const input of inputs) {
      copyInto({ values: output, view: { shape: input.view.shape, strides, offset } }, input);
      offset += input.view.shape[axis]! * strides[axis]!;
    }
  },
  vjp: (cotangent, output, index) => {
    const { axis, start, length } = partOf(output, index);
    return cotangent.slice(output.shape.map((_, i) => (i === axis ? [start, start + length] : null)));
  },
  jvp: (tangent, output, index) => {
    const { axis, start, length } = partOf(output, index);
    const after = output.shape[axis]! - start - length;
    return tangent.pad(output.shape.map((_, i) => (i === axis ? [start, after] : [0, 0])));
  },
};

/** Where input number `index` of a concatenation lies in its output. */
function partOf(
  { inputs, attributes: { axis } }: Node<readonly Tensor[], AxisAttributes>,
  index: number,
): { axis: number; start: number; length: number } {
  const start = inputs.slice(0, index).reduce((total, part) => total + part.shape[axis]!, 0);
  return { axis, start, length: inputs[index]!.shape[axis]! };
}

/**
 * Tensors one after another along an axis; the other axes are equal. dtypes are promoted.
 * @throws {RangeError} if there is none, or shapes differ elsewhere.
 */
export function concat(tensors: readonly Tensor[], axis = 0): Tensor {
  const first = firstOf('concat', tensors);
  if (first.ndim === 0) throw new RangeError('concat: scalars have no axis to join along; use stack');
  const along = normalizeAxis('concat', axis, first.ndim);
  for (const x of tensors) {
    if (x.ndim !== first.ndim) {
      throw new RangeError(
        `concat: ${formatShape(first.shape)} and ${formatShape(x.shape)} differ in rank; reshape or use stack`,
      );
    }
    if (!sameShape(x.shape.with(along, 0), first.shape.with(along, 0))) {
      throw new RangeError(
        `concat: ${formatShape(first.shape)} and ${formatShape(x.shape)} differ on another axis than ${along}`,
      );
    }
  }
  const dtype = tensors.map((x) => x.dtype).reduce(promote);
  const length = tensors.reduce((total, x) => total + x.shape[along]!, 0);
  const inputs = tensors.map((x) => x.astype(dtype));
  return applyRoutine(Concat, inputs, { shape: first.shape.with(along, length), dtype }, { axis: along });
}

/**
 * Tensors of one shape along a new axis at this place of the result.
 * @throws {RangeError} if there is none, or shapes differ.
 */
export function stack(tensors: readonly Tensor[], axis = 0): Tensor {
  const first = firstOf('stack', tensors);
  const place = normalizeAxis('stack', axis, first.ndim + 1);
  const other = tensors.find((x) => !sameShape(x.shape, first.shape));
  if (other) throw new RangeError(`stack: shapes differ, ${formatShape(first.shape)} and ${formatShape(other.shape)}`);
  return concat(
    tensors.map((x) => x.expandDims(place)),
    place,
  );
}

function firstOf(operation: string, tensors: readonly Tensor[]): Tensor {
  if (!Array.isArray(tensors)) throw new TypeError(`${operation}: expected an array of tensors`);
  for (const x of tensors) checkTensor(operation, x);
  const [first] = tensors;
  if (!first) throw new RangeError(`${operation}: needs at least one tensor`);
  return first;
}
