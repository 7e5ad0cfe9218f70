import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { arange, compile, evaluateSync, oneHot, ones, tensor, zeros, type Index, type Tensor } from '../src/index.ts';
import {
  elementAt,
  broadcastShape,
  build,
  indicesOf,
  models,
  numbers,
  shapes,
  toTensor,
  type Model,
} from './helpers.ts';

function equals(actual: Tensor, expected: Model): void {
  expect(actual.shape).toEqual(expected.shape);
  expect(numbers(actual)).toEqual(expected.data);
}

const integers = (model: Model): Tensor => toTensor(model, 'int32');
const wrap = (index: number, length: number): number => (index < 0 ? index + length : index);

/** A model, and an axis of it that is not empty. */
const sources = models(shapes(3, 1))
  .filter(({ shape }) => shape.some((length) => length > 0))
  .chain((x) =>
    fc.constantFrom(...x.shape.flatMap((length, axis) => (length > 0 ? [axis] : []))).map((axis) => ({ x, axis })),
  );
const indicesInto = (length: number): fc.Arbitrary<number> => fc.integer({ min: -length, max: length - 1 });

describe('take', () => {
  test('takes slices, as NumPy does', () => {
    fc.assert(
      fc.property(
        sources.chain(({ x, axis }) =>
          fc.record({
            x: fc.constant(x),
            axis: fc.constant(axis),
            indices: models(shapes(2), indicesInto(x.shape[axis]!)),
          }),
        ),
        ({ x, axis, indices }) => {
          const inner = indices.shape.length;
          const expected = build(x.shape.toSpliced(axis, 1, ...indices.shape), (index) => {
            const indexOfIndices = index.slice(axis, axis + inner);
            return elementAt(x, index.toSpliced(axis, inner, wrap(elementAt(indices, indexOfIndices), x.shape[axis]!)));
          });
          equals(toTensor(x).take(integers(indices), axis), expected);
          equals(toTensor(x).take(integers(indices), axis - x.shape.length), expected);
        },
      ),
    );
  });
});

/** A model and indices of its rank: of any length along an axis, broadcastable on the others. */
const aligned = sources.chain(({ x, axis }) =>
  fc
    .tuple(fc.nat(4), fc.array(fc.boolean(), { minLength: x.shape.length, maxLength: x.shape.length }))
    .chain(([count, ones]) =>
      fc.record({
        x: fc.constant(x),
        axis: fc.constant(axis),
        indices: models(
          fc.constant(x.shape.map((length, i) => (i === axis ? count : ones[i] ? 1 : length))),
          indicesInto(x.shape[axis]!),
        ),
      }),
    ),
);

test('takeAlongAxis gathers one element for each index', () => {
  fc.assert(
    fc.property(aligned, ({ x, axis, indices }) => {
      const others = broadcastShape([x.shape.with(axis, 1), indices.shape.with(axis, 1)]);
      const expected = build(others.with(axis, indices.shape[axis]!), (index) =>
        elementAt(x, index.with(axis, wrap(elementAt(indices, index), x.shape[axis]!))),
      );
      equals(toTensor(x).takeAlongAxis(integers(indices), axis), expected);
    }),
  );
  // Indices as plain integers.
  expect(
    tensor([[10, 20, 30]])
      .takeAlongAxis([[-1, 0]])
      .toArraySync(),
  ).toEqual([[30, 10]]);
  expect(tensor([10, 20, 30]).take(-1).itemSync()).toBe(30);
  expect(tensor([10, 20, 30]).take(Int32Array.of(1, 1)).toArraySync()).toEqual([20, 20]);
  expect(tensor([10, 20]).take([]).shape).toEqual([0]);
  // Broadcasts the elements, too.
  const rows = tensor([[10, 20, 30]]).takeAlongAxis(tensor([[0], [2]], { dtype: 'int32' }), 1);
  expect(rows.toArraySync()).toEqual([[10], [30]]);
});

test('scatterAdd accumulates at equal indices', () => {
  fc.assert(
    fc.property(aligned, ({ x, axis, indices }) => {
      const shape = x.shape.with(axis, indices.shape[axis]!);
      const updates = build(shape, (index) => index.reduce((a, b) => a * 4 + b, 1));
      const expected = [...x.data];
      for (const index of indicesOf(shape)) {
        const target = index.with(axis, wrap(elementAt(indices, index), x.shape[axis]!));
        expected[target.reduce((flat, i, j) => flat * x.shape[j]! + i, 0)]! += elementAt(updates, index);
      }
      equals(toTensor(x).scatterAdd(integers(indices), toTensor(updates), axis), { shape: x.shape, data: expected });
    }),
  );
  const counts = tensor([false, false]).scatterAdd(tensor([0, 0], { dtype: 'int32' }), tensor([true, true]));
  expect([counts.dtype, numbers(counts)]).toEqual(['int32', [2, 0]]);
  const rows = ones([2, 3]).scatterAdd([[-1], [0]], tensor(5));
  expect(rows.toArraySync()).toEqual([
    [1, 1, 6],
    [6, 1, 1],
  ]);
  const spread = zeros([3]).scatterAdd(tensor([0, 2, 2], { dtype: 'int32' }), tensor(0.5));
  expect(numbers(spread)).toEqual([0.5, 0, 1]);
});

test('oneHot', () => {
  expect(tensor([1, 0, -1, 3], { dtype: 'int32' }).oneHot(3).toArraySync()).toEqual([
    [0, 1, 0],
    [1, 0, 0],
    [0, 0, 0],
    [0, 0, 0],
  ]);
  expect(tensor(1, { dtype: 'int32' }).oneHot(2, { dtype: 'bool' }).toArraySync()).toEqual([false, true]);
  expect(arange(4).reshape([2, 2]).oneHot(0).shape).toEqual([2, 2, 0]);
  expect(oneHot([[1], [-1]], 2).toArraySync()).toEqual([[[0, 1]], [[0, 0]]]);
});

describe('sorting', () => {
  const lines = models(
    shapes(3, 1),
    fc.oneof(fc.integer({ min: -3, max: 3 }), fc.constantFrom(NaN, Infinity, -Infinity)),
  ).chain((x) => fc.record({ x: fc.constant(x), axis: fc.nat(x.shape.length - 1), descending: fc.boolean() }));

  /** The order of one line, by repeated selection of the first extreme element that is left, NaN last. */
  function order(line: readonly number[], descending: boolean): number[] {
    const left = line.map((_, i) => i);
    const result: number[] = [];
    while (left.length > 0) {
      let best = 0;
      left.forEach((i, place) => {
        const [a, b] = [line[i]!, line[left[best]!]!];
        if ((Number.isNaN(b) && !Number.isNaN(a)) || (descending ? a > b : a < b)) best = place;
      });
      result.push(...left.splice(best, 1));
    }
    return result;
  }

  const orders = (x: Model, axis: number, descending: boolean): Model =>
    build(x.shape, (index) => {
      const line = Array.from({ length: x.shape[axis]! }, (_, i) => elementAt(x, index.with(axis, i)));
      return order(line, descending)[index[axis]!]!;
    });

  test('topk finds the largest or the smallest', () => {
    const x = tensor([3, NaN, -1, 2]);
    expect(x.topk(2).values.toArraySync()).toEqual([3, 2]);
    expect(x.topk(2, 0, { largest: false }).values.toArraySync()).toEqual([-1, 2]);
    expect(x.topk(2, 0, { largest: false }).indices.toArraySync()).toEqual([2, 3]);
  });

  test('argsort is stable, with NaN last', () => {
    fc.assert(
      fc.property(lines, ({ x, axis, descending }) => {
        const result = toTensor(x).argsort(axis, { descending });
        expect(result.dtype).toBe('int32');
        equals(result, orders(x, axis, descending));
      }),
    );
  });

  test('sort, of views as well', () => {
    fc.assert(
      fc.property(lines, ({ x, axis, descending }) => {
        const order = orders(x, axis, descending);
        const expected = build(x.shape, (index) => elementAt(x, index.with(axis, elementAt(order, index))));
        equals(toTensor(x).sort(axis, { descending }), expected);
        equals(
          toTensor(x)
            .flip()
            .add(0)
            .flip()
            .sort(axis - x.shape.length, { descending }),
          expected,
        );
      }),
    );
  });

  test('topk is the beginning of the descending order', () => {
    fc.assert(
      fc.property(lines, fc.nat(), ({ x, axis }, pick) => {
        const k = pick % (x.shape[axis]! + 1);
        const { values, indices } = toTensor(x).topk(k, axis);
        const head = (model: Model): Model => build(x.shape.with(axis, k), (index) => elementAt(model, index));
        const order = orders(x, axis, true);
        // `elementAt` broadcasts an axis of length 1, whose only index is 0 anyway.
        equals(indices, head(order));
        equals(
          values,
          build(x.shape.with(axis, k), (index) => elementAt(x, index.with(axis, elementAt(order, index)))),
        );
      }),
    );
  });

  test('by default along the last axis', () => {
    expect(
      tensor([
        [3, 1, 2],
        [1, 3, 2],
      ])
        .sort()
        .toArraySync(),
    ).toEqual([
      [1, 2, 3],
      [1, 2, 3],
    ]);
    expect(
      tensor([[3, 1, 2]])
        .topk(2)
        .indices.toArraySync(),
    ).toEqual([[0, 2]]);
    expect(tensor([true, false]).sort().toArraySync()).toEqual([false, true]);
  });
});

describe('at', () => {
  const x = arange(24).reshape([2, 3, 4]);
  const bools = (values: boolean[]): Tensor => tensor(values);

  // Results of NumPy.
  test.each<[index: Index[], shape: number[], elements: number[]]>([
    [[], [2, 3, 4], numbers(x)],
    [
      [0, '1:', '::2'],
      [2, 2],
      [4, 6, 8, 10],
    ],
    [[-1], [3, 4], [12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23]],
    [
      ['...', 1],
      [2, 3],
      [1, 5, 9, 13, 17, 21],
    ],
    [[1, '...', -1], [3], [15, 19, 23]],
    [
      ['::-1', 0, '-1:0:-2'],
      [2, 2],
      [15, 13, 3, 1],
    ],
    [
      ['newaxis', 0, 'newaxis', '1:2'],
      [1, 1, 1, 4],
      [4, 5, 6, 7],
    ],
    [
      [':', [2, 0], 1],
      [2, 2],
      [9, 1, 21, 13],
    ],
    [
      [[1, 0], ':', [3, -4]],
      [2, 3],
      [15, 19, 23, 0, 4, 8],
    ],
    [
      [0, ':', [1, 2]],
      [2, 3],
      [1, 5, 9, 2, 6, 10],
    ],
    [
      [':', 0, [1, 2]],
      [2, 2],
      [1, 2, 13, 14],
    ],
    [
      [':', [[0], [2]], [1, 3]],
      [2, 2, 2],
      [1, 3, 9, 11, 13, 15, 21, 23],
    ],
    [
      [':', [0], '...', [1]],
      [1, 2],
      [1, 13],
    ],
    [
      [[1], 'newaxis', [0, 2], '1:3'],
      [2, 1, 2],
      [13, 14, 21, 22],
    ],
    [
      [':', [true, false, true], 0],
      [2, 2],
      [0, 8, 12, 20],
    ],
    [
      [
        [
          [true, false, true],
          [false, false, true],
        ],
        '2:',
      ],
      [3, 2],
      [2, 3, 10, 11, 22, 23],
    ],
    [['...', [false, false, false, false]], [2, 3, 0], []],
    [[[], 0], [0, 4], []],
    [[tensor(1, { dtype: 'int32' }), Int32Array.of(2), bools([true, false, false, true])], [2], [20, 23]],
  ])('%#: selects as NumPy', (index, shape, elements) => {
    const result = x.at(...index);
    expect([result.shape, result.dtype, numbers(result)]).toEqual([shape, 'int32', elements]);
  });

  test('indices that are computed are checked at evaluation, of each axis by itself', async () => {
    const computed = (...values: number[]): Tensor => tensor(values, { dtype: 'int32' }).add(0);
    expect(numbers(x.at(0, computed(2, -1), computed(-4, 3)))).toEqual([8, 11]);
    const message = 'at: index 4 is out of range for axis 2 of length 4; use -4 to 3';
    expect(() => x.at(0, computed(1), computed(4)).dataSync()).toThrow(message);
    await expect(x.at('...', computed(4)).data()).rejects.toThrow(message);
  });

  test('the values of a mask must be known', async () => {
    const mask = x.at(0, 0).greater(1);
    expect(() => x.at(0, 0, mask)).toThrow(
      'at: the values of a mask must be known, since the shape depends on them; eval',
    );
    evaluateSync(mask);
    expect(numbers(x.at(0, 0, mask))).toEqual([2, 3]);
    await expect(compile((y: Tensor) => y.at(mask))(x.at(0, 0))).rejects.toThrow(
      'at: a compiled function must not read',
    );
  });

  const wrong = (value: unknown): never => value as never;
  test.each<[() => unknown, string]>([
    [
      () => x.at(wrong(null)),
      "at: an index must be an integer, a range such as ':' or '1:-1', '...', 'newaxis', indices or a mask, got null",
    ],
    [() => x.at(wrong('1')), "at: an index must be an integer, a range such as ':' or '1:-1'"],
    [() => x.at(true), "at: an index must be an integer, a range such as ':' or '1:-1'"],
    [() => x.at(0.5), 'at: the index of axis 0 must be an integer, got 0.5'],
    [() => x.at(':', 3), 'at: index 3 is out of range for axis 1 of length 3; use -3 to 2'],
    [() => x.at('...', [0, 4]), 'at: index 4 is out of range for axis 2 of length 4; use -4 to 3'],
    [() => x.at('::0'), 'at: the step of axis 0 must be an integer other than 0, got 0'],
    [
      () => x.at(0, 0, 0, 0),
      "at: expected at most 3 indices for a tensor of shape [2, 3, 4], and one '...', got [0, 0, 0, 0]",
    ],
    [() => x.at('...', 0, '...'), 'at: expected at most 3 indices'],
    [() => x.at(zeros([2])), "at: indices must be int32, got float32; convert with astype('int32')"],
    [() => x.at([0.5]), 'at: 0.5 at index [0] is not an int32'],
    [() => x.at([0, 1], [0, 1, 2]), 'at: shapes [2] and [3] do not broadcast'],
    [() => x.at(0, [true, false]), 'at: a mask of shape [2] does not fit the axes from 1 on of [2, 3, 4]'],
  ])('error %#', (make, message) => expect(make).toThrow(message));
});

test('a scalar is a line of one element: reductions, scans and sorts take its axis 0 or −1', () => {
  const x = tensor(3);
  for (const axis of [0, -1]) {
    const results: Record<string, Tensor> = {
      sum: x.sum(axis),
      sums: x.sum([axis]),
      mean: x.mean(axis),
      max: x.max(axis, { keepdims: true }),
      norm: x.norm(axis),
      logsumexp: x.logsumexp(axis),
      cumsum: x.cumsum(axis),
      cumprod: x.cumprod(axis),
      cummax: x.cummax(axis),
      logcumsumexp: x.logcumsumexp(axis),
      sort: x.sort(axis, { descending: true }),
      topk: x.topk(1, axis).values,
      flip: x.flip(axis),
      squeeze: x.squeeze(axis),
    };
    for (const [name, result] of Object.entries(results)) expect([name, result.toArraySync()]).toEqual([name, 3]);
    const zero = [
      x.argmax(axis),
      x.argmin(axis, { keepdims: true }),
      x.argsort(axis),
      x.topk(1, axis).indices,
      x.std(axis),
    ];
    for (const result of [...zero, x.logSoftmax(axis), x.cumsum(axis, { exclusive: true })])
      expect(result.toArraySync()).toBe(0);
    expect([x.softmax(axis), x.any(axis), x.all(axis)].map((result) => result.itemSync())).toEqual([1, 1, 1]);
  }
  expect(x.topk(0).values.shape).toEqual([0]);
});

describe('errors', () => {
  const x = zeros([2, 3]);
  const index = (...values: number[]): Tensor => tensor(values, { dtype: 'int32' });

  test.each([
    [() => x.take(tensor([0])), "take: indices must be int32, got float32; convert with astype('int32')"],
    [() => x.take('0' as never), "take: indices must be an int32 tensor, or integers in arrays, got '0'"],
    [() => x.take(index(0), 2), 'take: axis 2 is out of range'],
    [() => zeros([]).take(index(0)), 'take: axis 0 is out of range: a scalar has no axes'],
    [() => x.takeAlongAxis(index(0), 1), 'takeAlongAxis: indices [1] must have the same rank as the tensor [2, 3]'],
    [
      () => x.takeAlongAxis(zeros([3, 1], { dtype: 'int32' }), 1),
      'takeAlongAxis: shapes [2, 1] and [3, 1] do not broadcast',
    ],
    [
      () => x.takeAlongAxis(zeros([2, 1], { dtype: 'int32' }), null as unknown as number),
      'takeAlongAxis: axis must be an integer, got null',
    ],
    [() => x.scatterAdd(index(0), x), 'scatterAdd: indices [1] must have the same rank'],
    [
      () => x.scatterAdd(zeros([2, 1], { dtype: 'int32' }), zeros([2, 2]), 1),
      'scatterAdd: updates [2, 2] do not broadcast to the indices [2, 1]',
    ],
    [
      () => zeros([1, 3]).scatterAdd(zeros([2, 1], { dtype: 'int32' }), zeros([2, 1]), 1),
      'scatterAdd: indices [2, 1] exceed [1, 3] on an axis other than 1',
    ],
    [
      () => x.scatterAdd(zeros([2, 1], { dtype: 'int32' }), 1 as unknown as Tensor, 1),
      'scatterAdd: the updates: expected a tensor, got 1',
    ],
    [() => x.oneHot(3), "oneHot: indices must be int32, got float32; convert with astype('int32')"],
    [() => x.take(zeros([1])), "take: indices must be int32, got float32; convert with astype('int32')"],
    [() => x.take(x.greater(0)), 'take: indices must be int32, got bool; at(mask) selects by a mask'],
    [() => x.take([true, false] as never), 'take: indices must be int32, got bool; at(mask) selects by a mask'],
    [() => x.take([0.5]), 'take: 0.5 at index [0] is not an int32'],
    [() => x.take([[0], [1, 2]]), 'take: rows differ in length'],
    [() => x.take([2]), 'take: index 2 is out of range for axis 0 of length 2; use -2 to 1'],
    [() => x.takeAlongAxis([[0, 3]]), 'takeAlongAxis: index 3 is out of range for axis 1 of length 3; use -3 to 2'],
    [() => x.scatterAdd([[-4]], x), 'scatterAdd: index -4 is out of range for axis 1 of length 3; use -3 to 2'],
    [() => x.take(undefined as never), 'take: indices must be an int32 tensor, or integers in arrays, got undefined'],
    [() => index(0).oneHot(-1), 'oneHot: depth must be an integer ≥ 0, got -1'],
    [() => x.sort(2), 'sort: axis 2 is out of range'],
    [() => x.argsort(2), 'argsort: axis 2 is out of range'],
    [() => x.topk(4), 'topk: k must be an integer from 0 to 3, got 4'],
    [() => x.topk(-1), 'topk: k must be an integer'],
    [() => x.topk(1, 2), 'topk: axis 2 is out of range'],
  ])('at the call %#', (make, message) => expect(make).toThrow(message));

  test('an index out of range is an error at evaluation', () => {
    const message = (name: string, i: number): string =>
      `${name}: index ${i} is out of range for axis 0 of length 2; use -2 to 1`;
    for (const i of [2, -3]) {
      expect(() => x.take(index(i)).dataSync()).toThrow(message('take', i));
      expect(() =>
        zeros([2])
          .scatterAdd(index(i), zeros([1]))
          .dataSync(),
      ).toThrow(message('scatterAdd', i));
    }
  });
});
