import { random, tensor, zeros } from '@thetagrad/core';
import { describe, expect, test } from 'vitest';
import * as ops from '../src/index.ts';

const x = tensor([
  [1, 2, 3],
  [4, 5, 6],
]);
const n = tensor([1, 2], { dtype: 'int32' });
const empty = zeros([2, 0]);
const bad = <T>(value: unknown): T => value as T;

/** Calls with a wrong argument, and the message. */
const calls: readonly (readonly [call: () => unknown, message: RegExp])[] = [
  // Elementwise.
  [() => ops.floorDivide(x, bad('2')), /^TypeError: floorDivide: expected a tensor or a number, got '2'$/],
  [() => ops.fmod(x, zeros([4])), /^RangeError: fmod: .*\[2, 3\].*\[4\]/],
  [
    () => ops.bitwiseOr(x, 1),
    /^TypeError: bitwiseOr: expected int32 tensors, got float32; convert with astype\('int32'\)$/,
  ],
  [() => ops.gcd(n, 1.5), /^TypeError: gcd: expected int32 tensors, got float32/],
  [() => ops.ldexp(x, x), /^TypeError: ldexp: n must be int32, got float32; convert with astype\('int32'\)$/],
  [() => ops.ldexp(x, 0.5), /^RangeError: ldexp: n must be an integer, got 0.5; multiply by exp2\(0.5\) instead$/],
  [() => ops.frexp(bad(2)), /^TypeError: frexp: expected a tensor, got 2; make a tensor of it with tensor\(…\)$/],
  [() => ops.kron(x, bad(undefined)), /^TypeError: kron: operand 2 is missing; expected a tensor$/],
  [() => ops.nextafter(x, bad(2)), /^TypeError: nextafter: expected a tensor, got 2/],
  [() => ops.nanToNum(x, bad({ posInf: 1 })), /^TypeError: nanToNum: unknown option 'posInf'; .*posinf/],
  [() => ops.nanToNum(x, { nan: bad('0') }), /^TypeError: nanToNum: nan must be a number, got '0'$/],
  [() => ops.around(x, 0.5), /^RangeError: around: decimals must be an integer, got 0.5$/],
  [() => ops.logit(x, { eps: 0.7 }), /^RangeError: logit: eps must be a number from 0 to 0.5, got 0.7$/],
  [() => ops.addcmul(x, x, x, { value: bad('1') }), /^TypeError: addcmul: value must be a number, got '1'$/],
  [() => ops.addcdiv(bad(1), x, x), /^TypeError: addcdiv: expected a tensor, got 1/],
  [() => ops.isclose(x, zeros([2])), /^RangeError: isclose: .*\[2, 3\].*\[2\]/],
  [() => ops.isclose(x, x, { rtol: -1 }), /^RangeError: isclose: rtol must be a finite number ≥ 0, got -1$/],
  [() => ops.allclose(x, x, bad({ equal_nan: true })), /^TypeError: allclose: unknown option 'equal_nan'; .*equalNan/],
  [
    () => ops.arrayEqual(x, bad([1])),
    /^TypeError: arrayEqual: expected a tensor, got Array; make a tensor of it with tensor\(…\)$/,
  ],
  // Operands and options of the wrong kind, under the name of the operation.
  [() => ops.isclose(bad(undefined), x), /^TypeError: isclose: expected a tensor or a number, got undefined$/],
  [() => ops.allclose(x, bad(undefined)), /^TypeError: allclose: operand 2 is missing; expected a tensor or a number$/],
  [() => ops.addcmul(x, bad('1'), x), /^TypeError: addcmul: expected a tensor or a number, got '1'$/],
  [() => ops.addcdiv(x, x, bad(undefined)), /^TypeError: addcdiv: operand 3 is missing/],
  [() => ops.floatPower(x, bad(null)), /^TypeError: floatPower: expected a tensor or a number, got null$/],
  [() => ops.rrelu(bad(1), x), /^TypeError: rrelu: expected a key as from random\.key\(seed\), got 1$/],
  [() => ops.gumbelSoftmax(bad(x), x), /^TypeError: gumbelSoftmax: expected a key/],
  [() => ops.hsplit(bad(null), 2), /^TypeError: hsplit: expected a tensor, got null$/],
  [() => ops.moveaxis(x, bad(undefined), 0), /^TypeError: moveaxis: axis must be an integer or an array of integers/],
  [() => ops.roll(x, 1, bad(null)), /^TypeError: roll: axis must be an integer or an array of integers/],
  [() => ops.fullLike(x, bad([1])), /^TypeError: fullLike: value must be a number or a boolean, got /],
  [() => ops.fullLike(n, 1.5), /^RangeError: fullLike: 1\.5 is not an int32/],
  [
    () => ops.nanargmax(x, bad([0, 1])),
    /^TypeError: nanargmax: axis must be a single axis, not an array, got \[0, 1\]$/,
  ],
  [() => ops.nanargmin(x, bad([0])), /^TypeError: nanargmin: axis must be a single axis/],
  [() => ops.isclose(x, x, { equalNan: bad(1) }), /^TypeError: isclose: equalNan must be true or false, got 1$/],
  [() => ops.arrayEqual(x, x, { equalNan: bad('no') }), /^TypeError: arrayEqual: equalNan must be true or false/],
  [() => ops.hanning(4, { periodic: bad(1) }), /^TypeError: hanning: periodic must be true or false/],
  [() => ops.vander(n, { increasing: bad(1) }), /^TypeError: vander: increasing must be true or false/],
  [() => ops.combinations(n, { withReplacement: bad(1) }), /^TypeError: combinations: withReplacement must be/],
  [
    () => ops.histogram(x, { density: bad('true') }),
    /^TypeError: histogram: density must be true or false, got 'true'$/,
  ],
  [() => ops.histogramdd(x, { density: bad(1) }), /^TypeError: histogramdd: density must be true or false/],
  [() => ops.cov(x, { rowvar: bad(0) }), /^TypeError: cov: rowvar must be true or false, got 0$/],
  [() => ops.corrcoef(x, { rowvar: bad(0) }), /^TypeError: corrcoef: rowvar must be true or false/],
  [() => ops.bucketize(x, n, { right: bad(1) }), /^TypeError: bucketize: right must be true or false/],
  [() => ops.scatter(x, [[0]], x, 0, { includeSelf: bad(1) }), /^TypeError: scatter: includeSelf must be true or/],
  [
    () => ops.indexReduce(x, [0], x, 0, { reduce: 'prod', includeSelf: bad(1) }),
    /^TypeError: indexReduce: includeSelf must be true or false/,
  ],
  [() => ops.isin(x, n, { invert: bad(1) }), /^TypeError: isin: invert must be true or false/],
  [() => ops.fillDiagonal(x, 0, { wrap: bad(1) }), /^TypeError: fillDiagonal: wrap must be true or false/],
  [() => ops.pairwiseDistance(x, x, { keepdims: bad(1) }), /^TypeError: pairwiseDistance: keepdims must be true or/],
  [() => ops.gumbelSoftmax(random.key(0), x, -1, { hard: bad(1) }), /^TypeError: gumbelSoftmax: hard must be true or/],
  // Activations.
  [() => ops.leakyRelu(bad(1)), /^TypeError: leakyRelu: expected a tensor, got 1/],
  [
    () => ops.leakyRelu(x, { negativeSlope: NaN }),
    /^RangeError: leakyRelu: negativeSlope must be a finite number, got NaN$/,
  ],
  [() => ops.leakyRelu(x, bad({ slope: 1 })), /^TypeError: leakyRelu: unknown option 'slope'; .*negativeSlope/],
  [
    () => ops.rrelu(random.key(0), x, { lower: 0.5 }),
    /^RangeError: rrelu: upper must be a finite number > 0.5, got 0.3333333333333333$/,
  ],
  [() => ops.celu(x, { alpha: 0 }), /^RangeError: celu: alpha must be other than 0, got 0$/],
  [() => ops.softplus(x, { beta: 0 }), /^RangeError: softplus: beta must be a finite number other than 0, got 0$/],
  [() => ops.softplus(x, { threshold: bad('1') }), /^TypeError: softplus: threshold must be a number, got '1'$/],
  [
    () => ops.prelu(x, zeros([2])),
    /^RangeError: prelu: weight must have shape \[\] or \[3\] for x of shape \[2, 3\], got \[2\]$/,
  ],
  [() => ops.hardtanh(x, { minVal: 2 }), /^RangeError: hardtanh: maxVal must be a number ≥ 2, got 1$/],
  [() => ops.hardtanh(x, { minVal: bad('0') }), /^TypeError: hardtanh: minVal must be a number, got '0'$/],
  [() => ops.threshold(x, 1, bad(undefined)), /^TypeError: threshold: value must be a number, got undefined$/],
  [() => ops.hardshrink(x, { lambd: -1 }), /^RangeError: hardshrink: lambd must be a finite number ≥ 0, got -1$/],
  [
    () => ops.gelu(x, { approximate: bad('erf') }),
    /^TypeError: gelu: unknown approximation 'erf'; expected 'none' or 'tanh'$/,
  ],
  [() => ops.softmin(x, 2), /^RangeError: softmin: axis 2 is out of range/],
  [() => ops.glu(x), /^RangeError: glu: axis 1 of shape \[2, 3\] must have an even length, got 3$/],
  [
    () => ops.gumbelSoftmax(random.key(0), x, -1, { tau: 0 }),
    /^RangeError: gumbelSoftmax: tau must be a finite number > 0, got 0$/,
  ],
  // Reductions and statistics.
  [() => ops.countNonzero(x, 3), /^RangeError: countNonzero: axis 3 is out of range/],
  [() => ops.nansum(x, [0, 0]), /^RangeError: nansum: /],
  [() => ops.nanmean(x, 0, bad({ keepDims: true })), /^TypeError: nanmean: unknown option 'keepDims'; .*keepdims/],
  [() => ops.nanvar(x, 0, { correction: bad('1') }), /^TypeError: nanvar: correction must be a number, got '1'$/],
  [
    () => ops.nanmax(empty, 1),
    /^RangeError: nanmax: expected at least one element along the reduced axes of shape \[2, 0\], got none$/,
  ],
  [
    () => ops.median(empty, 1),
    /^RangeError: median: expected at least one element along the reduced axes of shape \[2, 0\], got none$/,
  ],
  [() => ops.nanmedian(x, undefined, bad({ method: 'linear' })), /^TypeError: nanmedian: unknown option 'method'/],
  [() => ops.quantile(x, 1.5), /^RangeError: quantile: q must be a number from 0 to 1, or an array of them, got 1.5$/],
  [
    () => ops.percentile(x, [10, 101]),
    /^RangeError: percentile: q must be a number from 0 to 100, or an array of them, got 101$/,
  ],
  [
    () => ops.nanquantile(x, bad(x)),
    /^TypeError: nanquantile: q must be a number from 0 to 1, or an array of them, got Tensor$/,
  ],
  [
    () => ops.quantile(x, 0.5, 0, { method: bad('median') }),
    /^TypeError: quantile: unknown method 'median'; expected invertedCdf, .*nearest$/,
  ],
  [() => ops.maxWithIndices(empty, 1), /^RangeError: maxWithIndices: expected at least one element/],
  [() => ops.minWithIndices(empty), /^RangeError: minWithIndices: expected at least one element/],
  [() => ops.kthvalue(x, 4), /^RangeError: kthvalue: k must be an integer from 1 to 3, got 4$/],
  [() => ops.mode(empty), /^RangeError: mode: expected at least one element/],
  [() => ops.cummaxWithIndices(x, -3), /^RangeError: cummaxWithIndices: axis -3 is out of range/],
  [() => ops.aminmax(empty, 1), /^RangeError: aminmax: expected at least one element/],
  [() => ops.ptp(empty, 1), /^RangeError: ptp: expected at least one element/],
  [() => ops.varMean(x, 5), /^RangeError: varMean: axis 5 is out of range/],
  [() => ops.stdMean(x, 0, { correction: bad(null) }), /^TypeError: stdMean: correction must be a number, got null$/],
  [
    () => ops.average(x, 0, { weights: zeros([3]) }),
    /^RangeError: average: weights \[3\] must have the shape \[2, 3\] of x, or one axis as long as the reduced one$/,
  ],
  [() => ops.cov(zeros([1, 2, 3])), /^RangeError: cov: x must have at most two axes, got \[1, 2, 3\]$/],
  [
    () => ops.cov(x, { fweights: zeros([3]) }),
    /^TypeError: cov: fweights must be int32, got float32; use aweights for other weights$/,
  ],
  [() => ops.cov(x, { aweights: zeros([2]) }), /^RangeError: cov: aweights must have shape \[3\], got \[2\]$/],
  [() => ops.corrcoef(x, bad({ bias: true })), /^TypeError: corrcoef: unknown option 'bias'; .*rowvar/],
  [() => ops.dist(x, x, { p: bad('fro') }), /^TypeError: dist: p must be a number ≥ 0, got 'fro'$/],
  [() => ops.normalize(empty, 1, { p: Infinity }), /^RangeError: normalize: expected at least one element/],
  [() => ops.normalize(x, -1, { p: -1 }), /^RangeError: normalize: p must be a number ≥ 0, got -1$/],
  [() => ops.dist(x, zeros([2])), /^RangeError: dist: .*\[2, 3\].*\[2\]/],
  [() => ops.pairwiseDistance(tensor(1), tensor(2)), /^RangeError: pairwiseDistance: /],
  [
    () => ops.cdist(x, zeros([2])),
    /^RangeError: cdist: expected \[batch…, n, size\] and \[batch…, m, size\], got \[2, 3\] and \[2\]$/,
  ],
  [() => ops.pdist(zeros([2])), /^RangeError: pdist: expected a matrix \[n, size\], got \[2\]$/],
  [
    () => ops.cosineSimilarity(x, x, 0, { eps: -1 }),
    /^RangeError: cosineSimilarity: eps must be a finite number ≥ 0, got -1$/,
  ],
  [() => ops.bincount(x, 3), /^TypeError: bincount: x must be int32, got float32; convert with astype\('int32'\)$/],
  [() => ops.bincount(x.astype('int32'), 3), /^RangeError: bincount: x must have one axis, got \[2, 3\]; flatten it$/],
  [() => ops.bincount(n, -1), /^RangeError: bincount: length must be an integer ≥ 0, got -1$/],
  [
    () => ops.bincount(n, 3, { weights: zeros([3]) }),
    /^RangeError: bincount: weights must have the shape \[2\] of x, got \[3\]$/,
  ],
  [() => ops.histogram(x, { bins: 0 }), /^RangeError: histogram: bins must be an integer ≥ 1, got 0$/],
  [
    () => ops.histogram(x, { bins: tensor([1]) }),
    /^RangeError: histogram: bins must be at least two edges in one axis, got \[1\]$/,
  ],
  [
    () => ops.histogram(x, { range: [1, 1] }),
    /^RangeError: histogram: range must be two finite numbers, the first below the second, got \[1, 1\]$/,
  ],
  [() => ops.histogram(empty), /^RangeError: histogram: there are no elements to take the range from; give a range$/],
  [() => ops.histogramdd(n), /^RangeError: histogramdd: x must be \[points, dimensions\], got \[2\]$/],
  [
    () => ops.histogramdd(x, { bins: [2, 2] }),
    /^RangeError: histogramdd: bins must be an array with an entry for each of 3 dimensions, got \[2, 2\]$/,
  ],
  [
    () => ops.histogramdd(x, { bins: bad(x) }),
    /^TypeError: histogramdd: bins must be an array with an entry for each of 3 dimensions, got Tensor$/,
  ],
  [() => ops.histogramdd(x, { bins: [2, 0, 2] }), /^RangeError: histogramdd: bins must be an integer ≥ 1, got 0$/],
  [
    () => ops.histogramdd(empty.transpose(), { bins: 2 }),
    /^RangeError: histogramdd: there are no elements to take the range from/,
  ],
  [
    () => ops.interp(x, n, zeros([3])),
    /^RangeError: interp: xp and fp must have one equal shape \[samples\], got \[2\] and \[3\]$/,
  ],
  [() => ops.interp(x, n, n, { left: bad('0') }), /^TypeError: interp: left must be a number, got '0'$/],
  [() => ops.unwrap(x, 0, { period: 0 }), /^RangeError: unwrap: period must be a finite number > 0, got 0$/],
  [() => ops.nanargmax(empty, 1), /^RangeError: nanargmax: expected at least one element/],
  [() => ops.nanargmin(x, 2), /^RangeError: nanargmin: axis 2 is out of range/],
  [() => ops.nancumsum(x, 2), /^RangeError: nancumsum: axis 2 is out of range/],
  [() => ops.diff(x, -1), /^RangeError: diff: n must be an integer ≥ 0, got -1$/],
  [() => ops.diff(x, 1, 0, { append: bad([1]) }), /^TypeError: diff: append: expected a tensor, got Array/],
  [
    () => ops.diff(x, 1, 0, { append: zeros([1, 2]) }),
    /^RangeError: diff: append \[1, 2\] does not fit x \[2, 3\] on an axis other than 0$/,
  ],
  [() => ops.gradient(x, 0, { edgeOrder: bad(3) }), /^RangeError: gradient: edgeOrder must be 1 or 2, got 3$/],
  [
    () => ops.gradient(x, 0, { spacing: 0 }),
    /^RangeError: gradient: spacing must be a finite number other than 0, or a tensor, got 0$/,
  ],
  [
    () => ops.gradient(x, 0, { edgeOrder: 2 }),
    /^RangeError: gradient: axis 0 must have more than 2 samples, got 2; use a smaller edgeOrder or more samples$/,
  ],
  [
    () => ops.gradient(x, 0, { spacing: zeros([3]) }),
    /^RangeError: gradient: coordinates of axis 0 must have shape \[2\], got \[3\]$/,
  ],
  [() => ops.trapezoid(x, 0, { dx: bad('1') }), /^TypeError: trapezoid: dx must be a number, got '1'$/],
  [
    () => ops.cumulativeTrapezoid(x, 0, { x: zeros([3, 2]) }),
    /^RangeError: cumulativeTrapezoid: coordinates must have shape \[2\] or \[2, 3\], got \[3, 2\]$/,
  ],
];

test.each(calls.map(([call, message]) => [String(call).replace(/^.*?ops\.|__\w+__\./g, ''), call, message] as const))(
  '%s',
  (_, call, message) => {
    let thrown = 'nothing was thrown';
    try {
      call();
    } catch (error) {
      thrown = String(error);
    }
    expect(thrown).toMatch(message);
  },
);

describe('bincount, at evaluation', () => {
  test.each([[-1], [3]])('%i', async (value) => {
    const counts = ops.bincount(tensor([0, value], { dtype: 'int32' }), 3);
    await expect(counts.data()).rejects.toThrow('bincount: the element at index 1 is not from 0 to 2');
  });
});
