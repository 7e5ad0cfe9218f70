// Operands of a tiled product are copied into panels: a panel holds a few rows of A (or columns of B) next to each
// other, [depth][width], so that the inner loop reads both operands sequentially. Missing rows are zeros. A long depth
// is cut into blocks that stay in cache, [block][panel][depth in the block][width].
import type { Slot } from '@thetagrad/core/backend';
import { f32, i32, v128, type FunctionRef, type Local, type ModuleBuilder, type Value } from '../../assembler/index.ts';
import type { Command, Scratch } from '../../command.ts';
import { batchWords, emitBatchOffset, type BatchAxis } from '../../emit/batch.ts';
import { kernelCode } from '../../emit/kernelCode.ts';
import { transposeLanes } from '../../emit/lanes.ts';
import { countChunks, cutUnits, divideUp, emitMin, emitUnits, roundUp } from '../../emit/units.ts';
import { packWords, readWords } from '../../emit/words.ts';

/** The number of terms in a block of the depth. */
export const depthBlock = 256;

/** The number of elements that a chunk packs, approximately. */
const chunkElements = 1 << 15;

/** The rows of an operand: `count` rows of `depth` elements, strides in elements. */
export interface PackSource {
  readonly slot: Slot | Scratch;
  readonly offset: number;
  /** The axes of independent matrices, outermost first. */
  readonly batch: readonly { readonly size: number; readonly stride: number }[];
  readonly count: number;
  readonly depth: number;
  readonly rowStride: number;
  readonly depthStride: number;
}

/** The number of elements in the panels of a matrix. */
export function panelElements(count: number, depth: number, width: number): number {
  return Math.ceil(count / width) * width * depth;
}

/** The number of panels that are packed together, so that neighboring rows are read a cache line at a time. */
const panelsInSpan = 8;

const names = ['from', 'to', 'count', 'depth', 'rowBytes', 'depthBytes', 'units', 'unitsInChunk', 'rank'] as const;

/**
 * Packs all matrices of an operand into `to`, one after the other. A unit is a span of panels of one block of a matrix.
 */
export function packCommand(source: PackSource, width: number, to: Scratch): Command {
  const { slot, offset, batch, count, depth, rowStride, depthStride } = source;
  const matrices = batch.reduce((product, { size }) => product * size, 1);
  const spans = Math.ceil(count / (width * panelsInSpan));
  const unitElements = Math.min(count, width * panelsInSpan) * Math.min(depth, depthBlock);
  const cut = cutUnits(matrices * spans * Math.ceil(depth / depthBlock), unitElements, chunkElements);
  return {
    code: kernelCode('pack', { width }, assemblePack),
    words: [
      ...packWords(names, {
        from: { slot, byteOffset: 4 * offset },
        to: { slot: to, byteOffset: 0 },
        count,
        depth,
        rowBytes: 4 * rowStride,
        depthBytes: 4 * depthStride,
        ...cut,
        rank: batch.length,
      }),
      ...batchWords(batch.map(({ size, stride }): BatchAxis => ({ size, byteStrides: [4 * stride] }))),
    ],
    chunks: countChunks(cut),
    workspaceBytes: 0,
  };
}

function assemblePack(module: ModuleBuilder, { width }: { readonly width: number }): FunctionRef {
  const packSpan = definePackSpan(module, width);
  const rowsInSpan = i32.const(width * panelsInSpan);
  return module.function(['i32', 'i32', 'i32'], [], (code, args, chunk) => {
    const w = readWords(code, args, names);
    const spans = code.local('i32', divideUp(w.count, width * panelsInSpan));
    const blocks = code.local('i32', divideUp(w.depth, depthBlock));
    const rows = code.local('i32', roundUp(w.count, width));
    const matrixBytes = i32.shl(i32.mul(rows, w.depth), i32.const(2));
    emitUnits(code, chunk, w, (unit) => {
      const row = code.local('i32', i32.mul(i32.remU(unit, spans), rowsInSpan));
      const rest = code.local('i32', i32.divU(unit, spans));
      const from = code.local('i32', i32.mul(i32.remU(rest, blocks), i32.const(depthBlock)));
      const matrix = code.local('i32', i32.divU(rest, blocks));
      const depth = emitMin(code, i32.const(depthBlock), i32.sub(w.depth, from));
      const count = emitMin(code, rowsInSpan, i32.sub(w.count, row));
      const [offset] = emitBatchOffset(code, args, 4 * names.length, w.rank, matrix, 1);
      const source = i32.add(i32.add(w.from, offset!), i32.add(i32.mul(row, w.rowBytes), i32.mul(from, w.depthBytes)));
      const elements = i32.add(i32.mul(from, rows), i32.mul(row, depth));
      const target = i32.add(i32.add(w.to, i32.mul(matrix, matrixBytes)), i32.shl(elements, i32.const(2)));
      code.emit(code.call(packSpan, source, count, w.rowBytes, w.depthBytes, depth, target));
    });
  });
}

type I32 = 'i32';
type PackFunction = FunctionRef<readonly [I32, I32, I32, I32, I32, I32], readonly []>;

/** Defines a function (from, rows, rowBytes, depthBytes, depth, to) that packs all panels of `rows` rows. */
export function definePackSpan(module: ModuleBuilder, width: number): PackFunction {
  const packPanel = definePackPanel(module, width);
  return module.function(
    ['i32', 'i32', 'i32', 'i32', 'i32', 'i32'],
    [],
    (code, from, rows, rowBytes, depthBytes, depth, to) => {
      const row = code.local('i32');
      const panelBytes = code.local('i32', i32.mul(depth, i32.const(4 * width)));
      code.if(i32.eq(rowBytes, i32.const(4)), () => {
        // Whole panels: term by term, over all of them.
        const whole = code.local('i32', i32.mul(i32.divU(rows, i32.const(width)), i32.const(width)));
        const k = code.local('i32');
        const source = code.local('i32');
        const target = code.local('i32');
        const bytes = i32.shl(whole, i32.const(2));
        code.for(k, i32.const(0), depth, 1, () => {
          code.set(source, i32.add(from, i32.mul(k, depthBytes)));
          code.set(target, i32.add(to, i32.mul(k, i32.const(4 * width))));
          const end = code.local('i32', i32.add(source, bytes));
          code.while(i32.ltU(source, end), () => {
            for (let i = 0; i + 4 <= width; i += 4) {
              const access = { offset: 4 * i, align: 4 };
              code.emit(v128.store(target, v128.load(source, access), access));
            }
            for (let i = width - (width % 4); i < width; i++) {
              code.emit(f32.store(target, f32.load(source, { offset: 4 * i }), { offset: 4 * i }));
            }
            code.add(source, i32.const(4 * width));
            code.add(target, panelBytes);
          });
        });
        code.set(row, whole);
        code.add(from, bytes);
        code.add(to, i32.mul(i32.divU(whole, i32.const(width)), panelBytes));
      });
      code.while(i32.ltU(row, rows), () => {
        code.emit(code.call(packPanel, from, i32.sub(rows, row), rowBytes, depthBytes, depth, to));
        code.add(from, i32.mul(rowBytes, i32.const(width)));
        code.add(to, panelBytes);
        code.add(row, i32.const(width));
      });
    },
  );
}

/**
 * Defines a function (from, rows, rowBytes, depthBytes, depth, to) that packs one panel, of at most `rows` ≥ 1 rows.
 */
function definePackPanel(module: ModuleBuilder, width: number): PackFunction {
  const packFour = definePackFourRows(module, width);
  return module.function(
    ['i32', 'i32', 'i32', 'i32', 'i32', 'i32'],
    [],
    (code, from, rows, rowBytes, depthBytes, depth, to) => {
      const row = code.local('i32');
      const end = code.local('i32');
      code.if(i32.gtS(rows, i32.const(width)), () => code.set(rows, i32.const(width)));
      // Four rows at a time with vectors, the others one by one.
      code.while(i32.leU(i32.add(row, i32.const(4)), rows), () => {
        code.emit(code.call(packFour, from, rowBytes, depthBytes, depth, to));
        code.add(from, i32.mul(rowBytes, i32.const(4)));
        code.add(to, i32.const(16));
        code.add(row, i32.const(4));
      });
      const eachTerm = (term: (at: Local<'i32'>) => void): void => {
        const at = code.local('i32', to);
        code.set(end, i32.add(to, i32.mul(depth, i32.const(4 * width))));
        code.while(i32.ltU(at, end), () => {
          term(at);
          code.add(at, i32.const(4 * width));
        });
        code.add(to, i32.const(4));
        code.add(row, i32.const(1));
      };
      const source = code.local('i32');
      code.while(i32.ltU(row, rows), () => {
        code.set(source, from);
        eachTerm((at) => {
          code.emit(f32.store(at, f32.load(source)));
          code.add(source, depthBytes);
        });
        code.add(from, rowBytes);
      });
      code.while(i32.ltU(row, i32.const(width)), () => eachTerm((at) => code.emit(f32.store(at, f32.const(0)))));
    },
  );
}

/**
 * Defines a function (from, rowBytes, depthBytes, depth, to) that packs four rows into a panel's columns from `to` on.
 */
function definePackFourRows(module: ModuleBuilder, width: number) {
  return module.function(['i32', 'i32', 'i32', 'i32', 'i32'], [], (code, from, rowBytes, depthBytes, depth, to) => {
    const step = i32.const(4 * width);
    const end = code.local('i32', i32.add(to, i32.mul(depth, step)));
    const rowAt = (row: number): Value<'i32'> => [from, second, third, fourth][row]!;
    const second = code.local('i32', i32.add(from, rowBytes));
    const third = code.local('i32', i32.add(second, rowBytes));
    const fourth = code.local('i32', i32.add(third, rowBytes));
    const advance = (bytes: Value<'i32'>): void => {
      for (const row of [from, second, third, fourth]) code.add(row, bytes);
    };
    code.if(
      i32.eq(rowBytes, i32.const(4)),
      () =>
        code.while(i32.ltU(to, end), () => {
          code.emit(v128.store(to, v128.load(from, { align: 4 }), { align: 4 }));
          code.add(from, depthBytes);
          code.add(to, step);
        }),
      () => {
        code.if(i32.eq(depthBytes, i32.const(4)), () => {
          const lastFour = code.local('i32', i32.sub(end, i32.const(12 * width)));
          code.while(i32.ltU(to, lastFour), () => {
            const columns = transposeLanes(
              code,
              [0, 1, 2, 3].map((row) => code.local('v128', v128.load(rowAt(row), { align: 4 }))),
            );
            columns.forEach((column, k) => code.emit(v128.store(to, column, { offset: 4 * width * k, align: 4 })));
            advance(i32.const(16));
            code.add(to, i32.const(16 * width));
          });
        });
        code.while(i32.ltU(to, end), () => {
          for (const row of [0, 1, 2, 3]) code.emit(f32.store(to, f32.load(rowAt(row)), { offset: 4 * row }));
          advance(depthBytes);
          code.add(to, step);
        });
      },
    );
  });
}
