// What losses have in common: operands, weights and reductions.
import { type DType, promoteTypes, Tensor } from '@thetagrad/core';
import {
  argumentError,
  broadcastShapes,
  checkOptions,
  checkTensor,
  formatShape,
  HostBuffer,
  sameShape,
  unknownValue,
} from '@thetagrad/core/backend';

/** How the losses of all samples become the result: their mean, their sum, or as they are. */
export type Reduction = 'mean' | 'sum' | 'none';

export interface LossOptions {
  /** Default: `'mean'`. */
  readonly reduction?: Reduction;
}

/** Checks the names of options; returns the reduction. */
export function reductionOf<Options extends LossOptions>(
  operation: string,
  options: Options,
  known: readonly (keyof Options & string)[] = [],
): Reduction | undefined {
  checkOptions<LossOptions>(operation, options, ['reduction', ...(known as readonly 'reduction'[])]);
  return options.reduction;
}

export function reduce(operation: string, losses: Tensor, reduction: Reduction = 'mean'): Tensor {
  switch (reduction) {
    case 'mean':
      return losses.mean();
    case 'sum':
      return losses.sum();
    case 'none':
      return losses;
    default:
      throw unknownValue(operation, 'reduction', reduction, `'mean', 'sum' or 'none'`);
  }
}

export function checkSameShape(operation: string, predictions: Tensor, targets: Tensor): void {
  checkTensor(operation, predictions);
  checkTensor(operation, targets);
  if (!sameShape(predictions.shape, targets.shape)) {
    throw new RangeError(
      `${operation}: shapes ${formatShape(predictions.shape)} and ${formatShape(targets.shape)} must be equal`,
    );
  }
}

/** Tensors as floating point, of the widest of their dtypes. */
export function toFloats<const Tensors extends readonly Tensor[]>(
  operation: string,
  ...tensors: Tensors
): { [I in keyof Tensors]: Tensor } {
  for (const x of tensors) checkTensor(operation, x);
  const dtype = tensors.reduce<DType>((widest, x) => promoteTypes(widest, x.dtype), 'float32');
  return tensors.map((x) => x.astype(dtype)) as { [I in keyof Tensors]: Tensor };
}

/** Predictions and targets of one shape, as floating point of one dtype. */
export function toPair(operation: string, predictions: Tensor, targets: Tensor): readonly [Tensor, Tensor] {
  checkSameShape(operation, predictions, targets);
  return toFloats(operation, predictions, targets);
}

/** Multiplies losses by a weight that broadcasts to them. A loss of weight 0 is 0. */
export function weigh(operation: string, losses: Tensor, weight: Tensor | undefined, name = 'weight'): Tensor {
  if (weight === undefined) return losses;
  if (!(weight instanceof Tensor)) throw argumentError(operation, name, 'a tensor', weight, false);
  if (!sameShape(broadcastShapes(`${operation}: ${name}`, losses.shape, weight.shape), losses.shape)) {
    throw new RangeError(
      `${operation}: ${name} ${formatShape(weight.shape)} does not broadcast to ${formatShape(losses.shape)}`,
    );
  }
  return weight.strongMul(losses);
}

/** Checks the weights of classes, [C]. */
export function checkClassWeight(operation: string, weight: Tensor | undefined, classes: number): void {
  if (weight === undefined) return;
  if (!(weight instanceof Tensor)) throw argumentError(operation, 'weight', 'a tensor', weight, false);
  if (weight.ndim !== 1 || weight.shape[0] !== classes) {
    throw new RangeError(`${operation}: weight must be [${classes}], one per class, got ${formatShape(weight.shape)}`);
  }
}

/** Checks targets that are 1 or −1, where they are plain data. */
export function checkSigns(operation: string, targets: Tensor): void {
  checkTensor(operation, targets);
  if (!(targets.buffer instanceof HostBuffer)) return;
  const { values } = targets.buffer;
  const wrong = values.findIndex((value) => value !== 1 && value !== -1);
  if (wrong >= 0) {
    throw new RangeError(`${operation}: targets must be 1 or −1, got ${values[wrong]} at index ${wrong}`);
  }
}

/** Checks options that are any number. */
export function checkNumbers(operation: string, options: Readonly<Record<string, unknown>>): void {
  for (const [name, value] of Object.entries(options)) {
    if (typeof value !== 'number') throw argumentError(operation, name, 'a number', value);
  }
}
