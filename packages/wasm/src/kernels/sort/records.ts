// Records that are sorted: a key, which has the order of an element, and its index.
import type { ScalarType } from '@thetagrad/core/backend';
import {
  f32,
  f32x4,
  f64,
  i32,
  i32x4,
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
} from '../../assembler/index.ts';
import { emitMin } from '../../emit/units.ts';

/** How elements are ordered. */
export interface Order {
  readonly type: ScalarType;
  readonly descending: boolean;
}

/**
 * The layout of a record, which begins with an unsigned key of 64 bits. float64 keys are followed by the index; other
 * keys have 32 bits, and the index is the lower half.
 */
export const recordOf = (type: ScalarType): { readonly bytes: number; readonly indexAt: number } =>
  type === 'f64' ? { bytes: 16, indexAt: 8 } : { bytes: 8, indexAt: 0 };

/** Runs of this length are sorted by insertion before they are merged. */
const firstRun = 8;

/** The key of the element at `from` with index `i`. Keys order NaN last, and −0 as 0. */
export function keyOf(code: Code, { type, descending }: Order, from: Local<'i32'>, i: Local<'i32'>): Local<'i64'> {
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

/** The upper halves of the keys of four elements from `from` + `offset` on. */
export function halfKeys(
  code: Code,
  type: 'f32' | 'i32',
  descending: boolean,
  from: Local<'i32'>,
  offset: number,
): Value<'v128'> {
  const x = code.local('v128', v128.load(from, { align: 4, offset }));
  const sign = v128.const(new Int32Array(4).fill(-(2 ** 31)));
  const ordered = (key: Value<'v128'>): Value<'v128'> => (descending ? v128.not(key) : key);
  if (type === 'i32') return ordered(v128.xor(x, sign));
  const bits = code.local('v128', f32x4.add(x, v128.const(new Float32Array(4))));
  const key = v128.xor(bits, v128.or(i32x4.shrS(bits, i32.const(31)), sign));
  return v128.or(ordered(key), f32x4.ne(x, x));
}

/**
 * Appends a record to those from `records` on, of which there are `count`: sorted into its run of {@link firstRun}, or among
 * all of them.
 */
export function emitAppend(
  code: Code,
  type: ScalarType,
  { key, index }: { readonly key: Local<'i64'>; readonly index: Local<'i32'> },
  records: Local<'i32'>,
  count: Local<'i32'>,
  amongAll: boolean,
): void {
  const { bytes, indexAt } = recordOf(type);
  const size = i32.const(bytes);
  const at = code.local('i32', i32.add(records, i32.mul(count, size)));
  const run = i32.mul(i32.and(count, i32.const(-firstRun)), size);
  const first = amongAll ? records : code.local('i32', i32.add(records, run));
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
  if (indexAt > 0) code.emit(i32.store(at, index, { offset: indexAt }));
}

/**
 * Defines a function (records, spare, size) → address that sorts `size` bytes of appended records by merging runs. The
 * result is at one of the two addresses, and the other one is overwritten.
 */
export function defineMergeRuns(
  module: ModuleBuilder,
  type: ScalarType,
): FunctionRef<readonly ['i32', 'i32', 'i32'], readonly ['i32']> {
  const { bytes } = recordOf(type);
  const merge = defineMerge(module, bytes);
  return module.function(['i32', 'i32', 'i32'], ['i32'], (code, source, target, size) => {
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
    code.return(source);
  });
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

/** Stores the indices of `count` records. Moves `to` and `records`. */
export function emitStoreIndices(
  code: Code,
  type: ScalarType,
  records: Local<'i32'>,
  to: Local<'i32'>,
  toBytes: Local<'i32'>,
  count: Local<'i32'>,
): void {
  const { bytes, indexAt } = recordOf(type);
  const i = code.local('i32');
  code.for(i, i32.const(0), count, 1, () => {
    code.emit(i32.store(to, i32.load(records, { offset: indexAt })));
    code.add(records, i32.const(bytes));
    code.add(to, toBytes);
  });
}
