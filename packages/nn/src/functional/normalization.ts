// Normalizations as functions of tensors.
import { customGradient, type Shape, stopGradient, Tensor, Variable } from '@thetagrad/core';
import {
  argumentError,
  checkFraction,
  checkInteger,
  checkNonnegative,
  checkOptions,
  checkTensor,
  divideScaledSum,
  formatShape,
  sameShape,
  scaleSquares,
  sizeOf,
  toFloat,
} from '@thetagrad/core/backend';

export interface AffineNormOptions {
  /** A factor for the result. Default: none. */
  readonly weight?: Tensor | undefined;
  /** What is added to the result. Default: none. */
  readonly bias?: Tensor | undefined;
  /** Added to the variance. Default: 1e-5. */
  readonly eps?: number;
}

/**
 * Layer normalization, (x − mean) / √(variance + eps) · weight + bias over the last axes of x (Ba et al., 2016, arXiv
 * 1607.06450). int32 and bool become float32.
 * @param normalizedShape the sizes of the axes, or that of the last axis; also the shape of weight and bias
 * @throws {TypeError} if x is not a tensor, or an option is unknown.
 * @throws {RangeError} if the last axes of x, the weight or the bias do not have that shape, or eps is negative.
 */
export function layerNorm(x: Tensor, normalizedShape: number | Shape, options: AffineNormOptions = {}): Tensor {
  const { values, axes, shape } = checkLastAxes('layerNorm', x, normalizedShape);
  const eps = checkEps('layerNorm', options, ['weight', 'bias', 'eps']);
  return applyAffine('layerNorm', standardize(measure(values, axes, eps)), options, { shape, view: shape });
}

export interface RMSNormOptions {
  /** A factor for the result, of the normalized shape. Default: none. */
  readonly weight?: Tensor | undefined;
  /** Added to the mean square. Default: the machine epsilon of the dtype, as in PyTorch: 2⁻²³ for float32, 2⁻⁵² for float64. */
  readonly eps?: number | undefined;
}

/**
 * Normalization by the root mean square, x / √(mean(x²) + eps) · weight over the last axes of x (Zhang and Sennrich, NeurIPS 2019,
 * equation 4). int32 and bool become float32.
 * @param normalizedShape the sizes of the axes, or that of the last axis; also the shape of the weight
 * @throws {TypeError} if x is not a tensor, or an option is unknown.
 * @throws {RangeError} if the last axes of x or the weight do not have that shape, or eps is negative.
 */
export function rmsNorm(x: Tensor, normalizedShape: number | Shape, options: RMSNormOptions = {}): Tensor {
  const { values, axes, shape } = checkLastAxes('rmsNorm', x, normalizedShape);
  checkOptions('rmsNorm', options, ['weight', 'eps']);
  const { eps = values.dtype === 'float64' ? 2 ** -52 : 2 ** -23 } = options;
  checkNonnegative('rmsNorm', 'eps', eps);
  const statistics = measureSquares(values, values, axes, eps);
  return applyAffine('rmsNorm', standardize(statistics), options, { shape, view: shape });
}

/**
 * Group normalization: the channels of [N, C, …] in groups, each of which is normalized over its channels and all other axes,
 * (x − mean) / √(variance + eps), then scaled and shifted by channel (Wu and He, ECCV 2018, section 3.1). int32 and bool become
 * float32.
 * @param numGroups divides C
 * @param options weight and bias are [C].
 * @throws {TypeError} if x is not a tensor, or an option is unknown.
 * @throws {RangeError} if x has fewer than two axes, C is not a multiple of `numGroups`, weight or bias is not [C], or eps is
 *   negative.
 */
export function groupNorm(x: Tensor, numGroups: number, options: AffineNormOptions = {}): Tensor {
  const { values, channels, perChannel } = checkChannels('groupNorm', x);
  checkInteger('groupNorm', 'numGroups', numGroups, { min: 1 });
  const eps = checkEps('groupNorm', options, ['weight', 'bias', 'eps']);
  if (channels % numGroups !== 0) {
    throw new RangeError(
      `groupNorm: ${numGroups} groups do not divide ${channels} channels of ${formatShape(x.shape)}`,
    );
  }
  const size = (channels / numGroups) * sizeOf(x.shape.slice(2));
  const statistics = measure(values.reshape([x.shape[0]!, numGroups, size]), [2], eps);
  return applyAffine('groupNorm', standardize(statistics).reshape(x.shape), options, perChannel);
}

/**
 * Instance normalization: each channel of each sample of [N, C, …] is normalized over the other axes, (x − mean) / √(variance +
 * eps), then scaled and shifted by channel (Ulyanov et al., 2016, arXiv 1607.08022). int32 and bool become float32.
 * @param options weight and bias are [C].
 * @throws {TypeError} if x is not a tensor, or an option is unknown.
 * @throws {RangeError} if x has fewer than three axes or only one element per channel, weight or bias is not [C], or eps is
 *   negative.
 */
export function instanceNorm(x: Tensor, options: AffineNormOptions = {}): Tensor {
  const { values, perChannel } = checkChannels('instanceNorm', x);
  const eps = checkEps('instanceNorm', options, ['weight', 'bias', 'eps']);
  if (sizeOf(x.shape.slice(2)) < 2) {
    throw new RangeError(`instanceNorm: needs more than one element per channel, got ${formatShape(x.shape)}`);
  }
  const axes = x.shape.map((_, i) => i).slice(2);
  return applyAffine('instanceNorm', standardize(measure(values, axes, eps)), options, perChannel);
}

export interface BatchNormOptions extends AffineNormOptions {
  /** [C]: the mean outside of training. A variable is updated in training. Default: none. */
  readonly runningMean?: Tensor | Variable | undefined;
  /** [C]: the variance outside of training. A variable is updated in training. Default: none. */
  readonly runningVar?: Tensor | Variable | undefined;
  /** Whether mean and variance are those of the batch. Default: false. */
  readonly training?: boolean;
  /** The share of the batch in updated statistics. Default: 0.1. */
  readonly momentum?: number;
}

/**
 * Batch normalization: each channel of [N, C, …] is normalized over all other axes, (x − mean) / √(variance + eps), then scaled and
 * shifted by channel. In training, mean and variance are those of the batch, and `runningMean` and `runningVar` are assigned their
 * running averages (the variance by the unbiased estimate, as in PyTorch), if they are variables: evaluate these with the result
 * to store them. Otherwise the running averages are used. (Ioffe and Szegedy, ICML 2015, algorithms 1 and 2.) int32 and bool
 * become float32.
 * @param options weight, bias, runningMean and runningVar are [C].
 * @throws {TypeError} if x is not a tensor, or an option is unknown or missing.
 * @throws {RangeError} if x has fewer than two axes, an option is not [C] or out of range, or there is only one element per channel in
 *   training.
 */
export function batchNorm(x: Tensor, options: BatchNormOptions = {}): Tensor {
  const known = ['weight', 'bias', 'eps', 'runningMean', 'runningVar', 'training', 'momentum'] as const;
  const { values, perChannel } = checkChannels('batchNorm', x);
  const eps = checkEps('batchNorm', options, known);
  const { training = false, momentum = 0.1 } = options;
  checkFraction('batchNorm', 'momentum', momentum);
  return normalizeBatch('batchNorm', values, { ...options, training, momentum, eps }, perChannel);
}

/** {@link batchNorm} of checked operands, for an operation that messages name. */
export function normalizeBatch(
  operation: string,
  x: Tensor,
  options: BatchNormOptions & { readonly eps: number; readonly momentum: number },
  { shape, view }: ParameterShape,
): Tensor {
  const { weight, bias, runningMean, runningVar, training, eps, momentum } = options;
  const perChannel = (name: string, values: Tensor): Tensor => {
    checkParameter(operation, name, values, shape);
    return values.reshape(view);
  };
  const runningOf = (name: string, running: Tensor | Variable | undefined): Tensor => {
    if (running === undefined) {
      throw new TypeError(`${operation}: ${name} is needed outside of training; pass it, or { training: true }`);
    }
    return perChannel(name, running instanceof Variable ? running.value : running);
  };
  const scale = weight && perChannel('weight', weight);
  const shift = bias && perChannel('bias', bias);
  if (training) {
    const count = x.size / Math.max(1, sizeOf(shape));
    if (count <= 1) {
      throw new RangeError(
        `${operation}: training needs more than one element per channel, got ${formatShape(x.shape)}; ` +
          'use a larger batch, or eval()',
      );
    }
    const axes = x.shape.map((_, i) => i).filter((i) => i !== 1);
    const batch = measure(x, axes, eps);
    updateRunning(operation, 'runningMean', runningMean, batch.mean, momentum);
    updateRunning(operation, 'runningVar', runningVar, batch.variance(count / (count - 1)), momentum);
    return standardizeChannels(batch, scale, shift);
  }
  const deviation = x.sub(runningOf('runningMean', runningMean));
  // Factors are joined per channel first: one pass over the images instead of two.
  const inverse = runningOf('runningVar', runningVar).add(eps).sqrt().reciprocal();
  const scaled = deviation.mul(scale ? inverse.mul(scale) : inverse);
  return shift ? scaled.add(shift) : scaled;
}

function updateRunning(
  operation: string,
  name: string,
  running: Tensor | Variable | undefined,
  batch: Tensor,
  momentum: number,
): void {
  if (!(running instanceof Variable)) return;
  checkParameter(operation, name, running.value, [batch.size]);
  const latest = stopGradient(batch).reshape(running.shape).astype(running.dtype);
  running.assign(running.value.mul(1 - momentum).add(latest.mul(momentum)));
}

/** What x is standardized with. */
interface Statistics {
  readonly x: Tensor;
  readonly axes: readonly number[];
  /** The number of elements along the axes. */
  readonly count: number;
  /** x, or its deviations from the mean, multiplied by `scale`. */
  readonly scaled: Tensor;
  /** One over the root mean square of `scaled`, with eps. */
  readonly inverse: Tensor;
  /** Powers of two, without a gradient. Default: 1. */
  readonly scale: Tensor | undefined;
  /** Whether the mean is subtracted. */
  readonly isCentered: boolean;
}

/** {@link Statistics} of deviations from the mean over axes. */
interface Measured extends Statistics {
  readonly mean: Tensor;
  /** The variance without eps, times a factor. */
  readonly variance: (factor: number) => Tensor;
}

function measure(x: Tensor, axes: readonly number[], eps: number): Measured {
  // In one pass, where `mean` may take two.
  const mean = divideScaledSum(x, axes, countAlong(x, axes), { keepdims: true });
  return { mean, ...measureSquares(x, x.sub(mean), axes, eps) };
}

/** The statistics of x by the mean square of its deviations, or of itself. */
function measureSquares(x: Tensor, deviation: Tensor, axes: readonly number[], eps: number): Omit<Measured, 'mean'> {
  const count = countAlong(x, axes);
  // eps outweighs a variance that is too small to be represented, so that scaling up would only lose it.
  const { scaled, scale } = scaleSquares(deviation, axes, { enlarge: eps === 0 });
  const square = scaled.square().sum(axes, { keepdims: true }).div(count);
  const withEps = eps === 0 ? square : square.add(scale.mul(scale).mul(eps));
  const inverse = withEps.sqrt().reciprocal();
  const variance = (factor: number): Tensor => square.mul(factor).div(scale).div(scale);
  const common = { x, axes, count, isCentered: deviation !== x, variance };
  // With eps, the inverse is in range without a scale.
  if (eps > 0) return { ...common, scaled: deviation, inverse: inverse.mul(scale), scale: undefined };
  return { ...common, scaled, inverse, scale };
}

function countAlong(x: Tensor, axes: readonly number[]): number {
  return axes.reduce((product, axis) => product * x.shape[axis]!, 1);
}

/**
 * x, or its deviations from the mean, divided by their root mean square. The gradient in closed form takes fewer passes than that
 * of the formula: (g − mean(g) − y · mean(g · y)) / rms for a result y with gradient g.
 */
function standardize({ x, axes, count, scaled, scale, inverse, isCentered }: Statistics): Tensor {
  return customGradient((_: Tensor) => {
    const value = scaled.mul(inverse);
    return {
      value,
      vjp: (g) => {
        const average = (terms: Tensor): Tensor => terms.sum(axes, { keepdims: true }).div(count);
        const centered = isCentered ? g.sub(average(g)) : g;
        const along = average(g.strongMul(value)).strongMul(value);
        return [multiplyGradient(centered.sub(along), inverse, scale)];
      },
    };
  })(x);
}

/** Multiplies a gradient by the inverse of a root mean square of scaled elements. */
function multiplyGradient(g: Tensor, inverse: Tensor, scale: Tensor | undefined): Tensor {
  const product = g.strongMul(inverse);
  return scale ? product.mul(scale) : product;
}

/**
 * The same for channels, with a factor and a shift for each. Their gradients are sums that the gradient of x is made of: for a
 * result y · weight + bias with gradient g they are Σ g · y and Σ g, and that of x is
 * (g − Σ g / n − y · Σ g · y / n) · weight / rms.
 */
function standardizeChannels(
  { x, axes, count, scaled, scale, inverse }: Statistics,
  weight: Tensor | undefined,
  bias: Tensor | undefined,
): Tensor {
  const parameters = [weight, bias].filter((parameter) => parameter !== undefined);
  return customGradient((..._: readonly Tensor[]) => {
    // Factors are joined per channel first: one pass over the images instead of two.
    const factor = weight ? inverse.mul(weight) : inverse;
    const weighted = scaled.mul(factor);
    const vjp = (g: Tensor): Tensor[] => {
      const value = scaled.mul(inverse);
      const total = g.sum(axes, { keepdims: true });
      const along = g.strongMul(value).sum(axes, { keepdims: true });
      const slope = g.sub(total.div(count)).sub(along.div(count).strongMul(value));
      const ofX = multiplyGradient(slope, factor, scale);
      return [ofX, ...(weight ? [along.reshape(weight.shape)] : []), ...(bias ? [total.reshape(bias.shape)] : [])];
    };
    return { value: bias ? weighted.add(bias) : weighted, vjp };
  })(x, ...parameters);
}

/** The shape of weight and bias, and the one in which they broadcast to x. */
export interface ParameterShape {
  readonly shape: Shape;
  readonly view: Shape;
}

function applyAffine(
  operation: string,
  x: Tensor,
  { weight, bias }: Pick<AffineNormOptions, 'weight' | 'bias'>,
  { shape, view }: ParameterShape,
): Tensor {
  let result = x;
  if (weight !== undefined) {
    checkParameter(operation, 'weight', weight, shape);
    result = result.mul(weight.reshape(view));
  }
  if (bias === undefined) return result;
  checkParameter(operation, 'bias', bias, shape);
  return result.add(bias.reshape(view));
}

function checkParameter(operation: string, name: string, values: Tensor, shape: Shape): void {
  if (!(values instanceof Tensor)) throw argumentError(operation, name, 'a tensor', values, false);
  if (sameShape(values.shape, shape)) return;
  throw new RangeError(`${operation}: ${name} must be ${formatShape(shape)}, got ${formatShape(values.shape)}`);
}

function checkEps<Options extends AffineNormOptions>(
  operation: string,
  options: Options,
  known: readonly (keyof Options & string)[],
): number {
  checkOptions(operation, options, known);
  const { eps = 1e-5 } = options;
  checkNonnegative(operation, 'eps', eps);
  return eps;
}

/** Checks x, [N, C, …]. */
export function checkChannels(
  operation: string,
  x: Tensor,
): { readonly values: Tensor; readonly channels: number; readonly perChannel: ParameterShape } {
  checkTensor(operation, x);
  const [, channels, ...rest] = x.shape;
  if (channels === undefined)
    throw new RangeError(`${operation}: input must be [N, C, …], got ${formatShape(x.shape)}`);
  const perChannel = { shape: [channels], view: [channels, ...rest.map(() => 1)] };
  return { values: x.astype(toFloat(x.dtype)), channels, perChannel };
}

/** Checks that x ends with the normalized shape. */
function checkLastAxes(
  operation: string,
  x: Tensor,
  normalizedShape: number | Shape,
): { readonly values: Tensor; readonly axes: readonly number[]; readonly shape: Shape } {
  checkTensor(operation, x);
  const shape = toNormalizedShape(operation, normalizedShape);
  const first = x.ndim - shape.length;
  if (first < 0 || !sameShape(x.shape.slice(first), shape)) {
    throw new RangeError(
      `${operation}: the last axes of the input ${formatShape(x.shape)} must be ${formatShape(shape)}, the normalized shape`,
    );
  }
  return { values: x.astype(toFloat(x.dtype)), axes: shape.map((_, i) => first + i), shape };
}

/** Checks a normalized shape. */
export function toNormalizedShape(operation: string, normalizedShape: number | Shape): Shape {
  const shape = typeof normalizedShape === 'number' ? [normalizedShape] : normalizedShape;
  if (!Array.isArray(shape) || shape.length === 0) {
    throw argumentError(
      operation,
      'normalizedShape',
      'an integer ≥ 1 or several',
      normalizedShape,
      Array.isArray(shape),
    );
  }
  for (const size of shape as Shape) checkInteger(operation, 'each size of normalizedShape', size, { min: 1 });
  return shape;
}
