// Scans. float32 is added and multiplied in double precision and in order, for the same results as the portable
// backend.
import {
  bytesPerElement,
  contiguous,
  scalarTypeOf,
  type Operand,
  type RoutineKernel,
  type ScalarType,
  type ScanCombination,
} from '@thetagrad/core/backend';
import { i32, v128, type Code, type FunctionRef, type Local, type ModuleBuilder } from '../../assembler/index.ts';
import type { Command } from '../../command.ts';
import { kernelCode } from '../../emit/kernelCode.ts';
import {
  countLines,
  countRanges,
  emitRange,
  emitStridedLoop,
  holdAxis,
  rangeNames,
  stridedLoop,
  stridedOperand,
  type Row,
  type StridedOperand,
} from '../../emit/stridedLoop.ts';
import { emitMin, emitRepeat } from '../../emit/units.ts';
import { packWords, readWords, wordsAfter } from '../../emit/words.ts';
import { scanLanes, type ScanLanes } from './lanes.ts';

/** The length of the axis, and its strides in the output and in the inputs, in bytes. */
const names = [...rangeNames, 'length', 'toBytes', 'fromBytes', 'factorBytes'] as const;
/** The number of elements in a chunk, approximately. */
const chunkElements = 1 << 15;
/** The maximum number of neighboring lines that are scanned together. */
const maxColumns = 512;

/** A chunk is some lines along the axis. */
export function scanCommands({ operands, attributes, shape, output }: RoutineKernel<'scan'>): Command[] {
  const { combination, exclusive, axis, reverse } = attributes;
  const length = shape[axis]!;
  const scanned = [{ slot: output, view: contiguous(shape) }, ...operands].map((operand: Operand) =>
    reverse ? flipAxis(stridedOperand(operand), axis) : stridedOperand(operand),
  );
  const [toBytes, fromBytes, factorBytes = 0] = scanned.map(({ view, bytes }) => view.strides[axis]! * bytes);
  const { rank, words } = stridedLoop(scanned.map((operand) => holdAxis(operand, axis, 1)));
  const size = countLines(shape, axis);
  // Whole cache lines, where lines are neighbors in memory.
  const multiple = axis === shape.length - 1 ? 1 : 64 / bytesPerElement(output.dtype);
  const grain = Math.ceil(chunkElements / Math.max(1, length) / multiple) * multiple;
  const own = packWords(names, { size, grain, length, toBytes: toBytes!, fromBytes: fromBytes!, factorBytes });
  return [
    {
      code: kernelCode('scan', { combination, exclusive, type: scalarTypeOf(output.dtype), rank }, assemble),
      words: [...own, ...words],
      chunks: length === 0 ? 0 : countRanges({ size, grain }),
      workspaceBytes: maxColumns * 8,
    },
  ];
}

/** The operand with an axis in reverse order. */
function flipAxis({ view, ...rest }: StridedOperand, axis: number): StridedOperand {
  const stride = view.strides[axis]!;
  const offset = view.offset + Math.max(0, view.shape[axis]! - 1) * stride;
  return { ...rest, view: { ...view, strides: view.strides.with(axis, -stride), offset } };
}

interface Structure {
  readonly combination: ScanCombination;
  readonly exclusive: boolean;
  /** The type of the elements. */
  readonly type: ScalarType;
  readonly rank: number;
}

function assemble(module: ModuleBuilder, { combination, exclusive, type, rank }: Structure): FunctionRef {
  const operands = combination === 'linear' ? 3 : 2;
  const lanes = scanLanes(combination, type);
  return module.function(['i32', 'i32', 'i32'], [], (code, args, chunk, workspace) => {
    const w = readWords(code, args, names);
    const range = emitRange(code, chunk, w);
    const scan: EmittedScan = {
      lanes,
      exclusive,
      length: w.length,
      steps: [w.toBytes, w.fromBytes, w.factorBytes].slice(0, operands),
    };
    emitStridedLoop(code, { words: wordsAfter(args, names), rank, operands }, range, (row) => {
      const areNeighbors = row.steps.map((step) => i32.eq(step, i32.const(lanes.bytes)));
      code.if(
        areNeighbors.reduce((all, one) => i32.and(all, one), i32.gtU(row.count, i32.const(1))),
        () => emitColumns(code, scan, row, workspace),
        () => emitLines(code, scan, row),
      );
    });
  });
}

/**
 * A scan whose code is being emitted: the length of the axis, and its strides in the output and each input, in bytes.
 */
interface EmittedScan {
  readonly lanes: ScanLanes;
  readonly exclusive: boolean;
  readonly length: Local<'i32'>;
  readonly steps: readonly Local<'i32'>[];
}

/** Scans one line after the other. */
function emitLines(code: Code, scan: EmittedScan, { at, steps, count }: Row): void {
  const { lanes, length } = scan;
  const accumulator = code.local('v128');
  const here = at.map(() => code.local('i32'));
  code.while(count, () => {
    code.set(accumulator, lanes.initial);
    here.forEach((address, j) => code.set(address, at[j]!));
    emitRepeat(code, length, () => {
      emitStep(code, scan, 'one', accumulator, here);
      here.forEach((address, j) => code.add(address, scan.steps[j]!));
    });
    at.forEach((address, j) => code.add(address, steps[j]!));
    code.add(count, i32.const(-1));
  });
}

/** Scans neighboring lines together, a step of all of them at a time, with their accumulators in the workspace. */
function emitColumns(code: Code, scan: EmittedScan, { at, count }: Row, workspace: Local<'i32'>): void {
  const { lanes, length } = scan;
  const accumulator = code.local('v128');
  const here = at.map(() => code.local('i32'));
  const row = at.map(() => code.local('i32'));
  const accumulators = code.local('i32');
  const left = code.local('i32');
  const sweep = (width: 'one' | 'many', elements: number): void =>
    code.while(i32.geU(left, i32.const(elements)), () => {
      code.set(accumulator, lanes.accumulator[width].load(accumulators));
      emitStep(code, scan, width, accumulator, here);
      code.emit(lanes.accumulator[width].store(accumulators, accumulator));
      for (const address of here) code.add(address, i32.const(elements * lanes.bytes));
      code.add(accumulators, i32.const(elements * lanes.accumulator.bytes));
      code.add(left, i32.const(-elements));
    });
  code.while(count, () => {
    const columns = emitMin(code, count, i32.const(maxColumns));
    code.for(
      accumulators,
      workspace,
      i32.add(workspace, i32.mul(columns, i32.const(lanes.accumulator.bytes))),
      16,
      () => code.emit(v128.store(accumulators, lanes.initial)),
    );
    row.forEach((address, j) => code.set(address, at[j]!));
    emitRepeat(code, length, () => {
      code.set(accumulators, workspace);
      code.set(left, columns);
      here.forEach((address, j) => code.set(address, row[j]!));
      sweep('many', lanes.elements);
      sweep('one', 1);
      row.forEach((address, j) => code.add(address, scan.steps[j]!));
    });
    for (const address of at) code.add(address, i32.mul(columns, i32.const(lanes.bytes)));
    code.set(count, i32.sub(count, columns));
  });
}

/** Combines elements, one or as many as a vector has. */
function emitStep(
  code: Code,
  { lanes, exclusive }: EmittedScan,
  width: 'one' | 'many',
  accumulator: Local<'v128'>,
  [to, ...from]: readonly Local<'i32'>[],
): void {
  const { load, store } = lanes[width];
  const [value, factor] = from.map((address) => code.local('v128', load(address)));
  if (exclusive) code.emit(store(to!, accumulator));
  code.set(accumulator, lanes.combine(accumulator, value!, factor));
  if (!exclusive) code.emit(store(to!, accumulator));
}
