import { conv2d, type Tensor } from '@thetagrad/core';
import { at, checkInteger, checkOptions, checkTensor } from '@thetagrad/core/backend';
import {
  checkFit,
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

/** Options of {@link conv1d} and {@link conv3d}, those of core's `conv2d`. */
export interface ConvOptions<R extends Rank> {
  /** The step between filter positions. Default: 1. */
  readonly stride?: Size<R>;
  /**
   * Zeros around the images: numbers, `'valid'` for none, or `'same'` for an output size of ⌈size / stride⌉, where an odd
   * zero goes to the end. Default: 'valid'.
   */
  readonly padding?: Padding<R> | 'same' | 'valid';
  /** The step between filter elements. Default: 1. */
  readonly dilation?: Size<R>;
  /** The number of groups that channels are split into and convolved by independently. Default: 1. */
  readonly groups?: number;
  /** [O], added to the channels of the result. Default: none. */
  readonly bias?: Tensor;
}

/** A convolution with complete options. */
interface Geometry extends Sided {
  readonly stride: readonly number[];
  readonly dilation: readonly number[];
  readonly groups: number;
  readonly bias: Tensor | undefined;
}

/**
 * 1-D convolution (cross-correlation, PyTorch's `conv1d`) of signals [N, C, L], or of one signal [C, L], with a weight
 * [O, C / groups, k]. The result is [N, O, L′] or [O, L′], where L′ = ⌊(L + before + after − dilation·(k − 1) − 1) / stride⌋ + 1.
 * dtypes are promoted; bool becomes int32.
 * @throws {TypeError} if an operand is not a tensor.
 * @throws {RangeError} if ranks, channels, groups or bias do not match, an option is out of range, or the filter exceeds the
 *   padded signals.
 * @example
 * conv1d(tensor([[1, 2, 4, 8]]), tensor([[[1, -1]]])); // tensor([[-1, -2, -4]])
 * conv1d(tensor([[1, 2, 4, 8]]), tensor([[[1, 1, 1]]]), { padding: 'same' }); // tensor([[ 3, 7, 14, 12]])
 */
export function conv1d(x: Tensor, weight: Tensor, options: ConvOptions<1> = {}): Tensor {
  const geometry = parseConvolution('conv1d', 1, x, weight, options);
  const { images, restore } = toBatch('conv1d', x, 1);
  const [before, after] = [at(geometry.before, 0), at(geometry.after, 0)];
  const result = conv2d(images.expandDims(2), weight.expandDims(2), {
    stride: [1, at(geometry.stride, 0)],
    dilation: [1, at(geometry.dilation, 0)],
    padding: [
      [0, 0],
      [before, after],
    ],
    groups: geometry.groups,
    ...(geometry.bias && { bias: geometry.bias }),
  });
  return restore(result.squeeze(2));
}

/**
 * 3-D convolution (cross-correlation, PyTorch's `conv3d`) of volumes [N, C, D, H, W], or of one volume [C, D, H, W], with a
 * weight [O, C / groups, kd, kh, kw]. The result is [N, O, D′, H′, W′] or [O, D′, H′, W′], where
 * D′ = ⌊(D + before + after − dilation·(kd − 1) − 1) / stride⌋ + 1, and H′ and W′ likewise. dtypes are promoted; bool becomes
 * int32. Computed as a 2-D convolution of N·D′ images of kd·C channels, which takes memory for kd copies of the volumes
 * unless kh and kw are 1.
 * @throws {TypeError} if an operand is not a tensor.
 * @throws {RangeError} if ranks, channels, groups or bias do not match, an option is out of range, or the filter exceeds the
 *   padded volumes.
 * @example
 * conv3d(ones([1, 2, 2, 2]), ones([1, 1, 2, 2, 2]), { bias: tensor([0.5]) }); // tensor([[[[8.5]]]])
 */
export function conv3d(x: Tensor, weight: Tensor, options: ConvOptions<3> = {}): Tensor {
  const geometry = parseConvolution('conv3d', 3, x, weight, options);
  const { bias } = geometry;
  const { images, restore } = toBatch('conv3d', x, 3);
  const volumes = isAlongDepth(weight, geometry)
    ? convolveDepth(images, weight, geometry)
    : convolveSlices(images, weight, geometry);
  return restore(bias ? volumes.add(bias.reshape([bias.size, 1, 1, 1])) : volumes);
}

type Shape5 = [number, number, number, number, number];

/** Whether filters reach along the depth alone, and results are in the same rows and columns. */
function isAlongDepth(weight: Tensor, { stride, before, after }: Geometry): boolean {
  return [1, 2].every(
    (axis) => weight.shape[2 + axis] === 1 && stride[axis] === 1 && before[axis] === 0 && after[axis] === 0,
  );
}

/** Convolves along the depth, as the height of images of width H·W. */
function convolveDepth(volumes: Tensor, weight: Tensor, { stride, dilation, before, after, groups }: Geometry): Tensor {
  const [batch, channels, depth, height, width] = volumes.shape as Shape5;
  const result = conv2d(volumes.reshape([batch, channels, depth, height * width]), weight.squeeze(4), {
    stride: [at(stride, 0), 1],
    dilation: [at(dilation, 0), 1],
    padding: [
      [at(before, 0), at(after, 0)],
      [0, 0],
    ],
    groups,
  });
  return result.reshape([...result.shape.slice(0, 3), height, width]);
}

/** Convolves the slices of each window of depth, whose channels are those of all its slices. */
function convolveSlices(
  volumes: Tensor,
  weight: Tensor,
  { stride, dilation, before, after, groups }: Geometry,
): Tensor {
  const [batch, , , height, width] = volumes.shape as Shape5;
  const [outputs, perGroup, kd, kh, kw] = weight.shape as Shape5;
  // [N, g·C/g, D, H, W] → [N, D′, g, kd, C/g, H, W]
  const windows = padDepth(volumes, at(before, 0), at(after, 0))
    .permute([0, 2, 1, 3, 4])
    .unfold(1, kd, at(stride, 0), at(dilation, 0));
  const depth = at(windows.shape, 1);
  const slices = windows
    .reshape([batch, depth, groups, perGroup, height, width, kd])
    .permute([0, 1, 2, 6, 3, 4, 5])
    .reshape([batch * depth, groups * kd * perGroup, height, width]);
  // Slices of filters of one channel have results of their own, since kernels for one channel are faster than those for kd.
  const isDepthwise = perGroup === 1 && groups > 1;
  const filter = isDepthwise
    ? weight
        .reshape([groups, outputs / groups, kd, kh, kw])
        .permute([0, 2, 1, 3, 4])
        .reshape([outputs * kd, 1, kh, kw])
    : weight.permute([0, 2, 1, 3, 4]).reshape([outputs, kd * perGroup, kh, kw]);
  const planes = conv2d(slices, filter, {
    stride: [at(stride, 1), at(stride, 2)],
    dilation: [at(dilation, 1), at(dilation, 2)],
    padding: [
      [at(before, 1), at(after, 1)],
      [at(before, 2), at(after, 2)],
    ],
    groups: isDepthwise ? groups * kd : groups,
  });
  const size = planes.shape.slice(2);
  const sums = isDepthwise ? planes.reshape([batch * depth, groups, kd, outputs / groups, ...size]).sum(2) : planes;
  return sums.reshape([batch, depth, outputs, ...size]).permute([0, 2, 1, 3, 4]);
}

function padDepth(volumes: Tensor, before: number, after: number): Tensor {
  return volumes.pad([
    [0, 0],
    [0, 0],
    [before, after],
    [0, 0],
    [0, 0],
  ]);
}

function parseConvolution<R extends Rank>(
  operation: string,
  rank: R,
  x: Tensor,
  weight: Tensor,
  options: ConvOptions<R>,
): Geometry {
  checkTensor(operation, x);
  checkOptions(operation, options, ['stride', 'padding', 'dilation', 'groups', 'bias']);
  const { groups = 1, bias } = options;
  checkInteger(operation, 'groups', groups, { min: 1 });
  checkWeight(operation, rank, x, weight, 'O, C / groups');
  checkGroups(operation, 'output', at(weight.shape, 0), groups);
  checkChannels(operation, rank, x, weight, { channels: at(weight.shape, 1) * groups, groups });
  checkBias(operation, bias, at(weight.shape, 0));
  const stride = parseSize(operation, 'stride', options.stride ?? 1, rank, 1);
  const dilation = parseSize(operation, 'dilation', options.dilation ?? 1, rank, 1);
  const lengths = x.shape.slice(-rank);
  const extent = extentOf(weight.shape.slice(2), dilation);
  const padding = parsePadding(operation, options.padding ?? 0, lengths, extent, stride);
  checkFit(operation, lengths, padding, extent);
  return { stride, dilation, groups, bias, ...padding };
}
