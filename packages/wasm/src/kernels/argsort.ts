import { scalarTypeOf, type ScalarType } from '@thetagrad/core/backend';
import {
  f32,
  f64,
  i32,
  i64,
  memory,
  select,
  v128,
  type Code,
  type Local,
  type ModuleBuilder,
  type Statement,
  type Value,
} from '../assembler/index.ts';
import type { Command, KernelCode } from '../command.ts';
import { read, rowMajor, seen, type Routine } from './move/move.ts';
import { emitLeast } from '../emit/units.ts';
import { packWords, readWords } from '../emit/words.ts';
import { emitRange, emitWalk, rangeNames, walkOf, type Walked } from '../emit/stridedLoop.ts';

const names = [...rangeNames, 'length', 'toBytes', 'fromBytes'] as const;
/** A chunk makes about this many comparisons. */
const chunkWork = 1 << 16;

/** The stable order of each line along the attribute `axis`, NaN last; `descending` or not. A line is sorted by one chunk. */
export function sortCommands({ operands, attributes, shape, output }: Routine): Command[] {
  const x = read(operands[0]!);
  const axis = attributes['axis'] as number;
  const length = shape[axis]!;
  const to = seen(output, { shape, strides: rowMajor(shape), offset: 0 });
  const line = ({ view, ...rest }: Walked): Walked => ({ ...rest, view: { ...view, shape: shape.with(axis, 1) } });
  const { rank, words } = walkOf([to, x].map(line));
  const type = scalarTypeOf(operands[0]!.slot.dtype);
  const size = shape.with(axis, 1).reduce((product, each) => product * each, 1);
  const grain = Math.ceil(chunkWork / (Math.max(1, length) * Math.ceil(Math.log2(length + 2))));
  const own = packWords(names, {
    size,
    grain,
    length,
    toBytes: to.view.strides[axis]! * to.bytes,
    fromBytes: x.view.strides[axis]! * x.bytes,
  });
  return [
    {
      code: sortCode(type, attributes['descending'] as boolean, rank),
      words: [...own, ...words],
      chunks: length === 0 ? 0 : Math.ceil(size / grain),
      scratchBytes: 2 * length * recordOf(type).bytes,
    },
  ];
}

/**
 * What is sorted: an unsigned key of 64 bits at the start, and the index it belongs to. Keys of 32 bits have the index as
 * their lower half; behind those of 64 bits it is a number of its own.
 */
const recordOf = (type: ScalarType): { readonly bytes: number; readonly indexAt: number } =>
  type === 'f64' ? { bytes: 16, indexAt: 8 } : { bytes: 8, indexAt: 0 };

/** So many neighbours are sorted by insertion before runs are merged. */
const firstRun = 8;

function sortCode(type: ScalarType, descending: boolean, rank: number): KernelCode {
  return {
    key: `sort ${type} ${descending} ${rank}`,
    assemble: (module) => {
      const sortLine = lineSorter(module, type, descending);
      return module.function(['i32', 'i32', 'i32'], [], (code, args, chunk, scratch) => {
        const w = readWords(code, args, names);
        const { begin, end } = emitRange(code, chunk, w);
        const words = i32.add(args, i32.const(4 * names.length));
        emitWalk(code, words, { rank, operands: 2 }, begin, end, ({ at, steps, count }) =>
          code.while(count, () => {
            code.emit(code.call(sortLine, at[0]!, w.toBytes, at[1]!, w.fromBytes, w.length, scratch));
            at.forEach((address, j) => code.add(address, steps[j]!));
            code.add(count, i32.const(-1));
          }),
        );
      });
    },
  };
}

/** Defines (to, toBytes, from, fromBytes, length, scratch): the order of one line, by merging runs of growing length. */
function lineSorter(module: ModuleBuilder, type: ScalarType, descending: boolean) {
  const { bytes, indexAt } = recordOf(type);
  const merge = merger(module, bytes);
  return module.function(
    ['i32', 'i32', 'i32', 'i32', 'i32', 'i32'],
    [],
    (code, to, toBytes, from, fromBytes, length, scratch) => {
      const size = code.local('i32', i32.mul(length, i32.const(bytes)));
      const [source, target] = [code.local('i32', scratch), code.local('i32', i32.add(scratch, size))];
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
          const middle = emitLeast(code, i32.add(start, run), size);
          const end = emitLeast(code, i32.add(middle, run), size);
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

/** The key of the element at `from`, whose index is `i`: in the order of keys NaN is last, and −0 is 0. */
function keyOf(code: Code, type: ScalarType, descending: boolean, from: Local<'i32'>, i: Local<'i32'>): Local<'i64'> {
  if (type === 'f64') {
    const x = code.local('f64', f64.load(from));
    const bits = code.local('i64', i64.reinterpretF64(f64.add(x, f64.const(0))));
    // Of negative numbers all bits are inverted, of others the sign: then all are in order as unsigned integers.
    const mask = i64.or(i64.shrS(bits, i64.const(63n)), i64.const(-(2n ** 63n)));
    const key = i64.xor(i64.xor(bits, mask), i64.const(descending ? -1n : 0n));
    return code.local('i64', select(f64.ne(x, x), i64.const(-1n), key));
  }
  const half = code.local('i32', loadHalf(code, type, from));
  if (descending) code.set(half, i32.xor(half, i32.const(-1)));
  if (type === 'f32') code.if(f32.ne(f32.load(from), f32.load(from)), () => code.set(half, i32.const(-1)));
  return code.local('i64', i64.or(i64.shl(i64.extendI32U(half), i64.const(32n)), i64.extendI32U(i)));
}

function loadHalf(code: Code, type: Exclude<ScalarType, 'f64'>, from: Local<'i32'>): Value<'i32'> {
  const sign = i32.const(-(2 ** 31));
  if (type === 'bool') return i32.load8U(from);
  if (type === 'i32') return i32.xor(i32.load(from), sign);
  const bits = code.local('i32', i32.reinterpretF32(f32.add(f32.load(from), f32.const(0))));
  return i32.xor(bits, i32.or(i32.shrS(bits, i32.const(31)), sign));
}

/** Puts record i where it belongs among those before it in its first run. */
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

/** Defines (left, right, end, to): merges the runs from `left` to `right` and from there to `end`. */
function merger(module: ModuleBuilder, bytes: number) {
  return module.function(['i32', 'i32', 'i32', 'i32'], [], (code, left, right, end, to) => {
    const middle = code.local('i32', right);
    const second = code.local('i32');
    code.while(i32.and(i32.ltU(left, middle), i32.ltU(right, end)), () => {
      // Without a branch, which nothing could predict.
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
