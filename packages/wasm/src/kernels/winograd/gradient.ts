import {
  i32,
  memory,
  type Code,
  type FunctionRef,
  type Local,
  type ModuleBuilder,
  type Statement,
  type Value,
} from '../../assembler/index.ts';
import type { Command, Features, Scratch } from '../../command.ts';
import { epilogueCommand } from '../../emit/epilogue.ts';
import { kernelCode } from '../../emit/kernelCode.ts';
import { divideUp, emitMin } from '../../emit/units.ts';
import { packWords, readWords } from '../../emit/words.ts';
import type { Convolution } from '../convolution/geometry.ts';
import { addSlicesCommand } from './addSlices.ts';
import { layOutWorkspace, panelWidthFor, pointBytes } from './layout.ts';
import { defineTransformChannels } from './patches.ts';
import { defineAccumulateProduct } from './products.ts';
import { defineStoreGradient } from './store.ts';
import {
  countBlocks,
  defineCopyStrip,
  defineListRows,
  defineListTiles,
  gridNames,
  maxBlockTiles,
  maxStripRows,
  rowTableBytes,
  sourceNames,
  stripSource,
  tileEntry,
  type TileGrid,
} from './tiles.ts';
import { points } from './transforms.ts';

const filterSourceNames = sourceNames.map((name) => `${name}OfFilter` as const);

const names = [
  ...gridNames,
  ...sourceNames,
  ...filterSourceNames,
  'input',
  'filter',
  'output',
  'channels',
  'outputs',
  'channelBytes',
  'filterBytes',
  'channelsInPart',
  'outputsInPart',
  'channelParts',
  'outputParts',
  'blocks',
  'blocksInSlice',
  'sliceBytes',
  'patchPointBytes',
  'tilePointBytes',
  'sumPointBytes',
  'rowsAt',
  'filterRowsAt',
  'stripsAt',
  'filterStripsAt',
  'patchesAt',
  'transformedAt',
  'sumsAt',
] as const;
type Words = Readonly<Record<(typeof names)[number], Local<'i32'>>>;

/** Channels are cut in multiples of 4, and blocks of tiles into slices. */
export interface GradientCut {
  readonly channelsInPart: number;
  readonly outputsInPart: number;
  readonly slices: number;
}

/**
 * The commands of a convolution with 3×3 outputs and a large filter, the form of the gradient of a 3×3 filter: the
 * input is [channels, N, H, W], the filter (the cotangent) [outputs, N, H′, W′]. `grid` has the tiles of the cotangent.
 * A chunk adds up a slice of them for a part of the channels and outputs.
 */
export function gradientCommands(
  { input, filter, output, shape, padBefore, epilogue }: Convolution,
  grid: TileGrid,
  { channelsInPart, outputsInPart, slices: wanted }: GradientCut,
  features: Features,
): Command[] {
  const [channels, outputs] = shape as readonly [number, number];
  const size = channels * outputs * 9;
  const blocks = countBlocks(grid);
  const blocksInSlice = Math.ceil(blocks / wanted);
  const slices = Math.ceil(blocks / blocksInSlice);
  const channelParts = Math.ceil(channels / channelsInPart);
  const outputParts = Math.ceil(outputs / outputsInPart);
  const tiles = maxBlockTiles(grid);
  const patchPointBytes = pointBytes(tiles * channelsInPart);
  const panelWidth = panelWidthFor(features);
  const paddedOutputs = panelWidth * Math.ceil(outputsInPart / panelWidth);
  const tilePointBytes = pointBytes(tiles * paddedOutputs);
  const sumPointBytes = pointBytes(channelsInPart * paddedOutputs);
  const stripsBytes = 4 * grid.stripBytes * maxStripRows(grid);
  const [offsets, workspaceBytes] = layOutWorkspace({
    tilesAt: tileEntry.bytes * (tiles + 4),
    rowsAt: rowTableBytes(grid),
    filterRowsAt: rowTableBytes(grid),
    stripsAt: stripsBytes,
    filterStripsAt: stripsBytes,
    patchesAt: points * patchPointBytes,
    transformedAt: points * tilePointBytes,
    sumsAt: points * sumPointBytes,
  });
  const sums: Scratch = { kind: 'scratch', bytes: 4 * slices * size };
  const filterSource = stripSource(filter.view, 1, [0, 0], grid, 1);
  const multiply: Command = {
    code: kernelCode('winograd gradient', features, assemble),
    words: packWords(names, {
      ...grid,
      ...stripSource(input.view, 1, padBefore, grid, 3),
      ...(Object.fromEntries(sourceNames.map((name) => [`${name}OfFilter`, filterSource[name]])) as Record<
        (typeof filterSourceNames)[number],
        number
      >),
      input: { slot: input.slot, byteOffset: 4 * input.view.offset },
      filter: { slot: filter.slot, byteOffset: 4 * filter.view.offset },
      output: { slot: slices === 1 ? output : sums, byteOffset: 0 },
      channels,
      outputs,
      channelBytes: 4 * input.view.strides[0]!,
      filterBytes: 4 * filter.view.strides[0]!,
      channelsInPart,
      outputsInPart,
      channelParts,
      outputParts,
      blocks,
      blocksInSlice,
      sliceBytes: 4 * size,
      patchPointBytes,
      tilePointBytes,
      sumPointBytes,
      ...offsets,
    }),
    chunks: slices * channelParts * outputParts,
    workspaceBytes,
  };
  if (slices > 1) return [multiply, addSlicesCommand({ from: sums, slices, size, epilogue }, output)];
  return epilogue ? [multiply, epilogueCommand(epilogue, size)] : [multiply];
}

function assemble(module: ModuleBuilder, features: Features): FunctionRef {
  const panelWidth = panelWidthFor(features);
  const functions = defineFunctions(module, features);
  return module.function(['i32', 'i32', 'i32'], [], (code, args, chunk, workspace) => {
    const w = readWords(code, args, names);
    const rest = code.local('i32', i32.divU(chunk, w.channelParts));
    const channel = code.local('i32', i32.mul(i32.remU(chunk, w.channelParts), w.channelsInPart));
    const output = code.local('i32', i32.mul(i32.remU(rest, w.outputParts), w.outputsInPart));
    const slice = code.local('i32', i32.divU(rest, w.outputParts));
    const channels = emitMin(code, w.channelsInPart, i32.sub(w.channels, channel));
    const outputs = emitMin(code, w.outputsInPart, i32.sub(w.outputs, output));
    const firstBlock = code.local('i32', i32.mul(slice, w.blocksInSlice));
    const endBlock = emitMin(code, i32.add(firstBlock, w.blocksInSlice), w.blocks);
    const at = (offset: Value<'i32'>) => code.local('i32', i32.add(workspace, offset));
    const part: Part = {
      channel,
      channels,
      output,
      outputs,
      rows: at(w.rowsAt),
      filterRows: at(w.filterRowsAt),
      strips: at(w.stripsAt),
      filterStrips: at(w.filterStripsAt),
      patches: at(w.patchesAt),
      transformed: at(w.transformedAt),
      sums: at(w.sumsAt),
    };
    const stripsBytes = code.local('i32', i32.shrU(i32.sub(part.filterStrips, part.strips), i32.const(2)));
    const block = code.local('i32');
    code.for(block, firstBlock, endBlock, 1, () => {
      const tiles = emitTransforms({ code, w, args, workspace, functions, panelWidth }, part, block, stripsBytes);
      code.emit(
        code.call(
          functions.accumulate,
          part.patches,
          w.patchPointBytes,
          part.transformed,
          w.tilePointBytes,
          part.sums,
          w.sumPointBytes,
          tiles,
          divideUp(channels, 4),
          divideUp(outputs, panelWidth),
          i32.ne(block, firstBlock),
        ),
      );
    });

    const to = code.local('i32', i32.add(w.output, i32.mul(slice, w.sliceBytes)));
    const element = i32.add(i32.mul(channel, w.outputs), output);
    code.add(to, i32.mul(element, i32.const(4 * 9)));
    const rowBytes = i32.mul(w.outputs, i32.const(4 * 9));
    code.emit(code.call(functions.store, part.sums, w.sumPointBytes, to, rowBytes, channels, outputs));
  });
}

type I32 = 'i32';

type Functions = ReturnType<typeof defineFunctions>;

function defineFunctions(module: ModuleBuilder, features: Features) {
  return {
    listTiles: defineListTiles(module),
    listRows: defineListRows(module),
    copyStrip: defineCopyStrip(module),
    transformPatches: defineTransformChannels(module, 'patches', features),
    transformTiles: defineTransformChannels(module, 'tiles', features),
    accumulate: defineAccumulateProduct(module, features),
    store: defineStoreGradient(module, features),
  };
}

/** The part of a chunk: the first channel and output with their numbers, and addresses in the workspace. */
type Part = Readonly<
  Record<
    | 'channel'
    | 'channels'
    | 'output'
    | 'outputs'
    | 'rows'
    | 'filterRows'
    | 'strips'
    | 'filterStrips'
    | 'patches'
    | 'transformed'
    | 'sums',
    Local<I32>
  >
>;

interface Emitted {
  readonly code: Code;
  readonly w: Words;
  readonly args: Local<I32>;
  readonly workspace: Local<I32>;
  readonly functions: Functions;
  readonly panelWidth: number;
}

/** Emits the transforms of a block's patches and tiles. Returns the number of tiles. */
function emitTransforms(
  { code, w, args, workspace, functions, panelWidth }: Emitted,
  part: Part,
  block: Local<I32>,
  stripsBytes: Local<I32>,
): Local<I32> {
  const { listTiles, listRows, copyStrip, transformPatches, transformTiles } = functions;
  const { rows, filterRows, strips, filterStrips, patches, transformed } = part;
  const wordsFrom = (name: (typeof names)[number]): Value<I32> => i32.add(args, i32.const(4 * names.indexOf(name)));
  const tiles = code.local('i32', code.call(listTiles, args, block, workspace));
  const endTiles = code.local('i32', i32.add(workspace, i32.mul(tiles, i32.const(tileEntry.bytes))));
  const list = (words: Value<I32>, to: Local<I32>): Local<I32> =>
    code.local('i32', code.call(listRows, args, words, block, to));
  const endRows = list(wordsFrom(sourceNames[0]), rows);
  const endFilterRows = list(wordsFrom(filterSourceNames[0]!), filterRows);
  // Borders are the same for all channels.
  code.emit(memory.fill(strips, i32.const(0), i32.sub(patches, strips)));

  emitPlanes(code, {
    first: i32.add(w.input, i32.mul(part.channel, w.channelBytes)),
    planeBytes: w.channelBytes,
    count: part.channels,
    panelWidth: 4,
    to: patches,
    tiles,
    copy: (plane, number) => {
      const strip = i32.add(strips, i32.mul(number, stripsBytes));
      code.emit(code.call(copyStrip, plane, w.columnBytes, rows, endRows, strip));
    },
    transform: (to, step) =>
      code.call(transformPatches, workspace, endTiles, strips, w.stripBytes, to, step, w.patchPointBytes, stripsBytes),
  });
  emitPlanes(code, {
    first: i32.add(w.filter, i32.mul(part.output, w.filterBytes)),
    planeBytes: w.filterBytes,
    count: part.outputs,
    panelWidth,
    to: transformed,
    tiles,
    copy: (plane, number) => {
      const strip = i32.add(filterStrips, i32.mul(number, stripsBytes));
      code.emit(code.call(copyStrip, plane, w.columnBytesOfFilter, filterRows, endFilterRows, strip));
    },
    transform: (to, step) =>
      code.call(
        transformTiles,
        workspace,
        endTiles,
        filterStrips,
        w.stripBytes,
        to,
        step,
        w.tilePointBytes,
        stripsBytes,
      ),
  });
  return tiles;
}

/** Planes that are transformed four at a time, to panels [count / panelWidth, tiles, panelWidth] for each point. */
interface Planes {
  readonly first: Value<I32>;
  readonly planeBytes: Local<I32>;
  readonly count: Local<I32>;
  readonly panelWidth: number;
  readonly to: Local<I32>;
  readonly tiles: Local<I32>;
  /** Copies a plane to one of the four strips. */
  readonly copy: (plane: Local<I32>, strip: Local<I32>) => void;
  /** Transforms all four, to `to` and every `step` bytes. */
  readonly transform: (to: Value<I32>, step: Value<I32>) => Statement;
}

function emitPlanes(code: Code, planes: Planes): void {
  const { first, planeBytes, count, to, tiles, copy, transform } = planes;
  const from = code.local('i32');
  const lane = code.local('i32');
  const plane = code.local('i32', first);
  const last = code.local('i32', i32.add(plane, i32.mul(i32.sub(count, i32.const(1)), planeBytes)));
  code.for(from, i32.const(0), count, 4, () => {
    code.for(lane, i32.const(0), i32.const(4), 1, () => {
      copy(plane, lane);
      // Repeats the last plane; what is computed from it is not stored.
      code.if(i32.ne(plane, last), () => code.add(plane, planeBytes));
    });
    const panel = i32.mul(i32.and(from, i32.const(-planes.panelWidth)), tiles);
    const elements = i32.add(panel, i32.and(from, i32.const(planes.panelWidth - 1)));
    code.emit(transform(i32.add(to, i32.shl(elements, i32.const(2))), i32.const(4 * planes.panelWidth)));
  });
}
