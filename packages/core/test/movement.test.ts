import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { arange, concat, stack, tensor, zeros, type Range, type Tensor } from '../src/index.ts';
import {
  elementAt,
  broadcastShape,
  build,
  counting,
  models,
  numbers,
  shapes,
  sizeOf,
  toTensor,
  type Model,
} from './helpers.ts';

/** A movement on tensors and on models, where it maps the indices of elements. */
interface Move {
  readonly name: string;
  tensor(x: Tensor): Tensor;
  model(x: Model): Model;
}

/** Movements that fit a shape, with their parameters. */
function moves(shape: readonly number[]): fc.Arbitrary<Move> {
  const rank = shape.length;
  const axes = shape.map((_, axis) => axis);
  const size = sizeOf(shape);
  const negative = (axis: number, count: number, flag: boolean): number => (flag ? axis - count : axis);
  const all: fc.Arbitrary<Move>[] = [
    // A shape of the same size: the prime factors of the size, shuffled and grouped.
    fc.tuple(factorized(size), fc.boolean()).map(([target, open]) => ({
      name: `reshape ${target.join()}`,
      tensor: (x) => x.reshape(open && size > 0 && target.length > 0 ? target.with(0, -1) : target),
      model: ({ data }) => ({ shape: target, data }),
    })),
    fc.tuple(fc.shuffledSubarray(axes, { minLength: rank }), fc.boolean()).map(([order, fromEnd]) => ({
      name: `permute ${order.join()}`,
      tensor: (x) => x.permute(order.map((axis) => negative(axis, rank, fromEnd))),
      model: (x) =>
        build(
          order.map((axis) => x.shape[axis]!),
          (index) =>
            elementAt(
              x,
              axes.map((axis) => index[order.indexOf(axis)]!),
            ),
        ),
    })),
    fc.tuple(fc.subarray(axes), fc.boolean()).map(([which, every]) => ({
      name: `flip ${which.join()}`,
      tensor: (x) => (every ? x.flip() : x.flip(which)),
      model: (x) =>
        build(x.shape, (index) =>
          elementAt(
            x,
            index.map((i, axis) => (every || which.includes(axis) ? x.shape[axis]! - 1 - i : i)),
          ),
        ),
    })),
    fc.tuple(...shape.map(range)).map((ranges) => ({
      name: `slice ${JSON.stringify(ranges)}`,
      tensor: (x) => x.slice(ranges),
      model: (x) => sliceModel(x, ranges),
    })),
    fc
      .tuple(
        fc.array(fc.tuple(fc.nat(2), fc.nat(2)), { minLength: rank, maxLength: rank }),
        fc.constantFrom(0, -7, 0.5),
      )
      .map(([widths, value]) => ({
        name: `pad ${JSON.stringify(widths)}`,
        tensor: (x) => x.pad(widths, value),
        model: (x) =>
          build(
            x.shape.map((length, axis) => length + widths[axis]![0] + widths[axis]![1]),
            (index) => {
              const from = index.map((i, axis) => i - widths[axis]![0]);
              return from.every((i, axis) => i >= 0 && i < x.shape[axis]!) ? elementAt(x, from) : value;
            },
          ),
      })),
    fc
      .tuple(
        fc.array(fc.integer({ min: 0, max: 3 }), { maxLength: 1 }),
        fc.array(fc.nat(3), { minLength: rank, maxLength: rank }),
      )
      .map(([lead, lengths]) => {
        const target = [...lead, ...shape.map((length, axis) => (length === 1 ? lengths[axis]! : length))];
        return {
          name: `broadcastTo ${target.join()}`,
          tensor: (x: Tensor) => x.broadcastTo(target),
          model: (x: Model) => build(target, (index) => elementAt(x, index)),
        };
      }),
    fc.tuple(fc.nat(rank), fc.boolean()).map(([axis, fromEnd]) => ({
      name: `expandDims ${axis}`,
      tensor: (x) => x.expandDims(negative(axis, rank + 1, fromEnd)),
      model: ({ shape: old, data }) => ({ shape: old.toSpliced(axis, 0, 1), data }),
    })),
    fc.subarray(axes.filter((axis) => shape[axis] === 1)).chain((which) =>
      fc.boolean().map((every) => ({
        name: `squeeze ${which.join()}`,
        tensor: (x: Tensor) => (every ? x.squeeze() : x.squeeze(which)),
        model: ({ shape: old, data }: Model) => ({
          shape: old.filter((length, axis) => !(every ? length === 1 : which.includes(axis))),
          data,
        }),
      })),
    ),
  ];
  if (rank > 0) {
    all.push(
      fc.nat(rank - 1).map((start) => ({
        name: `flatten ${start}`,
        tensor: (x) => x.flatten(start),
        model: ({ shape: old, data }) => ({ shape: [...old.slice(0, start), sizeOf(old.slice(start))], data }),
      })),
      fc.tuple(fc.nat(rank - 1), fc.nat(rank - 1)).map(([a, b]) => ({
        name: `transpose ${a} ${b}`,
        tensor: (x) => x.transpose(a, b - rank),
        model: (x) =>
          build(x.shape.with(a, x.shape[b]!).with(b, x.shape[a]!), (index) =>
            elementAt(x, index.with(a, index[b]!).with(b, index[a]!)),
          ),
      })),
    );
  }
  const long = axes.filter((axis) => shape[axis]! > 0);
  if (long.length > 0 && size < 200) {
    all.push(
      fc.constantFrom(...long).chain((axis) =>
        fc
          .tuple(
            fc.integer({ min: 1, max: shape[axis]! }),
            fc.integer({ min: 1, max: 3 }),
            fc.integer({ min: 1, max: 3 }),
          )
          .map(([window, step, maxDilation]) => {
            const dilation =
              window === 1 ? maxDilation : Math.min(maxDilation, Math.floor((shape[axis]! - 1) / (window - 1)));
            const count = Math.floor((shape[axis]! - (window - 1) * dilation - 1) / step) + 1;
            return {
              name: `unfold ${axis} ${window} ${step} ${dilation}`,
              tensor: (x: Tensor) => x.unfold(axis, window, step, dilation),
              model: (x: Model) =>
                build([...x.shape.with(axis, count), window], (index) =>
                  elementAt(x, index.slice(0, -1).with(axis, index[axis]! * step + index.at(-1)! * dilation)),
                ),
            };
          }),
      ),
    );
  }
  return fc.oneof(...all);
}

/** Shapes of a size, with axes of size 1 anywhere; for size 0 with an axis of size 0. */
function factorized(size: number): fc.Arbitrary<number[]> {
  if (size === 0) return fc.tuple(shapes(2), shapes(2)).map(([before, after]) => [...before, 0, ...after]);
  const primes: number[] = [];
  for (let rest = size, p = 2; rest > 1;) {
    if (rest % p === 0) {
      primes.push(p);
      rest /= p;
    } else p++;
  }
  return fc
    .tuple(fc.shuffledSubarray([...primes, 1, 1], { minLength: primes.length + 2 }), fc.integer({ min: 1, max: 3 }))
    .map(([factors, step]) =>
      Array.from({ length: Math.ceil(factors.length / step) }, (_, i) =>
        sizeOf(factors.slice(i * step, (i + 1) * step)),
      ),
    );
}

/** All kinds of ranges for an axis, with ends far out of range. */
function range(length: number): fc.Arbitrary<Range> {
  const end = fc.option(fc.integer({ min: -length - 3, max: length + 3 }));
  const step = fc.constantFrom(1, 2, 3, -1, -2, -3);
  const kinds: fc.Arbitrary<Range>[] = [fc.constant(null), fc.tuple(end, end), fc.tuple(end, end, step)];
  if (length > 0) kinds.push(fc.integer({ min: -length, max: length - 1 }));
  return fc.oneof(...kinds);
}

/** The indices of Python's range(*slice(start, stop, step).indices(length)). */
function chosen(given: Range, length: number): number[] {
  if (typeof given === 'number') return [given < 0 ? given + length : given];
  const [start = null, stop = null, step = 1] = given ?? [];
  const [lowest, highest] = step > 0 ? [0, length] : [-1, length - 1];
  const clamp = (end: number): number => Math.max(lowest, Math.min(highest, end < 0 ? end + length : end));
  const from = start === null ? (step > 0 ? lowest : highest) : clamp(start);
  const to = stop === null ? (step > 0 ? highest : lowest) : clamp(stop);
  const result: number[] = [];
  for (let i = from; step > 0 ? i < to : i > to; i += step) result.push(i);
  return result;
}

function sliceModel(x: Model, ranges: readonly Range[]): Model {
  const lists = x.shape.map((length, axis) => chosen(ranges[axis] ?? null, length));
  const full = build(
    lists.map((list) => list.length),
    (index) =>
      elementAt(
        x,
        index.map((i, axis) => lists[axis]![i]!),
      ),
  );
  return { shape: full.shape.filter((_, axis) => typeof ranges[axis] !== 'number'), data: full.data };
}

function equals(actual: Tensor, expected: Model): void {
  expect(actual.shape).toEqual(expected.shape);
  expect(numbers(actual)).toEqual(expected.data);
}

describe('against a model of nested arrays', () => {
  test('one movement', () => {
    fc.assert(
      fc.property(
        shapes().chain((shape) => fc.tuple(fc.constant(counting(shape)), moves(shape))),
        ([model, move]) => equals(move.tensor(toTensor(model)), move.model(model)),
      ),
      { numRuns: 600 },
    );
  });

  test('chains of movements on a computed tensor, read by an elementwise operation and a reduction', () => {
    fc.assert(
      fc.property(shapes(3, 0, 3), fc.infiniteStream(fc.nat()), (shape, seeds) => {
        let model = build(shape, (index) => index.reduce((a, b) => a * 5 + b, 1));
        let x = toTensor(model).mul(3);
        model = { ...model, data: model.data.map((value) => value * 3) };
        const names: string[] = [];
        for (let i = 0; i < 5 && sizeOf(model.shape) < 400 && model.shape.length < 6; i++) {
          const [move] = fc.sample(moves(model.shape), { numRuns: 1, seed: seeds.next().value }) as [Move];
          names.push(move.name);
          x = move.tensor(x);
          model = move.model(model);
        }
        const expected = model.data.map((value) => value * 2 + 1);
        expect([names, x.shape, numbers(x.mul(2).add(1))]).toEqual([names, model.shape, expected]);
        expect(x.sum().itemSync()).toBe(model.data.reduce((a, b) => a + b, 0));
      }),
      { numRuns: 300 },
    );
  });

  test('two chains of movements of one tensor as operands of one operation', () => {
    fc.assert(
      fc.property(
        shapes(3).chain((shape) => fc.tuple(fc.constant(counting(shape)), moves(shape), moves(shape))),
        ([model, first, second]) => {
          const [a, b] = [first.model(model), second.model(model)];
          const pairs = [a.shape, b.shape];
          const shape = broadcastShape(pairs);
          const fits = pairs.every((operand) =>
            operand.every((n, i) => n === 1 || n === shape[shape.length - operand.length + i]),
          );
          fc.pre(fits);
          const x = toTensor(model).add(0);
          equals(
            first.tensor(x).sub(second.tensor(x)),
            build(shape, (index) => elementAt(a, index) - elementAt(b, index)),
          );
        },
      ),
    );
  });
});

describe('joining and splitting', () => {
  /** Shapes that differ on one axis only. */
  const parts = fc
    .tuple(shapes(3, 1), fc.nat(), fc.array(fc.nat(3), { minLength: 1, maxLength: 4 }))
    .chain(([shape, pick, lengths]) => {
      const axis = pick % shape.length;
      return fc.record({
        axis: fc.constant(axis),
        rank: fc.constant(shape.length),
        pieces: fc.tuple(...lengths.map((length) => models(fc.constant(shape.with(axis, length))))),
      });
    });

  test('concat', () => {
    fc.assert(
      fc.property(parts, fc.boolean(), ({ axis, rank, pieces }, fromEnd) => {
        const lengths = pieces.map(({ shape }) => shape[axis]!);
        const owner = lengths.flatMap((length, piece) => Array.from({ length }, (_, i) => [piece, i] as const));
        const expected = build(pieces[0]!.shape.with(axis, owner.length), (index) => {
          const [piece, i] = owner[index[axis]!]!;
          return elementAt({ ...pieces[piece]! }, index.with(axis, i));
        });
        // `elementAt` broadcasts a piece of length 1, whose only index is 0 anyway.
        equals(
          concat(
            pieces.map((piece) => toTensor(piece)),
            fromEnd ? axis - rank : axis,
          ),
          expected,
        );
      }),
    );
  });

  test('split by sizes inverts concat', () => {
    fc.assert(
      fc.property(parts, ({ axis, pieces }) => {
        const joined = concat(
          pieces.map((piece) => toTensor(piece)),
          axis,
        );
        const cut = joined.split(
          pieces.map(({ shape }) => shape[axis]!),
          axis,
        );
        cut.forEach((part, i) => equals(part, pieces[i]!));
        expect(cut.length).toBe(pieces.length);
      }),
    );
  });

  test('stack is concat with a new axis', () => {
    fc.assert(
      fc.property(shapes(3), fc.integer({ min: 1, max: 3 }), fc.nat(), (shape, count, pick) => {
        const place = pick % (shape.length + 1);
        const pieces = Array.from({ length: count }, (_, i) => ({
          shape,
          data: counting(shape).data.map((value) => value + 1000 * i),
        }));
        const expected = build(shape.toSpliced(place, 0, count), (index) =>
          elementAt(pieces[index[place]!]!, index.toSpliced(place, 1)),
        );
        equals(
          stack(
            pieces.map((piece) => toTensor(piece)),
            place,
          ),
          expected,
        );
        equals(
          stack(
            pieces.map((piece) => toTensor(piece)),
            place - shape.length - 1,
          ),
          expected,
        );
      }),
    );
  });

  test('split into equal sections', () => {
    const cut = arange(6).reshape([2, 3]).split(3, 1);
    expect(cut.map((part) => part.toArraySync())).toEqual([
      [[0], [3]],
      [[1], [4]],
      [[2], [5]],
    ]);
  });

  test('dtypes are promoted', () => {
    expect(concat([tensor([true]), arange(1)]).dtype).toBe('int32');
    expect(stack([tensor([1], { dtype: 'float64' }), arange(1)]).dtype).toBe('float64');
  });
});

test('pad writes bool as 0 or 1', () => {
  expect(numbers(tensor([false]).pad([[1, 0]], 2))).toEqual([1, 0]);
});

test('slices are those of NumPy', () => {
  const x = arange(24).reshape([2, 3, 4]);
  expect(x.slice([0, [1, -1], [null, null, 2]]).toArraySync()).toEqual([[4, 6]]);
  expect(x.slice([-1, -1, -1]).itemSync()).toBe(23);
  expect(
    x
      .slice([[null, null, -1]])
      .slice([0, 0])
      .toArraySync(),
  ).toEqual([12, 13, 14, 15]);
  expect(x.slice([]).shape).toEqual([2, 3, 4]);
});

const x = zeros([2, 3]);
test.each([
  [() => x.reshape([4]), 'reshape: [2, 3] holds 6 elements and cannot become [4]'],
  [() => x.reshape([-1, 4]), 'reshape: [2, 3] holds 6 elements and cannot become [-1, 4]'],
  [() => x.reshape([-1, -1]), 'reshape: shape must be an array of integers ≥ 0 and at most one −1, got [-1, -1]'],
  [() => x.reshape([-6]), 'reshape: shape must be an array of integers ≥ 0 and at most one −1, got [-6]'],
  [
    () => x.reshape(6 as unknown as number[]),
    'reshape: shape must be an array of integers ≥ 0 and at most one −1, got 6',
  ],
  [() => zeros([0]).reshape([-1, 0]), 'reshape: [0] holds 0 elements and cannot become [-1, 0]'],
  [() => x.permute([0]), 'permute: axes must be a permutation of the 2 axes of [2, 3], got [0]'],
  [() => x.permute([0, 0]), 'permute: axes must be a permutation of the 2 axes of [2, 3], got [0, 0]'],
  [() => x.permute([0, 2]), 'permute: axis 2 is out of range for a tensor of rank 2; use -2 to 1'],
  [() => x.permute(1 as unknown as number[]), 'permute: axes must be an array of integers, got 1'],
  [() => zeros([3]).transpose(), 'transpose: axis -2 is out of range for a tensor of rank 1; use -1 to 0'],
  [() => x.squeeze(0), 'squeeze: axis 0 of [2, 3] must have size 1, got 2'],
  [() => x.expandDims(3), 'expandDims: axis 3 is out of range for a tensor of rank 3; use -3 to 2'],
  [() => x.flatten(2), 'flatten: axis 2 is out of range'],
  [() => x.broadcastTo([3, 3]), 'broadcastTo: shapes [2, 3] and [3, 3] do not broadcast'],
  [() => x.broadcastTo([3]), 'broadcastTo: [2, 3] does not broadcast to [3]'],
  [() => x.broadcastTo([-1]), 'broadcastTo: shape must be an array of integers ≥ 0, got [-1]'],
  [() => x.slice([2]), 'slice: index 2 is out of range for axis 0 of length 2'],
  [() => x.slice([null, -4]), 'slice: index -4 is out of range for axis 1 of length 3'],
  [() => x.slice([0, 0, 0]), 'slice: expected at most 2 ranges for a tensor of shape [2, 3], got 3'],
  [() => x.slice([[0, 1, 0]]), 'slice: the step of axis 0 must be an integer other than 0, got 0'],
  [() => x.slice([[0.5]]), 'slice: the start of axis 0 must be an integer, got 0.5'],
  [
    () => x.slice(0 as unknown as Range[]),
    'slice: ranges must be an array with at most one range for each axis, got 0',
  ],
  [
    () => x.slice([':' as unknown as Range]),
    "slice: the range of axis 0 must be null, an index or [start, stop, step], got ':'",
  ],
  [() => x.flip(2), 'flip: axis 2 is out of range'],
  [
    () => x.pad([[1, 1]]),
    'pad: widths must be a pair [before, after] of integers ≥ 0 for each of the 2 axes of [2, 3], got [[1, 1]]',
  ],
  [
    () =>
      x.pad([
        [1, 1],
        [0, -1],
      ]),
    'pad: widths must be a pair',
  ],
  [() => x.pad(1 as unknown as [number, number][]), 'pad: widths must be a pair'],
  [
    () =>
      x.pad(
        [
          [1, 1],
          [0, 0],
        ],
        '0' as unknown as number,
      ),
    "pad: value must be a number, got '0'",
  ],
  [() => concat([]), 'concat: expected at least one tensor, got none'],
  [() => concat(x as unknown as Tensor[]), 'concat: expected an array of tensors'],
  [() => concat([x, 1 as unknown as Tensor]), 'concat: expected a tensor, got 1'],
  [() => concat([undefined as unknown as Tensor]), 'concat: expected a tensor, got undefined'],
  [
    () => x.split(undefined as unknown as number),
    'split: sections must be a number or an array of numbers, got undefined',
  ],
  [() => concat([zeros([]), zeros([])]), 'concat: scalars have no axis to join along; use stack'],
  [() => concat([x, zeros([3, 3])], 1), 'concat: shapes [2, 3] and [3, 3] must be equal on all axes but 1'],
  [
    () => concat([zeros([2, 2, 2]), zeros([2])], 2),
    'concat: shapes [2, 2, 2] and [2] must have the same rank; use reshape or stack',
  ],
  [() => concat([x], 2), 'concat: axis 2 is out of range'],
  [() => stack([x, zeros([3])]), 'stack: shapes must be equal, got [2, 3] and [3]'],
  [() => stack([]), 'stack: expected at least one tensor, got none'],
  [() => stack([x], 4), 'stack: axis 4 is out of range'],
  [() => x.split(2, 1), 'split: axis 1 of [2, 3] does not split into 2 equal sections'],
  [() => x.split([1, 1], 1), 'split: axis 1 of [2, 3] does not split into sections of sizes [1, 1]'],
  [() => x.split([4, -1], 1), 'split: axis 1 of [2, 3] does not split into sections of sizes [4, -1]'],
  [() => x.split(0), 'split: axis 0 of [2, 3] does not split into 0 equal sections'],
  [() => x.unfold(1, 4), 'unfold: a window of 4 elements does not fit axis 1 of [2, 3]'],
  [() => x.unfold(1, 2, 1, 3), 'unfold: a window of 4 elements does not fit axis 1 of [2, 3]'],
  [() => x.unfold(1, 0), 'unfold: size must be an integer ≥ 1, got 0'],
])('error %#', (make, message) => expect(make).toThrow(message));
