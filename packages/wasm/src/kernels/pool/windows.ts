// Reductions of windows: the index of the largest element, and the sum.
import { bytesPerElement, scalarTypeOf, type RoutineKernel, type ScalarType } from '@thetagrad/core/backend';
import {
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
import { loadOne } from '../../emit/elements.ts';
import { kernelCode } from '../../emit/kernelCode.ts';
import { shuffleLanes } from '../../emit/lanes.ts';
import { countChunks, cutUnits, emitUnits } from '../../emit/units.ts';
import { packWords, readWords } from '../../emit/words.ts';
import { emitRowIndex, poolNames, poolShape, poolWords } from './geometry.ts';
import { argmaxReduction, fourLanes, oneLane, sumReduction, type WindowReduction } from './windowReduction.ts';

export function maxIndicesCommands(kernel: RoutineKernel<'maxIndices'>): Command[] {
  return [windowsCommand(kernel, 'max')];
}

/** `undefined` for integers. */
export function windowSumCommands(kernel: RoutineKernel<'windowSum'>): Command[] | undefined {
  const { dtype } = kernel.output;
  return dtype === 'float32' || dtype === 'float64' ? [windowsCommand(kernel, 'sum')] : undefined;
}

/** See {@link poolNames}. Windows in columns from `innerBegin` to `innerEnd` are within the image's rows. */
const names = [...poolNames, 'innerBegin', 'innerEnd'] as const;
type Words = Readonly<Record<(typeof names)[number], Local<'i32'>>>;

/** The number of elements that a chunk reads, approximately. */
const chunkElements = 1 << 16;
/** Windows up to this width are read without a loop. */
const maxTaps = 4;

interface Structure {
  readonly operation: 'max' | 'sum';
  readonly type: ScalarType;
  readonly outputBytes: number;
  /** Whether vectors hold four windows. */
  readonly isWide: boolean;
  /**
   * Set if elements of four neighboring windows are at most one apart; `taps` is the windows' width if it is small.
   */
  readonly near: { readonly step: 1 | 2; readonly taps: number | undefined } | undefined;
}

function windowsCommand(
  { operands: [operand], attributes, shape, output }: RoutineKernel<'maxIndices' | 'windowSum'>,
  operation: 'max' | 'sum',
): Command {
  const {
    kernelSize: [kernelRows, kernelColumns],
    stride: [, columnStep],
    padBefore: [, left],
  } = attributes;
  const pool = poolWords(operand, output, attributes);
  const { height, width, rows, columns } = poolShape(operand.view.shape, shape);
  const cut = cutUnits(shape[0]! * pool.channels * rows, columns * kernelRows * kernelColumns, chunkElements);
  const innerBegin = Math.min(columns, Math.ceil(left / columnStep));
  const innerEnd = Math.max(innerBegin, Math.floor((width + left - kernelColumns) / columnStep) + 1);
  const type = scalarTypeOf(operand.slot.dtype);
  const isWide = type === 'f32' || type === 'i32';
  const isNear = isWide && pool.columnBytes === 4 && columnStep <= 2;
  const structure: Structure = {
    operation,
    type,
    outputBytes: bytesPerElement(output.dtype),
    isWide,
    near: isNear
      ? { step: columnStep as 1 | 2, taps: kernelColumns <= maxTaps ? kernelColumns : undefined }
      : undefined,
  };
  return {
    code: kernelCode('windows', structure, assemble),
    words: packWords(names, {
      ...cut,
      ...pool,
      height,
      width,
      rows,
      columns,
      innerBegin,
      innerEnd: Math.min(columns, innerEnd),
    }),
    chunks: columns === 0 ? 0 : countChunks(cut),
    workspaceBytes: 0,
  };
}

/** A unit is a row of windows. */
function assemble(module: ModuleBuilder, structure: Structure): FunctionRef {
  const { operation, type, outputBytes, isWide } = structure;
  return module.function(['i32', 'i32', 'i32'], [], (code, args, chunk) => {
    const w = readWords(code, args, names);
    const makeReduction = operation === 'max' ? argmaxReduction : sumReduction;
    const one = makeReduction(oneLane(code, type));
    const four = isWide ? makeReduction(fourLanes(code, type, w.columnStep)) : undefined;
    const hasFour = code.local('i32', i32.geU(w.innerEnd, i32.add(w.innerBegin, i32.const(4))));
    const step = code.local('i32', i32.mul(w.columnStep, w.columnBytes));
    const column = code.local('i32');
    emitUnits(code, chunk, w, (unit) => {
      const rows = emitRows(code, w, unit);
      const row = code.local('i32', i32.add(w.to, i32.mul(i32.mul(unit, w.columns), i32.const(outputBytes))));
      const to = i32.add(row, i32.mul(column, i32.const(outputBytes)));
      const first = i32.sub(i32.mul(column, w.columnStep), w.left);
      const emitOne = (): void => {
        const begin = code.local('i32', first);
        const end = code.local('i32', i32.add(begin, w.kernelColumns));
        code.if(i32.gtS(end, w.width), () => code.set(end, w.width));
        code.if(i32.ltS(begin, i32.const(0)), () => code.set(begin, i32.const(0)));
        emitWindow(code, w, { rows, begin, end }, one, (tapRow, count) =>
          emitTaps(code, tapRow, count, w.columnBytes, (at) => one.take(loadOne(type, at))),
        );
        code.emit(one.store(to));
        code.add(column, i32.const(1));
      };
      const emitFour = (lanes: WindowReduction<'v128'>): void => {
        // The last four windows may include some of those before.
        code.if(i32.gtU(column, i32.sub(w.innerEnd, i32.const(4))), () =>
          code.set(column, i32.sub(w.innerEnd, i32.const(4))),
        );
        const begin = code.local('i32', first);
        const end = code.local('i32', i32.add(begin, w.kernelColumns));
        emitWindow(code, w, { rows, begin, end }, lanes, (tapRow, count) =>
          emitFourTaps(code, structure, lanes, { row: tapRow, count, columnBytes: w.columnBytes, step }),
        );
        code.emit(lanes.store(to));
        code.add(column, i32.const(4));
      };
      const inside = i32.and(i32.geU(column, w.innerBegin), i32.ltU(column, w.innerEnd));
      code.set(column, i32.const(0));
      code.while(i32.ltU(column, w.columns), () => {
        if (four) code.if(i32.and(inside, hasFour), () => emitFour(four), emitOne);
        else emitOne();
      });
    });
  });
}

/** The rows of its plane that a row of windows covers. */
interface Rows {
  /** The address of the plane. */
  readonly plane: Local<'i32'>;
  readonly begin: Local<'i32'>;
  readonly end: Local<'i32'>;
}

function emitRows(code: Code, w: Words, unit: Local<'i32'>): Rows {
  const { image, channel, row } = emitRowIndex(code, unit, w.rows, w.channels);
  const plane = i32.add(i32.add(w.from, i32.mul(image, w.imageBytes)), i32.mul(channel, w.channelBytes));
  const begin = code.local('i32', i32.sub(i32.mul(row, w.rowStep), w.top));
  const end = code.local('i32', i32.add(begin, w.kernelRows));
  code.if(i32.gtS(end, w.height), () => code.set(end, w.height));
  code.if(i32.ltS(begin, i32.const(0)), () => code.set(begin, i32.const(0)));
  return { plane: code.local('i32', plane), begin, end };
}

/** The elements of a window: columns `begin` to `end` of rows. */
interface Window {
  readonly rows: Rows;
  readonly begin: Local<'i32'>;
  readonly end: Local<'i32'>;
}

/**
 * Reduces a window from its last element to its first, so that of equal elements the first wins. `emitRow` reduces the
 * elements of a row, given the address of the first and their number.
 */
function emitWindow<T extends ValueType>(
  code: Code,
  w: Words,
  { rows, begin, end }: Window,
  reduction: WindowReduction<T>,
  emitRow: (row: Local<'i32'>, count: Local<'i32'>) => void,
): void {
  const lastRow = code.local('i32', i32.sub(rows.end, i32.const(1)));
  const row = code.local('i32', i32.add(rows.plane, i32.mul(lastRow, w.rowBytes)));
  code.add(row, i32.mul(begin, w.columnBytes));
  const index = code.local('i32', i32.add(i32.mul(lastRow, w.width), i32.sub(end, i32.const(1))));
  const count = code.local('i32', i32.sub(end, begin));
  const left = code.local('i32', i32.sub(rows.end, rows.begin));
  reduction.start();
  code.while(i32.gtS(left, i32.const(0)), () => {
    reduction.startRow(index);
    emitRow(row, count);
    reduction.endRow();
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

interface FourTaps {
  /** The address of the first element of the first window's row. */
  readonly row: Local<'i32'>;
  readonly count: Local<'i32'>;
  readonly columnBytes: Local<'i32'>;
  /** The distance of neighboring windows, in bytes. */
  readonly step: Local<'i32'>;
}

/** Reduces a row of four neighboring windows. */
function emitFourTaps(
  code: Code,
  { near }: Structure,
  lanes: WindowReduction<'v128'>,
  { row, count, columnBytes, step }: FourTaps,
): void {
  if (near?.taps) {
    const load = prepareNearLoads(code, near.step, row);
    for (let tap = near.taps - 1; tap >= 0; tap--) lanes.take(load(tap));
  } else {
    emitTaps(code, row, count, columnBytes, (at) =>
      lanes.take(near ? prepareNearLoads(code, near.step, at)(0) : loadStrided(code, at, step)),
    );
  }
}

/** Loads element `tap` of four neighboring windows, `step` elements apart; the first window's row is at `row`. */
function prepareNearLoads(code: Code, step: 1 | 2, row: Local<'i32'>): (tap: number) => Value<'v128'> {
  const load = (element: number): Value<'v128'> => v128.load(row, { align: 4, offset: 4 * element });
  if (step === 1) return load;
  const pairs = new Map<number, readonly [Local<'v128'>, Local<'v128'>]>();
  return (tap) => {
    const even = tap - (tap % 2);
    let pair = pairs.get(even);
    if (!pair) pairs.set(even, (pair = [code.local('v128', load(even)), code.local('v128', load(even + 4))]));
    return shuffleLanes(...pair, tap === even ? [0, 2, 4, 6] : [1, 3, 5, 7]);
  };
}

/** Loads four elements that are `step` bytes apart. */
function loadStrided(code: Code, at: Local<'i32'>, step: Local<'i32'>): Value<'v128'> {
  const here = code.local('i32', at);
  const found = code.local('v128', v128.load32Zero(here));
  for (let lane = 1; lane < 4; lane++) {
    code.add(here, step);
    code.set(found, v128.load32Lane(here, found, lane));
  }
  return found;
}
