// Convolution as matrix products (im2col), one for each group and each phase of a dilated input: filters
// [output channels, taps] times patches [taps, output positions].
import type { TypedArray } from '../data/dtype.ts';
import { rowMajorStrides, type Shape } from '../data/shape.ts';
import type { Strided } from '../data/strided.ts';
import type { ConvolutionAttributes } from '../graph/routines.ts';
import { allocatePanels, multiplyPanels, panelIndex } from './panels.ts';

/**
 * A phase of an axis: the output coordinates that read input elements through the same filter elements. If the input is
 * dilated, the other filter elements meet the zeros between input elements and are skipped.
 */
interface Phase {
  /** Output coordinates. */
  readonly outputs: readonly number[];
  /** Coordinates of filter elements. */
  readonly taps: readonly number[];
  /** The input coordinate of tap k at `outputs[i]` is `inputs[i * taps.length + k]`; −1 outside the input. */
  readonly inputs: Int32Array;
}

interface Problem {
  readonly output: TypedArray;
  readonly shape: Shape;
  readonly input: Strided;
  readonly filter: Strided;
  readonly attributes: ConvolutionAttributes;
}

/** The maximum number of elements of the patches that are packed at a time. */
const maxPatchElements = 1 << 20;

/** The fast version of `Convolution.run` (ops/convolve.ts): bitwise equal, through packed panels. */
export function convolveImages(
  output: TypedArray,
  shape: Shape,
  [input, filter]: readonly [Strided, Strided],
  attributes: ConvolutionAttributes,
): void {
  const problem = { output, shape, input, filter, attributes };
  const rows = phasesOf(0, problem);
  const columns = phasesOf(1, problem);
  output.fill(0);
  for (let group = 0; group < attributes.groups; group++) {
    for (const y of rows) for (const x of columns) convolvePhase(problem, group, y, x);
  }
}

function phasesOf(axis: 0 | 1, { shape, input, filter, attributes }: Problem): Phase[] {
  const { stride, padBefore, filterDilation } = attributes;
  const dilation = attributes.inputDilation[axis];
  const dilatedCoordinate = (out: number, k: number): number =>
    out * stride[axis] - padBefore[axis] + k * filterDilation[axis];
  const length = shape[2 + axis]!;
  const result: Phase[] = [];
  for (let first = 0; first < dilation && first < length; first++) {
    const outputs: number[] = [];
    for (let out = first; out < length; out += dilation) outputs.push(out);
    const taps: number[] = [];
    for (let k = 0; k < filter.view.shape[2 + axis]!; k++)
      if (dilatedCoordinate(first, k) % dilation === 0) taps.push(k);
    const inputCoordinate = (out: number, k: number): number => {
      const inputIndex = dilatedCoordinate(out, k) / dilation;
      return inputIndex < input.view.shape[2 + axis]! ? Math.max(-1, inputIndex) : -1;
    };
    const inputs = Int32Array.from(outputs.flatMap((out) => taps.map((k) => inputCoordinate(out, k))));
    if (taps.length > 0) result.push({ outputs, taps, inputs });
  }
  return result;
}

function convolvePhase(problem: Problem, group: number, ys: Phase, xs: Phase): void {
  const { output, shape, filter, attributes } = problem;
  const channels = filter.view.shape[1]!;
  const outputs = shape[1]! / attributes.groups;
  const depth = channels * ys.taps.length * xs.taps.length;
  const filters = allocatePanels(output, outputs, depth);
  packFilters(filters, filter, { first: group * outputs, count: outputs }, ys.taps, xs.taps);

  const [batchStride, channelStride, rowStride] = rowMajorStrides(shape) as [number, number, number];
  const perImage = ys.outputs.length * xs.outputs.length;
  const positions = shape[0]! * perImage;
  const chunk = Math.min(positions, Math.max(4, Math.floor(maxPatchElements / depth)));
  const patches = allocatePanels(output, chunk, depth);
  const columnOffsets = new Int32Array(chunk);
  const target = { values: output, offset: group * outputs * channelStride, rowStride: channelStride, columnOffsets };
  for (let start = 0; start < positions; start += chunk) {
    const count = Math.min(chunk, positions - start);
    for (let j = 0; j < count; j++) {
      const n = Math.floor((start + j) / perImage);
      const i = Math.floor((start + j) / xs.outputs.length) % ys.outputs.length;
      const k = (start + j) % xs.outputs.length;
      columnOffsets[j] = n * batchStride + ys.outputs[i]! * rowStride + xs.outputs[k]!;
      packPatch(patches, panelIndex(j, 0, depth), problem, { n, firstChannel: group * channels, ys, i, xs, k });
    }
    multiplyPanels(filters, patches, outputs, count, depth, target);
  }
}

/** The output position (`n`, `ys.outputs[i]`, `xs.outputs[k]`) for one group. */
interface Position {
  readonly n: number;
  readonly firstChannel: number;
  readonly ys: Phase;
  readonly i: number;
  readonly xs: Phase;
  readonly k: number;
}

/** Packs the input elements that an output position reads as a column of panels, from index `to` on. */
function packPatch(
  panels: TypedArray,
  to: number,
  { input: { values, view }, filter }: Problem,
  { n, firstChannel, ys, i, xs, k }: Position,
): void {
  const [batchStride, channelStride, rowStride, columnStride] = view.strides as [number, number, number, number];
  const height = ys.taps.length;
  const width = xs.taps.length;
  const channels = filter.view.shape[1]!;
  for (let c = 0; c < channels; c++) {
    const image = view.offset + n * batchStride + (firstChannel + c) * channelStride;
    for (let tapY = 0; tapY < height; tapY++) {
      const y = ys.inputs[i * height + tapY]!;
      const row = image + y * rowStride;
      for (let tapX = 0; tapX < width; tapX++, to += 4) {
        const x = xs.inputs[k * width + tapX]!;
        panels[to] = y < 0 || x < 0 ? 0 : values[row + x * columnStride]!;
      }
    }
  }
}

/** Packs the taps of the filters of some output channels as rows of panels. */
function packFilters(
  panels: TypedArray,
  { values, view }: Strided,
  outputs: { readonly first: number; readonly count: number },
  ys: readonly number[],
  xs: readonly number[],
): void {
  const [outputStride, channelStride, rowStride, columnStride] = view.strides as [number, number, number, number];
  const depth = view.shape[1]! * ys.length * xs.length;
  for (let row = 0; row < outputs.count; row++) {
    let to = panelIndex(row, 0, depth);
    for (let channel = 0; channel < view.shape[1]!; channel++) {
      const start = view.offset + (outputs.first + row) * outputStride + channel * channelStride;
      for (const y of ys) {
        for (const x of xs) {
          panels[to] = values[start + y * rowStride + x * columnStride]!;
          to += 4;
        }
      }
    }
  }
}
