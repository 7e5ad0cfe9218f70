// What scans and pooling are tested with.
import type { Pool2dOptions, Tensor } from '@thetagrad/core';
import fc from 'fast-check';
import { makeView, layouts, shapes, type Layout } from './layouts.ts';
import { type MakeTensor } from './values.ts';

/** A tensor, by its shape and layout, and how it is scanned. */
export interface Case {
  readonly shape: readonly number[];
  readonly layout: Layout;
  readonly axis: number;
  readonly reverse: boolean;
  readonly exclusive: boolean;
  readonly seed: number;
}

export function caseOf(shape: fc.Arbitrary<readonly number[]>): fc.Arbitrary<Case> {
  return shape.chain((lengths) =>
    fc.record({
      shape: fc.constant(lengths),
      layout: layouts(lengths),
      axis: fc.nat(lengths.length - 1),
      reverse: fc.boolean(),
      exclusive: fc.boolean(),
      seed: fc.integer(),
    }),
  );
}

export const cases: fc.Arbitrary<Case> = caseOf(shapes(1));
/** Long enough to be cut into chunks. */
export const large: fc.Arbitrary<Case> = caseOf(
  fc.constantFrom([70_001], [3, 30_001], [30_001, 3], [257, 260], [5, 129, 131], [2, 40_000]),
);

export function operand({ layout, seed }: Case, make: (seed: number) => MakeTensor): Tensor {
  return makeView(layout, make(seed));
}

const side = fc
  .record({
    kernel: fc.integer({ min: 1, max: 5 }),
    stride: fc.integer({ min: 1, max: 3 }),
    low: fc.nat(2),
    high: fc.nat(2),
    spare: fc.oneof(fc.nat(4), fc.nat(40)),
  })
  .map((one) => ({ ...one, length: Math.max(1, one.kernel - one.low - one.high + one.spare) }));
/** Images, and windows over them, which overlap, leave gaps and see padding. */
export const pools: fc.Arbitrary<{ given: Case; options: Pool2dOptions }> = fc
  .tuple(fc.nat(2), fc.nat(3), side, side)
  .chain(([batch, channels, y, x]) =>
    fc.record({
      given: caseOf(fc.constant([batch, channels, y.length, x.length])),
      options: fc.constant<Pool2dOptions>({
        kernelSize: [y.kernel, x.kernel],
        stride: [y.stride, x.stride],
        padding: [
          [y.low, y.high],
          [x.low, x.high],
        ],
      }),
    }),
  );
