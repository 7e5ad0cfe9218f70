import type { Input, OperationCase } from '../../../../../test/support/testOperations.ts';
import * as ops from '../../../src/index.ts';
import { flat, lines, map, sum, transposed } from '../../plain.ts';
import { matrix, integers, bools } from './common.ts';

const differences = (line: readonly number[]): number[] => line.slice(1).map((value, i) => value - line[i]!);
/** Slopes of the parabola through three neighbors, at each of them. */
const parabola = (t: readonly number[], y: readonly number[], at: number): number => {
  const [a, b, c] = t as [number, number, number];
  return (
    (y[0]! * (2 * at - b - c)) / ((a - b) * (a - c)) +
    (y[1]! * (2 * at - a - c)) / ((b - a) * (b - c)) +
    (y[2]! * (2 * at - a - b)) / ((c - a) * (c - b))
  );
};
function slopes(y: readonly number[], t: readonly number[], edgeOrder: 1 | 2): number[] {
  return y.map((_, i) => {
    const start = Math.min(Math.max(i - 1, 0), y.length - 3);
    const isEdge = i === 0 || i === y.length - 1;
    if (isEdge && edgeOrder === 1) {
      const j = Math.min(i, y.length - 2);
      return (y[j + 1]! - y[j]!) / (t[j + 1]! - t[j]!);
    }
    return parabola(t.slice(start, start + 3), y.slice(start, start + 3), t[i]!);
  });
}
const area = (y: readonly number[], t: readonly number[]): number[] =>
  differences(t).map((width, i) => ((y[i]! + y[i + 1]!) / 2) * width);
const running = (line: readonly number[]): number[] => line.map((_, i) => sum(line.slice(0, i + 1)));
const steady = [0, 1, 2, 3];
const uneven: Input = { values: [0, 0.5, 2, 3] };

const samples: OperationCase[] = [
  {
    name: 'diff',
    apply: (x) => ops.diff(x, 2),
    inputs: [matrix],
    expected: (x) => lines((line) => differences(differences(line)), x),
  },
  {
    name: 'diff, ends, axis 0, and no difference',
    apply: (x, y) => [ops.diff(x, 1, 0, { prepend: y, append: 5 }), ops.diff(x, 0), ops.diff(x, 9)],
    inputs: [matrix, { shape: [1, 4] }],
    expected: (x, y) => {
      const extended = transposed([...(y as number[][]), ...(x as number[][]), [5, 5, 5, 5]]);
      return { outputs: [transposed(extended.map(differences)), x, [[], [], []]] };
    },
    derivatives: false,
  },
  {
    name: 'diff, int32 and bool',
    apply: (x, y) => [ops.diff(x), ops.diff(y), ops.diff(y, 1, 0, { prepend: 3 })],
    inputs: [{ values: [5, -2147483648, 2147483647], dtype: 'int32' }, bools],
    expected: () => ({
      outputs: [
        [2147483643, -1],
        [true, true],
        [-2, -1, 1],
      ],
    }),
  },
  {
    name: 'gradient',
    apply: (x) => ops.gradient(x, 1),
    inputs: [matrix],
    expected: (x) => lines((line) => slopes(line, steady, 1), x),
  },
  {
    name: 'gradient, of all axes by second order at the ends',
    apply: (x) => ops.gradient(x, undefined, { spacing: 0.5, edgeOrder: 2 }),
    inputs: [matrix],
    expected: (x) => ({
      outputs: [
        transposed(transposed(x).map((line) => slopes(line, [0, 0.5, 1], 2))),
        lines((line) => slopes(line, [0, 0.5, 1, 1.5], 2), x),
      ],
    }),
    derivatives: { order: 1 },
  },
  {
    name: 'gradient, NaN and an infinity between others',
    apply: (x) => ops.gradient(x, 0, { spacing: 0.5 }),
    inputs: [{ values: [1, NaN, 3, 4, Infinity, 8] }],
    expected: () => [NaN, 2, NaN, Infinity, 4, -Infinity],
    derivatives: false,
  },
  {
    name: 'gradient, coordinates',
    apply: (x, t) => [ops.gradient(x, 1, { spacing: t }), ops.gradient(x, -1, { spacing: t, edgeOrder: 2 })],
    inputs: [matrix, uneven],
    expected: (x, t) => ({
      outputs: [lines((line) => slopes(line, flat(t), 1), x), lines((line) => slopes(line, flat(t), 2), x)],
    }),
    derivatives: { order: 1 },
  },
  {
    name: 'gradient, of two int32',
    apply: (x) => ops.gradient(x, [0]),
    inputs: [{ values: [3, 7], dtype: 'int32' }],
    expected: () => ({ outputs: [[4, 4]] }),
  },
  {
    name: 'trapezoid',
    apply: (y, t) => ops.trapezoid(y, -1, { x: t }),
    inputs: [matrix, uneven],
    expected: (y, t) => lines((line) => sum(area(line, flat(t))), y),
  },
  {
    name: 'trapezoid, equal steps, coordinates of each line, few samples',
    apply: (y, t) => [
      ops.trapezoid(y, 0, { dx: 2 }),
      ops.trapezoid(y, -1, { x: t }),
      ops.trapezoid(y.slice([null, [0, 1]])),
      ops.trapezoid(y.slice([null, [0, 0]])),
    ],
    inputs: [matrix, { shape: [3, 4] }],
    expected: (y, t) => ({
      outputs: [
        transposed(y).map((line) => sum(area(line, [0, 2, 4]))),
        (y as number[][]).map((line, i) => sum(area(line, (t as number[][])[i]!))),
        [0, 0, 0],
        [0, 0, 0],
      ],
    }),
    derivatives: false,
  },
  {
    name: 'cumulativeTrapezoid',
    apply: (y, t) => ops.cumulativeTrapezoid(y, 1, { x: t }),
    inputs: [matrix, uneven],
    expected: (y, t) => lines((line) => running(area(line, flat(t))), y),
  },
  {
    name: 'cumulativeTrapezoid, int32',
    apply: (y) => ops.cumulativeTrapezoid(y, 1, { dx: 0.5 }),
    inputs: [integers],
    expected: (y) => lines((line) => running(area(line, [0, 0.5, 1])), y),
  },
];

/** The polygon through points, by its definition segment by segment. */
function polygon(x: number, xp: readonly number[], fp: readonly number[], left = fp[0]!, right = fp.at(-1)!): number {
  if (Number.isNaN(x)) return NaN;
  if (x < xp[0]!) return left;
  if (x > xp.at(-1)!) return right;
  const i = Math.min(xp.filter((value) => value <= x).length, xp.length - 1);
  const share = xp.length === 1 ? 0 : (x - xp[i - 1]!) / (xp[i]! - xp[i - 1]!);
  return xp.length === 1 ? fp[0]! : fp[i - 1]! * (1 - share) + fp[i]! * share;
}

const interpolations: OperationCase[] = [
  {
    name: 'interp',
    apply: (x, xp, fp) => ops.interp(x, xp, fp),
    inputs: [
      {
        values: [
          [-1, 0.3],
          [1.2, 2.5],
          [3.4, 9],
        ],
      },
      { values: [0, 1, 1.5, 3, 4] },
      { shape: [5] },
    ],
    expected: (x, xp, fp) => map((value) => polygon(value, flat(xp), flat(fp)), x),
  },
  {
    name: 'interp, at coordinates and beyond',
    apply: (x, xp, fp) => [
      ops.interp(x, xp, fp, { left: -7, right: 9 }),
      ops.interp(x, xp.slice([[0, 1]]), fp.slice([[0, 1]])),
      ops.interp(x.astype('int32'), xp, fp),
    ],
    inputs: [{ values: [0, 1, 2, 4, 5, -1, NaN, Infinity, -Infinity] }, { values: [0, 1, 4] }, { values: [2, -1, 5] }],
    expected: (x, xp, fp) => ({
      outputs: [
        map((value) => polygon(value, flat(xp), flat(fp), -7, 9), x),
        map((value) => (Number.isNaN(value) ? NaN : 2), x),
        map((value) => polygon(Number.isFinite(value) ? value : 0, flat(xp), flat(fp)), x),
      ],
    }),
    derivatives: false,
  },
  {
    name: 'unwrap',
    apply: (x) => ops.unwrap(x),
    inputs: [
      {
        values: [
          [0, 2, 4, 6, 1.5],
          [1, -5, 3, 3.2, -3],
        ],
      },
    ],
    expected: (x) => lines((line) => continued(line, 2 * Math.PI), x),
  },
  {
    name: 'unwrap, periods',
    apply: (x) => [
      ops.unwrap(x, -1, { period: 4 }),
      ops.unwrap(x, 0, { period: 10, discont: 8 }),
      ops.unwrap(x.slice([[0, 1]])),
    ],
    inputs: [{ values: [1, 3, 5, 1, -1, 9, 0], dtype: 'int32' }],
    expected: () => ({ outputs: [[1, 3, 5, 5, 3, 5, 4], [1, 3, 5, 1, -1, -1, 0], [1]] }),
  },
];

/** Adds turns to each element until it is nearest to the one before. */
function continued(line: readonly number[], period: number): number[] {
  const result: number[] = [];
  for (const value of line) {
    let next = value;
    const previous = result.at(-1) ?? value;
    while (next - previous > period / 2) next -= period;
    while (previous - next > period / 2) next += period;
    result.push(next);
  }
  return result;
}

export const samplesCases: readonly OperationCase[] = [...samples, ...interpolations];
