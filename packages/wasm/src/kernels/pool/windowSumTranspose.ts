import { scalarTypeOf, type RoutineKernel } from '@thetagrad/core/backend';
import {
  f32,
  f32x4,
  f64,
  i32,
  v128,
  type Code,
  type FunctionRef,
  type Local,
  type ModuleBuilder,
  type Value,
  type ValueType,
} from '../../assembler/index.ts';
import type { Command } from '../../command.ts';
import { kernelCode } from '../../emit/kernelCode.ts';
import { shuffleLanes } from '../../emit/lanes.ts';
import { countChunks, cutUnits, emitMin, emitUnits } from '../../emit/units.ts';
import { packWords, readWords } from '../../emit/words.ts';
import { emitRowIndex, poolNames, poolShape, poolWords } from './geometry.ts';

/**
 * See {@link poolNames}. A row of the image is made of two rows in the workspace: `sums` of the rows of windows that
 * cover it, with zeros on both sides, and `spread` over all columns that windows cover, of which the image has those
 * from `left` on.
 */
const names = [...poolNames, 'steps', 'sums', 'spread'] as const;
type Words = Readonly<Record<(typeof names)[number], Local<'i32'>>>;

/** The number of elements that a chunk writes, approximately. */
const chunkElements = 1 << 15;

/** `undefined` for integers. */
export function windowSumTransposeCommands({
  operands: [windows],
  attributes,
  shape,
  output,
}: RoutineKernel<'windowSumTranspose'>): Command[] | undefined {
  const type = scalarTypeOf(output.dtype);
  if (type === 'i32' || type === 'bool') return undefined;
  const {
    kernelSize: [, kernelColumns],
    stride: [, columnStep],
    padBefore: [, left],
  } = attributes;
  const pool = poolWords(windows, output, attributes);
  const { height, width, rows, columns } = poolShape(shape, windows.view.shape);
  const { bytes } = lanesOf(type);
  const cut = cutUnits(shape[0]! * pool.channels * height, width, chunkElements);
  const wide = (length: number): number => Math.ceil(length / 4) * 4;
  // In units of the windows' stride: the length of a row, and how far a window reaches back.
  const steps = wide(Math.ceil((left + width) / columnStep));
  const margin = wide(Math.ceil(kernelColumns / columnStep));
  const sumsLength = margin + Math.max(steps, wide(columns));
  return [
    {
      code: kernelCode('window sum transpose', { type, step: Math.min(3, columnStep) as 1 | 2 | 3 }, assemble),
      words: packWords(names, {
        ...cut,
        ...pool,
        height,
        width,
        rows,
        columns,
        steps,
        sums: margin * bytes,
        spread: sumsLength * bytes,
      }),
      chunks: width === 0 ? 0 : countChunks(cut),
      workspaceBytes: (sumsLength + steps * columnStep) * bytes,
    },
  ];
}

interface Structure {
  readonly type: 'f32' | 'f64';
  /** The distance of windows: 1, 2, or 3 for any distance. */
  readonly step: 1 | 2 | 3;
}

/** A unit is a row of the image. */
function assemble(module: ModuleBuilder, { type, step }: Structure): FunctionRef {
  return module.function(['i32', 'i32', 'i32'], [], (code, args, chunk, workspace) => {
    const w = readWords(code, args, names);
    const lanes = lanesOf(type);
    const sums = code.local('i32', i32.add(workspace, w.sums));
    const spread = code.local('i32', i32.add(workspace, w.spread));
    const at = code.local('i32');
    code.for(at, workspace, spread, 16, () => code.emit(v128.store(at, v128.const(new Uint8Array(16)))));
    emitUnits(code, chunk, w, (unit) => {
      emitSums(code, lanes, w, unit, sums);
      emitSpread(code, lanes, w, step, { sums, spread });
      const width = i32.mul(w.width, i32.const(lanes.bytes));
      const row = code.local('i32', i32.add(w.to, i32.mul(unit, width)));
      const from = code.local('i32', i32.add(spread, i32.mul(w.left, i32.const(lanes.bytes))));
      emitCopy(code, lanes, row, from, w.width);
    });
  });
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

/** Adds up the rows of windows that cover row `unit` of all images. */
function emitSums(code: Code, lanes: Lanes, w: Words, unit: Local<'i32'>, sums: Local<'i32'>): void {
  const { image, channel, row: imageRow } = emitRowIndex(code, unit, w.height, w.channels);
  const paddedRow = code.local('i32', i32.add(imageRow, w.top));
  const first = code.local('i32', i32.add(i32.sub(paddedRow, w.kernelRows), w.rowStep));
  code.if(i32.ltS(first, i32.const(0)), () => code.set(first, i32.const(0)));
  code.set(first, i32.divU(first, w.rowStep));
  const end = emitMin(code, i32.add(i32.divU(paddedRow, w.rowStep), i32.const(1)), w.rows);
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

/**
 * Spreads a row of sums: column p, counted with padding, is covered by window ⌊p / step⌋ and those before that reach
 * it.
 */
function emitSpread(
  code: Code,
  { count, bytes, many: { zero, add, load, store } }: Lanes,
  w: Words,
  windowStep: 1 | 2 | 3,
  { sums, spread }: { readonly sums: Local<'i32'>; readonly spread: Local<'i32'> },
): void {
  const step = code.local('i32');
  const to = code.local('i32', spread);
  const here = code.local('i32', sums);
  const at = code.local('i32');
  const tap = code.local('i32');
  /** The sum of the windows that cover the columns of a phase. */
  const sumOf = (phase: Value<'i32'>): Local<ValueType> => {
    const sum = code.local(zero.type, zero as Value<never>) as Local<ValueType>;
    code.set(at, here);
    code.for(tap, phase, w.kernelColumns, w.columnStep, () => {
      code.set(sum, add(sum, load(at)));
      code.add(at, i32.const(-bytes));
    });
    return sum;
  };
  code.for(step, i32.const(0), w.steps, count, () => {
    if (windowStep === 1) {
      store(code, to, sumOf(i32.const(0)));
      code.add(to, i32.const(count * bytes));
    } else if (windowStep === 2) {
      const [even, odd] = [sumOf(i32.const(0)), sumOf(i32.const(1))];
      if (count === 1) {
        store(code, to, even);
        store(code, i32.add(to, i32.const(bytes)), odd);
      } else {
        const pair = [even, odd] as [Value<ValueType>, Value<ValueType>] as [Value<'v128'>, Value<'v128'>];
        store(code, to, shuffleLanes(...pair, [0, 4, 1, 5]));
        store(code, i32.add(to, i32.const(16)), shuffleLanes(...pair, [2, 6, 3, 7]));
      }
      code.add(to, i32.const(2 * count * bytes));
    } else {
      const phase = code.local('i32');
      const target = code.local('i32');
      const stride = code.local('i32', i32.mul(w.columnStep, i32.const(bytes)));
      code.for(phase, i32.const(0), w.columnStep, 1, () => {
        const sum = sumOf(phase);
        code.set(target, i32.add(to, i32.mul(phase, i32.const(bytes))));
        for (let lane = 0; lane < count; lane++) {
          if (count === 1) store(code, target, sum);
          else code.emit(v128.store32Lane(target, sum as Value<ValueType> as Value<'v128'>, lane));
          code.add(target, stride);
        }
      });
      code.add(to, i32.mul(stride, i32.const(count)));
    }
    code.add(here, i32.const(count * bytes));
  });
}

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
