import { contiguous, scalarTypeOf, type RoutineKernel, type ScalarType } from '@thetagrad/core/backend';
import {
  f32,
  f64,
  i32,
  i64,
  memory,
  select,
  v128,
  type Code,
  type FunctionRef,
  type Local,
  type ModuleBuilder,
  type Statement,
  type Value,
} from '../assembler/index.ts';
import type { Command } from '../command.ts';
import { kernelCode } from '../emit/kernelCode.ts';
import {
  countLines,
  countRanges,
  emitRange,
  emitStridedLoop,
  holdAxis,
  rangeNames,
  stridedLoop,
  stridedOperand,
} from '../emit/stridedLoop.ts';
import { emitMin } from '../emit/units.ts';
import { packWords, readWords, wordsAfter } from '../emit/words.ts';

const names = [...rangeNames, 'length', 'toBytes', 'fromBytes'] as const;
/** The number of comparisons in a chunk, approximately. */
const chunkWork = 1 << 16;

/** Sorts lines along the axis, stable and with NaN last. A chunk is some lines. */
export function argsortCommands({
  operands: [operand],
  attributes: { axis, descending },
  shape,
  output,
}: RoutineKernel<'argsort'>): Command[] {
  const x = stridedOperand(operand);
  const to = stridedOperand({ slot: output, view: contiguous(shape) });
  const { rank, words } = stridedLoop([to, x].map((each) => holdAxis(each, axis, 1)));
  const type = scalarTypeOf(operand.slot.dtype);
  const length = shape[axis]!;
  const range = {
    size: countLines(shape, axis),
    grain: Math.ceil(chunkWork / (Math.max(1, length) * Math.ceil(Math.log2(length + 2)))),
  };
  const own = packWords(names, {
    ...range,
    length,
    toBytes: to.view.strides[axis]! * to.bytes,
    fromBytes: x.view.strides[axis]! * x.bytes,
  });
  return [
    {
      code: kernelCode('argsort', { type, descending, rank }, assemble),
      words: [...own, ...words],
      chunks: length === 0 ? 0 : countRanges(range),
      workspaceBytes: 2 * length * recordOf(type).bytes,
    },
  ];
}

/**
 * The layout of a record, which begins with an unsigned key of 64 bits. float64 keys are followed by the index; other
 * keys have 32 bits, and the index is the lower half.
 */
const recordOf = (type: ScalarType): { readonly bytes: number; readonly indexAt: number } =>
  type === 'f64' ? { bytes: 16, indexAt: 8 } : { bytes: 8, indexAt: 0 };

/** Runs of this length are sorted by insertion before they are merged. */
const firstRun = 8;

interface Structure {
  readonly type: ScalarType;
  readonly descending: boolean;
  readonly rank: number;
}

function assemble(module: ModuleBuilder, { type, descending, rank }: Structure): FunctionRef {
  const sortLine = defineSortLine(module, type, descending);
  return module.function(['i32', 'i32', 'i32'], [], (code, args, chunk, workspace) => {
    const w = readWords(code, args, names);
    const range = emitRange(code, chunk, w);
    const loop = { words: wordsAfter(args, names), rank, operands: 2 };
    emitStridedLoop(code, loop, range, ({ at, steps, count }) =>
      code.while(count, () => {
        code.emit(code.call(sortLine, at[0]!, w.toBytes, at[1]!, w.fromBytes, w.length, workspace));
        at.forEach((address, j) => code.add(address, steps[j]!));
        code.add(count, i32.const(-1));
      }),
    );
  });
}

/** Defines a function (to, toBytes, from, fromBytes, length, workspace) that sorts one line by merging runs. */
function defineSortLine(module: ModuleBuilder, type: ScalarType, descending: boolean) {
  const { bytes, indexAt } = recordOf(type);
  const merge = defineMerge(module, bytes);
  return module.function(
    ['i32', 'i32', 'i32', 'i32', 'i32', 'i32'],
    [],
    (code, to, toBytes, from, fromBytes, length, workspace) => {
      const size = code.local('i32', i32.mul(length, i32.const(bytes)));
      const [source, target] = [code.local('i32', workspace), code.local('i32', i32.add(workspace, size))];
      const i = code.local('i32');
      code.for(i, i32.const(0), length, 1, () => {
        const key = keyOf(code, type, descending, from, i);
        emitInsert(code, type, key, i, source);
        code.add(from, fromBytes);
      });

      const run = code.local('i32', i32.const(firstRun * bytes));
      const start = code.local('i32');
      code.while(i32.ltU(run, size), () => {
        code.for(start, i32.const(0), size, i32.shl(run, i32.const(1)), () => {
          const middle = emitMin(code, i32.add(start, run), size);
          const end = emitMin(code, i32.add(middle, run), size);
          code.emit(
            code.call(
              merge,
              i32.add(source, start),
              i32.add(source, middle),
              i32.add(source, end),
              i32.add(target, start),
            ),
          );
        });
        code.set(start, source);
        code.set(source, target);
        code.set(target, start);
        code.set(run, i32.shl(run, i32.const(1)));
      });

      code.for(i, i32.const(0), length, 1, () => {
        code.emit(i32.store(to, i32.load(source, { offset: indexAt })));
        code.add(source, i32.const(bytes));
        code.add(to, toBytes);
      });
    },
  );
}

/** The key of the element at `from` with index `i`. Keys order NaN last, and −0 as 0. */
function keyOf(code: Code, type: ScalarType, descending: boolean, from: Local<'i32'>, i: Local<'i32'>): Local<'i64'> {
  if (type === 'f64') {
    const x = code.local('f64', f64.load(from));
    const bits = code.local('i64', i64.reinterpretF64(f64.add(x, f64.const(0))));
    // Invert all bits of negative numbers and the sign of others, so that unsigned integers have the numbers' order.
    const mask = i64.or(i64.shrS(bits, i64.const(63n)), i64.const(-(2n ** 63n)));
    const key = i64.xor(i64.xor(bits, mask), i64.const(descending ? -1n : 0n));
    return code.local('i64', select(f64.ne(x, x), i64.const(-1n), key));
  }
  const half = code.local('i32', loadKey(code, type, from));
  if (descending) code.set(half, i32.xor(half, i32.const(-1)));
  if (type === 'f32') code.if(f32.ne(f32.load(from), f32.load(from)), () => code.set(half, i32.const(-1)));
  return code.local('i64', i64.or(i64.shl(i64.extendI32U(half), i64.const(32n)), i64.extendI32U(i)));
}

function loadKey(code: Code, type: Exclude<ScalarType, 'f64'>, from: Local<'i32'>): Value<'i32'> {
  const sign = i32.const(-(2 ** 31));
  if (type === 'bool') return i32.load8U(from);
  if (type === 'i32') return i32.xor(i32.load(from), sign);
  const bits = code.local('i32', i32.reinterpretF32(f32.add(f32.load(from), f32.const(0))));
  return i32.xor(bits, i32.or(i32.shrS(bits, i32.const(31)), sign));
}

/** Inserts record i among those before it in its first run. */
function emitInsert(code: Code, type: ScalarType, key: Local<'i64'>, i: Local<'i32'>, source: Local<'i32'>): void {
  const { bytes, indexAt } = recordOf(type);
  const size = i32.const(bytes);
  const at = code.local('i32', i32.add(source, i32.mul(i, size)));
  const first = code.local('i32', i32.add(source, i32.mul(i32.and(i, i32.const(-firstRun)), size)));
  code.block((exit) => {
    code.loop((again) => {
      exit(i32.leU(at, first));
      exit(i64.leU(i64.load(i32.sub(at, size)), key));
      code.emit(copyRecord(bytes, at, i32.sub(at, size)));
      code.set(at, i32.sub(at, size));
      again();
    });
  });
  code.emit(i64.store(at, key));
  if (indexAt > 0) code.emit(i32.store(at, i, { offset: indexAt }));
}

/** Defines a function (left, right, end, to) that merges the runs from `left` to `right` and from there to `end`. */
function defineMerge(module: ModuleBuilder, bytes: number) {
  return module.function(['i32', 'i32', 'i32', 'i32'], [], (code, left, right, end, to) => {
    const middle = code.local('i32', right);
    const second = code.local('i32');
    code.while(i32.and(i32.ltU(left, middle), i32.ltU(right, end)), () => {
      // Branch-free, because a branch would be unpredictable.
      code.set(second, i64.ltU(i64.load(right), i64.load(left)));
      code.emit(copyRecord(bytes, to, select(second, right, left)));
      code.add(right, i32.mul(second, i32.const(bytes)));
      code.add(left, i32.mul(i32.xor(second, i32.const(1)), i32.const(bytes)));
      code.add(to, i32.const(bytes));
    });
    const rest = code.local('i32', i32.sub(middle, left));
    code.emit(memory.copy(to, left, rest));
    code.emit(memory.copy(i32.add(to, rest), right, i32.sub(end, right)));
  });
}

function copyRecord(bytes: number, to: Value<'i32'>, from: Value<'i32'>): Statement {
  return bytes === 16 ? v128.store(to, v128.load(from)) : i64.store(to, i64.load(from));
}
