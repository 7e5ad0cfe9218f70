import { sizeOf } from '@thetagrad/core/backend';
import {
  i32,
  i32x4,
  v128,
  type FunctionRef,
  type Local,
  type ModuleBuilder,
  type Value,
} from '../../assembler/index.ts';
import type { Command } from '../../command.ts';
import { kernelCode } from '../../emit/kernelCode.ts';
import {
  countRanges,
  emitRange,
  emitStridedLoop,
  rangeNames,
  stridedLoop,
  type StridedOperand,
} from '../../emit/stridedLoop.ts';
import { packWords, readWords, wordsAfter } from '../../emit/words.ts';

/** The number of elements in a chunk, approximately. */
const chunkElements = 1 << 15;

/** Cuts `size` elements into chunks of whole cache lines. */
export function cutElements(size: number, workOfElement = 1): { size: number; grain: number } {
  return { size, grain: Math.ceil(chunkElements / Math.max(1, workOfElement) / 16) * 16 };
}

/** The index as a number from 0; negative indices count from the end. */
export function wrapIndex(index: Local<'i32'>, length: Local<'i32'>): Value<'i32'> {
  return i32.add(index, i32.and(i32.shrS(index, i32.const(31)), length));
}

const names = [...rangeNames, 'length'] as const;

/**
 * Traps if an index into an axis of `length` is out of range. Runs before anything is written; the backend then throws
 * the error of the portable backend.
 */
export function checkIndicesCommand({ view, ...rest }: StridedOperand, length: number): Command {
  // Broadcast indices are checked once.
  const shape = view.shape.map((size, axis) => (view.strides[axis] === 0 ? Math.min(1, size) : size));
  const { rank, words } = stridedLoop([{ ...rest, view: { ...view, shape } }]);
  const range = cutElements(sizeOf(shape));
  return {
    code: kernelCode('check indices', { rank }, assemble),
    words: [...packWords(names, { ...range, length }), ...words],
    chunks: countRanges(range),
    workspaceBytes: 0,
  };
}

function assemble(module: ModuleBuilder, { rank }: { readonly rank: number }): FunctionRef {
  return module.function(['i32', 'i32', 'i32'], [], (code, args, chunk) => {
    const w = readWords(code, args, names);
    const range = emitRange(code, chunk, w);
    const index = code.local('i32');
    const four = code.local('v128');
    const lengths = code.local('v128', i32x4.splat(w.length));
    const loop = { words: wordsAfter(args, names), rank, operands: 1 };
    emitStridedLoop(code, loop, range, ({ at, steps, count }) => {
      const advance = (by: number): void => {
        code.add(at[0]!, i32.mul(steps[0]!, i32.const(by)));
        code.add(count, i32.const(-by));
      };
      code.if(i32.eq(steps[0]!, i32.const(4)), () =>
        code.while(i32.geU(count, i32.const(4)), () => {
          code.set(four, v128.load(at[0]!, { align: 4 }));
          code.set(four, i32x4.add(four, v128.and(i32x4.shrS(four, i32.const(31)), lengths)));
          code.if(v128.anyTrue(i32x4.geU(four, lengths)), () => code.trap());
          advance(4);
        }),
      );
      code.while(count, () => {
        code.set(index, i32.load(at[0]!));
        code.if(i32.geU(wrapIndex(index, w.length), w.length), () => code.trap());
        advance(1);
      });
    });
  });
}
