// Checks that operations on images have in common.
import type { Tensor } from '@thetagrad/core';
import { areIntegers, areNumbers, argumentError, checkTensor, formatShape } from '@thetagrad/core/backend';

/**
 * Checks images [..., H, W].
 * @param axes the number of axes that are needed at least.
 * @throws {TypeError} if x is not a tensor.
 * @throws {RangeError} if x has fewer axes.
 */
export function checkImages(operation: string, x: Tensor, axes: 2 | 3): void {
  checkTensor(operation, x);
  if (x.ndim >= axes) return;
  const expected = axes === 2 ? '[…, H, W]' : '[…, C, H, W]';
  throw new RangeError(`${operation}: expected images ${expected}, got ${formatShape(x.shape)}`);
}

/**
 * Parses the height and width of a filter that has a center.
 * @throws {TypeError} if the value is not made of numbers.
 * @throws {RangeError} if it is not one or two odd integers ≥ 1.
 */
export function parseOddPair(operation: string, value: unknown): readonly number[] {
  const pair: unknown = typeof value === 'number' ? [value, value] : value;
  if (areIntegers(pair, 1) && pair.length === 2 && pair.every((size) => size % 2 === 1)) return pair;
  throw argumentError(operation, 'kernelSize', 'an odd integer ≥ 1 or a pair of them', value, areNumbers(pair));
}
