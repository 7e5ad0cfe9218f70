import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  f32,
  f32x4,
  f64,
  f64x2,
  i16x8,
  i32,
  i32x4,
  i64,
  i64x2,
  i8x16,
  ModuleBuilder,
  v128,
  type Value,
  type ValueType,
} from '../src/assembler/index.ts';

type AnyValue = Value<ValueType>;
type Operation = (...operands: AnyValue[]) => AnyValue;
type Lane = 'i8' | 'i16' | 'i32' | 'i64' | 'f32' | 'f64';
type Element = bigint | number;

const typed = { i32, i64, f32, f64, v128 };
const resultAt = 64;

/** An instruction as a JavaScript function on bytes: operands and result go through memory, 16 bytes each. */
function compile(operation: Operation, types: readonly ValueType[], result: ValueType) {
  const module = new ModuleBuilder({ memory: { minimum: 1, shared: false } });
  module.function(
    [],
    [],
    (code) => {
      const operands = types.map((type, i) => typed[type].load(i32.const(16 * i)));
      const { store } = typed[result] as {
        store: (address: Value<'i32'>, value: AnyValue) => ReturnType<typeof i32.store>;
      };
      code.emit(store(i32.const(resultAt), operation(...operands)));
    },
    { export: 'run' },
  );
  const bytes = module.toBytes();
  expect(WebAssembly.validate(bytes)).toBe(true);
  const memory = new WebAssembly.Memory({ initial: 1 });
  const { run } = new WebAssembly.Instance(new WebAssembly.Module(bytes), { env: { memory } }).exports;
  return (operands: readonly ArrayBufferView[]): ArrayBuffer => {
    operands.forEach(({ buffer, byteOffset, byteLength }, i) =>
      new Uint8Array(memory.buffer).set(new Uint8Array(buffer, byteOffset, byteLength), 16 * i),
    );
    (run as () => void)();
    return memory.buffer.slice(resultAt, resultAt + 16);
  };
}

const bits = (lane: Lane): number => Number(lane.slice(1));
const isFloat = (lane: Lane): boolean => lane.startsWith('f');

function pack(lane: Lane, elements: readonly Element[]): ArrayBufferView {
  if (lane === 'f32') return Float32Array.from(elements as number[]);
  if (lane === 'f64') return Float64Array.from(elements as number[]);
  const bytes = new DataView(new ArrayBuffer((elements.length * bits(lane)) / 8));
  (elements as bigint[]).forEach((element, i) => {
    for (let byte = 0; byte < bits(lane) / 8; byte++) {
      bytes.setUint8((i * bits(lane)) / 8 + byte, Number((BigInt.asUintN(64, element) >> BigInt(8 * byte)) & 255n));
    }
  });
  return bytes;
}

function unpack(lane: Lane, count: number, buffer: ArrayBuffer): Element[] {
  const view = new DataView(buffer);
  return Array.from({ length: count }, (_, i): Element => {
    if (lane === 'f32') return view.getFloat32(4 * i, true);
    if (lane === 'f64') return view.getFloat64(8 * i, true);
    if (lane === 'i8') return BigInt(view.getInt8(i));
    if (lane === 'i16') return BigInt(view.getInt16(2 * i, true));
    if (lane === 'i32') return BigInt(view.getInt32(4 * i, true));
    return view.getBigInt64(8 * i, true);
  });
}

function elements(lane: Lane): fc.Arbitrary<Element> {
  if (isFloat(lane)) {
    const round = lane === 'f32' ? Math.fround : (x: number) => x;
    const special = [
      0,
      -0,
      0.5,
      1.5,
      2.5,
      -0.5,
      -1.5,
      Number.NaN,
      Infinity,
      -Infinity,
      1e-40,
      2 ** 31,
      -(2 ** 63),
      2 ** 64,
    ];
    return fc.oneof(
      fc.constantFrom(...special.map(round)),
      fc.integer({ min: -(2 ** 24), max: 2 ** 24 }).map((x) => round(x / 1000)),
      fc.double().map(round),
    );
  }
  const half = 2n ** BigInt(bits(lane) - 1);
  return fc.oneof(
    fc.constantFrom(0n, 1n, 2n, -1n, half - 1n, -half),
    fc.bigInt({ min: -half, max: half - 1n }),
    fc.bigInt({ min: 0n, max: BigInt(bits(lane)) }),
  );
}

/** A result of undefined means a trap. */
type Model = (...operands: never[]) => Element | boolean | undefined;

function integerModels(width: number): Record<string, Model> {
  const w = BigInt(width);
  const low = -(2n ** (w - 1n));
  const high = -low - 1n;
  const u = (a: bigint): bigint => BigInt.asUintN(width, a);
  const clamp = (a: bigint, from: bigint, to: bigint): bigint => (a < from ? from : a > to ? to : a);
  const by = (count: bigint): bigint => u(count) % w;
  const ones = (a: bigint): number => u(a).toString(2).replaceAll('0', '').length;
  return {
    eqz: (a: bigint) => a === 0n,
    eq: (a: bigint, b: bigint) => a === b,
    ne: (a: bigint, b: bigint) => a !== b,
    ltS: (a: bigint, b: bigint) => a < b,
    ltU: (a: bigint, b: bigint) => u(a) < u(b),
    gtS: (a: bigint, b: bigint) => a > b,
    gtU: (a: bigint, b: bigint) => u(a) > u(b),
    leS: (a: bigint, b: bigint) => a <= b,
    leU: (a: bigint, b: bigint) => u(a) <= u(b),
    geS: (a: bigint, b: bigint) => a >= b,
    geU: (a: bigint, b: bigint) => u(a) >= u(b),
    clz: (a: bigint) => w - (a === 0n ? 0n : BigInt(u(a).toString(2).length)),
    ctz: (a: bigint) => (a === 0n ? w : BigInt((u(a).toString(2).match(/0*$/) as RegExpMatchArray)[0].length)),
    popcnt: (a: bigint) => BigInt(ones(a)),
    add: (a: bigint, b: bigint) => a + b,
    sub: (a: bigint, b: bigint) => a - b,
    mul: (a: bigint, b: bigint) => a * b,
    divS: (a: bigint, b: bigint) => (b === 0n || (a === low && b === -1n) ? undefined : a / b),
    divU: (a: bigint, b: bigint) => (b === 0n ? undefined : u(a) / u(b)),
    remS: (a: bigint, b: bigint) => (b === 0n ? undefined : a % b),
    remU: (a: bigint, b: bigint) => (b === 0n ? undefined : u(a) % u(b)),
    and: (a: bigint, b: bigint) => a & b,
    or: (a: bigint, b: bigint) => a | b,
    xor: (a: bigint, b: bigint) => a ^ b,
    shl: (a: bigint, b: bigint) => a << by(b),
    shrS: (a: bigint, b: bigint) => a >> by(b),
    shrU: (a: bigint, b: bigint) => u(a) >> by(b),
    rotl: (a: bigint, b: bigint) => (u(a) << by(b)) | (u(a) >> (w - by(b))),
    rotr: (a: bigint, b: bigint) => (u(a) >> by(b)) | (u(a) << (w - by(b))),
    abs: (a: bigint) => (a < 0n ? -a : a),
    neg: (a: bigint) => -a,
    addSatS: (a: bigint, b: bigint) => clamp(a + b, low, high),
    addSatU: (a: bigint, b: bigint) => clamp(u(a) + u(b), 0n, high - low),
    subSatS: (a: bigint, b: bigint) => clamp(a - b, low, high),
    subSatU: (a: bigint, b: bigint) => clamp(u(a) - u(b), 0n, high - low),
    minS: (a: bigint, b: bigint) => (a < b ? a : b),
    minU: (a: bigint, b: bigint) => (u(a) < u(b) ? a : b),
    maxS: (a: bigint, b: bigint) => (a > b ? a : b),
    maxU: (a: bigint, b: bigint) => (u(a) > u(b) ? a : b),
    avgrU: (a: bigint, b: bigint) => (u(a) + u(b) + 1n) / 2n,
    q15mulrSatS: (a: bigint, b: bigint) => clamp((a * b + 0x4000n) >> 15n, low, high),
    extend8S: (a: bigint) => BigInt.asIntN(8, a),
    extend16S: (a: bigint) => BigInt.asIntN(16, a),
    extend32S: (a: bigint) => BigInt.asIntN(32, a),
  };
}

function nearest(x: number): number {
  const rounded = Math.round(x);
  if (rounded - x === 0.5 && rounded % 2 !== 0) return rounded - 1;
  return rounded === 0 && (x < 0 || Object.is(x, -0)) ? -0 : rounded;
}

const floatModels: Record<string, Model> = {
  eq: (a: number, b: number) => a === b,
  ne: (a: number, b: number) => a !== b,
  lt: (a: number, b: number) => a < b,
  gt: (a: number, b: number) => a > b,
  le: (a: number, b: number) => a <= b,
  ge: (a: number, b: number) => a >= b,
  abs: Math.abs as Model,
  neg: (a: number) => -a,
  ceil: Math.ceil as Model,
  floor: Math.floor as Model,
  trunc: Math.trunc as Model,
  nearest: nearest as Model,
  sqrt: Math.sqrt as Model,
  add: (a: number, b: number) => a + b,
  sub: (a: number, b: number) => a - b,
  mul: (a: number, b: number) => a * b,
  div: (a: number, b: number) => a / b,
  min: Math.min as Model,
  max: Math.max as Model,
  copysign: (a: number, b: number) => (b < 0 || Object.is(b, -0) ? -Math.abs(a) : Math.abs(a)),
  pmin: (a: number, b: number) => (b < a ? b : a),
  pmax: (a: number, b: number) => (a < b ? b : a),
};

/** Element by element, for a scalar or vector type. */
function checkModels(
  namespace: Record<string, unknown>,
  type: ValueType,
  lane: Lane,
  models: Record<string, Model>,
): string[] {
  const checked = Object.keys(namespace).filter((name) => name in models);
  const lanes = type === 'v128' ? 128 / bits(lane) : 1;
  test.each(checked)('%s', (name) => {
    const model = models[name]!;
    const isShift = type === 'v128' && /^sh[lr]/.test(name);
    const operands = Array.from({ length: model.length }, (_, i): ValueType => (isShift && i === 1 ? 'i32' : type));
    const comparison = /^(eqz?|ne|[lg][te][SU]?)$/.test(name);
    const result = comparison && type !== 'v128' ? 'i32' : type;
    const run = compile(namespace[name] as Operation, operands, result);
    const outLane = !comparison ? lane : type === 'v128' ? (`i${bits(lane)}` as Lane) : 'i32';
    const vector = fc.array(elements(lane), { minLength: lanes, maxLength: lanes });
    const arbitrary = operands.map((operand) =>
      operand === type ? vector : fc.integer().map((count) => new Array<Element>(lanes).fill(BigInt(count))),
    );
    fc.assert(
      fc.property(fc.tuple(...arbitrary), (given) => {
        const packed = given.map((operand, i) =>
          operands[i] === type ? pack(lane, operand) : pack('i32', operand.slice(0, 1)),
        );
        const expected = Array.from({ length: lanes }, (_, i) =>
          model(...(given.map((operand) => operand[i]) as never[])),
        );
        const stored = expected.map((each): Element | symbol => {
          if (typeof each === 'boolean') return each ? (type === 'v128' ? -1n : 1n) : 0n;
          return each ?? trapped;
        });
        // Signs and payloads of NaN are nobody's business.
        const isTrap = stored.includes(trapped);
        expect(resultOf(run, packed, outLane, lanes)).toEqual(
          isTrap ? trapped : unpack(outLane, lanes, pad(pack(outLane, stored as Element[]))),
        );
      }),
      { numRuns: 60 },
    );
  });
  return checked;
}

/** What stands for the result of an instruction that traps. */
const trapped = Symbol('trap');

function resultOf(
  run: ReturnType<typeof compile>,
  operands: readonly ArrayBufferView[],
  lane: Lane,
  lanes: number,
): Element[] | symbol {
  try {
    return unpack(lane, lanes, run(operands));
  } catch (error) {
    if (error instanceof WebAssembly.RuntimeError) return trapped;
    throw error;
  }
}

function pad({ buffer }: ArrayBufferView): ArrayBuffer {
  const padded = new Uint8Array(16);
  padded.set(new Uint8Array(buffer as ArrayBuffer));
  return padded.buffer;
}

const tested: Record<string, Set<string>> = {};
function suite(name: string, namespace: object, type: ValueType, lane: Lane): void {
  describe(name, () => {
    const models = isFloat(lane) ? floatModels : integerModels(bits(lane));
    const names = (tested[name] ??= new Set());
    for (const each of checkModels(namespace as Record<string, unknown>, type, lane, models)) names.add(each);
  });
}

suite('i32', i32, 'i32', 'i32');
suite('i64', i64, 'i64', 'i64');
suite('f32', f32, 'f32', 'f32');
suite('f64', f64, 'f64', 'f64');
suite('i8x16', i8x16, 'v128', 'i8');
suite('i16x8', i16x8, 'v128', 'i16');
suite('i32x4', i32x4, 'v128', 'i32');
suite('i64x2', i64x2, 'v128', 'i64');
suite('f32x4', f32x4, 'v128', 'f32');
suite('f64x2', f64x2, 'v128', 'f64');

const clampTo = (x: number, low: number, high: number): bigint =>
  Number.isNaN(x)
    ? 0n
    : x <= low
      ? BigInt(low)
      : x >= high
        ? BigInt(high) - (high % 2 === 0 ? 1n : 0n)
        : BigInt(Math.trunc(x));

/** Name, operand lane and count, result lane and count, model from all operand elements to all result elements. */
type Known = readonly [
  string,
  Operation,
  readonly (readonly [ValueType, Lane])[],
  readonly [ValueType, Lane],
  (...operands: never[]) => Element[] | undefined,
];

function known(
  name: string,
  operation: unknown,
  from: readonly (readonly [ValueType, Lane])[],
  to: readonly [ValueType, Lane],
  model: (...operands: never[]) => Element[] | undefined,
): Known {
  const [namespace, method] = name.split('.') as [string, string];
  (tested[namespace] ??= new Set()).add(method);
  return [name, operation as Operation, from, to, model];
}

const vectorOf = (lane: Lane) => ['v128', lane] as const;
const scalarOf = (lane: 'i32' | 'i64' | 'f32' | 'f64') => [lane, lane] as const;

const conversions: Known[] = [];
for (const [name, namespace, width] of [
  ['i32', i32, 32],
  ['i64', i64, 64],
] as const) {
  for (const source of ['f32', 'f64'] as const) {
    for (const sign of ['S', 'U'] as const) {
      const low = sign === 'S' ? -(2 ** (width - 1)) : 0;
      const high = sign === 'S' ? 2 ** (width - 1) : 2 ** width;
      const isInside = (x: number): boolean => Math.trunc(x) >= low && Math.trunc(x) < high;
      const truncating = `truncF${source.slice(1)}${sign}` as const;
      const saturating = `truncSatF${source.slice(1)}${sign}` as const;
      conversions.push(
        known(
          `${name}.${truncating}`,
          namespace[truncating as 'truncF32S'],
          [scalarOf(source)],
          scalarOf(name),
          ([x]: [number]) => (isInside(x) ? [BigInt(Math.trunc(x))] : undefined),
        ),
        known(
          `${name}.${saturating}`,
          namespace[saturating as 'truncSatF32S'],
          [scalarOf(source)],
          scalarOf(name),
          ([x]: [number]) => [clampTo(x, low, high)],
        ),
      );
    }
  }
}
for (const [name, namespace] of [
  ['f32', f32],
  ['f64', f64],
] as const) {
  for (const source of ['i32', 'i64'] as const) {
    for (const sign of ['S', 'U'] as const) {
      const method = `convertI${source.slice(1)}${sign}` as 'convertI32S';
      const unsigned = (a: bigint): bigint => (sign === 'U' ? BigInt.asUintN(bits(source), a) : a);
      // From 64 bits to float32 in one rounding: by way of an odd rounding to 53 bits.
      const rounded = (a: bigint): number => {
        if (name === 'f64') return Number(a);
        const magnitude = a < 0n ? -a : a;
        const sticky =
          magnitude > 2n ** 40n && (magnitude & 0xfffn) !== 0n ? (magnitude & ~0xfffn) | 0x1000n : magnitude;
        return Math.fround(Number(a < 0n ? -sticky : sticky));
      };
      conversions.push(
        known(`${name}.${method}`, namespace[method], [scalarOf(source)], scalarOf(name), ([a]: [bigint]) => [
          rounded(unsigned(a)),
        ]),
      );
    }
  }
}
const low = <T>(all: T[]): T[] => all.slice(0, all.length / 2);
const high = <T>(all: T[]): T[] => all.slice(all.length / 2);
const asUnsigned = (width: number) => (a: bigint) => BigInt.asUintN(width, a);
const wide = [
  ['i16x8', i16x8, 'i8', 'I8x16'],
  ['i32x4', i32x4, 'i16', 'I16x8'],
  ['i64x2', i64x2, 'i32', 'I32x4'],
] as const;
for (const [name, namespace, lane, from] of wide) {
  const to = vectorOf(`i${bits(lane) * 2}` as Lane);
  for (const sign of ['S', 'U'] as const) {
    const read = sign === 'U' ? asUnsigned(bits(lane)) : (a: bigint) => a;
    for (const [half, take] of [
      ['Low', low],
      ['High', high],
    ] as const) {
      const extend = `extend${half}${from}${sign}`;
      const multiply = `extmul${half}${from}${sign}`;
      const all = namespace as unknown as Record<string, unknown>;
      conversions.push(
        known(`${name}.${extend}`, all[extend], [vectorOf(lane)], to, (a: bigint[]) => take(a).map(read)),
        known(`${name}.${multiply}`, all[multiply], [vectorOf(lane), vectorOf(lane)], to, (a: bigint[], b: bigint[]) =>
          take(a).map((x, i) => read(x) * read(take(b)[i]!)),
        ),
      );
    }
    if (name === 'i64x2') continue;
    const sums = `extaddPairwise${from}${sign}`;
    conversions.push(
      known(
        `${name}.${sums}`,
        (namespace as unknown as Record<string, unknown>)[sums],
        [vectorOf(lane)],
        to,
        (a: bigint[]) => Array.from({ length: a.length / 2 }, (_, i) => read(a[2 * i]!) + read(a[2 * i + 1]!)),
      ),
    );
  }
}
for (const [name, namespace, lane, from] of [
  ['i8x16', i8x16, 'i16', 'I16x8'],
  ['i16x8', i16x8, 'i32', 'I32x4'],
] as const) {
  for (const sign of ['S', 'U'] as const) {
    const width = bits(lane) / 2;
    const limit = sign === 'S' ? [-(2 ** (width - 1)), 2 ** (width - 1) - 1] : [0, 2 ** width - 1];
    const narrow = `narrow${from}${sign}`;
    conversions.push(
      known(
        `${name}.${narrow}`,
        (namespace as unknown as Record<string, unknown>)[narrow],
        [vectorOf(lane), vectorOf(lane)],
        vectorOf(`i${width}` as Lane),
        (a: bigint[], b: bigint[]) =>
          [...a, ...b].map((x) => BigInt(Math.min(Math.max(Number(x), limit[0]!), limit[1]!))),
      ),
    );
  }
}
const v = vectorOf;
const clamped = (sign: 'S' | 'U') => (x: number) =>
  clampTo(x, sign === 'S' ? -(2 ** 31) : 0, sign === 'S' ? 2 ** 31 : 2 ** 32);
const bitsOf = (a: number, lane: 'f32' | 'f64'): bigint =>
  unpack(lane === 'f32' ? 'i32' : 'i64', 1, pad(pack(lane, [a])))[0] as bigint;
const floatOf = (a: bigint, lane: 'i32' | 'i64'): number =>
  unpack(lane === 'i32' ? 'f32' : 'f64', 1, pad(pack(lane, [a])))[0] as number;
const four = [0, 1, 2, 3];
conversions.push(
  known('i32.wrapI64', i32.wrapI64, [scalarOf('i64')], scalarOf('i32'), ([a]: [bigint]) => [BigInt.asIntN(32, a)]),
  known('i64.extendI32S', i64.extendI32S, [scalarOf('i32')], scalarOf('i64'), ([a]: [bigint]) => [a]),
  known('i64.extendI32U', i64.extendI32U, [scalarOf('i32')], scalarOf('i64'), ([a]: [bigint]) => [
    BigInt.asUintN(32, a),
  ]),
  known('f32.demoteF64', f32.demoteF64, [scalarOf('f64')], scalarOf('f32'), ([a]: [number]) => [Math.fround(a)]),
  known('f64.promoteF32', f64.promoteF32, [scalarOf('f32')], scalarOf('f64'), ([a]: [number]) => [a]),
  known('i32.reinterpretF32', i32.reinterpretF32, [scalarOf('f32')], scalarOf('i32'), ([a]: [number]) => [
    bitsOf(a, 'f32'),
  ]),
  known('i64.reinterpretF64', i64.reinterpretF64, [scalarOf('f64')], scalarOf('i64'), ([a]: [number]) => [
    bitsOf(a, 'f64'),
  ]),
  known('f32.reinterpretI32', f32.reinterpretI32, [scalarOf('i32')], scalarOf('f32'), ([a]: [bigint]) => [
    floatOf(a, 'i32'),
  ]),
  known('f64.reinterpretI64', f64.reinterpretI64, [scalarOf('i64')], scalarOf('f64'), ([a]: [bigint]) => [
    floatOf(a, 'i64'),
  ]),
  known('v128.not', v128.not, [v('i32')], v('i32'), (a: bigint[]) => a.map((x) => ~x)),
  known('v128.and', v128.and, [v('i32'), v('i32')], v('i32'), (a: bigint[], b: bigint[]) => a.map((x, i) => x & b[i]!)),
  known('v128.andnot', v128.andnot, [v('i32'), v('i32')], v('i32'), (a: bigint[], b: bigint[]) =>
    a.map((x, i) => x & ~b[i]!),
  ),
  known('v128.or', v128.or, [v('i32'), v('i32')], v('i32'), (a: bigint[], b: bigint[]) => a.map((x, i) => x | b[i]!)),
  known('v128.xor', v128.xor, [v('i32'), v('i32')], v('i32'), (a: bigint[], b: bigint[]) => a.map((x, i) => x ^ b[i]!)),
  known(
    'v128.bitselect',
    v128.bitselect,
    [v('i32'), v('i32'), v('i32')],
    v('i32'),
    (a: bigint[], b: bigint[], mask: bigint[]) => a.map((x, i) => (x & mask[i]!) | (b[i]! & ~mask[i]!)),
  ),
  known('v128.anyTrue', v128.anyTrue, [v('i8')], scalarOf('i32'), (a: bigint[]) => [a.some((x) => x !== 0n) ? 1n : 0n]),
  known('i8x16.swizzle', i8x16.swizzle, [v('i8'), v('i8')], v('i8'), (a: bigint[], b: bigint[]) =>
    b.map((at) => a[Number(BigInt.asUintN(8, at))] ?? 0n),
  ),
  known(
    'i8x16.shuffle',
    (a: Value<'v128'>, b: Value<'v128'>) => i8x16.shuffle(a, b, [31, 0, 16, 1, ...four, ...four, ...four]),
    [v('i8'), v('i8')],
    v('i8'),
    (a: bigint[], b: bigint[]) => [31, 0, 16, 1, ...four, ...four, ...four].map((at) => [...a, ...b][at]!),
  ),
  known('i32x4.dotI16x8S', i32x4.dotI16x8S, [v('i16'), v('i16')], v('i32'), (a: bigint[], b: bigint[]) =>
    four.map((i) => a[2 * i]! * b[2 * i]! + a[2 * i + 1]! * b[2 * i + 1]!),
  ),
  known('i32x4.truncSatF32x4S', i32x4.truncSatF32x4S, [v('f32')], v('i32'), (a: number[]) => a.map(clamped('S'))),
  known('i32x4.truncSatF32x4U', i32x4.truncSatF32x4U, [v('f32')], v('i32'), (a: number[]) => a.map(clamped('U'))),
  known('i32x4.truncSatF64x2SZero', i32x4.truncSatF64x2SZero, [v('f64')], v('i32'), (a: number[]) => [
    ...a.map(clamped('S')),
    0n,
    0n,
  ]),
  known('i32x4.truncSatF64x2UZero', i32x4.truncSatF64x2UZero, [v('f64')], v('i32'), (a: number[]) => [
    ...a.map(clamped('U')),
    0n,
    0n,
  ]),
  known('f32x4.convertI32x4S', f32x4.convertI32x4S, [v('i32')], v('f32'), (a: bigint[]) => a.map(Number)),
  known('f32x4.convertI32x4U', f32x4.convertI32x4U, [v('i32')], v('f32'), (a: bigint[]) =>
    a.map((x) => Number(BigInt.asUintN(32, x))),
  ),
  known('f64x2.convertLowI32x4S', f64x2.convertLowI32x4S, [v('i32')], v('f64'), (a: bigint[]) => low(a).map(Number)),
  known('f64x2.convertLowI32x4U', f64x2.convertLowI32x4U, [v('i32')], v('f64'), (a: bigint[]) =>
    low(a).map((x) => Number(BigInt.asUintN(32, x))),
  ),
  known('f32x4.demoteF64x2Zero', f32x4.demoteF64x2Zero, [v('f64')], v('f32'), (a: number[]) => [
    ...a.map(Math.fround),
    0,
    0,
  ]),
  known('f64x2.promoteLowF32x4', f64x2.promoteLowF32x4, [v('f32')], v('f64'), (a: number[]) => low(a)),
);

/** What all lane shapes have. */
const shapes = [
  ['i8x16', i8x16, 'i8', 'i32'],
  ['i16x8', i16x8, 'i16', 'i32'],
  ['i32x4', i32x4, 'i32', 'i32'],
  ['i64x2', i64x2, 'i64', 'i64'],
  ['f32x4', f32x4, 'f32', 'f32'],
  ['f64x2', f64x2, 'f64', 'f64'],
] as const;
for (const [name, shape, lane, scalar] of shapes) {
  const all = shape as unknown as Record<string, (...operands: unknown[]) => AnyValue>;
  const lanes = 128 / bits(lane);
  const last = lanes - 1;
  conversions.push(
    known(`${name}.splat`, shape.splat, [scalarOf(scalar)], v(lane), ([a]: [Element]) =>
      new Array<Element>(lanes).fill(a),
    ),
    known(
      `${name}.replaceLane`,
      (a: AnyValue, b: AnyValue) => all['replaceLane']!(a, last, b),
      [v(lane), scalarOf(scalar)],
      v(lane),
      (a: Element[], [b]: [Element]) => a.with(last, b),
    ),
  );
  const signs = name === 'i8x16' || name === 'i16x8' ? ['S', 'U'] : [''];
  for (const sign of signs) {
    conversions.push(
      known(
        `${name}.extractLane${sign}`,
        (a: AnyValue) => all[`extractLane${sign}`]!(a, last),
        [v(lane)],
        scalarOf(scalar),
        (a: Element[]) => (sign === 'U' ? [BigInt.asUintN(bits(lane), a[last] as bigint)] : [a[last]!]),
      ),
    );
  }
  if (isFloat(lane)) continue;
  conversions.push(
    known(`${name}.allTrue`, all['allTrue'], [v(lane)], scalarOf('i32'), (a: bigint[]) => [
      a.every((x) => x !== 0n) ? 1n : 0n,
    ]),
    known(`${name}.bitmask`, all['bitmask'], [v(lane)], scalarOf('i32'), (a: bigint[]) => [
      a.reduce((mask, x, i) => mask | (x < 0n ? 1n << BigInt(i) : 0n), 0n),
    ]),
  );
}

describe('instructions with a shape of their own', () => {
  test.each(conversions)('%s', (_, operation, from, [type, lane], model) => {
    const run = compile(
      operation,
      from.map(([operand]) => operand),
      type,
    );
    const count = (of: ValueType, each: Lane): number => (of === 'v128' ? 128 / bits(each) : 1);
    const operands = from.map(([of, each]) =>
      fc.array(elements(each), { minLength: count(of, each), maxLength: count(of, each) }),
    );
    fc.assert(
      fc.property(fc.tuple(...operands), (given) => {
        const packed = given.map((operand, i) => pack(from[i]![1], operand));
        const expected = model(...(given as never[]));
        const lanes = count(type, lane);
        const wanted = expected && unpack(lane, lanes, pad(pack(lane, expected)));
        expect(resultOf(run, packed, lane, lanes)).toEqual(wanted ?? trapped);
      }),
      { numRuns: 60 },
    );
  });
});

describe('relaxed SIMD, which not every engine has', () => {
  const relaxed = Object.entries({ i8x16, i32x4, f32x4, f64x2 }).flatMap(([namespace, shape]) =>
    Object.entries(shape)
      .filter(([name]) => name.startsWith('relaxed'))
      .map(([name, operation]) => [`${namespace}.${name}`, operation as Operation] as const),
  );
  // The numbers of the relaxed SIMD proposal.
  const opcodes: Record<string, number> = {
    'i8x16.relaxedSwizzle': 0x100,
    'i32x4.relaxedTruncF32x4S': 0x101,
    'i32x4.relaxedTruncF32x4U': 0x102,
    'i32x4.relaxedTruncF64x2SZero': 0x103,
    'i32x4.relaxedTruncF64x2UZero': 0x104,
    'f32x4.relaxedMadd': 0x105,
    'f32x4.relaxedNmadd': 0x106,
    'f64x2.relaxedMadd': 0x107,
    'f64x2.relaxedNmadd': 0x108,
    'f32x4.relaxedMin': 0x10d,
    'f32x4.relaxedMax': 0x10e,
    'f64x2.relaxedMin': 0x10f,
    'f64x2.relaxedMax': 0x110,
  };

  test('is all of these', () => {
    expect(relaxed.map(([name]) => name).toSorted()).toEqual(Object.keys(opcodes).toSorted());
  });

  test.each(relaxed)('%s has its opcode', (name, operation) => {
    const module = new ModuleBuilder();
    const operands = name.includes('adde') || /madd$/i.test(name) ? 3 : name.includes('Trunc') ? 1 : 2;
    module.function(new Array<'v128'>(3).fill('v128'), ['v128'], (code, ...params) =>
      code.return(operation(...params.slice(0, operands))),
    );
    const opcode = opcodes[name]!;
    // LEB128, then return, unreachable, end.
    expect(Array.from(module.toBytes().slice(-6))).toEqual([
      0xfd,
      (opcode & 0x7f) | 0x80,
      opcode >> 7,
      0x0f,
      0x00,
      0x0b,
    ]);
  });
});

test('every entry of the tables is tested', () => {
  const elsewhere = /^(const|load.*|store.*|atomic|relaxed.*)$/;
  for (const [name, namespace] of Object.entries({
    i32,
    i64,
    f32,
    f64,
    v128,
    i8x16,
    i16x8,
    i32x4,
    i64x2,
    f32x4,
    f64x2,
  })) {
    const missing = Object.keys(namespace).filter((each) => !tested[name]!.has(each) && !elsewhere.test(each));
    expect({ name, missing }).toEqual({ name, missing: [] });
  }
});
