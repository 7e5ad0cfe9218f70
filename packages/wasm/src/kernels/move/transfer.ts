// Copies or additions from one view to another, of which pad, concat and fold are made.
import { permuteView, sizeOf, type ScalarType } from '@thetagrad/core/backend';
import {
  f32,
  f32x4,
  f64,
  f64x2,
  i32,
  i32x4,
  i64,
  v128,
  type Code,
  type FunctionRef,
  type Local,
  type ModuleBuilder,
  type Statement,
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
  type Row,
  type StridedOperand,
} from '../../emit/stridedLoop.ts';
import { loadEverySecond } from '../../emit/lanes.ts';
import { emitTiles, tiledLoop, type TiledAccess, type TiledLoop } from '../../emit/tiledLoop.ts';
import { copyStride, emitTransposeCopy } from '../../emit/transpose.ts';
import { packWords, readWords, wordsAfter } from '../../emit/words.ts';

type Address = Value<'i32'>;

/** An operation from elements to elements: one at a time, and several at a time. */
export interface Transfer {
  /** Identifies the transfer in keys of kernel functions. */
  readonly key: string;
  /** The size of an element of the source, and of the destination. */
  readonly bytes: number;
  readonly toBytes: number;
  readonly one: (to: Address, from: Address) => Statement;
  /** Transfers `count` elements, from number `i * count` on. */
  readonly several: (to: Address, from: Address, i: number) => Statement;
  readonly count: number;
  /** Transfers four elements, of which the source has every second one. (Reads the eighth, too.) Default: none. */
  readonly everySecond?: (to: Address, from: Address) => Statement;
}

/** Copies elements of 1, 4 or 8 bytes. */
export function copyTransfer(bytes: number): Transfer {
  return {
    key: `copy ${bytes}`,
    bytes,
    toBytes: bytes,
    one: (to, from) =>
      bytes === 8
        ? i64.store(to, i64.load(from))
        : bytes === 4
          ? i32.store(to, i32.load(from))
          : i32.store8(to, i32.load8U(from)),
    several: (to, from, i) => {
      const access = { align: 1, offset: 16 * i };
      return v128.store(to, v128.load(from, access), access);
    },
    count: 16 / bytes,
    ...(bytes === 4 && { everySecond: (to, from) => v128.store(to, loadEverySecond(from), { align: 4 }) }),
  };
}

/** Adds elements to those at the destination. */
export function addTransfer(type: Exclude<ScalarType, 'bool'>): Transfer {
  const lanes = { f32: f32x4, f64: f64x2, i32: i32x4 }[type];
  const align = type === 'f64' ? 8 : 4;
  return {
    key: `add ${type}`,
    bytes: align,
    toBytes: align,
    one: (to, from) =>
      type === 'f64'
        ? f64.store(to, f64.add(f64.load(to), f64.load(from)))
        : type === 'f32'
          ? f32.store(to, f32.add(f32.load(to), f32.load(from)))
          : i32.store(to, i32.add(i32.load(to), i32.load(from))),
    several: (to, from, i) => {
      const access = { align, offset: 16 * i };
      return v128.store(to, lanes.add(v128.load(to, access), v128.load(from, access)), access);
    },
    count: 16 / align,
  };
}

/** Adds float32 elements to float64 ones. */
export const widenAndAdd: Transfer = {
  key: 'widen and add',
  bytes: 4,
  toBytes: 8,
  one: (to, from) => f64.store(to, f64.add(f64.load(to), f64.promoteF32(f32.load(from)))),
  several: (to, from, i) => {
    const access = { align: 8, offset: 16 * i };
    const terms = f64x2.promoteLowF32x4(v128.load64Zero(from, { align: 4, offset: 8 * i }));
    return v128.store(to, f64x2.add(v128.load(to, access), terms), access);
  },
  count: 2,
};

/** Rounds float64 elements to float32. */
export const narrow: Transfer = {
  key: 'narrow',
  bytes: 8,
  toBytes: 4,
  one: (to, from) => f32.store(to, f32.demoteF64(f64.load(from))),
  several: (to, from, i) => {
    const rounded = f32x4.demoteF64x2Zero(v128.load(from, { align: 8, offset: 16 * i }));
    return v128.store64Lane(to, rounded, 0, { align: 4, offset: 8 * i });
  },
  count: 2,
};

/** Emits the transfer of `count` elements. Moves `to` and `from`. */
export function emitTransfer(
  code: Code,
  { bytes, toBytes, one, several, count: vector, everySecond }: Transfer,
  [to, from]: readonly [Local<'i32'>, Local<'i32'>],
  [toStep, fromStep]: readonly [Local<'i32'>, Local<'i32'>],
  count: Value<'i32'>,
): void {
  const left = code.local('i32', count);
  const areApart = (toDistance: number, fromDistance: number): Value<'i32'> =>
    i32.and(i32.eq(toStep, i32.const(toDistance)), i32.eq(fromStep, i32.const(fromDistance)));
  code.if(areApart(toBytes, bytes), () => {
    for (const group of [4, 1]) {
      code.while(i32.geU(left, i32.const(group * vector)), () => {
        for (let i = 0; i < group; i++) code.emit(several(to, from, i));
        code.add(to, i32.const(group * vector * toBytes));
        code.add(from, i32.const(group * vector * bytes));
        code.add(left, i32.const(-group * vector));
      });
    }
  });
  if (everySecond) {
    code.if(areApart(toBytes, 2 * bytes), () => {
      // With a fifth element, the eighth one that is read lies before it.
      code.while(i32.geU(left, i32.const(5)), () => {
        code.emit(everySecond(to, from));
        code.add(to, i32.const(4 * toBytes));
        code.add(from, i32.const(8 * bytes));
        code.add(left, i32.const(-4));
      });
    });
  }
  code.while(left, () => {
    code.emit(one(to, from));
    code.add(to, toStep);
    code.add(from, fromStep);
    code.add(left, i32.const(-1));
  });
}

/** The number of elements in a chunk, approximately: whole cache lines. */
const grain = 1 << 15;

/** Transfers all elements between operands of one shape. The destination must not be broadcast. */
export function transferCommand(transfer: Transfer, to: StridedOperand, from: StridedOperand): Command {
  // Loop in the order of the destination in memory: rows are longest then, and writing costs more than reading.
  const order = to.view.shape
    .map((_, axis) => axis)
    .sort((a, b) => Math.abs(to.view.strides[b]!) - Math.abs(to.view.strides[a]!));
  const operands = [to, from].map((operand) => ({ ...operand, view: permuteView(operand.view, order) }));
  const tiles = tiledLoop(operands, grain);
  if (tiles?.accesses[1] === 'transposed') return transposingCommand(transfer, tiles);
  const { rank, words } = stridedLoop(operands);
  const range = { size: sizeOf(to.view.shape), grain };
  return {
    code: kernelCode('transfer', { transfer, rank }, assembleTransfer),
    words: [...packWords(rangeNames, range), ...words],
    chunks: countRanges(range),
    workspaceBytes: 0,
  };
}

function assembleTransfer(
  module: ModuleBuilder,
  { transfer, rank }: { readonly transfer: Transfer; readonly rank: number },
): FunctionRef {
  return module.function(['i32', 'i32', 'i32'], [], (code, args, chunk) => {
    const range = emitRange(code, chunk, readWords(code, args, rangeNames));
    const loop = { words: wordsAfter(args, rangeNames), rank, operands: 2 };
    emitStridedLoop(code, loop, range, ({ at, steps, count }) =>
      emitTransfer(code, transfer, pair(at), pair(steps), count),
    );
  });
}

interface TransposingStructure {
  readonly transfer: Transfer;
  readonly rank: number;
  readonly accesses: readonly TiledAccess[];
}

/** Transfers from a transposed operand, whose tiles are copied to the workspace first. */
function transposingCommand(transfer: Transfer, tiles: TiledLoop): Command {
  const { rank, accesses, words, chunks, rows, columns } = tiles;
  const copyRow = copyStride(transfer.bytes, columns);
  return {
    code: kernelCode('transposing transfer', { transfer, rank, accesses }, assembleTransposing),
    words: [copyRow, ...words],
    chunks,
    workspaceBytes: rows * copyRow,
  };
}

function assembleTransposing(module: ModuleBuilder, structure: TransposingStructure): FunctionRef {
  const { transfer } = structure;
  return module.function(['i32', 'i32', 'i32'], [], (code, args, chunk, workspace) => {
    const step = code.local('i32', i32.const(transfer.bytes));
    const copy = { at: workspace, stride: code.local('i32', i32.load(args)) };
    const [to, from, line] = [code.local('i32'), code.local('i32'), code.local('i32')];
    const tileWords = code.local('i32', i32.add(args, i32.const(4)));
    emitTiles(code, tileWords, structure, chunk, ({ rows, columns, operands: [target, source] }) => {
      emitTransposeCopy(code, transfer.bytes, { at: source!.at, stride: source!.along }, copy, rows, columns);
      code.set(line, workspace);
      code.while(rows, () => {
        code.set(to, target!.at);
        code.set(from, line);
        emitTransfer(code, transfer, [to, from], [target!.along, step], columns);
        code.add(target!.at, target!.down);
        code.add(line, copy.stride);
        code.add(rows, i32.const(-1));
      });
    });
  });
}

function pair([first, second]: Row['at']): readonly [Local<'i32'>, Local<'i32'>] {
  return [first!, second!];
}
