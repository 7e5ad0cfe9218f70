import {
  checkLane,
  checkOperands,
  instructions,
  loads,
  memoryArgument,
  stores,
  vector,
  type MemoryAccess,
  type Instructions,
  type Loads,
  type Stores,
} from './instructions.ts';
import { statement, value, type Statement, type Value, type ValueType } from './value.ts';

type V = 'v128';
type Vector = Value<V>;

/** An instruction with lane numbers after its opcode. */
function laned<T extends ValueType>(
  opcode: number,
  operands: readonly Value<ValueType>[],
  lanes: readonly number[],
  result: T,
): Value<T> {
  return value(result, (to) => {
    for (const operand of operands) operand.emit(to);
    to.opcode(vector, opcode);
    to.bytes(lanes);
  });
}

const wholeLoads =
  'load load8x8S load8x8U load16x4S load16x4U load32x2S load32x2U load8Splat load16Splat load32Splat load64Splat';
const zeroLoads = 'load32Zero load64Zero';
const bitwise = 'and andnot or xor';

type LoadLane = (address: Value<'i32'>, into: Vector, lane: number, access?: MemoryAccess) => Vector;
type StoreLane = (address: Value<'i32'>, from: Vector, lane: number, access?: MemoryAccess) => Statement;

function loadLane(opcode: number, size: number): LoadLane {
  return (address, into, lane, access = {}) => {
    checkOperands(['i32', 'v128'], [address, into]);
    checkLane(lane, 16 / size);
    const immediate = memoryArgument(size, access);
    return value('v128', (to) => {
      address.emit(to);
      into.emit(to);
      to.opcode(vector, opcode);
      immediate(to);
      to.byte(lane);
    });
  };
}

function storeLane(opcode: number, size: number): StoreLane {
  const asLoad = loadLane(opcode, size);
  return (address, from, lane, access) => statement(asLoad(address, from, lane, access).emit);
}

export interface V128
  extends
    Loads<typeof wholeLoads | typeof zeroLoads, V>,
    Stores<'store', V>,
    Instructions<'not', [V], V>,
    Instructions<typeof bitwise, [V, V], V>,
    Instructions<'bitselect', [V, V, V], V>,
    Instructions<'anyTrue', [V], 'i32'> {
  /** The 16 bytes of a typed array. */
  readonly const: (bytes: ArrayBufferView) => Vector;
  /** Loads one lane. */
  readonly load8Lane: LoadLane;
  readonly load16Lane: LoadLane;
  readonly load32Lane: LoadLane;
  readonly load64Lane: LoadLane;
  readonly store8Lane: StoreLane;
  readonly store16Lane: StoreLane;
  readonly store32Lane: StoreLane;
  readonly store64Lane: StoreLane;
}

/** 128 bits of any type. `bitselect(a, b, mask)` takes the bits of `a` where the mask has ones; `andnot` is a ∧ ¬b. */
export const v128: V128 = {
  ...loads(vector, 0, wholeLoads, [16, 8, 8, 8, 8, 8, 8, 1, 2, 4, 8], 'v128'),
  ...loads(vector, 92, zeroLoads, [4, 8], 'v128'),
  ...stores(vector, 11, 'store', [16], 'v128'),
  ...instructions(vector, 77, 'not', ['v128'], 'v128'),
  ...instructions(vector, 78, bitwise, ['v128', 'v128'], 'v128'),
  ...instructions(vector, 82, 'bitselect', ['v128', 'v128', 'v128'], 'v128'),
  ...instructions(vector, 83, 'anyTrue', ['v128'], 'i32'),
  const: (bytes) => {
    if (bytes.byteLength !== 16) throw new RangeError(`assembler: v128.const takes 16 bytes, got ${bytes.byteLength}`);
    return value('v128', (to) => {
      to.opcode(vector, 12);
      to.bytes(new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength));
    });
  },
  load8Lane: loadLane(84, 1),
  load16Lane: loadLane(85, 2),
  load32Lane: loadLane(86, 4),
  load64Lane: loadLane(87, 8),
  store8Lane: storeLane(88, 1),
  store16Lane: storeLane(89, 2),
  store32Lane: storeLane(90, 4),
  store64Lane: storeLane(91, 8),
};

type Extract<T extends ValueType> = (from: Vector, lane: number) => Value<T>;

function extractLane<T extends ValueType>(opcode: number, lanes: number, result: T): Extract<T> {
  return (from, lane) => {
    checkOperands(['v128'], [from]);
    checkLane(lane, lanes);
    return laned(opcode, [from], [lane], result);
  };
}

/** Instructions of all lane shapes; T is the type of one lane as a scalar. */
interface Lanes<T extends ValueType> {
  /** Copies a scalar to all lanes. */
  readonly splat: (lane: Value<T>) => Vector;
  readonly replaceLane: (into: Vector, lane: number, by: Value<T>) => Vector;
}

function lanesOf<T extends ValueType>(splat: number, replace: number, count: number, type: T): Lanes<T> {
  return {
    ...instructions(vector, splat, 'splat', [type], 'v128'),
    replaceLane: (into, lane, by) => {
      checkOperands(['v128', type], [into, by]);
      checkLane(lane, count);
      return laned(replace, [into, by], [lane], 'v128');
    },
  };
}

const comparison = 'eq ne ltS ltU gtS gtU leS leU geS geU';
const tests = 'allTrue bitmask';
const shifts = 'shl shrS shrU';
const saturatingArithmetic = 'add addSatS addSatU sub subSatS subSatU';
const bounds = 'minS minU maxS maxU';

type Unary<Names extends string> = Instructions<Names, [V], V>;
type Binary<Names extends string> = Instructions<Names, [V, V], V>;
type Ternary<Names extends string> = Instructions<Names, [V, V, V], V>;

const unary = <N extends string>(first: number, names: N): Unary<N> =>
  instructions(vector, first, names, ['v128'], 'v128');
const binary = <N extends string>(first: number, names: N): Binary<N> =>
  instructions(vector, first, names, ['v128', 'v128'], 'v128');
const ternary = <N extends string>(first: number, names: N): Ternary<N> =>
  instructions(vector, first, names, ['v128', 'v128', 'v128'], 'v128');

type Integers = Unary<'abs' | 'neg'> &
  Instructions<typeof tests, [V], 'i32'> &
  Instructions<typeof shifts, [V, 'i32'], V>;

/** The opcodes of integer shapes follow one pattern, from `first` on. */
function integers(first: number): Integers {
  return {
    ...unary(first, 'abs neg'),
    ...instructions(vector, first + 3, tests, ['v128'], 'i32'),
    ...instructions(vector, first + 11, shifts, ['v128', 'i32'], 'v128'),
  };
}

export interface I8x16
  extends
    Lanes<'i32'>,
    Integers,
    Binary<typeof comparison | typeof saturatingArithmetic | typeof bounds>,
    Binary<'avgrU' | 'narrowI16x8S narrowI16x8U' | 'swizzle' | 'relaxedSwizzle'>,
    Unary<'popcnt'> {
  readonly extractLaneS: Extract<'i32'>;
  readonly extractLaneU: Extract<'i32'>;
  /** Any 16 bytes of two vectors, numbered 0 to 31. */
  readonly shuffle: (a: Vector, b: Vector, lanes: readonly number[]) => Vector;
}

export const i8x16: I8x16 = {
  ...lanesOf(15, 23, 16, 'i32'),
  ...integers(96),
  ...binary(35, comparison),
  ...binary(110, saturatingArithmetic),
  ...binary(118, bounds),
  ...binary(123, 'avgrU'),
  ...binary(101, 'narrowI16x8S narrowI16x8U'),
  ...binary(14, 'swizzle'),
  ...binary(0x100, 'relaxedSwizzle'),
  ...unary(98, 'popcnt'),
  extractLaneS: extractLane(21, 16, 'i32'),
  extractLaneU: extractLane(22, 16, 'i32'),
  shuffle: (a, b, lanes) => {
    checkOperands(['v128', 'v128'], [a, b]);
    if (lanes.length !== 16) throw new RangeError(`assembler: i8x16.shuffle takes 16 lanes, got ${lanes.length}`);
    for (const lane of lanes) checkLane(lane, 32);
    return laned(13, [a, b], lanes, 'v128');
  },
};

const extensions8 = 'extendLowI8x16S extendHighI8x16S extendLowI8x16U extendHighI8x16U';
const products8 = 'extmulLowI8x16S extmulHighI8x16S extmulLowI8x16U extmulHighI8x16U';
const pairSums8 = 'extaddPairwiseI8x16S extaddPairwiseI8x16U';

export interface I16x8
  extends
    Lanes<'i32'>,
    Integers,
    Binary<typeof comparison | typeof saturatingArithmetic | 'mul' | typeof bounds>,
    Binary<'avgrU' | 'q15mulrSatS' | 'narrowI32x4S narrowI32x4U' | typeof products8>,
    Unary<typeof extensions8 | typeof pairSums8> {
  readonly extractLaneS: Extract<'i32'>;
  readonly extractLaneU: Extract<'i32'>;
}

export const i16x8: I16x8 = {
  ...lanesOf(16, 26, 8, 'i32'),
  ...integers(128),
  ...binary(45, comparison),
  ...binary(142, saturatingArithmetic),
  ...binary(149, 'mul'),
  ...binary(150, bounds),
  ...binary(155, 'avgrU'),
  ...binary(130, 'q15mulrSatS'),
  ...binary(133, 'narrowI32x4S narrowI32x4U'),
  ...binary(156, products8),
  ...unary(135, extensions8),
  ...unary(124, pairSums8),
  extractLaneS: extractLane(24, 8, 'i32'),
  extractLaneU: extractLane(25, 8, 'i32'),
};

const extensions16 = 'extendLowI16x8S extendHighI16x8S extendLowI16x8U extendHighI16x8U';
const products16 = 'extmulLowI16x8S extmulHighI16x8S extmulLowI16x8U extmulHighI16x8U';
const pairSums16 = 'extaddPairwiseI16x8S extaddPairwiseI16x8U';
const toIntegers = 'truncSatF32x4S truncSatF32x4U';
const toLowIntegers = 'truncSatF64x2SZero truncSatF64x2UZero';
const relaxedTruncations = 'relaxedTruncF32x4S relaxedTruncF32x4U relaxedTruncF64x2SZero relaxedTruncF64x2UZero';

export interface I32x4
  extends
    Lanes<'i32'>,
    Integers,
    Binary<typeof comparison | 'add' | 'sub' | 'mul' | typeof bounds | 'dotI16x8S' | typeof products16>,
    Unary<
      typeof extensions16 | typeof pairSums16 | typeof toIntegers | typeof toLowIntegers | typeof relaxedTruncations
    > {
  readonly extractLane: Extract<'i32'>;
}

export const i32x4: I32x4 = {
  ...lanesOf(17, 28, 4, 'i32'),
  ...integers(160),
  ...binary(55, comparison),
  ...binary(174, 'add'),
  ...binary(177, 'sub'),
  ...binary(181, 'mul'),
  ...binary(182, bounds),
  ...binary(186, 'dotI16x8S'),
  ...binary(188, products16),
  ...unary(167, extensions16),
  ...unary(126, pairSums16),
  ...unary(248, toIntegers),
  ...unary(252, toLowIntegers),
  ...unary(0x101, relaxedTruncations),
  extractLane: extractLane(27, 4, 'i32'),
};

const extensions32 = 'extendLowI32x4S extendHighI32x4S extendLowI32x4U extendHighI32x4U';
const products32 = 'extmulLowI32x4S extmulHighI32x4S extmulLowI32x4U extmulHighI32x4U';
const comparison64 = 'eq ne ltS gtS leS geS';

export interface I64x2
  extends
    Lanes<'i64'>,
    Integers,
    Binary<typeof comparison64 | 'add' | 'sub' | 'mul' | typeof products32>,
    Unary<typeof extensions32> {
  readonly extractLane: Extract<'i64'>;
}

export const i64x2: I64x2 = {
  ...lanesOf(18, 30, 2, 'i64'),
  ...integers(192),
  ...binary(214, comparison64),
  ...binary(206, 'add'),
  ...binary(209, 'sub'),
  ...binary(213, 'mul'),
  ...binary(220, products32),
  ...unary(199, extensions32),
  extractLane: extractLane(29, 2, 'i64'),
};

const floatComparison = 'eq ne lt gt le ge';
const floatUnary = 'abs neg - sqrt';
const floatBinary = 'add sub mul div min max pmin pmax';
const relaxedProducts = 'relaxedMadd relaxedNmadd';
const relaxedBounds = 'relaxedMin relaxedMax';

/**
 * `relaxedMadd(a, b, c)` is a·b + c, `relaxedNmadd` is −a·b + c, rounded once or twice; `pmin(a, b)` is b < a ? b : a.
 */
type Floats = Binary<typeof floatComparison | typeof floatBinary | typeof relaxedBounds> &
  Unary<typeof floatUnary> &
  Ternary<typeof relaxedProducts>;

function floats(compare: number, compute: number, relaxed: number): Floats {
  return {
    ...binary(compare, floatComparison),
    ...unary(compute, floatUnary),
    ...binary(compute + 4, floatBinary),
    ...ternary(0x105 + relaxed, relaxedProducts),
    ...binary(0x10d + relaxed, relaxedBounds),
  };
}

const roundings32 = 'ceil floor trunc nearest';
const toFloats = 'convertI32x4S convertI32x4U';

export interface F32x4 extends Lanes<'f32'>, Floats, Unary<typeof roundings32 | typeof toFloats | 'demoteF64x2Zero'> {
  readonly extractLane: Extract<'f32'>;
}

export const f32x4: F32x4 = {
  ...lanesOf(19, 32, 4, 'f32'),
  ...floats(65, 224, 0),
  ...unary(103, roundings32),
  ...unary(250, toFloats),
  ...unary(94, 'demoteF64x2Zero'),
  extractLane: extractLane(31, 4, 'f32'),
};

const toLowFloats = 'convertLowI32x4S convertLowI32x4U';

export interface F64x2
  extends Lanes<'f64'>, Floats, Unary<'ceil' | 'floor' | 'trunc' | 'nearest' | typeof toLowFloats | 'promoteLowF32x4'> {
  readonly extractLane: Extract<'f64'>;
}

export const f64x2: F64x2 = {
  ...lanesOf(20, 34, 2, 'f64'),
  ...floats(71, 236, 2),
  // The opcodes of roundings are scattered.
  ...unary(116, 'ceil floor'),
  ...unary(122, 'trunc'),
  ...unary(148, 'nearest'),
  ...unary(254, toLowFloats),
  ...unary(95, 'promoteLowF32x4'),
  extractLane: extractLane(33, 2, 'f64'),
};
