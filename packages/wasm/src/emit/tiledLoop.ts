// Loops in tiles, for transposed operands, which are contiguous along columns of the output. Reading such an operand
// along rows uses the cache as badly as writing the output along columns would; a tile of both fits the cache.
import { sizeOf, type JoinedAxes } from '@thetagrad/core/backend';
import { i32, type Code, type Local } from '../assembler/index.ts';
import type { Word } from '../command.ts';
import { accessOf, type Access } from './access.ts';
import {
  countRanges,
  emitRange,
  emitStridedLoop,
  joinOperandAxes,
  packStridedLoop,
  rangeNames,
  type StridedOperand,
} from './stridedLoop.ts';
import { emitMin, evenPartSize } from './units.ts';
import { packWords, readWords } from './words.ts';

/** An operand's access along the rows of a tile; transposed if it is contiguous along the columns. */
export type TiledAccess = Access | 'transposed';

export interface TiledLoop {
  readonly accesses: readonly TiledAccess[];
  /** The number of axes, which code depends on. */
  readonly rank: number;
  /** Read by {@link emitTiles}. */
  readonly words: readonly Word[];
  readonly chunks: number;
  /** The size of the largest tile. */
  readonly rows: number;
  readonly columns: number;
}

/** The number of elements of a tile, approximately. */
const tileSize = 1 << 12;
const maxTileColumns = 128;
/** The number of rows is a multiple of this: whole cache lines of transposed operands. */
const rowMultiple = 16;
/** Shorter axes are not tiled. */
const minLength = 4;

/**
 * Cuts the loop over operands of one shape into tiles, about `grain` elements to a chunk; `undefined` if no operand is
 * transposed.
 */
export function tiledLoop(operands: readonly StridedOperand[], grain: number): TiledLoop | undefined {
  const axes = joinOperandAxes(operands);
  const down = transposedAxis(axes);
  if (down === undefined) return undefined;
  const along = axes.shape.length - 1;
  const [height, width] = [axes.shape[down]!, axes.shape[along]!];
  const columns = evenPartSize(width, Math.min(width, maxTileColumns), 4);
  const rows = evenPartSize(height, Math.min(height, tileSize / columns), rowMultiple);

  // A strided loop over tiles. Its first two operands are the numbers of a tile's first row and column.
  const outer = axes.shape.flatMap((_, axis) => (axis === down || axis === along ? [] : [axis]));
  const shape = [...outer.map((axis) => axes.shape[axis]!), Math.ceil(height / rows), Math.ceil(width / columns)];
  const position = (axis: number) => ({ at: 0, strides: axes.shape.map((_, other) => Number(other === axis)) });
  const starts = [
    position(down),
    position(along),
    ...operands.map(({ slot, view, bytes }, j) => ({
      at: { slot, byteOffset: view.offset * bytes },
      strides: axes.strides[j]!.map((stride) => stride * bytes),
    })),
  ].map(({ at, strides }) => ({
    at,
    strides: [...outer.map((axis) => strides[axis]!), strides[down]! * rows, strides[along]! * columns],
  }));
  const steps = operands.flatMap(({ bytes }, j) => [axes.strides[j]![down]! * bytes, axes.strides[j]![along]! * bytes]);
  const range = { size: sizeOf(shape), grain: Math.max(1, Math.round(grain / (rows * columns))) };
  return {
    accesses: axes.strides.map((own): TiledAccess => {
      const access = accessOf(own[along]!);
      return access === 'strided' && own[down] === 1 ? 'transposed' : access;
    }),
    rank: shape.length,
    words: [
      ...packWords(names, { ...range, height, width, rows, columns }),
      ...steps,
      ...packStridedLoop(shape, starts),
    ],
    chunks: countRanges(range),
    rows,
    columns,
  };
}

const names = [...rangeNames, 'height', 'width', 'rows', 'columns'] as const;

/** The axis along which most of the operands are contiguous that are strided along the innermost one. */
function transposedAxis({ shape, strides }: JoinedAxes): number | undefined {
  const along = shape.length - 1;
  if (shape[along]! < minLength) return undefined;
  const strided = strides.filter((own) => accessOf(own[along]!) === 'strided');
  const counts = shape.map((length, axis) =>
    axis === along || length < minLength ? 0 : strided.filter((own) => own[axis] === 1).length,
  );
  const max = Math.max(...counts);
  return max > 0 ? counts.indexOf(max) : undefined;
}

/** The locals of a tile, which its body may change. */
export interface Tile {
  readonly rows: Local<'i32'>;
  readonly columns: Local<'i32'>;
  /**
   * For each operand the address of the tile's first element, and the distances of the next row and column, in bytes.
   */
  readonly operands: readonly {
    readonly at: Local<'i32'>;
    readonly down: Local<'i32'>;
    readonly along: Local<'i32'>;
  }[];
}

/** Emits a loop over the tiles of a chunk; the words begin at `words`. */
export function emitTiles(
  code: Code,
  words: Local<'i32'>,
  { rank, accesses }: Pick<TiledLoop, 'rank' | 'accesses'>,
  chunk: Local<'i32'>,
  body: (tile: Tile) => void,
): void {
  const w = readWords(code, words, names);
  const step = (index: number): Local<'i32'> =>
    code.local('i32', i32.load(words, { offset: 4 * (names.length + index) }));
  const steps = accesses.map((_, j) => ({ down: step(2 * j), along: step(2 * j + 1) }));
  const range = emitRange(code, chunk, w);
  const loop = {
    words: i32.add(words, i32.const(4 * (names.length + 2 * accesses.length))),
    rank,
    operands: 2 + accesses.length,
  };
  emitStridedLoop(code, loop, range, ({ at, steps: next, count }) => {
    const [row, column, ...starts] = at as readonly [Local<'i32'>, Local<'i32'>, ...Local<'i32'>[]];
    code.while(count, () => {
      body({
        rows: emitMin(code, i32.sub(w.height, row), w.rows),
        columns: emitMin(code, i32.sub(w.width, column), w.columns),
        operands: starts.map((start, j) => ({ at: code.local('i32', start), ...steps[j]! })),
      });
      at.forEach((address, j) => code.add(address, next[j]!));
      code.add(count, i32.const(-1));
    });
  });
}
