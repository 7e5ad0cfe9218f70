// Operations that rearrange elements: views, and padding.
import { areIntegers, areNumbers, argumentError, checkInteger } from '../data/checks.ts';
import { toStored } from '../data/dtype.ts';
import {
  at,
  broadcastShapes,
  checkShape,
  dilate,
  expandView,
  formatShape,
  last,
  normalizeAxes,
  normalizeAxis,
  permuteView,
  reshapeView,
  rowMajorStrides,
  sameShape,
  type Shape,
  sizeOf,
} from '../data/shape.ts';
import { accumulatorsOf, addInto, copyInto } from '../data/strided.ts';
import { alignRank, batchAlongAxis, batchType } from '../graph/batching.ts';
import type { Movement, Routine } from '../graph/primitive.ts';
import type { NoAttributes, UnfoldAttributes } from '../graph/routines.ts';
import { applyMovement, applyRoutine, Tensor } from '../graph/tensor.ts';
import { checkTensor } from './define.ts';

/** The jvp of a linear operation of one input: applies the operation to the tangent. */
function applyToTangent(tangent: Tensor, output: Tensor): Tensor {
  return new Tensor(output.primitive, [tangent], { shape: output.shape, dtype: tangent.dtype }, output.attributes);
}

export const Reshape: Movement<NoAttributes> = {
  kind: 'movement',
  name: 'reshape',
  view: (view, { shape }) => reshapeView(view, shape),
  vjp: (cotangent, { inputs: [x] }) => cotangent.reshape(x.shape),
  jvp: applyToTangent,
  batch: ([x], _isBatched, { shape }, size) => x.reshape([size, ...shape]),
};

type AxesAttributes = { readonly axes: readonly number[] };

export const Permute: Movement<AxesAttributes> = {
  kind: 'movement',
  name: 'permute',
  view: (view, { attributes }) => permuteView(view, attributes.axes),
  vjp: (cotangent, { attributes: { axes } }) => cotangent.permute(axes.map((_, axis) => axes.indexOf(axis))),
  jvp: applyToTangent,
  batch: ([x], _isBatched, { attributes: { axes } }) => x.permute([0, ...axes.map((axis) => axis + 1)]),
};

export const Broadcast: Movement<NoAttributes> = {
  kind: 'movement',
  name: 'broadcast',
  view: (view, { shape }) => expandView(view, shape),
  // Reverse mode sums cotangents to the shape of the input.
  vjp: (cotangent) => cotangent,
  jvp: applyToTangent,
  batch: ([x], _isBatched, { shape }, size) => alignRank(x, shape.length).broadcastTo([size, ...shape]),
};

export const Flip: Movement<AxesAttributes> = {
  kind: 'movement',
  name: 'flip',
  view: ({ shape, strides, offset }, { attributes: { axes } }) => ({
    shape,
    strides: strides.map((stride, axis) => (axes.includes(axis) ? -stride : stride)),
    offset: axes.reduce((sum, axis) => sum + Math.max(0, at(shape, axis) - 1) * at(strides, axis), offset),
  }),
  vjp: (cotangent, { attributes }) => cotangent.flip(attributes.axes),
  jvp: applyToTangent,
  batch: ([x], _isBatched, { attributes: { axes } }) => x.flip(axes.map((axis) => axis + 1)),
};

type SliceAttributes = { readonly start: readonly number[]; readonly step: readonly number[] };

/** Takes every `step`-th element from `start` on per axis, as many as the output's shape says. Steps are positive. */
export const Slice: Movement<SliceAttributes> = {
  kind: 'movement',
  name: 'slice',
  isSlice: true,
  view: ({ strides, offset }, { shape, attributes: { start, step } }) => ({
    shape,
    strides: strides.map((stride, axis) => stride * at(step, axis)),
    offset: strides.reduce((sum, stride, axis) => sum + stride * at(start, axis), offset),
  }),
  vjp: (cotangent, { inputs: [x], attributes: { start, step } }) =>
    applyRoutine(Pad, [cotangent], { shape: x.shape, dtype: cotangent.dtype }, { padBefore: start, step, value: 0 }),
  jvp: applyToTangent,
  batch: ([x], _isBatched, { shape, attributes: { start, step } }, size) =>
    applyMovement(Slice, x, [size, ...shape], { start: [0, ...start], step: [1, ...step] }),
};

export const Unfold: Movement<UnfoldAttributes> = {
  kind: 'movement',
  name: 'unfold',
  view: ({ strides, offset }, { shape, attributes: { axis, step, dilation } }) => ({
    shape,
    strides: [...strides.with(axis, at(strides, axis) * step), at(strides, axis) * dilation],
    offset,
  }),
  vjp: (cotangent, { inputs: [x], attributes }) =>
    applyRoutine(Fold, [cotangent], { shape: x.shape, dtype: cotangent.dtype }, attributes),
  jvp: applyToTangent,
  batch: batchAlongAxis,
};

/** The transpose of {@link unfold}: sums overlapping windows. */
export const Fold: Routine<'fold'> = {
  kind: 'routine',
  name: 'fold',
  run: (output, shape, [{ values, view }], { axis, step, dilation, size }) => {
    const sums = accumulatorsOf(output);
    const strides = rowMajorStrides(shape);
    const windows = view.shape.slice(0, -1);
    for (let k = 0; k < size; k++) {
      // Element k of every window goes to a strided part of the output.
      addInto(
        {
          values: sums,
          view: {
            shape: windows,
            strides: strides.with(axis, at(strides, axis) * step),
            offset: k * dilation * at(strides, axis),
          },
        },
        {
          values,
          view: { shape: windows, strides: view.strides.slice(0, -1), offset: view.offset + k * last(view.strides) },
        },
      );
    }
    output.set(sums);
  },
  vjp: (cotangent, { attributes: { axis, size, step, dilation } }) => cotangent.unfold(axis, size, step, dilation),
  jvp: applyToTangent,
  batch: batchAlongAxis,
};

/** Surrounds the input with a value; with a step above 1, also puts the value between elements. */
export const Pad: Routine<'pad'> = {
  kind: 'routine',
  name: 'pad',
  run: (output, shape, [input], { padBefore, step, value }) => {
    output.fill(value);
    const strides = rowMajorStrides(shape);
    const view = {
      shape: input.view.shape,
      strides: strides.map((stride, axis) => stride * at(step, axis)),
      offset: strides.reduce((sum, stride, axis) => sum + stride * at(padBefore, axis), 0),
    };
    copyInto({ values: output, view }, input);
  },
  vjp: (cotangent, { inputs: [x], attributes: { padBefore, step } }) =>
    applyMovement(Slice, cotangent, x.shape, { start: padBefore, step }),
  jvp: (tangent, { shape, attributes }) =>
    applyRoutine(Pad, [tangent], { shape, dtype: tangent.dtype }, { ...attributes, value: 0 }),
  batch: ([x], _isBatched, example, size) => {
    const { padBefore, step, value } = example.attributes;
    const attributes = { padBefore: [0, ...padBefore], step: [1, ...step], value };
    return applyRoutine(Pad, [x], batchType(example, size), attributes);
  },
};

/**
 * Reshapes x, keeping its elements in row-major order. One size may be −1 and is inferred.
 * @throws {TypeError} if x is not a tensor or the shape is not an array of numbers.
 * @throws {RangeError} if a size is not an integer ≥ −1, the number of elements differs, or more than one size is −1.
 * @example
 * reshape(arange(6), [2, -1]); // tensor([[0, 1, 2], [3, 4, 5]], int32)
 */
export function reshape(x: Tensor, shape: Shape): Tensor {
  checkTensor('reshape', x);
  if (!areIntegers(shape, -1) || shape.indexOf(-1) !== shape.lastIndexOf(-1)) {
    throw argumentError('reshape', 'shape', 'an array of integers ≥ 0 and at most one −1', shape, areNumbers(shape));
  }
  const inferred = shape.indexOf(-1);
  let target: Shape = shape;
  if (inferred >= 0) {
    const known = shape.reduce((product, length, axis) => (axis === inferred ? product : product * length), 1);
    target = shape.map((length, axis) => (axis === inferred ? x.size / known : length));
  }
  if (!target.every(Number.isInteger) || sizeOf(target) !== x.size) {
    throw new RangeError(
      `reshape: ${formatShape(x.shape)} holds ${x.size} elements and cannot become ${formatShape(shape)}`,
    );
  }
  return sameShape(target, x.shape) ? x : applyMovement(Reshape, x, target, {});
}

/**
 * Merges all axes from `startAxis` on into one (PyTorch's `flatten`). A scalar becomes a vector of one element.
 * @param startAxis Default: 0.
 * @throws {RangeError} if the axis is out of range.
 * @example
 * flatten(tensor([[1, 2], [3, 4]])); // tensor([1, 2, 3, 4])
 */
export function flatten(x: Tensor, startAxis = 0): Tensor {
  checkTensor('flatten', x);
  if (x.ndim === 0) return x.reshape([1]);
  const start = normalizeAxis('flatten', startAxis, x.ndim);
  return x.reshape([...x.shape.slice(0, start), sizeOf(x.shape.slice(start))]);
}

/**
 * Reorders axes (PyTorch's `permute`): axis i of the result is axis `axes[i]` of x.
 * @throws {TypeError} if `axes` is not an array.
 * @throws {RangeError} if it is not a permutation of all axes.
 * @example
 * permute(zeros([2, 3, 4]), [2, 0, 1]).shape; // [4, 2, 3]
 */
export function permute(x: Tensor, axes: readonly number[]): Tensor {
  checkTensor('permute', x);
  if (!Array.isArray(axes)) throw argumentError('permute', 'axes', 'an array of integers', axes, false);
  const order = axes.map((axis: number) => normalizeAxis('permute', axis, x.ndim));
  if (order.length !== x.ndim || new Set(order).size !== x.ndim) {
    const expected = `a permutation of the ${x.ndim} axes of ${formatShape(x.shape)}`;
    throw argumentError('permute', 'axes', expected, axes, true);
  }
  const shape = order.map((axis) => at(x.shape, axis));
  return applyMovement(Permute, x, shape, { axes: order });
}

/**
 * Exchanges two axes (PyTorch's `transpose`).
 * @param axis1 Default: −2.
 * @param axis2 Default: −1.
 * @throws {RangeError} if an axis is out of range.
 * @example
 * transpose(tensor([[1, 2], [3, 4]])); // tensor([[1, 3], [2, 4]])
 */
export function transpose(x: Tensor, axis1 = -2, axis2 = -1): Tensor {
  checkTensor('transpose', x);
  const order = x.shape.map((_, axis) => axis);
  const [a, b] = [normalizeAxis('transpose', axis1, x.ndim), normalizeAxis('transpose', axis2, x.ndim)];
  order[a] = b;
  order[b] = a;
  return x.permute(order);
}

/**
 * Removes axes of size 1.
 * @param axis one axis or several. Default: all axes of size 1.
 * @throws {RangeError} if an axis is out of range or does not have size 1.
 * @example
 * squeeze(zeros([1, 3, 1])).shape; // [3]
 */
export function squeeze(x: Tensor, axis?: number | readonly number[]): Tensor {
  checkTensor('squeeze', x);
  const axes =
    axis === undefined
      ? x.shape.flatMap((length, i) => (length === 1 ? [i] : []))
      : normalizeAxes('squeeze', axis, x.ndim);
  const wrong = axes.find((i) => x.shape[i] !== 1);
  if (wrong !== undefined) {
    throw new RangeError(`squeeze: axis ${wrong} of ${formatShape(x.shape)} must have size 1, got ${x.shape[wrong]}`);
  }
  return x.reshape(x.shape.filter((_, i) => !axes.includes(i)));
}

/**
 * Inserts an axis of size 1 (NumPy's `expand_dims`).
 * @param axis the axis' index in the result.
 * @throws {RangeError} if the axis is out of range.
 * @example
 * expandDims(tensor([1, 2]), 1); // tensor([[1], [2]])
 */
export function expandDims(x: Tensor, axis: number): Tensor {
  checkTensor('expandDims', x);
  const axisIndex = normalizeAxis('expandDims', axis, x.ndim + 1);
  return x.reshape([...x.shape.slice(0, axisIndex), 1, ...x.shape.slice(axisIndex)]);
}

/**
 * Broadcasts x to a shape (NumPy's `broadcast_to`): repeats it along new leading axes and axes of size 1, without copying.
 * @throws {TypeError} if the shape is not an array of integers ≥ 0.
 * @throws {RangeError} if x does not broadcast to the shape.
 * @example
 * broadcastTo(tensor([1, 2]), [2, 2]); // tensor([[1, 2], [1, 2]])
 */
export function broadcastTo(x: Tensor, shape: Shape): Tensor {
  checkTensor('broadcastTo', x);
  checkShape('broadcastTo', shape);
  if (sameShape(x.shape, shape)) return x;
  if (!sameShape(broadcastShapes('broadcastTo', x.shape, shape), shape)) {
    throw new RangeError(`broadcastTo: ${formatShape(x.shape)} does not broadcast to ${formatShape(shape)}`);
  }
  return applyMovement(Broadcast, x, shape, {});
}

/**
 * Reverses the order of elements along axes.
 * @param axis one axis or several. Default: all axes.
 * @throws {RangeError} if an axis is out of range or occurs twice.
 * @example
 * flip(tensor([1, 2, 3])); // tensor([3, 2, 1])
 */
export function flip(x: Tensor, axis?: number | readonly number[]): Tensor {
  checkTensor('flip', x);
  return applyMovement(Flip, x, x.shape, { axes: normalizeAxes('flip', axis, x.ndim) });
}

/**
 * Pads x with a value (NumPy's `pad`): `widths[i]` is the padding before and after axis i.
 * @param value converted to x's dtype. Default: 0.
 * @throws {TypeError} if the value is not a number, or `widths` is not an array of arrays of numbers.
 * @throws {RangeError} if `widths` is not one pair of integers ≥ 0 for each axis, or x is int32 and the value is not.
 * @example
 * pad(tensor([1, 2]), [[1, 2]]); // tensor([0, 1, 2, 0, 0])
 */
export function pad(x: Tensor, widths: readonly (readonly [before: number, after: number])[], value = 0): Tensor {
  checkTensor('pad', x);
  const isKind: boolean = Array.isArray(widths) && widths.every(areNumbers);
  if (!isKind || widths.length !== x.ndim || !widths.every((pair) => areIntegers(pair, 0) && pair.length === 2)) {
    const expected = `a pair [before, after] of integers ≥ 0 for each of the ${x.ndim} axes of ${formatShape(x.shape)}`;
    throw argumentError('pad', 'widths', expected, widths, isKind);
  }
  if (typeof value !== 'number') throw argumentError('pad', 'value', 'a number', value);
  if (widths.every(([before, after]) => before === 0 && after === 0)) return x;
  const shape = widths.map(([before, after], axis) => before + at(x.shape, axis) + after);
  const attributes = {
    padBefore: widths.map(([before]) => before),
    step: x.shape.map(() => 1),
    value: toStored('pad', x.dtype, value),
  };
  return applyRoutine(Pad, [x], { shape, dtype: x.dtype }, attributes);
}

/**
 * Sliding windows along an axis (PyTorch's `Tensor.unfold`): the axis then counts windows, and a new last axis of length
 * `size` holds the elements of each. A view, without copying.
 * @param size the number of elements of a window.
 * @param step the step between windows. Default: 1.
 * @param dilation the step between elements of a window. Default: 1.
 * @throws {RangeError} if the axis is out of range, another argument is not an integer ≥ 1, or the window exceeds the axis.
 * @example
 * unfold(arange(5), 0, 3, 2); // tensor([[0, 1, 2], [2, 3, 4]], int32)
 */
export function unfold(x: Tensor, axis: number, size: number, step = 1, dilation = 1): Tensor {
  checkTensor('unfold', x);
  const axisIndex = normalizeAxis('unfold', axis, x.ndim);
  checkInteger('unfold', 'size', size, { min: 1 });
  checkInteger('unfold', 'step', step, { min: 1 });
  checkInteger('unfold', 'dilation', dilation, { min: 1 });
  const length = at(x.shape, axisIndex);
  const extent = dilate(size, dilation);
  if (extent > length) {
    throw new RangeError(
      `unfold: a window of ${extent} elements does not fit axis ${axisIndex} of ${formatShape(x.shape)}`,
    );
  }
  const count = Math.floor((length - extent) / step) + 1;
  const shape = [...x.shape.with(axisIndex, count), size];
  return applyMovement(Unfold, x, shape, { axis: axisIndex, size, step, dilation });
}
