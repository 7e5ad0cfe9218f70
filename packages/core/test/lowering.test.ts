import { describe, expect, test } from 'vitest';
import { Cast } from '../src/ops/cast.ts';
import * as elementwise from '../src/ops/elementwise.ts';
import * as strongZero from '../src/ops/strongZero.ts';
import { lowered } from '../src/scalar/lower.ts';
import { stepCost } from '../src/schedule/cost.ts';
import type { DTypeRule, Elementwise } from '../src/graph/primitive.ts';
import type { DType } from '../src/data/dtype.ts';
import type { ScalarFunction } from '../src/scalar/function.ts';
import { nodesOf, parameter, type ScalarType } from '../src/scalar/scalar.ts';
import { random } from '../src/index.ts';
import { ulps } from '../../../test/support/bounds.ts';
import { arrays, interpret } from './scalarInterpreter.ts';

const table = { ...elementwise, ...strongZero };
const operations = Object.values(table as unknown as Record<string, { primitive: Elementwise }>).map(
  (f) => f.primitive,
);

/** Operations whose float32 expression approximates the definition, to 2 ulp. */
const approximate = new Set(
  'exp expm1 log log2 log10 log1p sin cos tan asin acos atan atan2 sinh cosh tanh asinh acosh atanh sigmoid softplus erf pow'.split(
    ' ',
  ),
);
/** Operations whose lowering calls the definition, for float32 in the rare branch only. */
const called = new Set(['mod']);

const types: Record<DType, ScalarType> = { float32: 'f32', float64: 'f64', int32: 'i32', bool: 'bool' };
const dtypesOf: Record<DTypeRule, readonly DType[]> = {
  float: ['float32', 'float64'],
  number: ['int32', 'float32', 'float64'],
  comparison: ['int32', 'float32', 'float64'],
  logical: ['bool'],
  bitwise: ['int32'],
  select: ['bool', 'int32', 'float32', 'float64'],
};

/** The dtypes of inputs and result for a dtype that the rule computes in. */
function signature({ dtypes, domain }: Elementwise, dtype: DType): { inputs: DType[]; result: DType } {
  const inputs = domain.map((_, i): DType => (dtypes === 'select' && i === 0 ? 'bool' : dtype));
  return { inputs, result: dtypes === 'comparison' ? 'bool' : dtype };
}

/** The float32 that is nearest to a multiple of π/2 other than 0, relative to its size. */
const nearRightAngle = 16367173 * 2 ** 72;

const special = {
  float32: [
    nearRightAngle,
    NaN,
    Infinity,
    -Infinity,
    0,
    -0,
    2 ** -149,
    -(2 ** -149),
    2 ** -126,
    3.4028234663852886e38,
    -1e38,
  ],
  float64: [NaN, Infinity, -Infinity, 0, -0, 5e-324, -5e-324, 1e308, -1e308, 2 ** 53 + 1],
  int32: [0, 1, -1, 2 ** 31 - 1, -(2 ** 31), 65536, -65537],
  bool: [0, 1],
};
const usual = [1, -1, 0.5, -0.5, 1.5, -1.5, 2.5, -2.5, 3, 0.3, -0.7, 100.25, -1e4];

/** Uniform numbers in [0, 1), the same in each run. */
function uniform(seed: number): () => number {
  const stream = random.key(seed).stream();
  return () => stream.uniform();
}

/** Elements of a dtype: special values, ordinary magnitudes and arbitrary bit patterns. */
function elements(dtype: DType, size: number, uniform: () => number): InstanceType<(typeof arrays)[ScalarType]> {
  const values = new arrays[types[dtype]](size);
  const bits = dtype === 'float64' ? new Uint32Array(values.buffer) : undefined;
  const words = dtype === 'float32' || dtype === 'int32' ? new Uint32Array(values.buffer) : bits;
  const fixed = dtype === 'float32' || dtype === 'float64' ? [...special[dtype], ...usual] : special[dtype];
  for (let i = 0; i < size; i++) {
    const kind = Math.floor(uniform() * 8);
    if (kind === 0) values[i] = fixed[Math.floor(uniform() * fixed.length)]!;
    else if (dtype === 'bool') values[i] = uniform() < 0.5 ? 1 : 0;
    else if (kind < 4) values[i] = (uniform() * 2 - 1) * [3, 20, 300][kind - 1]!;
    else if (dtype === 'float64') [words![2 * i], words![2 * i + 1]] = [uniform() * 2 ** 32, uniform() * 2 ** 32];
    else words![i] = uniform() * 2 ** 32;
  }
  return values;
}

/** A column of elements for each input. */
function columnsOf(inputs: readonly DType[], size: number): ReturnType<typeof elements>[] {
  const next = uniform(inputs.length);
  return inputs.map((dtype) => elements(dtype, size, next));
}

/** The values of the definition, rounded to the dtype. */
function evaluateDefinition(
  { value, integer }: Elementwise,
  result: DType,
  inputs: readonly DType[],
  rows: number[][],
): number[] {
  const f = integer && inputs.at(-1) === 'int32' ? (integer as Elementwise['value']) : value;
  return [...new arrays[types[result]](rows.map((row) => f(...row)))];
}

describe.each(operations.filter(({ name }) => !approximate.has(name)))('$name', (operation) => {
  test.each(dtypesOf[operation.dtypes])('%s: exactly the definition', (dtype) => {
    const { inputs, result } = signature(operation, dtype);
    const columns = columnsOf(inputs, 5000);
    const rows = Array.from({ length: 5000 }, (_, i) => columns.map((column) => column[i]!));
    const parameters = inputs.map((input, i) => parameter(types[input], i));
    const expression = lowered(operation, parameters, result);
    expect(expression.type).toBe(types[result]);
    expect(nodesOf(expression).some((node) => node.operation === 'call')).toBe(called.has(operation.name));
    const actual = [...interpret(expression, columns)];
    const expected = evaluateDefinition(operation, result, inputs, rows);
    const wrong = rows.findIndex((_, i) => !Object.is(actual[i], expected[i]));
    expect([rows[wrong], actual[wrong]]).toEqual([rows[wrong], expected[wrong]]);
    expect(wrong).toBe(-1);
  });
});

describe.each(operations.filter(({ name }) => approximate.has(name)))('$name', (operation) => {
  const { inputs } = signature(operation, 'float32');

  test('float32: within 2 ulp of the definition', () => {
    const size = 50_000;
    const columns = columnsOf(inputs, size);
    const actual = interpret(
      lowered(
        operation,
        inputs.map((_, i) => parameter('f32', i)),
        'float32',
      ),
      columns,
    );
    let worst = { error: 0, row: [] as number[], actual: 0 };
    for (let i = 0; i < size; i++) {
      const row = columns.map((column) => column[i]!);
      const error = ulps(actual[i]!, operation.value(...row));
      if (error > worst.error) worst = { error, row, actual: actual[i]! };
    }
    expect(worst.error).toBeGreaterThan(0);
    expect({ ...worst, error: Math.max(worst.error, 2) }).toEqual({ ...worst, error: 2 });
  });

  test.each(dtypesOf[operation.dtypes].filter((dtype) => dtype !== 'float32'))(
    '%s: a call of the definition',
    (dtype) => {
      const parameters = inputs.map((_, i) => parameter(types[dtype], i));
      const expression = lowered(operation, parameters, dtype);
      const { value, integer } = operation;
      const definition = dtype === 'int32' ? integer : value;
      expect([expression.operation, expression.function]).toEqual(['call', definition]);
      expect(expression.inputs).toEqual(parameters);
    },
  );

  test('float32: no call, not even for rare values', () => {
    const expression = lowered(
      operation,
      inputs.map((_, i) => parameter('f32', i)),
      'float32',
    );
    expect(nodesOf(expression).filter((node) => node.operation === 'call')).toEqual([]);
  });
});

describe('astype', () => {
  const all: DType[] = ['bool', 'int32', 'float32', 'float64'];
  test.each(all.flatMap((from) => all.map((to) => [from, to] as const)))('%s to %s', (from, to) => {
    const column = elements(from, 5000, uniform(7));
    const actual = interpret(lowered(Cast, [parameter(types[from], 0)], to), [column]);
    const expectedValues = to === 'bool' ? Array.from(column, (x) => (x !== 0 ? 1 : 0)) : column;
    expect([...actual]).toEqual([...new arrays[types[to]](expectedValues)]);
  });
});

describe('the cost of a step', () => {
  test.each([
    [table.add, ['f32', 'f32'], 1],
    [table.relu, ['f32'], 2],
    [table.clip, ['f32', 'f32', 'f32'], 2],
    [table.where, ['bool', 'f32', 'f32'], 1],
    [table.logicalNot, ['bool'], 1],
    [table.bitwiseAnd, ['i32', 'i32'], 1],
    [table.logicalAnd, ['bool', 'bool'], 1],
    [table.less, ['f32', 'f32'], 2],
  ] as const)('%o', (apply, inputs, cost) => {
    expect(stepCost(apply.primitive, inputs)).toBe(cost);
  });

  test('is that of a function if there is no expression', () => {
    for (const { primitive } of [table.sin, table.log]) expect(stepCost(primitive, ['f32'])).toBe(64);
    expect(stepCost(table.mod.primitive, ['i32', 'i32'])).toBe(64);
  });

  test('excludes rare branches', () => {
    const rare: ScalarFunction = {
      name: 'rare',
      value: (x) => x!,
      lower: (x) => x!.lt(0).rarely(x!.add(1).add(2).add(3), x!.mul(2)),
    };
    expect(stepCost(rare, ['f32'])).toBe(3);
    for (const { primitive } of [table.sin, table.log, table.mod]) {
      const expression: ScalarFunction = { ...primitive, lower: (...inputs) => lowered(primitive, inputs, 'float32') };
      const cost = stepCost(
        expression,
        primitive.domain.map(() => 'f32'),
      );
      expect(cost).toBeLessThan(40);
    }
  });
});
