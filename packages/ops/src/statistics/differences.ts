// Differences, slopes and integrals of samples along an axis.
import { concat, full, promoteTypes, Tensor, zeros, type Axis } from '@thetagrad/core';
import {
  argumentError,
  at,
  checkInteger,
  checkOptions,
  checkTensor,
  formatShape,
  normalizeAxes,
  normalizeAxis,
  sameShape,
  toFloat,
} from '@thetagrad/core/backend';

/** Elements from one index to another along an axis. */
function part(x: Tensor, axis: number, from: number, to: number): Tensor {
  return x.slice(x.shape.map((_, i) => (i === axis ? [from, to] : null)));
}

export interface DiffOptions {
  /** What to put before x along the axis: a tensor of its rank, or a number. Default: nothing. */
  readonly prepend?: Tensor | number;
  /** What to put after x along the axis: a tensor of its rank, or a number. Default: nothing. */
  readonly append?: Tensor | number;
}

/**
 * The n-th differences of neighbors along an axis (NumPy's `diff`), whose length shrinks by n. int32 wraps around; of bool,
 * whether neighbors differ.
 * @param n Default: 1.
 * @param axis Default: −1.
 * @throws {TypeError | RangeError} if n is not an integer ≥ 0.
 * @throws {RangeError} if the axis is out of range, or shapes of `prepend` or `append` do not fit.
 * @example
 * diff(tensor([1, 4, 9])); // tensor([3, 5])
 */
export function diff(x: Tensor, n = 1, axis = -1, options: DiffOptions = {}): Tensor {
  checkTensor('diff', x);
  checkInteger('diff', 'n', n, { min: 0 });
  checkOptions('diff', options, ['prepend', 'append']);
  const axisIndex = normalizeAxis('diff', axis, x.ndim);
  const ends = [options.prepend, options.append].map((end, i) => {
    const name = i === 0 ? 'prepend' : 'append';
    if (typeof end === 'number') return zeros(x.shape.with(axisIndex, 1), { dtype: x.dtype }).add(end);
    if (end === undefined) return end;
    checkTensor(`diff: ${name}`, end);
    if (end.ndim === x.ndim && end.shape.every((length, j) => j === axisIndex || length === x.shape[j])) return end;
    throw new RangeError(
      `diff: ${name} ${formatShape(end.shape)} does not fit x ${formatShape(x.shape)} on an axis other than ${axisIndex}`,
    );
  });
  const [before, after] = ends;
  const parts = [before, x, after].filter((each) => each !== undefined);
  let result = parts.length === 1 ? x : concat(parts, axisIndex);
  for (let i = 0; i < n; i++) {
    const length = at(result.shape, axisIndex);
    const [left, right] = [
      part(result, axisIndex, 0, Math.max(0, length - 1)),
      part(result, axisIndex, Math.min(1, length), length),
    ];
    result = result.dtype === 'bool' ? right.notEqual(left) : right.sub(left);
  }
  return result;
}

export interface GradientOptions {
  /** The distance of neighbors; or their coordinates [length], for one axis. Default: 1. */
  readonly spacing?: number | Tensor;
  /** The order of accuracy at both ends, 1 or 2. Default: 1. */
  readonly edgeOrder?: 1 | 2;
}

/**
 * The slopes of samples along an axis by central differences of second order (NumPy's `gradient`), of x's shape. int32 and bool
 * become float32. For derivatives of functions, see `grad`.
 * @param axis one axis; or several, or all by default, whose slopes are in an array.
 * @throws {TypeError | RangeError} if the spacing is neither a number other than 0 nor a tensor, or `edgeOrder` is not 1 or 2.
 * @throws {RangeError} if an axis is out of range or has no more than `edgeOrder` samples, or coordinates do not fit it.
 * @example
 * gradient(tensor([0, 1, 4, 9]), 0); // tensor([1, 2, 4, 5])
 */
export function gradient(x: Tensor, axis: number, options?: GradientOptions): Tensor;
export function gradient(x: Tensor, axis?: readonly number[], options?: GradientOptions): Tensor[];
export function gradient(x: Tensor, axis?: Axis, options: GradientOptions = {}): Tensor | Tensor[] {
  checkTensor('gradient', x);
  checkOptions('gradient', options, ['spacing', 'edgeOrder']);
  const { spacing = 1, edgeOrder = 1 } = options;
  if (edgeOrder !== 1 && edgeOrder !== 2) throw argumentError('gradient', 'edgeOrder', '1 or 2', edgeOrder);
  if (!(spacing instanceof Tensor) && !(Number.isFinite(spacing) && spacing !== 0)) {
    throw argumentError('gradient', 'spacing', 'a finite number other than 0, or a tensor', spacing);
  }
  const axes = normalizeAxes('gradient', axis, x.ndim);
  const values = x.astype(toFloat(x.dtype));
  const slopes = axes.map((each) => slopesAlong(values, each, spacing, edgeOrder));
  const [first] = slopes;
  return typeof axis === 'number' && first ? first : slopes;
}

function slopesAlong(x: Tensor, axis: number, spacing: number | Tensor, edgeOrder: 1 | 2): Tensor {
  const length = at(x.shape, axis);
  if (length <= edgeOrder) {
    throw new RangeError(
      `gradient: axis ${axis} must have more than ${edgeOrder} samples, got ${length}; use a smaller edgeOrder or more samples`,
    );
  }
  const steps = stepsOf('gradient', x, axis, spacing);
  // The slopes of chords between neighbors. Inside, each is weighted by the length of the other.
  const chords = part(x, axis, 1, length)
    .sub(part(x, axis, 0, length - 1))
    .div(steps);
  const weights = steps.broadcastTo(chords.shape);
  const chord = (i: number): Tensor => part(chords, axis, i, i + 1);
  const step = (i: number): Tensor => part(weights, axis, i, i + 1);
  const n = length - 1;
  const [left, right] = [part(chords, axis, 0, n - 1), part(chords, axis, 1, n)];
  const [before, after] = [part(weights, axis, 0, n - 1), part(weights, axis, 1, n)];
  // With equal steps the element itself does not count, not even if it is NaN.
  const inside =
    typeof spacing === 'number'
      ? part(x, axis, Math.min(2, length), length)
          .sub(part(x, axis, 0, n - 1))
          .div(2 * spacing)
      : left.mul(after).add(right.mul(before)).div(before.add(after));
  // Extrapolates the slope of the outer chord by the change to the next one.
  const edge = (outer: number, inner: number): Tensor => {
    if (edgeOrder === 1) return chord(outer);
    const change = chord(outer).sub(chord(inner)).mul(step(outer));
    return chord(outer).add(change.div(step(outer).add(step(inner))));
  };
  return concat([edge(0, 1), inside, edge(n - 1, n - 2)], axis);
}

/** The distances of neighbors along an axis, which broadcast against differences of x. */
function stepsOf(operation: string, x: Tensor, axis: number, spacing: number | Tensor): Tensor {
  if (typeof spacing === 'number') return full([], spacing, { dtype: x.dtype });
  const length = at(x.shape, axis);
  if (spacing.ndim !== 1 || spacing.size !== length) {
    throw new RangeError(
      `${operation}: coordinates of axis ${axis} must have shape [${length}], got ${formatShape(spacing.shape)}`,
    );
  }
  const coordinates = spacing.astype(toFloat(promoteTypes(x.dtype, spacing.dtype)));
  const steps = part(coordinates, 0, 1, length).sub(part(coordinates, 0, 0, length - 1));
  return steps.reshape(x.shape.map((_, i) => (i === axis ? length - 1 : 1)));
}

export interface TrapezoidOptions {
  /** The coordinates of samples: [length], or of y's shape. Default: `dx` apart. */
  readonly x?: Tensor;
  /** The distance of neighbors, without `x`. Default: 1. */
  readonly dx?: number;
}

/**
 * The integral of samples along an axis by the trapezoidal rule (NumPy's `trapezoid`). int32 and bool become float32. 0 for fewer
 * than two samples.
 * @param axis Default: −1.
 * @throws {TypeError} if `x` is not a tensor, or `dx` is not a number.
 * @throws {RangeError} if the axis is out of range, or coordinates do not fit.
 * @example
 * trapezoid(tensor([1, 2, 3])); // tensor(4)
 * trapezoid(tensor([1, 2, 3]), 0, { x: tensor([0, 2, 6]) }); // tensor(13)
 */
export function trapezoid(y: Tensor, axis = -1, options: TrapezoidOptions = {}): Tensor {
  return trapezoids('trapezoid', y, axis, options).sum(axis);
}

/**
 * The integrals from the first sample to each further one along an axis by the trapezoidal rule (PyTorch's
 * `cumulative_trapezoid`), one fewer than there are samples. int32 and bool become float32.
 * @param axis Default: −1.
 * @throws {TypeError} if `x` is not a tensor, or `dx` is not a number.
 * @throws {RangeError} if the axis is out of range, or coordinates do not fit.
 * @example
 * cumulativeTrapezoid(tensor([1, 2, 3])); // tensor([1.5, 4.0])
 */
export function cumulativeTrapezoid(y: Tensor, axis = -1, options: TrapezoidOptions = {}): Tensor {
  return trapezoids('cumulativeTrapezoid', y, axis, options).cumsum(axis);
}

/** The areas between neighbors. */
function trapezoids(operation: string, y: Tensor, axis: number, options: TrapezoidOptions): Tensor {
  checkTensor(operation, y);
  checkOptions(operation, options, ['x', 'dx']);
  const { x, dx = 1 } = options;
  if (typeof dx !== 'number') throw argumentError(operation, 'dx', 'a number', dx);
  const axisIndex = normalizeAxis(operation, axis, y.ndim);
  const values = y.astype(toFloat(y.dtype));
  const length = at(y.shape, axisIndex);
  const heights = neighbors(values, axisIndex, length, (left, right) => left.add(right).mul(0.5));
  if (x === undefined) return heights.mul(dx);
  checkTensor(`${operation}: x`, x);
  if (x.ndim === 1) return heights.mul(stepsOf(operation, y, axisIndex, x));
  if (!sameShape(x.shape, y.shape)) {
    throw new RangeError(
      `${operation}: coordinates must have shape [${length}] or ${formatShape(y.shape)}, got ${formatShape(x.shape)}`,
    );
  }
  const coordinates = x.astype(promoteTypes(values.dtype, x.dtype));
  return heights.mul(neighbors(coordinates, axisIndex, length, (left, right) => right.sub(left)));
}

function neighbors(x: Tensor, axis: number, length: number, combine: (left: Tensor, right: Tensor) => Tensor): Tensor {
  return combine(part(x, axis, 0, Math.max(0, length - 1)), part(x, axis, Math.min(1, length), length));
}
