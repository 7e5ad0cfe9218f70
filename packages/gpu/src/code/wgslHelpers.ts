// Helper functions in WGSL. They test for NaN and infinities by bits, since compilers may assume that neither exists.
import type { HelperSource } from './helpers.ts';

export const wgslHelpers: Readonly<Record<string, HelperSource>> = {
  floatFromBits: {
    text: `// For numbers that have no literal.
fn floatFromBits(bits : u32) -> f32 {
  return bitcast<f32>(bits);
}`,
  },
  opaqueFloat: {
    text: `// Hides a constant from the compiler.
fn opaqueFloat(x : f32) -> f32 {
  return x;
}`,
  },
  opaqueInt: {
    text: `fn opaqueInt(x : i32) -> i32 {
  return x;
}`,
  },
  opaqueZero: {
    text: `// Always 0, but the compiler cannot know it.
var<private> opaqueZero : u32;`,
  },
  keepRounding: {
    uses: ['opaqueZero'],
    text: `// Returns x, and keeps the compiler from simplifying across it.
fn keepRounding(x : f32) -> f32 {
  return bitcast<f32>(bitcast<u32>(x) ^ opaqueZero);
}`,
  },
  isNaN: {
    text: `fn isNaN(x : f32) -> bool {
  return (bitcast<u32>(x) & 0x7fffffffu) > 0x7f800000u;
}`,
  },
  less: {
    uses: ['opaqueZero'],
    text: `// Keeps the compiler from inverting or merging comparisons, which changes them for NaN.
fn less(x : f32, y : f32) -> bool {
  return (x < y) == (opaqueZero == 0u);
}`,
  },
  lessEqual: {
    uses: ['opaqueZero'],
    text: `fn lessEqual(x : f32, y : f32) -> bool {
  return (x <= y) == (opaqueZero == 0u);
}`,
  },
  maximum: {
    uses: ['isNaN'],
    text: `// NaN if an input is; 0 is larger than -0.
fn maximum(x : f32, y : f32) -> f32 {
  if (isNaN(x)) { return x; }
  if (isNaN(y)) { return y; }
  if (x == y) { return bitcast<f32>(bitcast<u32>(x) & bitcast<u32>(y)); }
  return select(y, x, x > y);
}`,
  },
  minimum: {
    uses: ['isNaN'],
    text: `// NaN if an input is; -0 is smaller than 0.
fn minimum(x : f32, y : f32) -> f32 {
  if (isNaN(x)) { return x; }
  if (isNaN(y)) { return y; }
  if (x == y) { return bitcast<f32>(bitcast<u32>(x) | bitcast<u32>(y)); }
  return select(y, x, x < y);
}`,
  },
  truncateToInt: {
    uses: ['isNaN'],
    text: `// Truncates and saturates; 0 for NaN.
fn truncateToInt(x : f32) -> i32 {
  if (isNaN(x)) { return 0; }
  if (x >= 2147483648.0) { return 2147483647; }
  return i32(max(x, -2147483648.0));
}`,
  },
  floatRemainder: {
    uses: ['isNaN', 'floatFromBits'],
    text: `// Has the sign of y; a zero result that of x. Exact: subtracts multiples of y by powers of two.
fn floatRemainder(x : f32, y : f32) -> f32 {
  let infinity = 0x7f800000u;
  let b = abs(y);
  if (isNaN(y) || b == 0.0 || (bitcast<u32>(x) & 0x7fffffffu) >= infinity) { return floatFromBits(0x7fc00000u); }
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
  intRemainder: {
    text: `// Has the sign of y; 0 if y is 0.
fn intRemainder(x : i32, y : i32) -> i32 {
  if (y == 0 || y == -1) { return 0; }
  let rest = x % y;
  return select(rest, rest + y, rest != 0 && (rest < 0) != (y < 0));
}`,
  },
  intPower: {
    text: `// Modulo 2^32; for y < 0 the power is truncated.
fn intPower(x : i32, y : i32) -> i32 {
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
