// The routine of convolutions and its rules.
import { at, dilate, sizeOf } from '../data/shape.ts';
import { elementAt } from '../data/strided.ts';
import { batchInput } from '../graph/batching.ts';
import type { Node, Routine } from '../graph/primitive.ts';
import type { ConvolutionAttributes, Pair } from '../graph/routines.ts';
import { applyRoutine, type Tensor } from '../graph/tensor.ts';
import { convolveImages } from '../portable/convolution.ts';
import { multiplyAddOf } from '../scalar/definitions.ts';

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
export type Shape4 = [number, number, number, number];

/** Creates the node. Channels, groups and sizes must have been checked. */
export function convolve(input: Tensor, filter: Tensor, attributes: ConvolutionAttributes): Tensor {
  const spatial = pair((i) => {
    const padded =
      dilate(at(input.shape, 2 + i), attributes.inputDilation[i]) + attributes.padBefore[i] + attributes.padAfter[i];
    const extent = dilate(at(filter.shape, 2 + i), attributes.filterDilation[i]);
    return Math.max(0, Math.floor((padded - extent) / attributes.stride[i]) + 1);
  });
  const shape = [at(input.shape, 0), at(filter.shape, 0), ...spatial];
  return applyRoutine(Convolution, [input, filter], { shape, dtype: input.dtype }, attributes);
}

function inputGradient(cotangent: Tensor, { inputs: [input, filter], attributes }: ConvolutionNode): Tensor {
  return convolveTranspose(
    cotangent,
    filter,
    pair((i) => at(input.shape, 2 + i)),
    attributes,
  );
}

/**
 * The transpose of a convolution with respect to its input, from [N, O, H′, W′] to [N, C, H, W]: itself a convolution. Adds
 * each element, times the filter, to the positions that the convolution reads for it.
 * @param size [H, W]
 * @param a attributes of the convolution. Shapes must have been checked.
 */
export function convolveTranspose(cotangent: Tensor, filter: Tensor, size: Pair, a: ConvolutionAttributes): Tensor {
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
        dilate(size[i], a.inputDilation[i]) -
        dilate(at(cotangent.shape, 2 + i), a.stride[i]) +
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

/** A number for the height, and one for the width. */
export function pair(of: (axis: 0 | 1) => number): Pair {
  return [of(0), of(1)];
}
