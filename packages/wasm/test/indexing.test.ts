import { arange, concat, evaluateSync, grad, tensor, Variable, zeros, type DType, type Tensor } from '@thetagrad/core';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { withBackend } from '../../../test/support/backends.ts';
import { layouts, makeView } from '../../../test/support/layouts.ts';
import { fractionValues } from '../../../test/support/values.ts';
import { expectSame, expectSameError, strictBackend } from './backends.ts';

const dtypes = fc.constantFrom<DType>('float32', 'float64', 'int32', 'bool');
const lengths = fc.oneof({ weight: 8, arbitrary: fc.nat(6) }, { weight: 1, arbitrary: fc.constantFrom(17, 40) });

/** Makes int32 tensors of indices into an axis, some of them negative. */
const indicesInto =
  (length: number, seed: number) =>
  (shape: readonly number[]): Tensor =>
    fractionValues(
      'int32',
      seed,
    )(shape)
      .mod(2 * length)
      .sub(length);

/** Two views that differ in one axis, along which the first has elements. */
const cases = fc.integer({ min: 1, max: 4 }).chain((rank) =>
  fc.nat(rank - 1).chain((axis) =>
    fc
      .tuple(fc.tuple(...Array.from({ length: rank }, () => lengths)), fc.integer({ min: 1, max: 9 }), lengths)
      .chain(([shape, length, count]) =>
        fc.record({
          axis: fc.constant(axis),
          length: fc.constant(length),
          along: layouts(shape.with(axis, length)),
          across: layouts(shape.with(axis, count)),
          other: layouts(shape.with(axis, count)),
          dtype: dtypes,
          seed: fc.integer(),
          epilogue: fc.boolean(),
        }),
      ),
  ),
);

describe('takeAlongAxis', () => {
  test('takes one element for each index, of any views', () => {
    fc.assert(
      fc.property(cases, ({ axis, length, along, across, dtype, seed, epilogue }) => {
        expectSame(() => {
          const x = makeView(along, fractionValues(dtype, seed));
          const taken = x.takeAlongAxis(makeView(across, indicesInto(length, seed + 1)), axis);
          return epilogue && dtype !== 'bool' ? taken.mul(2).add(1) : taken;
        });
      }),
    );
  });

  test('takes whole rows, as for embeddings, in chunks', () => {
    expectSame(() => fractionValues('float32', 1)([50, 37]).take(indicesInto(50, 2)([3000])));
    expectSame(() => fractionValues('float64', 1)([37, 50]).take(indicesInto(50, 2)([40, 30]), 1));
  });
});

describe('scatterAdd', () => {
  test('adds up where indices are equal, of any views', () => {
    fc.assert(
      fc.property(cases, ({ axis, length, along, across, other, dtype, seed, epilogue }) => {
        expectSame(() => {
          const x = makeView(along, fractionValues(dtype, seed));
          const indices = makeView(across, indicesInto(length, seed + 1));
          const updates = makeView(other, fractionValues(dtype, seed + 2));
          const added = x.scatterAdd(indices, updates, axis);
          return epilogue && dtype !== 'bool' ? added.mul(2).add(1) : added;
        });
      }),
    );
  });

  test('is the same for any number of threads, where sums round', () => {
    const third = (shape: readonly number[]): Tensor => fractionValues('float32', 3)(shape).div(3);
    expectSame(() =>
      zeros([5, 80]).scatterAdd(indicesInto(5, 1)([2000, 1]).broadcastTo([2000, 80]), third([2000, 80]), 0),
    );
    expectSame(() => zeros([5, 80]).scatterAdd(indicesInto(5, 1)([2000, 80]), third([2000, 80]), 0));
    expectSame(() => zeros([80, 5]).scatterAdd(indicesInto(5, 1)([80, 2000]), third([80, 2000]), 1));
    expectSame(() => zeros([5]).scatterAdd(indicesInto(5, 1)([70_000]), third([70_000])));
  });

  test('brings gradients to what was taken', () => {
    expectSame(() => {
      const indices = indicesInto(20, 1)([300]);
      return grad((table: Tensor) => table.take(indices).square().sum())(fractionValues('float32', 2)([20, 33]));
    });
  });
});

describe('an index out of range', () => {
  const bad = fc
    .record({ length: fc.integer({ min: 1, max: 9 }), count: fc.integer({ min: 1, max: 12 }), columns: fc.nat(5) })
    .chain(({ length, count, columns }) =>
      fc.record({
        length: fc.constant(length),
        columns: fc.constant(columns + 1),
        indices: fc.array(fc.integer({ min: -length - 2, max: length + 1 }), { minLength: count, maxLength: count }),
      }),
    )
    .filter(({ length, indices }) => indices.some((i) => i < -length || i >= length));

  test('is rejected with the message of the portable backend', () => {
    fc.assert(
      fc.property(bad, ({ length, columns, indices }) => {
        const at = (): Tensor => tensor(indices, { dtype: 'int32' });
        const message = expectSameError(() => evaluateSync(zeros([length, columns]).take(at())));
        expect(message).toMatch(/^take: index -?\d+ is out of range for axis 0 of length/);
        const across = (): Tensor => at().expandDims(0).broadcastTo([columns, indices.length]);
        expect(expectSameError(() => evaluateSync(zeros([columns, length]).takeAlongAxis(across(), 1)))).toMatch(
          /^takeAlongAxis: index -?\d+ is out of range for axis 1/,
        );
        const updates = tensor(1);
        expect(expectSameError(() => evaluateSync(zeros([columns, length]).scatterAdd(across(), updates, 1)))).toMatch(
          /^scatterAdd: index -?\d+ is out of range for axis 1/,
        );
      }),
      { numRuns: 30 },
    );
  });

  test.each([-(2 ** 31), -4, 3, 2 ** 31 - 1])('%i, found among many by any thread', (index) => {
    const message = expectSameError(() => {
      const indices = arange(100_000).mod(3);
      const strange = tensor([index], { dtype: 'int32' });
      evaluateSync(arange(3).take(concat([indices.slice([[0, 99_000]]), strange, indices])));
    });
    expect(message).toBe(`take: index ${index} is out of range for axis 0 of length 3; use -3 to 2`);
  });

  test('in an axis without elements', () => {
    expect(expectSameError(() => evaluateSync(zeros([0]).take(tensor([0], { dtype: 'int32' }))))).toMatch('length 0');
  });

  test('leaves variables and the backend as they were', async () => {
    for (const threads of [1, 3]) {
      const backend = strictBackend(threads);
      await backend.ready();
      withBackend(backend, () => {
        const first = new Variable(tensor([1, 2, 3]));
        const second = new Variable(tensor([4, 5, 6]));
        const [ahead, behind] = [tensor([0, 1, 2], { dtype: 'int32' }), tensor([0, 3, 1], { dtype: 'int32' })];
        first.assign(first.value.add(1));
        second.assign(second.value.take(behind).add(first.value));
        expect(() => evaluateSync(first, second)).toThrow(RangeError);
        // The gathered rows are to be written to the variable's buffer.
        const third = new Variable(tensor([1, 2, 3]));
        third.assign(tensor([4, 5, 6]).take(behind));
        expect(() => evaluateSync(third)).toThrow(RangeError);
        expect([first, second, third].map(({ value }) => [...value.dataSync()])).toEqual([
          [1, 2, 3],
          [4, 5, 6],
          [1, 2, 3],
        ]);
        expect(tensor([7, 8, 9]).take(ahead).toArraySync()).toEqual([7, 8, 9]);
      });
      backend.close();
    }
  });
});
