// The transpose of the sums of windows: each element of an image is the sum of the windows that see it.
import { scalarTypeOf } from '@thetagrad/core/backend';
import {
  f32,
  f32x4,
  f64,
  i32,
  i8x16,
  v128,
  type Code,
  type Local,
  type Value,
  type ValueType,
} from '../../assembler/index.ts';
import type { Command, KernelCode } from '../../command.ts';
import { read, type Routine } from '../move/move.ts';
import { chunksOf, cutUnits, emitLeast, emitUnits } from '../../emit/units.ts';
import { packWords, readWords } from '../../emit/words.ts';
import type { PoolAttributes } from './windows.ts';

/**
 * Sizes of an image (channels, height, width) and of the windows of one (rows, columns), whose strides are in bytes. A row
 * of an image is made of two rows in scratch memory: `sums` of the windows' rows that see it, with zeros on both sides, and
 * `spread` over all columns that windows see, of which the image has those from `left` on.
 */
const names = [
  'units',
  'unitsInChunk',
  'to',
  'from',
  'channels',
  'height',
  'width',
  'rows',
  'columns',
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
  'steps',
  'sums',
  'spread',
] as const;
type Words = Readonly<Record<(typeof names)[number], Local<'i32'>>>;

const chunkElements = 1 << 15;

/** Each number added to all elements of its window: attributes of core's `windowSumTranspose`. */
export function windowSumTransposeCommands({ operands, attributes, shape, output }: Routine): Command[] | undefined {
  const type = scalarTypeOf(output.dtype);
  if (type === 'i32' || type === 'bool') return undefined;
  const { kernel, stride, low } = attributes as unknown as PoolAttributes;
  const { view, bytes, place } = read(operands[0]!);
  const [count, channels, height, width] = shape as [number, number, number, number];
  const [, , rows, columns] = view.shape as [number, number, number, number];
  const [imageBytes, channelBytes, rowBytes, columnBytes] = view.strides.map((step) => step * bytes);
  const cut = cutUnits(count * channels * height, width, chunkElements);
  const wide = (length: number): number => Math.ceil(length / 4) * 4;
  // In steps of the windows: so many are needed for all columns, and so many a window reaches back.
  const steps = wide(Math.ceil((low[1] + width) / stride[1]));
  const margin = wide(Math.ceil(kernel[1] / stride[1]));
  const sumsLength = margin + Math.max(steps, wide(columns));
  const words = packWords(names, {
    ...cut,
    to: { place: output, byteOffset: 0 },
    from: { place, byteOffset: view.offset * bytes },
    channels,
    height,
    width,
    rows,
    columns,
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
    steps,
    sums: margin * bytes,
    spread: sumsLength * bytes,
  });
  const code = spreadCode(type, Math.min(3, stride[1]) as 1 | 2 | 3);
  const scratchBytes = (sumsLength + steps * stride[1]) * bytes;
  return [{ code, words, chunks: width === 0 ? 0 : chunksOf(cut), scratchBytes }];
}

/** For a distance of windows of 1, of 2, or of any number (3). */
function spreadCode(type: 'f32' | 'f64', distance: 1 | 2 | 3): KernelCode {
  return {
    key: `spread ${type} ${distance}`,
    assemble: (module) =>
      module.function(['i32', 'i32', 'i32'], [], (code, args, chunk, scratch) => {
        const w = readWords(code, args, names);
        const lanes = lanesOf(type);
        const place = { sums: i32.add(scratch, w.sums), spread: i32.add(scratch, w.spread) };
        const sums = code.local('i32', place.sums);
        const spread = code.local('i32', place.spread);
        const at = code.local('i32');
        code.for(at, scratch, spread, 16, () => code.emit(v128.store(at, v128.const(new Uint8Array(16)))));
        emitUnits(code, chunk, w, (unit) => {
          emitSums(code, lanes, w, unit, sums);
          emitSpread(code, lanes, w, distance, sums, spread);
          const width = i32.mul(w.width, i32.const(lanes.bytes));
          const row = code.local('i32', i32.add(w.to, i32.mul(unit, width)));
          const from = code.local('i32', i32.add(spread, i32.mul(w.left, i32.const(lanes.bytes))));
          emitCopy(code, lanes, row, from, w.width);
        });
      }),
  };
}

/** Vectors of four, or single numbers. */
interface Lanes {
  readonly count: 1 | 4;
  readonly bytes: number;
  readonly one: Numbers;
  /** `count` at a time. */
  readonly many: Numbers;
}

interface Numbers {
  readonly zero: Value<ValueType>;
  readonly add: (x: Value<ValueType>, y: Value<ValueType>) => Value<ValueType>;
  readonly load: (at: Value<'i32'>) => Value<ValueType>;
  readonly store: (code: Code, at: Value<'i32'>, x: Value<ValueType>) => void;
}

function lanesOf(type: 'f32' | 'f64'): Lanes {
  const of = { f32, f64 }[type] as typeof f64;
  const one: Numbers = {
    zero: of.const(0),
    add: (x, y) => of.add(x as Value<'f64'>, y as Value<'f64'>),
    load: (at) => of.load(at),
    store: (code, at, x) => code.emit(of.store(at, x as Value<'f64'>)),
  };
  const four: Numbers = {
    zero: v128.const(new Uint8Array(16)),
    add: (x, y) => f32x4.add(x as Value<'v128'>, y as Value<'v128'>),
    load: (at) => v128.load(at, { align: 4 }),
    store: (code, at, x) => code.emit(v128.store(at, x as Value<'v128'>, { align: 4 })),
  };
  return type === 'f32' ? { count: 4, bytes: 4, one, many: four } : { count: 1, bytes: 8, one, many: one };
}

/** The sum of the rows of windows that see row `unit` of all images. */
function emitSums(code: Code, lanes: Lanes, w: Words, unit: Local<'i32'>, sums: Local<'i32'>): void {
  const planes = code.local('i32', i32.divU(unit, w.height));
  const image = code.local('i32', i32.divU(planes, w.channels));
  const channel = i32.sub(planes, i32.mul(image, w.channels));
  const padded = code.local('i32', i32.add(i32.sub(unit, i32.mul(planes, w.height)), w.top));
  const first = code.local('i32', i32.add(i32.sub(padded, w.kernelRows), w.rowStep));
  code.if(i32.ltS(first, i32.const(0)), () => code.set(first, i32.const(0)));
  code.set(first, i32.divU(first, w.rowStep));
  const end = emitLeast(code, i32.add(i32.divU(padded, w.rowStep), i32.const(1)), w.rows);
  const plane = i32.add(i32.mul(image, w.imageBytes), i32.mul(channel, w.channelBytes));
  const from = code.local('i32', i32.add(i32.add(w.from, plane), i32.mul(first, w.rowBytes)));
  const to = code.local('i32', sums);
  const left = code.local('i32', w.columns);
  const row = code.local('i32');
  const at = code.local('i32');
  const sweep = ({ zero, add, load, store }: Numbers, count: number): void => {
    const sum = code.local(zero.type) as Local<ValueType>;
    code.while(i32.geU(left, i32.const(count)), () => {
      code.set(sum, zero);
      code.set(at, from);
      code.for(row, first, end, 1, () => {
        code.set(sum, add(sum, load(at)));
        code.add(at, w.rowBytes);
      });
      store(code, to, sum);
      code.add(from, i32.mul(w.columnBytes, i32.const(count)));
      code.add(to, i32.const(count * lanes.bytes));
      code.add(left, i32.const(-count));
    });
  };
  if (lanes.count > 1) code.if(i32.eq(w.columnBytes, i32.const(lanes.bytes)), () => sweep(lanes.many, lanes.count));
  sweep(lanes.one, 1);
}

/** Column p, counted with the padding, is seen by windows ⌊p / step⌋ and before as far as they reach. */
function emitSpread(
  code: Code,
  { count, bytes, many: { zero, add, load, store } }: Lanes,
  w: Words,
  distance: 1 | 2 | 3,
  sums: Local<'i32'>,
  spread: Local<'i32'>,
): void {
  const step = code.local('i32');
  const to = code.local('i32', spread);
  const here = code.local('i32', sums);
  const at = code.local('i32');
  const tap = code.local('i32');
  /** The sum of the windows that see the columns of this phase. */
  const seen = (phase: Value<'i32'>): Local<ValueType> => {
    const sum = code.local(zero.type, zero as Value<never>) as Local<ValueType>;
    code.set(at, here);
    code.for(tap, phase, w.kernelColumns, w.columnStep, () => {
      code.set(sum, add(sum, load(at)));
      code.add(at, i32.const(-bytes));
    });
    return sum;
  };
  code.for(step, i32.const(0), w.steps, count, () => {
    if (distance === 1) {
      store(code, to, seen(i32.const(0)));
      code.add(to, i32.const(count * bytes));
    } else if (distance === 2) {
      const [even, odd] = [seen(i32.const(0)), seen(i32.const(1))];
      if (count === 1) {
        store(code, to, even);
        store(code, i32.add(to, i32.const(bytes)), odd);
      } else {
        const pair = [even, odd] as unknown as [Value<'v128'>, Value<'v128'>];
        store(code, to, i8x16.shuffle(...pair, lowHalves));
        store(code, i32.add(to, i32.const(16)), i8x16.shuffle(...pair, highHalves));
      }
      code.add(to, i32.const(2 * count * bytes));
    } else {
      const phase = code.local('i32');
      const target = code.local('i32');
      const stride = code.local('i32', i32.mul(w.columnStep, i32.const(bytes)));
      code.for(phase, i32.const(0), w.columnStep, 1, () => {
        const sum = seen(phase);
        code.set(target, i32.add(to, i32.mul(phase, i32.const(bytes))));
        for (let lane = 0; lane < count; lane++) {
          if (count === 1) store(code, target, sum);
          else code.emit(v128.store32Lane(target, sum as unknown as Value<'v128'>, lane));
          code.add(target, stride);
        }
      });
      code.add(to, i32.mul(stride, i32.const(count)));
    }
    code.add(here, i32.const(count * bytes));
  });
}

const interleaved = (lanes: readonly number[]): number[] =>
  lanes.flatMap((lane) => [0, 1, 2, 3].map((byte) => 4 * lane + byte));
const lowHalves = interleaved([0, 4, 1, 5]);
const highHalves = interleaved([2, 6, 3, 7]);

function emitCopy(code: Code, lanes: Lanes, to: Local<'i32'>, from: Local<'i32'>, count: Local<'i32'>): void {
  const left = code.local('i32', count);
  const sweep = ({ load, store }: Numbers, elements: number): void =>
    code.while(i32.geU(left, i32.const(elements)), () => {
      store(code, to, load(from));
      code.add(to, i32.const(elements * lanes.bytes));
      code.add(from, i32.const(elements * lanes.bytes));
      code.add(left, i32.const(-elements));
    });
  if (lanes.count > 1) sweep(lanes.many, lanes.count);
  sweep(lanes.one, 1);
}
