import { i32, type FunctionRef, type ModuleBuilder } from '../../assembler/index.ts';
import type { Command, Features, Scratch } from '../../command.ts';
import { emitEpilogue, epilogueNames, epilogueWords } from '../../emit/epilogue.ts';
import { kernelCode } from '../../emit/kernelCode.ts';
import { divideUp, emitMin } from '../../emit/units.ts';
import { packWords, readWords } from '../../emit/words.ts';
import type { Convolution } from '../convolution/geometry.ts';
import { blockPatchesCommand, defineBlockPatches, patchNames, type PatchWords } from './blockPatches.ts';
import { transformedFilterBytes, transformFilterCommand } from './filter.ts';
import { layOutWorkspace, panelWidthFor, pointBytes } from './layout.ts';
import { defineMultiplyPanels } from './products.ts';
import { defineStoreTiles } from './store.ts';
import {
  countBlocks,
  defineListTiles,
  maxBlockTiles,
  maxStripRows,
  rowTableBytes,
  stripSource,
  tileEntry,
  type TileGrid,
} from './tiles.ts';
import { points } from './transforms.ts';

const names = [
  ...patchNames,
  'filter',
  'output',
  'outputs',
  'panels',
  'panelsInPart',
  'panelsTogether',
  'parts',
  'filterPointBytes',
  'productPointBytes',
  'patchesAt',
  'productsAt',
  ...epilogueNames,
] as const;

/** The number of outputs whose products of a point are computed while its patches are in cache. */
const outputsTogether = 64;

/**
 * The commands of a convolution with a 3×3 filter: one transforms the filter; in the last, a chunk is a block of tiles
 * and `panelsInPart` panels of output channels. It transforms the patches, too, unless they serve several parts: then
 * another command does.
 */
export function forwardCommands(
  { input, filter, output, shape, padBefore, groups, epilogue }: Convolution,
  grid: TileGrid,
  panelsInPart: number,
  features: Features,
): Command[] {
  const outputs = shape[1]! / groups;
  const channels = filter.view.shape[1]!;
  const panelWidth = panelWidthFor(features);
  const transformed: Scratch = {
    kind: 'scratch',
    bytes: transformedFilterBytes(groups, outputs, channels, panelWidth),
  };
  const tiles = maxBlockTiles(grid);
  const panels = Math.ceil(outputs / panelWidth);
  const parts = Math.ceil(panels / panelsInPart);
  const panelsTogether = Math.min(panelsInPart, outputsTogether / panelWidth);
  const blocks = countBlocks(grid);
  const patchPointBytes = pointBytes(channels * tiles);
  const productPointBytes = pointBytes(panelsTogether * panelWidth * tiles);
  const blockBytes = points * patchPointBytes;
  const patches: Scratch | undefined = parts > 1 ? { kind: 'scratch', bytes: groups * blocks * blockBytes } : undefined;
  const stripsBytes = grid.stripBytes * maxStripRows(grid);
  const tableBytes = { tilesAt: tileEntry.bytes * (tiles + 4), rowsAt: rowTableBytes(grid), stripAt: stripsBytes };
  const [offsets, workspaceBytes] = layOutWorkspace({
    ...tableBytes,
    patchesAt: patches ? 0 : blockBytes,
    productsAt: points * productPointBytes,
  });
  const patchWords: PatchWords = {
    ...grid,
    ...stripSource(input.view, 0, padBefore, grid, 3),
    input: { slot: input.slot, byteOffset: 4 * input.view.offset },
    channels,
    channelBytes: 4 * input.view.strides[1]!,
    blocks,
    patches: patches ? { slot: patches, byteOffset: 0 } : 0,
    patchPointBytes,
    blockBytes,
    rowsAt: offsets.rowsAt,
    stripAt: offsets.stripAt,
    stripsBytes,
  };
  const multiply: Command = {
    code: kernelCode('winograd', features, assemble),
    words: packWords(names, {
      ...patchWords,
      filter: { slot: transformed, byteOffset: 0 },
      output: { slot: output, byteOffset: 0 },
      outputs,
      panels,
      panelsInPart,
      panelsTogether,
      parts,
      filterPointBytes: pointBytes(panelWidth * channels),
      productPointBytes,
      patchesAt: offsets.patchesAt,
      productsAt: offsets.productsAt,
      ...epilogueWords(epilogue),
    }),
    chunks: groups * parts * blocks,
    workspaceBytes,
  };
  const transformFilter = transformFilterCommand(filter, groups, features, transformed);
  if (!patches) return [transformFilter, multiply];
  const [, tablesBytes] = layOutWorkspace(tableBytes);
  const sizes = { groups, blocks, channels };
  return [transformFilter, blockPatchesCommand(patchWords, sizes, tablesBytes, features), multiply];
}

function assemble(module: ModuleBuilder, features: Features): FunctionRef {
  const panelWidth = panelWidthFor(features);
  const listTiles = defineListTiles(module);
  const transformPatches = defineBlockPatches(module, features);
  const multiply = defineMultiplyPanels(module, features);
  const storeTiles = defineStoreTiles(module, features);
  const callEpilogue = defineCallEpilogue(module);
  return module.function(['i32', 'i32', 'i32'], [], (code, args, chunk, workspace) => {
    const w = readWords(code, args, names);
    const block = code.local('i32', i32.remU(chunk, w.blocks));
    const rest = code.local('i32', i32.divU(chunk, w.blocks));
    const group = code.local('i32', i32.divU(rest, w.parts));
    const panel = code.local('i32', i32.mul(i32.remU(rest, w.parts), w.panelsInPart));
    const endPanel = emitMin(code, i32.add(panel, w.panelsInPart), w.panels);

    const tiles = code.local('i32', code.call(listTiles, args, block, workspace));
    const endTiles = code.local('i32', i32.add(workspace, i32.mul(tiles, i32.const(tileEntry.bytes))));
    const blockNumber = i32.add(i32.mul(group, w.blocks), block);
    const patches = code.local('i32', i32.add(w.patches, i32.mul(blockNumber, w.blockBytes)));
    code.if(i32.eqz(w.patches), () => {
      code.set(patches, i32.add(workspace, w.patchesAt));
      code.emit(code.call(transformPatches, args, workspace, tiles, block, group, i32.const(0), w.channels, patches));
    });

    const products = code.local('i32', i32.add(workspace, w.productsAt));
    const fours = code.local('i32', divideUp(tiles, 4));
    const planeSize = code.local('i32', i32.mul(w.height, w.width));
    const filterBytes = code.local('i32', i32.mul(w.filterPointBytes, i32.const(points)));
    const filterPanel = i32.add(i32.mul(group, w.panels), panel);
    const filter = code.local('i32', i32.add(w.filter, i32.mul(filterPanel, filterBytes)));
    code.while(i32.ltU(panel, endPanel), () => {
      const together = emitMin(code, w.panelsTogether, i32.sub(endPanel, panel));
      code.emit(
        code.call(
          multiply,
          patches,
          w.patchPointBytes,
          filter,
          w.filterPointBytes,
          filterBytes,
          products,
          w.productPointBytes,
          w.channels,
          fours,
          together,
        ),
      );
      code.add(filter, i32.mul(together, filterBytes));
      const end = code.local('i32', i32.add(panel, together));
      const from = code.local('i32', products);
      code.while(i32.ltU(panel, end), () => {
        const inGroup = code.local('i32', i32.mul(panel, i32.const(panelWidth)));
        const output = code.local('i32', i32.add(i32.mul(group, w.outputs), inGroup));
        const outputs = emitMin(code, i32.const(panelWidth), i32.sub(w.outputs, inGroup));
        const planes = i32.add(w.output, i32.shl(i32.mul(output, planeSize), i32.const(2)));
        const bytes = i32.shl(planeSize, i32.const(2));
        const rowBytes = i32.shl(w.width, i32.const(2));
        code.emit(
          code.call(storeTiles, workspace, endTiles, from, w.productPointBytes, planes, bytes, rowBytes, outputs),
        );
        code.if(w.epilogue, () => code.emit(code.call(callEpilogue, args, block, output, outputs)));
        code.add(from, i32.mul(fours, i32.const(4 * 4 * panelWidth)));
        code.add(panel, i32.const(1));
      });
    });
  });
}

type I32 = 'i32';

/**
 * Defines a function (args, block, output, outputs) that applies the epilogue to a block's rows of some output
 * channels.
 */
function defineCallEpilogue(module: ModuleBuilder): FunctionRef<readonly [I32, I32, I32, I32], readonly []> {
  return module.function(['i32', 'i32', 'i32', 'i32'], [], (code, args, block, output, outputs) => {
    const w = readWords(code, args, names);
    const row = code.local('i32', i32.mul(i32.divU(block, w.columnBlocks), w.rowsInBlock));
    const endRow = emitMin(code, i32.add(row, w.rowsInBlock), w.rows);
    const two = i32.const(2);
    const x = code.local('i32', i32.shl(i32.mul(i32.remU(block, w.columnBlocks), w.columnsInBlock), two));
    const columns = emitMin(code, i32.shl(w.columnsInBlock, two), i32.sub(w.width, x));
    const isWide = i32.eq(columns, w.width);
    const planeSize = code.local('i32', i32.mul(w.height, w.width));
    const imageSize = code.local('i32', i32.shrU(w.outputBytes, two));
    const i = code.local('i32');
    const j = code.local('i32');
    code.while(i32.ltU(row, endRow), () => {
      // Rows of tiles of one image: one piece of each plane, or one for each of its rows.
      const first = code.local('i32', i32.remU(row, w.rowsInImage));
      const tileRows = emitMin(code, i32.sub(w.rowsInImage, first), i32.sub(endRow, row));
      const y = code.local('i32', i32.shl(first, two));
      const rows = emitMin(code, i32.shl(tileRows, two), i32.sub(w.height, y));
      const begin = code.local('i32', i32.mul(i32.divU(row, w.rowsInImage), imageSize));
      code.add(begin, i32.add(i32.mul(output, planeSize), i32.add(i32.mul(y, w.width), x)));
      const pieces = code.local('i32', rows);
      const size = code.local('i32', columns);
      code.if(isWide, () => {
        code.set(pieces, i32.const(1));
        code.set(size, i32.mul(rows, w.width));
      });
      code.for(i, i32.const(0), outputs, 1, () => {
        const at = code.local('i32', begin);
        code.for(j, i32.const(0), pieces, 1, () => {
          emitEpilogue(code, w, at, size);
          code.add(at, w.width);
        });
        code.add(begin, planeSize);
      });
      code.add(row, tileRows);
    });
  });
}
