import type { NestedArray, Tensor } from '@thetagrad/core';
import type { OperationCase } from '../../../../test/support/testOperations.ts';
import {
  choose,
  compress,
  convolve,
  correlate,
  diagIndices,
  divmod,
  fillDiagonal,
  insert,
  modf,
  piecewise,
  poly,
  polyadd,
  polyder,
  polydiv,
  polyfit,
  polyint,
  polymul,
  polysub,
  polyval,
  resize,
  select,
  signbit,
  spacing,
  type ConvolveMode,
} from '../../src/index.ts';

type Vector = number[];
type Matrix = number[][];

const numbers = (length: number, f: (i: number) => number): Vector => Array.from({ length }, (_, i) => f(i));
const sum = (values: Vector): number => values.reduce((total, value) => total + value, 0);

/** Σᵢ aᵢ vₖ₋ᵢ for every k that has a term. */
const convolved = (a: NestedArray, v: NestedArray): Vector => {
  const [first, second] = [a as Vector, v as Vector];
  return numbers(first.length + second.length - 1, (k) => sum(first.map((x, i) => x * (second[k - i] ?? 0))));
};
/** The part of all sums that a mode keeps, by NumPy's count of those on the left in which the shorter vector stands out. */
const kept = (all: Vector, longer: number, shorter: number, mode: ConvolveMode): Vector => {
  const [start, length] = { full: [0, all.length], same: [(shorter - 1) >> 1, longer], valid: [shorter - 1, longer - shorter + 1] }[mode] as [number, number]; // prettier-ignore
  return all.slice(start, start + length);
};
const correlated = (a: NestedArray, v: NestedArray, mode: ConvolveMode): Vector => {
  const [first, second] = [a as Vector, v as Vector];
  if (first.length < second.length) return correlated(second, first, mode).toReversed();
  return kept(convolved(first, second.toReversed()), first.length, second.length, mode);
};

/** Σ pᵢ xⁿ⁻¹⁻ⁱ */
const valueOf = (p: NestedArray, x: number): number =>
  sum((p as Vector).map((c, i, { length }) => c * x ** (length - 1 - i)));

/** The solution of a system by Cramer's rule. */
const determinant = (rows: Matrix): number =>
  rows.length === 0
    ? 1
    : sum(rows.map(([first], i) => (-1) ** i * first! * determinant(rows.filter((_, r) => r !== i).map((row) => row.slice(1))))); // prettier-ignore
const solved = (a: Matrix, b: Vector): Vector =>
  b.map((_, column) => determinant(a.map((row, i) => row.with(column, b[i]!))) / determinant(a));

/** The nearest polynomial by normal equations. */
const fitted = (x: NestedArray, y: Vector, degree: number, w: Vector): Vector => {
  const powers = numbers(degree + 1, (i) => degree - i);
  const over = (f: (x: number, i: number) => number): number => sum((x as Vector).map((t, i) => w[i]! ** 2 * f(t, i)));
  return solved(
    powers.map((p) => powers.map((q) => over((t) => t ** (p + q)))),
    powers.map((p) => over((t, i) => t ** p * y[i]!)),
  );
};

const pair = [{ shape: [5] }, { shape: [3] }];
const reversed = [{ shape: [2] }, { shape: [5] }];
const even = [{ shape: [4] }, { shape: [4] }];
const modes: readonly ConvolveMode[] = ['full', 'same', 'valid'];
const fit = { derivatives: { order: 2, elements: 4 }, tolerance: { float64: 1e-10, float32: 1e-4 } } as const;
const points = { values: [-1.5, -0.5, 0.25, 1, 2] };
const above = (bound: number) => (x: Tensor) => x.greater(bound);

/** Operations whose shapes depend on values, tested in numeric.test.ts. */
export const asynchronousNumeric: readonly string[] = ['histogramBinEdges', 'trimZeros'];

export const numericCases: readonly OperationCase[] = [
  ...modes.flatMap((mode): OperationCase[] =>
    [pair, reversed, even].flatMap((inputs, i) => [
      {
        name: `convolve, ${mode} ${i}`,
        apply: (a, v) => convolve(a!, v!, { mode }),
        inputs,
        expected: (a, v) => {
          const [n, m] = [(a as Vector).length, (v as Vector).length].toSorted((x, y) => y - x) as [number, number];
          return kept(convolved(a!, v!), n, m, mode);
        },
      },
      {
        name: `correlate, ${mode} ${i}`,
        apply: (a, v) => correlate(a!, v!, { mode }),
        inputs,
        expected: (a, v) => correlated(a!, v!, mode),
      },
    ]),
  ),
  {
    name: 'convolve, int32 and bool',
    apply: (a, v) => convolve(a!, v!),
    inputs: [
      { values: [2 ** 30, 1, 5], dtype: 'int32' },
      { values: [true, false, true], dtype: 'bool' },
    ],
    expected: () => [2 ** 30, 1, 2 ** 30 + 5, 1, 5],
  },
  {
    name: 'correlate',
    apply: (a, v) => correlate(a!, v!),
    inputs: pair,
    expected: (a, v) => correlated(a!, v!, 'valid'),
  },
  {
    name: 'polyval',
    apply: (p, x) => polyval(p!, x!),
    inputs: [{ shape: [4] }, { shape: [2, 3] }],
    expected: (p, x) => (x as Matrix).map((row) => row.map((t) => valueOf(p!, t))),
  },
  {
    name: 'polyval, of a number',
    apply: (p) => polyval(p!, 1.5),
    inputs: [{ shape: [3] }],
    expected: (p) => valueOf(p!, 1.5),
  },
  {
    name: 'polyval, infinity',
    apply: (p, x) => polyval(p!, x!),
    inputs: [{ values: [2, 1] }, { values: [Infinity, -Infinity, NaN] }],
    expected: () => [Infinity, -Infinity, NaN],
    derivatives: false,
  },
  {
    name: 'polyval, constant and empty',
    apply: (x) => [polyval(x!.slice([[0, 1]]), x!), polyval(x!.slice([[0, 0]]), x!)],
    inputs: [{ shape: [3] }],
    expected: (x) => ({ outputs: [numbers(3, () => (x as Vector)[0]!), [0, 0, 0]] }),
  },
  {
    name: 'polyval, int32',
    apply: (p, x) => polyval(p!, x!),
    inputs: [
      { values: [1, 0, 1], dtype: 'int32' },
      { values: [40_000, -3], dtype: 'int32' },
    ],
    expected: () => [1_600_000_001, 10],
  },
  {
    name: 'polyadd',
    apply: (p, q) => polyadd(p!, q!),
    inputs: pair,
    expected: (p, q) => (p as Vector).map((value, i) => value + ((q as Vector)[i - 2] ?? 0)),
  },
  {
    name: 'polysub',
    apply: (p, q) => polysub(q!, p!),
    inputs: pair,
    expected: (p, q) => (p as Vector).map((value, i) => ((q as Vector)[i - 2] ?? 0) - value),
  },
  { name: 'polymul', apply: (p, q) => polymul(p!, q!), inputs: pair, expected: (p, q) => convolved(p!, q!) },
  {
    name: 'polymul, by 0',
    apply: (p) => polymul(p!, p!.slice([[0, 0]])),
    inputs: [{ shape: [2] }],
    expected: () => [],
    derivatives: false,
  },
  {
    // Built from quotient and remainder, which it has to find again.
    name: 'polydiv',
    apply: (v, quotient, remainder) => {
      const { quotient: q, remainder: r } = polydiv(polyadd(polymul(v!, quotient!), remainder!), v!);
      return [q, r];
    },
    inputs: [{ shape: [3], from: 1 }, { shape: [3] }, { shape: [2] }],
    expected: (_v, quotient, remainder) => ({ outputs: [quotient!, remainder!] }),
    tolerance: { float64: 1e-11, float32: 2e-5 },
  },
  {
    name: 'polydiv, derivatives',
    apply: (u, v) => Object.values(polydiv(u!, v!)) as Tensor[],
    inputs: [{ shape: [3] }, { shape: [2], from: 1 }],
    expected: (u, v) => {
      const [[a, b, c], [d, e]] = [u as [number, number, number], v as [number, number]];
      // The remainder is the value at the root of v.
      return { outputs: [[a / d, (b - (a / d) * e) / d], [valueOf([a, b, c], -e / d)]] };
    },
    tolerance: { float64: 1e-11, float32: 1e-5 },
  },
  {
    name: 'polydiv, by a constant, and of a lower degree',
    apply: (u, v) => {
      const [byConstant, lower] = [polydiv(u!, v!), polydiv(v!, u!)];
      return [byConstant.quotient, byConstant.remainder, lower.quotient, lower.remainder];
    },
    inputs: [
      { values: [3, 5], dtype: 'int32' },
      { values: [2], dtype: 'int32' },
    ],
    expected: () => ({ outputs: [[1.5, 2.5], [], [], [2]] }),
  },
  {
    name: 'polyder',
    apply: (p) => polyder(p!),
    inputs: [{ shape: [4] }],
    expected: (p) => (p as Vector).slice(0, 3).map((value, i) => value * (3 - i)),
  },
  {
    name: 'polyder, of orders 0, 2 and more than there are',
    apply: (p) => [polyder(p!, 0), polyder(p!, 2), polyder(p!, 5)],
    inputs: [{ shape: [4] }],
    expected: (p) => ({ outputs: [p!, [6 * (p as Vector)[0]!, 2 * (p as Vector)[1]!], []] }),
  },
  {
    name: 'polyder, int32',
    apply: (p) => polyder(p!),
    inputs: [{ values: [5, 4, 3], dtype: 'int32' }],
    expected: () => [10, 4],
  },
  {
    name: 'polyint',
    apply: (p) => polyint(p!),
    inputs: [{ shape: [3] }],
    expected: (p) => [...(p as Vector).map((value, i) => value / (3 - i)), 0],
  },
  {
    name: 'polyint, twice with constants',
    apply: (p, k) => polyint(p!, 2, { k: k! }),
    inputs: [{ shape: [2] }, { shape: [2] }],
    expected: (p, k) => {
      const [[a, b], [c, d]] = [p as [number, number], k as [number, number]];
      return [a / 6, b / 2, c, d];
    },
  },
  {
    name: 'polyint, one constant for three times',
    apply: (p) => [polyint(p!, 3, { k: 2 }), polyint(p!, 0)],
    inputs: [{ values: [6], dtype: 'int32' }],
    expected: () => ({ outputs: [[1, 1, 2, 2], [6]] }),
  },
  {
    name: 'poly',
    apply: (roots) => poly(roots!),
    inputs: [{ shape: [3] }],
    expected: (roots) => {
      const [a, b, c] = roots as [number, number, number];
      return [1, -(a + b + c), a * b + b * c + a * c, -a * b * c];
    },
  },
  { name: 'poly, no roots', apply: (p) => poly(p!), inputs: [{ shape: [0], dtype: 'int32' }], expected: () => [1] },
  {
    name: 'polyfit',
    apply: (x, y) => polyfit(x!, y!, 2),
    inputs: [points, { shape: [5] }],
    expected: (x, y) => fitted(x!, y as Vector, 2, [1, 1, 1, 1, 1]),
    ...fit,
  },
  {
    name: 'polyfit, weights and several columns',
    apply: (x, y, w) => polyfit(x!, y!, 1, { w: w! }),
    inputs: [points, { shape: [5, 2] }, { shape: [5], from: 0.5 }],
    expected: (x, y, w) => {
      const [first, second] = [0, 1].map((k) => fitted(x!, (y as Matrix).map((row) => row[k]!), 1, w as Vector)); // prettier-ignore
      return first!.map((value, i) => [value, second![i]!]);
    },
    ...fit,
  },
  {
    name: 'polyfit, of all degrees through points, far from 0 and in small steps',
    apply: (x, y) => [
      polyfit(x!, y!, 0),
      polyfit(x!, y!, 3),
      polyfit(x!.mul(2 ** -30), y!, 3),
      polyfit(x!.mul(2 ** 30), y!, 3),
    ],
    inputs: [{ values: [4, 2, 1, 3] }, { values: [1, 3, 2, 0] }],
    expected: () => {
      // y by Lagrange's formula: 7/6 (x − 1)(x − 2)(x − 3) … in powers of x.
      const through = solved(
        [4, 2, 1, 3].map((x) => [x ** 3, x ** 2, x, 1]),
        [1, 3, 2, 0],
      );
      return { outputs: [[1.5], through, through.map((c, i) => c * 2 ** (30 * (3 - i))), through.map((c, i) => c * 2 ** (-30 * (3 - i)))] }; // prettier-ignore
    },
    derivatives: false,
    tolerance: { float64: 1e-11, float32: 1e-5 },
  },
  {
    name: 'polyfit, one point',
    apply: (x, y) => polyfit(x!, y!, 0),
    inputs: [
      { values: [3], dtype: 'int32' },
      { values: [7], dtype: 'int32' },
    ],
    expected: () => [7],
  },
  {
    name: 'choose',
    apply: (index, a, b, c) => choose(index!, [a!, b!, c!]),
    inputs: [{ values: [[0, 1, 2], [-1, 0, -3]], dtype: 'int32' }, { shape: [3] }, { shape: [2, 1] }, { shape: [] }], // prettier-ignore
    expected: (_index, a, b, c) => {
      const [x, y, z] = [a as Vector, b as Matrix, c as number];
      return [
        [x[0]!, y[0]![0]!, z],
        [z, x[1]!, x[2]!],
      ];
    },
  },
  {
    name: 'choose, wrap and clip, a single choice',
    apply: (a) => [
      choose([-1, 0, 4], [a!, 10], { mode: 'wrap' }),
      choose([-1, 0, 4], [a!, 10], { mode: 'clip' }),
      choose([0, -1], [a!]),
    ],
    inputs: [{ shape: [] }],
    expected: (a) => ({
      outputs: [
        [10, a!, a!],
        [a!, a!, 10],
        [a!, a!],
      ] as NestedArray[],
    }),
  },
  {
    name: 'choose, dtypes',
    apply: (index, a) => [choose(index!, [a!, 3]), choose(index!, [a!, 0.5]), choose(index!, [1, 2.5])],
    inputs: [
      { values: [0, 1], dtype: 'int32' },
      { values: [true, true], dtype: 'bool' },
    ],
    expected: () => ({
      outputs: [
        [1, 3],
        [1, 0.5],
        [1, 2.5],
      ],
    }),
  },
  {
    name: 'select',
    apply: (a, b, c) => select([a!.greater(0.5), a!.greater(-0.5).expandDims(0)], [b!, c!], a!.mul(3)),
    inputs: [{ values: [1, 0, -1] }, { shape: [2, 1] }, { shape: [3] }],
    expected: (a, b, c) => (b as Matrix).map(([first]) => [first!, (c as Vector)[1]!, (a as Vector)[2]! * 3]),
  },
  {
    name: 'select, default, and numbers in float64',
    apply: (a) => [select([a!.greater(0)], [a!]), select([a!.greater(0), a!.less(-1)], [a!, 0.1], 0.2)],
    inputs: [{ values: [1, -0.5, -2] }],
    expected: () => ({
      outputs: [
        [1, 0, 0],
        [1, 0.2, 0.1],
      ],
    }),
  },
  {
    name: 'piecewise',
    apply: (x) => piecewise(x!, [x!.greater(-1), x!.greater(1)], [(t) => t.square(), (t) => t.exp(), (t) => t.neg()]),
    inputs: [{ values: [-2, -0.5, 0.5, 1.5] }],
    expected: () => [2, 0.25, 0.25, Math.exp(1.5)],
  },
  {
    name: 'piecewise, numbers and no default; a pole in a piece that is not chosen',
    apply: (x) => [
      piecewise(x!, [above(1)(x!), above(3)(x!)], [0.5, 7]),
      piecewise(x!, [above(0)(x!)], [(t) => t.log()]),
    ],
    inputs: [{ values: [0, 2, 4] }],
    expected: () => ({
      outputs: [
        [0, 0.5, 7],
        [0, Math.log(2), Math.log(4)],
      ],
    }),
    derivatives: false,
  },
  {
    name: 'compress',
    apply: (x) => [compress(x!, [true, false]), compress(x!, [false, true, true], -1), compress(x!, [], 1)],
    inputs: [{ shape: [2, 3] }],
    expected: (x) => {
      const [first, second] = x as [Vector, Vector];
      return { outputs: [[first], [first.slice(1), second.slice(1)], [[], []]] };
    },
  },
  {
    name: 'compress, a tensor of bool',
    apply: (x, mask) => compress(x!, mask!),
    inputs: [{ shape: [3] }, { values: [false, true], dtype: 'bool' }],
    expected: (x) => [(x as Vector)[1]!],
  },
  {
    name: 'resize',
    apply: (x) => [resize(x!, [3, 3]), resize(x!, [2]), resize(x!, [4]), resize(x!, [0, 2]), resize(x!, [])],
    inputs: [{ shape: [2, 2] }],
    expected: (x) => {
      const [a, b, c, d] = (x as Matrix).flat() as [number, number, number, number];
      return { outputs: [[[a, b, c], [d, a, b], [c, d, a]], [a, b], [a, b, c, d], [], a] as NestedArray[] }; // prettier-ignore
    },
  },
  {
    name: 'insert',
    apply: (x, values) => [insert(x!, 1, values!), insert(x!, -2, values!.slice([[0, 1]])), insert(x!, 2, 5)],
    inputs: [{ shape: [2, 2] }, { shape: [2, 2] }],
    expected: (x, values) => {
      const [[a, b], [c, d]] = [x as [Vector, Vector], values as [Vector, Vector]];
      return {
        outputs: [
          [a, c, d, b],
          [c, a, b],
          [a, b, [5, 5]],
        ],
      };
    },
  },
  {
    name: 'insert, at several places of the last axis',
    apply: (x, values) => [insert(x!, [2, 0, 2], values!, 1), insert(x!, [], values!.slice([[0, 0]]), -1)],
    inputs: [{ shape: [2, 2] }, { shape: [3] }],
    expected: (x, values) => {
      const [a, b, c] = values as [number, number, number];
      return { outputs: [(x as Matrix).map(([first, second]) => [b, first!, second!, a, c]), x!] };
    },
  },
  {
    name: 'insert, into int32 and into nothing',
    apply: (x) => [insert(x!, 0, 7), insert(x!.slice([[0, 0]]), 0, 7)],
    inputs: [{ values: [3], dtype: 'int32' }],
    expected: () => ({ outputs: [[7, 3], [7]] }),
  },
  {
    name: 'diagIndices',
    apply: (x) => [x!.at(...diagIndices(2, 3)), ...diagIndices(0)],
    inputs: [{ shape: [2, 2, 2] }],
    expected: (x) => {
      const [[[a]], [, [, d]]] = x as unknown as [[[number]], [unknown, [unknown, number]]];
      return { outputs: [[a, d], [], []] };
    },
  },
  {
    name: 'fillDiagonal',
    apply: (x) => fillDiagonal(x!, 5),
    inputs: [{ shape: [5, 2] }],
    expected: (x) => (x as Matrix).map((row, i) => row.map((value, j) => (i === j ? 5 : value))),
  },
  {
    name: 'fillDiagonal, wide, with the value of a tensor',
    apply: (x, value) => fillDiagonal(x!, value!),
    inputs: [{ shape: [2, 3] }, { shape: [] }],
    expected: (x, value) => (x as Matrix).map((row, i) => row.map((own, j) => (i === j ? (value as number) : own))),
  },
  {
    name: 'fillDiagonal, wrapped',
    apply: (x) => fillDiagonal(x!, 5, { wrap: true }),
    inputs: [{ shape: [5, 2] }],
    expected: (x) => (x as Matrix).map((row, i) => row.map((value, j) => (i % 3 === j ? 5 : value))),
  },
  {
    name: 'fillDiagonal, three axes and int32',
    apply: (x) => [fillDiagonal(x!, 5), fillDiagonal(x!.slice([0, [0, 0]]), 5)],
    inputs: [{ values: [[[1, 2], [3, 4]], [[5, 6], [7, 8]]], dtype: 'int32' }], // prettier-ignore
    expected: () => ({ outputs: [[[[5, 2], [3, 4]], [[5, 6], [7, 5]]], []] }), // prettier-ignore
  },
  {
    name: 'divmod',
    apply: (x, y) => Object.values(divmod(x!, y!)) as Tensor[],
    inputs: [{ values: [[7.25], [-7.25]] }, { values: [3, -1.5] }],
    expected: () => ({ outputs: [[[2, -5], [-3, 4]], [[1.25, -0.25], [1.75, -1.25]]] }), // prettier-ignore
  },
  {
    name: 'divmod, int32, numbers and 0',
    apply: (x) => [divmod(x!, 2), divmod(7, x!), divmod(x!, 0)].flatMap((parts) => Object.values(parts) as Tensor[]),
    inputs: [{ values: [-(2 ** 31), 2 ** 31 - 1, -3], dtype: 'int32' }],
    expected: () => ({
      outputs: [[-(2 ** 30), 2 ** 30 - 1, -2], [0, 1, 1], [-1, 0, -3], [7 - 2 ** 31, 7, -2], [0, 0, 0], [0, 0, 0]], // prettier-ignore
    }),
  },
  {
    name: 'modf',
    apply: (x) => Object.values(modf(x!)) as Tensor[],
    inputs: [{ values: [[1.75, -2.5], [0.25, -0.125]] }], // prettier-ignore
    expected: () => ({ outputs: [[[0.75, -0.5], [0.25, -0.125]], [[1, -2], [0, -0]]] }), // prettier-ignore
  },
  {
    name: 'modf, special values',
    apply: (x) => {
      const parts = Object.values(modf(x!)) as Tensor[];
      return [...parts, ...parts.map((part) => signbit(part))];
    },
    inputs: [{ values: [3, -3, 0, -0, Infinity, -Infinity, NaN] }],
    expected: (x) => {
      const signs = (x as Vector).map((value) => Object.is(value, -0) || value < 0);
      return { outputs: [[0, 0, 0, 0, 0, 0, NaN], x!, signs, signs] };
    },
    derivatives: false,
  },
  {
    name: 'modf, int32',
    apply: (x) => modf(x!).integral,
    inputs: [{ values: [3, -4], dtype: 'int32' }],
    expected: () => [3, -4],
  },
  {
    name: 'spacing',
    apply: (x) => spacing(x!),
    inputs: [{ values: [1, -1, 1.99, 2, -1024, 0, -0, Infinity, NaN] }],
    expected: () => [1, -1, 1, 2, -1024, 0, 0, NaN, NaN].map((x) => (x === 0 ? 2 ** -1074 : x * 2 ** -52)),
    dtypes: ['float64'],
    derivatives: false,
  },
  {
    name: 'spacing, float32',
    apply: (x) => spacing(x!.astype('float32')),
    inputs: [{ values: [1, -3, 2 ** -126, -(2 ** -127), 2 ** 127] }],
    expected: () => [2 ** -23, -(2 ** -22), 2 ** -149, -(2 ** -149), 2 ** 104],
    dtypes: ['float32'],
    derivatives: false,
  },
];
