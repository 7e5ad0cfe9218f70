// The routines that gather and scatter.
import { accumulatorsOf, load } from '../data/strided.ts';
import { at, contiguous, normalizeIndex, positions, type Shape, type View } from '../data/shape.ts';
import { batchAlongAxis } from '../graph/batching.ts';
import type { Routine } from '../graph/primitive.ts';
import { applyRoutine, type Tensor } from '../graph/tensor.ts';
import { nameIndices, type Indexed } from './indices.ts';

/** Gathers along an axis: output[…, i, …] = x[…, indices[…, i, …], …]. All other axes of x and indices are equal. */
export const Take: Routine<'take'> = {
  kind: 'routine',
  name: 'take',
  checksIndices: true,
  run: (output, _shape, [x, indices], { axis }) => {
    const stride = at(x.view.strides, axis);
    const length = at(x.view.shape, axis);
    const indexPositions = positions(indices.view);
    const linePositions = positions(holdAxis(x.view, axis, indices.view.shape));
    for (let i = 0; i < output.length; i++) {
      const index = normalizeIndex(Take.name, load(indices.values, load(indexPositions, i)), length, axis);
      output[i] = load(x.values, load(linePositions, i) + index * stride);
    }
  },
  vjp: (cotangent, { inputs: [x, indices], attributes }, input) =>
    input === 0 ? applyScatter(indices, cotangent, x.shape, attributes.axis) : undefined,
  jvp: (tangent, { inputs: [, indices], attributes }, input) =>
    input === 0 ? applyTake(tangent, indices, attributes.axis) : undefined,
  batch: batchAlongAxis,
};

/** The transpose of {@link Take}: adds updates to zeros at the indices. */
export const ScatterAdd: Routine<'scatterAdd'> = {
  kind: 'routine',
  name: 'scatterAdd',
  checksIndices: true,
  run: (output, shape, [indices, updates], { axis }) => {
    const sums = accumulatorsOf(output);
    const view = contiguous(shape);
    const indexPositions = positions(indices.view);
    const updatePositions = positions(updates.view);
    const linePositions = positions(holdAxis(view, axis, updates.view.shape));
    const stride = at(view.strides, axis);
    const length = at(shape, axis);
    for (let i = 0; i < updatePositions.length; i++) {
      const index = normalizeIndex(ScatterAdd.name, load(indices.values, load(indexPositions, i)), length, axis);
      const position = load(linePositions, i) + index * stride;
      sums[position] = load(sums, position) + load(updates.values, load(updatePositions, i));
    }
    output.set(sums);
  },
  vjp: (cotangent, { inputs: [indices], attributes }, input) =>
    input === 1 ? applyTake(cotangent, indices, attributes.axis) : undefined,
  jvp: (tangent, { inputs: [indices], attributes, shape }, input) =>
    input === 1 ? applyScatter(indices, tangent, shape, attributes.axis) : undefined,
  batch: batchAlongAxis,
};

export function applyTake(x: Tensor, indices: Tensor, axis: number): Tensor {
  return applyRoutine(Take, [x, indices], { shape: indices.shape, dtype: x.dtype }, { axis });
}

export function applyScatter(indices: Tensor, updates: Tensor, shape: Shape, axis: number): Tensor {
  return applyRoutine(ScatterAdd, [indices, updates], { shape, dtype: updates.dtype }, { axis });
}

/** The view at index 0 of an axis, broadcast along that axis to `shape`. */
function holdAxis(view: View, axis: number, shape: Shape): View {
  return { ...view, shape, strides: view.strides.with(axis, 0) };
}

/**
 * Replaces an axis of x by the axes of `indices`, an int32 tensor: slices of x.
 * @param source what messages speak of: the shape and axis that the user indexes.
 */
export function takeSlices(operation: string, x: Tensor, indices: Tensor, axis: number, source: Indexed): Tensor {
  const before = x.shape.slice(0, axis);
  const after = x.shape.slice(axis + 1);
  const expanded = indices
    .reshape([...before.map(() => 1), indices.size, ...after.map(() => 1)])
    .broadcastTo([...before, indices.size, ...after]);
  const taken = nameIndices(operation, applyTake(x, expanded, axis), source.shape, source.axis);
  return taken.reshape([...before, ...indices.shape, ...after]);
}
