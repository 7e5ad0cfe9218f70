import { i32, type FunctionRef, type ModuleBuilder, type Value } from '../../assembler/index.ts';
import type { Command, Features, Scratch } from '../../command.ts';
import { epilogueCommand } from '../../emit/epilogue.ts';
import { kernelCode } from '../../emit/kernelCode.ts';
import { divideUp, emitMin } from '../../emit/units.ts';
import { packWords, readWords } from '../../emit/words.ts';
import type { Convolution } from '../convolution/geometry.ts';
import { addSlicesCommand } from './addSlices.ts';
import {
  defineTransformPart,
  type filterSourceNames,
  gradientTransformsCommand,
  patchesOfPart,
  tilesOfPart,
  transformNames,
  type Part,
  type TransformWords,
} from './gradientTransforms.ts';
import { layOutWorkspace, panelWidthFor, pointBytes } from './layout.ts';
import { defineAccumulateProduct } from './products.ts';
import { defineStoreGradient } from './store.ts';
import {
  countBlocks,
  defineListTiles,
  maxBlockTiles,
  maxStripRows,
  rowTableBytes,
  sourceNames,
  stripSource,
  tileEntry,
  type TileGrid,
} from './tiles.ts';
import { points } from './transforms.ts';

const names = [
  ...transformNames,
  'output',
  'blocksInSlice',
  'sliceBytes',
  'sumPointBytes',
  'patchesAt',
  'transformedAt',
  'sumsAt',
] as const;

/** Channels are cut in multiples of 4, and blocks of tiles into slices. */
export interface GradientCut {
  readonly channelsInPart: number;
  readonly outputsInPart: number;
  readonly slices: number;
}

/** From this number of chunks of a slice on, which share patches or tiles, transforming them once is worth the memory. */
const minSharing = 16;

/**
 * The commands of a convolution with 3×3 outputs and a large filter, the form of the gradient of a 3×3 filter: the
 * input is [channels, N, H, W], the filter (the cotangent) [outputs, N, H′, W′]. `grid` has the tiles of the cotangent.
 * A chunk adds up a slice of them for a part of the channels and outputs. It transforms patches and tiles, too, unless
 * they serve many parts: then another command does.
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
  const isShared = channelParts * outputParts >= minSharing;
  const tiles = maxBlockTiles(grid);
  const panelWidth = panelWidthFor(features);
  const paddedOutputs = panelWidth * Math.ceil(outputsInPart / panelWidth);
  const patchPointBytes = pointBytes(tiles * (isShared ? channelParts : 1) * channelsInPart);
  const tilePointBytes = pointBytes(tiles * (isShared ? outputParts : 1) * paddedOutputs);
  const sumPointBytes = pointBytes(channelsInPart * paddedOutputs);
  const stripsBytes = grid.stripBytes * maxStripRows(grid);
  const tableBytes = { tilesAt: tileEntry.bytes * (tiles + 4), rowsAt: rowTableBytes(grid), stripsAt: 4 * stripsBytes };
  const [offsets, workspaceBytes] = layOutWorkspace({
    ...tableBytes,
    patchesAt: isShared ? 0 : points * patchPointBytes,
    transformedAt: isShared ? 0 : points * tilePointBytes,
    sumsAt: points * sumPointBytes,
  });
  const patches: Scratch = { kind: 'scratch', bytes: blocks * points * patchPointBytes };
  const transformed: Scratch = { kind: 'scratch', bytes: blocks * points * tilePointBytes };
  const sums: Scratch = { kind: 'scratch', bytes: 4 * slices * size };
  const filterSource = stripSource(filter.view, 1, [0, 0], grid, 1);
  const transformWords: TransformWords = {
    ...grid,
    ...stripSource(input.view, 1, padBefore, grid, 3),
    ...(Object.fromEntries(sourceNames.map((name) => [`${name}OfFilter`, filterSource[name]])) as Record<
      (typeof filterSourceNames)[number],
      number
    >),
    input: { slot: input.slot, byteOffset: 4 * input.view.offset },
    filter: { slot: filter.slot, byteOffset: 4 * filter.view.offset },
    channels,
    outputs,
    channelBytes: 4 * input.view.strides[0]!,
    filterBytes: 4 * filter.view.strides[0]!,
    channelsInPart,
    outputsInPart,
    paddedOutputs,
    channelParts,
    outputParts,
    blocks,
    patches: isShared ? { slot: patches, byteOffset: 0 } : 0,
    transformed: isShared ? { slot: transformed, byteOffset: 0 } : 0,
    patchPointBytes,
    tilePointBytes,
    rowsAt: offsets.rowsAt,
    stripsAt: offsets.stripsAt,
    stripsBytes,
  };
  const multiply: Command = {
    code: kernelCode('winograd gradient', features, assemble),
    words: packWords(names, {
      ...transformWords,
      output: { slot: slices === 1 ? output : sums, byteOffset: 0 },
      blocksInSlice,
      sliceBytes: 4 * size,
      sumPointBytes,
      patchesAt: offsets.patchesAt,
      transformedAt: offsets.transformedAt,
      sumsAt: offsets.sumsAt,
    }),
    chunks: slices * channelParts * outputParts,
    workspaceBytes,
  };
  const commands = [multiply];
  if (isShared) {
    const [, tablesBytes] = layOutWorkspace(tableBytes);
    const chunks = blocks * (channelParts + outputParts);
    commands.unshift(gradientTransformsCommand(transformWords, chunks, tablesBytes, features));
  }
  if (slices > 1) commands.push(addSlicesCommand({ from: sums, slices, size, epilogue }, output));
  else if (epilogue) commands.push(epilogueCommand(epilogue, size));
  return commands;
}

function assemble(module: ModuleBuilder, features: Features): FunctionRef {
  const listTiles = defineListTiles(module);
  const transformPatches = defineTransformPart(module, 'patches', features);
  const transformTiles = defineTransformPart(module, 'tiles', features);
  const accumulate = defineAccumulateProduct(module, features);
  const store = defineStoreGradient(module, features);
  return module.function(['i32', 'i32', 'i32'], [], (code, args, chunk, workspace) => {
    const w = readWords(code, args, names);
    const rest = code.local('i32', i32.divU(chunk, w.channelParts));
    const part = (number: Value<'i32'>, inPart: Value<'i32'>, all: Value<'i32'>): Part => {
      const numberOfPart = code.local('i32', number);
      const first = code.local('i32', i32.mul(numberOfPart, inPart));
      return { number: numberOfPart, first, count: emitMin(code, inPart, i32.sub(all, first)) };
    };
    const ofChannels = part(i32.remU(chunk, w.channelParts), w.channelsInPart, w.channels);
    const ofOutputs = part(i32.remU(rest, w.outputParts), w.outputsInPart, w.outputs);
    const slice = code.local('i32', i32.divU(rest, w.outputParts));
    const firstBlock = code.local('i32', i32.mul(slice, w.blocksInSlice));
    const endBlock = emitMin(code, i32.add(firstBlock, w.blocksInSlice), w.blocks);
    const patches = code.local('i32', i32.add(workspace, w.patchesAt));
    const transformed = code.local('i32', i32.add(workspace, w.transformedAt));
    const sums = code.local('i32', i32.add(workspace, w.sumsAt));
    const block = code.local('i32');
    code.for(block, firstBlock, endBlock, 1, () => {
      const tiles = code.local('i32', code.call(listTiles, args, block, workspace));
      code.if(
        w.patches,
        () => {
          code.set(patches, patchesOfPart(w, block, tiles, ofChannels));
          code.set(transformed, tilesOfPart(w, block, tiles, ofOutputs));
        },
        () => {
          const [channels, outputs] = [ofChannels, ofOutputs];
          code.emit(
            code.call(transformPatches, args, workspace, tiles, block, channels.first, channels.count, patches),
          );
          code.emit(
            code.call(transformTiles, args, workspace, tiles, block, outputs.first, outputs.count, transformed),
          );
        },
      );
      code.emit(
        code.call(
          accumulate,
          patches,
          w.patchPointBytes,
          transformed,
          w.tilePointBytes,
          sums,
          w.sumPointBytes,
          tiles,
          divideUp(ofChannels.count, 4),
          divideUp(ofOutputs.count, panelWidthFor(features)),
          i32.ne(block, firstBlock),
        ),
      );
    });

    const to = code.local('i32', i32.add(w.output, i32.mul(slice, w.sliceBytes)));
    const element = i32.add(i32.mul(ofChannels.first, w.outputs), ofOutputs.first);
    code.add(to, i32.mul(element, i32.const(4 * 9)));
    const rowBytes = i32.mul(w.outputs, i32.const(4 * 9));
    code.emit(code.call(store, sums, w.sumPointBytes, to, rowBytes, ofChannels.count, ofOutputs.count));
  });
}
