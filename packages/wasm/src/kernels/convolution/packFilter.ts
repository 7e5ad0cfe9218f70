import { i32 } from '../../assembler/index.ts';
import type { Command, KernelCode, Temporary, Word } from '../../command.ts';
import { depthBlock } from '../panels/pack.ts';
import { offsetFiller, offsetWordCount, offsetWords, panelGatherer, type OffsetAxes } from '../panels/gather.ts';
import { emitLeast, roundUp } from '../../emit/units.ts';
import { packWords, readWords } from '../../emit/words.ts';

const names = ['from', 'to', 'rows', 'depth', 'rowChunks', 'blocks', 'groupBytes', 'toGroupBytes'] as const;

/** Rows of panels that one chunk packs, a multiple of every width. */
const rowsInChunk = 96;

export interface KernelSource {
  readonly from: Extract<Word, { place: unknown }>;
  readonly groups: number;
  readonly groupBytes: number;
  /** Kernels of one group, and where they are. */
  readonly rows: number;
  readonly rowBytes: number;
  /** A kernel's elements. */
  readonly depth: number;
  readonly terms: OffsetAxes;
}

/** Packs each group's kernels into panels of `width`, in blocks of the depth as for a matrix. */
export function packKernelsCommand(source: KernelSource, width: number, to: Temporary): Command {
  const { from, groups, groupBytes, rows, rowBytes, depth, terms } = source;
  const blocks = Math.ceil(depth / depthBlock);
  const rowChunks = Math.ceil(rows / rowsInChunk);
  const one = { size: 1, byteStride: 0 };
  return {
    code: packKernelsCode(width),
    words: [
      ...packWords(names, {
        from,
        to: { place: to, byteOffset: 0 },
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
    scratchBytes: 4 * (depthBlock + rowsInChunk),
  };
}

function packKernelsCode(width: number): KernelCode {
  return {
    key: `convolution kernels ${width}`,
    assemble: (module) => {
      const fill = offsetFiller(module);
      const gather = panelGatherer(module, width);
      return module.function(['i32', 'i32', 'i32'], [], (code, args, chunk, scratch) => {
        const w = readWords(code, args, names);
        const rowOffsets = code.local('i32', i32.add(scratch, i32.const(4 * depthBlock)));
        const first = code.local('i32', i32.mul(i32.remU(chunk, w.rowChunks), i32.const(rowsInChunk)));
        const rest = code.local('i32', i32.divU(chunk, w.rowChunks));
        const from = code.local('i32', i32.mul(i32.remU(rest, w.blocks), i32.const(depthBlock)));
        const group = code.local('i32', i32.divU(rest, w.blocks));
        const rows = emitLeast(code, i32.const(rowsInChunk), i32.sub(w.rows, first));
        const depth = emitLeast(code, i32.const(depthBlock), i32.sub(w.depth, from));
        const termAxes = i32.add(args, i32.const(4 * names.length));
        const rowAxes = i32.add(args, i32.const(4 * (names.length + offsetWordCount)));
        code.emit(code.call(fill, termAxes, from, depth, depth, scratch));
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
          code.emit(code.call(gather, source, offsets, scratch, depth, to));
          code.add(to, i32.mul(depth, i32.const(4 * width)));
        });
      });
    },
  };
}
