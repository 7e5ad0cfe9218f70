// Helper functions in GLSL. They test for NaN and infinities by bits, since compilers may assume that neither exists.
import type { HelperSource } from './helpers.ts';

export const glslHelpers: Readonly<Record<string, HelperSource>> = {
  element: {
    text: `// Element i of a texture whose width is 2 to the power of \`bits\`.
int element(isampler2D array, int i, int bits) {
  return texelFetch(array, ivec2(i & ((1 << bits) - 1), i >> bits), 0).x;
}`,
  },
  layeredElement: {
    text: `// Number n of element i, of which each layer has four.
int layeredElement(isampler2DArray array, int i, int n, int bits) {
  return texelFetch(array, ivec3(i & ((1 << bits) - 1), i >> bits, n >> 2), 0)[n & 3];
}`,
  },
  floatFromBits: {
    text: `// For numbers that have no literal.
float floatFromBits(uint bits) {
  return uintBitsToFloat(bits);
}`,
  },
  opaqueFloat: {
    text: `// Hides a constant from the compiler.
float opaqueFloat(float x) {
  return x;
}`,
  },
  opaqueInt: {
    text: `int opaqueInt(int x) {
  return x;
}`,
  },
  opaqueZero: {
    text: `// Always 0, but the compiler cannot know it.
int opaqueZero;`,
  },
  keepRounding: {
    uses: ['opaqueZero'],
    text: `// Returns x, and keeps the compiler from simplifying across it.
float keepRounding(float x) {
  return intBitsToFloat(floatBitsToInt(x) ^ opaqueZero);
}`,
  },
  isNaN: {
    text: `bool isNaN(float x) {
  return (floatBitsToInt(x) & 0x7fffffff) > 0x7f800000;
}`,
  },
  less: {
    uses: ['opaqueZero'],
    text: `// Keeps the compiler from inverting or merging comparisons, which changes them for NaN.
bool less(float x, float y) {
  return (x < y) == (opaqueZero == 0);
}`,
  },
  lessEqual: {
    uses: ['opaqueZero'],
    text: `bool lessEqual(float x, float y) {
  return (x <= y) == (opaqueZero == 0);
}`,
  },
  maximum: {
    uses: ['isNaN'],
    text: `// NaN if an input is; 0 is larger than -0.
float maximum(float x, float y) {
  if (isNaN(x)) { return x; }
  if (isNaN(y)) { return y; }
  if (x == y) { return intBitsToFloat(floatBitsToInt(x) & floatBitsToInt(y)); }
  return x > y ? x : y;
}`,
  },
  minimum: {
    uses: ['isNaN'],
    text: `// NaN if an input is; -0 is smaller than 0.
float minimum(float x, float y) {
  if (isNaN(x)) { return x; }
  if (isNaN(y)) { return y; }
  if (x == y) { return intBitsToFloat(floatBitsToInt(x) | floatBitsToInt(y)); }
  return x < y ? x : y;
}`,
  },
  truncateToInt: {
    uses: ['isNaN'],
    text: `// Truncates and saturates; 0 for NaN.
int truncateToInt(float x) {
  if (isNaN(x)) { return 0; }
  if (x >= 2147483648.0) { return 2147483647; }
  if (x <= -2147483648.0) { return int(0x80000000u); }
  return int(x);
}`,
  },
  floatRemainder: {
    uses: ['isNaN', 'floatFromBits'],
    text: `// Has the sign of y; a zero result that of x. Exact: subtracts multiples of y by powers of two.
float floatRemainder(float x, float y) {
  int infinity = 0x7f800000;
  float b = abs(y);
  if (isNaN(y) || b == 0.0 || (floatBitsToInt(x) & 0x7fffffff) >= infinity) { return floatFromBits(0x7fc00000u); }
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
  intRemainder: {
    text: `// Has the sign of y; 0 if y is 0. (% of negative integers is undefined.)
int intRemainder(int x, int y) {
  if (y == 0 || y == -1) { return 0; }
  int rest = x - x / y * y;
  return rest != 0 && (rest < 0) != (y < 0) ? rest + y : rest;
}`,
  },
  intPower: {
    text: `// Modulo 2^32; for y < 0 the power is truncated.
int intPower(int x, int y) {
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
