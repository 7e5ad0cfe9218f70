// Work in tiles, for operands that lie across: where rows of the output go along their columns. Such an operand is read as
// badly along rows as the output is written along columns; a tile of both fits the cache.
import { i32, type Code, type Local } from '../assembler/index.ts';
import { lieOf, nestOf, type Lie, type Nest } from './access.ts';
import type { Word } from '../command.ts';
import { emitLeast, evenly } from './units.ts';
import { packWords, readWords } from './words.ts';
import { emitRange, emitWalk, rangeNames, walkWordsOf, type Walked } from './stridedLoop.ts';

/** How an operand lies along the rows of a tile; across if it is together along the columns. */
export type TiledLie = Lie | 'across';

export interface Tiles {
  readonly lies: readonly TiledLie[];
  /** A part of the code's key. */
  readonly rank: number;
  /** What {@link emitTiles} reads. */
  readonly words: readonly Word[];
  readonly chunks: number;
  /** Of the largest tile. */
  readonly rows: number;
  readonly columns: number;
}

/** A tile has about so many elements. */
const tileSize = 1 << 12;
/** A tile is no wider than so many columns. */
const widestTile = 128;
/** Rows come by whole cache lines of the operands that lie across. */
const rowsInLine = 16;
/** Shorter axes make no tiles. */
const shortest = 4;

/**
 * Cuts into tiles what operands of one shape are walked for, a chunk of them about `grain` elements; `undefined` if no
 * operand lies across.
 */
export function tilesOf(operands: readonly Walked[], grain: number): Tiles | undefined {
  const nest = nestOf(operands.map(({ view }) => view));
  const down = axisAcross(nest);
  if (down === undefined) return undefined;
  const along = nest.sizes.length - 1;
  const [height, width] = [nest.sizes[down]!, nest.sizes[along]!];
  const columns = evenly(width, Math.min(width, widestTile), 4);
  const rows = evenly(height, Math.min(height, tileSize / columns), rowsInLine);

  // The walk goes from tile to tile. Its first operands are the numbers of a tile's first row and column.
  const outer = nest.sizes.flatMap((_, axis) => (axis === down || axis === along ? [] : [axis]));
  const sizes = [...outer.map((axis) => nest.sizes[axis]!), Math.ceil(height / rows), Math.ceil(width / columns)];
  const position = (axis: number) => ({ at: 0, strides: nest.sizes.map((_, other) => Number(other === axis)) });
  const walked = [
    position(down),
    position(along),
    ...operands.map(({ place, view, bytes }, j) => ({
      at: { place, byteOffset: view.offset * bytes },
      strides: nest.strides[j]!.map((stride) => stride * bytes),
    })),
  ].map(({ at, strides }) => ({
    at,
    strides: [...outer.map((axis) => strides[axis]!), strides[down]! * rows, strides[along]! * columns],
  }));
  const steps = operands.flatMap(({ bytes }, j) => [nest.strides[j]![down]! * bytes, nest.strides[j]![along]! * bytes]);
  const size = sizes.reduce((product, length) => product * length, 1);
  const tilesInChunk = Math.max(1, Math.round(grain / (rows * columns)));
  const own = packWords(names, { size, grain: tilesInChunk, height, width, rows, columns });
  return {
    lies: nest.strides.map((own): TiledLie => {
      const lie = lieOf(own[along]!);
      return lie === 'apart' && own[down] === 1 ? 'across' : lie;
    }),
    rank: sizes.length,
    words: [...own, ...steps, ...walkWordsOf(sizes, walked)],
    chunks: Math.ceil(size / tilesInChunk),
    rows,
    columns,
  };
}

const names = [...rangeNames, 'height', 'width', 'rows', 'columns'] as const;

/** The axis along which most of the operands lie that the innermost one goes across. */
function axisAcross({ sizes, strides }: Nest): number | undefined {
  const along = sizes.length - 1;
  if (sizes[along]! < shortest) return undefined;
  const across = strides.filter((own) => lieOf(own[along]!) === 'apart');
  const counts = sizes.map((size, axis) =>
    axis === along || size < shortest ? 0 : across.filter((own) => own[axis] === 1).length,
  );
  const most = Math.max(...counts);
  return most > 0 ? counts.indexOf(most) : undefined;
}

/** What a tile's body may use, and change. */
export interface Tile {
  readonly rows: Local<'i32'>;
  readonly columns: Local<'i32'>;
  /** For each operand where the tile begins, and the distances of the next row and column, in bytes. */
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
  { rank, lies }: Pick<Tiles, 'rank' | 'lies'>,
  chunk: Local<'i32'>,
  body: (tile: Tile) => void,
): void {
  const w = readWords(code, words, names);
  const step = (index: number): Local<'i32'> =>
    code.local('i32', i32.load(words, { offset: 4 * (names.length + index) }));
  const steps = lies.map((_, j) => ({ down: step(2 * j), along: step(2 * j + 1) }));
  const { begin, end } = emitRange(code, chunk, w);
  const walk = i32.add(words, i32.const(4 * (names.length + 2 * lies.length)));
  emitWalk(code, walk, { rank, operands: 2 + lies.length }, begin, end, ({ at, steps: next, count }) => {
    const [row, column, ...starts] = at as readonly [Local<'i32'>, Local<'i32'>, ...Local<'i32'>[]];
    code.while(count, () => {
      body({
        rows: emitLeast(code, i32.sub(w.height, row), w.rows),
        columns: emitLeast(code, i32.sub(w.width, column), w.columns),
        operands: starts.map((start, j) => ({ at: code.local('i32', start), ...steps[j]! })),
      });
      at.forEach((address, j) => code.add(address, next[j]!));
      code.add(count, i32.const(-1));
    });
  });
}
