// Order statistics: quantiles and medians.
import { strongMul, tensor, type Axis, type DType, type ReduceOptions, type Tensor } from '@thetagrad/core';
import { argumentError, checkOptions, checkTensor, last, toFloat, unknownValue } from '@thetagrad/core/backend';
import { joinReduced } from './lines.ts';

/** How a quantile is read off n sorted elements: the nine definitions of Hyndman & Fan (1996), and four of NumPy's. */
export type QuantileMethod =
  | 'invertedCdf'
  | 'averagedInvertedCdf'
  | 'closestObservation'
  | 'interpolatedInvertedCdf'
  | 'hazen'
  | 'weibull'
  | 'linear'
  | 'medianUnbiased'
  | 'normalUnbiased'
  | 'lower'
  | 'higher'
  | 'midpoint'
  | 'nearest';

/** For n sorted elements and a fraction q: an index from 0, whose fraction is a weight of the next element. */
type Positions = Readonly<Record<QuantileMethod, (n: number, q: number) => number>>;

/** Positions of which the given parameters are those of Hyndman & Fan, section 3. */
const continuous =
  (alpha: number, beta: number) =>
  (n: number, q: number): number =>
    n * q + alpha + q * (1 - alpha - beta) - 1;

const linear = (n: number, q: number): number => (n - 1) * q;

function roundHalfToEven(x: number): number {
  const low = Math.floor(x);
  const isUp = x - low > 0.5 || (x - low === 0.5 && low % 2 !== 0);
  return isUp ? low + 1 : low;
}

const positions: Positions = {
  invertedCdf: (n, q) => Math.ceil(n * q) - 1,
  averagedInvertedCdf: (n, q) => (Number.isInteger(n * q) ? n * q - 0.5 : Math.ceil(n * q) - 1),
  closestObservation: (n, q) => roundHalfToEven(n * q) - 1,
  interpolatedInvertedCdf: continuous(0, 1),
  hazen: continuous(0.5, 0.5),
  weibull: continuous(0, 0),
  linear,
  medianUnbiased: continuous(1 / 3, 1 / 3),
  normalUnbiased: continuous(3 / 8, 3 / 8),
  lower: (n, q) => Math.floor(linear(n, q)),
  higher: (n, q) => Math.ceil(linear(n, q)),
  midpoint: (n, q) => (Math.floor(linear(n, q)) + Math.ceil(linear(n, q))) / 2,
  nearest: (n, q) => roundHalfToEven(linear(n, q)),
};

export interface QuantileOptions extends ReduceOptions {
  /** How to choose or interpolate between two elements. Default: 'linear'. */
  readonly method?: QuantileMethod;
}

/**
 * The quantiles of elements over axes (NumPy's `quantile`): q = 0 is the smallest, 1 the largest, and ½ the median. int32 and
 * bool become float32. NaN if there is one. The gradient goes to the one or two elements that the quantile is made of.
 * @param q a fraction from 0 to 1; or several, which make a first axis.
 * @param axis Default: all axes.
 * @throws {TypeError | RangeError} if a fraction is not a number from 0 to 1, or the method is unknown.
 * @throws {RangeError} if an axis is out of range or occurs twice, or there are no elements to reduce.
 * @example
 * quantile(tensor([1, 2, 3, 4]), [0, 0.5, 1]); // tensor([1.0, 2.5, 4.0])
 * quantile(tensor([1, 2, 3, 4]), 0.3, 0, { method: 'lower' }); // tensor(1)
 */
export function quantile(x: Tensor, q: number | readonly number[], axis?: Axis, options: QuantileOptions = {}): Tensor {
  return computeQuantile('quantile', x, checkFractions('quantile', 'q', q, 1), axis, options);
}

/**
 * The percentiles of elements over axes (NumPy's `percentile`), see {@link quantile}: 0 is the smallest, 100 the largest.
 * @param q from 0 to 100; or several, which make a first axis.
 * @param axis Default: all axes.
 * @throws {TypeError | RangeError} if a percentage is not a number from 0 to 100, or the method is unknown.
 * @throws {RangeError} if an axis is out of range or occurs twice, or there are no elements to reduce.
 * @example
 * percentile(tensor([1, 2, 3, 4, 5]), 75); // tensor(4)
 */
export function percentile(
  x: Tensor,
  q: number | readonly number[],
  axis?: Axis,
  options: QuantileOptions = {},
): Tensor {
  return computeQuantile('percentile', x, checkFractions('percentile', 'q', q, 100), axis, options);
}

/**
 * The quantiles of the elements over axes that are not NaN (NumPy's `nanquantile`), see {@link quantile}. NaN if all are.
 * @param q a fraction from 0 to 1; or several, which make a first axis.
 * @param axis Default: all axes.
 * @throws {TypeError | RangeError} if a fraction is not a number from 0 to 1, or the method is unknown.
 * @throws {RangeError} if an axis is out of range or occurs twice, or there are no elements to reduce.
 * @example
 * nanquantile(tensor([1, NaN, 3]), 0.5); // tensor(2)
 */
export function nanquantile(
  x: Tensor,
  q: number | readonly number[],
  axis?: Axis,
  options: QuantileOptions = {},
): Tensor {
  return computeQuantile('nanquantile', x, checkFractions('nanquantile', 'q', q, 1), axis, options, true);
}

/**
 * The percentiles of the elements over axes that are not NaN (NumPy's `nanpercentile`), see {@link quantile}. NaN if all are.
 * @param q from 0 to 100; or several, which make a first axis.
 * @param axis Default: all axes.
 * @throws {TypeError | RangeError} if a percentage is not a number from 0 to 100, or the method is unknown.
 * @throws {RangeError} if an axis is out of range or occurs twice, or there are no elements to reduce.
 * @example
 * nanpercentile(tensor([1, NaN, 3]), 25); // tensor(1.5)
 */
export function nanpercentile(
  x: Tensor,
  q: number | readonly number[],
  axis?: Axis,
  options: QuantileOptions = {},
): Tensor {
  return computeQuantile('nanpercentile', x, checkFractions('nanpercentile', 'q', q, 100), axis, options, true);
}

/**
 * The median over axes: the mean of the two middle elements where their number is even (NumPy's `median`; PyTorch's takes the
 * lower one, as `kthvalue` does). int32 and bool become float32. NaN if there is one.
 * @param axis Default: all axes.
 * @throws {RangeError} if an axis is out of range or occurs twice, or there are no elements to reduce.
 * @example
 * median(tensor([3, 1, 2, 10])); // tensor(2.5)
 */
export function median(x: Tensor, axis?: Axis, options: ReduceOptions = {}): Tensor {
  checkOptions('median', options, ['keepdims']);
  return computeQuantile('median', x, 0.5, axis, options);
}

/**
 * The median over axes of the elements that are not NaN, see {@link median} (NumPy's `nanmedian`). NaN if all are.
 * @param axis Default: all axes.
 * @throws {RangeError} if an axis is out of range or occurs twice, or there are no elements to reduce.
 * @example
 * nanmedian(tensor([3, NaN, 2])); // tensor(2.5)
 */
export function nanmedian(x: Tensor, axis?: Axis, options: ReduceOptions = {}): Tensor {
  checkOptions('nanmedian', options, ['keepdims']);
  return computeQuantile('nanmedian', x, 0.5, axis, options, true);
}

/** Checks one fraction or several, and divides them by `scale`. */
function checkFractions(
  operation: string,
  name: string,
  q: number | readonly number[],
  scale: number,
): number | readonly number[] {
  const check = (value: unknown): number => {
    if (typeof value === 'number' && value >= 0 && value <= scale) return value / scale;
    throw argumentError(operation, name, `a number from 0 to ${scale}, or an array of them`, value);
  };
  return Array.isArray(q) ? q.map(check) : check(q);
}

/** Where quantiles are among sorted elements: indices of lower and upper elements, and the weights of the upper ones. */
interface Places {
  readonly lower: Int32Array;
  readonly upper: Int32Array;
  readonly weight: Float64Array;
}

/** The places of fractions for each number of elements from one to another, in double precision. */
function tabulate(method: QuantileMethod, fractions: readonly number[], from: number, to: number): Places {
  const size = (to - from + 1) * fractions.length;
  const [lower, upper, weight] = [new Int32Array(size), new Int32Array(size), new Float64Array(size)];
  const locate = positions[method];
  let i = 0;
  for (let n = from; n <= to; n++) {
    for (const q of fractions) {
      const position = Math.min(Math.max(locate(n, q), 0), Math.max(n - 1, 0));
      lower[i] = Math.floor(position);
      upper[i] = Math.ceil(position);
      weight[i++] = position % 1;
    }
  }
  return { lower, upper, weight };
}

function resolveMethod(operation: string, options: QuantileOptions): QuantileMethod {
  checkOptions(operation, options, ['keepdims', 'method']);
  const { method = 'linear' } = options;
  if (!Object.hasOwn(positions, method)) {
    throw unknownValue(operation, 'method', method, Object.keys(positions).join(', '));
  }
  return method;
}

/** Sorts, and interpolates between the elements at the places of quantiles; optionally of the elements that are not NaN. */
function computeQuantile(
  operation: string,
  x: Tensor,
  q: number | readonly number[],
  axis: Axis | undefined,
  options: QuantileOptions,
  ignoresNaN = false,
): Tensor {
  checkTensor(operation, x);
  const method = resolveMethod(operation, options);
  const { lines, shape } = joinReduced(operation, x.astype(toFloat(x.dtype)), axis, options.keepdims);
  const fractions = typeof q === 'number' ? [q] : q;
  const length = last(lines.shape);
  // With NaN, which sorting puts last, places depend on how many elements are left.
  const places = tabulate(method, fractions, ignoresNaN ? 0 : length, length);
  const lookUp = (values: Int32Array | Float64Array, dtype: DType): Tensor => {
    if (!ignoresNaN) return tensor(values, { dtype }).broadcastTo([...lines.shape.slice(0, -1), fractions.length]);
    const table = tensor(values, { shape: [length + 1, fractions.length], dtype });
    return table.take(lines.isnan().logicalNot().sum(-1));
  };
  const sorted = lines.sort();
  const low = sorted.takeAlongAxis(lookUp(places.lower, 'int32'));
  const high = sorted.takeAlongAxis(lookUp(places.upper, 'int32'));
  const weight = lookUp(places.weight, lines.dtype);
  const difference = high.sub(low);
  // The sum of parts, in which a weight of 0 outweighs an infinity, where the difference is not finite.
  const parts = strongMul(low, weight.neg().add(1)).add(strongMul(high, weight));
  const results = difference.isfinite().where(low.add(difference.mul(weight)), parts);
  const checked = ignoresNaN ? results : lines.isnan().any(-1, { keepdims: true }).where(NaN, results);
  if (typeof q === 'number') return checked.reshape(shape);
  const { ndim } = checked;
  const inFront = checked.permute([ndim - 1, ...Array.from({ length: ndim - 1 }, (_, i) => i)]);
  return inFront.reshape([fractions.length, ...shape]);
}
