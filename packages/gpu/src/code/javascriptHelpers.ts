// Helper functions in gpu.js' JavaScript. Parameters for which callers pass 0 serve as local variables: in some modes only
// parameters can be integers.
import type { Helper } from './command.ts';
import { withDependencies } from './helpers.ts';

interface Source {
  readonly uses?: readonly string[];
  /** Names and types of the parameters, as `x: Number, n: Integer`. */
  readonly parameters: string;
  readonly returns: 'Number' | 'Integer';
  readonly body: string;
}

const sources: Readonly<Record<string, Source>> = {
  /** ⌊i / n⌋ for i ≥ 0. Divides in float32, then the remainder again, which leaves an error of at most 1 to correct. */
  floorDivide: {
    parameters: 'i: Integer, n: Integer, q: Integer, r: Integer',
    returns: 'Integer',
    body: `
  q = Math.floor(i / n);
  r = i - q * n;
  q = q + Math.floor(r / n);
  r = i - q * n;
  if (r < 0) { return q - 1; }
  if (r >= n) { return q + 1; }
  return q;`,
  },
  /** x · y modulo 2³², from products of halves, which are exact in double precision. */
  multiplyInt: {
    parameters: 'x: Integer, y: Integer',
    returns: 'Integer',
    body: `
  return ((x >> 16) * (y & 65535) + (x & 65535) * (y >> 16) << 16) + (x & 65535) * (y & 65535) | 0;`,
  },
  nan: { parameters: '', returns: 'Number', body: '\n  return Math.sqrt(-1);' },
  negativeZero: { parameters: '', returns: 'Number', body: '\n  return -1 / Infinity;' },
  /** Rounds to the nearest integer, ties to even: a float32 above 2²³ has no fraction bits. */
  roundToEven: {
    parameters: 'x: Number',
    returns: 'Number',
    body: `
  const size = Math.abs(x);
  if (size < 8388608) {
    const whole = Math.fround(Math.fround(size + 8388608) - 8388608);
    return x < 0 || 1 / x < 0 ? -whole : whole;
  }
  return x;`,
  },
  /** The upper 16 bits, with the sign, of a number truncated to int32; saturates. */
  upperInt: {
    parameters: 'x: Number',
    returns: 'Number',
    body: `
  if (x !== x) { return 0; }
  if (x >= 2147483648) { return 32767; }
  if (x < -2147483648) { return -32768; }
  return Math.floor(Math.trunc(x) / 65536);`,
  },
  lowerInt: {
    parameters: 'x: Number',
    returns: 'Number',
    body: `
  if (x !== x) { return 0; }
  if (x >= 2147483648) { return 65535; }
  if (x < -2147483648) { return 0; }
  return Math.trunc(x) - Math.floor(Math.trunc(x) / 65536) * 65536;`,
  },
  /** 2ⁿ for an integer n, in float32. */
  powerOfTwo: { parameters: 'n: Number', returns: 'Number', body: '\n  return Math.pow(2, n);' },
  /** The exponent of a positive normal number. */
  exponent: {
    uses: ['powerOfTwo'],
    parameters: 'x: Number',
    returns: 'Number',
    body: `
  const guess = Math.floor(Math.log2(x));
  const low = guess > 127 || x < powerOfTwo(guess) ? guess - 1 : guess;
  return low < 127 && x >= powerOfTwo(low + 1) ? low + 1 : low;`,
  },
  /** Bits 0 to 22 of a float32. */
  mantissa: {
    uses: ['exponent', 'powerOfTwo'],
    parameters: 'x: Number',
    returns: 'Number',
    body: `
  const size = Math.abs(x);
  if (x !== x) { return 4194304; }
  if (size === Infinity) { return 0; }
  if (size < 1.1754943508222875e-38) { return size * 8.507059173023462e+37 * 8388608; }
  return size / powerOfTwo(exponent(size)) * 8388608 - 8388608;`,
  },
  /** Bits 23 to 30: the exponent plus 127. */
  biasedExponent: {
    uses: ['exponent'],
    parameters: 'x: Number',
    returns: 'Number',
    body: `
  const size = Math.abs(x);
  if (x !== x || size === Infinity) { return 255; }
  if (size < 1.1754943508222875e-38) { return 0; }
  return exponent(size) + 127;`,
  },
  upperBits: {
    uses: ['biasedExponent', 'mantissa'],
    parameters: 'x: Number',
    returns: 'Number',
    body: `
  const size = biasedExponent(x) * 128 + Math.floor(mantissa(x) / 65536);
  return x < 0 || x === 0 && 1 / x < 0 ? size - 32768 : size;`,
  },
  lowerBits: {
    uses: ['mantissa'],
    parameters: 'x: Number',
    returns: 'Number',
    body: `
  return mantissa(x) - Math.floor(mantissa(x) / 65536) * 65536;`,
  },
  floatFromBits: {
    uses: ['powerOfTwo', 'nan'],
    parameters: 'high: Number, low: Number',
    returns: 'Number',
    body: `
  const size = high < 0 ? high + 32768 : high;
  const biased = Math.floor(size / 128);
  const fraction = (size - biased * 128) * 65536 + low;
  const sign = high < 0 ? -1 : 1;
  if (biased === 255) { return fraction > 0 ? nan() : sign * Infinity; }
  if (biased < 1) { return sign * fraction * 1.1754943508222875e-38 * 1.1920928955078125e-7; }
  return sign * (fraction + 8388608) * 1.1920928955078125e-7 * powerOfTwo(biased - 127);`,
  },
  /** xʸ as in IEEE 754; JavaScript gives NaN for 1 ** NaN and (±1) ** ±Infinity. */
  power: {
    parameters: 'x: Number, y: Number',
    returns: 'Number',
    body: `
  if (x === 1 || x === -1 && Math.abs(y) === Infinity) { return 1; }
  return Math.pow(x, y);`,
  },
  sigmoid: {
    parameters: 'x: Number',
    returns: 'Number',
    body: `
  if (x < 0) { return Math.exp(x) / (1 + Math.exp(x)); }
  return 1 / (1 + Math.exp(-x));`,
  },
  softplus: {
    parameters: 'x: Number',
    returns: 'Number',
    body: '\n  return Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));',
  },
  /** Has the sign of y; a zero result that of x. Exact: subtracts multiples of y by powers of two. */
  floatRemainder: {
    uses: ['nan'],
    parameters: 'x: Number, y: Number',
    returns: 'Number',
    body: `
  const size = Math.abs(y);
  if (y !== y || size === 0 || x !== x || Math.abs(x) === Infinity) { return nan(); }
  let rest = Math.abs(x);
  if (size < Infinity) {
    let part = size;
    while (part <= rest - part) { part = part + part; }
    while (part >= size) {
      if (rest >= part) { rest = rest - part; }
      part = part / 2;
    }
  }
  if (rest === 0) { return x * 0; }
  const result = x < 0 ? -rest : rest;
  return result < 0 === y < 0 ? result : result + y;`,
  },
  /** Has the sign of y; 0 if y is 0. */
  intRemainder: {
    parameters: 'x: Integer, y: Integer, q: Integer, r: Integer, unused: Integer',
    returns: 'Integer',
    body: `
  if (y === 0 || y === -1) { return 0; }
  q = Math.trunc(x / y);
  r = x - q * y | 0;
  q = Math.trunc(r / y);
  r = r - q * y | 0;
  if (r !== 0 && r < 0 !== y < 0) { r = r + y; }
  if (y < 0 ? r <= y : r >= y) { r = r - y; }
  return r;`,
  },
  /** xʸ modulo 2³²; for y < 0 the power is truncated. */
  intPower: {
    uses: ['multiplyInt'],
    parameters: 'x: Integer, y: Integer, base: Integer, rest: Integer, power: Integer',
    returns: 'Integer',
    body: `
  if (y < 0) {
    if (x === 1) { return 1; }
    if (x === -1) { return (y & 1) === 0 ? 1 : -1; }
    return 0;
  }
  power = 1;
  base = x;
  rest = y;
  while (rest > 0) {
    if ((rest & 1) === 1) { power = multiplyInt(power, base); }
    base = multiplyInt(base, base);
    rest = rest >> 1;
  }
  return power;`,
  },
};

function helperOf(name: string): Helper {
  const { parameters, returns, body } = sources[name]!;
  const pairs =
    parameters === '' ? [] : parameters.split(', ').map((pair) => pair.split(': ') as [string, 'Number' | 'Integer']);
  const names = pairs.map(([parameter]) => parameter);
  return {
    name,
    source: `function ${name}(${names.join(', ')}) {${body}\n}`,
    argumentNames: names,
    argumentTypes: pairs.map(([, type]) => type),
    returnType: returns,
  };
}

/** The functions with these names, and those that they call. */
export function helpersOf(names: Iterable<string>): Helper[] {
  return withDependencies(names, sources).map(helperOf);
}
