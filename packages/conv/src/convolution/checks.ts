// Checks of the operands of convolutions.
import { Tensor } from '@thetagrad/core';
import { argumentError, at, formatShape } from '@thetagrad/core/backend';
import { formatImages, type Rank } from '../windows.ts';

/**
 * Checks the ranks of images and weight.
 * @param axes the first axes of the weight, for messages.
 * @throws {TypeError} if the weight is not a tensor.
 * @throws {RangeError} if a rank is wrong, or the filters have no elements.
 */
export function checkWeight(operation: string, rank: Rank, x: Tensor, weight: Tensor, axes: string): void {
  if (!(weight instanceof Tensor)) throw argumentError(operation, 'the weight', 'a tensor', weight, false);
  if ((x.ndim !== rank + 1 && x.ndim !== rank + 2) || weight.ndim !== rank + 2) {
    const kernel = ['k', 'kh, kw', 'kd, kh, kw'][rank - 1];
    throw new RangeError(
      `${operation}: expected images ${formatImages(rank)} or ${formatImages(rank, 'C')} and a weight ` +
        `[${axes}, ${kernel}], got ${formatShape(x.shape)} and ${formatShape(weight.shape)}`,
    );
  }
  if (weight.shape.slice(2).includes(0)) {
    throw new RangeError(`${operation}: the filters of the weight ${formatShape(weight.shape)} have no elements`);
  }
}

/** @throws {RangeError} if the images do not have the channels that the weight needs. */
export function checkChannels(
  operation: string,
  rank: Rank,
  x: Tensor,
  weight: Tensor,
  needed: { readonly channels: number; readonly groups: number },
): void {
  const given = at(x.shape, x.ndim - rank - 1);
  if (given === needed.channels) return;
  throw new RangeError(
    `${operation}: images ${formatShape(x.shape)} have ${given} channels, but the weight ${formatShape(weight.shape)} and ` +
      `${needed.groups} group(s) need ${needed.channels}`,
  );
}

/** @throws {RangeError} if channels cannot be split into groups. */
export function checkGroups(operation: string, what: string, channels: number, groups: number): void {
  if (channels % groups === 0) return;
  throw new RangeError(`${operation}: ${channels} ${what} channels are not divisible into ${groups} groups`);
}

/**
 * Checks a bias.
 * @throws {TypeError} if it is not a tensor.
 * @throws {RangeError} if it does not have one element for each output channel.
 */
export function checkBias(operation: string, bias: Tensor | undefined, outputs: number): void {
  if (bias === undefined) return;
  if (!(bias instanceof Tensor)) throw argumentError(operation, 'the bias', 'a tensor', bias, false);
  if (bias.ndim === 1 && bias.size === outputs) return;
  throw new RangeError(
    `${operation}: the bias must be [${outputs}], one number for each output channel, got ${formatShape(bias.shape)}`,
  );
}
