import { allocate, type TypedArray } from '../data/dtype.ts';
import { rowMajorStrides, type Shape } from '../data/shape.ts';
import type { ConvolutionAttributes } from '../ops/convolutionRecord.ts';
import { multiplyPanels, panelIndex, panelSize } from './panels.ts';
import type { Strided } from '../graph/primitive.ts';

// The reference's convolution: a product of matrices, kernels [outputs, taps] times patches [taps, output positions],
// for each group and each phase.

/**
 * With dilated input most kernel elements meet only the zeros between input elements. Along one axis a phase is the
 * output coordinates that meet the same kernel elements, and these elements; the others are left out.
 */
interface Phase {
  /** Output coordinates. */
  readonly at: readonly number[];
  /** Kernel elements. */
  readonly taps: readonly number[];
  /** The input coordinate that tap k meets at output `at[i]`, in `meets[i * taps.length + k]`; −1 outside the input. */
  readonly meets: Int32Array;
}

/** At most this many elements of patches are gathered at a time. */
const chunkElements = 1 << 20;

export function correlate(
  output: TypedArray,
  shape: Shape,
  images: Strided,
  kernels: Strided,
  attributes: ConvolutionAttributes,
): void {
  const rows = phases(0, shape, images, kernels, attributes);
  const columns = phases(1, shape, images, kernels, attributes);
  output.fill(0);
  for (let group = 0; group < attributes.groups; group++) {
    for (const y of rows)
      for (const x of columns) correlatePhase(output, shape, images, kernels, group, attributes, y, x);
  }
}

function phases(axis: 0 | 1, shape: Shape, images: Strided, kernels: Strided, a: ConvolutionAttributes): Phase[] {
  const dilation = a.inputDilation[axis];
  const place = (out: number, k: number): number => out * a.stride[axis] - a.low[axis] + k * a.filterDilation[axis];
  const result: Phase[] = [];
  for (let first = 0; first < dilation && first < shape[2 + axis]!; first++) {
    const at: number[] = [];
    for (let out = first; out < shape[2 + axis]!; out += dilation) at.push(out);
    const taps: number[] = [];
    for (let k = 0; k < kernels.view.shape[2 + axis]!; k++) if (place(first, k) % dilation === 0) taps.push(k);
    const meets = Int32Array.from(
      at.flatMap((out) =>
        taps.map((k) => {
          const coordinate = place(out, k) / dilation;
          return coordinate < images.view.shape[2 + axis]! ? Math.max(-1, coordinate) : -1;
        }),
      ),
    );
    if (taps.length > 0) result.push({ at, taps, meets });
  }
  return result;
}

function correlatePhase(
  output: TypedArray,
  shape: Shape,
  images: Strided,
  kernels: Strided,
  group: number,
  { groups }: ConvolutionAttributes,
  ys: Phase,
  xs: Phase,
): void {
  const channels = kernels.view.shape[1]!;
  const outputs = shape[1]! / groups;
  const depth = channels * ys.taps.length * xs.taps.length;
  const dtype = output instanceof Float32Array ? 'float32' : 'float64';
  const left = allocate(dtype, panelSize(outputs, depth));
  packKernels(left, kernels, outputs, group * outputs, ys.taps, xs.taps);

  const [batchStride, channelStride, yStride] = rowMajorStrides(shape) as [number, number, number];
  const perImage = ys.at.length * xs.at.length;
  const positions = shape[0]! * perImage;
  const chunk = Math.min(positions, Math.max(4, Math.floor(chunkElements / depth)));
  const patches = allocate(dtype, panelSize(chunk, depth));
  const columns = new Int32Array(chunk);
  for (let start = 0; start < positions; start += chunk) {
    const count = Math.min(chunk, positions - start);
    for (let j = 0; j < count; j++) {
      const n = Math.floor((start + j) / perImage);
      const i = Math.floor((start + j) / xs.at.length) % ys.at.length;
      const k = (start + j) % xs.at.length;
      columns[j] = n * batchStride + ys.at[i]! * yStride + xs.at[k]!;
      packPatch(patches, panelIndex(j, 0, depth), images, n, group * channels, channels, ys, i, xs, k);
    }
    multiplyPanels(
      left,
      patches,
      outputs,
      count,
      depth,
      output,
      group * outputs * channelStride,
      channelStride,
      columns,
    );
  }
}

/** The input elements that output position (n, at[i], at[k]) meets, as a column of panels. */
function packPatch(
  into: TypedArray,
  to: number,
  { values, view }: Strided,
  n: number,
  firstChannel: number,
  channels: number,
  ys: Phase,
  i: number,
  xs: Phase,
  k: number,
): void {
  const [batchStride, channelStride, yStride, xStride] = view.strides as [number, number, number, number];
  const height = ys.taps.length;
  const width = xs.taps.length;
  for (let c = 0; c < channels; c++) {
    const image = view.offset + n * batchStride + (firstChannel + c) * channelStride;
    for (let tapY = 0; tapY < height; tapY++) {
      const y = ys.meets[i * height + tapY]!;
      const row = image + y * yStride;
      for (let tapX = 0; tapX < width; tapX++, to += 4) {
        const x = xs.meets[k * width + tapX]!;
        into[to] = y < 0 || x < 0 ? 0 : values[row + x * xStride]!;
      }
    }
  }
}

function packKernels(
  into: TypedArray,
  { values, view }: Strided,
  outputs: number,
  firstOutput: number,
  ys: readonly number[],
  xs: readonly number[],
): void {
  const [outputStride, channelStride, yStride, xStride] = view.strides as [number, number, number, number];
  const depth = view.shape[1]! * ys.length * xs.length;
  for (let row = 0; row < outputs; row++) {
    let to = panelIndex(row, 0, depth);
    for (let channel = 0; channel < view.shape[1]!; channel++) {
      const kernel = view.offset + (firstOutput + row) * outputStride + channel * channelStride;
      for (const y of ys) {
        for (const x of xs) {
          into[to] = values[kernel + y * yStride + x * xStride]!;
          to += 4;
        }
      }
    }
  }
}
