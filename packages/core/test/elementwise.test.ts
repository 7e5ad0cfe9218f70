import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import * as elementwise from '../src/ops/elementwise.ts';
import * as strongZero from '../src/ops/strongZero.ts';
import { clip, getBackend, portable, tensor, type Operation, type Tensor, type TensorLike } from '../src/index.ts';
import { elementAt, broadcastable, broadcastShape, build, models, numbers, ordinary, toTensor } from './helpers.ts';

/** The error bound of float32 functions in generated code, in units in the last place. */
const functionUlps = 2;

/** The error of a float32 in units in the last place of the exact number. */
function ulps(actual: number, exact: number): number {
  const nearest = Math.fround(exact);
  if (Object.is(actual, nearest) || (actual !== actual && exact !== exact)) return 0;
  const unit = 2 ** Math.max(-149, Math.floor(Math.log2(Math.abs(exact))) - 23);
  return Number.isFinite(actual) ? Math.abs(actual - exact) / unit : Infinity;
}

type Apply = (...inputs: TensorLike[]) => Tensor;
const operations = Object.entries({ ...elementwise, ...strongZero } as unknown as Record<string, Apply & Operation>);
const arity = new Map(operations.map(([name, { primitive }]) => [name, primitive.domain.length]));

/** Each operation by a formula independent of its record. Numbers stand for booleans if the result is bool. */
const expected: Record<string, (x: number, y: number, z: number) => number | boolean> = {
  add: (x, y) => x + y,
  sub: (x, y) => x - y,
  mul: (x, y) => x * y,
  div: (x, y) => x / y,
  mod: (x, y) => {
    if (Number.isNaN(x) || Number.isNaN(y) || !Number.isFinite(x) || y === 0) return NaN;
    if (!Number.isFinite(y)) return x === 0 || x > 0 === y > 0 ? x : y;
    const rest = x % y;
    return rest === 0 || Math.sign(rest) === Math.sign(y) ? rest : rest + y;
  },
  pow: (x, y) => (x === 1 || y === 0 || (x === -1 && !Number.isNaN(y) && !Number.isFinite(y)) ? 1 : Math.pow(x, y)),
  maximum: (x, y) => Math.max(x, y),
  minimum: (x, y) => -Math.max(-x, -y),
  atan2: (y, x) => Math.atan2(y, x),
  neg: (x) => x * -1,
  abs: (x) => Math.max(x, -x),
  sign: (x) => (x > 0 ? 1 : x < 0 ? -1 : x),
  square: (x) => x ** 2,
  sqrt: (x) => Math.sqrt(x),
  reciprocal: (x) => x ** -1,
  exp: (x) => Math.exp(x),
  expm1: (x) => Math.expm1(x),
  log: (x) => Math.log(x),
  log2: (x) => Math.log(x) / Math.LN2,
  log10: (x) => Math.log(x) / Math.LN10,
  log1p: (x) => Math.log1p(x),
  sin: (x) => Math.sin(x),
  cos: (x) => Math.cos(x),
  tan: (x) => Math.tan(x),
  asin: (x) => Math.asin(x),
  acos: (x) => Math.acos(x),
  atan: (x) => Math.atan(x),
  sinh: (x) => Math.sinh(x),
  cosh: (x) => Math.cosh(x),
  tanh: (x) => Math.tanh(x),
  asinh: (x) => Math.asinh(x),
  acosh: (x) => Math.acosh(x),
  atanh: (x) => Math.atanh(x),
  sigmoid: (x) => (x < 0 ? Math.exp(x) / (1 + Math.exp(x)) : 1 / (1 + Math.exp(-x))),
  softplus: (x) => (x > 0 ? x + Math.log1p(Math.exp(-x)) : Math.log1p(Math.exp(x))),
  relu: (x) => (x > 0 || Number.isNaN(x) ? x : 0),
  erf: (x) => erfByIntegration(x),
  floor: (x) => Math.floor(x),
  ceil: (x) => -Math.floor(-x),
  round: (x) => {
    const low = Math.floor(x);
    if (!Number.isFinite(x)) return x;
    if (x - low !== 0.5) return x - low < 0.5 ? low : low + 1;
    return low % 2 === 0 ? low : low + 1;
  },
  trunc: (x) => (x < 0 ? Math.ceil(x) : Math.floor(x)),
  isnan: (x) => Number.isNaN(x),
  isinf: (x) => Math.abs(x) === Infinity,
  isfinite: (x) => Number.isFinite(x),
  equal: (x, y) => x === y,
  notEqual: (x, y) => !(x === y),
  less: (x, y) => x < y,
  lessEqual: (x, y) => ordered(x, y) && !(x > y),
  greater: (x, y) => y < x,
  greaterEqual: (x, y) => ordered(x, y) && !(y > x),
  logicalAnd: (x, y) => x !== 0 && y !== 0,
  logicalOr: (x, y) => x !== 0 || y !== 0,
  logicalXor: (x, y) => (x !== 0) !== (y !== 0),
  logicalNot: (x) => x === 0,
  bitwiseAnd: (x, y) => Number(BigInt.asIntN(32, BigInt(x) & BigInt(y))),
  where: (condition, y, z) => (condition === 0 ? z : y),
  clip: (x, low, high) => {
    if (Number.isNaN(x) || Number.isNaN(low) || Number.isNaN(high)) return NaN;
    // The result for an empty interval is its upper bound.
    if (x > high || low > high) return high;
    return x < low ? low : x;
  },
  strongMul: (t, slope) => ([t, slope].includes(0) ? 0 : t * slope),
  strongDiv: (t, divisor) => (t === 0 || 1 / divisor === 0 ? 0 : t / divisor),
};

const ordered = (x: number, y: number): boolean => !Number.isNaN(x) && !Number.isNaN(y);

/** 2/√π ∫₀ˣ e^(−t²) dt by Simpson's rule. */
function erfByIntegration(x: number): number {
  if (!Number.isFinite(x) || Math.abs(x) > 6) return Math.sign(x);
  if (Math.abs(x) < 1e-10) return (2 / Math.sqrt(Math.PI)) * x;
  const steps = 2000;
  const h = x / steps;
  const f = (i: number): number => Math.exp(-((i * h) ** 2));
  let sum = f(0) + f(steps);
  for (let i = 1; i < steps; i++) sum += f(i) * (i % 2 === 0 ? 2 : 4);
  return (2 / Math.sqrt(Math.PI)) * (h / 3) * sum;
}

/** Compares with a relative tolerance. Zeros of either sign are equal, since formulas differ in them. */
function isClose(actual: number, target: number, tolerance: number): boolean {
  if (actual === target || (Number.isNaN(actual) && Number.isNaN(target))) return true;
  return Math.abs(actual - target) <= tolerance * Math.max(Math.abs(target), Number.MIN_VALUE / tolerance);
}

const special = [NaN, Infinity, -Infinity, 0, -0, 1, -1, 0.5, -0.5, 1.5, 2.5, -2.5, 1e30, -1e30, 1e-30, 88, -104, 3e9];
const anyNumber = fc.oneof(ordinary, fc.constantFrom(...special), fc.double({ min: -10, max: 10 }));

test('the table above has every operation', () => {
  expect(Object.keys(expected).toSorted()).toEqual(operations.map(([name]) => name).toSorted());
});

describe('one element', () => {
  for (const [name, apply] of operations.filter(([name]) => name !== 'bitwiseAnd')) {
    test(name, () => {
      const inputs = fc.tuple(anyNumber, anyNumber, anyNumber).map((triple) => triple.slice(0, arity.get(name)));
      fc.assert(
        fc.property(fc.array(inputs, { minLength: 1, maxLength: 20 }), (rows) => {
          for (const dtype of ['float32', 'float64'] as const) {
            const tensors = Array.from({ length: arity.get(name)! }, (_, i) =>
              tensor(
                rows.map((row) => row[i]!),
                { dtype },
              ),
            );
            const stored = tensors.map(numbers);
            const result = apply(...tensors);
            const round = dtype === 'float32' && result.dtype === 'float32' ? Math.fround : (value: number) => value;
            numbers(result).forEach((actual, i) => {
              const [x, y = 0, z = 0] = stored.map((column) => column[i]!) as [number, number?, number?];
              // The backend computes the definition: bitwise, or to the accuracy of its float32 functions. (Logical
              // operations are defined on 0 and 1.)
              const convert = (value: number): number =>
                apply.primitive.dtypes === 'logical' ? Number(value !== 0) : value;
              const exact = apply.primitive.value(convert(x), convert(y), convert(z));
              const isApproximate = getBackend() !== portable() && result.dtype === 'float32';
              const isRight = isApproximate ? ulps(actual, exact) <= functionUlps : Object.is(actual, round(exact));
              expect([x, y, z, actual, isRight ? actual : exact]).toEqual([x, y, z, actual, actual]);
              // The definition agrees with the independent formula, to rounding or to the accuracy of erf's integral.
              const target = round(Number(expected[name]!(x, y, z)));
              const single = isApproximate ? functionUlps * 2 ** -23 : 1.2e-7;
              const tolerance = dtype === 'float32' ? single : name === 'erf' ? 1e-9 : 1e-14;
              expect([x, y, z, actual, isClose(actual, target, tolerance) ? actual : target]).toEqual([
                x,
                y,
                z,
                actual,
                actual,
              ]);
            });
          }
        }),
        { numRuns: name === 'erf' ? 20 : 60 },
      );
    });
  }

  test('bitwiseAnd', () => {
    fc.assert(
      fc.property(fc.integer(), fc.integer(), (x, y) => {
        const [a, b] = [tensor(Int32Array.of(x)), tensor(Int32Array.of(y))];
        expect(numbers(a.bitwiseAnd(b))).toEqual([expected['bitwiseAnd']!(x, y, 0)]);
      }),
    );
  });

  test.each(['float32', 'float64'] as const)('a cast of %s to int32 wraps as a typed array does', (dtype) => {
    const limits = [
      2 ** 31,
      -(2 ** 31),
      2 ** 32 + 512,
      -(2 ** 33) - 1024,
      3e9,
      -3e9,
      2 ** 40 + 2 ** 17,
      1e30,
      5.5,
      -5.5,
    ];
    const x = tensor([...limits, NaN, Infinity, -Infinity, -0.5], { dtype });
    expect(numbers(x.astype('int32'))).toEqual([...Int32Array.from(numbers(x))]);
  });

  test('known values', () => {
    const x = (...values: number[]): Tensor => tensor(values, { dtype: 'float64' });
    // Abramowitz and Stegun, table 7.1.
    const erfs = numbers(x(0.5, 1, 2).erf());
    [0.5204998778, 0.8427007929, 0.995322265].forEach((value, i) => expect(erfs[i]).toBeCloseTo(value, 10));
    expect(numbers(x(0.5, 1.5, 2.5, -0.5, -1.5, 0.49999999999999994).round())).toEqual([0, 2, 2, -0, -2, 0]);
    expect(numbers(x(1, -1, NaN).pow(x(NaN, Infinity, 0)))).toEqual([1, 1, 1]);
    expect(numbers(x(-5, 5, -5).mod(x(3, -3, Infinity)))).toEqual([1, -1, Infinity]);
    expect(numbers(x(1000, -1000, 0).sigmoid())).toEqual([1, 0, 0.5]);
    expect(numbers(x(1000, -1000, 0).softplus())).toEqual([1000, 0, Math.log(2)]);
    expect(numbers(x(5).clip(3, 1))).toEqual([1]);
    // One bound alone.
    expect(numbers(tensor([-5, 0, 5]).clip(-1))).toEqual([-1, 0, 5]);
    expect(numbers(tensor([-5, NaN, 5]).clip(null, tensor([1, 1, 1])))).toEqual([-5, NaN, 1]);
    expect(numbers(clip(tensor([-5, 5], { dtype: 'int32' }), undefined, 1))).toEqual([-5, 1]);
    expect(() => x(5).clip(null)).toThrow('clip: expected a bound, low or high, got neither');
  });
});

describe('broadcasting', () => {
  const pair = broadcastable(2).chain(([a, b]) => fc.tuple(models(fc.constant(a!)), models(fc.constant(b!))));

  test('two operands, by an independent rule', () => {
    fc.assert(
      fc.property(pair, ([a, b]) => {
        const result = toTensor(a).sub(toTensor(b));
        const model = build(broadcastShape([a.shape, b.shape]), (index) => elementAt(a, index) - elementAt(b, index));
        expect(result.shape).toEqual(model.shape);
        expect(numbers(result)).toEqual(model.data);
      }),
    );
  });

  test('three operands', () => {
    fc.assert(
      fc.property(
        broadcastable(3).chain(([a, b, c]) =>
          fc.tuple(models(fc.constant(a!), fc.constantFrom(0, 1)), models(fc.constant(b!)), models(fc.constant(c!))),
        ),
        ([condition, a, b]) => {
          const result = toTensor(condition).where(toTensor(a), toTensor(b));
          const shape = broadcastShape([condition.shape, a.shape, b.shape]);
          const model = build(shape, (index) => elementAt(elementAt(condition, index) === 0 ? b : a, index));
          expect([result.shape, numbers(result)]).toEqual([model.shape, model.data]);
        },
      ),
    );
  });

  test('shapes that do not broadcast are an error at the call', () => {
    expect(() => tensor([1, 2]).add(tensor([1, 2, 3]))).toThrow(
      'add: shapes [2] and [3] do not broadcast: counted from the end, axis -1 is 2 in one and 3 in another; ' +
        'sizes must be equal or 1',
    );
  });
});

describe('names', () => {
  test.each(operations)('%s names its record, a function and a method', (name, apply) => {
    expect(apply.primitive.name).toBe(name);
    const count = arity.get(name)!;
    const dtype = apply.primitive.dtypes === 'bitwise' ? 'int32' : 'float64';
    const inputs = [0.25, 0.5, 0.75].slice(0, count).map((value) => tensor([value]).astype(dtype));
    const [first, ...rest] = inputs as [Tensor, ...Tensor[]];
    const method = (first as unknown as Record<string, Apply>)[name]!;
    expect(numbers(method.call(first, ...rest))).toEqual(numbers(apply(...inputs)));
  });

  test.each(operations)('%s refuses operands that are not tensors', (name, apply) => {
    const others = [0, 0, 0].slice(1, arity.get(name)!);
    expect(() => apply([1, 2] as unknown as Tensor, ...others)).toThrow(
      `${name}: expected a tensor or a number, got Array; make a tensor of it with tensor(…)`,
    );
    expect(() => apply('1' as unknown as Tensor, ...others)).toThrow(`${name}: expected a tensor or a number, got '1'`);
    expect(() => apply(undefined as unknown as Tensor, ...others)).toThrow(
      `${name}: expected a tensor or a number, got undefined`,
    );
  });
});
