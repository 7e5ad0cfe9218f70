import { type Indices, onesLike, type Tensor } from '@thetagrad/core';
import {
  applyRoutine,
  at,
  checkOptions,
  checkTensor,
  type DescribeIndex,
  describeIndices,
  formatShape,
  sameShape,
  ScatterAdd,
  sizeOf,
  toFloat,
  toIndices,
} from '@thetagrad/core/backend';
import { eachAxis, type Padding, parseSides, parseSize, type Rank, type Size, toBatch } from '../windows.ts';

/** Options of max unpooling: those of the pooling that it undoes. */
export interface MaxUnpoolOptions<R extends Rank> {
  /** The lengths of windows. */
  readonly kernelSize: Size<R>;
  /** The step between windows. Default: `kernelSize`. */
  readonly stride?: Size<R>;
  /** Padding around the images that were pooled. Default: 0. */
  readonly padding?: Padding<R>;
  /** The lengths of the result. Default: the smallest that give the windows, (L′ − 1)·stride − before − after + kernel. */
  readonly outputSize?: Size<R>;
}

/**
 * Puts maxima back to where they came from, and zeros elsewhere (PyTorch's `max_unpool1d`).
 * @param x [N, C, L′] or [C, L′]
 * @param indices int32 or arrays of integers, of x's shape, from {@link maxPool1dWithIndices}. Elements of equal indices, the
 *   same maximum of windows that overlap, count once; others are averaged.
 * @returns [N, C, L] or [C, L], in x's dtype; int32 and bool become float32.
 * @throws {TypeError} if x is not a tensor, or indices are not integers.
 * @throws {RangeError} if shapes do not match, an option is out of range, or, at evaluation, an index is.
 * @example
 * maxUnpool1d(tensor([[5, 3]]), [[1, 3]], { kernelSize: 2 }); // tensor([[0, 5, 0, 3]])
 */
export function maxUnpool1d(x: Tensor, indices: Indices, options: MaxUnpoolOptions<1>): Tensor {
  return maxUnpool('maxUnpool1d', 1, x, indices, options);
}

/**
 * Puts maxima back to where they came from, and zeros elsewhere (PyTorch's `max_unpool2d`).
 * @param x [N, C, H′, W′] or [C, H′, W′]
 * @param indices int32 or arrays of integers, of x's shape, from {@link maxPool2dWithIndices}. Elements of equal indices, the
 *   same maximum of windows that overlap, count once; others are averaged.
 * @returns [N, C, H, W] or [C, H, W], in x's dtype; int32 and bool become float32.
 * @throws {TypeError} if x is not a tensor, or indices are not integers.
 * @throws {RangeError} if shapes do not match, an option is out of range, or, at evaluation, an index is.
 * @example
 * maxUnpool2d(tensor([[[4]]]), [[[2]]], { kernelSize: 2 }); // tensor([[[0, 0], [4, 0]]])
 */
export function maxUnpool2d(x: Tensor, indices: Indices, options: MaxUnpoolOptions<2>): Tensor {
  return maxUnpool('maxUnpool2d', 2, x, indices, options);
}

/**
 * Puts maxima back to where they came from, and zeros elsewhere (PyTorch's `max_unpool3d`).
 * @param x [N, C, D′, H′, W′] or [C, D′, H′, W′]
 * @param indices int32 or arrays of integers, of x's shape, from {@link maxPool3dWithIndices}. Elements of equal indices, the
 *   same maximum of windows that overlap, count once; others are averaged.
 * @returns [N, C, D, H, W] or [C, D, H, W], in x's dtype; int32 and bool become float32.
 * @throws {TypeError} if x is not a tensor, or indices are not integers.
 * @throws {RangeError} if shapes do not match, an option is out of range, or, at evaluation, an index is.
 * @example
 * maxUnpool3d(ones([1, 1, 1, 1]), [[[[0]]]], { kernelSize: 2 }).shape; // [1, 2, 2, 2]
 */
export function maxUnpool3d(x: Tensor, indices: Indices, options: MaxUnpoolOptions<3>): Tensor {
  return maxUnpool('maxUnpool3d', 3, x, indices, options);
}

function maxUnpool<R extends Rank>(
  operation: string,
  rank: R,
  x: Tensor,
  indices: Indices,
  options: MaxUnpoolOptions<R>,
): Tensor {
  checkTensor(operation, x);
  const positions = toIndices(operation, indices);
  checkOptions(operation, options, ['kernelSize', 'stride', 'padding', 'outputSize']);
  const { images, restore } = toBatch(operation, x, rank);
  if (!sameShape(positions.shape, x.shape)) {
    throw new RangeError(
      `${operation}: indices ${formatShape(positions.shape)} must have the shape of the maxima, ${formatShape(x.shape)}`,
    );
  }
  const kernelSize = parseSize(operation, 'kernelSize', options.kernelSize, rank, 1);
  const stride = parseSize(operation, 'stride', options.stride ?? kernelSize, rank, 1);
  const { before, after } = parseSides(operation, options.padding ?? 0, rank);
  const smallest = eachAxis(rank, (axis) => {
    const windows = at(images.shape, 2 + axis);
    return (windows - 1) * at(stride, axis) + at(kernelSize, axis) - at(before, axis) - at(after, axis);
  });
  const size = parseSize(
    operation,
    'outputSize',
    options.outputSize ?? smallest.map((length) => Math.max(0, length)),
    rank,
    0,
  );
  const lead = images.shape.slice(0, 2);
  const plane = sizeOf(size);
  const places = positions.reshape([...lead, sizeOf(x.shape.slice(-rank))]);
  const describe: DescribeIndex = (index) =>
    `${operation}: index ${index} is out of range for the ${plane} elements of ${formatShape(size)}`;
  const scatter = (updates: Tensor): Tensor => {
    const type = { shape: [...lead, plane], dtype: updates.dtype };
    return describeIndices(applyRoutine(ScatterAdd, [places, updates], type, { axis: 2 }), describe);
  };
  const values = images.flatten(2).astype(toFloat(x.dtype));
  return restore(
    scatter(values)
      .div(scatter(onesLike(values)).maximum(1))
      .reshape([...lead, ...size]),
  );
}
