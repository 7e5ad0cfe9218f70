import type { Command, Features, Scratch } from '../../command.ts';
import { epilogueCommand, type Epilogue } from '../../emit/epilogue.ts';
import { clamp, evenPartSize } from '../../emit/units.ts';
import type { OffsetAxes } from '../panels/gather.ts';
import { panelElements } from '../panels/pack.ts';
import { sliceDepth, sumSlicesCommand } from '../panels/sumSlices.ts';
import { tileShape, type TileShape } from '../panels/tileShape.ts';
import { startsOf, type Convolution, type Phase } from './geometry.ts';
import { patchProductCommand, type Cut } from './multiply.ts';
import { packFilterCommand } from './packFilter.ts';

/** Output planes of at least this size get the epilogue part by part, while they are in cache. */
const minPlane = 32;

/** The number of multiply-adds in a chunk, approximately. */
const chunkWork = 1 << 21;

/**
 * The commands for the outputs of a phase, as a matrix product for each group. An epilogue requires a phase of all
 * outputs.
 */
export function productCommands(
  convolution: Convolution,
  y: Phase,
  x: Phase,
  epilogue: Epilogue | undefined,
  features: Features,
): Command[] {
  const { input, filter, output, shape, groups } = convolution;
  const starts = startsOf(convolution, y, x);
  const count = shape[0]!;
  const channels = filter.view.shape[1]!;
  const rows = shape[1]! / groups;
  const depth = channels * y.taps * x.taps;
  const perImage = y.count * x.count;
  const columns = count * perImage;
  const bytes = (strides: readonly number[]) => strides.map((stride) => 4 * stride) as [number, number, number, number];
  const [imageBytes, channelBytes, rowBytes, columnBytes] = bytes(input.view.strides);
  const [outputBytes, inputBytes, filterRowBytes, filterColumnBytes] = bytes(filter.view.strides);
  const plane = shape[2]! * shape[3]!;

  const tile = tileShape(features);
  const panels: Scratch = {
    kind: 'scratch',
    bytes: 4 * groups * panelElements(rows, depth, tile.rows),
  };
  const packFilter = packFilterCommand(
    {
      from: starts.filter,
      groups,
      groupBytes: rows * outputBytes,
      rows,
      rowBytes: outputBytes,
      depth,
      terms: axes(
        [channels, inputBytes],
        [y.taps, y.tapDistance * filterRowBytes],
        [x.taps, x.tapDistance * filterColumnBytes],
      ),
    },
    tile.rows,
    panels,
  );

  const isWhole = y.step === 1 && x.step === 1;
  const { cut, slices } = cutProduct(groups, rows, columns, depth, isWhole, tile);
  const inOutput = axes([count, 4 * shape[1]! * plane], [y.count, 4 * y.step * shape[3]!], [x.count, 4 * x.step]);
  const product = {
    input: starts.input,
    inputGroupBytes: channels * channelBytes,
    filter: panels,
    groups,
    rows,
    columns,
    depth,
    terms: axes([channels, channelBytes], [y.taps, y.tapStep * rowBytes], [x.taps, x.tapStep * columnBytes]),
    columnsInInput: axes([count, imageBytes], [y.count, y.stride * rowBytes], [x.count, x.stride * columnBytes]),
    slices,
  };
  if (slices === 1) {
    const takesEpilogue = epilogue !== undefined && plane >= minPlane;
    const whole = {
      ...product,
      output: starts.output,
      columnsInOutput: inOutput,
      rowBytes: 4 * plane,
      sliceBytes: 0,
      epilogue: takesEpilogue ? { epilogue, plane } : undefined,
    };
    const commands = [packFilter, patchProductCommand(whole, cut, features)];
    if (epilogue && !takesEpilogue) commands.push(epilogueCommand(epilogue, count * shape[1]! * plane));
    return commands;
  }
  const sliceBytes = 4 * shape[1]! * columns;
  const sums: Scratch = { kind: 'scratch', bytes: slices * sliceBytes };
  const sliced = {
    ...product,
    output: { slot: sums, byteOffset: 0 },
    columnsInOutput: axes([count, 4 * plane], [y.count, 4 * shape[3]!], [x.count, 4]),
    rowBytes: 4 * columns,
    sliceBytes,
    epilogue: undefined,
  };
  return [
    packFilter,
    patchProductCommand(sliced, cut, features),
    sumSlicesCommand({ from: sums, slices, images: count, channels: shape[1]!, plane, epilogue }, output),
  ];
}

function cutProduct(
  groups: number,
  rows: number,
  columns: number,
  depth: number,
  maySlice: boolean,
  tile: TileShape,
): { cut: Cut; slices: number } {
  // Patches are gathered again for each block of rows, so blocks are high; the filter is packed already.
  const maxRows = clamp((4 * chunkWork) / (64 * depth), 128, 512);
  const maxColumns = clamp(chunkWork / (Math.min(rows, maxRows) * depth), 64, 256);
  // The number of slices decides how results are rounded, so it must not depend on the tile.
  const chunks = groups * Math.ceil(rows / maxRows) * Math.ceil(columns / maxColumns);
  const depthInSlice = maySlice ? sliceDepth(depth, chunks) : depth;
  const rowsInChunk = evenPartSize(rows, maxRows, tile.rows);
  const columnsInChunk = evenPartSize(columns, maxColumns, tile.columns);
  return { cut: { rowsInChunk, columnsInChunk, depthInSlice }, slices: Math.ceil(depth / depthInSlice) };
}

type Axis = readonly [size: number, byteStride: number];

function axes(outer: Axis, middle: Axis, inner: Axis): OffsetAxes {
  const axis = ([size, byteStride]: Axis) => ({ size, byteStride });
  return [axis(outer), axis(middle), axis(inner)];
}
