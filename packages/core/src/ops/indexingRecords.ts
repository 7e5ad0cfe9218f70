import { positions, rowMajorStrides, type Shape, type View } from '../data/shape.ts';
import { Tensor } from '../graph/tensor.ts';
import type { Routine } from '../graph/primitive.ts';

type AxisAttributes = { readonly axis: number };
/** `caller` is the operation that messages name. */
type TakeAttributes = AxisAttributes & { readonly caller: string };

/** One element along an axis for each index: output[…, i, …] = x[…, indices[…, i, …], …]. Other axes are equal. */
export const take: Routine = {
  kind: 'routine',
  name: 'takeAlongAxis',
  run: (output, _shape, [x, indices], attributes) => {
    const { axis, caller } = attributes as TakeAttributes;
    const stride = x!.view.strides[axis]!;
    const length = x!.view.shape[axis]!;
    const at = positions(indices!.view);
    const base = positions(withoutAxis(x!.view, axis, indices!.view.shape));
    for (let i = 0; i < output.length; i++) {
      output[i] = x!.values[base[i]! + checkIndex(caller, indices!.values[at[i]!]!, length, axis) * stride]!;
    }
  },
  vjp: (cotangent, output, input) => {
    const [x, indices] = output.inputs as [Tensor, Tensor];
    return input === 0 ? scattered(indices, cotangent, x.shape, axisOf(output)) : undefined;
  },
  jvp: (tangent, output, input) => (input === 0 ? taken(tangent, output.inputs[1]!, axisOf(output)) : undefined),
};

/** The transpose of {@link take}: zeros of a shape, with updates added at the indices. */
export const scatter: Routine = {
  kind: 'routine',
  name: 'scatterAdd',
  run: (output, shape, [indices, updates], attributes) => {
    const { axis } = attributes as AxisAttributes;
    output.fill(0);
    const whole: View = { shape, strides: rowMajorStrides(shape), offset: 0 };
    const at = positions(indices!.view);
    const from = positions(updates!.view);
    const base = positions(withoutAxis(whole, axis, updates!.view.shape));
    for (let i = 0; i < from.length; i++) {
      const index = checkIndex(scatter.name, indices!.values[at[i]!]!, shape[axis]!, axis);
      output[base[i]! + index * whole.strides[axis]!]! += updates!.values[from[i]!]!;
    }
  },
  vjp: (cotangent, output, input) => (input === 1 ? taken(cotangent, output.inputs[0]!, axisOf(output)) : undefined),
  jvp: (tangent, output, input) =>
    input === 1 ? scattered(output.inputs[0]!, tangent, output.shape, axisOf(output)) : undefined,
};

/** The order that sorts along an axis: stable, NaN last. */
export const argsort: Routine = {
  kind: 'routine',
  name: 'argsort',
  run: (output, shape, [x], attributes) => {
    const { axis } = attributes as AxisAttributes;
    const descending = attributes['descending'] as boolean;
    const length = shape[axis]!;
    const one = shape.map((size, i) => (i === axis ? 1 : size));
    const from = positions({ ...x!.view, shape: one });
    const to = positions({ shape: one, strides: rowMajorStrides(shape), offset: 0 });
    const stride = x!.view.strides[axis]!;
    const outputStride = rowMajorStrides(shape)[axis]!;
    const order = Array.from({ length }, (_, i) => i);
    for (let line = 0; line < from.length; line++) {
      const value = (i: number): number => x!.values[from[line]! + i * stride]!;
      const sorted = order.toSorted((i, j) => compare(value(i), value(j), descending));
      for (let i = 0; i < length; i++) output[to[line]! + i * outputStride] = sorted[i]!;
    }
  },
};

/** 0, 1, 2, … */
export const iota: Routine = {
  kind: 'routine',
  name: 'iota',
  run: (output) => {
    for (let i = 0; i < output.length; i++) output[i] = i;
  },
};

export function taken(x: Tensor, indices: Tensor, axis: number, caller: string = take.name): Tensor {
  return new Tensor(take, [x, indices], { shape: indices.shape, dtype: x.dtype }, { axis, caller });
}

export function scattered(indices: Tensor, updates: Tensor, shape: Shape, axis: number): Tensor {
  return new Tensor(scatter, [indices, updates], { shape, dtype: updates.dtype }, { axis });
}

/** The view held at index 0 of an axis, which then runs over `shape`'s length without moving. */
function withoutAxis(view: View, axis: number, shape: Shape): View {
  return { ...view, shape, strides: view.strides.map((stride, i) => (i === axis ? 0 : stride)) };
}

function checkIndex(name: string, index: number, length: number, axis: number): number {
  const wrapped = index < 0 ? index + length : index;
  if (wrapped >= 0 && wrapped < length) return wrapped;
  throw new RangeError(
    `${name}: index ${index} is out of range for axis ${axis} of length ${length}; use ${-length} to ${length - 1}`,
  );
}

function axisOf(output: Tensor): number {
  return (output.attributes as AxisAttributes).axis;
}

function compare(a: number, b: number, descending: boolean): number {
  if (a !== a || b !== b) return Number(a !== a) - Number(b !== b);
  // Not a difference, which is NaN for two infinities.
  return (Number(a > b) - Number(a < b)) * (descending ? -1 : 1);
}
