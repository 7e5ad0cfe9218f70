import { round, type Op, type Type } from './expression.ts';

const memory = new DataView(new ArrayBuffer(4));

/** Values of the inputs as numbers (a bool is 0 or 1) to the value, in double precision: rounding comes after it. */
const meanings: Record<Exclude<Op, 'convert' | 'reinterpret'>, (x: number, y: number, z: number) => number> = {
  neg: (x) => -x,
  abs: Math.abs,
  sqrt: Math.sqrt,
  floor: Math.floor,
  ceil: Math.ceil,
  trunc: Math.trunc,
  nearest: (x) => {
    const up = Math.round(x);
    return up - x === 0.5 && up % 2 !== 0 ? up - 1 : up;
  },
  add: (x, y) => x + y,
  sub: (x, y) => x - y,
  mul: (x, y) => x * y,
  div: (x, y) => x / y,
  min: (x, y) => Math.min(x, y),
  max: (x, y) => Math.max(x, y),
  and: (x, y) => x & y,
  or: (x, y) => x | y,
  xor: (x, y) => x ^ y,
  shiftLeft: (x, y) => x << y,
  shiftRight: (x, y) => x >> y,
  shiftRightUnsigned: (x, y) => x >>> y,
  equal: (x, y) => Number(x === y),
  notEqual: (x, y) => Number(x !== y),
  less: (x, y) => Number(x < y),
  lessEqual: (x, y) => Number(x <= y),
  where: (condition, x, y) => (condition ? x : y),
  rarely: (condition, x, y) => (condition ? x : y),
};

/**
 * The definition of an operation of the scalar language: a function from the values of its inputs to that of a node of
 * type `type`, whose first input has type `from`. A double rounded once more to f32 is the f32 result: for + − × ÷ √ its
 * 53 bits are enough for that.
 */
export function meaningOf(op: Op, type: Type, from: Type): (...values: number[]) => number {
  switch (op) {
    case 'convert':
      return type === 'i32' ? saturate : (x) => round(x, type);
    case 'reinterpret':
      return type === 'i32' ? bitsOf : floatOf;
    case 'mul':
      if (type === 'i32') return Math.imul as (...values: number[]) => number;
  }
  const meaning = meanings[op] as (...values: number[]) => number;
  switch (type) {
    case 'f32':
      return (x, y, z) => Math.fround(meaning(x!, y!, z!));
    case 'i32':
      return (x, y, z) => meaning(x!, y!, z!) | 0;
    default:
      return meaning;
  }
}

/** The integer part, limited to 32 bits; 0 for NaN. */
function saturate(x: number): number {
  return Math.trunc(Math.min(Math.max(x, -(2 ** 31)), 2 ** 31 - 1)) | 0;
}

function bitsOf(x: number): number {
  memory.setFloat32(0, x);
  return memory.getInt32(0);
}

function floatOf(bits: number): number {
  memory.setInt32(0, bits);
  return memory.getFloat32(0);
}
