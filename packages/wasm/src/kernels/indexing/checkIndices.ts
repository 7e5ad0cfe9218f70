import { sizeOf } from '@thetagrad/core/backend';
import {
  i32,
  i32x4,
  v128,
  type Code,
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

/** Indices into an axis, whose addresses are computed in fours. */
export interface IndexedAxis {
  readonly length: Local<'i32'>;
  /** The distance of neighbors along the axis, in bytes. */
  readonly bytes: Local<'i32'>;
  /** The distance of neighboring indices, and of the elements at index 0 that they count from. */
  readonly indexStep: Local<'i32'>;
  readonly baseStep?: Local<'i32'>;
}

/**
 * Emits a loop over fours of `count` contiguous indices, while there are four: `body` gets the addresses that they stand for.
 * Moves `indexAt` and `base`, and leaves the rest in `count`.
 */
export function emitIndexedFours(
  code: Code,
  { length, bytes, indexStep, baseStep }: IndexedAxis,
  { indexAt, base, count }: Record<'indexAt' | 'base' | 'count', Local<'i32'>>,
  body: (addresses: readonly Local<'i32'>[]) => void,
): void {
  code.if(i32.and(i32.eq(indexStep, i32.const(4)), i32.geU(count, i32.const(4))), () => {
    const [lengths, scale] = [code.local('v128', i32x4.splat(length)), code.local('v128', i32x4.splat(bytes))];
    const bases = code.local('v128', i32x4.splat(base));
    const next = baseStep && code.local('v128', i32x4.splat(i32.shl(baseStep, i32.const(2))));
    if (baseStep) {
      const lanes = i32x4.mul(i32x4.splat(baseStep), v128.const(Int32Array.of(0, 1, 2, 3)));
      code.set(bases, i32x4.add(bases, lanes));
    }
    const four = code.local('v128');
    const addresses = Array.from({ length: 4 }, () => code.local('i32'));
    code.while(i32.geU(count, i32.const(4)), () => {
      code.set(four, v128.load(indexAt, { align: 4 }));
      code.set(four, i32x4.add(four, v128.and(i32x4.shrS(four, i32.const(31)), lengths)));
      code.set(four, i32x4.add(bases, i32x4.mul(four, scale)));
      addresses.forEach((address, lane) => code.set(address, i32x4.extractLane(four, lane)));
      body(addresses);
      if (next) code.set(bases, i32x4.add(bases, next));
      code.add(indexAt, i32.const(16));
      code.add(count, i32.const(-4));
    });
    code.set(base, i32x4.extractLane(bases, 0));
  });
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
