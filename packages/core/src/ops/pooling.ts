import { checkOptions } from '../data/checks.ts';
import { load } from '../data/strided.ts';
import { minInt32, toFloat } from '../data/dtype.ts';
import { at, contiguous, formatShape, sizeOf, type Shape, type View } from '../data/shape.ts';
import { batchImages, batchLeading } from '../graph/batching.ts';
import type { Movement, Routine } from '../graph/primitive.ts';
import type { Pair, PoolAttributes } from '../graph/routines.ts';
import { applyRoutine, Tensor } from '../graph/tensor.ts';
import { arange } from './creation.ts';
import { checkTensor } from './define.ts';
import { Take } from './gather.ts';
import { parsePadding, parsePair, type Padding2d, type Size2d, type WindowPadding } from './window.ts';

/**
 * int32 [N, C, H′, W′]: the row-major index, within its image plane, of the largest element of each window: the first of
 * equals, or the first NaN. Every window must cover at least one element.
 */
export const MaxIndices: Routine<'maxIndices'> = {
  kind: 'routine',
  name: 'maxIndices',
  run: (output, shape, [{ values, view }], attributes) => {
    const [, , rowStride, columnStride] = view.strides as [number, number, number, number];
    const width = at(view.shape, 3);
    forEachWindow(shape, view, attributes, ({ number, planeOffset, rows, columns }) => {
      let largest = -Infinity;
      let index = -1;
      for (let y = rows.begin; y < rows.end; y++) {
        for (let x = columns.begin; x < columns.end; x++) {
          const value = load(values, planeOffset + y * rowStride + x * columnStride);
          if (index >= 0 && !(value > largest || (value !== value && largest === largest))) continue;
          largest = value;
          index = y * width + x;
        }
      }
      output[number] = index;
    });
  },
  batch: batchImages,
};

/** [N, C, H′, W′]: the sum of each window. */
export const WindowSum: Routine<'windowSum'> = {
  kind: 'routine',
  name: 'windowSum',
  run: (output, shape, [{ values, view }], attributes) => {
    const [, , rowStride, columnStride] = view.strides as [number, number, number, number];
    forEachWindow(shape, view, attributes, ({ number, planeOffset, rows, columns }) => {
      let sum = 0;
      for (let y = rows.begin; y < rows.end; y++) {
        for (let x = columns.begin; x < columns.end; x++)
          sum += load(values, planeOffset + y * rowStride + x * columnStride);
      }
      output[number] = sum;
    });
  },
  vjp: (cotangent, { inputs: [x], attributes }) => applyRoutine(WindowSumTranspose, [cotangent], x, attributes),
  jvp: (tangent, output) => applyRoutine(WindowSum, [tangent], output, output.attributes),
  batch: batchImages,
};

/** The transpose of {@link WindowSum}: adds each input element to all elements of its window. */
export const WindowSumTranspose: Routine<'windowSumTranspose'> = {
  kind: 'routine',
  name: 'windowSumTranspose',
  run: (output, shape, [{ values, view }], attributes) => {
    const sums = new Float64Array(output.length);
    const images = contiguous(shape);
    const rowStride = at(images.strides, 2);
    forEachWindow(view.shape, images, attributes, ({ planeOffset, rows, columns, index }) => {
      const value = load(
        values,
        index.reduce((sum, i, axis) => sum + i * at(view.strides, axis), view.offset),
      );
      for (let y = rows.begin; y < rows.end; y++) {
        const row = planeOffset + y * rowStride;
        for (let x = columns.begin; x < columns.end; x++) sums[row + x] = load(sums, row + x) + value;
      }
    });
    output.set(sums);
  },
  vjp: (cotangent, { inputs: [x], attributes }) => applyRoutine(WindowSum, [cotangent], x, attributes),
  jvp: (tangent, output) => applyRoutine(WindowSumTranspose, [tangent], output, output.attributes),
  batch: batchImages,
};

interface Span {
  readonly begin: number;
  readonly end: number;
}

interface Window {
  /** Its position in row-major order. */
  readonly number: number;
  /** Where the image plane that it belongs to starts in the buffer. */
  readonly planeOffset: number;
  /** The rows and columns of the plane that it covers, without padding. */
  readonly rows: Span;
  readonly columns: Span;
  /** Its index [n, c, y, x]. */
  readonly index: readonly number[];
}

function forEachWindow(
  windows: Shape,
  images: View,
  { kernelSize, stride, padBefore }: PoolAttributes,
  visit: (window: Window) => void,
): void {
  const [count, channels, height, width] = windows as [number, number, number, number];
  const spansOf = (axis: 0 | 1, count: number): Span[] =>
    Array.from({ length: count }, (_, window) => {
      const first = window * stride[axis] - padBefore[axis];
      return { begin: Math.max(0, first), end: Math.min(at(images.shape, 2 + axis), first + kernelSize[axis]) };
    });
  const rowSpans = spansOf(0, height);
  const columnSpans = spansOf(1, width);
  let number = 0;
  for (let n = 0; n < count; n++) {
    for (let c = 0; c < channels; c++) {
      const planeOffset = images.offset + n * at(images.strides, 0) + c * at(images.strides, 1);
      rowSpans.forEach((rows, y) => {
        columnSpans.forEach((columns, x) =>
          visit({ number: number++, planeOffset, rows, columns, index: [n, c, y, x] }),
        );
      });
    }
  }
}

export interface Pool2dOptions {
  /** The height and width of windows. */
  readonly kernelSize: Size2d;
  /** The step between windows. Default: `kernelSize`. */
  readonly stride?: Size2d;
  /** Padding around the images. Default: 0. */
  readonly padding?: Padding2d;
}

/**
 * Max pooling of images [N, C, H, W], or of one image [C, H, W] (PyTorch's `max_pool2d`). The result is [N, C, H′, W′] or
 * [C, H′, W′] of x's dtype, where H′ = ⌊(H + top + bottom − kernel height) / stride⌋ + 1, and W′ likewise. Padding counts as
 * −∞ (−2³¹ for int32, false for bool). At a tie the gradient goes to the first element in row-major order, as in PyTorch.
 * @throws {TypeError} if x is not a tensor.
 * @throws {RangeError} if x has neither three nor four axes, an option is out of range, or the window exceeds the padded images.
 * @example
 * maxPool2d(tensor([[[1, 2], [3, 4]]]), { kernelSize: 2 }); // tensor([[[4]]])
 */
export function maxPool2d(x: Tensor, options: Pool2dOptions): Tensor {
  checkTensor('maxPool2d', x);
  if (x.ndim === 3) return maxPool2d(x.expandDims(0), options).squeeze(0);
  const { shape, kernelSize, stride, padding } = parseWindows('maxPool2d', x, options);
  const { before, after } = padding;
  const hasPaddingOnlyWindows = ([0, 1] as const).some(
    (i) => before[i] >= kernelSize[i] || after[i] >= kernelSize[i] || x.shape[2 + i] === 0,
  );
  if (hasPaddingOnlyWindows) {
    // Materializes the padding, since `MaxIndices` needs an element in every window.
    const widths = [
      [0, 0],
      [0, 0],
      [before[0], after[0]],
      [before[1], after[1]],
    ] as const;
    const lowest = { bool: 0, int32: minInt32, float32: -Infinity, float64: -Infinity }[x.dtype];
    return maxPool2d(x.pad(widths, lowest), { kernelSize, stride });
  }
  const attributes = { kernelSize, stride, padBefore: before };
  const indices = applyRoutine(MaxIndices, [x], { shape, dtype: 'int32' }, attributes).flatten(2);
  const maxima = applyRoutine(Take, [x.flatten(2), indices], { shape: indices.shape, dtype: x.dtype }, { axis: 2 });
  const result = maxima.reshape(shape);
  const areTiles = ([0, 1] as const).every(
    (i) => stride[i] === kernelSize[i] && x.shape[2 + i] === at(shape, 2 + i) * stride[i],
  );
  // Others add up what equal indices get, element by element.
  return areTiles && kernelSize[1] === 2
    ? new Tensor(TileMaxima, [result, x, indices.reshape(shape)], result, { kernelSize })
    : result;
}

/** The first input, maxima of windows that tile the second one, at the indices in the third: the gradient is one pass. */
export const TileMaxima: Movement<{ readonly kernelSize: Pair }> = {
  kind: 'movement',
  name: 'tileMaxima',
  view: (view) => view,
  vjp: (cotangent, { inputs: [, x, indices], shape, attributes: { kernelSize } }, input) => {
    if (input !== 1 || !x || !indices) return undefined;
    const spread = cotangent.reshape(splitTiles(shape, [1, 1]));
    return isAtIndices(indices, kernelSize).where(spread, 0).reshape(x.shape);
  },
  jvp: (tangent, { inputs: [, , indices], shape, attributes: { kernelSize } }, input) => {
    if (input !== 1 || !indices) return undefined;
    const tiles = tangent.reshape(splitTiles(shape, kernelSize));
    return isAtIndices(indices, kernelSize).where(tiles, 0).sum([-3, -1]);
  },
  batch: batchLeading,
};

/** The shape of tiles of a size, one for each window: [N, C, H′, height, W′, width]. */
function splitTiles(windows: Shape, [height, width]: Pair): Shape {
  return [...windows.slice(0, -1), height, at(windows, windows.length - 1), width];
}

/** Whether each element of a tile is the one at the tile's index. */
function isAtIndices(indices: Tensor, kernelSize: Pair): Tensor {
  const tiles = splitTiles(indices.shape, kernelSize).slice(-4);
  const positions = arange(sizeOf(tiles), { dtype: 'int32' }).reshape(tiles);
  return indices.reshape(splitTiles(indices.shape, [1, 1])).equal(positions);
}

/**
 * Average pooling of images [N, C, H, W], or of one image [C, H, W] (PyTorch's `avg_pool2d`). The result is [N, C, H′, W′] or
 * [C, H′, W′], where H′ = ⌊(H + top + bottom − kernel height) / stride⌋ + 1, and W′ likewise. int32 and bool become float32.
 * Padding counts as zeros, PyTorch's default.
 * @throws {TypeError} if x is not a tensor.
 * @throws {RangeError} if x has neither three nor four axes, an option is out of range, or the window exceeds the padded images.
 * @example
 * avgPool2d(tensor([[[1, 2], [3, 4]]]), { kernelSize: 2 }); // tensor([[[2.5]]])
 */
export function avgPool2d(x: Tensor, options: Pool2dOptions): Tensor {
  checkTensor('avgPool2d', x);
  if (x.ndim === 3) return avgPool2d(x.expandDims(0), options).squeeze(0);
  const { shape, kernelSize, stride, padding } = parseWindows('avgPool2d', x, options);
  const images = x.astype(toFloat(x.dtype));
  const attributes = { kernelSize, stride, padBefore: padding.before };
  const sums = applyRoutine(WindowSum, [images], { shape, dtype: images.dtype }, attributes);
  return sums.div(kernelSize[0] * kernelSize[1]);
}

interface Windows {
  /** [N, C, H′, W′]: the number of windows on each axis. */
  readonly shape: Shape;
  readonly kernelSize: Pair;
  readonly stride: Pair;
  readonly padding: WindowPadding;
}

function parseWindows(operation: string, x: Tensor, options: Pool2dOptions): Windows {
  if (x.ndim !== 4)
    throw new RangeError(`${operation}: expected images [N, C, H, W] or [C, H, W], got ${formatShape(x.shape)}`);
  checkOptions(operation, options, ['kernelSize', 'stride', 'padding']);
  const kernelSize = parsePair(operation, 'kernelSize', options.kernelSize, 1);
  const stride = parsePair(operation, 'stride', options.stride ?? kernelSize, 1);
  const padding = parsePadding(operation, options.padding ?? 0, x, kernelSize, stride);
  const counts = ([0, 1] as const).map((i) => {
    const padded = at(x.shape, 2 + i) + padding.before[i] + padding.after[i];
    return Math.floor((padded - kernelSize[i]) / stride[i]) + 1;
  });
  return { shape: [...x.shape.slice(0, 2), ...counts], kernelSize, stride, padding };
}
