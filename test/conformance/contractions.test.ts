// Matrix products, convolutions and their gradients, for all shapes, views and options: exact for integers, otherwise within
// a bound proportional to Σ|a||b|.
import { conv2d, isFloatingPoint, portable, vjp, type Backend, type DType, type Tensor } from '@thetagrad/core';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { expectSameSync, valuesOnSync } from '../support/backends.ts';
import { direct, tested } from './backends.ts';
import { expectWithin, sumError, unit } from '../support/bounds.ts';
import { sizeOf } from '@thetagrad/core/backend';
import { makeView, layouts, type Layout } from '../support/layouts.ts';
import { anyValues, integerValues, uniformValues, type MakeTensor } from '../support/values.ts';

/** A bilinear function and the layouts of its operands. */
interface Case {
  readonly shapes: readonly (readonly number[])[];
  readonly layouts: readonly Layout[];
  readonly seed: number;
  /** For messages. */
  readonly options: object;
  readonly f: (a: Tensor, b: Tensor) => Tensor;
}

function caseOf(shapes: Case['shapes'], f: Case['f'], options = {}): fc.Arbitrary<Case> {
  return fc.record({
    shapes: fc.constant(shapes),
    layouts: fc.tuple(...shapes.map((shape) => layouts(shape))),
    seed: fc.integer(),
    options: fc.constant(options),
    f: fc.constant(f),
  });
}

const length = fc.oneof(
  { weight: 3, arbitrary: fc.integer({ min: 0, max: 9 }) },
  { weight: 2, arbitrary: fc.integer({ min: 1, max: 40 }) },
  { weight: 1, arbitrary: fc.constantFrom(1, 4, 64, 130, 257) },
);

/** Matrices and vectors, with batches that broadcast. */
const matmuls: fc.Arbitrary<Case> = fc
  .record({
    batch: fc.array(fc.integer({ min: 0, max: 4 }), { maxLength: 2 }),
    m: length,
    k: length,
    n: length,
    kind: fc.constantFrom('batches', 'batches', 'one on the right', 'broadcast', 'row', 'column', 'dot'),
  })
  .filter(({ batch, m, k, n }) => sizeOf(batch) * m * k * n < 300_000)
  .chain(({ batch, m, k, n, kind }) => {
    const ones = batch.map((size, i) => (i === 0 ? 1 : size));
    const shapes = {
      batches: [
        [...batch, m, k],
        [...batch, k, n],
      ],
      'one on the right': [
        [...batch, m, k],
        [k, n],
      ],
      broadcast: [
        [...batch, m, k],
        [...ones, k, n],
      ],
      row: [[k], [...batch, k, n]],
      column: [[...batch, m, k], [k]],
      dot: [[k], [k]],
    }[kind] as number[][];
    return caseOf(shapes, (a, b) => a.matmul(b));
  });

const pairOf = <T>(each: fc.Arbitrary<T>): fc.Arbitrary<[T, T]> => fc.tuple(each, each);
/** A stride or a dilation. */
const spacing = pairOf(fc.constantFrom(1, 1, 1, 2, 3));

const convolutions: fc.Arbitrary<Case> = fc
  .record({
    count: fc.integer({ min: 0, max: 3 }),
    groups: fc.constantFrom(1, 1, 1, 2, 3, 6),
    channels: fc.oneof(fc.integer({ min: 1, max: 3 }), fc.integer({ min: 0, max: 9 })),
    outputs: fc.oneof(fc.integer({ min: 1, max: 3 }), fc.integer({ min: 0, max: 9 })),
    size: pairOf(fc.oneof(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1, max: 22 }))),
    kernel: fc.oneof(fc.constant([3, 3]), pairOf(fc.integer({ min: 1, max: 5 }))),
    stride: spacing,
    dilation: spacing,
    padding: fc.oneof(fc.constantFrom('same', 'valid'), pairOf(pairOf(fc.integer({ min: 0, max: 3 })))),
  })
  .filter(({ size, kernel, dilation, padding }) =>
    size.every((length, i) => {
      const totalPadding = typeof padding === 'string' ? 0 : padding[i]![0] + padding[i]![1];
      return padding === 'same' || length + totalPadding >= (kernel[i]! - 1) * dilation[i]! + 1;
    }),
  )
  .filter(
    ({ count, groups, channels, outputs, size, kernel }) =>
      count * groups * channels * outputs * sizeOf(size) * sizeOf(kernel) < 300_000,
  )
  .chain(({ count, groups, channels, outputs, size, kernel, stride, dilation, padding }) => {
    const options = { stride, dilation, padding, groups } as const;
    const shapes = [
      [count, groups * channels, ...size],
      [groups * outputs, channels, ...kernel],
    ];
    return caseOf(shapes, (x, weight) => conv2d(x, weight, options as Parameters<typeof conv2d>[2]), options);
  });

/** Convolutions, most of which the backend lowers to Winograd's algorithm, and so their gradients. */
const winograds: fc.Arbitrary<Case> = fc
  .tuple(
    fc.integer({ min: 1, max: 3 }),
    fc.integer({ min: 24, max: 40 }),
    fc.integer({ min: 16, max: 40 }),
    fc.integer({ min: 8, max: 17 }),
    fc.integer({ min: 8, max: 17 }),
    fc.nat(2),
  )
  .chain(([count, channels, outputs, height, width, padding]) =>
    caseOf(
      [
        [count, channels, height, width],
        [outputs, channels, 3, 3],
      ],
      (x, weight) => conv2d(x, weight, { padding }),
      { padding },
    ),
  );

/** The value and both gradients for a cotangent; `make` makes operands and cotangent from seeds. */
function valueAndGradients(
  { shapes, layouts: operandLayouts, seed, f }: Case,
  make: (seed: number) => MakeTensor,
): Tensor[] {
  const [a, b] = shapes.map((_, i) => makeView(operandLayouts[i]!, make(seed + i))) as [Tensor, Tensor];
  const { value, pullback } = vjp(f, a, b);
  return [value, ...pullback(make(seed + 2)(value.shape))];
}

/** The value and both gradients in double precision, of operands that `f` transforms. */
function evaluateInDouble(given: Case, dtype: DType, f: (x: Tensor) => Tensor) {
  return valuesOnSync(portable(), () =>
    valueAndGradients(given, (seed) => (shape) => f(uniformValues(dtype, seed)(shape).astype('float64'))),
  );
}

/** Expects every element within its bound, a function of the number of terms, Σ|a||b| and the largest Σ|a||b| of all elements. */
function expectAccurate(
  given: Case,
  dtype: 'float32' | 'float64',
  backend: Backend,
  bound: (terms: number, magnitude: number, largest: number) => number,
): void {
  const exact = evaluateInDouble(given, dtype, (x) => x);
  const magnitudes = evaluateInDouble(given, dtype, (x) => x.abs());
  const terms = evaluateInDouble(given, dtype, (x) => x.equal(x).astype('float64'));
  valuesOnSync(backend, () => valueAndGradients(given, (seed) => uniformValues(dtype, seed))).forEach((values, i) => {
    const largest = Array.from(magnitudes[i]!).reduce((x, y) => Math.max(x, y), 0);
    const bounds = magnitudes[i]!.map((magnitude, j) => bound(terms[i]![j]!, magnitude, largest));
    expectWithin(values, exact[i]!, bounds);
  });
}

describe.each([
  ['matmul', matmuls],
  ['conv2d', convolutions],
])('%s and its gradients', (_, cases) => {
  test.each(['float32', 'float64'] as const)(
    '%s: within (min(n, 256) + 2) · ε/2, and ⌈n / 256⌉ · ε/2 for more terms, · Σ|a||b|',
    (dtype) => {
      fc.assert(
        fc.property(cases, (given) => {
          expectAccurate(given, dtype, direct, (terms, magnitude) => sumError(terms, dtype) * magnitude);
        }),
        { numRuns: dtype === 'float32' ? 80 : 25 },
      );
    },
  );

  test.each(['float32', 'float64'] as const)('%s: exact for integers', (dtype) => {
    fc.assert(
      fc.property(cases, (given) => {
        expectSameSync(direct, () =>
          valueAndGradients(given, (seed) => integerValues(dtype, seed)).map((x) => x.add(0)),
        );
      }),
      { numRuns: dtype === 'float32' ? 50 : 20 },
    );
  });

  test('other dtypes are promoted; int32 is exact modulo 2³²', () => {
    const dtypes = fc.constantFrom<DType>('int32', 'bool', 'float32', 'float64');
    fc.assert(
      fc.property(cases, dtypes, dtypes, (given, first, second) => {
        const make = [first, second].some(isFloatingPoint) ? integerValues : anyValues;
        expectSameSync(direct, () => {
          const [a, b] = given.shapes.map((_, i) =>
            makeView(given.layouts[i]!, make(i === 0 ? first : second, given.seed + i)),
          ) as [Tensor, Tensor];
          return [given.f(a, b).add(0)];
        });
      }),
      { numRuns: 25 },
    );
  });
});

describe('Winograd convolutions and their gradients', () => {
  test('float32: within 32 · ε/2 of the largest Σ|a||b|, plus the bound of the direct form', () => {
    fc.assert(
      fc.property(winograds, (given) => {
        expectAccurate(
          given,
          'float32',
          tested,
          (terms, _, largest) => (32 * unit.float32 + sumError(terms, 'float32')) * largest,
        );
      }),
      { numRuns: 5 },
    );
  });

  test('are in use and can be disabled', () => {
    const make = uniformValues('float32', 1);
    const build = (): Tensor[] => [conv2d(make([2, 64, 16, 16]), make([64, 64, 3, 3]), { padding: 1 })];
    expect(valuesOnSync(tested, build)).not.toEqual(valuesOnSync(direct, build));
  });
});
