import { compile, grad, tensor, zeros, type Tensor } from '@thetagrad/core';
import { expect, test } from 'vitest';
import {
  choose,
  compress,
  convolve,
  correlate,
  diagIndices,
  divmod,
  fillDiagonal,
  histogramBinEdges,
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
  polyval,
  resize,
  select,
  spacing,
  trimZeros,
} from '../src/index.ts';

const wrong = (value: unknown): never => value as never;
const x = tensor([1, 2, 3]);
const matrix = zeros([2, 2]);
const none = zeros([0]);
const isSmall = x.less(2);

test('what a piece that is not chosen cannot compute does not reach the gradient', () => {
  const f = (t: Tensor): Tensor => piecewise(t, [t.greater(0)], [(s) => s.log(), (s) => s.neg()]).sum();
  expect(grad(f)(tensor([0, 2])).toArraySync()).toEqual([-1, 0.5]);
  const g = (t: Tensor): Tensor => select([t.greater(0)], [t.sqrt()], 1).sum();
  expect(grad(g)(tensor([0, 4])).toArraySync()).toEqual([0, 0.25]);
});

test('fits to equal points have the mean and no slope', () => {
  expect(polyfit(tensor([2, 2]), tensor([1, 3]), 1).toArraySync()).toEqual([0, 2]);
});

test('trimZeros', async () => {
  const line = tensor([0, 0, 1, 0, NaN, 0]);
  expect((await trimZeros(line)).toArraySync()).toEqual([1, 0, NaN]);
  expect((await trimZeros(line, { trim: 'f' })).toArraySync()).toEqual([1, 0, NaN, 0]);
  expect((await trimZeros(line, { trim: 'b' })).toArraySync()).toEqual([0, 0, 1, 0, NaN]);
  for (const trim of ['f', 'b', 'fb'] as const) expect((await trimZeros(zeros([3]), { trim })).shape).toEqual([0]);
  expect((await trimZeros(tensor(0))).shape).toEqual([]);

  const box = tensor([
    [0, 0, 0, 0],
    [0, 5, 0, 0],
    [0, 0, 7, 0],
  ]);
  expect((await trimZeros(box)).toArraySync()).toEqual([
    [5, 0],
    [0, 7],
  ]);
  expect((await trimZeros(box, { axis: 0 })).shape).toEqual([2, 4]);
  expect((await trimZeros(box, { axis: -1, trim: 'b' })).shape).toEqual([3, 3]);
});

// The numbers of bins are NumPy 2.4's.
const squares = Array.from({ length: 60 }, (_, i) => (i * i) / 10);
test.for([
  ['sqrt', 8],
  ['sturges', 7],
  ['rice', 8],
  ['scott', 4],
  ['doane', 9],
  ['fd', 4],
  ['stone', 12],
  ['auto', 7],
] as const)('histogramBinEdges, %s', async ([bins, count]) => {
  const edges = await histogramBinEdges(tensor(squares, { dtype: 'float64' }), { bins });
  expect(edges.size - 1).toBe(count);
  expect(edges.slice([-1]).itemSync()).toBe(348.1);
});

test('histogramBinEdges', async () => {
  expect((await histogramBinEdges(x)).size).toBe(11);
  expect(await (await histogramBinEdges(tensor([3, 3]), { bins: 2 })).toArray()).toEqual([2.5, 3, 3.5]);
  expect(await (await histogramBinEdges(none, { bins: 'auto', range: [0, 1] })).toArray()).toEqual([0, 1]);
  const inRange = await histogramBinEdges(tensor([NaN, 1, 2, 3, 4, 99]), { bins: 'sqrt', range: [1, 4] });
  expect(await inRange.toArray()).toEqual([1, 2.5, 4]);
  // Bins of integers are not narrower than 1.
  const integers = tensor([0, 1, 2, 0, 1, 2, 0, 1, 2, 0, 1, 2, 0, 1, 2, 0], { dtype: 'int32' });
  expect(await (await histogramBinEdges(integers, { bins: 'sqrt' })).toArray()).toEqual([0, 1, 2]);
  for (const bins of ['fd', 'stone', 'doane', 'scott', 'auto'] as const) {
    expect((await histogramBinEdges(tensor([5, 5, 5]), { bins })).size).toBe(2);
  }
});

test.for<[call: () => unknown, kind: typeof TypeError | typeof RangeError | typeof Error, message: string]>([
  [() => convolve(wrong([1]), x), TypeError, 'convolve: a: expected a tensor, got Array'],
  [() => convolve(x, matrix), RangeError, 'convolve: v must be a vector, got [2, 2]'],
  [() => convolve(x, none), RangeError, 'convolve: a and v must have elements, but one is empty'],
  [() => convolve(x, x, { mode: wrong('all') }), TypeError, "convolve: unknown mode 'all'; expected 'full'"],
  [() => convolve(x, x, wrong({ modes: 'full' })), TypeError, "convolve: unknown option 'modes'; did you mean mode?"],
  [() => correlate(x, none), RangeError, 'correlate: a and v must have elements, but one is empty'],
  [() => polyval(matrix, x), RangeError, 'polyval: p must be a vector, got [2, 2]'],
  [() => polyval(x, wrong('1')), TypeError, 'polyval: x: expected a tensor'],
  [() => polyadd(x, wrong(1)), TypeError, 'polyadd: q: expected a tensor'],
  [() => polymul(x, tensor(1)), RangeError, 'polymul: q must be a vector, got []'],
  [() => polydiv(x, none), RangeError, 'polydiv: v has no coefficients, and so is 0'],
  [() => polyder(x, -1), RangeError, 'polyder: m must be an integer ≥ 0, got -1'],
  [
    () => polyder(zeros([14], { dtype: 'int32' }), 12),
    RangeError,
    'polyder: the factor 6227020800 of the highest power exceeds int32',
  ],
  [() => polyint(x, 0.5), RangeError, 'polyint: m must be an integer ≥ 0, got 0.5'],
  [() => polyint(x, 2, { k: x }), RangeError, 'polyint: k must be a scalar or of shape [2], got [3]'],
  [() => polyint(x, 1, { k: wrong('0') }), TypeError, "polyint: k must be a number or a tensor, got '0'"],
  [() => poly(matrix), RangeError, 'poly: roots must be a vector, got [2, 2]'],
  [() => polyfit(x, none, 1), RangeError, 'polyfit: x and w must be [count] and y [count] or [count, k], got [3]'],
  [() => polyfit(x, x, 3), RangeError, 'polyfit: 3 points do not determine 4 coefficients; use a degree below 3'],
  [() => polyfit(x, x, 1, wrong({ weights: x })), TypeError, "polyfit: unknown option 'weights'; expected w"],
  [() => choose([0], []), RangeError, 'choose: there are no choices; expected at least one'],
  [() => choose([2], [x, 0]), RangeError, 'choose: index 2 is out of range for axis 0 of length 2; use -2 to 1'],
  [
    () => choose(tensor([0, 1, 2], { dtype: 'int32' }).add(0), [x, 0]).dataSync(),
    RangeError,
    'choose: index 2 is out of range for axis 0 of length 2; use -2 to 1',
  ],
  [
    () => choose(tensor([1], { dtype: 'int32' }).add(0), [x]).dataSync(),
    RangeError,
    'choose: index 1 is out of range for axis 0 of length 1; use -1 to 0',
  ],
  [() => choose(x, [x]), TypeError, 'choose: indices must be int32, got float32'],
  [() => choose([0, 0], [x]), RangeError, 'choose: shapes [2] and [3] do not broadcast'],
  [() => choose([0], wrong(x)), TypeError, 'choose: choices must be an array'],
  [() => choose([0], [wrong('a')]), TypeError, "choose: choices: expected a tensor, got 'a'"],
  [() => choose([0], [x], { mode: wrong('x') }), TypeError, "choose: unknown mode 'x'; expected 'raise', 'wrap'"],
  [() => select([], []), RangeError, 'select: there are no conditions; expected at least one'],
  [() => select([isSmall], []), RangeError, 'select: expected a choice for each of 1 conditions, got 0'],
  [() => select([x], [x]), TypeError, 'select: a condition must be bool, got float32; compare, or convert'],
  [() => select(wrong(isSmall), [x]), TypeError, 'select: conditions must be an array'],
  [() => select([isSmall], [zeros([2])]), RangeError, 'select: shapes'],
  [() => piecewise(x, [isSmall], []), RangeError, 'piecewise: expected 1 or 2 pieces for 1 conditions, got 0'],
  [() => piecewise(x, [isSmall], [wrong('a')]), TypeError, "piecewise: expected a function, got 'a'"],
  [() => piecewise(x, [isSmall], [() => wrong(undefined)]), TypeError, 'piecewise: pieces: expected a tensor'],
  [
    () => piecewise(x, [isSmall], [() => zeros([2, 3])]),
    RangeError,
    'piecewise: a condition or piece of shape [2, 3] does not broadcast to [3] of x',
  ],
  [() => compress(x, wrong([1])), TypeError, 'compress: the condition must be an array of booleans or a bool tensor'],
  [() => compress(x, [true, true, true, false]), RangeError, 'compress: a condition of shape [4] does not fit axis 0'],
  [() => compress(x, [true], 1), RangeError, 'compress: axis 1 is out of range'],
  [() => compress(x, x.greater(1)), Error, 'compress: the values of a mask must be known'],
  [() => divmod(x, wrong('1')), TypeError, "divmod: expected a tensor or a number, got '1'"],
  [() => divmod(x, none), RangeError, 'divmod: shapes [3] and [0] do not broadcast'],
  [() => modf(wrong(1)), TypeError, 'modf: expected a tensor, got 1'],
  [() => spacing(wrong([1])), TypeError, 'spacing: expected a tensor, got Array'],
  [() => insert(x, 4, 0), RangeError, 'insert: an index must be an integer from -3 to 3, got 4'],
  [() => insert(x, wrong('0'), 0), TypeError, "insert: indices must be an integer or an array of integers, got '0'"],
  [() => insert(x, 0, matrix), RangeError, 'insert: values of shape [2, 2] do not broadcast to [1], the shape of 1'],
  [() => insert(x, [0, 1], x), RangeError, 'insert: shapes [3] and [2] do not broadcast'],
  [() => insert(tensor([1], { dtype: 'int32' }), 0, x), TypeError, 'insert: updates of float32 do not fit int32'],
  [() => resize(none, [2]), RangeError, 'resize: x of shape [0] has no elements to fill [2] with'],
  [() => resize(x, wrong(2)), TypeError, 'resize: shape must be an array of integers'],
  [() => diagIndices(-1), RangeError, 'diagIndices: n must be an integer ≥ 0, got -1'],
  [() => diagIndices(2, 0.5), RangeError, 'diagIndices: ndim must be an integer ≥ 0, got 0.5'],
  [() => fillDiagonal(x, 0), RangeError, 'fillDiagonal: x must be a matrix, or have more axes of equal length'],
  [() => fillDiagonal(zeros([2, 2, 3]), 0), RangeError, 'fillDiagonal: x must be a matrix, or have more axes'],
  [() => fillDiagonal(matrix, x), RangeError, 'fillDiagonal: the value must be a scalar, got [3]; use atSet'],
  [() => fillDiagonal(zeros([2, 2], { dtype: 'int32' }), x.max()), TypeError, 'fillDiagonal: updates of float32'],
])('error %#', ([call, kind, message]) => {
  expect(call).toThrow(message);
  expect(call).toThrow(kind);
});

test.for<[call: () => Promise<unknown>, message: string]>([
  [() => compile((t: Tensor) => compress(t, isSmall))(x), 'Error: compress: a compiled function must not read'],
  [() => trimZeros(x, { trim: wrong('x') }), "TypeError: trimZeros: unknown trim 'x'; expected 'f', 'b' or 'fb'"],
  [() => trimZeros(x, { axis: 1 }), 'RangeError: trimZeros: axis 1 is out of range'],
  [() => histogramBinEdges(x, { bins: 0 }), 'RangeError: histogramBinEdges: bins must be an integer ≥ 1, got 0'],
  [
    () => histogramBinEdges(x, { bins: wrong('a') }),
    "TypeError: histogramBinEdges: unknown rule 'a'; expected a number or one of sqrt, sturges",
  ],
  [() => histogramBinEdges(none), 'RangeError: histogramBinEdges: there are no elements; give a range of finite'],
  [() => histogramBinEdges(tensor([1, NaN])), 'RangeError: histogramBinEdges: elements go from 1 to NaN; give a range'],
  [() => histogramBinEdges(x, { range: [2, 1] }), 'RangeError: histogramBinEdges: range must be two finite numbers'],
  [() => histogramBinEdges(x, { range: wrong(2) }), 'TypeError: histogramBinEdges: range must be two finite numbers'],
])('rejection %#', async ([call, message]) => {
  const error: unknown = await call().catch((reason: unknown) => reason);
  expect(String(error)).toContain(message);
});
