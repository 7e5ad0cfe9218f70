import {
  f32x4,
  i32,
  memory,
  v128,
  type Code,
  type FunctionRef,
  type Local,
  type ModuleBuilder,
  type Statement,
  type Value,
} from '../../assembler/index.ts';
import type { Command, KernelCode, Temporary } from '../../command.ts';
import type { ConvolutionDescription } from '../convolution/geometry.ts';
import { divideUp, emitLeast } from '../../emit/units.ts';
import { packWords, readWords } from '../../emit/words.ts';
import { emitTile } from '../panels/registerTile.ts';
import { tailCommand } from '../../emit/epilogue.ts';
import { layOut } from './forward.ts';
import { panelWidth, pointBytes } from './filter.ts';
import { channelsTransformer } from './patches.ts';
import { gradientStorer } from './store.ts';
import { addSlicesCommand } from './addSlices.ts';
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

const kernelSourceNames = sourceNames.map((name) => `${name}OfKernels` as const);

const names = [
  ...gridNames,
  ...sourceNames,
  ...kernelSourceNames,
  'images',
  'kernels',
  'output',
  'channels',
  'outputs',
  'channelBytes',
  'kernelBytes',
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
  'kernelRowsAt',
  'stripsAt',
  'kernelStripsAt',
  'patchesAt',
  'transformedAt',
  'sumsAt',
] as const;

/** How the work is cut: channels in multiples of 4, outputs of 8, and blocks of tiles whose sums are added at the end. */
export interface GradientCut {
  readonly channelsInPart: number;
  readonly outputsInPart: number;
  readonly slices: number;
}

/**
 * The commands of a convolution whose outputs are 3×3 and whose kernels are large, as the gradient for the kernels of a
 * convolution with kernels of 3×3 is: images are [channels, N, H, W], kernels (the cotangent) [outputs, N, H′, W′]. `grid`
 * has the tiles of the cotangent. A chunk sums up one slice of them for a part of the channels and outputs.
 */
export function gradientCommands(
  { images, kernels, output, shape, low, tail }: ConvolutionDescription,
  grid: TileGrid,
  { channelsInPart, outputsInPart, slices: wanted }: GradientCut,
): Command[] {
  const [channels, outputs] = shape as [number, number];
  const size = channels * outputs * 9;
  const blocks = blocksOf(grid);
  const blocksInSlice = Math.ceil(blocks / wanted);
  const slices = Math.ceil(blocks / blocksInSlice);
  const channelParts = Math.ceil(channels / channelsInPart);
  const outputParts = Math.ceil(outputs / outputsInPart);
  const tiles = tilesInBlock(grid);
  const patchPointBytes = pointBytes(tiles * channelsInPart);
  const tilePointBytes = pointBytes(tiles * outputsInPart);
  const sumPointBytes = pointBytes(channelsInPart * outputsInPart);
  const stripsBytes = 4 * grid.stripBytes * stripRows(grid);
  const [places, scratchBytes] = layOut({
    tilesAt: tileEntry.bytes * (tiles + 4),
    rowsAt: rowTableBytes(grid),
    kernelRowsAt: rowTableBytes(grid),
    stripsAt: stripsBytes,
    kernelStripsAt: stripsBytes,
    patchesAt: points * patchPointBytes,
    transformedAt: points * tilePointBytes,
    sumsAt: points * sumPointBytes,
  });
  const sums: Temporary = { kind: 'temporary', bytes: 4 * slices * size };
  const kernelSource = stripSource(kernels.view, 1, [0, 0], grid, 1);
  const multiply: Command = {
    code: gradient,
    words: packWords(names, {
      ...grid,
      ...stripSource(images.view, 1, low, grid, 3),
      ...(Object.fromEntries(sourceNames.map((name) => [`${name}OfKernels`, kernelSource[name]])) as Record<
        (typeof kernelSourceNames)[number],
        number
      >),
      images: { place: images.place, byteOffset: 4 * images.view.offset },
      kernels: { place: kernels.place, byteOffset: 4 * kernels.view.offset },
      output: { place: slices === 1 ? output : sums, byteOffset: 0 },
      channels,
      outputs,
      channelBytes: 4 * images.view.strides[0]!,
      kernelBytes: 4 * kernels.view.strides[0]!,
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
      ...places,
    }),
    chunks: slices * channelParts * outputParts,
    scratchBytes,
  };
  if (slices > 1) return [multiply, addSlicesCommand(sums, slices, output, size, tail)];
  return tail ? [multiply, tailCommand(tail, size)] : [multiply];
}

const gradient: KernelCode = {
  key: 'winograd gradient',
  assemble: (module, { relaxed }) => {
    const listTiles = tileTable(module);
    const listRows = rowTable(module);
    const copyStrip = stripCopier(module);
    const transformPatches = channelsTransformer(module, 'patches');
    const transformTiles = channelsTransformer(module, 'tiles');
    const accumulate = accumulator(module, relaxed);
    const store = gradientStorer(module);
    return module.function(['i32', 'i32', 'i32'], [], (code, args, chunk, scratch) => {
      const w = readWords(code, args, names);
      const rest = code.local('i32', i32.divU(chunk, w.channelParts));
      const channel = code.local('i32', i32.mul(i32.remU(chunk, w.channelParts), w.channelsInPart));
      const output = code.local('i32', i32.mul(i32.remU(rest, w.outputParts), w.outputsInPart));
      const slice = code.local('i32', i32.divU(rest, w.outputParts));
      const channels = emitLeast(code, w.channelsInPart, i32.sub(w.channels, channel));
      const outputs = emitLeast(code, w.outputsInPart, i32.sub(w.outputs, output));
      const firstBlock = code.local('i32', i32.mul(slice, w.blocksInSlice));
      const endBlock = emitLeast(code, i32.add(firstBlock, w.blocksInSlice), w.blocks);
      const at = (offset: Value<'i32'>) => code.local('i32', i32.add(scratch, offset));
      const [rows, kernelRows] = [at(w.rowsAt), at(w.kernelRowsAt)];
      const [strips, kernelStrips] = [at(w.stripsAt), at(w.kernelStripsAt)];
      const [patches, transformed, sums] = [at(w.patchesAt), at(w.transformedAt), at(w.sumsAt)];
      const stripsBytes = code.local('i32', i32.shrU(i32.sub(kernelStrips, strips), i32.const(2)));
      const wordsFrom = (name: (typeof names)[number]): Value<'i32'> =>
        i32.add(args, i32.const(4 * names.indexOf(name)));

      const block = code.local('i32');
      code.for(block, firstBlock, endBlock, 1, () => {
        const tiles = code.local('i32', code.call(listTiles, args, block, scratch));
        const endTiles = code.local('i32', i32.add(scratch, i32.mul(tiles, i32.const(tileEntry.bytes))));
        const list = (words: Value<'i32'>, to: Local<'i32'>): Local<'i32'> =>
          code.local('i32', code.call(listRows, args, words, block, to));
        const endRows = list(wordsFrom(sourceNames[0]), rows);
        const endKernelRows = list(wordsFrom(kernelSourceNames[0]!), kernelRows);
        // Borders stay as they are from channel to channel.
        code.emit(memory.fill(strips, i32.const(0), i32.sub(patches, strips)));

        emitPlanes(code, {
          first: i32.add(w.images, i32.mul(channel, w.channelBytes)),
          planeBytes: w.channelBytes,
          count: channels,
          panelWidth: 4,
          to: patches,
          tiles,
          copy: (plane, number) => {
            const strip = i32.add(strips, i32.mul(number, stripsBytes));
            code.emit(code.call(copyStrip, plane, w.columnBytes, rows, endRows, strip));
          },
          transform: (to, step) =>
            code.call(
              transformPatches,
              scratch,
              endTiles,
              strips,
              w.stripBytes,
              to,
              step,
              w.patchPointBytes,
              stripsBytes,
            ),
        });
        emitPlanes(code, {
          first: i32.add(w.kernels, i32.mul(output, w.kernelBytes)),
          planeBytes: w.kernelBytes,
          count: outputs,
          panelWidth,
          to: transformed,
          tiles,
          copy: (plane, number) => {
            const strip = i32.add(kernelStrips, i32.mul(number, stripsBytes));
            code.emit(code.call(copyStrip, plane, w.columnBytesOfKernels, kernelRows, endKernelRows, strip));
          },
          transform: (to, step) =>
            code.call(
              transformTiles,
              scratch,
              endTiles,
              kernelStrips,
              w.stripBytes,
              to,
              step,
              w.tilePointBytes,
              stripsBytes,
            ),
        });
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
            divideUp(channels, 4),
            divideUp(outputs, panelWidth),
            i32.ne(block, firstBlock),
          ),
        );
      });

      const to = code.local('i32', i32.add(w.output, i32.mul(slice, w.sliceBytes)));
      const element = i32.add(i32.mul(channel, w.outputs), output);
      code.add(to, i32.mul(element, i32.const(4 * 9)));
      code.emit(code.call(store, sums, w.sumPointBytes, to, i32.mul(w.outputs, i32.const(4 * 9)), channels, outputs));
    });
  },
};

type I32 = 'i32';

/** Planes that are transformed four at a time, to panels [count / panelWidth, tiles, panelWidth] for each point. */
interface Planes {
  readonly first: Value<I32>;
  readonly planeBytes: Local<I32>;
  readonly count: Local<I32>;
  readonly panelWidth: 4 | 8;
  readonly to: Local<I32>;
  readonly tiles: Local<I32>;
  /** Copies a plane to one of the four strips. */
  readonly copy: (plane: Local<I32>, strip: Local<I32>) => void;
  /** Transforms all four, to `to` and every `step` bytes. */
  readonly transform: (to: Value<I32>, step: Value<I32>) => Statement;
}

function emitPlanes(code: Code, { first, planeBytes, count, panelWidth, to, tiles, copy, transform }: Planes): void {
  const from = code.local('i32');
  const lane = code.local('i32');
  const plane = code.local('i32', first);
  const last = code.local('i32', i32.add(plane, i32.mul(i32.sub(count, i32.const(1)), planeBytes)));
  code.for(from, i32.const(0), count, 4, () => {
    code.for(lane, i32.const(0), i32.const(4), 1, () => {
      copy(plane, lane);
      // Past the last plane it once more: what is computed from that is not stored.
      code.if(i32.ne(plane, last), () => code.add(plane, planeBytes));
    });
    const panel = i32.mul(i32.and(from, i32.const(-panelWidth)), tiles);
    const elements = i32.add(panel, i32.and(from, i32.const(panelWidth - 1)));
    code.emit(transform(i32.add(to, i32.shl(elements, i32.const(2))), i32.const(4 * panelWidth)));
  });
}

type Accumulator = FunctionRef<readonly [I32, I32, I32, I32, I32, I32, I32, I32, I32, I32], readonly []>;

/**
 * Defines a function (patches, patchBytes, tiles, tileBytes, sums, sumBytes, depth, channelGroups, outputPanels, adds) that
 * stores the products of patches [points, channelGroups, depth, 4] and tiles [points, outputPanels, depth, 8] as
 * [points, outputPanels, channelGroups, 4, 8], or adds them to what is there.
 */
function accumulator(module: ModuleBuilder, relaxed: boolean): Accumulator {
  return module.function(
    ['i32', 'i32', 'i32', 'i32', 'i32', 'i32', 'i32', 'i32', 'i32', 'i32'],
    [],
    (code, patches, patchBytes, tiles, tileBytes, sums, sumBytes, depth, channelGroups, outputPanels, adds) => {
      const point = code.local('i32');
      const panel = code.local('i32');
      const group = code.local('i32');
      const a = code.local('i32');
      const b = code.local('i32');
      const to = code.local('i32');
      const panelBytes = code.local('i32', i32.mul(depth, i32.const(4 * panelWidth)));
      code.for(point, i32.const(0), i32.const(points), 1, () => {
        const columns = code.local('i32', tiles);
        code.set(to, sums);
        code.for(panel, i32.const(0), outputPanels, 1, () => {
          code.set(a, patches);
          code.for(group, i32.const(0), channelGroups, 1, () => {
            code.set(b, columns);
            const operands = { a, aRow: 4, aStep: 16, b, bStep: 4 * panelWidth, depth };
            const tile = emitTile(code, { rows: 4, vectors: 2, ...operands, relaxed }).flat();
            code.if(adds, () =>
              tile.forEach((sum, i) => code.set(sum, f32x4.add(v128.load(to, { offset: 16 * i }), sum))),
            );
            tile.forEach((sum, i) => code.emit(v128.store(to, sum, { offset: 16 * i })));
            code.add(to, i32.const(4 * 4 * panelWidth));
          });
          code.add(columns, panelBytes);
        });
        code.add(patches, patchBytes);
        code.add(tiles, tileBytes);
        code.add(sums, sumBytes);
      });
    },
  );
}
