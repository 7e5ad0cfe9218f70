import { random, tensor, type DType } from '@thetagrad/core';
import { lowered, parameter, scalarTypeOf, type Elementwise } from '@thetagrad/core/backend';
import { expect, test } from 'vitest';
import { arrays, interpret } from '../../core/test/scalarInterpreter.ts';
import { ulps } from '../../../test/support/bounds.ts';
import * as ops from '../src/index.ts';

const x = tensor([0.3]);
/** Those that functions with options are made of. */
const hidden = [ops.logit(x), ops.ldexp(x, 1), ops.frexp(x).exponent.inputs[0]!, ops.modf(x).fractional].map(
  ({ primitive }) => primitive as Elementwise,
);
const exported = Object.values(ops as unknown as Record<string, { primitive?: Elementwise }>).flatMap(
  (f) => f.primitive ?? [],
);

/** The error in units in the last place, where it is not 0; of sums, relative to the larger operand. */
const bounds: Readonly<Record<string, number>> = {
  exp2: 2,
  rsqrt: 2,
  cbrt: 2,
  hypot: 2,
  sinc: 3,
  logaddexp: 2,
  logaddexp2: 3,
  logit: 2,
  lerp: 2,
  deg2rad: 2,
  rad2deg: 2,
  // Denormal results are rounded twice.
  ldexp: 1,
  floorDivide: 1,
  truncDivide: 1,
};
/** Operations whose result may be much smaller than their operands. */
const cancelling = new Set(['logaddexp', 'logaddexp2', 'lerp']);

const special = [
  NaN,
  Infinity,
  -Infinity,
  0,
  -0,
  1,
  -1,
  0.5,
  -2.5,
  3,
  2 ** -149,
  -(2 ** -149),
  2 ** -126,
  3.4028234663852886e38,
  -1e38,
];
const specialIntegers = [0, 1, -1, 2, -3, 31, 32, 65536, -65537, 2 ** 31 - 1, -(2 ** 31)];

/** Special values, ordinary magnitudes and arbitrary bits. */
function elements(
  dtype: DType,
  size: number,
  seed: number,
): InstanceType<(typeof arrays)['f32' | 'f64' | 'i32' | 'bool']> {
  const values = new arrays[scalarTypeOf(dtype)](size);
  const stream = random.key(seed).stream();
  const fixed = dtype === 'int32' ? specialIntegers : special;
  const words = new Uint32Array(values.buffer);
  for (let i = 0; i < size; i++) {
    const kind = stream.integer(8);
    if (kind < 2) values[i] = fixed[stream.integer(fixed.length)]!;
    else if (kind < 5 || dtype === 'float64') values[i] = stream.uniform(-1, 1) * [1, 20, 300][kind % 3]!;
    else words[i] = stream.uint32();
  }
  return values;
}

const dtypesOf = (operation: Elementwise): DType[] =>
  ({
    float: ['float32', 'float64'],
    number: ['int32', 'float32', 'float64'],
    comparison: ['int32', 'float32', 'float64'],
    bitwise: ['int32'],
    logical: [],
    select: [],
  })[operation.dtypes] as DType[];

/** The expressions of all operations and dtypes that have one. */
const expressions = [...exported, ...hidden].flatMap((operation) =>
  dtypesOf(operation).flatMap((dtype) => {
    const type = scalarTypeOf(dtype);
    const result = operation.dtypes === 'comparison' ? 'bool' : dtype;
    const parameters = operation.domain.map((_, i) => parameter(type, i));
    const expression = lowered(operation, parameters, result);
    const isCall = expression.operation === 'call';
    return isCall ? [] : [{ name: operation.name, dtype, operation, result: scalarTypeOf(result), expression }];
  }),
);

test.each(expressions)('$name of $dtype is as the definition', ({ name, dtype, operation, result, expression }) => {
  const { value, integer, domain } = operation;
  const size = 5000;
  const columns = domain.map((_, i) => elements(dtype, size, i));
  const definition = dtype === 'int32' && integer ? integer : value;
  const actual = interpret(expression, columns);
  const bound = dtype === 'float32' ? (bounds[name] ?? 0) : 0;
  let worst = { error: 0, row: [] as number[], actual: 0, expected: 0 };
  for (let i = 0; i < size; i++) {
    const row = columns.map((column) => column[i]!);
    const expected = new arrays[result]([definition(...row)])[0]!;
    if (Object.is(actual[i], expected)) continue;
    // The difference of the ends, which double precision can represent.
    if (name === 'lerp' && !Number.isFinite(Math.fround(row[1]! - row[0]!))) continue;
    const scale = cancelling.has(name) ? Math.max(...row.map(Math.abs), Math.abs(expected)) : expected;
    const error =
      scale === expected ? ulps(actual[i]!, definition(...row)) : ulps(actual[i]! - expected + scale, scale);
    if (!(error <= worst.error)) worst = { error, row, actual: actual[i]!, expected };
  }
  expect({ ...worst, error: Math.max(worst.error, bound) }).toEqual({ ...worst, error: bound });
});
