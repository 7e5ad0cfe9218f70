import { promoteTypes } from '../data/dtype.ts';
import { argumentError, checkInteger, checkOptions } from '../data/checks.ts';
import { at, dilate, formatShape, sizeOf } from '../data/shape.ts';
import { elementAt } from '../data/strided.ts';
import { batchInput } from '../graph/batching.ts';
import type { Node, Routine } from '../graph/primitive.ts';
import type { ConvolutionAttributes, Pair } from '../graph/routines.ts';
import { applyRoutine, Tensor } from '../graph/tensor.ts';
import { convolveImages } from '../portable/convolution.ts';
import { multiplyAddOf } from '../scalar/definitions.ts';
import { checkTensor } from './define.ts';
import { parsePadding, parsePair, type Padding2d, type Size2d } from './window.ts';

/**
 * Cross-correlation of an input [N, C, H, W] with a filter [O, C / groups, kh, kw], with result [N, O, H′, W′]. Both
 * gradients are convolutions again: the input's exchanges stride and input dilation; the filter's convolves the input with
 * the cotangent as filter.
 */
export const Convolution: Routine<'convolution'> = {
  kind: 'routine',
  name: 'convolution',
  run: (output, shape, [input, filter], { stride, padBefore, inputDilation, filterDilation, groups }) => {
    const [batch, outputs, height, width] = shape as [number, number, number, number];
    const [, , inputHeight, inputWidth] = input.view.shape as [number, number, number, number];
    const [, channels, filterHeight, filterWidth] = filter.view.shape as [number, number, number, number];
    /** The input coordinate that filter element k reads for an output coordinate; NaN between dilated input elements. */
    const coordinate = (axis: 0 | 1, out: number, k: number): number => {
      const dilated = out * stride[axis] - padBefore[axis] + k * filterDilation[axis];
      return dilated % inputDilation[axis] === 0 ? dilated / inputDilation[axis] : NaN;
    };
    const multiplyAdd = multiplyAddOf(output instanceof Int32Array);
    let next = 0;
    for (let n = 0; n < batch; n++) {
      for (let o = 0; o < outputs; o++) {
        const firstChannel = Math.floor(o / (outputs / groups)) * channels;
        for (let y = 0; y < height; y++) {
          for (let x = 0; x < width; x++) {
            let sum = 0;
            for (let c = 0; c < channels; c++) {
              for (let ky = 0; ky < filterHeight; ky++) {
                const inputY = coordinate(0, y, ky);
                for (let kx = 0; kx < filterWidth; kx++) {
                  const inputX = coordinate(1, x, kx);
                  if (Number.isNaN(inputY + inputX)) continue;
                  const inside = inputY >= 0 && inputY < inputHeight && inputX >= 0 && inputX < inputWidth;
                  const value = inside ? elementAt(input, n, firstChannel + c, inputY, inputX) : 0;
                  sum = multiplyAdd(sum, value, elementAt(filter, o, c, ky, kx));
                }
              }
            }
            output[next++] = sum;
          }
        }
      }
    }
  },
  runFast: convolveImages,
  multiplyAdds: (shape, [, filter]) => sizeOf(shape) * sizeOf(filter.slice(1)),
  vjp: (cotangent, output, input) => (input === 0 ? inputGradient : filterGradient)(cotangent, output),
  jvp: (tangent, { inputs: [input, filter], attributes }, index) =>
    index === 0 ? convolve(tangent, filter, attributes) : convolve(input, tangent, attributes),
  batch: ([input, filter], isBatched, { shape, attributes }, size) => {
    // A filter for all examples sees more images.
    if (!isBatched[1]) {
      return convolve(mergeAxes(input, 0, 1), filter, attributes).reshape([size, ...shape]);
    }
    // A filter for each example makes more groups: those of all examples side by side.
    const { groups } = attributes;
    const images = batchInput(input, isBatched[0], size).permute([1, 0, 2, 3, 4]);
    const result = convolve(mergeAxes(images, 1, 2), mergeAxes(filter, 0, 1), { ...attributes, groups: size * groups });
    const [count, outputs, height, width] = shape as Shape4;
    return result.reshape([count, size, outputs, height, width]).permute([1, 0, 2, 3, 4]);
  },
};

/** Merges two neighboring axes. */
function mergeAxes(x: Tensor, first: number, second: number): Tensor {
  return x.reshape([
    ...x.shape.slice(0, first),
    at(x.shape, first) * at(x.shape, second),
    ...x.shape.slice(second + 1),
  ]);
}

type ConvolutionNode = Node<readonly [Tensor, Tensor], ConvolutionAttributes>;
type Shape4 = [number, number, number, number];

/** Creates the node. Channels, groups and sizes must have been checked. */
function convolve(input: Tensor, filter: Tensor, attributes: ConvolutionAttributes): Tensor {
  const spatial = pair((i) => {
    const padded =
      dilate(at(input.shape, 2 + i), attributes.inputDilation[i]) + attributes.padBefore[i] + attributes.padAfter[i];
    const extent = dilate(at(filter.shape, 2 + i), attributes.filterDilation[i]);
    return Math.max(0, Math.floor((padded - extent) / attributes.stride[i]) + 1);
  });
  const shape = [at(input.shape, 0), at(filter.shape, 0), ...spatial];
  return applyRoutine(Convolution, [input, filter], { shape, dtype: input.dtype }, attributes);
}

function inputGradient(cotangent: Tensor, { inputs: [input, filter], attributes: a, shape }: ConvolutionNode): Tensor {
  const [out, perGroup, kh, kw] = filter.shape as Shape4;
  // [O, C/g, kh, kw] → [C, O/g, kh, kw]: exchanges input and output channels per group and rotates filters by 180°.
  const rotated = filter
    .reshape([a.groups, out / a.groups, perGroup, kh, kw])
    .permute([0, 2, 1, 3, 4])
    .reshape([a.groups * perGroup, out / a.groups, kh, kw])
    .flip([2, 3]);
  const extent = pair((i) => dilate(at(filter.shape, 2 + i), a.filterDilation[i]));
  const padBefore = pair((i) => extent[i] - 1 - a.padBefore[i]);
  return convolve(cotangent, rotated, {
    stride: a.inputDilation,
    padBefore,
    padAfter: pair(
      (i) =>
        dilate(at(input.shape, 2 + i), a.inputDilation[i]) -
        dilate(at(shape, 2 + i), a.stride[i]) +
        extent[i] -
        1 -
        padBefore[i],
    ),
    inputDilation: a.stride,
    filterDilation: a.filterDilation,
    groups: a.groups,
  });
}

function filterGradient(cotangent: Tensor, { inputs: [input, filter], attributes: a, shape }: ConvolutionNode): Tensor {
  const [batch, channels, height, width] = input.shape as Shape4;
  const [out, perGroup, kh, kw] = filter.shape as Shape4;
  // [N, C, H, W] → [C/g, g·N, H, W]: exchanges batch and channels per group, so that the convolution sums over the batch.
  const transposed = input
    .reshape([batch, a.groups, channels / a.groups, height, width])
    .permute([2, 1, 0, 3, 4])
    .reshape([perGroup, a.groups * batch, height, width]);
  const gradient = convolve(transposed, cotangent.permute([1, 0, 2, 3]), {
    stride: a.filterDilation,
    padBefore: a.padBefore,
    padAfter: pair(
      (i) =>
        dilate(at(filter.shape, 2 + i), a.filterDilation[i]) -
        1 +
        dilate(at(shape, 2 + i), a.stride[i]) -
        dilate(at(input.shape, 2 + i), a.inputDilation[i]) -
        a.padBefore[i],
    ),
    inputDilation: a.inputDilation,
    filterDilation: a.stride,
    groups: a.groups,
  });
  return gradient.permute([1, 0, 2, 3]).reshape([out, perGroup, kh, kw]);
}

function pair(of: (axis: 0 | 1) => number): Pair {
  return [of(0), of(1)];
}

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
}

/**
 * 2-D convolution (cross-correlation, PyTorch's `conv2d` without a bias) of images [N, C, H, W] with a weight
 * [O, C / groups, kh, kw]. The result is [N, O, H′, W′], where
 * H′ = ⌊(H + top + bottom − dilation·(kh − 1) − 1) / stride⌋ + 1, and W′ likewise. dtypes are promoted; bool becomes int32.
 * @throws {TypeError} if an operand is not a tensor.
 * @throws {RangeError} if ranks, channels or groups do not match, an option is out of range, or the filter exceeds the
 *   padded images.
 */
export function conv2d(x: Tensor, weight: Tensor, options: Conv2dOptions = {}): Tensor {
  checkTensor('conv2d', x);
  if (!(weight instanceof Tensor)) throw argumentError('conv2d', 'the weight', 'a tensor', weight, false);
  checkOptions('conv2d', options, ['stride', 'padding', 'dilation', 'groups']);
  const { groups = 1 } = options;
  checkShapes(x, weight, groups);
  const stride = parsePair('conv2d', 'stride', options.stride ?? 1, 1);
  const dilation = parsePair('conv2d', 'dilation', options.dilation ?? 1, 1);
  const extent = pair((i) => dilate(at(weight.shape, 2 + i), dilation[i]));
  const { before, after } = parsePadding('conv2d', options.padding ?? 0, x, extent, stride);
  const dtype = promoteTypes(promoteTypes(x.dtype, weight.dtype), 'int32');
  return convolve(x.astype(dtype), weight.astype(dtype), {
    stride,
    padBefore: before,
    padAfter: after,
    inputDilation: [1, 1],
    filterDilation: dilation,
    groups,
  });
}

function checkShapes(x: Tensor, weight: Tensor, groups: number): void {
  if (x.ndim !== 4 || weight.ndim !== 4) {
    throw new RangeError(
      `conv2d: expected images [N, C, H, W] and a weight [O, C / groups, kh, kw], got ${formatShape(x.shape)} and ` +
        formatShape(weight.shape),
    );
  }
  checkInteger('conv2d', 'groups', groups, { min: 1 });
  const [outputs, perGroup, height, width] = weight.shape as Shape4;
  if (outputs % groups !== 0 || x.shape[1] !== perGroup * groups) {
    throw new RangeError(
      `conv2d: images ${formatShape(x.shape)} have ${x.shape[1]} channels, but the weight ${formatShape(weight.shape)} in ` +
        `${groups} group(s) needs ${perGroup * groups}, and its ${outputs} output channels must be divisible by ${groups}`,
    );
  }
  if (height === 0 || width === 0) {
    throw new RangeError(`conv2d: the filters of the weight ${formatShape(weight.shape)} have no elements`);
  }
}
