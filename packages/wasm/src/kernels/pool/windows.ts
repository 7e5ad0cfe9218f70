// What pooling is made of: where the largest element of each window is, the sum of each window, and the transpose of that.
import { scalarTypeOf, type ScalarType } from '@thetagrad/core/backend';
import { i32, i8x16, v128, type Code, type Local, type Value, type ValueType } from '../../assembler/index.ts';
import { loadOne } from '../../emit/elements.ts';
import type { Command, KernelCode } from '../../command.ts';
import { elementBytes, read, type Routine } from '../move/move.ts';
import { chunksOf, cutUnits, emitUnits } from '../../emit/units.ts';
import { packWords, readWords } from '../../emit/words.ts';
import { fourLanes, largest, oneLane, summed, type Gathering } from './gathering.ts';

/** Attributes of core's primitives for windows; pairs are for height and width. */
export interface PoolAttributes {
  readonly kernel: readonly [number, number];
  readonly stride: readonly [number, number];
  readonly low: readonly [number, number];
}

/** The flat index in its plane of the largest element of each window. */
export function maxIndicesCommands(routine: Routine): Command[] {
  return [windowsCommand(routine, 'max')];
}

/** The sum of each window, or `undefined` for a dtype that has none. */
export function windowSumCommands(routine: Routine): Command[] | undefined {
  const { dtype } = routine.output;
  return dtype === 'float32' || dtype === 'float64' ? [windowsCommand(routine, 'sum')] : undefined;
}

/**
 * Sizes of the result (channels, rows, columns) and of the image; the image's strides in bytes; the windows; and from where
 * to where in a row windows lie within it.
 */
const names = [
  'units',
  'unitsInChunk',
  'to',
  'from',
  'channels',
  'rows',
  'columns',
  'height',
  'width',
  'imageBytes',
  'channelBytes',
  'rowBytes',
  'columnBytes',
  'kernelRows',
  'kernelColumns',
  'rowStep',
  'columnStep',
  'top',
  'left',
  'innerBegin',
  'innerEnd',
] as const;
type Words = Readonly<Record<(typeof names)[number], Local<'i32'>>>;

/** A chunk looks at about this many elements. */
const chunkElements = 1 << 16;

function windowsCommand({ operands, attributes, shape, output }: Routine, operation: 'max' | 'sum'): Command {
  const { kernel, stride, low } = attributes as unknown as PoolAttributes;
  const { view, bytes, place } = read(operands[0]!);
  const [count, channels, rows, columns] = shape as [number, number, number, number];
  const [, , height, width] = view.shape as [number, number, number, number];
  const [imageBytes, channelBytes, rowBytes, columnBytes] = view.strides.map((step) => step * bytes);
  const cut = cutUnits(count * channels * rows, columns * kernel[0] * kernel[1], chunkElements);
  const innerBegin = Math.min(columns, Math.ceil(low[1] / stride[1]));
  const innerEnd = Math.max(innerBegin, Math.floor((width + low[1] - kernel[1]) / stride[1]) + 1);
  const words = packWords(names, {
    ...cut,
    to: { place: output, byteOffset: 0 },
    from: { place, byteOffset: view.offset * bytes },
    channels,
    rows,
    columns,
    height,
    width,
    imageBytes: imageBytes!,
    channelBytes: channelBytes!,
    rowBytes: rowBytes!,
    columnBytes: columnBytes!,
    kernelRows: kernel[0],
    kernelColumns: kernel[1],
    rowStep: stride[0],
    columnStep: stride[1],
    top: low[0],
    left: low[1],
    innerBegin,
    innerEnd: Math.min(columns, innerEnd),
  });
  const type = scalarTypeOf(operands[0]!.slot.dtype);
  const isWide = type === 'f32' || type === 'i32';
  const isNear = isWide && columnBytes === 4 && stride[1] <= 2;
  const near = isNear ? { step: stride[1] as 1 | 2, taps: kernel[1] <= mostTaps ? kernel[1] : undefined } : undefined;
  const code = windowsCode({ operation, type, outputBytes: elementBytes(output), isWide, near });
  return { code, words, chunks: columns === 0 ? 0 : chunksOf(cut), scratchBytes: 0 };
}

/** Rows of windows that are no wider are gathered without a loop. */
const mostTaps = 4;

/** What the code depends on. */
interface Structure {
  readonly operation: 'max' | 'sum';
  readonly type: ScalarType;
  readonly outputBytes: number;
  /** Whether four windows are gathered at once. */
  readonly isWide: boolean;
  /** If the elements of their four rows lie side by side, or every second of them does; and how many a row has, if few. */
  readonly near: { readonly step: 1 | 2; readonly taps: number | undefined } | undefined;
}

function windowsCode({ operation, type, outputBytes, isWide, near }: Structure): KernelCode {
  return {
    key: `windows ${operation} ${type} ${near?.step} ${near?.taps}`,
    assemble: (module) =>
      module.function(['i32', 'i32', 'i32'], [], (code, args, chunk) => {
        const w = readWords(code, args, names);
        const gather = operation === 'max' ? largest : summed;
        const one = gather(oneLane(code, type));
        const four = isWide ? gather(fourLanes(code, type, w.columnStep)) : undefined;
        const enough = code.local('i32', i32.geU(w.innerEnd, i32.add(w.innerBegin, i32.const(4))));
        const step = code.local('i32', i32.mul(w.columnStep, w.columnBytes));
        const column = code.local('i32');
        emitUnits(code, chunk, w, (unit) => {
          const rows = emitRows(code, w, unit);
          const row = code.local('i32', i32.add(w.to, i32.mul(i32.mul(unit, w.columns), i32.const(outputBytes))));
          const to = i32.add(row, i32.mul(column, i32.const(outputBytes)));
          const first = i32.sub(i32.mul(column, w.columnStep), w.left);
          const single = (): void => {
            const begin = code.local('i32', first);
            const end = code.local('i32', i32.add(begin, w.kernelColumns));
            code.if(i32.gtS(end, w.width), () => code.set(end, w.width));
            code.if(i32.ltS(begin, i32.const(0)), () => code.set(begin, i32.const(0)));
            emitWindow(code, w, rows, begin, end, one, (row, count) =>
              emitTaps(code, row, count, w.columnBytes, (at) => one.take(loadOne(type, at))),
            );
            code.emit(one.store(to));
            code.add(column, i32.const(1));
          };
          const together = (lanes: Gathering<'v128'>): void => {
            // The last four may begin among those before them.
            code.if(i32.gtU(column, i32.sub(w.innerEnd, i32.const(4))), () =>
              code.set(column, i32.sub(w.innerEnd, i32.const(4))),
            );
            const begin = code.local('i32', first);
            const end = code.local('i32', i32.add(begin, w.kernelColumns));
            emitWindow(code, w, rows, begin, end, lanes, (row, count) => {
              if (near?.taps) {
                const load = loaderNear(code, near.step, row);
                for (let tap = near.taps - 1; tap >= 0; tap--) lanes.take(load(tap));
              } else {
                emitTaps(code, row, count, w.columnBytes, (at) =>
                  lanes.take(near ? loaderNear(code, near.step, at)(0) : loadApart(code, at, step)),
                );
              }
            });
            code.emit(lanes.store(to));
            code.add(column, i32.const(4));
          };
          const inside = i32.and(i32.geU(column, w.innerBegin), i32.ltU(column, w.innerEnd));
          code.set(column, i32.const(0));
          code.while(i32.ltU(column, w.columns), () => {
            if (four) code.if(i32.and(inside, enough), () => together(four), single);
            else single();
          });
        });
      }),
  };
}

/** The rows of its plane that a row of windows sees. */
interface Rows {
  readonly plane: Local<'i32'>;
  readonly begin: Local<'i32'>;
  readonly end: Local<'i32'>;
}

function emitRows(code: Code, w: Words, unit: Local<'i32'>): Rows {
  const planes = code.local('i32', i32.divU(unit, w.rows));
  const image = code.local('i32', i32.divU(planes, w.channels));
  const channel = i32.sub(planes, i32.mul(image, w.channels));
  const plane = i32.add(i32.add(w.from, i32.mul(image, w.imageBytes)), i32.mul(channel, w.channelBytes));
  const row = i32.sub(unit, i32.mul(planes, w.rows));
  const begin = code.local('i32', i32.sub(i32.mul(row, w.rowStep), w.top));
  const end = code.local('i32', i32.add(begin, w.kernelRows));
  code.if(i32.gtS(end, w.height), () => code.set(end, w.height));
  code.if(i32.ltS(begin, i32.const(0)), () => code.set(begin, i32.const(0)));
  return { plane: code.local('i32', plane), begin, end };
}

/**
 * Gathers the elements of a window from the last to the first, so that of equals the first one stays. `emitRow` takes the
 * elements of a row, of which it gets the address of the first and the number.
 */
function emitWindow<T extends ValueType>(
  code: Code,
  w: Words,
  rows: Rows,
  begin: Local<'i32'>,
  end: Local<'i32'>,
  gathering: Gathering<T>,
  emitRow: (row: Local<'i32'>, count: Local<'i32'>) => void,
): void {
  const lastRow = code.local('i32', i32.sub(rows.end, i32.const(1)));
  const row = code.local('i32', i32.add(rows.plane, i32.mul(lastRow, w.rowBytes)));
  code.add(row, i32.mul(begin, w.columnBytes));
  const index = code.local('i32', i32.add(i32.mul(lastRow, w.width), i32.sub(end, i32.const(1))));
  const count = code.local('i32', i32.sub(end, begin));
  const left = code.local('i32', i32.sub(rows.end, rows.begin));
  gathering.start();
  code.while(i32.gtS(left, i32.const(0)), () => {
    gathering.startRow(index);
    emitRow(row, count);
    gathering.endRow();
    code.set(row, i32.sub(row, w.rowBytes));
    code.set(index, i32.sub(index, w.width));
    code.add(left, i32.const(-1));
  });
}

/** A loop over the elements of a row, from the last to the first. */
function emitTaps(
  code: Code,
  row: Local<'i32'>,
  count: Local<'i32'>,
  columnBytes: Local<'i32'>,
  take: (at: Local<'i32'>) => void,
): void {
  const left = code.local('i32', count);
  const at = code.local('i32', i32.add(row, i32.mul(i32.sub(count, i32.const(1)), columnBytes)));
  code.while(i32.gtS(left, i32.const(0)), () => {
    take(at);
    code.set(at, i32.sub(at, columnBytes));
    code.add(left, i32.const(-1));
  });
}

const lanesOf = (first: number): number[] =>
  [0, 2, 4, 6].flatMap((lane) => [0, 1, 2, 3].map((byte) => 4 * (lane + first) + byte));
const [evenLanes, oddLanes] = [lanesOf(0), lanesOf(1)];

/** Loads element `tap` of the rows of four neighbouring windows, whose elements begin at `row`. */
function loaderNear(code: Code, step: 1 | 2, row: Local<'i32'>): (tap: number) => Value<'v128'> {
  const load = (element: number): Value<'v128'> => v128.load(row, { align: 4, offset: 4 * element });
  if (step === 1) return load;
  const pairs = new Map<number, readonly [Local<'v128'>, Local<'v128'>]>();
  return (tap) => {
    const even = tap - (tap % 2);
    let pair = pairs.get(even);
    if (!pair) pairs.set(even, (pair = [code.local('v128', load(even)), code.local('v128', load(even + 4))]));
    return i8x16.shuffle(...pair, tap === even ? evenLanes : oddLanes);
  };
}

/** Elements of four windows that are so far apart. */
function loadApart(code: Code, at: Local<'i32'>, step: Local<'i32'>): Value<'v128'> {
  const here = code.local('i32', at);
  const found = code.local('v128', v128.load32Zero(here));
  for (let lane = 1; lane < 4; lane++) {
    code.add(here, step);
    code.set(found, v128.load32Lane(here, found, lane));
  }
  return found;
}
