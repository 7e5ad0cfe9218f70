import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  arange,
  evaluateSync,
  eye,
  full,
  grad,
  linspace,
  ones,
  onesLike,
  tensor,
  zeros,
  zerosLike,
  type DType,
  type Nested,
  type TensorOptions,
  type Tensor,
} from '../src/index.ts';
import { models, numbers, shapes, toTensor } from './helpers.ts';

describe('tensor', () => {
  test.each([
    [3, [], 'float32'],
    [true, [], 'bool'],
    [[], [0], 'float32'],
    [[1, 2, 3], [3], 'float32'],
    [[true, false], [2], 'bool'],
    [[true, 1], [2], 'float32'],
    [
      [
        [1, 2, 3],
        [4, 5, 6],
      ],
      [2, 3],
      'float32',
    ],
    [[[[1], [2]]], [1, 2, 1], 'float32'],
    [[[], []], [2, 0], 'float32'],
  ] as [Nested, number[], DType][])('%j', (values, shape, dtype) => {
    const x = tensor(values);
    expect(x.shape).toEqual(shape);
    expect(x.dtype).toBe(dtype);
    expect(x.ndim).toBe(shape.length);
    expect(x.toArraySync()).toEqual(values === true ? true : dtype === 'bool' ? values : mapped(values, Number));
  });

  test('toArray returns the nested arrays that tensor was given', () => {
    fc.assert(
      fc.property(models(shapes(4)), (model) => {
        const nested = toTensor(model).toArraySync() as Nested;
        const again = tensor(nested, { dtype: 'float64' });
        expect(again.toArraySync()).toEqual(nested);
        // An empty array does not tell the sizes of inner axes.
        const empty = model.shape.indexOf(0);
        expect(again.shape).toEqual(empty < 0 ? model.shape : model.shape.slice(0, empty + 1));
      }),
    );
  });

  test.each([
    [new Float32Array([1.5, 2]), 'float32'],
    [new Float64Array([0.1, 2]), 'float64'],
    [new Int32Array([-1, 2]), 'int32'],
    [new Uint8Array([255, 2]), 'int32'],
    [new Int8Array([-1, 2]), 'int32'],
    [new Uint8ClampedArray([255, 2]), 'int32'],
    [new Int16Array([-1, 2]), 'int32'],
    [new Uint16Array([65535, 2]), 'int32'],
  ] as const)('%o keeps its type', (values, dtype) => {
    const x = tensor(values);
    expect(x.dtype).toBe(dtype);
    expect(numbers(x)).toEqual(Array.from(values));
    expect(tensor(values, { shape: [2, 1] }).shape).toEqual([2, 1]);
  });

  test('dtype converts', () => {
    expect(numbers(tensor([-0, 2147483647], { dtype: 'int32' }))).toEqual([0, 2147483647]);
    expect(numbers(tensor([0, 0.5, NaN, 256], { dtype: 'bool' }))).toEqual([0, 1, 1, 1]);
    expect(numbers(tensor([true, false], { dtype: 'float64' }))).toEqual([1, 0]);
    expect(numbers(tensor(new Uint8Array([0, 7]), { dtype: 'bool' }))).toEqual([0, 1]);
  });

  test('values are copied when they are given and read', () => {
    const values = Float32Array.of(1, 2);
    const shape = [2];
    const x = tensor(values, { shape });
    values[0] = 9;
    shape[0] = 9;
    expect(x.shape).toEqual([2]);
    expect(numbers(x)).toEqual([1, 2]);
    x.dataSync()[0] = 9;
    expect(numbers(x)).toEqual([1, 2]);
    expect(numbers(x.add(1))).toEqual([2, 3]);
  });

  test.each([
    [[[1, 2], [3]], 'tensor: rows differ in length: expected 2 at depth 1, got an array of 1'],
    [[[1], 2], 'tensor: rows differ in depth: expected an array of 1 at depth 1, got 2'],
    [[1, [2]], 'tensor: rows differ in length: expected a number at depth 1, got an array of 1'],
    [['1'], "tensor: values must be numbers or booleans in nested arrays, got '1'"],
    [undefined, 'tensor: values must be numbers or booleans in nested arrays, got undefined'],
    [null, 'tensor: values must be numbers or booleans in nested arrays, got null'],
    [[null], 'tensor: values must be numbers or booleans in nested arrays, got null'],
    [{}, 'tensor: values must be numbers or booleans in nested arrays, got {}'],
    [BigInt64Array.of(1n), 'tensor: a BigInt64Array cannot be a tensor; copy it into an Int32Array or Float64Array'],
    [Uint32Array.of(1), 'tensor: a Uint32Array cannot be a tensor; copy it into an Int32Array or Float64Array'],
    [new DataView(new ArrayBuffer(4)), 'tensor: a DataView cannot be a tensor'],
  ])('%o is an error', (values, message) => {
    expect(() => tensor(values as Nested)).toThrow(message);
  });

  test('values must fill the shape', () => {
    expect(() => tensor([1, 2, 3], { shape: [2, 2] })).toThrow(
      'tensor: 3 values do not fill the shape [2, 2], which holds 4',
    );
    expect(() => tensor([1], { shape: [-1] })).toThrow('tensor: shape must be an array of integers ≥ 0, got [-1]');
    expect(() => tensor([1], { dtype: 'float16' as DType })).toThrow(
      "tensor: unknown dtype 'float16'; expected float32, float64, int32 or bool",
    );
  });
});

describe('a number that is not an int32 is an error where int32 is asked for', () => {
  const int = { dtype: 'int32' } as const;
  test.each([
    [
      () =>
        tensor(
          [
            [1, 2],
            [3, 3e9],
          ],
          int,
        ),
      'tensor: 3000000000 at index [1, 1]',
    ],
    [() => tensor([2, NaN], int), 'tensor: NaN at index [1]'],
    [() => tensor(1.7, int), 'tensor: 1.7'],
    [() => tensor([true, -Infinity], int), 'tensor: -Infinity at index [1]'],
    [() => tensor(Float32Array.of(1, 2, 0.5, 4), { ...int, shape: [2, 2] }), 'tensor: 0.5 at index [1, 0]'],
    [() => tensor(Float64Array.of(2 ** 31), int), 'tensor: 2147483648 at index [0]'],
    [() => full([2], -1.9, int), 'full: -1.9'],
    [() => arange(0, 2, 0.5, int), 'arange: 0.5 at index [1]'],
    [() => linspace(0, 1, 3, int), 'linspace: 0.5 at index [1]'],
    [() => zeros([1], int).pad([[0, 1]], -Infinity), 'pad: -Infinity'],
  ])('%#', (make, message) => {
    const reason = ` is not an int32, an integer from -2147483648 to 2147483647; convert floating-point tensors with astype('int32'), which truncates`;
    expect(make).toThrow(new RangeError(message + reason));
  });
});

describe('filled tensors', () => {
  test('zeros, ones, full', () => {
    expect(zeros([2, 2]).toArraySync()).toEqual([
      [0, 0],
      [0, 0],
    ]);
    expect(ones([2], { dtype: 'int32' }).dtype).toBe('int32');
    expect(full([2], 0.5).toArraySync()).toEqual([0.5, 0.5]);
    expect(full([], 7).itemSync()).toBe(7);
    expect(full([2], true).toArraySync()).toEqual([true, true]);
    expect(full([0, 3], 1).toArraySync()).toEqual([]);
    expect(numbers(full([2], 0.5, { dtype: 'bool' }))).toEqual([1, 1]);
    expect(numbers(full([2], 256, { dtype: 'bool' }))).toEqual([1, 1]);
  });

  test('zerosLike, onesLike', () => {
    const x = zeros([2, 3], { dtype: 'float64' });
    for (const [y, value] of [
      [zerosLike(x), 0],
      [onesLike(x), 1],
    ] as [Tensor, number][]) {
      expect([y.shape, y.dtype, numbers(y)]).toEqual([[2, 3], 'float64', Array(6).fill(value)]);
    }
    expect(zerosLike(x, { dtype: 'bool' }).dtype).toBe('bool');
  });

  test.each([
    [() => zeros(3 as unknown as number[]), 'zeros: shape must be an array of integers ≥ 0, got 3'],
    [() => ones([-1]), 'ones: shape must be an array of integers ≥ 0, got [-1]'],
    [() => full([1.5], 0), 'full: shape must be an array of integers ≥ 0, got [1.5]'],
    [() => full([1], '1' as unknown as number), "full: value must be a number or a boolean, got '1'"],
    [() => zeros([1], { dtype: 'half' as DType }), "zeros: unknown dtype 'half'"],
    [() => zerosLike([1] as unknown as Tensor), 'zerosLike: expected a tensor, got Array'],
    [() => onesLike(1 as unknown as Tensor), 'onesLike: expected a tensor, got 1'],
  ])('error %#', (make, message) => expect(make).toThrow(message));
});

describe('arange', () => {
  test('counts', () => {
    expect([arange(4).dtype, numbers(arange(4))]).toEqual(['int32', [0, 1, 2, 3]]);
    expect(numbers(arange(2, 5))).toEqual([2, 3, 4]);
    expect(numbers(arange(5, 0, -2))).toEqual([5, 3, 1]);
    expect(numbers(arange(0, 7, 3))).toEqual([0, 3, 6]);
    expect(numbers(arange(3, 1))).toEqual([]);
    expect(numbers(arange(1, 3, { dtype: 'float64' }))).toEqual([1, 2]);
    expect([arange(3, { dtype: 'float64' }).dtype, arange(0).shape]).toEqual(['float64', [0]]);
    expect(numbers(arange(2147483646, 2147483648))).toEqual([2147483646, 2147483647]);
    // The step of the first is outside of int32.
    expect(numbers(arange(-2147483648, 2147483648, 4294967295))).toEqual([-2147483648, 2147483647]);
    expect(numbers(arange(0, 5, 2 ** 40))).toEqual([0]);
  });

  test('fractions are rounded once', () => {
    const x = arange(0, 1, 0.1);
    expect(x.dtype).toBe('float32');
    expect(numbers(x)).toEqual(Array.from({ length: 10 }, (_, i) => Math.fround(i * 0.1)));
    expect(numbers(arange(3e9, 3e9 + 2, 1, { dtype: 'float64' }))).toEqual([3e9, 3e9 + 1]);
  });

  test.each([
    [() => arange(NaN), 'arange: start, stop and step must be finite and the step not 0, got [0, NaN, 1]'],
    [() => arange(0, 1, 0), 'arange: start, stop and step must be finite and the step not 0, got [0, 1, 0]'],
    [() => arange('3' as unknown as number), 'arange: start, stop and step must be finite'],
    [() => arange(3e9, 3e9 + 2), "arange: 3000000000 to 3000000001 does not fit int32; ask for { dtype: 'float64' }"],
    [() => arange(3, { dtype: 'int64' as DType }), "arange: unknown dtype 'int64'"],
  ])('error %#', (make, message) => expect(make).toThrow(message));
});

test.each([
  ['tensor', (dtype: TensorOptions) => tensor([1], dtype)],
  ['full', (dtype: TensorOptions) => full([1], 2, dtype)],
  ['zeros', (dtype: TensorOptions) => zeros([1], dtype)],
  ['ones', (dtype: TensorOptions) => ones([1], dtype)],
  ['zerosLike', (dtype: TensorOptions) => zerosLike(ones([1]), dtype)],
  ['onesLike', (dtype: TensorOptions) => onesLike(ones([1]), dtype)],
  ['arange', (dtype: TensorOptions) => arange(3, dtype)],
  ['arange', (dtype: TensorOptions) => arange(0, 3, 1, dtype)],
  ['arange', (dtype: TensorOptions) => arange(0, 3, dtype)],
  ['linspace', (dtype: TensorOptions) => linspace(0, 2, 3, dtype)],
  ['eye', (dtype: TensorOptions) => eye(2, dtype)],
] as const)('%s refuses a dtype that is not in an options object', (name, make) => {
  expect(make({ dtype: 'int32' }).dtype).toBe('int32');
  expect(() => make('int32' as unknown as TensorOptions)).toThrow(
    `${name}: options must be an object such as { dtype: … }, got 'int32'`,
  );
});

describe('linspace and eye', () => {
  test('both ends are exact', () => {
    fc.assert(
      fc.property(fc.integer(), fc.integer(), fc.integer({ min: 2, max: 60 }), (start, stop, count) => {
        const x = linspace(start / 7, stop / 7, count, { dtype: 'float64' });
        expect(x.shape).toEqual([count]);
        const values = numbers(x);
        expect([values[0], values.at(-1)]).toEqual([start / 7, stop / 7]);
      }),
    );
    expect(numbers(linspace(0, 1, 5))).toEqual([0, 0.25, 0.5, 0.75, 1]);
    expect(numbers(linspace(3, 5, 1))).toEqual([3]);
    expect(linspace(0, 1).shape).toEqual([50]);
    expect(() => linspace(0, NaN, 3)).toThrow('linspace: start and stop must be finite, got [0, NaN]');
    expect(linspace(0, 1, 0).shape).toEqual([0]);
    expect(() => linspace(0, 1, -1)).toThrow('linspace: count must be an integer from 0 to 2147483647, got -1');
    expect(() => linspace(0, 1, 2, { dtype: 'x' as DType })).toThrow("linspace: unknown dtype 'x'");
  });

  test('eye', () => {
    expect(eye(2).toArraySync()).toEqual([
      [1, 0],
      [0, 1],
    ]);
    expect(eye(2, { columns: 3, dtype: 'int32' }).toArraySync()).toEqual([
      [1, 0, 0],
      [0, 1, 0],
    ]);
    expect(eye(0).shape).toEqual([0, 0]);
    expect(() => eye(-1)).toThrow('eye: rows must be an integer ≥ 0, got -1');
  });
});

function mapped(values: Nested, f: (value: number | boolean) => number): unknown {
  return typeof values === 'number' || typeof values === 'boolean'
    ? f(values)
    : values.map((value) => mapped(value, f));
}

describe('of another realm', () => {
  const foreign = (code: string): never => runInNewContext(code) as never;

  test('typed arrays, arrays and options are as those of this realm', () => {
    expect(numbers(tensor(foreign('new Float64Array([1, 2])')))).toEqual([1, 2]);
    expect(tensor(foreign('new Float64Array([1, 2])')).dtype).toBe('float64');
    expect(tensor(foreign('new Uint8Array(3)')).dtype).toBe('int32');
    expect(tensor(foreign('[[1, 2], [3, 4]]'), foreign("({ dtype: 'int32' })")).shape).toEqual([2, 2]);
    expect(() => tensor(foreign('new BigInt64Array(1)'))).toThrow(/a BigInt64Array cannot be a tensor/);
  });

  test('trees of tensors are plain objects and arrays', () => {
    const tree = foreign('(x) => ({ x: [x] })') as (x: Tensor) => { x: Tensor[] };
    const x = tensor([1, 2]);
    expect(grad((t: { x: Tensor[] }) => t.x[0]!.square().sum())(tree(x)).x[0]!.shape).toEqual([2]);
    evaluateSync(tree(x.add(1)));
  });
});

test('arrays that contain themselves are refused', () => {
  const cyclic: unknown[] = [];
  cyclic.push(cyclic);
  expect(() => tensor(cyclic as number[])).toThrow(/nested deeper than 64, or contain themselves/);
});
