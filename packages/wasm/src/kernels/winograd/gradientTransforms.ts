// The transformed patches and cotangents of a block of tiles, which the kernel that multiplies them makes itself, or
// another before it.
import { i32, memory, type FunctionRef, type Local, type ModuleBuilder, type Value } from '../../assembler/index.ts';
import type { Command, Features, Word } from '../../command.ts';
import { kernelCode } from '../../emit/kernelCode.ts';
import { emitMin } from '../../emit/units.ts';
import { packWords, readWords } from '../../emit/words.ts';
import { panelWidthFor } from './layout.ts';
import { defineTransformChannels } from './patches.ts';
import { defineCopyStrip, defineListRows, defineListTiles, gridNames, sourceNames, tileEntry } from './tiles.ts';
import { points } from './transforms.ts';

type FilterSourceName = `${(typeof sourceNames)[number]}OfFilter`;
export const filterSourceNames: readonly FilterSourceName[] = sourceNames.map((name) => `${name}OfFilter` as const);

const ownNames = [
  'input',
  'filter',
  'channels',
  'outputs',
  'channelBytes',
  'filterBytes',
  'channelsInPart',
  'outputsInPart',
  'paddedOutputs',
  'channelParts',
  'outputParts',
  'blocks',
  'patches',
  'transformed',
  'patchPointBytes',
  'tilePointBytes',
  'rowsAt',
  'stripsAt',
  'stripsBytes',
] as const;
type TransformName =
  | (typeof gridNames)[number]
  | (typeof sourceNames)[number]
  | FilterSourceName
  | (typeof ownNames)[number];
export type TransformWords = Readonly<Record<TransformName, Word>>;
type Locals = Readonly<Record<TransformName, Local<I32>>>;
/** The words of both kernels. `patches` and `transformed` are 0 if they are in the workspace of the one that multiplies. */
export const transformNames: readonly TransformName[] = [
  ...gridNames,
  ...sourceNames,
  ...filterSourceNames,
  ...ownNames,
];

type I32 = 'i32';
type TransformPart = FunctionRef<readonly [I32, I32, I32, I32, I32, I32, I32], readonly []>;

/** A part of the channels, or of the outputs: its number, the first one, and how many there are. */
export type Part = Readonly<Record<'number' | 'first' | 'count', Local<I32>>>;

/**
 * Defines a function (args, workspace, tiles, block, first, count, to) that transforms `count` channels' patches, or
 * outputs' cotangents, to panels [count / width, tiles, width] for each point. The tiles are listed at the workspace.
 */
export function defineTransformPart(
  module: ModuleBuilder,
  what: 'patches' | 'tiles',
  features: Features,
): TransformPart {
  const listRows = defineListRows(module);
  const copyStrip = defineCopyStrip(module);
  const transform = defineTransformChannels(module, what, features);
  const isPatch = what === 'patches';
  const width = isPatch ? 4 : panelWidthFor(features);
  return module.function(
    ['i32', 'i32', 'i32', 'i32', 'i32', 'i32', 'i32'],
    [],
    (code, args, workspace, tiles, block, first, count, to) => {
      const w = readWords(code, args, transformNames);
      const planeBytes = isPatch ? w.channelBytes : w.filterBytes;
      const columnBytes = isPatch ? w.columnBytes : w.columnBytesOfFilter;
      const pointBytes = isPatch ? w.patchPointBytes : w.tilePointBytes;
      const endTiles = code.local('i32', i32.add(workspace, i32.mul(tiles, i32.const(tileEntry.bytes))));
      const rows = code.local('i32', i32.add(workspace, w.rowsAt));
      const strips = code.local('i32', i32.add(workspace, w.stripsAt));
      const source = (isPatch ? sourceNames : filterSourceNames)[0]!;
      const sourceWords = i32.add(args, i32.const(4 * transformNames.indexOf(source)));
      const endRows = code.local('i32', code.call(listRows, args, sourceWords, block, rows));
      // Borders are the same for all channels.
      code.emit(memory.fill(strips, i32.const(0), i32.shl(w.stripsBytes, i32.const(2))));
      const from = code.local('i32');
      const lane = code.local('i32');
      const plane = code.local('i32', i32.add(isPatch ? w.input : w.filter, i32.mul(first, planeBytes)));
      const last = code.local('i32', i32.add(plane, i32.mul(i32.sub(count, i32.const(1)), planeBytes)));
      code.for(from, i32.const(0), count, 4, () => {
        code.for(lane, i32.const(0), i32.const(4), 1, () => {
          const strip = i32.add(strips, i32.mul(lane, w.stripsBytes));
          code.emit(code.call(copyStrip, plane, columnBytes, rows, endRows, strip));
          // Repeats the last plane; what is computed from it is not stored.
          code.if(i32.ne(plane, last), () => code.add(plane, planeBytes));
        });
        const panel = i32.mul(i32.and(from, i32.const(-width)), tiles);
        const elements = i32.add(panel, i32.and(from, i32.const(width - 1)));
        const target = i32.add(to, i32.shl(elements, i32.const(2)));
        const step = i32.const(4 * width);
        code.emit(
          code.call(transform, workspace, endTiles, strips, w.stripBytes, target, step, pointBytes, w.stripsBytes),
        );
      });
    },
  );
}

/** The address of a part's patches in those of all blocks, [blocks, points, channels / 4, tiles, 4]. */
export function patchesOfPart(w: Locals, block: Local<I32>, tiles: Local<I32>, { first }: Part): Value<I32> {
  const ofBlock = i32.mul(i32.mul(block, w.patchPointBytes), i32.const(points));
  return i32.add(w.patches, i32.add(ofBlock, i32.shl(i32.mul(first, tiles), i32.const(2))));
}

/** The address of a part's tiles in those of all blocks, [blocks, points, parts, paddedOutputs / width, tiles, width]. */
export function tilesOfPart(w: Locals, block: Local<I32>, tiles: Local<I32>, { number }: Part): Value<I32> {
  const ofBlock = i32.mul(i32.mul(block, w.tilePointBytes), i32.const(points));
  const outputs = i32.mul(number, w.paddedOutputs);
  return i32.add(w.transformed, i32.add(ofBlock, i32.shl(i32.mul(outputs, tiles), i32.const(2))));
}

/** The command that transforms all patches and tiles. A chunk is a part of a block. */
export function gradientTransformsCommand(
  words: TransformWords,
  chunks: number,
  workspaceBytes: number,
  features: Features,
): Command {
  return {
    code: kernelCode('winograd gradient transforms', features, assemble),
    words: packWords(transformNames, words),
    chunks,
    workspaceBytes,
  };
}

function assemble(module: ModuleBuilder, features: Features): FunctionRef {
  const listTiles = defineListTiles(module);
  const transformPatches = defineTransformPart(module, 'patches', features);
  const transformTiles = defineTransformPart(module, 'tiles', features);
  return module.function(['i32', 'i32', 'i32'], [], (code, args, chunk, workspace) => {
    const w = readWords(code, args, transformNames);
    const parts = code.local('i32', i32.add(w.channelParts, w.outputParts));
    const block = code.local('i32', i32.divU(chunk, parts));
    const number = code.local('i32', i32.remU(chunk, parts));
    const tiles = code.local('i32', code.call(listTiles, args, block, workspace));
    const emitPart = (
      transform: TransformPart,
      inPart: Local<I32>,
      all: Local<I32>,
      addressOf: typeof patchesOfPart,
    ): void => {
      const first = code.local('i32', i32.mul(number, inPart));
      const count = emitMin(code, inPart, i32.sub(all, first));
      const to = addressOf(w, block, tiles, { number, first, count });
      code.emit(code.call(transform, args, workspace, tiles, block, first, count, to));
    };
    code.if(
      i32.ltU(number, w.channelParts),
      () => emitPart(transformPatches, w.channelsInPart, w.channels, patchesOfPart),
      () => {
        code.set(number, i32.sub(number, w.channelParts));
        emitPart(transformTiles, w.outputsInPart, w.outputs, tilesOfPart);
      },
    );
  });
}
