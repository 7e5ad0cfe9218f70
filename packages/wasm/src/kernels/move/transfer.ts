// Copies from one view to another, or adds: what padding, joining and folding are made of.
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
  type Local,
  type Statement,
  type Value,
} from '../../assembler/index.ts';
import type { ScalarType } from '@thetagrad/core/backend';
import type { Command, KernelCode } from '../../command.ts';
import { packWords, readWords } from '../../emit/words.ts';
import { emitRange, emitWalk, rangeNames, walkOf, type Row, type Walked } from '../../emit/stridedLoop.ts';
import { emitTiles, tilesOf, type Tiles } from '../../emit/tiledLoop.ts';
import { copyStride, emitTransposed } from '../../emit/transpose.ts';

type Address = Value<'i32'>;

/** What happens to elements: one at a time, and 16 bytes of them. */
export interface Transfer {
  /** A part of a code's key. */
  readonly name: string;
  readonly bytes: number;
  readonly one: (to: Address, from: Address) => Statement;
  readonly sixteen: (to: Address, from: Address) => Statement;
}

/** Elements of 1, 4 or 8 bytes replace what is there. */
export function copying(bytes: number): Transfer {
  return {
    name: `copy ${bytes}`,
    bytes,
    one: (to, from) =>
      bytes === 8
        ? i64.store(to, i64.load(from))
        : bytes === 4
          ? i32.store(to, i32.load(from))
          : i32.store8(to, i32.load8U(from)),
    sixteen: (to, from) => v128.store(to, v128.load(from, { align: 1 }), { align: 1 }),
  };
}

/** Elements are added to what is there. */
export function adding(type: Exclude<ScalarType, 'bool'>): Transfer {
  const lanes = { f32: f32x4, f64: f64x2, i32: i32x4 }[type];
  const align = type === 'f64' ? 8 : 4;
  return {
    name: `add ${type}`,
    bytes: align,
    one: (to, from) =>
      type === 'f64'
        ? f64.store(to, f64.add(f64.load(to), f64.load(from)))
        : type === 'f32'
          ? f32.store(to, f32.add(f32.load(to), f32.load(from)))
          : i32.store(to, i32.add(i32.load(to), i32.load(from))),
    sixteen: (to, from) => v128.store(to, lanes.add(v128.load(to, { align }), v128.load(from, { align })), { align }),
  };
}

/** Emits the transfer of `count` elements; `to` and `from` move on. */
export function emitTransfer(
  code: Code,
  { bytes, one, sixteen }: Transfer,
  [to, from]: readonly [Local<'i32'>, Local<'i32'>],
  [toStep, fromStep]: readonly [Local<'i32'>, Local<'i32'>],
  count: Value<'i32'>,
): void {
  const size = i32.const(bytes);
  const left = code.local('i32', count);
  code.if(i32.and(i32.eq(toStep, size), i32.eq(fromStep, size)), () => {
    const elements = 16 / bytes;
    code.while(i32.geU(left, i32.const(elements)), () => {
      code.emit(sixteen(to, from));
      code.add(to, i32.const(16));
      code.add(from, i32.const(16));
      code.add(left, i32.const(-elements));
    });
  });
  code.while(left, () => {
    code.emit(one(to, from));
    code.add(to, toStep);
    code.add(from, fromStep);
    code.add(left, i32.const(-1));
  });
}

/** A chunk moves about this many elements: whole cache lines. */
const grain = 1 << 15;

/** Transfers all elements of a view to where another of the same shape sees them, which is a place of its own for each. */
export function transferCommand(transfer: Transfer, to: Walked, from: Walked): Command {
  // In the order in which they lie at their destination: rows are longest so, and writing is what costs most.
  const order = to.view.shape
    .map((_, axis) => axis)
    .sort((a, b) => Math.abs(to.view.strides[b]!) - Math.abs(to.view.strides[a]!));
  const ordered = ({ view, ...rest }: Walked): Walked => ({
    ...rest,
    view: {
      shape: order.map((axis) => view.shape[axis]!),
      strides: order.map((axis) => view.strides[axis]!),
      offset: view.offset,
    },
  });
  const operands = [ordered(to), ordered(from)];
  const tiles = tilesOf(operands, grain);
  if (tiles?.lies[1] === 'across') return transposingCommand(transfer, tiles);
  const { rank, words } = walkOf(operands);
  const size = to.view.shape.reduce((product, length) => product * length, 1);
  return {
    code: transferCode(transfer, rank),
    words: [...packWords(rangeNames, { size, grain }), ...words],
    chunks: Math.ceil(size / grain),
    scratchBytes: 0,
  };
}

/** From columns to rows, by copies of tiles. */
function transposingCommand(transfer: Transfer, tiles: Tiles): Command {
  const { rank, words, chunks, rows, columns } = tiles;
  const copyRow = copyStride(transfer.bytes, columns);
  const code: KernelCode = {
    key: `transposing transfer ${transfer.name} ${rank} ${tiles.lies.join()}`,
    assemble: (module) =>
      module.function(['i32', 'i32', 'i32'], [], (body, args, chunk, scratch) => {
        const step = body.local('i32', i32.const(transfer.bytes));
        const copy = { at: scratch, stride: body.local('i32', i32.load(args)) };
        const [to, from, line] = [body.local('i32'), body.local('i32'), body.local('i32')];
        const tileWords = body.local('i32', i32.add(args, i32.const(4)));
        emitTiles(body, tileWords, tiles, chunk, ({ rows, columns, operands: [target, source] }) => {
          emitTransposed(body, transfer.bytes, { at: source!.at, stride: source!.along }, copy, rows, columns);
          body.set(line, scratch);
          body.while(rows, () => {
            body.set(to, target!.at);
            body.set(from, line);
            emitTransfer(body, transfer, [to, from], [target!.along, step], columns);
            body.add(target!.at, target!.down);
            body.add(line, copy.stride);
            body.add(rows, i32.const(-1));
          });
        });
      }),
  };
  return { code, words: [copyRow, ...words], chunks, scratchBytes: rows * copyRow };
}

function transferCode(transfer: Transfer, rank: number): KernelCode {
  return {
    key: `transfer ${transfer.name} ${rank}`,
    assemble: (module) =>
      module.function(['i32', 'i32', 'i32'], [], (code, args, chunk) => {
        const { begin, end } = emitRange(code, chunk, readWords(code, args, rangeNames));
        const words = i32.add(args, i32.const(4 * rangeNames.length));
        emitWalk(code, words, { rank, operands: 2 }, begin, end, ({ at, steps, count }) =>
          emitTransfer(code, transfer, pair(at), pair(steps), count),
        );
      }),
  };
}

function pair([first, second]: Row['at']): readonly [Local<'i32'>, Local<'i32'>] {
  return [first!, second!];
}
