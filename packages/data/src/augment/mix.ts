import { arange, type DType, isFloatingPoint, type Key, eye, random, type Tensor } from '@thetagrad/core';
import {
  argumentError,
  checkInteger,
  checkKey,
  checkOptions,
  checkPositive,
  checkTensor,
  describeIndices,
  formatShape,
  HostBuffer,
} from '@thetagrad/core/backend';
import { beta } from '@thetagrad/random';

/** Options of `mixUp` and `cutMix`. */
export interface MixOptions {
  /** Number of classes. Needed where labels are class indices. */
  readonly classes?: number;
  /** Both parameters of the beta distribution of the share of each image. Default: 1, a uniform share. */
  readonly alpha?: number;
}

/** A batch of images and the probabilities of their classes, as `crossEntropy` of `@thetagrad/nn` takes them. */
export interface MixedBatch {
  /** Of the shape and dtype of the images that were mixed. */
  readonly image: Tensor;
  /** Floating point, of shape [B, C]; each row has the sum 1. */
  readonly label: Tensor;
}

/**
 * Mixes each image of a batch with another one, λ · x + (1 − λ) · x′, and their labels in the same shares (Zhang et al.,
 * ICLR 2018). One λ is drawn for the batch; the others are a random permutation of it.
 *
 *     const { image, label } = mixUp(key, batch.image, batch.label, { classes: 10, alpha: 0.2 });
 *
 * @param key A key for this batch, such as that of the run folded in with the step.
 * @param image Floating point, of shape [B, …].
 * @param label Class indices, int32 of shape [B], or probabilities, floating point of shape [B, C].
 * @throws {TypeError} if an argument or option is of the wrong kind or dtype.
 * @throws {RangeError} if a shape, an option or a label is out of range; a label that is computed, at evaluation.
 */
export function mixUp(key: Key, image: Tensor, label: Tensor, options: MixOptions = {}): MixedBatch {
  const { probabilities, alpha } = checkBatch('mixUp', { key, image, label }, options);
  const [forOrder, forShare] = key.split() as [Key, Key];
  const others = random.permutation(forOrder, image.shape[0]!);
  const share = beta(forShare, [], alpha, alpha);
  return {
    image: mix(image, image.take(others), share.astype(image.dtype)),
    label: mix(probabilities, probabilities.take(others), share.astype(probabilities.dtype)),
  };
}

/**
 * Replaces a rectangle of each image of a batch by that of another one, and mixes their labels by the shares of the area (Yun et
 * al., ICCV 2019). One rectangle is drawn for the batch, of the share 1 − λ of the area before it is cut at the border; the others are
 * a random permutation of the batch.
 *
 *     const { image, label } = cutMix(key, batch.image, batch.label, { classes: 10 });
 *
 * @param key A key for this batch, such as that of the run folded in with the step.
 * @param image Floating point, of shape [B, C, H, W].
 * @param label Class indices, int32 of shape [B], or probabilities, floating point of shape [B, C].
 * @throws {TypeError} if an argument or option is of the wrong kind or dtype.
 * @throws {RangeError} if a shape, an option or a label is out of range; a label that is computed, at evaluation.
 */
export function cutMix(key: Key, image: Tensor, label: Tensor, options: MixOptions = {}): MixedBatch {
  const { probabilities, alpha } = checkBatch('cutMix', { key, image, label }, options);
  if (image.ndim !== 4) {
    throw new RangeError(`cutMix: expected images of shape [B, C, H, W], got ${formatShape(image.shape)}`);
  }
  const [forOrder, forShare, forX, forY] = key.split(4) as [Key, Key, Key, Key];
  const [batch, , height, width] = image.shape as [number, number, number, number];
  const others = random.permutation(forOrder, batch);
  const halfSide = beta(forShare, [], alpha, alpha).neg().add(1).sqrt().mul(0.5);
  const columns = coverAround(random.uniform(forX, []), halfSide, width);
  const rows = coverAround(random.uniform(forY, []), halfSide, height);
  const covered = rows.expandDims(1).logicalAnd(columns);
  const share = covered.astype(probabilities.dtype).mean().neg().add(1);
  return {
    image: covered.where(image.take(others), image),
    label: mix(probabilities, probabilities.take(others), share),
  };
}

/** bool [size]: which pixels are at most a half side of an interval, a share of the size, from its center. */
function coverAround(center: Tensor, halfSide: Tensor, size: number): Tensor {
  const middle = center.mul(size).floor();
  const reach = halfSide.mul(size).floor();
  const pixels = arange(size);
  return pixels.greaterEqual(middle.sub(reach)).logicalAnd(pixels.less(middle.add(reach)));
}

function mix(first: Tensor, second: Tensor, share: Tensor): Tensor {
  return first.mul(share).add(second.mul(share.neg().add(1)));
}

interface MixArguments {
  readonly key: Key;
  readonly image: Tensor;
  readonly label: Tensor;
}

function checkBatch(
  operation: string,
  { key, image, label }: MixArguments,
  options: MixOptions,
): { readonly probabilities: Tensor; readonly alpha: number } {
  checkKey(operation, key);
  checkTensor(operation, image);
  checkTensor(operation, label);
  checkOptions(operation, options, ['classes', 'alpha']);
  const { classes, alpha = 1 } = options;
  checkPositive(operation, 'alpha', alpha);
  if (!isFloatingPoint(image.dtype)) {
    throw new TypeError(
      `${operation}: images must be floating point, got ${image.dtype}; convert with astype('float32')`,
    );
  }
  const areIndices = label.dtype === 'int32';
  if (image.ndim === 0 || label.ndim !== (areIndices ? 1 : 2) || label.shape[0] !== image.shape[0]) {
    throw new RangeError(
      `${operation}: expected images [B, …] and labels, int32 [B] or probabilities [B, C]; ` +
        `got ${formatShape(image.shape)} and ${label.dtype} ${formatShape(label.shape)}`,
    );
  }
  if (areIndices) {
    if (classes === undefined) {
      throw argumentError(operation, 'classes', 'their number, where labels are class indices', classes, false);
    }
    checkInteger(operation, 'classes', classes, { min: 1 });
    return { probabilities: toProbabilities(operation, label, classes, image.dtype), alpha };
  }
  if (!isFloatingPoint(label.dtype)) {
    throw new TypeError(`${operation}: labels must be int32 or floating point, got ${label.dtype}`);
  }
  if (classes !== undefined && classes !== label.shape[1]) {
    throw new RangeError(`${operation}: classes is ${classes}, but labels have ${label.shape[1]} probabilities`);
  }
  return { probabilities: label, alpha };
}

/** One-hot rows of class indices. Those out of range are errors: at once where they are plain data, at evaluation otherwise. */
function toProbabilities(operation: string, label: Tensor, classes: number, dtype: DType): Tensor {
  const messageFor = (value: number, position: number): string =>
    `${operation}: label ${value} at index ${position} is out of range for ${classes} classes; use 0 to ${classes - 1}`;
  if (label.buffer instanceof HostBuffer) {
    const { values } = label.buffer;
    const wrong = values.findIndex((value) => value < 0 || value >= classes);
    if (wrong >= 0) throw new RangeError(messageFor(values[wrong]!, wrong));
  }
  // Indexing counts negative numbers from the end.
  const indices = label.less(0).where(label.sub(classes), label);
  return eye(classes, { dtype }).take(
    describeIndices(indices, (index, position) => messageFor(index < 0 ? index + classes : index, position)),
  );
}
