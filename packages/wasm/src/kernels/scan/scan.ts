// Partial results of a reduction along an axis. float32 is added and multiplied in double precision, as on the reference
// backend and in its order, so that the results are the same.
import { scalarTypeOf, type ScalarType } from '@thetagrad/core/backend';
import { i32, v128, type Code, type Local } from '../../assembler/index.ts';
import type { Command, KernelCode } from '../../command.ts';
import { elementBytes, read, rowMajor, seen, type Routine } from '../move/move.ts';
import { emitLeast } from '../../emit/units.ts';
import { packWords, readWords } from '../../emit/words.ts';
import { emitRange, emitWalk, rangeNames, walkOf, type Row, type Walked } from '../../emit/stridedLoop.ts';
import { scanLanes, type Combination, type ScanLanes } from './lanes.ts';

/** Of the axis: how many steps, and how far apart they are in the output and in the inputs, in bytes. */
const names = [...rangeNames, 'length', 'toBytes', 'fromBytes', 'factorBytes'] as const;
/** A chunk is about this many elements. */
const chunkElements = 1 << 15;
/** So many neighbouring lines are done at once at most. */
const mostColumns = 512;

/**
 * Scans along the attribute `axis` by `combination`: from the end with `reverse`; with `exclusive` each result is the one
 * before its element is taken in. A line is done by one chunk.
 */
export function scanCommands({ operands, attributes, shape, output }: Routine): Command[] {
  const { combination, exclusive, axis, reverse } = attributes as unknown as {
    readonly combination: Combination;
    readonly exclusive: boolean;
    readonly axis: number;
    readonly reverse: boolean;
  };
  const length = shape[axis]!;
  const walked = [seen(output, { shape, strides: rowMajor(shape), offset: 0 }), ...operands.map(read)].map((operand) =>
    reverse ? flipped(operand, axis) : operand,
  );
  const [toBytes, fromBytes, factorBytes = 0] = walked.map(({ view, bytes }) => view.strides[axis]! * bytes);
  const { rank, words } = walkOf(
    walked.map(({ view, ...rest }) => ({ ...rest, view: { ...view, shape: shape.with(axis, 1) } })),
  );
  const size = shape.with(axis, 1).reduce((product, each) => product * each, 1);
  // Whole cache lines, where lines lie side by side.
  const whole = axis === shape.length - 1 ? 1 : 64 / elementBytes(output);
  const grain = Math.ceil(chunkElements / Math.max(1, length) / whole) * whole;
  const own = packWords(names, { size, grain, length, toBytes: toBytes!, fromBytes: fromBytes!, factorBytes });
  return [
    {
      code: scanCode({ combination, exclusive, type: scalarTypeOf(output.dtype), rank }),
      words: [...own, ...words],
      chunks: length === 0 ? 0 : Math.ceil(size / grain),
      scratchBytes: mostColumns * 8,
    },
  ];
}

/** Seen from the end of an axis. */
function flipped({ view, ...rest }: Walked, axis: number): Walked {
  const stride = view.strides[axis]!;
  const offset = view.offset + Math.max(0, view.shape[axis]! - 1) * stride;
  return { ...rest, view: { ...view, strides: view.strides.with(axis, -stride), offset } };
}

/** What the code depends on. */
interface Structure {
  readonly combination: Combination;
  readonly exclusive: boolean;
  /** Of the elements. */
  readonly type: ScalarType;
  readonly rank: number;
}

function scanCode({ combination, exclusive, type, rank }: Structure): KernelCode {
  const operands = combination === 'linear' ? 3 : 2;
  const lanes = scanLanes(combination, type);
  return {
    key: `scan ${combination} ${exclusive} ${type} ${rank}`,
    assemble: (module) =>
      module.function(['i32', 'i32', 'i32'], [], (code, args, chunk, scratch) => {
        const w = readWords(code, args, names);
        const { begin, end } = emitRange(code, chunk, w);
        const words = i32.add(args, i32.const(4 * names.length));
        const along: Along = {
          lanes,
          exclusive,
          length: w.length,
          steps: [w.toBytes, w.fromBytes, w.factorBytes].slice(0, operands),
        };
        emitWalk(code, words, { rank, operands }, begin, end, (row) => {
          const neighbours = row.steps.map((step) => i32.eq(step, i32.const(lanes.bytes)));
          code.if(
            neighbours.reduce((all, one) => i32.and(all, one), i32.gtU(row.count, i32.const(1))),
            () => emitColumns(code, along, row, scratch),
            () => emitLines(code, along, row),
          );
        });
      }),
  };
}

/** The scanned axis: its length, and its step in the output and in each input, in bytes. */
interface Along {
  readonly lanes: ScanLanes;
  readonly exclusive: boolean;
  readonly length: Local<'i32'>;
  readonly steps: readonly Local<'i32'>[];
}

/** One line after the other. */
function emitLines(code: Code, along: Along, { at, steps, count }: Row): void {
  const { lanes, length } = along;
  const accumulator = code.local('v128');
  const here = at.map(() => code.local('i32'));
  code.while(count, () => {
    code.set(accumulator, lanes.initial);
    here.forEach((address, j) => code.set(address, at[j]!));
    repeat(code, length, () => {
      emitStep(code, along, 'one', accumulator, here);
      here.forEach((address, j) => code.add(address, along.steps[j]!));
    });
    at.forEach((address, j) => code.add(address, steps[j]!));
    code.add(count, i32.const(-1));
  });
}

/** Lines that lie side by side: a step of all of them at a time, with their accumulators in scratch memory. */
function emitColumns(code: Code, along: Along, { at, count }: Row, scratch: Local<'i32'>): void {
  const { lanes, length } = along;
  const accumulator = code.local('v128');
  const here = at.map(() => code.local('i32'));
  const row = at.map(() => code.local('i32'));
  const place = code.local('i32');
  const left = code.local('i32');
  const sweep = (width: 'one' | 'many', elements: number): void =>
    code.while(i32.geU(left, i32.const(elements)), () => {
      code.set(accumulator, lanes.accumulator[width].load(place));
      emitStep(code, along, width, accumulator, here);
      code.emit(lanes.accumulator[width].store(place, accumulator));
      for (const address of here) code.add(address, i32.const(elements * lanes.bytes));
      code.add(place, i32.const(elements * lanes.accumulator.bytes));
      code.add(left, i32.const(-elements));
    });
  code.while(count, () => {
    const columns = emitLeast(code, count, i32.const(mostColumns));
    code.for(place, scratch, i32.add(scratch, i32.mul(columns, i32.const(lanes.accumulator.bytes))), 16, () =>
      code.emit(v128.store(place, lanes.initial)),
    );
    row.forEach((address, j) => code.set(address, at[j]!));
    repeat(code, length, () => {
      code.set(place, scratch);
      code.set(left, columns);
      here.forEach((address, j) => code.set(address, row[j]!));
      sweep('many', lanes.elements);
      sweep('one', 1);
      row.forEach((address, j) => code.add(address, along.steps[j]!));
    });
    for (const address of at) code.add(address, i32.mul(columns, i32.const(lanes.bytes)));
    code.set(count, i32.sub(count, columns));
  });
}

/** Takes in elements, one or as many as a vector has. */
function emitStep(
  code: Code,
  { lanes, exclusive }: Along,
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

function repeat(code: Code, times: Local<'i32'>, body: () => void): void {
  const left = code.local('i32', times);
  code.while(left, () => {
    body();
    code.add(left, i32.const(-1));
  });
}
