// Checks of arguments that operations on shapes share.
import type { Tensor } from '@thetagrad/core';
import { argumentError, checkInteger, checkTensor, formatShape } from '@thetagrad/core/backend';

/**
 * Checks a list of at least one tensor.
 * @throws {TypeError} if it is not an array of tensors.
 * @throws {RangeError} if it is empty.
 */
export function checkTensors(operation: string, tensors: readonly Tensor[]): void {
  if (!Array.isArray(tensors))
    throw argumentError(operation, 'the first argument', 'an array of tensors', tensors, false);
  for (const x of tensors) checkTensor(operation, x);
  if (tensors.length === 0) throw new RangeError(`${operation}: expected at least one tensor, got none`);
}

/** @throws {RangeError} if x has fewer than `rank` axes. */
export function checkMinRank(operation: string, x: Tensor, rank: number): void {
  if (x.ndim >= rank) return;
  throw new RangeError(`${operation}: expected a tensor of rank ${rank} or more, got shape ${formatShape(x.shape)}`);
}

/** @throws {RangeError} if x does not have `rank` axes. */
export function checkRank(operation: string, x: Tensor, rank: number): void {
  if (x.ndim === rank) return;
  throw new RangeError(`${operation}: expected a tensor of rank ${rank}, got shape ${formatShape(x.shape)}`);
}

/**
 * Resolves one integer or several for each of `count` axes.
 * @throws {TypeError | RangeError} if a value is not an integer, or there are several and not as many as axes.
 */
export function spreadIntegers(
  operation: string,
  name: string,
  values: number | readonly number[],
  count: number,
): readonly number[] {
  const list = Array.isArray(values)
    ? (values as readonly number[])
    : Array.from({ length: count }, () => values as number);
  for (const value of list) checkInteger(operation, name, value);
  if (list.length !== count)
    throw argumentError(operation, name, `one integer or ${count}, one for each axis`, values, true);
  return list;
}
