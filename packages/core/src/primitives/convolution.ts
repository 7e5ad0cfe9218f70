import { allocate } from '../dtype.ts';
import { rowMajorStrides, type Shape } from '../shape.ts';
import { Tensor } from '../tensor.ts';
import { dilated } from './movement.ts';
import { multiplyPanels, panelIndex, panelSize } from './panels.ts';
import type { Routine, Strided } from './primitive.ts';

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
  readonly kernelDilation: Pair;
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
  run: (output, shape, [images, kernels], attributes) => {
    const a = attributes as ConvolutionAttributes;
    const rows = phases(0, shape[2]!, kernels!.view.shape[2]!, a);
    const columns = phases(1, shape[3]!, kernels!.view.shape[3]!, a);
    output.fill(0);
    for (let group = 0; group < a.groups; group++) {
      for (const y of rows) for (const x of columns) runPhase(output, shape, images!, kernels!, a, group, y, x);
    }
  },
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
    const extent = dilated(kernels.shape[2 + i]!, attributes.kernelDilation[i]);
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
  const extent = pair((i) => dilated(kernels.shape[2 + i]!, a.kernelDilation[i]!));
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
    kernelDilation: a.kernelDilation,
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
    stride: a.kernelDilation,
    low: a.low,
    high: pair(
      (i) =>
        dilated(kernels.shape[2 + i]!, a.kernelDilation[i]!) -
        1 +
        dilated(output.shape[2 + i]!, a.stride[i]!) -
        dilated(images.shape[2 + i]!, a.inputDilation[i]!) -
        a.low[i]!,
    ),
    inputDilation: a.inputDilation,
    kernelDilation: a.stride,
    groups: a.groups,
  });
  return gradient.permute([1, 0, 2, 3]).reshape([out, perGroup, kh, kw]);
}

/** Output coordinates on one axis that meet the same kernel elements: with dilated input, the others meet only zeros. */
interface Phase {
  /** Output coordinates. */
  readonly at: readonly number[];
  /** Kernel elements, and where they fall on the input axis for each output coordinate: `taps[k].from + …`. */
  readonly taps: readonly number[];
}

function phases(axis: 0 | 1, length: number, kernel: number, a: ConvolutionAttributes): Phase[] {
  const dilation = a.inputDilation[axis];
  const result: Phase[] = [];
  for (let first = 0; first < dilation && first < length; first++) {
    const at: number[] = [];
    for (let out = first; out < length; out += dilation) at.push(out);
    const taps: number[] = [];
    for (let k = 0; k < kernel; k++) if (place(axis, first, k, a) % dilation === 0) taps.push(k);
    if (taps.length > 0) result.push({ at, taps });
  }
  return result;
}

/** Where kernel element k meets the dilated input for an output coordinate. */
function place(axis: 0 | 1, out: number, k: number, a: ConvolutionAttributes): number {
  return out * a.stride[axis] - a.low[axis] + k * a.kernelDilation[axis];
}

/** At most this many elements of patches are gathered at a time. */
const chunkElements = 1 << 20;

/** One group and one phase, as a product of matrices: kernels [O, taps] times patches [taps, output positions]. */
function runPhase(
  output: Parameters<Routine['run']>[0],
  shape: Shape,
  images: Strided,
  kernels: Strided,
  a: ConvolutionAttributes,
  group: number,
  ys: Phase,
  xs: Phase,
): void {
  const perGroup = kernels.view.shape[1]!;
  const rows = shape[1]! / a.groups;
  const depth = perGroup * ys.taps.length * xs.taps.length;
  const dtype = output instanceof Float32Array ? 'float32' : 'float64';
  const left = allocate(dtype, panelSize(rows, depth));
  packKernels(left, kernels, rows, group * rows, ys.taps, xs.taps);

  const [batchStride, rowStride, yStride] = rowMajorStrides(shape) as [number, number, number];
  const positions = shape[0]! * ys.at.length * xs.at.length;
  const chunk = Math.max(4, Math.min(positions, Math.floor(chunkElements / Math.max(1, depth))) & ~3);
  const patches = allocate(dtype, panelSize(Math.min(chunk, positions), depth));
  const columns = new Int32Array(Math.min(chunk, positions));
  for (let start = 0; start < positions; start += chunk) {
    const count = Math.min(chunk, positions - start);
    for (let j = 0; j < count; j++) {
      const n = Math.floor((start + j) / (ys.at.length * xs.at.length));
      const y = ys.at[Math.floor((start + j) / xs.at.length) % ys.at.length]!;
      const x = xs.at[(start + j) % xs.at.length]!;
      columns[j] = n * batchStride + y * yStride + x;
      gather(patches, j, depth, images, group * perGroup, perGroup, n, y, x, ys.taps, xs.taps, a);
    }
    multiplyPanels(left, patches, rows, count, depth, output, group * rows * rowStride, rowStride, columns);
  }
}

function packKernels(
  into: ReturnType<typeof allocate>,
  { values, view }: Strided,
  rows: number,
  firstRow: number,
  ys: readonly number[],
  xs: readonly number[],
): void {
  const [so, sc, sy, sx] = view.strides as [number, number, number, number];
  const depth = view.shape[1]! * ys.length * xs.length;
  for (let row = 0; row < rows; row++) {
    let to = panelIndex(row, 0, depth);
    for (let channel = 0; channel < view.shape[1]!; channel++) {
      const base = view.offset + (firstRow + row) * so + channel * sc;
      for (const ky of ys)
        for (const kx of xs) {
          into[to] = values[base + ky * sy + kx * sx]!;
          to += 4;
        }
    }
  }
}

/** The patch of input elements that output position (n, y, x) meets, as column j of the panels. */
function gather(
  into: ReturnType<typeof allocate>,
  j: number,
  depth: number,
  { values, view }: Strided,
  firstChannel: number,
  channels: number,
  n: number,
  y: number,
  x: number,
  ys: readonly number[],
  xs: readonly number[],
  a: ConvolutionAttributes,
): void {
  const [sn, sc, sy, sx] = view.strides as [number, number, number, number];
  const height = view.shape[2]!;
  const width = view.shape[3]!;
  const [dilationY, dilationX] = a.inputDilation;
  const topLeft = [y * a.stride[0] - a.low[0], x * a.stride[1] - a.low[1]] as const;
  const [kernelY, kernelX] = a.kernelDilation;
  let to = panelIndex(j, 0, depth);
  for (let c = 0; c < channels; c++) {
    const base = view.offset + n * sn + (firstChannel + c) * sc;
    for (let i = 0; i < ys.length; i++) {
      const iy = (topLeft[0] + ys[i]! * kernelY) / dilationY;
      const row = base + iy * sy;
      const inside = iy >= 0 && iy < height;
      for (let k = 0; k < xs.length; k++, to += 4) {
        const ix = (topLeft[1] + xs[k]! * kernelX) / dilationX;
        into[to] = inside && ix >= 0 && ix < width ? values[row + ix * sx]! : 0;
      }
    }
  }
}

function pair(of: (axis: 0 | 1) => number): Pair {
  return [of(0), of(1)];
}
