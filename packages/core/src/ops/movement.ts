// The same elements in another order or shape, and padding.
import { toStored } from '../data/dtype.ts';
import {
  broadcastShapes,
  checkShape,
  dilate,
  expandView,
  formatShape,
  normalizeAxes,
  normalizeAxis,
  permuteView,
  reshapeView,
  rowMajorStrides,
  sameShape,
  sizeOf,
  type Shape,
} from '../data/shape.ts';
import { addInto, copyInto } from '../data/strided.ts';
import type { Movement, Routine } from '../graph/primitive.ts';
import type { NoAttributes, UnfoldAttributes } from '../graph/routines.ts';
import { applyMovement, applyRoutine, Tensor } from '../graph/tensor.ts';
import { checkTensor } from './define.ts';

/** The tangent of a linear operation of one input: the same operation on the input's tangent. */
function sameOperation(tangent: Tensor, output: Tensor): Tensor {
  return new Tensor(output.primitive, [tangent], { shape: output.shape, dtype: tangent.dtype }, output.attributes);
}

export const Reshape: Movement<NoAttributes> = {
  kind: 'movement',
  name: 'reshape',
  view: (view, { shape }) => reshapeView(view, shape),
  vjp: (cotangent, { inputs: [x] }) => cotangent.reshape(x.shape),
  jvp: sameOperation,
};

type AxesAttributes = { readonly axes: readonly number[] };

export const Permute: Movement<AxesAttributes> = {
  kind: 'movement',
  name: 'permute',
  view: (view, { attributes }) => permuteView(view, attributes.axes),
  vjp: (cotangent, { attributes: { axes } }) => cotangent.permute(axes.map((_, axis) => axes.indexOf(axis))),
  jvp: sameOperation,
};

export const Broadcast: Movement<NoAttributes> = {
  kind: 'movement',
  name: 'broadcast',
  view: (view, { shape }) => expandView(view, shape),
  // The backward walk sums cotangents to the shapes of inputs.
  vjp: (cotangent) => cotangent,
  jvp: sameOperation,
};

export const Flip: Movement<AxesAttributes> = {
  kind: 'movement',
  name: 'flip',
  view: ({ shape, strides, offset }, { attributes: { axes } }) => ({
    shape,
    strides: strides.map((stride, axis) => (axes.includes(axis) ? -stride : stride)),
    offset: axes.reduce((sum, axis) => sum + Math.max(0, shape[axis]! - 1) * strides[axis]!, offset),
  }),
  vjp: (cotangent, { attributes }) => cotangent.flip(attributes.axes),
  jvp: sameOperation,
};

type SliceAttributes = { readonly start: readonly number[]; readonly step: readonly number[] };

/** Every `step`-th element from `start` on each axis; the output's shape gives the counts. Steps are positive. */
export const Slice: Movement<SliceAttributes> = {
  kind: 'movement',
  name: 'slice',
  view: ({ strides, offset }, { shape, attributes: { start, step } }) => ({
    shape,
    strides: strides.map((stride, axis) => stride * step[axis]!),
    offset: strides.reduce((sum, stride, axis) => sum + stride * start[axis]!, offset),
  }),
  vjp: (cotangent, { inputs: [x], attributes: { start, step } }) =>
    applyRoutine(Pad, [cotangent], { shape: x.shape, dtype: cotangent.dtype }, { padBefore: start, step, value: 0 }),
  jvp: sameOperation,
};

export const Unfold: Movement<UnfoldAttributes> = {
  kind: 'movement',
  name: 'unfold',
  view: ({ strides, offset }, { shape, attributes: { axis, step, dilation } }) => ({
    shape,
    strides: [...strides.with(axis, strides[axis]! * step), strides[axis]! * dilation],
    offset,
  }),
  vjp: (cotangent, { inputs: [x], attributes }) =>
    applyRoutine(Fold, [cotangent], { shape: x.shape, dtype: cotangent.dtype }, attributes),
  jvp: sameOperation,
};

/** The transpose of {@link unfold}: adds windows up where they overlap. */
export const Fold: Routine<'fold'> = {
  kind: 'routine',
  name: 'fold',
  run: (output, shape, [{ values, view }], { axis, step, dilation, size }) => {
    output.fill(0);
    const strides = rowMajorStrides(shape);
    const windows = view.shape.slice(0, -1);
    for (let k = 0; k < size; k++) {
      // Element k of all windows: a strided part of the output.
      addInto(
        {
          values: output,
          view: {
            shape: windows,
            strides: strides.with(axis, strides[axis]! * step),
            offset: k * dilation * strides[axis]!,
          },
        },
        {
          values,
          view: { shape: windows, strides: view.strides.slice(0, -1), offset: view.offset + k * view.strides.at(-1)! },
        },
      );
    }
  },
  vjp: (cotangent, { attributes: { axis, size, step, dilation } }) => cotangent.unfold(axis, size, step, dilation),
  jvp: sameOperation,
};

/** The input surrounded, and with a step above 1 interspersed, by a value. */
export const Pad: Routine<'pad'> = {
  kind: 'routine',
  name: 'pad',
  run: (output, shape, [input], { padBefore, step, value }) => {
    output.fill(value);
    const strides = rowMajorStrides(shape);
    const view = {
      shape: input.view.shape,
      strides: strides.map((stride, axis) => stride * step[axis]!),
      offset: strides.reduce((sum, stride, axis) => sum + stride * padBefore[axis]!, 0),
    };
    copyInto({ values: output, view }, input);
  },
  vjp: (cotangent, { inputs: [x], attributes: { padBefore, step } }) =>
    applyMovement(Slice, cotangent, x.shape, { start: padBefore, step }),
  jvp: (tangent, { shape, attributes }) =>
    applyRoutine(Pad, [tangent], { shape, dtype: tangent.dtype }, { ...attributes, value: 0 }),
};

/**
 * The elements in row-major order under another shape. One size may be −1: what is left over.
 * @throws {RangeError} if the sizes differ, or more than one is −1.
 */
export function reshape(x: Tensor, shape: Shape): Tensor {
  checkTensor('reshape', x);
  if (!Array.isArray(shape) || !shape.every((n) => Number.isInteger(n) && n >= -1)) {
    throw new TypeError(`reshape: a shape is an array of integers ≥ 0, or one −1, got ${JSON.stringify(shape)}`);
  }
  const open = shape.indexOf(-1);
  let target: Shape = shape;
  if (open >= 0) {
    if (shape.indexOf(-1, open + 1) >= 0) {
      throw new RangeError(`reshape: only one size may be −1, got ${formatShape(shape)}`);
    }
    const rest = shape.reduce((product, length, axis) => (axis === open ? product : product * length), 1);
    target = shape.map((length, axis) => (axis === open ? x.size / rest : length));
  }
  if (!target.every(Number.isInteger) || sizeOf(target) !== x.size) {
    throw new RangeError(
      `reshape: ${formatShape(x.shape)} holds ${x.size} elements and cannot become ${formatShape(shape)}`,
    );
  }
  return sameShape(target, x.shape) ? x : applyMovement(Reshape, x, target, {});
}

/** All axes from `startAxis` on as one. */
export function flatten(x: Tensor, startAxis = 0): Tensor {
  checkTensor('flatten', x);
  if (x.ndim === 0) return x.reshape([1]);
  const start = normalizeAxis('flatten', startAxis, x.ndim);
  return x.reshape([...x.shape.slice(0, start), sizeOf(x.shape.slice(start))]);
}

/** Axes in another order: axis i of the result is axis `axes[i]` of x. */
export function permute(x: Tensor, axes: readonly number[]): Tensor {
  checkTensor('permute', x);
  if (!Array.isArray(axes)) throw new TypeError(`permute: axes are an array of numbers, got ${JSON.stringify(axes)}`);
  const order = axes.map((axis: number) => normalizeAxis('permute', axis, x.ndim));
  if (order.length !== x.ndim || new Set(order).size !== x.ndim) {
    throw new RangeError(
      `permute: [${axes.join(', ')}] does not name each of the ${x.ndim} axes of ${formatShape(x.shape)} once`,
    );
  }
  const shape = order.map((axis) => x.shape[axis]!);
  return applyMovement(Permute, x, shape, { axes: order });
}

/** Two axes exchanged, by default the last two. */
export function transpose(x: Tensor, axis1 = -2, axis2 = -1): Tensor {
  checkTensor('transpose', x);
  const order = x.shape.map((_, axis) => axis);
  const [a, b] = [normalizeAxis('transpose', axis1, x.ndim), normalizeAxis('transpose', axis2, x.ndim)];
  order[a] = b;
  order[b] = a;
  return x.permute(order);
}

/**
 * Without axes of size 1: the named ones, or all there are.
 * @throws {RangeError} if a named axis has another size.
 */
export function squeeze(x: Tensor, axis?: number | readonly number[]): Tensor {
  checkTensor('squeeze', x);
  const axes =
    axis === undefined
      ? x.shape.flatMap((length, i) => (length === 1 ? [i] : []))
      : normalizeAxes('squeeze', axis, x.ndim);
  const wide = axes.find((i) => x.shape[i] !== 1);
  if (wide !== undefined)
    throw new RangeError(`squeeze: axis ${wide} of ${formatShape(x.shape)} has size ${x.shape[wide]}, not 1`);
  return x.reshape(x.shape.filter((_, i) => !axes.includes(i)));
}

/** With a new axis of size 1 at this place of the result. */
export function expandDims(x: Tensor, axis: number): Tensor {
  checkTensor('expandDims', x);
  const place = normalizeAxis('expandDims', axis, x.ndim + 1);
  return x.reshape([...x.shape.slice(0, place), 1, ...x.shape.slice(place)]);
}

/**
 * Repeated along axes of size 1 and new leading axes, without copying.
 * @throws {RangeError} if x does not broadcast to that shape.
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

/** The order of the elements reversed along the axes (all by default). */
export function flip(x: Tensor, axis?: number | readonly number[]): Tensor {
  checkTensor('flip', x);
  return applyMovement(Flip, x, x.shape, { axes: normalizeAxes('flip', axis, x.ndim) });
}

/**
 * What to take of an axis: `null` for all of it, an index (the axis disappears), or `[start, stop, step]` with `null`
 * for an open end. Negative starts, stops and indices count from the end; a negative step runs backwards.
 */
export type Range = null | number | readonly [start?: number | null, stop?: number | null, step?: number];

/**
 * Part of a tensor, as NumPy's basic indexing: `x.slice([0, [1, -1], [null, null, 2]])` is `x[0, 1:-1, ::2]`.
 * Axes without a range are kept whole. Starts and stops beyond the ends are cut, as in NumPy.
 * @throws {RangeError} if an index is out of range, there are more ranges than axes, or a step is 0.
 */
export function slice(x: Tensor, ranges: readonly Range[]): Tensor {
  checkTensor('slice', x);
  if (!Array.isArray(ranges)) {
    throw new TypeError(`slice: ranges are an array with one for each axis, got ${JSON.stringify(ranges)}`);
  }
  if (ranges.length > x.ndim) {
    throw new RangeError(`slice: ${ranges.length} ranges for a tensor of rank ${x.ndim}, ${formatShape(x.shape)}`);
  }
  const parts = x.shape.map((length, axis) => resolve(ranges[axis] ?? null, length, axis));
  const sliced = applyMovement(
    Slice,
    x,
    parts.map((part) => part.count),
    { start: parts.map((part) => part.start), step: parts.map((part) => part.step) },
  );
  const backwards = parts.flatMap((part, axis) => (part.backwards ? [axis] : []));
  const dropped = parts.flatMap((part, axis) => (part.dropped ? [axis] : []));
  const turned = backwards.length > 0 ? sliced.flip(backwards) : sliced;
  return dropped.length > 0 ? turned.squeeze(dropped) : turned;
}

interface Part {
  readonly start: number;
  readonly count: number;
  readonly step: number;
  readonly backwards: boolean;
  readonly dropped: boolean;
}

function resolve(range: Range, length: number, axis: number): Part {
  if (typeof range === 'number') {
    if (!Number.isInteger(range) || range < -length || range >= length) {
      throw new RangeError(`slice: index ${range} is out of range for axis ${axis} of length ${length}`);
    }
    return { start: range < 0 ? range + length : range, count: 1, step: 1, backwards: false, dropped: true };
  }
  if (range !== null && !Array.isArray(range)) {
    throw new TypeError(
      `slice: the range of axis ${axis} is null, an index or [start, stop, step], got ${JSON.stringify(range)}`,
    );
  }
  const [from = null, to = null, step = 1]: Exclude<Range, number | null> = range ?? [];
  for (const value of [from ?? 0, to ?? 0, step]) {
    if (!Number.isInteger(value))
      throw new TypeError(`slice: ${String(value)} in the range of axis ${axis} is not an integer`);
  }
  if (step === 0) throw new RangeError(`slice: the step of axis ${axis} is 0`);
  const backwards = step < 0;
  const bound = (value: number): number => {
    const wrapped = value < 0 ? value + length : value;
    return backwards ? Math.min(Math.max(wrapped, -1), length - 1) : Math.min(Math.max(wrapped, 0), length);
  };
  const first = from === null ? (backwards ? length - 1 : 0) : bound(from);
  const end = to === null ? (backwards ? -1 : length) : bound(to);
  const stride = Math.abs(step);
  const count = Math.max(0, Math.ceil((backwards ? first - end : end - first) / stride));
  // Backwards: the same elements forwards, turned afterwards.
  const start = count === 0 ? 0 : backwards ? first - (count - 1) * stride : first;
  return { start, count, step: stride, backwards, dropped: false };
}

/**
 * Surrounded by a value: `widths[i]` is how much before and after axis i.
 * @throws {RangeError} if there is not one pair of integers ≥ 0 for each axis.
 */
export function pad(x: Tensor, widths: readonly (readonly [before: number, after: number])[], value = 0): Tensor {
  checkTensor('pad', x);
  if (
    !Array.isArray(widths) ||
    widths.length !== x.ndim ||
    !widths.every(
      (pair) => Array.isArray(pair) && pair.length === 2 && pair.every((n) => Number.isInteger(n) && n >= 0),
    )
  ) {
    throw new RangeError(
      `pad: needs a pair [before, after] of integers ≥ 0 for each of the ${x.ndim} axes of ${formatShape(x.shape)}, got ${JSON.stringify(widths)}`,
    );
  }
  if (typeof value !== 'number') throw new TypeError(`pad: the value is a number, got ${String(value)}`);
  if (widths.every(([before, after]) => before === 0 && after === 0)) return x;
  const shape = x.shape.map((length, axis) => widths[axis]![0] + length + widths[axis]![1]);
  const attributes = {
    padBefore: widths.map(([before]) => before),
    step: x.shape.map(() => 1),
    value: toStored(x.dtype, value),
  };
  return applyRoutine(Pad, [x], { shape, dtype: x.dtype }, attributes);
}

/**
 * Windows of `size` elements along an axis, a new one every `step` elements, inside them elements `dilation` apart:
 * the axis counts windows, and a new last axis runs inside them (as `torch.Tensor.unfold`). A view, no copy.
 * @throws {RangeError} if the window does not fit the axis.
 */
export function unfold(x: Tensor, axis: number, size: number, step = 1, dilation = 1): Tensor {
  checkTensor('unfold', x);
  const along = normalizeAxis('unfold', axis, x.ndim);
  if (![size, step, dilation].every((n) => Number.isInteger(n) && n > 0)) {
    throw new RangeError(`unfold: size, step and dilation are integers > 0, got ${size}, ${step}, ${dilation}`);
  }
  const extent = dilate(size, dilation);
  if (extent > x.shape[along]!) {
    throw new RangeError(`unfold: a window of ${extent} does not fit axis ${along} of ${formatShape(x.shape)}`);
  }
  const count = Math.floor((x.shape[along]! - extent) / step) + 1;
  return applyMovement(Unfold, x, [...x.shape.with(along, count), size], { axis: along, size, step, dilation });
}

/**
 * Cut along an axis into equal sections (a number of them) or into parts of the given sizes.
 * @throws {RangeError} if the axis cannot be cut so.
 */
export function split(x: Tensor, sections: number | readonly number[], axis = 0): Tensor[] {
  checkTensor('split', x);
  const along = normalizeAxis('split', axis, x.ndim);
  const length = x.shape[along]!;
  const sizes = typeof sections === 'number' ? Array.from({ length: sections }, () => length / sections) : sections;
  if (
    !Array.isArray(sizes) ||
    !sizes.every((n) => Number.isInteger(n) && n >= 0) ||
    sizes.reduce((total, n) => total + n, 0) !== length
  ) {
    throw new RangeError(
      `split: axis ${along} of ${formatShape(x.shape)} cannot be cut into ${JSON.stringify(sections)}`,
    );
  }
  let start = 0;
  return sizes.map((size) => {
    const ranges = x.shape.map((_, i): Range => (i === along ? [start, start + size] : null));
    start += size;
    return x.slice(ranges);
  });
}
