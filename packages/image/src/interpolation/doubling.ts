// Linear interpolation along an axis to twice its length, which neural networks use most.
import { concat, customGradient, tensor, type Tensor } from '@thetagrad/core';
import { at } from '@thetagrad/core/backend';

/** The weights of the two elements that an element of the result lies between. */
const [far, near] = [0.25, 0.75];

/**
 * Interpolates linearly to twice the length, with the outermost elements repeated beyond the ends: in one pass, as is the
 * gradient.
 */
export function doubleAxis(x: Tensor, axis: number): Tensor {
  return customGradient((x: Tensor) => ({ value: double(x, axis), vjp: (g) => [transposeDouble(g, axis)] }))(x);
}

function sliceAxis(x: Tensor, axis: number, start: number, stop: number, step = 1): Tensor {
  return x.slice(x.shape.map((_, i) => (i === axis ? [start, stop, step] : null)));
}

/** Results 2i and 2i + 1 lie between elements i − 1 and i, and i and i + 1. */
function double(x: Tensor, axis: number): Tensor {
  const length = at(x.shape, axis);
  const first = sliceAxis(x, axis, 0, 1);
  const last = sliceAxis(x, axis, length - 1, length);
  const extended = concat([first, x, last], axis);
  /** [element, result of two], with an axis of results behind the one of elements. */
  const windows = (start: number): Tensor => {
    const pairs = sliceAxis(extended, axis, start, start + length + 1).unfold(axis, 2, 1);
    const axes = x.shape.map((_, i) => i);
    return pairs.permute([...axes.slice(0, axis + 1), x.ndim, ...axes.slice(axis + 1)]);
  };
  const weights = (values: number[]): Tensor =>
    tensor(values, { dtype: x.dtype }).reshape([2, ...x.shape.slice(axis + 1).map(() => 1)]);
  const sum = windows(0)
    .mul(weights([far, near]))
    .add(windows(1).mul(weights([near, far])));
  return sum.reshape(x.shape.with(axis, 2 * length));
}

/** The transpose: element i gets from results 2i − 1 to 2i + 2. Beyond the ends the outermost result stands for itself. */
function transposeDouble(g: Tensor, axis: number): Tensor {
  const size = at(g.shape, axis);
  const part = (start: number, stop: number, step = 1): Tensor => sliceAxis(g, axis, start, stop, step);
  const even = concat([part(0, size, 2), part(size - 1, size)], axis);
  const odd = concat([part(0, 1), part(1, size, 2)], axis);
  const halves = (x: Tensor, start: number): Tensor => sliceAxis(x, axis, start, start + size / 2);
  const inner = halves(even, 0).add(halves(odd, 1));
  const outer = halves(even, 1).add(halves(odd, 0));
  return inner.mul(near).add(outer.mul(far));
}
