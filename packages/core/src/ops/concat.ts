import { show } from '../data/checks.ts';
import { promoteTypes } from '../data/dtype.ts';
import { at, formatShape, normalizeAxis, rowMajorStrides, sameShape } from '../data/shape.ts';
import { copyInto } from '../data/strided.ts';
import { batchAlongAxis } from '../graph/batching.ts';
import type { Node, Routine } from '../graph/primitive.ts';
import type { AxisAttributes } from '../graph/routines.ts';
import { applyRoutine, type Tensor } from '../graph/tensor.ts';
import { checkTensor } from './define.ts';

/** Joins inputs along an axis. */
export const Concat: Routine<'concat'> = {
  kind: 'routine',
  name: 'concat',
  run: (output, shape, inputs, { axis }) => {
    const strides = rowMajorStrides(shape);
    let offset = 0;
    for (const input of inputs) {
      copyInto({ values: output, view: { shape: input.view.shape, strides, offset } }, input);
      offset += at(input.view.shape, axis) * at(strides, axis);
    }
  },
  vjp: (cotangent, output, index) => {
    const { axis, start, length } = locateInput(output, index);
    return cotangent.slice(output.shape.map((_, i) => (i === axis ? [start, start + length] : null)));
  },
  jvp: (tangent, output, index) => {
    const { axis, start, length } = locateInput(output, index);
    const after = at(output.shape, axis) - start - length;
    return tangent.pad(output.shape.map((_, i) => (i === axis ? [start, after] : [0, 0])));
  },
  batch: batchAlongAxis,
};

/** The range of the output's axis that input number `index` fills. */
function locateInput(
  { inputs, attributes: { axis } }: Node<readonly Tensor[], AxisAttributes>,
  index: number,
): { axis: number; start: number; length: number } {
  const lengths = inputs.map(({ shape }) => at(shape, axis));
  const start = lengths.slice(0, index).reduce((total, length) => total + length, 0);
  return { axis, start, length: at(lengths, index) };
}

/**
 * Joins tensors along an axis (NumPy's `concat`). Shapes are equal on all other axes. dtypes are promoted.
 * @param axis Default: 0.
 * @throws {TypeError} if `tensors` is not an array of tensors.
 * @throws {RangeError} if it is empty, the axis is out of range, or shapes differ on another axis.
 * @example
 * concat([tensor([1, 2]), tensor([3])]); // tensor([1, 2, 3])
 */
export function concat(tensors: readonly Tensor[], axis = 0): Tensor {
  const first = checkTensors('concat', tensors);
  if (first.ndim === 0) throw new RangeError('concat: scalars have no axis to join along; use stack');
  const axisIndex = normalizeAxis('concat', axis, first.ndim);
  for (const x of tensors) {
    if (x.ndim !== first.ndim) {
      throw new RangeError(
        `concat: shapes ${formatShape(first.shape)} and ${formatShape(x.shape)} must have the same rank; use reshape or stack`,
      );
    }
    if (!sameShape(x.shape.with(axisIndex, 0), first.shape.with(axisIndex, 0))) {
      throw new RangeError(
        `concat: shapes ${formatShape(first.shape)} and ${formatShape(x.shape)} must be equal on all axes but ${axisIndex}`,
      );
    }
  }
  const dtype = tensors.map((x) => x.dtype).reduce(promoteTypes);
  const length = tensors.reduce((total, x) => total + at(x.shape, axisIndex), 0);
  const inputs = tensors.map((x) => x.astype(dtype));
  return applyRoutine(Concat, inputs, { shape: first.shape.with(axisIndex, length), dtype }, { axis: axisIndex });
}

/**
 * Stacks tensors of equal shape along a new axis (NumPy's `stack`). dtypes are promoted.
 * @param axis the axis' index in the result. Default: 0.
 * @throws {TypeError} if `tensors` is not an array of tensors.
 * @throws {RangeError} if it is empty, the axis is out of range, or shapes differ.
 * @example
 * stack([tensor([1, 2]), tensor([3, 4])], 1); // tensor([[1, 3], [2, 4]])
 */
export function stack(tensors: readonly Tensor[], axis = 0): Tensor {
  const first = checkTensors('stack', tensors);
  const axisIndex = normalizeAxis('stack', axis, first.ndim + 1);
  const other = tensors.find((x) => !sameShape(x.shape, first.shape));
  if (other) {
    throw new RangeError(
      `stack: shapes must be equal, got ${formatShape(first.shape)} and ${formatShape(other.shape)}`,
    );
  }
  return concat(
    tensors.map((x) => x.expandDims(axisIndex)),
    axisIndex,
  );
}

/** Checks that there is at least one tensor and nothing else, and returns the first. */
function checkTensors(operation: string, tensors: readonly Tensor[]): Tensor {
  if (!Array.isArray(tensors)) throw new TypeError(`${operation}: expected an array of tensors, got ${show(tensors)}`);
  for (const x of tensors) checkTensor(operation, x);
  const [first] = tensors;
  if (!first) throw new RangeError(`${operation}: expected at least one tensor, got none`);
  return first;
}
