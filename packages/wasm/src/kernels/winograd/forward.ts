import { i32, memory, v128, type FunctionRef, type ModuleBuilder } from '../../assembler/index.ts';
import type { Command, KernelCode, Temporary } from '../../command.ts';
import type { ConvolutionDescription } from '../convolution/geometry.ts';
import { divideUp, emitLeast } from '../../emit/units.ts';
import { packWords, readWords } from '../../emit/words.ts';
import { emitTile } from '../panels/registerTile.ts';
import { emitTail, tailNames, tailWords } from '../../emit/epilogue.ts';
import { panelWidth, pointBytes, transformedKernelBytes, transformKernelsCommand } from './filter.ts';
import { patchTransformer } from './patches.ts';
import { tileStorer } from './store.ts';
import { points } from './transforms.ts';
import {
  blocksOf,
  gridNames,
  rowTable,
  rowTableBytes,
  sourceNames,
  stripCopier,
  stripRows,
  stripSource,
  tileEntry,
  tileTable,
  tilesInBlock,
  type TileGrid,
} from './tiles.ts';

const names = [
  ...gridNames,
  ...sourceNames,
  'images',
  'kernels',
  'output',
  'channels',
  'outputs',
  'channelBytes',
  'blocks',
  'panels',
  'panelsInPart',
  'parts',
  'kernelPointBytes',
  'patchPointBytes',
  'productPointBytes',
  'rowsAt',
  'stripAt',
  'patchesAt',
  'productsAt',
  ...tailNames,
] as const;

/**
 * The commands of a convolution with kernels of 3×3: one transforms the kernels; in the other, a chunk is a block of tiles
 * and some panels of outputs. `panelsInPart` says how many: the patches are transformed anew for each part.
 */
export function forwardCommands(
  { images, kernels, output, shape, low, groups, tail }: ConvolutionDescription,
  grid: TileGrid,
  panelsInPart: number,
): Command[] {
  const outputs = shape[1]! / groups;
  const channels = kernels.view.shape[1]!;
  const transformed: Temporary = {
    kind: 'temporary',
    bytes: transformedKernelBytes(groups, outputs, channels),
  };
  const tiles = tilesInBlock(grid);
  const panels = Math.ceil(outputs / panelWidth);
  const parts = Math.ceil(panels / panelsInPart);
  const blocks = blocksOf(grid);
  const patchPointBytes = pointBytes(channels * tiles);
  const productPointBytes = pointBytes(panelWidth * tiles);
  const [places, scratchBytes] = layOut({
    tilesAt: tileEntry.bytes * (tiles + 4),
    rowsAt: rowTableBytes(grid),
    stripAt: grid.stripBytes * stripRows(grid),
    patchesAt: points * patchPointBytes,
    productsAt: points * productPointBytes,
  });
  const multiply: Command = {
    code: forward,
    words: packWords(names, {
      ...grid,
      ...stripSource(images.view, 0, low, grid, 3),
      images: { place: images.place, byteOffset: 4 * images.view.offset },
      kernels: { place: transformed, byteOffset: 0 },
      output: { place: output, byteOffset: 0 },
      channels,
      outputs,
      channelBytes: 4 * images.view.strides[1]!,
      blocks,
      panels,
      panelsInPart,
      parts,
      kernelPointBytes: pointBytes(panelWidth * channels),
      patchPointBytes,
      productPointBytes,
      ...places,
      ...tailWords(tail),
    }),
    chunks: groups * parts * blocks,
    scratchBytes,
  };
  return [transformKernelsCommand(kernels, groups, transformed), multiply];
}

/** Places for parts of scratch memory, a cache line apart at least, and the bytes of all. */
export function layOut<N extends string>(sizes: Readonly<Record<N, number>>): [Record<N, number>, number] {
  let end = 0;
  const places = Object.entries<number>(sizes).map(([name, bytes]) => {
    const at = end;
    end += 64 * Math.ceil(bytes / 64);
    return [name, at] as const;
  });
  return [Object.fromEntries(places) as Record<N, number>, end];
}

const forward: KernelCode = {
  key: 'winograd',
  assemble: (module, { relaxed }) => {
    const listTiles = tileTable(module);
    const listRows = rowTable(module);
    const copyStrip = stripCopier(module);
    const transformPatches = patchTransformer(module);
    const multiply = panelMultiplier(module, relaxed);
    const storeTiles = tileStorer(module);
    const callTail = tailCaller(module);
    return module.function(['i32', 'i32', 'i32'], [], (code, args, chunk, scratch) => {
      const w = readWords(code, args, names);
      const block = code.local('i32', i32.remU(chunk, w.blocks));
      const rest = code.local('i32', i32.divU(chunk, w.blocks));
      const group = code.local('i32', i32.divU(rest, w.parts));
      const panel = code.local('i32', i32.mul(i32.remU(rest, w.parts), w.panelsInPart));
      const endPanel = emitLeast(code, i32.add(panel, w.panelsInPart), w.panels);

      const tiles = code.local('i32', code.call(listTiles, args, block, scratch));
      const endTiles = code.local('i32', i32.add(scratch, i32.mul(tiles, i32.const(tileEntry.bytes))));
      const rows = code.local('i32', i32.add(scratch, w.rowsAt));
      const source = i32.add(args, i32.const(4 * names.indexOf(sourceNames[0])));
      const endRows = code.local('i32', code.call(listRows, args, source, block, rows));
      const strip = code.local('i32', i32.add(scratch, w.stripAt));
      const patches = code.local('i32', i32.add(scratch, w.patchesAt));
      const products = code.local('i32', i32.add(scratch, w.productsAt));
      // Borders stay as they are from channel to channel.
      code.emit(memory.fill(strip, i32.const(0), i32.sub(patches, strip)));

      const step = code.local('i32', i32.shl(w.channels, i32.const(4)));
      const firstChannel = i32.mul(group, w.channels);
      const plane = code.local('i32', i32.add(w.images, i32.mul(firstChannel, w.channelBytes)));
      const to = code.local('i32', patches);
      const channel = code.local('i32');
      code.for(channel, i32.const(0), w.channels, 1, () => {
        code.emit(code.call(copyStrip, plane, w.columnBytes, rows, endRows, strip));
        code.emit(code.call(transformPatches, scratch, endTiles, strip, w.stripBytes, to, step, w.patchPointBytes));
        code.add(plane, w.channelBytes);
        code.add(to, i32.const(16));
      });

      const planeSize = code.local('i32', i32.mul(w.height, w.width));
      const kernelPanel = i32.add(i32.mul(group, w.panels), panel);
      const kernelBytes = code.local('i32', i32.mul(w.kernelPointBytes, i32.const(points)));
      const kernels = code.local('i32', i32.add(w.kernels, i32.mul(kernelPanel, kernelBytes)));
      code.while(i32.ltU(panel, endPanel), () => {
        code.emit(
          code.call(
            multiply,
            patches,
            w.patchPointBytes,
            kernels,
            w.kernelPointBytes,
            products,
            w.productPointBytes,
            w.channels,
            divideUp(tiles, 4),
          ),
        );
        const inGroup = code.local('i32', i32.mul(panel, i32.const(panelWidth)));
        const output = code.local('i32', i32.add(i32.mul(group, w.outputs), inGroup));
        const outputs = emitLeast(code, i32.const(panelWidth), i32.sub(w.outputs, inGroup));
        const planes = i32.add(w.output, i32.shl(i32.mul(output, planeSize), i32.const(2)));
        const bytes = i32.shl(planeSize, i32.const(2));
        const rowBytes = i32.shl(w.width, i32.const(2));
        code.emit(
          code.call(storeTiles, scratch, endTiles, products, w.productPointBytes, planes, bytes, rowBytes, outputs),
        );
        code.if(w.tail, () => code.emit(code.call(callTail, args, block, output, outputs)));
        code.add(kernels, kernelBytes);
        code.add(panel, i32.const(1));
      });
    });
  },
};

type I32 = 'i32';
type Multiplier = FunctionRef<readonly [I32, I32, I32, I32, I32, I32, I32, I32], readonly []>;

/**
 * Defines a function (patches, patchPointBytes, kernels, kernelPointBytes, products, productPointBytes, channels, groups)
 * that multiplies patches [points, groups, channels, 4] with one panel of kernels to [points, 4 · groups, 8].
 */
function panelMultiplier(module: ModuleBuilder, relaxed: boolean): Multiplier {
  return module.function(
    ['i32', 'i32', 'i32', 'i32', 'i32', 'i32', 'i32', 'i32'],
    [],
    (code, patches, patchBytes, kernels, kernelBytes, products, productBytes, channels, groups) => {
      const point = code.local('i32');
      const group = code.local('i32');
      const a = code.local('i32');
      const b = code.local('i32');
      const to = code.local('i32');
      code.for(point, i32.const(0), i32.const(points), 1, () => {
        code.set(a, patches);
        code.set(to, products);
        code.for(group, i32.const(0), groups, 1, () => {
          code.set(b, kernels);
          const operands = { a, aRow: 4, aStep: 16, b, bStep: 4 * panelWidth, depth: channels };
          const sums = emitTile(code, { rows: 4, vectors: 2, ...operands, relaxed });
          sums.flat().forEach((sum, i) => code.emit(v128.store(to, sum, { offset: 16 * i })));
          code.add(to, i32.const(4 * 4 * panelWidth));
        });
        code.add(patches, patchBytes);
        code.add(kernels, kernelBytes);
        code.add(products, productBytes);
      });
    },
  );
}

/** Defines a function (args, block, output, outputs) that calls the tail on a block's rows of some outputs. */
function tailCaller(module: ModuleBuilder): FunctionRef<readonly [I32, I32, I32, I32], readonly []> {
  return module.function(['i32', 'i32', 'i32', 'i32'], [], (code, args, block, output, outputs) => {
    const w = readWords(code, args, names);
    const row = code.local('i32', i32.mul(i32.divU(block, w.columnBlocks), w.rowsInBlock));
    const endRow = emitLeast(code, i32.add(row, w.rowsInBlock), w.rows);
    const two = i32.const(2);
    const x = code.local('i32', i32.shl(i32.mul(i32.remU(block, w.columnBlocks), w.columnsInBlock), two));
    const columns = emitLeast(code, i32.shl(w.columnsInBlock, two), i32.sub(w.width, x));
    const isWide = i32.eq(columns, w.width);
    const planeSize = code.local('i32', i32.mul(w.height, w.width));
    const imageSize = code.local('i32', i32.shrU(w.outputBytes, two));
    const i = code.local('i32');
    const j = code.local('i32');
    code.while(i32.ltU(row, endRow), () => {
      // A run of rows of tiles of one image: one piece of each plane, or as many as it has rows.
      const first = code.local('i32', i32.remU(row, w.rowsInImage));
      const tileRows = emitLeast(code, i32.sub(w.rowsInImage, first), i32.sub(endRow, row));
      const y = code.local('i32', i32.shl(first, two));
      const rows = emitLeast(code, i32.shl(tileRows, two), i32.sub(w.height, y));
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
          emitTail(code, w, at, size);
          code.add(at, w.width);
        });
        code.add(begin, planeSize);
      });
      code.add(row, tileRows);
    });
  });
}
