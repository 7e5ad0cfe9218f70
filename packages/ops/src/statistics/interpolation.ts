// Interpolation of samples, and continuation of angles.
import { stopGradient, type Tensor } from '@thetagrad/core';
import {
  argumentError,
  at,
  checkOptions,
  checkPositive,
  checkTensor,
  checkTensorOperands,
  formatShape,
  normalizeAxis,
  sameShape,
  toFloat,
} from '@thetagrad/core/backend';
import { search } from '../indexing/search.ts';
import { diff } from './differences.ts';

export interface InterpOptions {
  /** The value below the first coordinate. Default: the first sample. */
  readonly left?: number;
  /** The value above the last coordinate. Default: the last sample. */
  readonly right?: number;
}

/**
 * Interpolates samples linearly (NumPy's `interp`): the polygon through the points (xp, fp), at each element of x. int32 and bool
 * become float32. NaN where x is. The gradient at a coordinate is that of the segment above it.
 * @param xp increasing coordinates [samples].
 * @param fp the samples [samples].
 * @throws {TypeError} if `left` or `right` is not a number.
 * @throws {RangeError} if `xp` and `fp` are not of one equal shape with one axis and at least one sample.
 * @example
 * interp(tensor([0.5, 9]), tensor([0, 1, 2]), tensor([10, 20, 40])); // tensor([15, 40])
 */
export function interp(x: Tensor, xp: Tensor, fp: Tensor, options: InterpOptions = {}): Tensor {
  checkTensorOperands('interp', [x, xp, fp]);
  checkOptions('interp', options, ['left', 'right']);
  if (xp.ndim !== 1 || xp.size === 0 || !sameShape(xp.shape, fp.shape)) {
    throw new RangeError(
      `interp: xp and fp must have one equal shape [samples], got ${formatShape(xp.shape)} and ${formatShape(fp.shape)}`,
    );
  }
  const { left, right } = options;
  for (const [name, value] of Object.entries({ left, right })) {
    if (value !== undefined && typeof value !== 'number') throw argumentError('interp', name, 'a number', value);
  }
  const [values, coordinates, samples] = [x, xp, fp].map((each) => each.astype(toFloat(each.dtype))) as [
    Tensor,
    Tensor,
    Tensor,
  ];
  const end = xp.size - 1;
  const lower = search('interp', coordinates, values, true)
    .sub(1)
    .clip(0, Math.max(end - 1, 0));
  const upper = lower.add(1).minimum(end);
  const [x0, x1, f0, f1] = [coordinates.take(lower), coordinates.take(upper), samples.take(lower), samples.take(upper)];
  const width = x1.sub(x0);
  // Bounded by the ends, and 0 in a segment without width.
  const fraction = width.equal(0).where(0, values.sub(x0).div(width.equal(0).where(1, width)));
  const inside = f0.add(f1.sub(f0).mul(fraction));
  const isBelow = values.less(coordinates.slice([0]));
  const isAtEnd = values.equal(coordinates.slice([end]));
  const isAbove = values.greater(coordinates.slice([end]));
  const last = isAtEnd.where(samples.slice([end]), isAbove.where(right ?? samples.slice([end]), inside));
  return values.isnan().where(NaN, isBelow.where(left ?? samples.slice([0]), last));
}

export interface UnwrapOptions {
  /** The size of a turn. Default: 2π. */
  readonly period?: number;
  /** The smallest step that is a jump. Default: half of the period, which is also the least. */
  readonly discont?: number;
}

/**
 * Continues angles along an axis: adds multiples of the period, so that no step to the next is larger than half of it (NumPy's
 * `unwrap`). int32 and bool become float32. The gradient is that of x.
 * @param axis Default: −1.
 * @throws {TypeError | RangeError} if `period` or `discont` is not a finite number > 0.
 * @throws {RangeError} if the axis is out of range.
 * @example
 * unwrap(tensor([0, 3, 1]), -1, { period: 4 }); // tensor([ 0, -1, -3])
 */
export function unwrap(x: Tensor, axis = -1, options: UnwrapOptions = {}): Tensor {
  checkTensor('unwrap', x);
  checkOptions('unwrap', options, ['period', 'discont']);
  const { period = 2 * Math.PI, discont = period / 2 } = options;
  checkPositive('unwrap', 'period', period);
  checkPositive('unwrap', 'discont', discont);
  const axisIndex = normalizeAxis('unwrap', axis, x.ndim);
  const values = x.astype(toFloat(x.dtype));
  if (at(x.shape, axisIndex) < 2) return values;
  const steps = diff(stopGradient(values), 1, axisIndex);
  // Half a turn stays one in its direction.
  const turns = steps.div(period).add(steps.greater(0).where(-0.5, 0.5));
  const wholeTurns = steps.greater(0).where(turns.ceil(), turns.floor());
  const isJump = steps.abs().greaterEqual(discont);
  const corrections = isJump.where(wholeTurns.mul(-period), 0).cumsum(axisIndex);
  return values.add(corrections.pad(x.shape.map((_, i) => (i === axisIndex ? [1, 0] : [0, 0]))));
}
