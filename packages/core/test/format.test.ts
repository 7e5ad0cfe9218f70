import { inspect } from 'node:util';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { arange, tensor, zeros, type Nested, type TensorOptions } from '../src/index.ts';
import { models, numbers, shapes, toTensor } from './helpers.ts';

const lines = (...text: string[]): string => text.join('\n');

describe('toString', () => {
  test.each<[Nested, TensorOptions, string]>([
    [3, {}, 'tensor(3)'],
    [-0.5, {}, 'tensor(-0.5)'],
    [true, {}, 'tensor(true, bool)'],
    [7, { dtype: 'int32' }, 'tensor(7, int32)'],
    [[1, 2, 3], {}, 'tensor([1, 2, 3])'],
    [[1, -20, 3], { dtype: 'float64' }, 'tensor([  1, -20,   3], float64)'],
    [[true, false], {}, 'tensor([ true, false], bool)'],
    [[0.1, 2, -33.25], {}, 'tensor([  0.10,   2.00, -33.25])'],
    [[1 / 3, 1], {}, 'tensor([0.3333, 1.0000])'],
    [[0.5, NaN, Infinity, -Infinity], {}, 'tensor([      0.5,       NaN,  Infinity, -Infinity])'],
    [[NaN, 1], {}, 'tensor([NaN,   1])'],
    [[1e-5, 1], { dtype: 'float64' }, 'tensor([1.0000e-5, 1.0000e+0], float64)'],
    [[1.5e10, -2], { dtype: 'float64' }, 'tensor([1.5000e+10, -2.0000e+0], float64)'],
    [[0, 0], {}, 'tensor([0, 0])'],
    [[], {}, 'tensor([], shape [0])'],
    [[[], []], {}, 'tensor([], shape [2, 0])'],
    [
      [
        [1, 2],
        [3, 40],
      ],
      {},
      lines('tensor([[ 1,  2],', '        [ 3, 40]])'),
    ],
    [
      [
        [[1], [2]],
        [[3], [4]],
      ],
      {},
      lines('tensor([[[1],', '         [2]],', '', '        [[3],', '         [4]]])'),
    ],
  ])('%j', (values, options, text) => expect(tensor(values, options).toString()).toBe(text));

  test('long axes are shortened', () => {
    expect(arange(1001).toString()).toBe('tensor([   0,    1,    2, …,  998,  999, 1000], int32)');
    expect(arange(1000).toString()).toContain(' 500,');
    expect(arange(2000).reshape([4, 500]).toString()).toBe(
      lines(
        'tensor([[   0,    1,    2, …,  497,  498,  499],',
        '        [ 500,  501,  502, …,  997,  998,  999],',
        '        [1000, 1001, 1002, …, 1497, 1498, 1499],',
        '        [1500, 1501, 1502, …, 1997, 1998, 1999]], int32)',
      ),
    );
    expect(arange(2000).reshape([1000, 2]).toString()).toBe(
      lines(
        'tensor([[   0,    1],',
        '        [   2,    3],',
        '        [   4,    5],',
        '        …,',
        '        [1994, 1995],',
        '        [1996, 1997],',
        '        [1998, 1999]], int32)',
      ),
    );
    // The width is that of the shown elements.
    expect(zeros([2000]).toString()).toBe('tensor([0, 0, 0, …, 0, 0, 0])');
  });

  test('evaluates the tensor, as a string and on the console', () => {
    const x = tensor([1, 2]).add(1);
    expect(String(x)).toBe('tensor([2, 3])');
    expect(inspect(tensor([1]).neg())).toBe('tensor([-1])');
    expect(inspect({ x })).toBe('{ x: tensor([2, 3]) }');
  });
});

test.each([
  ['an empty tensor of any size', zeros([1e5, 0]), 60],
  ['an empty tensor larger than any array', zeros([2 ** 40, 0]), 60],
  ['a tensor of twelve axes', zeros(Array<number>(12).fill(3)), 1e5],
  ['a tensor of twenty axes', zeros(Array<number>(20).fill(2)), 100],
])('%s is printed shortly', (_, x, length) => {
  expect(String(x).length).toBeLessThan(length);
});

describe('toArray', () => {
  test('nests by the shape', () => {
    fc.assert(
      fc.property(models(shapes(4)), (model) => {
        const nested = toTensor(model).toArraySync();
        let level: unknown = nested;
        for (const length of model.shape) {
          expect(level).toHaveLength(length);
          if (length === 0) return;
          level = (level as unknown[])[0];
        }
        expect(([nested] as unknown[]).flat(Infinity)).toEqual(model.data);
      }),
    );
  });

  test('gives booleans for bool, and no array for a scalar', () => {
    expect(tensor([[true], [false]]).toArraySync()).toEqual([[true], [false]]);
    expect(tensor(2).toArraySync()).toBe(2);
    expect(numbers(tensor(true))).toEqual([1]);
    expect(tensor(true).itemSync()).toBe(1);
    expect(tensor([[5]]).itemSync()).toBe(5);
  });
});
