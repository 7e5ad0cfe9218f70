import { rowMajorStrides, type Shape, type View } from '../data/shape.ts';
import { Tensor } from '../graph/tensor.ts';
import type { Routine } from '../graph/primitive.ts';

type Pair = readonly [number, number];

/** Windows over the images [N, C, H, W]. Each pair is for height and width. */
export type PoolAttributes = {
  readonly kernel: Pair;
  readonly stride: Pair;
  /** Rows and columns of padding before the first element; what windows see of it takes no part. */
  readonly low: Pair;
};

/**
 * int32 [N, C, H′, W′]: where the largest element of each window is in its plane, counted in rows; the first of equals in
 * row-major order, and the first NaN if there is one. Each window has an element.
 */
export const maxIndices: Routine = {
  kind: 'routine',
  name: 'maxIndices',
  run: (output, shape, [x], attributes) => {
    const { values, view } = x!;
    const [, , height, width] = view.strides as [number, number, number, number];
    eachWindow(shape, view, attributes as PoolAttributes, (at, plane, rows, columns) => {
      let best = -Infinity;
      let index = -1;
      for (let y = rows.begin; y < rows.end; y++) {
        for (let x = columns.begin; x < columns.end; x++) {
          const value = values[plane + y * height + x * width]!;
          if (index >= 0 && !(value > best || (value !== value && best === best))) continue;
          best = value;
          index = y * view.shape[3]! + x;
        }
      }
      output[at] = index;
    });
  },
};

/** [N, C, H′, W′]: the sum of each window. */
export const windowSum: Routine = {
  kind: 'routine',
  name: 'windowSum',
  run: (output, shape, [x], attributes) => {
    const { values, view } = x!;
    const [, , height, width] = view.strides as [number, number, number, number];
    eachWindow(shape, view, attributes as PoolAttributes, (at, plane, rows, columns) => {
      let sum = 0;
      for (let y = rows.begin; y < rows.end; y++) {
        for (let x = columns.begin; x < columns.end; x++) sum += values[plane + y * height + x * width]!;
      }
      output[at] = sum;
    });
  },
  vjp: (cotangent, output) => windowed(windowSumTranspose, cotangent, output.inputs[0]!.shape, output.attributes),
  jvp: (tangent, output) => windowed(windowSum, tangent, output.shape, output.attributes),
};

/** The transpose of {@link windowSum}: each number is added to all elements of its window. */
export const windowSumTranspose: Routine = {
  kind: 'routine',
  name: 'windowSumTranspose',
  run: (output, shape, [windows], attributes) => {
    const { values, view } = windows!;
    const sums = new Float64Array(output.length);
    const whole: View = { shape, strides: rowMajorStrides(shape), offset: 0 };
    const [, , height] = whole.strides as [number, number, number];
    const strides = view.strides as [number, number, number, number];
    eachWindow(view.shape, whole, attributes as PoolAttributes, (_, plane, rows, columns, index) => {
      const value = values[view.offset + index.reduce((sum, i, axis) => sum + i * strides[axis]!, 0)]!;
      for (let y = rows.begin; y < rows.end; y++) {
        for (let x = columns.begin; x < columns.end; x++) sums[plane + y * height + x]! += value;
      }
    });
    output.set(sums);
  },
  vjp: (cotangent, output) => windowed(windowSum, cotangent, output.inputs[0]!.shape, output.attributes),
  jvp: (tangent, output) => windowed(windowSumTranspose, tangent, output.shape, output.attributes),
};

/** The node. Windows have been checked. */
export function windowed(primitive: Routine, x: Tensor, shape: Shape, attributes: Tensor['attributes']): Tensor {
  return new Tensor(primitive, [x], { shape, dtype: primitive === maxIndices ? 'int32' : x.dtype }, attributes);
}

interface Span {
  readonly begin: number;
  readonly end: number;
}

/** For each window its number, where its plane of the images begins, the rows and columns that it sees, and its index. */
function eachWindow(
  windows: Shape,
  images: View,
  { kernel, stride, low }: PoolAttributes,
  visit: (number: number, plane: number, rows: Span, columns: Span, index: readonly number[]) => void,
): void {
  const [count, channels, height, width] = windows as [number, number, number, number];
  const seen = (axis: 0 | 1, window: number): Span => {
    const first = window * stride[axis] - low[axis];
    return { begin: Math.max(0, first), end: Math.min(images.shape[2 + axis]!, first + kernel[axis]) };
  };
  let number = 0;
  for (let n = 0; n < count; n++) {
    for (let c = 0; c < channels; c++) {
      const plane = images.offset + n * images.strides[0]! + c * images.strides[1]!;
      for (let y = 0; y < height; y++) {
        for (let x = 0; x < width; x++) visit(number++, plane, seen(0, y), seen(1, x), [n, c, y, x]);
      }
    }
  }
}
