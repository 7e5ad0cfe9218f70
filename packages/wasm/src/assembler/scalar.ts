import { atomic32, atomic64, type Atomic32, type Atomic64 } from './atomic.ts';
import {
  conversions,
  instructions,
  loads,
  none,
  numeric,
  stores,
  type Conversions,
  type Instructions,
  type Loads,
  type Stores,
} from './instructions.ts';
import { value, type Value, type ValueType } from './value.ts';

const comparison = 'eq ne ltS ltU gtS gtU leS leU geS geU';
const counting = 'clz ctz popcnt';
const arithmetic = 'add sub mul divS divU remS remU and or xor shl shrS shrU rotl rotr';

type Integer<T extends ValueType> = Instructions<'eqz', [T], 'i32'> &
  Instructions<typeof comparison, [T, T], 'i32'> &
  Instructions<typeof counting, [T], T> &
  Instructions<typeof arithmetic, [T, T], T>;

function integer<T extends ValueType>(type: T, compare: number, compute: number): Integer<T> {
  return {
    ...instructions(none, compare, 'eqz', [type], 'i32'),
    ...instructions(none, compare + 1, comparison, [type, type], 'i32'),
    ...instructions(none, compute, counting, [type], type),
    ...instructions(none, compute + 3, arithmetic, [type, type], type),
  };
}

const floatComparison = 'eq ne lt gt le ge';
const floatUnary = 'abs neg ceil floor trunc nearest sqrt';
const floatBinary = 'add sub mul div min max copysign';

type Float<T extends ValueType> = Instructions<typeof floatComparison, [T, T], 'i32'> &
  Instructions<typeof floatUnary, [T], T> &
  Instructions<typeof floatBinary, [T, T], T>;

function float<T extends ValueType>(type: T, compare: number, compute: number): Float<T> {
  return {
    ...instructions(none, compare, floatComparison, [type, type], 'i32'),
    ...instructions(none, compute, floatUnary, [type], type),
    ...instructions(none, compute + 7, floatBinary, [type, type], type),
  };
}

const truncations = 'truncF32S truncF32U truncF64S truncF64U';
const saturating = 'truncSatF32S truncSatF32U truncSatF64S truncSatF64U';
const integersToFloat = 'convertI32S convertI32U convertI64S convertI64U';
const signExtension32 = 'extend8S extend16S';
const signExtension64 = 'extend8S extend16S extend32S';
const extension64 = 'extendI32S extendI32U';
const narrowLoads32 = 'load8S load8U load16S load16U';
const narrowStores32 = 'store8 store16';
const narrowLoads64 = 'load8S load8U load16S load16U load32S load32U';
const narrowStores64 = 'store8 store16 store32';

export interface I32
  extends
    Integer<'i32'>,
    Instructions<typeof signExtension32, ['i32'], 'i32'>,
    Conversions<typeof truncations | typeof saturating | 'wrapI64' | 'reinterpretF32', 'i32'>,
    Loads<typeof narrowLoads32 | 'load', 'i32'>,
    Stores<typeof narrowStores32 | 'store', 'i32'> {
  /** −2³¹ ≤ value < 2³², modulo 2³². */
  readonly const: (value: number) => Value<'i32'>;
  readonly atomic: Atomic32;
}

/** 32-bit integers, which are also truth values and addresses. */
export const i32: I32 = {
  ...integer('i32', 0x45, 0x67),
  ...instructions(none, 0xc0, signExtension32, ['i32'], 'i32'),
  ...conversions(none, 0xa7, 'wrapI64', 'i32'),
  ...conversions(none, 0xa8, truncations, 'i32'),
  ...conversions(numeric, 0, saturating, 'i32'),
  ...conversions(none, 0xbc, 'reinterpretF32', 'i32'),
  ...loads(none, 0x28, 'load', [4], 'i32'),
  ...loads(none, 0x2c, narrowLoads32, [1, 1, 2, 2], 'i32'),
  ...stores(none, 0x36, 'store', [4], 'i32'),
  ...stores(none, 0x3a, narrowStores32, [1, 2], 'i32'),
  const: (constant) => {
    if (!Number.isInteger(constant) || constant < -(2 ** 31) || constant >= 2 ** 32) {
      throw new RangeError(`assembler: i32.const takes an integer from −2³¹ to 2³² − 1, got ${constant}`);
    }
    return value('i32', (to) => {
      to.byte(0x41);
      to.signed32(constant | 0);
    });
  },
  atomic: atomic32,
};

export interface I64
  extends
    Integer<'i64'>,
    Instructions<typeof signExtension64, ['i64'], 'i64'>,
    Conversions<typeof truncations | typeof saturating | typeof extension64 | 'reinterpretF64', 'i64'>,
    Loads<typeof narrowLoads64 | 'load', 'i64'>,
    Stores<typeof narrowStores64 | 'store', 'i64'> {
  /** −2⁶³ ≤ value < 2⁶⁴, modulo 2⁶⁴. */
  readonly const: (value: bigint) => Value<'i64'>;
  readonly atomic: Atomic64;
}

/** 64-bit integers. */
export const i64: I64 = {
  ...integer('i64', 0x50, 0x79),
  ...instructions(none, 0xc2, signExtension64, ['i64'], 'i64'),
  ...conversions(none, 0xac, extension64, 'i64'),
  ...conversions(none, 0xae, truncations, 'i64'),
  ...conversions(numeric, 4, saturating, 'i64'),
  ...conversions(none, 0xbd, 'reinterpretF64', 'i64'),
  ...loads(none, 0x29, 'load', [8], 'i64'),
  ...loads(none, 0x30, narrowLoads64, [1, 1, 2, 2, 4, 4], 'i64'),
  ...stores(none, 0x37, 'store', [8], 'i64'),
  ...stores(none, 0x3c, narrowStores64, [1, 2, 4], 'i64'),
  const: (constant) => {
    if (constant < -(2n ** 63n) || constant >= 2n ** 64n) {
      throw new RangeError(`assembler: i64.const takes an integer from −2⁶³ to 2⁶⁴ − 1, got ${constant}`);
    }
    return value('i64', (to) => {
      to.byte(0x42);
      to.signed64(BigInt.asIntN(64, constant));
    });
  },
  atomic: atomic64,
};

export interface F32
  extends
    Float<'f32'>,
    Conversions<typeof integersToFloat | 'demoteF64' | 'reinterpretI32', 'f32'>,
    Loads<'load', 'f32'>,
    Stores<'store', 'f32'> {
  readonly const: (value: number) => Value<'f32'>;
}

export const f32: F32 = {
  ...float('f32', 0x5b, 0x8b),
  ...conversions(none, 0xb2, integersToFloat, 'f32'),
  ...conversions(none, 0xb6, 'demoteF64', 'f32'),
  ...conversions(none, 0xbe, 'reinterpretI32', 'f32'),
  ...loads(none, 0x2a, 'load', [4], 'f32'),
  ...stores(none, 0x38, 'store', [4], 'f32'),
  const: (constant) =>
    value('f32', (to) => {
      to.byte(0x43);
      to.float32(constant);
    }),
};

export interface F64
  extends
    Float<'f64'>,
    Conversions<typeof integersToFloat | 'promoteF32' | 'reinterpretI64', 'f64'>,
    Loads<'load', 'f64'>,
    Stores<'store', 'f64'> {
  readonly const: (value: number) => Value<'f64'>;
}

export const f64: F64 = {
  ...float('f64', 0x61, 0x99),
  ...conversions(none, 0xb7, integersToFloat, 'f64'),
  ...conversions(none, 0xbb, 'promoteF32', 'f64'),
  ...conversions(none, 0xbf, 'reinterpretI64', 'f64'),
  ...loads(none, 0x2b, 'load', [8], 'f64'),
  ...stores(none, 0x39, 'store', [8], 'f64'),
  const: (constant) =>
    value('f64', (to) => {
      to.byte(0x44);
      to.float64(constant);
    }),
};

/** `a` if the condition is not 0, otherwise `b`. Both are computed. */
export function select<T extends ValueType>(condition: Value<'i32'>, a: Value<T>, b: Value<NoInfer<T>>): Value<T> {
  if (a.type !== b.type) throw new TypeError(`assembler: select between values of types ${a.type} and ${b.type}`);
  return value(a.type, (to) => {
    a.emit(to);
    b.emit(to);
    condition.emit(to);
    to.byte(0x1b);
  });
}
