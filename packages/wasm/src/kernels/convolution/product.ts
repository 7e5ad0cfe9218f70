import type { Command, Features, Temporary } from '../../command.ts';
import type { ConvolutionDescription, Phase } from './geometry.ts';
import { packKernelsCommand } from './packFilter.ts';
import { patchProductCommand, type Cut } from './multiply.ts';
import { sliceDepth, sumCommand } from '../panels/sumSlices.ts';
import { panelElements } from '../panels/pack.ts';
import type { OffsetAxes } from '../panels/gather.ts';
import { evenly } from '../../emit/units.ts';
import { tileColumns, tileRows } from '../panels/tileBlock.ts';
import { tailCommand, type Tail } from '../../emit/epilogue.ts';

/** Planes of the output from this size on have their tail called part by part, while they are in cache. */
const smallestPlane = 32;

/** Multiply-adds of one chunk, about. */
const chunkWork = 1 << 21;

/** The commands for the outputs of one phase, as a product of matrices for each group. A tail
 * needs a phase of all outputs. */
export function productCommands(
  { images, kernels, output, shape, groups }: ConvolutionDescription,
  y: Phase,
  x: Phase,
  tail: Tail | undefined,
  features: Features,
): Command[] {
  const count = shape[0]!;
  const channels = kernels.view.shape[1]!;
  const rows = shape[1]! / groups;
  const depth = channels * y.taps * x.taps;
  const perImage = y.count * x.count;
  const columns = count * perImage;
  const bytes = (strides: readonly number[]) => strides.map((stride) => 4 * stride) as [number, number, number, number];
  const [imageBytes, channelBytes, rowBytes, columnBytes] = bytes(images.view.strides);
  const [outputBytes, inputBytes, kernelRowBytes, kernelColumnBytes] = bytes(kernels.view.strides);
  const plane = shape[2]! * shape[3]!;
  const kernelOffset = y.tap * kernelRowBytes + x.tap * kernelColumnBytes;

  const panels: Temporary = {
    kind: 'temporary',
    bytes: 4 * groups * panelElements(rows, depth, tileRows(features)),
  };
  const packKernels = packKernelsCommand(
    {
      from: { place: kernels.place, byteOffset: 4 * kernels.view.offset + kernelOffset },
      groups,
      groupBytes: rows * outputBytes,
      rows,
      rowBytes: outputBytes,
      depth,
      terms: axes(
        [channels, inputBytes],
        [y.taps, y.tapDistance * kernelRowBytes],
        [x.taps, x.tapDistance * kernelColumnBytes],
      ),
    },
    tileRows(features),
    panels,
  );

  const isWhole = y.step === 1 && x.step === 1;
  const { cut, slices } = cutProduct(groups, rows, columns, depth, isWhole, features);
  const inOutput = axes([count, 4 * shape[1]! * plane], [y.count, 4 * y.step * shape[3]!], [x.count, 4 * x.step]);
  const product = {
    images: {
      place: images.place,
      byteOffset: 4 * images.view.offset + y.from * rowBytes + x.from * columnBytes,
    },
    imageGroupBytes: channels * channelBytes,
    kernels: panels,
    groups,
    rows,
    columns,
    depth,
    terms: axes([channels, channelBytes], [y.taps, y.tapStep * rowBytes], [x.taps, x.tapStep * columnBytes]),
    columnsInImages: axes([count, imageBytes], [y.count, y.stride * rowBytes], [x.count, x.stride * columnBytes]),
    slices,
  };
  if (slices === 1) {
    const takesTail = tail !== undefined && plane >= smallestPlane;
    const whole = {
      ...product,
      output: { place: output, byteOffset: 4 * (y.first * shape[3]! + x.first) },
      columnsInOutput: inOutput,
      rowBytes: 4 * plane,
      sliceBytes: 0,
      tail: takesTail ? { tail, plane } : undefined,
    };
    const commands = [packKernels, patchProductCommand(whole, cut, features)];
    if (tail && !takesTail) commands.push(tailCommand(tail, count * shape[1]! * plane));
    return commands;
  }
  const sliceBytes = 4 * shape[1]! * columns;
  const sums: Temporary = { kind: 'temporary', bytes: slices * sliceBytes };
  const sliced = {
    ...product,
    output: { place: sums, byteOffset: 0 },
    columnsInOutput: axes([count, 4 * plane], [y.count, 4 * shape[3]!], [x.count, 4]),
    rowBytes: 4 * columns,
    sliceBytes,
    tail: undefined,
  };
  return [
    packKernels,
    patchProductCommand(sliced, cut, features),
    sumCommand(
      { from: sums, slices, images: count, channels: shape[1]!, plane, tail },
      { place: output, byteOffset: 0 },
    ),
  ];
}

function cutProduct(
  groups: number,
  rows: number,
  columns: number,
  depth: number,
  maySlice: boolean,
  features: Features,
): { cut: Cut; slices: number } {
  // Patches are gathered anew for each block of rows, so blocks are high; kernels are packed already.
  const rowsInChunk = evenly(rows, clamp((4 * chunkWork) / (64 * depth), 128, 512), tileRows(features));
  const columnsInChunk = evenly(columns, clamp(chunkWork / (rowsInChunk * depth), 64, 256), tileColumns);
  const chunks = groups * Math.ceil(rows / rowsInChunk) * Math.ceil(columns / columnsInChunk);
  const depthInSlice = maySlice ? sliceDepth(depth, chunks) : depth;
  return { cut: { rowsInChunk, columnsInChunk, depthInSlice }, slices: Math.ceil(depth / depthInSlice) };
}

function clamp(value: number, least: number, most: number): number {
  return Math.min(Math.max(value, least), most);
}

function axes(...all: readonly (readonly [size: number, byteStride: number])[]): OffsetAxes {
  return all.map(([size, byteStride]) => ({ size, byteStride })) as unknown as OffsetAxes;
}
