// Functions in WGSL that kernels may call. Conditions on NaN and infinities look at bits: compilers may assume that
// neither exists.
import type { HelperSource } from './helpers.ts';

export const wgslHelpers: Readonly<Record<string, HelperSource>> = {
  floatOf: {
    text: `// A number by its bits, where no literal can say it.
fn floatOf(bits : u32) -> f32 {
  return bitcast<f32>(bits);
}`,
  },
  f32AtRunTime: {
    text: `fn f32AtRunTime(x : f32) -> f32 {
  return x;
}`,
  },
  i32AtRunTime: {
    text: `fn i32AtRunTime(x : i32) -> i32 {
  return x;
}`,
  },
  zero: {
    text: `// 0, which the compiler must not know.
var<private> zero : u32;`,
  },
  rounded: {
    uses: ['zero'],
    text: `// A sum as it was rounded: for all that the compiler knows, something happens here.
fn rounded(x : f32) -> f32 {
  return bitcast<f32>(bitcast<u32>(x) ^ zero);
}`,
  },
  notANumber: {
    text: `fn notANumber(x : f32) -> bool {
  return (bitcast<u32>(x) & 0x7fffffffu) > 0x7f800000u;
}`,
  },
  less: {
    uses: ['zero'],
    text: `// Compilers would turn choices and negations of comparisons into others, which are different for NaN.
fn less(x : f32, y : f32) -> bool {
  return (x < y) == (zero == 0u);
}`,
  },
  lessOrEqual: {
    uses: ['zero'],
    text: `fn lessOrEqual(x : f32, y : f32) -> bool {
  return (x <= y) == (zero == 0u);
}`,
  },
  larger: {
    uses: ['notANumber'],
    text: `// NaN if one of them is; 0 before -0.
fn larger(x : f32, y : f32) -> f32 {
  if (notANumber(x)) { return x; }
  if (notANumber(y)) { return y; }
  if (x == y) { return bitcast<f32>(bitcast<u32>(x) & bitcast<u32>(y)); }
  return select(y, x, x > y);
}`,
  },
  smaller: {
    uses: ['notANumber'],
    text: `// NaN if one of them is; -0 before 0.
fn smaller(x : f32, y : f32) -> f32 {
  if (notANumber(x)) { return x; }
  if (notANumber(y)) { return y; }
  if (x == y) { return bitcast<f32>(bitcast<u32>(x) | bitcast<u32>(y)); }
  return select(y, x, x < y);
}`,
  },
  integer: {
    uses: ['notANumber'],
    text: `// Without the fraction; the nearest where i32 does not reach; 0 for NaN.
fn integer(x : f32) -> i32 {
  if (notANumber(x)) { return 0; }
  if (x >= 2147483648.0) { return 2147483647; }
  return i32(max(x, -2147483648.0));
}`,
  },
  remainderOfFloats: {
    uses: ['notANumber', 'floatOf'],
    text: `// With the sign of the divisor, and 0 with that of x. Exact: multiples of y by powers of two are taken off x.
fn remainderOfFloats(x : f32, y : f32) -> f32 {
  let infinity = 0x7f800000u;
  let b = abs(y);
  if (notANumber(y) || b == 0.0 || (bitcast<u32>(x) & 0x7fffffffu) >= infinity) { return floatOf(0x7fc00000u); }
  var rest = abs(x);
  if (bitcast<u32>(b) < infinity) {
    var part = b;
    while (part <= rest - part) { part = part + part; }
    while (part >= b) {
      if (rest >= part) { rest = rest - part; }
      part = part * 0.5;
    }
  }
  let result = bitcast<f32>(bitcast<u32>(rest) | (bitcast<u32>(x) & 0x80000000u));
  return select(result, result + y, rest != 0.0 && (x < 0.0) != (y < 0.0));
}`,
  },
  remainderOfIntegers: {
    text: `// With the sign of the divisor; 0 if that is 0.
fn remainderOfIntegers(x : i32, y : i32) -> i32 {
  if (y == 0 || y == -1) { return 0; }
  let rest = x % y;
  return select(rest, rest + y, rest != 0 && (rest < 0) != (y < 0));
}`,
  },
  powerOfIntegers: {
    text: `// Modulo 2^32; a negative power without its fraction.
fn powerOfIntegers(x : i32, y : i32) -> i32 {
  if (y < 0) {
    if (x == 1) { return 1; }
    if (x == -1) { return select(1, -1, (y & 1) != 0); }
    return 0;
  }
  var power = 1;
  var base = x;
  for (var rest = y; rest > 0; rest = rest >> 1u) {
    if ((rest & 1) != 0) { power = power * base; }
    base = base * base;
  }
  return power;
}`,
  },
};
