import {
  expandView,
  permuteView,
  reshapeView,
  rowMajorStrides,
  sameShape,
  type Shape,
  type View,
} from '../data/shape.ts';
import { Tensor } from '../graph/tensor.ts';
import type { Movement, Routine } from '../graph/primitive.ts';
import { addInto, copyInto } from './strided.ts';

/** A linear primitive with one input: its tangent goes through the same primitive. */
function again(tangent: Tensor, output: Tensor): Tensor {
  return new Tensor(output.primitive, [tangent], { shape: output.shape, dtype: tangent.dtype }, output.attributes);
}

const input = (output: Tensor): Tensor => output.inputs[0]!;

export const reshape: Movement = {
  kind: 'movement',
  name: 'reshape',
  view: (view, output) => reshapeView(view, output.shape),
  vjp: (cotangent, output) => cotangent.reshape(input(output).shape),
  jvp: again,
};

export const permute: Movement = {
  kind: 'movement',
  name: 'permute',
  view: (view, output) => permuteView(view, axesOf(output)),
  vjp: (cotangent, output) => {
    const inverse: number[] = [];
    axesOf(output).forEach((axis, position) => (inverse[axis] = position));
    return cotangent.permute(inverse);
  },
  jvp: again,
};

export const broadcast: Movement = {
  kind: 'movement',
  name: 'broadcast',
  view: (view, output) => expandView(view, output.shape),
  vjp: (cotangent, output) => sumTo(cotangent, input(output).shape),
  jvp: again,
};

export const flip: Movement = {
  kind: 'movement',
  name: 'flip',
  view: (view, output) => {
    const strides = [...view.strides];
    let { offset } = view;
    for (const axis of axesOf(output)) {
      offset += Math.max(0, view.shape[axis]! - 1) * strides[axis]!;
      strides[axis] = -strides[axis]!;
    }
    return { shape: view.shape, strides, offset };
  },
  vjp: (cotangent, output) => cotangent.flip(axesOf(output)),
  jvp: again,
};

type SliceAttributes = {
  readonly start: readonly number[];
  readonly step: readonly number[];
};

/** Every `step`-th element from `start` on each axis, as many as the output's shape says. Steps are positive. */
export const slice: Movement = {
  kind: 'movement',
  name: 'slice',
  view: (view, output) => {
    const { start, step } = output.attributes as SliceAttributes;
    return {
      shape: output.shape,
      strides: view.strides.map((stride, axis) => stride * step[axis]!),
      offset: view.strides.reduce((offset, stride, axis) => offset + stride * start[axis]!, view.offset),
    };
  },
  vjp: (cotangent, output) => {
    const { start, step } = output.attributes as SliceAttributes;
    const { shape } = input(output);
    const high = shape.map((length, axis) => length - start[axis]! - dilated(output.shape[axis]!, step[axis]!));
    return padded(cotangent, start, high, step, 0);
  },
  jvp: again,
};

type WindowAttributes = {
  readonly axis: number;
  readonly size: number;
  readonly step: number;
  readonly dilation: number;
};

/** Windows of `size` elements along an axis, every `step`: the axis counts windows, a new last axis runs inside them. */
export const unfold: Movement = {
  kind: 'movement',
  name: 'unfold',
  view: (view, output) => {
    const { axis, step, dilation } = output.attributes as WindowAttributes;
    const stride = view.strides[axis]!;
    const strides = [...view.strides, stride * dilation];
    strides[axis] = stride * step;
    return { shape: output.shape, strides, offset: view.offset };
  },
  vjp: (cotangent, output) =>
    new Tensor(fold, [cotangent], { shape: input(output).shape, dtype: cotangent.dtype }, output.attributes),
  jvp: again,
};

/** The transpose of {@link unfold}: windows added up where they overlap. */
export const fold: Routine = {
  kind: 'routine',
  name: 'fold',
  run: (output, shape, [windows], attributes) => {
    const { axis, step, dilation, size } = attributes as WindowAttributes;
    output.fill(0);
    const strides = rowMajorStrides(shape);
    const { values, view } = windows!;
    const part = view.shape.slice(0, -1);
    for (let k = 0; k < size; k++) {
      // Element k of all windows at once: a strided part of the output.
      const target: View = {
        shape: part,
        strides: strides.map((stride, i) => (i === axis ? stride * step : stride)),
        offset: k * dilation * strides[axis]!,
      };
      const source: View = {
        shape: part,
        strides: view.strides.slice(0, -1),
        offset: view.offset + k * view.strides.at(-1)!,
      };
      addInto(output, target, values, source);
    }
  },
  vjp: (cotangent, output) => {
    const { axis, size, step, dilation } = output.attributes as WindowAttributes;
    return windows(cotangent, axis, size, step, dilation);
  },
  jvp: again,
};

type PadAttributes = {
  readonly low: readonly number[];
  /** The distance at which input elements land in the output: 1, or more to put padding between them. */
  readonly step: readonly number[];
  readonly value: number;
};

/** The input surrounded, and with a step above 1 interspersed, by a value. */
export const pad: Routine = {
  kind: 'routine',
  name: 'pad',
  run: (output, shape, [source], attributes) => {
    const { low, step, value } = attributes as PadAttributes;
    output.fill(value);
    const strides = rowMajorStrides(shape);
    const target: View = {
      shape: source!.view.shape,
      strides: strides.map((stride, axis) => stride * step[axis]!),
      offset: strides.reduce((offset, stride, axis) => offset + stride * low[axis]!, 0),
    };
    copyInto(output, target, source!.values, source!.view);
  },
  vjp: (cotangent, output) => {
    const { low, step } = output.attributes as PadAttributes;
    return sliced(cotangent, low, input(output).shape, step);
  },
  jvp: (tangent, output) =>
    new Tensor(pad, [tangent], { shape: output.shape, dtype: tangent.dtype }, { ...output.attributes, value: 0 }),
};

/** Inputs one after another along an axis. */
export const concat: Routine = {
  kind: 'routine',
  name: 'concat',
  run: (output, shape, inputs, attributes) => {
    const axis = attributes['axis'] as number;
    const strides = rowMajorStrides(shape);
    let offset = 0;
    for (const { values, view } of inputs) {
      copyInto(output, { shape: view.shape, strides, offset }, values, view);
      offset += view.shape[axis]! * strides[axis]!;
    }
  },
  vjp: (cotangent, output, index) => {
    const { start, shape } = partOf(output, index);
    return sliced(cotangent, start, shape, ones(shape));
  },
  jvp: (tangent, output, index) => {
    const { start, shape } = partOf(output, index);
    const high = output.shape.map((length, axis) => length - start[axis]! - shape[axis]!);
    return padded(tangent, start, high, ones(shape), 0);
  },
};

/** Where input number `index` of a concatenation lies in its output. */
function partOf(output: Tensor, index: number): { start: number[]; shape: Shape } {
  const axis = output.attributes['axis'] as number;
  const before = output.inputs.slice(0, index).reduce((total, part) => total + part.shape[axis]!, 0);
  const { shape } = output.inputs[index]!;
  return { start: shape.map((_, i) => (i === axis ? before : 0)), shape };
}

/** The tensor itself, but nothing flows back through it and no tangent forward. */
export const stop: Movement = { kind: 'movement', name: 'stopGradient', view: (view) => view };

/** The tensor itself under a new identity: how a transformation marks what it differentiates. */
export const alias: Movement = {
  kind: 'movement',
  name: 'alias',
  view: (view) => view,
  vjp: (cotangent) => cotangent,
  jvp: (tangent) => tangent,
};

/** Adds up the axes along which `shape` was broadcast to x's shape. */
export function sumTo(x: Tensor, shape: Shape): Tensor {
  if (sameShape(x.shape, shape)) return x;
  const lead = x.ndim - shape.length;
  const axes = x.shape.flatMap((length, axis) =>
    axis < lead || (shape[axis - lead] === 1 && length !== 1) ? [axis] : [],
  );
  return x.sum(axes, { keepdims: true }).reshape(shape);
}

export function padded(
  x: Tensor,
  low: readonly number[],
  high: readonly number[],
  step: readonly number[],
  value: number,
): Tensor {
  const shape = x.shape.map((length, axis) => low[axis]! + dilated(length, step[axis]!) + high[axis]!);
  return new Tensor(pad, [x], { shape, dtype: x.dtype }, { low, step, value } satisfies PadAttributes);
}

export function sliced(x: Tensor, start: readonly number[], shape: Shape, step: readonly number[]): Tensor {
  return new Tensor(slice, [x], { shape, dtype: x.dtype }, { start, step } satisfies SliceAttributes);
}

export function windows(x: Tensor, axis: number, size: number, step: number, dilation: number): Tensor {
  const count = Math.floor((x.shape[axis]! - dilated(size, dilation)) / step) + 1;
  const shape = [...x.shape.map((length, i) => (i === axis ? count : length)), size];
  return new Tensor(unfold, [x], { shape, dtype: x.dtype }, { axis, size, step, dilation } satisfies WindowAttributes);
}

/** The extent of `length` elements that are `step` apart. */
export function dilated(length: number, step: number): number {
  return length === 0 ? 0 : (length - 1) * step + 1;
}

function axesOf(output: Tensor): readonly number[] {
  return output.attributes['axes'] as readonly number[];
}

function ones(shape: Shape): number[] {
  return shape.map(() => 1);
}
