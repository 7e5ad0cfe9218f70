// Inputs and options of scans and pooling.
import type { Pool2dOptions, Tensor } from '@thetagrad/core';
import fc from 'fast-check';
import { makeView, layouts, shapes, type Layout } from './layouts.ts';
import { type MakeTensor } from './values.ts';

/** A tensor, by its layout and seed, and the options of a scan. */
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
/** Long enough to be split into chunks. */
export const large: fc.Arbitrary<Case> = caseOf(
  fc.constantFrom([70_001], [3, 30_001], [30_001, 3], [257, 260], [5, 129, 131], [2, 40_000]),
);

export function operand({ layout, seed }: Case, make: (seed: number) => MakeTensor): Tensor {
  return makeView(layout, make(seed));
}

/** The window and the length of one spatial axis. */
const spatialAxis = fc
  .record({
    kernel: fc.integer({ min: 1, max: 5 }),
    stride: fc.integer({ min: 1, max: 3 }),
    padBefore: fc.nat(2),
    padAfter: fc.nat(2),
    extra: fc.oneof(fc.nat(4), fc.nat(40)),
  })
  .map((one) => ({ ...one, length: Math.max(1, one.kernel - one.padBefore - one.padAfter + one.extra) }));
/** Images and pooling windows that overlap, leave gaps or cover padding. */
export const pools: fc.Arbitrary<{ given: Case; options: Pool2dOptions }> = fc
  .tuple(fc.nat(2), fc.nat(3), spatialAxis, spatialAxis)
  .chain(([batch, channels, y, x]) =>
    fc.record({
      given: caseOf(fc.constant([batch, channels, y.length, x.length])),
      options: fc.constant<Pool2dOptions>({
        kernelSize: [y.kernel, x.kernel],
        stride: [y.stride, x.stride],
        padding: [
          [y.padBefore, y.padAfter],
          [x.padBefore, x.padAfter],
        ],
      }),
    }),
  );

type ScanName = 'cumsum' | 'cumprod' | 'cummax' | 'cummin';

/** Calls the scan of a name. Extrema have no exclusive results. */
export function scan(name: ScanName, x: Tensor, given: Pick<Case, 'axis' | 'reverse' | 'exclusive'>): Tensor {
  const { axis, reverse, exclusive } = given;
  return name === 'cumsum' || name === 'cumprod' ? x[name](axis, { reverse, exclusive }) : x[name](axis, { reverse });
}
