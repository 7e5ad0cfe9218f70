import { argumentError, checkInteger, checkOptions } from '../data/checks.ts';
import { promoteTypes } from '../data/dtype.ts';
import { at, dilate, formatShape } from '../data/shape.ts';
import { Tensor } from '../graph/tensor.ts';
import { convolve, pair, type Shape4 } from './convolve.ts';
import { checkTensor } from './define.ts';
import { parsePadding, parsePair, type Padding2d, type Size2d } from './window.ts';

export interface Conv2dOptions {
  /** The step between filter positions. Default: 1. */
  readonly stride?: Size2d;
  /**
   * Zeros around the images: numbers, `'valid'` for none, or `'same'` for an output size of ⌈size / stride⌉, where an odd
   * zero goes to the bottom or right. Default: 'valid'.
   */
  readonly padding?: Padding2d | 'same' | 'valid';
  /** The step between filter elements. Default: 1. */
  readonly dilation?: Size2d;
  /** The number of groups that channels are split into and convolved by independently. Default: 1. */
  readonly groups?: number;
  /** [O], added to the channels of the result. Default: none. */
  readonly bias?: Tensor;
}

/**
 * 2-D convolution (cross-correlation, PyTorch's `conv2d`) of images [N, C, H, W], or of one image [C, H, W], with a weight
 * [O, C / groups, kh, kw]. The result is [N, O, H′, W′] or [O, H′, W′], where
 * H′ = ⌊(H + top + bottom − dilation·(kh − 1) − 1) / stride⌋ + 1, and W′ likewise. dtypes are promoted; bool becomes int32.
 * @throws {TypeError} if an operand is not a tensor.
 * @throws {RangeError} if ranks, channels, groups or bias do not match, an option is out of range, or the filter exceeds the
 *   padded images.
 * @example
 * conv2d(tensor([[[1, 2], [3, 4]]]), tensor([[[[1, 1]]]])); // tensor([[[3], [7]]])
 */
export function conv2d(x: Tensor, weight: Tensor, options: Conv2dOptions = {}): Tensor {
  checkTensor('conv2d', x);
  if (!(weight instanceof Tensor)) throw argumentError('conv2d', 'the weight', 'a tensor', weight, false);
  checkOptions('conv2d', options, ['stride', 'padding', 'dilation', 'groups', 'bias']);
  const { groups = 1, bias } = options;
  checkShapes(x, weight, groups, bias);
  const stride = parsePair('conv2d', 'stride', options.stride ?? 1, 1);
  const dilation = parsePair('conv2d', 'dilation', options.dilation ?? 1, 1);
  const extent = pair((i) => dilate(at(weight.shape, 2 + i), dilation[i]));
  const images = x.ndim === 3 ? x.expandDims(0) : x;
  const { before, after } = parsePadding('conv2d', options.padding ?? 0, images, extent, stride);
  const dtype = promoteTypes(promoteTypes(x.dtype, weight.dtype), 'int32');
  const output = convolve(images.astype(dtype), weight.astype(dtype), {
    stride,
    padBefore: before,
    padAfter: after,
    inputDilation: [1, 1],
    filterDilation: dilation,
    groups,
  });
  const shifted = bias ? output.add(bias.reshape([bias.size, 1, 1])) : output;
  return x.ndim === 3 ? shifted.squeeze(0) : shifted;
}

function checkShapes(x: Tensor, weight: Tensor, groups: number, bias: Tensor | undefined): void {
  if ((x.ndim !== 3 && x.ndim !== 4) || weight.ndim !== 4) {
    throw new RangeError(
      `conv2d: expected images [N, C, H, W] or [C, H, W] and a weight [O, C / groups, kh, kw], got ` +
        `${formatShape(x.shape)} and ${formatShape(weight.shape)}`,
    );
  }
  checkInteger('conv2d', 'groups', groups, { min: 1 });
  const [outputs, perGroup, height, width] = weight.shape as Shape4;
  const channels = at(x.shape, x.ndim - 3);
  if (outputs % groups !== 0 || channels !== perGroup * groups) {
    throw new RangeError(
      `conv2d: images ${formatShape(x.shape)} have ${channels} channels, but the weight ${formatShape(weight.shape)} in ` +
        `${groups} group(s) needs ${perGroup * groups}, and its ${outputs} output channels must be divisible by ${groups}`,
    );
  }
  if (height === 0 || width === 0) {
    throw new RangeError(`conv2d: the filters of the weight ${formatShape(weight.shape)} have no elements`);
  }
  if (bias === undefined) return;
  if (!(bias instanceof Tensor)) throw argumentError('conv2d', 'the bias', 'a tensor', bias, false);
  if (bias.ndim !== 1 || bias.size !== outputs) {
    throw new RangeError(
      `conv2d: the bias must be [${outputs}], one number for each output channel, got ${formatShape(bias.shape)}`,
    );
  }
}
