import { i32, type FunctionRef, type ModuleBuilder } from '../../assembler/index.ts';
import type { Command, Scratch, SlotAddress } from '../../command.ts';
import { kernelCode } from '../../emit/kernelCode.ts';
import { emitMin, roundUp } from '../../emit/units.ts';
import { packWords, readWords } from '../../emit/words.ts';
import {
  defineFillOffsets,
  defineGatherPanel,
  offsetWordCount,
  offsetWords,
  type OffsetAxes,
} from '../panels/gather.ts';
import { depthBlock } from '../panels/pack.ts';

const names = ['from', 'to', 'rows', 'depth', 'rowChunks', 'blocks', 'groupBytes', 'toGroupBytes'] as const;

/** The number of rows that a chunk packs, a multiple of every panel width. */
const rowsInChunk = 96;

export interface FilterSource {
  readonly from: SlotAddress;
  readonly groups: number;
  readonly groupBytes: number;
  /** The output channels of a group. */
  readonly rows: number;
  readonly rowBytes: number;
  /** The elements of an output channel. */
  readonly depth: number;
  readonly terms: OffsetAxes;
}

/** Packs each group's part of the filter into panels of `width` rows, in blocks of the depth as for a matrix. */
export function packFilterCommand(source: FilterSource, width: number, to: Scratch): Command {
  const { from, groups, groupBytes, rows, rowBytes, depth, terms } = source;
  const blocks = Math.ceil(depth / depthBlock);
  const rowChunks = Math.ceil(rows / rowsInChunk);
  const one = { size: 1, byteStride: 0 };
  return {
    code: kernelCode('convolution filter', { width }, assemble),
    words: [
      ...packWords(names, {
        from,
        to: { slot: to, byteOffset: 0 },
        rows,
        depth,
        rowChunks,
        blocks,
        groupBytes,
        toGroupBytes: 4 * Math.ceil(rows / width) * width * depth,
      }),
      ...offsetWords(terms),
      ...offsetWords([one, one, { size: rows, byteStride: rowBytes }]),
    ],
    chunks: groups * blocks * rowChunks,
    workspaceBytes: 4 * (depthBlock + rowsInChunk),
  };
}

function assemble(module: ModuleBuilder, { width }: { readonly width: number }): FunctionRef {
  const fill = defineFillOffsets(module);
  const gather = defineGatherPanel(module, width);
  return module.function(['i32', 'i32', 'i32'], [], (code, args, chunk, workspace) => {
    const w = readWords(code, args, names);
    const rowOffsets = code.local('i32', i32.add(workspace, i32.const(4 * depthBlock)));
    const first = code.local('i32', i32.mul(i32.remU(chunk, w.rowChunks), i32.const(rowsInChunk)));
    const rest = code.local('i32', i32.divU(chunk, w.rowChunks));
    const from = code.local('i32', i32.mul(i32.remU(rest, w.blocks), i32.const(depthBlock)));
    const group = code.local('i32', i32.divU(rest, w.blocks));
    const rows = emitMin(code, i32.const(rowsInChunk), i32.sub(w.rows, first));
    const depth = emitMin(code, i32.const(depthBlock), i32.sub(w.depth, from));
    const termAxes = i32.add(args, i32.const(4 * names.length));
    const rowAxes = i32.add(args, i32.const(4 * (names.length + offsetWordCount)));
    code.emit(code.call(fill, termAxes, from, depth, depth, workspace));
    code.emit(code.call(fill, rowAxes, first, rows, roundUp(rows, width), rowOffsets));
    const source = code.local('i32', i32.add(w.from, i32.mul(group, w.groupBytes)));
    const elements = i32.add(i32.mul(from, roundUp(w.rows, width)), i32.mul(first, depth));
    const to = code.local(
      'i32',
      i32.add(i32.add(w.to, i32.mul(group, w.toGroupBytes)), i32.shl(elements, i32.const(2))),
    );
    const row = code.local('i32');
    code.for(row, i32.const(0), rows, width, () => {
      const offsets = i32.add(rowOffsets, i32.shl(row, i32.const(2)));
      code.emit(code.call(gather, source, offsets, workspace, depth, to));
      code.add(to, i32.mul(depth, i32.const(4 * width)));
    });
  });
}
