import { i32, memory, type FunctionRef, type ModuleBuilder } from '../../assembler/index.ts';
import type { Command, Features, Scratch } from '../../command.ts';
import { emitEpilogue, epilogueNames, epilogueWords } from '../../emit/epilogue.ts';
import { kernelCode } from '../../emit/kernelCode.ts';
import { divideUp, emitMin } from '../../emit/units.ts';
import { packWords, readWords } from '../../emit/words.ts';
import type { Convolution } from '../convolution/geometry.ts';
import { transformedFilterBytes, transformFilterCommand } from './filter.ts';
import { layOutWorkspace, panelWidthFor, pointBytes } from './layout.ts';
import { defineTransformPatches } from './patches.ts';
import { defineMultiplyPanel } from './products.ts';
import { defineStoreTiles } from './store.ts';
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

const names = [
  ...gridNames,
  ...sourceNames,
  'input',
  'filter',
  'output',
  'channels',
  'outputs',
  'channelBytes',
  'blocks',
  'panels',
  'panelsInPart',
  'parts',
  'filterPointBytes',
  'patchPointBytes',
  'productPointBytes',
  'rowsAt',
  'stripAt',
  'patchesAt',
  'productsAt',
  ...epilogueNames,
] as const;

/**
 * The commands of a convolution with a 3×3 filter: one transforms the filter; in the other, a chunk is a block of tiles
 * and `panelsInPart` panels of output channels. The patches are transformed again for each part.
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
  const blocks = countBlocks(grid);
  const patchPointBytes = pointBytes(channels * tiles);
  const productPointBytes = pointBytes(panelWidth * tiles);
  const [offsets, workspaceBytes] = layOutWorkspace({
    tilesAt: tileEntry.bytes * (tiles + 4),
    rowsAt: rowTableBytes(grid),
    stripAt: grid.stripBytes * maxStripRows(grid),
    patchesAt: points * patchPointBytes,
    productsAt: points * productPointBytes,
  });
  const multiply: Command = {
    code: kernelCode('winograd', features, assemble),
    words: packWords(names, {
      ...grid,
      ...stripSource(input.view, 0, padBefore, grid, 3),
      input: { slot: input.slot, byteOffset: 4 * input.view.offset },
      filter: { slot: transformed, byteOffset: 0 },
      output: { slot: output, byteOffset: 0 },
      channels,
      outputs,
      channelBytes: 4 * input.view.strides[1]!,
      blocks,
      panels,
      panelsInPart,
      parts,
      filterPointBytes: pointBytes(panelWidth * channels),
      patchPointBytes,
      productPointBytes,
      ...offsets,
      ...epilogueWords(epilogue),
    }),
    chunks: groups * parts * blocks,
    workspaceBytes,
  };
  return [transformFilterCommand(filter, groups, panelWidth, transformed), multiply];
}

function assemble(module: ModuleBuilder, features: Features): FunctionRef {
  const panelWidth = panelWidthFor(features);
  const listTiles = defineListTiles(module);
  const listRows = defineListRows(module);
  const copyStrip = defineCopyStrip(module);
  const transformPatches = defineTransformPatches(module);
  const multiply = defineMultiplyPanel(module, features);
  const storeTiles = defineStoreTiles(module, panelWidth);
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
    const rows = code.local('i32', i32.add(workspace, w.rowsAt));
    const source = i32.add(args, i32.const(4 * names.indexOf(sourceNames[0])));
    const endRows = code.local('i32', code.call(listRows, args, source, block, rows));
    const strip = code.local('i32', i32.add(workspace, w.stripAt));
    const patches = code.local('i32', i32.add(workspace, w.patchesAt));
    const products = code.local('i32', i32.add(workspace, w.productsAt));
    // Borders are the same for all channels.
    code.emit(memory.fill(strip, i32.const(0), i32.sub(patches, strip)));

    const step = code.local('i32', i32.shl(w.channels, i32.const(4)));
    const firstChannel = i32.mul(group, w.channels);
    const plane = code.local('i32', i32.add(w.input, i32.mul(firstChannel, w.channelBytes)));
    const to = code.local('i32', patches);
    const channel = code.local('i32');
    code.for(channel, i32.const(0), w.channels, 1, () => {
      code.emit(code.call(copyStrip, plane, w.columnBytes, rows, endRows, strip));
      code.emit(code.call(transformPatches, workspace, endTiles, strip, w.stripBytes, to, step, w.patchPointBytes));
      code.add(plane, w.channelBytes);
      code.add(to, i32.const(16));
    });

    const planeSize = code.local('i32', i32.mul(w.height, w.width));
    const filterPanel = i32.add(i32.mul(group, w.panels), panel);
    const filterBytes = code.local('i32', i32.mul(w.filterPointBytes, i32.const(points)));
    const filter = code.local('i32', i32.add(w.filter, i32.mul(filterPanel, filterBytes)));
    code.while(i32.ltU(panel, endPanel), () => {
      code.emit(
        code.call(
          multiply,
          patches,
          w.patchPointBytes,
          filter,
          w.filterPointBytes,
          products,
          w.productPointBytes,
          w.channels,
          divideUp(tiles, 4),
        ),
      );
      const inGroup = code.local('i32', i32.mul(panel, i32.const(panelWidth)));
      const output = code.local('i32', i32.add(i32.mul(group, w.outputs), inGroup));
      const outputs = emitMin(code, i32.const(panelWidth), i32.sub(w.outputs, inGroup));
      const planes = i32.add(w.output, i32.shl(i32.mul(output, planeSize), i32.const(2)));
      const bytes = i32.shl(planeSize, i32.const(2));
      const rowBytes = i32.shl(w.width, i32.const(2));
      code.emit(
        code.call(storeTiles, workspace, endTiles, products, w.productPointBytes, planes, bytes, rowBytes, outputs),
      );
      code.if(w.epilogue, () => code.emit(code.call(callEpilogue, args, block, output, outputs)));
      code.add(filter, filterBytes);
      code.add(panel, i32.const(1));
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
