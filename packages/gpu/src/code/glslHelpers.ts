// Functions in GLSL that kernels may call. Conditions on NaN and infinities look at bits: compilers may assume that neither
// exists.
import type { HelperSource } from './helpers.ts';

export const glslHelpers: Readonly<Record<string, HelperSource>> = {
  element: {
    text: `// An element of an array in rows of 2 to the power of \`bits\`.
int element(isampler2D array, int i, int bits) {
  return texelFetch(array, ivec2(i & ((1 << bits) - 1), i >> bits), 0).x;
}`,
  },
  floatOf: {
    text: `// A number by its bits, where no literal can say it.
float floatOf(uint bits) {
  return uintBitsToFloat(bits);
}`,
  },
  f32AtRunTime: {
    text: `float f32AtRunTime(float x) {
  return x;
}`,
  },
  i32AtRunTime: {
    text: `int i32AtRunTime(int x) {
  return x;
}`,
  },
  zero: {
    text: `// 0, which the compiler must not know.
int zero;`,
  },
  rounded: {
    uses: ['zero'],
    text: `// A sum as it was rounded: for all that the compiler knows, something happens here.
float rounded(float x) {
  return intBitsToFloat(floatBitsToInt(x) ^ zero);
}`,
  },
  notANumber: {
    text: `bool notANumber(float x) {
  return (floatBitsToInt(x) & 0x7fffffff) > 0x7f800000;
}`,
  },
  less: {
    uses: ['zero'],
    text: `// Compilers would turn choices and negations of comparisons into others, which are different for NaN.
bool less(float x, float y) {
  return (x < y) == (zero == 0);
}`,
  },
  lessOrEqual: {
    uses: ['zero'],
    text: `bool lessOrEqual(float x, float y) {
  return (x <= y) == (zero == 0);
}`,
  },
  larger: {
    uses: ['notANumber'],
    text: `// NaN if one of them is; 0 before -0.
float larger(float x, float y) {
  if (notANumber(x)) { return x; }
  if (notANumber(y)) { return y; }
  if (x == y) { return intBitsToFloat(floatBitsToInt(x) & floatBitsToInt(y)); }
  return x > y ? x : y;
}`,
  },
  smaller: {
    uses: ['notANumber'],
    text: `// NaN if one of them is; -0 before 0.
float smaller(float x, float y) {
  if (notANumber(x)) { return x; }
  if (notANumber(y)) { return y; }
  if (x == y) { return intBitsToFloat(floatBitsToInt(x) | floatBitsToInt(y)); }
  return x < y ? x : y;
}`,
  },
  integer: {
    uses: ['notANumber'],
    text: `// Without the fraction; the nearest where int does not reach; 0 for NaN.
int integer(float x) {
  if (notANumber(x)) { return 0; }
  if (x >= 2147483648.0) { return 2147483647; }
  if (x <= -2147483648.0) { return int(0x80000000u); }
  return int(x);
}`,
  },
  remainderOfFloats: {
    uses: ['notANumber', 'floatOf'],
    text: `// With the sign of the divisor, and 0 with that of x. Exact: multiples of y by powers of two are taken off x.
float remainderOfFloats(float x, float y) {
  int infinity = 0x7f800000;
  float b = abs(y);
  if (notANumber(y) || b == 0.0 || (floatBitsToInt(x) & 0x7fffffff) >= infinity) { return floatOf(0x7fc00000u); }
  float rest = abs(x);
  if (floatBitsToInt(b) < infinity) {
    float part = b;
    while (part <= rest - part) { part = part + part; }
    while (part >= b) {
      if (rest >= part) { rest = rest - part; }
      part = part * 0.5;
    }
  }
  float result = intBitsToFloat(floatBitsToInt(rest) | (floatBitsToInt(x) & int(0x80000000u)));
  return rest != 0.0 && (x < 0.0) != (y < 0.0) ? result + y : result;
}`,
  },
  remainderOfIntegers: {
    text: `// With the sign of the divisor; 0 if that is 0. (% of negative integers is undefined.)
int remainderOfIntegers(int x, int y) {
  if (y == 0 || y == -1) { return 0; }
  int rest = x - x / y * y;
  return rest != 0 && (rest < 0) != (y < 0) ? rest + y : rest;
}`,
  },
  powerOfIntegers: {
    text: `// Modulo 2^32; a negative power without its fraction.
int powerOfIntegers(int x, int y) {
  if (y < 0) {
    if (x == 1) { return 1; }
    if (x == -1) { return (y & 1) != 0 ? -1 : 1; }
    return 0;
  }
  int power = 1;
  int base = x;
  for (int rest = y; rest > 0; rest = rest >> 1) {
    if ((rest & 1) != 0) { power = power * base; }
    base = base * base;
  }
  return power;
}`,
  },
};
