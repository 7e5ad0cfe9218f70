import type { ScalarType } from '@thetagrad/core/backend';
import {
  f32,
  f32x4,
  f64,
  i32,
  i32x4,
  select,
  v128,
  type Code,
  type Local,
  type Statement,
  type Value,
  type ValueType,
} from '../../assembler/index.ts';
import { storeOne, wasmType } from '../../emit/elements.ts';

/** Emits the steps of reducing a window: row by row, from the last element to the first. */
export interface WindowReduction<T extends ValueType> {
  readonly start: () => void;
  /** The index of the row's last element in its plane. */
  readonly startRow: (index: Local<'i32'>) => void;
  readonly take: (value: Value<T>) => void;
  readonly endRow: () => void;
  readonly store: (to: Value<'i32'>) => Statement;
}

/** Operations on elements, one or four at a time, and on their indices. */
export interface Lanes<T extends ValueType, I extends ValueType> {
  readonly code: Code;
  readonly local: () => Local<T>;
  readonly indexLocal: () => Local<I>;
  readonly constant: (value: number) => Value<T>;
  readonly add: (x: Value<T>, y: Value<T>) => Value<T>;
  /** Whether x ≥ y or x is NaN. */
  readonly wins: (x: Value<T>, y: Value<T>) => Value<I>;
  readonly choose: (condition: Value<I>, x: Value<T>, y: Value<T>) => Value<T>;
  readonly chooseIndex: (condition: Value<I>, x: Value<I>, y: Value<I>) => Value<I>;
  /** The index of each lane's element, given the first one. */
  readonly indices: (first: Local<'i32'>) => Value<I>;
  readonly decrement: (index: Value<I>) => Value<I>;
  readonly store: (to: Value<'i32'>, x: Value<T>) => Statement;
  readonly storeIndex: (to: Value<'i32'>, index: Value<I>) => Statement;
}

/** The index of the largest element. */
export function argmaxReduction<T extends ValueType, I extends ValueType>(lanes: Lanes<T, I>): WindowReduction<T> {
  const { code } = lanes;
  const [best, value] = [lanes.local(), lanes.local()];
  const [found, index, wins] = [lanes.indexLocal(), lanes.indexLocal(), lanes.indexLocal()];
  return {
    start: () => code.set(best, lanes.constant(-Infinity)),
    startRow: (first) => code.set(index, lanes.indices(first)),
    take: (x) => {
      code.set(value, x);
      code.set(wins, lanes.wins(value, best));
      code.set(best, lanes.choose(wins, value, best));
      code.set(found, lanes.chooseIndex(wins, index, found));
      code.set(index, lanes.decrement(index));
    },
    endRow: () => {},
    store: (to) => lanes.storeIndex(to, found),
  };
}

/** The sum of the rows' sums, whose rounding errors grow with the height and width of windows, not with their area. */
export function sumReduction<T extends ValueType, I extends ValueType>(lanes: Lanes<T, I>): WindowReduction<T> {
  const { code } = lanes;
  const [total, row] = [lanes.local(), lanes.local()];
  return {
    start: () => code.set(total, lanes.constant(0)),
    startRow: () => code.set(row, lanes.constant(0)),
    take: (x) => code.set(row, lanes.add(row, x)),
    endRow: () => code.set(total, lanes.add(total, row)),
    store: (to) => lanes.store(to, total),
  };
}

export function oneLane(code: Code, type: ScalarType): Lanes<ValueType, 'i32'> {
  const of = { f32, f64, i32, bool: i32 }[type] as typeof f64;
  const isFloat = type === 'f32' || type === 'f64';
  const min = isFloat ? -Infinity : -(2 ** 31);
  type D = Value<'f64'>;
  return {
    code,
    local: () => code.local(wasmType(type)),
    indexLocal: () => code.local('i32'),
    constant: (value) => of.const(Math.max(min, value)),
    add: (x, y) => of.add(x as D, y as D),
    wins: (x, y) =>
      isFloat ? i32.or(of.ge(x as D, y as D), of.ne(x as D, x as D)) : i32.geS(x as Value<'i32'>, y as Value<'i32'>),
    choose: (condition, x, y) => select(condition, x, y),
    chooseIndex: (condition, x, y) => select(condition, x, y),
    indices: (first) => first,
    decrement: (index) => i32.sub(index, i32.const(1)),
    store: (to, x) => storeOne(type, to, x),
    storeIndex: (to, index) => i32.store(to, index),
  };
}

/** Elements of 32 bits. The indices of neighboring lanes are `step` apart. */
export function fourLanes(code: Code, type: ScalarType, step: Local<'i32'>): Lanes<'v128', 'v128'> {
  const isFloat = type === 'f32';
  const distances = code.local('v128', i32x4.mul(i32x4.splat(step), v128.const(Int32Array.of(0, 1, 2, 3))));
  return {
    code,
    local: () => code.local('v128'),
    indexLocal: () => code.local('v128'),
    constant: (value) =>
      v128.const(isFloat ? new Float32Array(4).fill(value) : new Int32Array(4).fill(Math.max(-(2 ** 31), value))),
    add: (x, y) => f32x4.add(x, y),
    wins: (x, y) => (isFloat ? v128.or(f32x4.ge(x, y), f32x4.ne(x, x)) : i32x4.geS(x, y)),
    choose: (condition, x, y) => v128.bitselect(x, y, condition),
    chooseIndex: (condition, x, y) => v128.bitselect(x, y, condition),
    indices: (first) => i32x4.add(i32x4.splat(first), distances),
    decrement: (index) => i32x4.sub(index, v128.const(Int32Array.of(1, 1, 1, 1))),
    store: (to, x) => v128.store(to, x, { align: 4 }),
    storeIndex: (to, index) => v128.store(to, index, { align: 4 }),
  };
}
