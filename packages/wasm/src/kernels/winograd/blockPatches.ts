// The transformed patches of a block of tiles, which the kernel that multiplies them makes itself, or another before it.
import { i32, memory, type FunctionRef, type ModuleBuilder } from '../../assembler/index.ts';
import type { Command, Features, Word } from '../../command.ts';
import { kernelCode } from '../../emit/kernelCode.ts';
import { divideUp, emitMin } from '../../emit/units.ts';
import { packWords, readWords } from '../../emit/words.ts';
import { defineTransformPatches } from './patches.ts';
import { defineCopyStrip, defineListRows, defineListTiles, gridNames, sourceNames, tileEntry } from './tiles.ts';

const ownNames = [
  'input',
  'channels',
  'channelBytes',
  'blocks',
  'patches',
  'patchPointBytes',
  'blockBytes',
  'rowsAt',
  'stripAt',
  'stripsBytes',
] as const;
type PatchName = (typeof gridNames)[number] | (typeof sourceNames)[number] | (typeof ownNames)[number];
export type PatchWords = Readonly<Record<PatchName, Word>>;
/** The words of both kernels. `patches` is 0 if the patches are in the workspace of the kernel that multiplies them. */
export const patchNames: readonly PatchName[] = [...gridNames, ...sourceNames, ...ownNames];

type I32 = 'i32';

/**
 * Defines a function (args, workspace, tiles, block, group, first, channels, to) that transforms patches of a group's
 * channels from number `first` on to [points, groups of tiles, channels, 4]. The tiles are listed at the workspace.
 */
export function defineBlockPatches(
  module: ModuleBuilder,
  features: Features,
): FunctionRef<readonly [I32, I32, I32, I32, I32, I32, I32, I32], readonly []> {
  const listRows = defineListRows(module);
  const copyStrip = defineCopyStrip(module);
  const transformPatches = defineTransformPatches(module, features);
  return module.function(
    ['i32', 'i32', 'i32', 'i32', 'i32', 'i32', 'i32', 'i32'],
    [],
    (code, args, workspace, tiles, block, group, first, channels, patches) => {
      const w = readWords(code, args, patchNames);
      const endTiles = code.local('i32', i32.add(workspace, i32.mul(tiles, i32.const(tileEntry.bytes))));
      const rows = code.local('i32', i32.add(workspace, w.rowsAt));
      const source = i32.add(args, i32.const(4 * patchNames.indexOf(sourceNames[0])));
      const endRows = code.local('i32', code.call(listRows, args, source, block, rows));
      const strip = code.local('i32', i32.add(workspace, w.stripAt));
      // Borders are the same for all channels.
      code.emit(memory.fill(strip, i32.const(0), w.stripsBytes));
      const step = code.local('i32', i32.shl(w.channels, i32.const(4)));
      const plane = i32.add(i32.mul(group, w.channels), first);
      const from = code.local('i32', i32.add(w.input, i32.mul(plane, w.channelBytes)));
      const to = code.local('i32', i32.add(patches, i32.shl(first, i32.const(4))));
      const channel = code.local('i32');
      code.for(channel, i32.const(0), channels, 1, () => {
        code.emit(code.call(copyStrip, from, w.columnBytes, rows, endRows, strip));
        code.emit(code.call(transformPatches, workspace, endTiles, strip, w.stripBytes, to, step, w.patchPointBytes));
        code.add(from, w.channelBytes);
        code.add(to, i32.const(16));
      });
    },
  );
}

/** The number of channels that a chunk transforms. */
const channelsInChunk = 64;

/** The command that transforms all patches to [groups, blocks, points, groups of tiles, channels, 4]. */
export function blockPatchesCommand(
  words: PatchWords,
  { groups, blocks, channels }: Readonly<Record<'groups' | 'blocks' | 'channels', number>>,
  workspaceBytes: number,
  features: Features,
): Command {
  return {
    code: kernelCode('winograd patches', features, assemble),
    words: packWords(patchNames, words),
    chunks: groups * blocks * Math.ceil(channels / channelsInChunk),
    workspaceBytes,
  };
}

function assemble(module: ModuleBuilder, features: Features): FunctionRef {
  const listTiles = defineListTiles(module);
  const transform = defineBlockPatches(module, features);
  return module.function(['i32', 'i32', 'i32'], [], (code, args, chunk, workspace) => {
    const w = readWords(code, args, patchNames);
    const block = code.local('i32', i32.remU(chunk, w.blocks));
    const rest = code.local('i32', i32.divU(chunk, w.blocks));
    const parts = code.local('i32', divideUp(w.channels, channelsInChunk));
    const group = code.local('i32', i32.divU(rest, parts));
    const first = code.local('i32', i32.mul(i32.remU(rest, parts), i32.const(channelsInChunk)));
    const channels = emitMin(code, i32.const(channelsInChunk), i32.sub(w.channels, first));
    const tiles = code.local('i32', code.call(listTiles, args, block, workspace));
    const blockNumber = i32.add(i32.mul(group, w.blocks), block);
    const to = i32.add(w.patches, i32.mul(blockNumber, w.blockBytes));
    code.emit(code.call(transform, args, workspace, tiles, block, group, first, channels, to));
  });
}
