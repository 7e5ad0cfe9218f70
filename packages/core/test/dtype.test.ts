import { describe, expect, test } from 'vitest';
import * as tg from '../src/index.ts';
import { promoteTypes, tensor, zeros, type DType, type Tensor } from '../src/index.ts';
import { numbers } from './helpers.ts';

const dtypes = ['bool', 'int32', 'float32', 'float64'] as const;
const one = (dtype: DType): Tensor => tensor([1], { dtype });

/** Results by the dtypes of the first operand (rows) and the second (columns), both in the order of `dtypes`. */
const tables: Record<string, { operations: readonly ('add' | 'div' | 'less' | 'logicalAnd')[]; table: DType[][] }> = {
  number: {
    operations: ['add'],
    table: [
      ['int32', 'int32', 'float32', 'float64'],
      ['int32', 'int32', 'float32', 'float64'],
      ['float32', 'float32', 'float32', 'float64'],
      ['float64', 'float64', 'float64', 'float64'],
    ],
  },
  float: {
    operations: ['div'],
    table: [
      ['float32', 'float32', 'float32', 'float64'],
      ['float32', 'float32', 'float32', 'float64'],
      ['float32', 'float32', 'float32', 'float64'],
      ['float64', 'float64', 'float64', 'float64'],
    ],
  },
  'comparison and logical': {
    operations: ['less', 'logicalAnd'],
    table: dtypes.map(() => dtypes.map(() => 'bool')),
  },
};

describe('promotion of two tensors', () => {
  for (const [rule, { operations, table }] of Object.entries(tables)) {
    test(rule, () => {
      for (const name of operations) {
        dtypes.forEach((a, row) =>
          dtypes.forEach((b, column) =>
            expect([name, a, b, one(a)[name](one(b)).dtype]).toEqual([name, a, b, table[row]![column]]),
          ),
        );
      }
    });
  }

  test('select promotes its two values, independently of the condition', () => {
    for (const a of dtypes) {
      for (const b of dtypes) {
        for (const condition of dtypes) expect(one(condition).where(one(a), one(b)).dtype).toBe(promoteTypes(a, b));
      }
    }
  });

  test('bitwise accepts int32 only, or bool together with int32', () => {
    expect(one('int32').bitwiseAnd(one('int32')).dtype).toBe('int32');
    expect(one('bool').bitwiseAnd(one('int32')).dtype).toBe('int32');
    expect(() => one('float32').bitwiseAnd(one('int32'))).toThrow(
      "bitwiseAnd: expected int32 tensors, got float32; convert with astype('int32')",
    );
    expect(() => one('int32').bitwiseAnd(0.5)).toThrow(/bitwiseAnd: expected int32/);
  });

  test('promote takes the wider', () => {
    const table = dtypes.map((a) => dtypes.map((b) => promoteTypes(a, b)));
    expect(table).toEqual([
      ['bool', 'int32', 'float32', 'float64'],
      ['int32', 'int32', 'float32', 'float64'],
      ['float32', 'float32', 'float32', 'float64'],
      ['float64', 'float64', 'float64', 'float64'],
    ]);
  });
});

describe('plain numbers are weakly typed', () => {
  test('they take the dtype of the tensor, except that fractions widen integers', () => {
    const table = dtypes.map((dtype) => [1, 0.5, -(2 ** 31), NaN].map((value) => one(dtype).add(value).dtype));
    expect(table).toEqual([
      ['int32', 'float32', 'int32', 'float32'],
      ['int32', 'float32', 'int32', 'float32'],
      ['float32', 'float32', 'float32', 'float32'],
      ['float64', 'float64', 'float64', 'float64'],
    ]);
    for (const dtype of ['float32', 'float64'] as const) expect(one(dtype).add(2 ** 31).dtype).toBe(dtype);
  });

  test('an integer outside of int32 is an error with int32 and bool', () => {
    const message = 'add: 2147483648 is not an int32, an integer from -2147483648 to 2147483647; convert the';
    const fix = `tensor with astype('float64') or astype('float32')`;
    expect(() => one('int32').add(2 ** 31)).toThrow(new RangeError(`${message} int32 ${fix}`));
    expect(() => one('bool').add(2 ** 31)).toThrow(new RangeError(`${message} bool ${fix}`));
    const int = one('int32');
    for (const build of [
      () => tg.sub(-3e9, int),
      () => int.mul(1e300),
      () => int.maximum(2 ** 31),
      () => int.minimum(-3e9),
      () => int.clip(2 ** 31, 2 ** 32),
      () => int.clip(-3e9, -(2 ** 31) - 1),
      () => tg.where(int, int, 3e9),
      () => int.bitwiseAnd(2 ** 32),
      () => int.pow(2 ** 31),
    ])
      expect(build).toThrow(/is not an int32, an integer from/);
    // The result is floating point anyway.
    expect(int.div(2 ** 32).itemSync()).toBe(2 ** -32);
    expect(int.clip(0.5, 2 ** 33).dtype).toBe('float32');
  });

  test('bounds that no int32 exceeds keep int32', () => {
    for (const x of [one('int32'), one('bool')]) {
      for (const y of [x.clip(-Infinity, 5), x.clip(0, 2 ** 31), x.maximum(-3e9), x.minimum(Infinity)])
        expect([y.dtype, numbers(y)]).toEqual(['int32', [1]]);
      expect(x.maximum(Infinity).dtype).toBe('float32');
    }
    expect(tg.maximum(-4e9, -3e9).itemSync()).toBe(Math.fround(-3e9));
  });

  test('comparisons with int32 and bool are exact', () => {
    const [large, odd] = [2 ** 31 - 1, 2 ** 24 + 1].map((n) => tensor([n], { dtype: 'int32' }));
    expect(numbers(large!.equal(2 ** 31))).toEqual([0]);
    expect(numbers(odd!.greater(2 ** 24 + 0.5))).toEqual([1]);
    expect(numbers(tensor([true, false]).greater(0.5))).toEqual([1, 0]);
    expect(numbers(tensor([true, false]).notEqual(NaN))).toEqual([1, 1]);
    // In floating point the number takes the dtype of the tensor.
    expect(numbers(tensor([0.1, 2 ** 24]).equal(0.1))).toEqual([1, 0]);
    expect(numbers(tensor([2 ** 24]).less(2 ** 24 + 1))).toEqual([0]);
  });

  test('as either operand, and in where and clip', () => {
    expect(tg.sub(1, one('float64')).dtype).toBe('float64');
    expect(tg.where(one('bool'), one('int32'), 0).dtype).toBe('int32');
    expect(tg.where(one('bool'), one('int32'), 0.5).dtype).toBe('float32');
    expect(one('int32').clip(0, 1).dtype).toBe('int32');
    expect(one('float64').clip(0, 0.5).dtype).toBe('float64');
  });

  test('numbers alone are float32', () => {
    expect(tg.add(1, 2).dtype).toBe('float32');
    expect(tg.add(1, 2).itemSync()).toBe(3);
  });

  test('as conditions they are true if they are not 0', () => {
    expect(tg.where(0.5, 1, 2).itemSync()).toBe(1);
    expect(tg.where(256, 1, 2).itemSync()).toBe(1);
    expect(tensor([true, false]).logicalAnd(2).toArraySync()).toEqual([true, false]);
    expect(tensor([true, false]).logicalOr(0.25).toArraySync()).toEqual([true, true]);
  });
});

describe('int32 arithmetic', () => {
  const int = (...values: number[]): Tensor => tensor(values, { dtype: 'int32' });

  test('wraps around', () => {
    expect(numbers(int(2147483647).add(1))).toEqual([-2147483648]);
    expect(numbers(int(-2147483648).sub(1))).toEqual([2147483647]);
    expect(numbers(int(-2147483648).neg())).toEqual([-2147483648]);
    expect(numbers(int(2147483647, 2147483647).sum())).toEqual([-2]);
    const many = tg.full([2 ** 23], 2147483647, { dtype: 'int32' });
    expect([many.sum().itemSync(), many.mean().itemSync()]).toEqual([-8388608, 2147483648]);
    expect(
      tg
        .full([2 ** 24 + 1], true)
        .sum()
        .itemSync(),
    ).toBe(2 ** 24 + 1);
  });

  test('means do not wrap around, and keep the low bits', () => {
    expect(int(2147483647, 2147483647).mean().itemSync()).toBe(2147483648);
    expect(int(123456789, -123456788).mean().itemSync()).toBe(0.5);
    expect(int(16777217, 16777217, 16777217, 16777221).mean().itemSync()).toBe(16777218);
    expect(int(-2147483648, -2147483648, -2147483648).mean().itemSync()).toBe(-2147483648);
    expect(numbers(tensor([[], []], { dtype: 'int32' }).mean(1))).toEqual([NaN, NaN]);
    expect(tensor([true, false]).mean().itemSync()).toBe(0.5);
  });

  test('does not wrap around in statistics, which are floating point', () => {
    const ends = int(2147483647, -2147483648);
    expect(numbers(ends.softmax())).toEqual([1, 0]);
    expect(numbers(ends.logSoftmax())).toEqual([0, -(2 ** 32)]);
    expect([ends.logsumexp().itemSync(), ends.variance().itemSync()]).toEqual([2 ** 31, 2 ** 62]);
    expect([ends.norm(0, { ord: 1 }).itemSync(), ends.norm(0, { ord: Infinity }).itemSync()]).toEqual([
      2 ** 32,
      2 ** 31,
    ]);
  });

  test('products keep their low bits', () => {
    expect(numbers(int(123456789).mul(987654321))).toEqual([Math.imul(123456789, 987654321)]);
    expect(numbers(int(123456789).square())).toEqual([Math.imul(123456789, 123456789)]);
    const [x, y] = [int(123456789), int(987654321)];
    expect(numbers(x.matmul(y))).toEqual([-67153019]);
    const [image, filter] = [x, y].map((a) => a.reshape([1, 1, 1, 1])) as [Tensor, Tensor];
    expect(numbers(tg.conv2d(image, filter))).toEqual([-67153019]);
  });

  test('powers keep their low bits, and negative ones are truncated', () => {
    const expected = Number(BigInt.asIntN(32, 7n ** 29n));
    expect(numbers(int(7, 2, -3, 0, 5).pow(int(29, 31, 3, 0, 1)))).toEqual([expected, -2147483648, -27, 1, 5]);
    expect(numbers(int(2, 1, -1, -1, 0).pow(int(-1, -5, -3, -2, -1)))).toEqual([0, 1, -1, 1, 0]);
    for (const x of [int(2), tensor([true])]) {
      expect(() => x.pow(-1)).toThrow(new RangeError("pow: int32 has no power -1; convert with astype('float32')"));
    }
    expect(int(4).pow(-0.5).itemSync()).toBe(0.5);
    expect(numbers(tg.pow(-3, int(3)))).toEqual([-27]);
  });

  test('division is true division, mod follows the divisor', () => {
    expect(int(7).div(2).dtype).toBe('float32');
    expect(numbers(int(7, -7).div(int(2, 2)))).toEqual([3.5, -3.5]);
    expect(numbers(int(7, -7, 7, -7).mod(int(3, 3, -3, -3)))).toEqual([1, 2, -2, -1]);
    expect(numbers(int(5).mod(0))).toEqual([0]);
  });

  test('bool becomes int32', () => {
    const flags = tensor([true, true, false]);
    expect(flags.sum().dtype).toBe('int32');
    expect(numbers(flags.add(flags))).toEqual([2, 2, 0]);
    expect(numbers(flags.neg())).toEqual([-1, -1, 0]);
  });
});

describe('astype', () => {
  test('fractions are truncated towards zero', () => {
    expect(numbers(tensor([1.9, -1.9, 0.2, -0.2]).astype('int32'))).toEqual([1, -1, 0, 0]);
  });

  test('to int32 is modulo 2³², and NaN and infinities are 0', () => {
    for (const dtype of ['float32', 'float64'] as const) {
      const x = tensor([3e9, -3e9, 2 ** 31, 2 ** 32 + 1024, 1e20, NaN, Infinity, -Infinity], { dtype });
      expect(numbers(x.astype('int32'))).toEqual([
        -1294967296,
        1294967296,
        -2147483648,
        1024,
        dtype === 'float32'
          ? Number(BigInt.asIntN(32, BigInt(Math.fround(1e20))))
          : Number(BigInt.asIntN(32, 10n ** 20n)),
        0,
        0,
        0,
      ]);
    }
  });

  test('everything but 0 is true', () => {
    expect(tensor([0, -0, 0.25, NaN, -3, Infinity]).astype('bool').toArraySync()).toEqual([
      false,
      false,
      true,
      true,
      true,
      true,
    ]);
    expect(tensor([0, 256], { dtype: 'int32' }).astype('bool').toArraySync()).toEqual([false, true]);
  });

  test('true is 1', () => {
    for (const dtype of ['int32', 'float32', 'float64'] as const) {
      expect(numbers(tensor([true, false]).astype(dtype))).toEqual([1, 0]);
    }
  });

  test('float64 keeps what float32 rounds', () => {
    const x = tensor([0.1], { dtype: 'float64' });
    expect(numbers(x)).toEqual([0.1]);
    expect(numbers(x.astype('float32'))).toEqual([Math.fround(0.1)]);
    expect(numbers(x.astype('float32').astype('float64'))).toEqual([Math.fround(0.1)]);
  });

  test('to the same dtype returns the tensor itself', () => {
    const x = zeros([2]);
    expect(x.astype('float32')).toBe(x);
  });

  test('an unknown dtype is an error', () => {
    expect(() => zeros([2]).astype('float16' as DType)).toThrow(
      "astype: unknown dtype 'float16'; expected float32, float64, int32 or bool",
    );
  });
});
