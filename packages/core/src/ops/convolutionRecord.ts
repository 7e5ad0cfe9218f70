import { sizeOf } from '../data/shape.ts';
import { Tensor } from '../graph/tensor.ts';
import { correlate } from '../reference/convolution.ts';
import { dilated } from './movementRecords.ts';
import type { Routine } from '../graph/primitive.ts';

type Pair = readonly [number, number];

/** The general form: closed under differentiation. Each pair is for height and width. */
export type ConvolutionAttributes = {
  readonly stride: Pair;
  /** Rows and columns of zeros before the first element; negative ones cut off. */
  readonly low: Pair;
  /** The same after the last. */
  readonly high: Pair;
  /** The distance of input elements, with zeros between them (a transposed convolution's stride). */
  readonly inputDilation: Pair;
  /** The distance of kernel elements. */
  readonly filterDilation: Pair;
  readonly groups: number;
};

/**
 * Cross-correlation of images [N, C, H, W] with kernels [O, C / groups, kh, kw], to [N, O, H′, W′].
 * Both gradients are convolutions again: for the input with kernel and stride exchanged for dilation, for the kernel
 * with images as kernels.
 */
export const convolution: Routine = {
  kind: 'routine',
  name: 'convolution',
  run: (output, shape, [images, kernels], attributes) =>
    correlate(output, shape, images!, kernels!, attributes as ConvolutionAttributes),
  multiplyAdds: (shape, [, kernels]) => sizeOf(shape) * sizeOf(kernels!.slice(1)),
  vjp: (cotangent, output, input) => (input === 0 ? inputGradient : kernelGradient)(cotangent, output),
  jvp: (tangent, output, input) => {
    const [images, kernels] = output.inputs as [Tensor, Tensor];
    const a = output.attributes as ConvolutionAttributes;
    return input === 0 ? convolve(tangent, kernels, a) : convolve(images, tangent, a);
  },
};

/** The node. Channels, groups and sizes have been checked. */
export function convolve(images: Tensor, kernels: Tensor, attributes: ConvolutionAttributes): Tensor {
  const spatial = ([0, 1] as const).map((i) => {
    const room = dilated(images.shape[2 + i]!, attributes.inputDilation[i]) + attributes.low[i] + attributes.high[i];
    const extent = dilated(kernels.shape[2 + i]!, attributes.filterDilation[i]);
    return Math.max(0, Math.floor((room - extent) / attributes.stride[i]) + 1);
  });
  const shape = [images.shape[0]!, kernels.shape[0]!, ...spatial];
  return new Tensor(convolution, [images, kernels], { shape, dtype: images.dtype }, attributes);
}

function inputGradient(cotangent: Tensor, output: Tensor): Tensor {
  const [images, kernels] = output.inputs as [Tensor, Tensor];
  const a = output.attributes as ConvolutionAttributes;
  const [out, perGroup, kh, kw] = kernels.shape as [number, number, number, number];
  // [O, C/g] → [C, O/g]: each group's kernels with inputs and outputs exchanged, rotated by half a turn.
  const turned = kernels
    .reshape([a.groups, out / a.groups, perGroup, kh, kw])
    .permute([0, 2, 1, 3, 4])
    .reshape([a.groups * perGroup, out / a.groups, kh, kw])
    .flip([2, 3]);
  const extent = pair((i) => dilated(kernels.shape[2 + i]!, a.filterDilation[i]!));
  const low = pair((i) => extent[i]! - 1 - a.low[i]!);
  return convolve(cotangent, turned, {
    stride: a.inputDilation,
    low,
    high: pair(
      (i) =>
        dilated(images.shape[2 + i]!, a.inputDilation[i]!) -
        dilated(output.shape[2 + i]!, a.stride[i]!) +
        extent[i]! -
        1 -
        low[i]!,
    ),
    inputDilation: a.stride,
    filterDilation: a.filterDilation,
    groups: a.groups,
  });
}

function kernelGradient(cotangent: Tensor, output: Tensor): Tensor {
  const [images, kernels] = output.inputs as [Tensor, Tensor];
  const a = output.attributes as ConvolutionAttributes;
  const [batch, channels, height, width] = images.shape as [number, number, number, number];
  const [out, perGroup, kh, kw] = kernels.shape as [number, number, number, number];
  // Channels become the batch, and the batch becomes the channels that are summed over, group by group.
  const asImages = images
    .reshape([batch, a.groups, channels / a.groups, height, width])
    .permute([2, 1, 0, 3, 4])
    .reshape([perGroup, a.groups * batch, height, width]);
  const asKernels = cotangent.permute([1, 0, 2, 3]);
  const gradient = convolve(asImages, asKernels, {
    stride: a.filterDilation,
    low: a.low,
    high: pair(
      (i) =>
        dilated(kernels.shape[2 + i]!, a.filterDilation[i]!) -
        1 +
        dilated(output.shape[2 + i]!, a.stride[i]!) -
        dilated(images.shape[2 + i]!, a.inputDilation[i]!) -
        a.low[i]!,
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
