// How accurate the functions are: in float64 against values of 60 digits, and the float32 expressions, which wasm compiles,
// against their definitions.
import { grad, portable, random, setBackend, tensor, type Tensor, type Unary } from '@thetagrad/core';
import { wasm } from '@thetagrad/wasm';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ulps } from '../../../test/support/bounds.ts';
import { withBackend } from '../../../test/support/withBackend.ts';
import * as special from '../src/index.ts';
import { references } from './references.ts';

const operations = { ...special } as unknown as Readonly<Record<string, (...inputs: Tensor[]) => Tensor>>;

/** The unit in the last place of a normal float64. */
const ulp = (x: number): number => 2 ** (Math.max(-1022, Math.floor(Math.log2(Math.abs(x)))) - 52);

/** The slopes of a function at points. */
const slopesOf = (operation: Unary, points: Float32Array) => grad((x: Tensor) => operation(x).sum())(tensor(points));

describe('float64', () => {
  test.for(references)('$name is within $ulps ulp', ({ name, ulps: bound, values }) => {
    const operation = operations[name]!;
    for (const row of values) {
      const [inputs, value] = [row.slice(0, -1), row.at(-1)!];
      const result = withBackend(portable(), () =>
        operation(...inputs.map((x) => tensor(x, { dtype: 'float64' }))).itemSync(),
      );
      expect([inputs, Math.max(bound, Math.abs(result - value) / ulp(value))]).toEqual([inputs, bound]);
    }
  });
});

test.for([
  [special.besselJ1, 0.5],
  [special.i1, 0.5],
  [special.sphericalBesselJ0, 0],
  [special.erfcx, -2 / Math.sqrt(Math.PI)],
  [special.lgamma, -Infinity],
  [special.ndtr, 1 / Math.sqrt(2 * Math.PI)],
] as const)('slopes at tiny arguments: %#', ([operation, slope]) => {
  const results = slopesOf(operation, Float32Array.of(0, 1e-30)).dataSync();
  for (const result of results) expect(Math.max(result, -1e29)).toBeCloseTo(Math.max(slope, -1e29), 6);
});

test('huge parameters end in limits', () => {
  const pairs: readonly (readonly [number, number, number])[] = [
    [1e308, 1.5e308, 1],
    [1e308, 1e300, 0],
    [1e12, 2e12, 1],
    [1e300, 1, 0],
    [1e15, 1e15, 0.5],
  ];
  for (const [a, x, expected] of pairs) {
    const [A, X] = [a, x].map((value) => tensor(value, { dtype: 'float64' })) as [Tensor, Tensor];
    expect(special.gammainc(A, X).itemSync()).toBeCloseTo(expected, 6);
    expect(grad((b: Tensor) => special.gammainc(b, X))(A).itemSync()).toBeCloseTo(0, 6);
    expect(special.betainc(A, 1, 0.5).itemSync()).toBe(0);
    expect(special.zeta(A, 2).itemSync()).toBe(0);
  }
});

describe('float32', () => {
  let compiled: Awaited<ReturnType<typeof wasm>>;
  beforeAll(async () => {
    compiled = await wasm({ threads: 1 });
  });
  afterAll(() => {
    setBackend(portable());
    compiled.close();
  });

  const extremes = [NaN, Infinity, -Infinity, 0, -0, 1, -1, 2, -2, 0.5, -0.5, 3.4e38, -3.4e38, 1e30, 1e-30, -1e-30];
  /** The most units in the last place, the interval of arguments, and the absolute error that is tolerated near zeros. */
  const table: readonly (readonly [Unary, number, number, number, number?])[] = [
    [special.erfc, 6, -10, 9],
    [special.erfcx, 6, -9, 100],
    [special.erfinv, 6, -1, 1],
    [special.ndtr, 6, -12.5, 10],
    [special.logNdtr, 6, -50, 14],
    [special.ndtri, 6, 0, 1],
    [special.lgamma, 4, 0, 40],
    [special.lgamma, 4, -20, 0, 4e-6],
    [special.gamma, 10, -33, 36],
    [special.digamma, 4, 0, 20, 2e-7],
    [special.digamma, 4, -20, 0, 4e-6],
    [special.i0, 6, -91, 91],
    [special.i1, 6, -91, 91],
    [special.i0e, 4, -100, 100],
    [special.i1e, 4, -100, 100],
    [special.modifiedBesselK0, 5, 0, 85],
    [special.modifiedBesselK1, 5, 0, 85],
    [special.scaledModifiedBesselK0, 5, 0, 100],
    [special.scaledModifiedBesselK1, 5, 0, 100],
    [special.besselJ0, 4, -50, 50, 5e-7],
    [special.besselJ1, 4, -50, 50, 3e-7],
    [special.besselY0, 6, 0, 50, 5e-7],
    [special.besselY1, 6, 0, 50, 5e-7],
    [special.entr, 3, 0, 10, 1e-7],
  ];
  test.for(table.map((row) => [`${row[0].primitive.name} from ${row[2]} to ${row[3]}`, row] as const))(
    '%s',
    ([, [operation, bound, from, to, absolute = 0]]) => {
      const stream = random.key(5).stream();
      const points = Float32Array.from({ length: 4000 }, (_, i) => {
        if (i < extremes.length) return extremes[i]!;
        const x = stream.uniform(from, to);
        return i % 2 === 0 ? x : x * 2 ** -stream.integer(30);
      });
      const values = [portable(), compiled].map((backend) =>
        withBackend(backend, () => operation(tensor(points)).dataSync()),
      );
      let worst: readonly number[] = [0];
      for (const [i, x] of points.entries()) {
        const [value, result] = [values[0]![i]!, values[1]![i]!];
        const error = ulps(result, value);
        if (Math.abs(result - value) <= absolute || error <= worst[0]!) continue;
        worst = [error, x, result, value];
      }
      expect(worst[0]! <= bound ? [] : worst).toEqual([]);
      expect(values[0]).not.toEqual(values[1]);
    },
  );

  test.for(
    (
      [
        [special.erfcx, -3, 60],
        [special.besselJ1, -40, 40],
        [special.besselY1, 0.3, 40],
        [special.sphericalBesselJ0, -20, 20],
        [special.i1, -12, 12],
        [special.i1e, -40, 40],
        [special.modifiedBesselK1, 0.1, 40],
        [special.scaledModifiedBesselK1, 0.1, 40],
      ] as const
    ).map((row) => [row[0].primitive.name, row] as const),
  )('the slope of %s', ([, [operation, from, to]]) => {
    const stream = random.key(6).stream();
    const points = Float32Array.from({ length: 500 }, () => stream.uniform(from, to));
    const [values, results] = [portable(), compiled].map((backend) =>
      withBackend(backend, () => slopesOf(operation, points).dataSync()),
    );
    for (const [i, value] of values!.entries()) {
      expect([points[i], Math.abs(results![i]! - value) <= 2e-6 * Math.max(Math.abs(value), 0.5)]).toEqual([
        points[i],
        true,
      ]);
    }
    expect(values).not.toEqual(results);
  });
});
