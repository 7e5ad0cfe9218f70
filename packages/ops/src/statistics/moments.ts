// Weighted means, moments and correlation.
import {
  clip,
  promoteTypes,
  tensor,
  type Axis,
  type ReduceOptions,
  type Tensor,
  type VarianceOptions,
} from '@thetagrad/core';
import {
  argumentError,
  at,
  checkBoolean,
  checkOptions,
  checkTensor,
  formatShape,
  last,
  normalizeAxes,
  sameShape,
  toFloat,
} from '@thetagrad/core/backend';

/**
 * The variance and the mean over axes (PyTorch's `var_mean`). int32 and bool become float32.
 * @param axis Default: all axes.
 * @param options `correction`, as of `variance`. Default: 0, where PyTorch has 1.
 * @throws {TypeError} if the correction is not a number.
 * @throws {RangeError} if an axis is out of range or occurs twice.
 * @example
 * varMean(tensor([1, 2, 3, 4])); // { variance: tensor(1.25), mean: tensor(2.5) }
 */
export function varMean(
  x: Tensor,
  axis?: Axis,
  options: VarianceOptions = {},
): { readonly variance: Tensor; readonly mean: Tensor } {
  checkMoments('varMean', x, axis, options);
  return { variance: x.variance(axis, options), mean: x.mean(axis, { keepdims: options.keepdims === true }) };
}

/**
 * The standard deviation and the mean over axes (PyTorch's `std_mean`). int32 and bool become float32.
 * @param axis Default: all axes.
 * @param options `correction`, as of `std`. Default: 0, where PyTorch has 1.
 * @throws {TypeError} if the correction is not a number.
 * @throws {RangeError} if an axis is out of range or occurs twice.
 * @example
 * stdMean(tensor([1, 3])); // { std: tensor(1), mean: tensor(2) }
 */
export function stdMean(
  x: Tensor,
  axis?: Axis,
  options: VarianceOptions = {},
): { readonly std: Tensor; readonly mean: Tensor } {
  checkMoments('stdMean', x, axis, options);
  return { std: x.std(axis, options), mean: x.mean(axis, { keepdims: options.keepdims === true }) };
}

function checkMoments(operation: string, x: Tensor, axis: Axis | undefined, options: VarianceOptions): void {
  checkTensor(operation, x);
  checkOptions(operation, options, ['keepdims', 'correction']);
  normalizeAxes(operation, axis, x.ndim);
  const { correction = 0 } = options;
  if (typeof correction !== 'number') throw argumentError(operation, 'correction', 'a number', correction);
}

export interface AverageOptions extends ReduceOptions {
  /** The weight of each element: of x's shape, or of the length of the one reduced axis. Default: 1. */
  readonly weights?: Tensor;
}

/**
 * The weighted mean over axes, Σ w x / Σ w (NumPy's `average`). int32 and bool become float32.
 * @param axis Default: all axes.
 * @throws {TypeError} if `weights` is not a tensor.
 * @throws {RangeError} if an axis is out of range or occurs twice, or the weights do not fit.
 * @example
 * average(tensor([1, 2, 4]), 0, { weights: tensor([1, 1, 2]) }); // tensor(2.75)
 */
export function average(x: Tensor, axis?: Axis, options: AverageOptions = {}): Tensor {
  checkTensor('average', x);
  checkOptions('average', options, ['keepdims', 'weights']);
  const { weights, keepdims = false } = options;
  const axes = normalizeAxes('average', axis, x.ndim);
  if (weights === undefined) return x.mean(axes, { keepdims });
  checkTensor('average: weights', weights);
  const isLine = weights.ndim === 1 && axes.length === 1 && weights.size === at(x.shape, axes[0] ?? 0);
  if (!isLine && !sameShape(weights.shape, x.shape)) {
    throw new RangeError(
      `average: weights ${formatShape(weights.shape)} must have the shape ${formatShape(x.shape)} of x, or one axis as long as the reduced one`,
    );
  }
  const factors = isLine ? weights.reshape(x.shape.map((length, i) => (axes.includes(i) ? length : 1))) : weights;
  const inFloat = factors.astype(toFloat(promoteTypes(x.dtype, weights.dtype)));
  const total = inFloat.broadcastTo(x.shape).sum(axes, { keepdims });
  return x.mul(inFloat).sum(axes, { keepdims }).div(total);
}

export interface CorrelationOptions {
  /** Whether each row is a variable and each column an observation; else the reverse. Default: true. */
  readonly rowvar?: boolean;
}

export interface CovarianceOptions extends CorrelationOptions {
  /** The divisor is n − correction. Default: 1. */
  readonly correction?: number;
  /** int32 [observations]: how often each observation counts. Default: once. */
  readonly fweights?: Tensor;
  /** [observations]: the relative weight of each observation. Default: 1. */
  readonly aweights?: Tensor;
}

/**
 * The covariance matrix of variables (NumPy's and PyTorch's `cov`). int32 and bool become float32.
 * @param x [variables, observations], or [observations] of one variable, whose covariance is a scalar.
 * @throws {TypeError} if the correction is not a number, or `fweights` are not int32.
 * @throws {RangeError} if x has more than two axes, or weights are not [observations].
 * @example
 * cov(tensor([[0, 1, 2], [2, 1, 0]])); // tensor([[ 1, -1], [-1, 1]])
 */
export function cov(x: Tensor, options: CovarianceOptions = {}): Tensor {
  checkOptions('cov', options, ['rowvar', 'correction', 'fweights', 'aweights']);
  return computeCovariance('cov', x, options);
}

/**
 * The matrix of Pearson's correlation coefficients of variables, from −1 to 1 (NumPy's and PyTorch's `corrcoef`). NaN for a
 * variable that is constant. int32 and bool become float32.
 * @param x [variables, observations], or [observations] of one variable, whose coefficient is a scalar.
 * @throws {RangeError} if x has more than two axes.
 * @example
 * corrcoef(tensor([[0, 1, 2], [2, 1, 0]])); // tensor([[ 1, -1], [-1, 1]])
 */
export function corrcoef(x: Tensor, options: CorrelationOptions = {}): Tensor {
  checkOptions('corrcoef', options, ['rowvar']);
  const covariance = computeCovariance('corrcoef', x, options);
  if (covariance.ndim === 0) return covariance.div(covariance);
  const variables = at(covariance.shape, 0);
  const diagonal = Array.from({ length: variables }, (_, i) => i * (variables + 1));
  const deviations = covariance.flatten().take(indexTensor(diagonal)).sqrt();
  return clip(covariance.div(deviations.expandDims(1)).div(deviations), -1, 1);
}

function indexTensor(indices: readonly number[]): Tensor {
  return tensor(Int32Array.from(indices));
}

function computeCovariance(operation: string, x: Tensor, options: CovarianceOptions): Tensor {
  checkTensor(operation, x);
  const { rowvar = true, correction = 1, fweights, aweights } = options;
  checkBoolean(operation, 'rowvar', rowvar);
  if (x.ndim > 2) throw new RangeError(`${operation}: x must have at most two axes, got ${formatShape(x.shape)}`);
  if (typeof correction !== 'number') throw argumentError(operation, 'correction', 'a number', correction);
  const values = x.astype(toFloat(x.dtype));
  const rows = x.ndim < 2 ? values.reshape([1, x.size]) : rowvar ? values : values.transpose();
  const n = last(rows.shape);
  const weights = combineWeights(operation, rows, fweights, aweights);
  if (!weights) {
    const centered = rows.sub(rows.mean(1, { keepdims: true }));
    const product = centered.matmul(centered.transpose()).div(Math.max(0, n - correction));
    return x.ndim < 2 ? product.reshape([]) : product;
  }
  const total = weights.sum();
  const centered = rows.sub(rows.mul(weights).sum(1, { keepdims: true }).div(total));
  const lost = aweights ? weights.mul(aweights).sum().div(total).mul(correction) : correction;
  const divisor = total.sub(lost);
  const product = centered.mul(weights).matmul(centered.transpose()).div(divisor.maximum(0));
  return x.ndim < 2 ? product.reshape([]) : product;
}

/** The product of both kinds of weights of [variables, observations], in floating point. */
function combineWeights(
  operation: string,
  rows: Tensor,
  fweights: Tensor | undefined,
  aweights: Tensor | undefined,
): Tensor | undefined {
  const n = last(rows.shape);
  for (const [name, weights] of Object.entries({ fweights, aweights })) {
    if (weights === undefined) continue;
    checkTensor(`${operation}: ${name}`, weights);
    if (weights.ndim === 1 && weights.size === n) continue;
    throw new RangeError(`${operation}: ${name} must have shape [${n}], got ${formatShape(weights.shape)}`);
  }
  if (fweights && fweights.dtype !== 'int32') {
    throw new TypeError(`${operation}: fweights must be int32, got ${fweights.dtype}; use aweights for other weights`);
  }
  const [counts, relative] = [fweights, aweights].map((each) => each?.astype(promoteTypes(rows.dtype, each.dtype)));
  return counts && relative ? counts.mul(relative) : (counts ?? relative);
}
