// The class of an error: a TypeError for a value of the wrong kind, a RangeError for a wrong value.
import { arange, conv2d, linspace, maxPool2d, ones, random, tensor, zeros } from '@thetagrad/core';
import { checkFraction, checkInteger, checkNonnegative, checkPositive, escapeControls } from '@thetagrad/core/backend';
import { describe, expect, test } from 'vitest';

const wrong = <T>(value: unknown): T => value as T;
const x = ones([2, 3]);
const images = ones([1, 1, 4, 4]);
const indices = tensor([0, 1], { dtype: 'int32' });
const key = random.key(0);

test.each<[() => unknown, string]>([
  [() => zeros(wrong(3)), 'zeros: shape must be an array of integers ≥ 0, got 3'],
  [() => zeros(wrong(['1'])), "zeros: shape must be an array of integers ≥ 0, got ['1']"],
  [() => x.reshape(wrong(6)), 'reshape: shape must be an array of integers ≥ 0 and at most one −1, got 6'],
  [() => x.sum(wrong('0')), "sum: axis must be an integer or an array of integers, before the options, got '0'"],
  [() => x.sum(wrong(['0'])), "sum: axis must be an integer, got '0'"],
  [
    () => x.pad(wrong(3)),
    'pad: widths must be a pair [before, after] of integers ≥ 0 for each of the 2 axes of [2, 3]',
  ],
  [() => x.pad(wrong([1, 1])), 'pad: widths must be a pair'],
  [() => x.split(wrong('a')), "split: sections must be a number or an array of numbers, got 'a'"],
  [() => x.split(wrong(['a'])), "split: sections must be a number or an array of numbers, got ['a']"],
  [() => x.sum(0, wrong({ keepDims: true })), "sum: unknown option 'keepDims'; did you mean keepdims?"],
  [() => x.cumsum(0, wrong({ exclusiv: true })), "cumsum: unknown option 'exclusiv'; did you mean exclusive?"],
  [() => x.cumsum(0, wrong({ dim: 0 })), "cumsum: unknown option 'dim'; expected reverse, exclusive"],
  [() => x.sum(0, wrong({ keepdims: 1 })), 'sum: keepdims must be true or false, got 1'],
  [() => x.cumsum(0, wrong({ reverse: 'no' })), "cumsum: reverse must be true or false, got 'no'"],
  [() => x.sort(0, wrong({ descending: null })), 'sort: descending must be true or false, got null'],
  [() => x.topk(1, 0, wrong({ largest: 0 })), 'topk: largest must be true or false, got 0'],
  [() => x.sum(0, wrong({ ['keep'.repeat(1e5)]: 1 })), "…'; expected keepdims"],
  [() => x.add(wrong(undefined)), 'add: operand 2 is missing; expected a tensor or a number'],
  [() => x.norm(0, { ord: wrong('fro') }), "norm: ord must be 1, 2 or Infinity, got 'fro'"],
  [() => x.topk(wrong('1')), "topk: k must be an integer from 0 to 3, got '1'"],
  [() => arange(wrong('3')), "arange: start, stop and step must be finite and the step not 0, got [0, '3', 1]"],
  [() => linspace(wrong('0'), 1), "linspace: start and stop must be finite, got ['0', 1]"],
  [() => maxPool2d(images, wrong({})), 'maxPool2d: kernelSize must be an integer ≥ 1 or a pair of them, got undefined'],
  [() => conv2d(images, images, { stride: wrong('x') }), 'conv2d: stride must be an integer ≥ 1 or a pair of them'],
  [() => conv2d(images, images, { padding: wrong('x') }), "conv2d: unknown padding 'x'; expected 'same', 'valid' or"],
  [
    () => indices.oneHot(2, { dtype: wrong('x') }),
    "oneHot: unknown dtype 'x'; expected float32, float64, int32 or bool",
  ],
  [() => indices.oneHot(wrong('2')), "oneHot: depth must be an integer ≥ 0, got '2'"],
  [() => random.bernoulli(key, [2], wrong('0.5')), "random.bernoulli: p must be between 0 and 1, got '0.5'"],
])('a value of the wrong kind is a TypeError: %#', (make, message) => {
  expect(make).toThrow(message);
  expect(make).toThrow(TypeError);
});

test.each<[() => unknown, string]>([
  [() => zeros([-1]), 'zeros: shape must be an array of integers ≥ 0, got [-1]'],
  [() => zeros([1.5]), 'zeros: shape must be an array of integers ≥ 0, got [1.5]'],
  [() => x.reshape([-2]), 'reshape: shape must be an array of integers ≥ 0 and at most one −1, got [-2]'],
  [() => x.reshape([-1, -1]), 'reshape: shape must be an array of integers ≥ 0 and at most one −1, got [-1, -1]'],
  [() => x.sum(0.5), 'sum: axis must be an integer, got 0.5'],
  [() => x.sum([0, 0]), 'sum: axes must be distinct, got [0, 0]'],
  [() => x.permute([0, 0]), 'permute: axes must be a permutation of the 2 axes of [2, 3], got [0, 0]'],
  [
    () => x.pad([[1, 1]]),
    'pad: widths must be a pair [before, after] of integers ≥ 0 for each of the 2 axes of [2, 3]',
  ],
  [() => x.split([-1, 3]), 'split: axis 0 of [2, 3] does not split into sections of sizes [-1, 3]'],
  [() => x.norm(0, { ord: 3 }), 'norm: ord must be 1, 2 or Infinity, got 3'],
  [() => arange(NaN), 'arange: start, stop and step must be finite and the step not 0, got [0, NaN, 1]'],
  [() => conv2d(images, images, { stride: wrong([1, 2, 3]) }), 'conv2d: stride must be an integer ≥ 1 or a pair of'],
  [() => random.uniform(key, [2], { low: 1 }), 'random.uniform: low must be less than high, got 1 and 1'],
  [() => random.uniform(key, [2], { high: NaN }), 'random.uniform: low must be less than high, got 0 and NaN'],
  [() => random.bernoulli(key, [2], 1.5), 'random.bernoulli: p must be between 0 and 1, got 1.5'],
  [
    () => zeros([0, 2]).take(indices).dataSync(),
    'take: index 0 is out of range for axis 0 of length 0: the axis is empty',
  ],
  [() => zeros([0]).slice([0]), 'slice: index 0 is out of range for axis 0 of length 0: the axis is empty'],
])('a wrong value is a RangeError: %#', (make, message) => {
  expect(make).toThrow(message);
  expect(make).toThrow(RangeError);
});

describe('checks of numbers', () => {
  test.each([
    ['an integer', checkInteger, [-3, 0, 7], [0.5, NaN, Infinity]],
    ['a finite number ≥ 0', checkNonnegative, [0, 0.5, 1e300], [-1, NaN, Infinity]],
    ['a finite number > 0', checkPositive, [1e-300, 0.5, 3], [0, -1, NaN, Infinity]],
    ['between 0 and 1', checkFraction, [0, 0.5, 1], [-0.5, 1.5, NaN, Infinity]],
  ] as const)('%s', (expected, check: (operation: string, name: string, value: number) => void, good, bad) => {
    for (const value of good) expect(() => check('f', 'x', value)).not.toThrow();
    const message = (value: unknown): string => `f: x must be ${expected}, got ${String(value)}`;
    for (const value of bad) {
      expect(() => check('f', 'x', value)).toThrow(message(value));
      expect(() => check('f', 'x', value)).toThrow(RangeError);
    }
    for (const value of [undefined, null, true]) {
      expect(() => check('f', 'x', wrong(value))).toThrow(message(value));
      expect(() => check('f', 'x', wrong(value))).toThrow(TypeError);
    }
    expect(() => check('f', 'x', wrong('1'))).toThrow(message("'1'"));
  });
});

test('control characters and changes of direction are escaped for a terminal, other text is kept', () => {
  expect(escapeControls('\u001b]0;\u0007 a\nb\u009b1m\u202etxt\u2066\u007f')).toBe(
    String.raw`\u001b]0;\u0007 a\u000ab\u009b1m\u202etxt\u2066\u007f`,
  );
  expect(escapeControls("Größe 'π' 漢字 😀 \\u001b")).toBe("Größe 'π' 漢字 😀 \\u001b");
});
