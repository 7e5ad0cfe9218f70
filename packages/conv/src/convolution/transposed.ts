import { promoteTypes, type Tensor } from '@thetagrad/core';
import {
  argumentError,
  at,
  checkInteger,
  checkOptions,
  checkTensor,
  convolveTranspose,
  dilate,
  formatShape,
} from '@thetagrad/core/backend';
import { foldAxis } from '../fold.ts';
import {
  eachAxis,
  extentOf,
  type Padding,
  parsePadding,
  parseSize,
  type Rank,
  type Sided,
  type Size,
  toBatch,
} from '../windows.ts';
import { checkBias, checkChannels, checkGroups, checkWeight } from './checks.ts';

/** Options of transposed convolutions. */
export interface ConvTransposeOptions<R extends Rank> {
  /** The step between the positions at which filters are added. Default: 1. */
  readonly stride?: Size<R>;
  /**
   * What the convolution of which this is the transpose pads, and the result is cropped by: numbers, `'valid'` for none, or
   * `'same'` for an output size of length · stride. Default: 'valid'.
   */
  readonly padding?: Padding<R> | 'same' | 'valid';
  /** Elements added to the end of each axis of the result, fewer than its stride or dilation. Default: 0. */
  readonly outputPadding?: Size<R>;
  /** The step between filter elements. Default: 1. */
  readonly dilation?: Size<R>;
  /** The number of groups that channels are split into and convolved by independently. Default: 1. */
  readonly groups?: number;
  /** [O], added to the channels of the result. Default: none. */
  readonly bias?: Tensor;
}

/** A transposed convolution with complete options. */
interface Geometry extends Sided {
  readonly stride: readonly number[];
  readonly dilation: readonly number[];
  /** The lengths of the result. */
  readonly size: readonly number[];
  readonly groups: number;
  readonly bias: Tensor | undefined;
}

/**
 * Transposed 1-D convolution (PyTorch's `conv_transpose1d`), the gradient of `conv1d` with respect to its input: of signals
 * [N, C, L], or one [C, L], with a weight [C, O / groups, k]. The result is [N, O, L′] or [O, L′], where
 * L′ = (L − 1)·stride − before − after + dilation·(k − 1) + outputPadding + 1. dtypes are promoted; bool becomes int32.
 * @throws {TypeError} if an operand is not a tensor.
 * @throws {RangeError} if ranks, channels, groups or bias do not match, an option is out of range, or the padding leaves
 *   nothing of the result.
 * @example
 * convTranspose1d(tensor([[1, 2]]), tensor([[[1, 10]]]), { stride: 2 }); // tensor([[ 1, 10, 2, 20]])
 */
export function convTranspose1d(x: Tensor, weight: Tensor, options: ConvTransposeOptions<1> = {}): Tensor {
  const geometry = parseTransposed('convTranspose1d', 1, x, weight, options);
  const { images, restore } = toBatch('convTranspose1d', x, 1);
  const planar = toPlanes(geometry);
  const result = transposed2d(images.expandDims(2), weight.expandDims(2), planar);
  return restore(addBias(result.squeeze(2), geometry.bias));
}

/**
 * Transposed 2-D convolution (PyTorch's `conv_transpose2d`), the gradient of `conv2d` with respect to its input: of images
 * [N, C, H, W], or one [C, H, W], with a weight [C, O / groups, kh, kw]. The result is [N, O, H′, W′] or [O, H′, W′], where
 * H′ = (H − 1)·stride − top − bottom + dilation·(kh − 1) + outputPadding + 1, and W′ likewise. dtypes are promoted; bool
 * becomes int32.
 * @throws {TypeError} if an operand is not a tensor.
 * @throws {RangeError} if ranks, channels, groups or bias do not match, an option is out of range, or the padding leaves
 *   nothing of the result.
 * @example
 * convTranspose2d(tensor([[[3]]]), tensor([[[[1, 2], [4, 8]]]])); // tensor([[[ 3, 6], [12, 24]]])
 */
export function convTranspose2d(x: Tensor, weight: Tensor, options: ConvTransposeOptions<2> = {}): Tensor {
  const geometry = parseTransposed('convTranspose2d', 2, x, weight, options);
  const { images, restore } = toBatch('convTranspose2d', x, 2);
  return restore(addBias(transposed2d(images, weight, geometry), geometry.bias));
}

/**
 * Transposed 3-D convolution (PyTorch's `conv_transpose3d`), the gradient of `conv3d` with respect to its input: of volumes
 * [N, C, D, H, W], or one [C, D, H, W], with a weight [C, O / groups, kd, kh, kw]. The result is [N, O, D′, H′, W′] or
 * [O, D′, H′, W′], where D′ = (D − 1)·stride − before − after + dilation·(kd − 1) + outputPadding + 1, and H′ and W′
 * likewise. dtypes are promoted; bool becomes int32.
 * @throws {TypeError} if an operand is not a tensor.
 * @throws {RangeError} if ranks, channels, groups or bias do not match, an option is out of range, or the padding leaves
 *   nothing of the result.
 * @example
 * convTranspose3d(ones([1, 1, 1, 1]), ones([1, 3, 2, 2, 2])).shape; // [3, 2, 2, 2]
 */
export function convTranspose3d(x: Tensor, weight: Tensor, options: ConvTransposeOptions<3> = {}): Tensor {
  const geometry = parseTransposed('convTranspose3d', 3, x, weight, options);
  const { images, restore } = toBatch('convTranspose3d', x, 3);
  const [batch, channels, depth, height, width] = images.shape as Shape5;
  const [, perGroup, kd, kh, kw] = weight.shape as Shape5;
  const { groups, stride, dilation, before, size } = geometry;
  // Each slice of depth becomes kd slices, [N·D, g·kd·O/g, H′, W′], which are then added at their depths.
  const slices = images.permute([0, 2, 1, 3, 4]).reshape([batch * depth, channels, height, width]);
  const filter = weight.permute([0, 2, 1, 3, 4]).reshape([channels, kd * perGroup, kh, kw]);
  const planes = transposed2d(slices, filter, toPlanes(geometry));
  const [outHeight, outWidth] = planes.shape.slice(2) as [number, number];
  const outputs = groups * perGroup;
  const windows = planes
    .reshape([batch, depth, groups, kd, perGroup, outHeight, outWidth])
    .permute([0, 2, 4, 1, 5, 6, 3])
    .reshape([batch, outputs, depth, outHeight, outWidth, kd]);
  const volumes = foldAxis(windows, 2, {
    step: at(stride, 0),
    dilation: at(dilation, 0),
    start: at(before, 0),
    length: at(size, 0),
  });
  return restore(addBias(volumes, geometry.bias));
}

type Shape5 = [number, number, number, number, number];

/** The last two axes; a single one becomes the width of images of height 1. */
function toPlanes(geometry: Geometry): Geometry {
  const lastTwo = (values: readonly number[], ofHeight: number): readonly number[] =>
    values.length === 1 ? [ofHeight, at(values, 0)] : values.slice(-2);
  return {
    ...geometry,
    stride: lastTwo(geometry.stride, 1),
    dilation: lastTwo(geometry.dilation, 1),
    before: lastTwo(geometry.before, 0),
    after: lastTwo(geometry.after, 0),
    size: lastTwo(geometry.size, 1),
  };
}

function transposed2d(images: Tensor, weight: Tensor, geometry: Geometry): Tensor {
  const dtype = promoteTypes(promoteTypes(images.dtype, weight.dtype), 'int32');
  const pair = (values: readonly number[]): readonly [number, number] => [at(values, 0), at(values, 1)];
  return convolveTranspose(images.astype(dtype), weight.astype(dtype), pair(geometry.size), {
    stride: pair(geometry.stride),
    padBefore: pair(geometry.before),
    padAfter: pair(geometry.after),
    inputDilation: [1, 1],
    filterDilation: pair(geometry.dilation),
    groups: geometry.groups,
  });
}

function addBias(result: Tensor, bias: Tensor | undefined): Tensor {
  return bias ? result.add(bias.reshape([bias.size, ...result.shape.slice(2).map(() => 1)])) : result;
}

function parseTransposed<R extends Rank>(
  operation: string,
  rank: R,
  x: Tensor,
  weight: Tensor,
  options: ConvTransposeOptions<R>,
): Geometry {
  checkTensor(operation, x);
  checkOptions(operation, options, ['stride', 'padding', 'outputPadding', 'dilation', 'groups', 'bias']);
  const { groups = 1, bias } = options;
  checkInteger(operation, 'groups', groups, { min: 1 });
  checkWeight(operation, rank, x, weight, 'C, O / groups');
  checkChannels(operation, rank, x, weight, { channels: at(weight.shape, 0), groups });
  checkGroups(operation, 'input', at(weight.shape, 0), groups);
  checkBias(operation, bias, at(weight.shape, 1) * groups);
  const stride = parseSize(operation, 'stride', options.stride ?? 1, rank, 1);
  const dilation = parseSize(operation, 'dilation', options.dilation ?? 1, rank, 1);
  const outputPadding = parseSize(operation, 'outputPadding', options.outputPadding ?? 0, rank, 0);
  if (outputPadding.some((extra, axis) => extra >= Math.max(at(stride, axis), at(dilation, axis)))) {
    throw argumentError(operation, 'outputPadding', 'less than stride or dilation', options.outputPadding, true);
  }
  const lengths = x.shape.slice(-rank);
  if (lengths.includes(0)) {
    throw new RangeError(
      `${operation}: images ${formatShape(x.shape)} have an axis of length 0, and no transposed result`,
    );
  }
  const extent = extentOf(weight.shape.slice(2), dilation);
  const multiples = lengths.map((length, axis) => length * at(stride, axis));
  const { before, after } = parsePadding(operation, options.padding ?? 0, multiples, extent, stride);
  if (options.padding === 'same') {
    if (outputPadding.some((extra) => extra > 0)) {
      throw argumentError(operation, 'outputPadding', "0 with the padding 'same'", options.outputPadding, true);
    }
    return { stride, dilation, groups, bias, before, after, size: multiples };
  }
  const size = eachAxis(rank, (axis) => {
    const covered = dilate(at(lengths, axis), at(stride, axis)) + at(extent, axis) - 1;
    return covered - at(before, axis) - at(after, axis) + at(outputPadding, axis);
  });
  if (size.some((length) => length < 1)) {
    throw argumentError(operation, 'padding', `small enough to leave something of the result`, options.padding, true);
  }
  return { stride, dilation, groups, bias, before, after, size };
}
