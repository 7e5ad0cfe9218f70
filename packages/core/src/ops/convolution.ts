import { promote, toFloat } from '../data/dtype.ts';
import { checkTensor } from './define.ts';
import { convolve } from './convolutionRecord.ts';
import { taken } from './indexingRecords.ts';
import { dilated } from './movementRecords.ts';
import { maxIndices, windowed, windowSum } from './poolingRecords.ts';
import { show, type Shape } from '../data/shape.ts';
import { Tensor } from '../graph/tensor.ts';

/** One number for both height and width, or one for each. */
export type Size2d = number | readonly [height: number, width: number];

/** Rows and columns of padding: the same on all sides, [vertical, horizontal], or [[top, bottom], [left, right]]. */
export type Padding2d =
  | Size2d
  | readonly [readonly [top: number, bottom: number], readonly [left: number, right: number]];

export interface Conv2dOptions {
  /** The step between positions of the kernel; 1 by default. */
  readonly stride?: Size2d;
  /** Zeros around the image; `'valid'` (none, the default), `'same'` (⌈size / stride⌉ positions; the odd zero is last). */
  readonly padding?: Padding2d | 'same' | 'valid';
  /** The distance of kernel elements; 1 by default. */
  readonly dilation?: Size2d;
  /** Channels are split into this many groups that do not see each other; 1 by default. */
  readonly groups?: number;
}

/**
 * 2-D convolution (cross-correlation, as in every deep-learning library): images [N, C, H, W] with kernels
 * [O, C / groups, kh, kw] give [N, O, H′, W′], where H′ = ⌊(H + padding − dilation·(kh − 1) − 1) / stride⌋ + 1.
 * dtypes are promoted.
 * @throws {RangeError} if ranks, channels or groups do not fit, or the kernel does not fit the padded image.
 */
export function conv2d(x: Tensor, weight: Tensor, options: Conv2dOptions = {}): Tensor {
  checkTensor('conv2d', x);
  const { groups = 1 } = options;
  if (!(weight instanceof Tensor)) throw new TypeError('conv2d: the weight must be a tensor');
  if (x.ndim !== 4 || weight.ndim !== 4) {
    throw new RangeError(
      `conv2d: needs images [N, C, H, W] and a weight [O, C / groups, kh, kw], got ${show(x.shape)} and ${show(weight.shape)}`,
    );
  }
  if (
    !Number.isInteger(groups) ||
    groups < 1 ||
    weight.shape[0]! % groups !== 0 ||
    x.shape[1] !== weight.shape[1]! * groups
  ) {
    throw new RangeError(
      `conv2d: images ${show(x.shape)} have ${x.shape[1]} channels, but the weight ${show(weight.shape)} in ${groups} group(s) ` +
        `needs ${weight.shape[1]! * groups}, and its ${weight.shape[0]} outputs must split evenly`,
    );
  }
  const stride = sizes('conv2d', 'stride', options.stride ?? 1, 1);
  const dilation = sizes('conv2d', 'dilation', options.dilation ?? 1, 1);
  if (weight.shape[2] === 0 || weight.shape[3] === 0) {
    throw new RangeError(`conv2d: the kernels of the weight ${show(weight.shape)} have no elements`);
  }
  const extent = [0, 1].map((i) => dilated(weight.shape[2 + i]!, dilation[i]!));
  const [rows, columns] = paddings('conv2d', options.padding ?? 0, x, extent, stride);
  [rows, columns].forEach(([low, high], i) => {
    if (x.shape[2 + i]! + low + high < extent[i]!) {
      throw new RangeError(
        `conv2d: the kernel's ${i === 0 ? 'height' : 'width'}, ${extent[i]}, exceeds the padded image's, ${x.shape[2 + i]! + low + high}`,
      );
    }
  });
  const dtype = promote(promote(x.dtype, weight.dtype), 'int32');
  return convolve(x.astype(dtype), weight.astype(dtype), {
    stride,
    low: [rows[0], columns[0]],
    high: [rows[1], columns[1]],
    inputDilation: [1, 1],
    filterDilation: dilation,
    groups,
  });
}

export interface Pool2dOptions {
  /** Height and width of the window. */
  readonly kernelSize: Size2d;
  /** The step between windows; the kernel size by default, so that windows do not overlap. */
  readonly stride?: Size2d;
  /** Padding around the image; none by default. */
  readonly padding?: Padding2d;
}

/**
 * The largest element of each window of images [N, C, H, W]. Padding never wins. At a tie the gradient goes to the first
 * element in row-major order, as in PyTorch.
 * @throws {RangeError} if the window does not fit the padded image.
 */
export function maxPool2d(x: Tensor, options: Pool2dOptions): Tensor {
  checkTensor('maxPool2d', x);
  const { shape, kernel, stride, padding } = windowsOf('maxPool2d', x, options);
  const planes = x.shape.slice(0, 2);
  const seesPaddingOnly = padding.some(
    ([low, high], i) => low >= kernel[i]! || high >= kernel[i]! || x.shape[2 + i] === 0,
  );
  if (seesPaddingOnly) {
    // There an element of the padding is the largest, and has to be one of the image.
    const padded = x.pad([[0, 0], [0, 0], ...padding], x.dtype === 'int32' ? -(2 ** 31) : -Infinity);
    return maxPool2d(padded, { kernelSize: kernel, stride });
  }
  const low = [padding[0][0], padding[1][0]] as const;
  const places = windowed(maxIndices, x, shape, { kernel, stride, low }).flatten(2);
  return taken(x.flatten(2), places, 2, 'maxPool2d').reshape([...planes, ...shape.slice(2)]);
}

/**
 * The mean of each window of images [N, C, H, W]. Padding counts as zeros, as in PyTorch by default.
 * @throws {RangeError} if the window does not fit the padded image.
 */
export function avgPool2d(x: Tensor, options: Pool2dOptions): Tensor {
  checkTensor('avgPool2d', x);
  const { shape, kernel, stride, padding } = windowsOf('avgPool2d', x, options);
  const low = [padding[0][0], padding[1][0]] as const;
  const sums = windowed(windowSum, x.astype(toFloat(x.dtype)), shape, { kernel, stride, low });
  return sums.div(kernel[0] * kernel[1]);
}

interface Windows {
  /** [N, C, H′, W′]: how many there are. */
  readonly shape: Shape;
  readonly kernel: readonly [number, number];
  readonly stride: readonly [number, number];
  readonly padding: readonly [Sides, Sides];
}

function windowsOf(operation: string, x: Tensor, options: Pool2dOptions): Windows {
  if (x.ndim !== 4) throw new RangeError(`${operation}: needs images [N, C, H, W], got ${show(x.shape)}`);
  const kernel = sizes(operation, 'kernelSize', options?.kernelSize, 1);
  const stride = sizes(operation, 'stride', options.stride ?? kernel, 1);
  const padding = paddings(operation, options.padding ?? 0, x, kernel, stride);
  const room = padding.map(([low, high], i) => x.shape[2 + i]! + low + high);
  if (room.some((length, i) => length < kernel[i]!)) {
    throw new RangeError(
      `${operation}: a window of ${show(kernel)} does not fit the padded images ${show([...x.shape.slice(0, 2), ...room])}`,
    );
  }
  const counts = room.map((length, i) => Math.floor((length - kernel[i]!) / stride[i]!) + 1);
  return { shape: [...x.shape.slice(0, 2), ...counts], kernel, stride, padding };
}

function sizes(operation: string, name: string, value: Size2d, least: number): readonly [number, number] {
  const both = typeof value === 'number' ? ([value, value] as const) : value;
  if (!Array.isArray(both) || both.length !== 2 || !both.every((n) => Number.isInteger(n) && n >= least)) {
    throw new RangeError(
      `${operation}: ${name} is an integer ≥ ${least} or a pair of them, got ${JSON.stringify(value)}`,
    );
  }
  return both as readonly [number, number];
}

type Sides = readonly [low: number, high: number];

function paddings(
  operation: string,
  padding: Padding2d | 'same' | 'valid',
  x: Tensor,
  extent: readonly number[],
  stride: readonly number[],
): readonly [Sides, Sides] {
  if (padding === 'valid')
    return [
      [0, 0],
      [0, 0],
    ];
  if (padding === 'same') {
    const same = (i: number): Sides => {
      const length = x.shape[2 + i]!;
      const total = Math.max(0, (Math.ceil(length / stride[i]!) - 1) * stride[i]! + extent[i]! - length);
      return [Math.floor(total / 2), Math.ceil(total / 2)];
    };
    return [same(0), same(1)];
  }
  if (typeof padding === 'string') {
    throw new TypeError(`${operation}: padding '${String(padding)}' is not known; use 'same', 'valid' or numbers`);
  }
  if (Array.isArray(padding) && Array.isArray(padding[0]) && Array.isArray(padding[1])) {
    return [
      sizes(operation, 'padding', padding[0] as unknown as Sides, 0),
      sizes(operation, 'padding', padding[1] as unknown as Sides, 0),
    ];
  }
  const [vertical, horizontal] = sizes(operation, 'padding', padding as Size2d, 0);
  return [
    [vertical, vertical],
    [horizontal, horizontal],
  ];
}
