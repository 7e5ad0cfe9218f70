// Tensors from a few numbers.
import { arange, tensor, type DType, type Tensor } from '@thetagrad/core';
import {
  argumentError,
  checkBoolean,
  checkInteger,
  checkOptions,
  checkTensor,
  checkTensorOptions,
  fromValues,
} from '@thetagrad/core/backend';
import { checkRank } from './tensors.ts';

/**
 * Creates a tensor of the shape of x that is filled with one value (NumPy's `full_like`).
 * @param options `dtype`. Default: that of x.
 * @throws {TypeError} if x is not a tensor, or the value or an option is invalid.
 * @throws {RangeError} if the dtype is int32 and the value is not an int32.
 * @example
 * fullLike(tensor([1, 2]), 7); // tensor([7, 7])
 */
export function fullLike(x: Tensor, value: number | boolean, options: { readonly dtype?: DType } = {}): Tensor {
  checkTensor('fullLike', x);
  checkTensorOptions('fullLike', options);
  const { dtype = x.dtype } = options;
  if (typeof value !== 'number' && typeof value !== 'boolean') {
    throw argumentError('fullLike', 'value', 'a number or a boolean', value);
  }
  return fromValues('fullLike', value, { dtype }).broadcastTo(x.shape);
}

/**
 * Creates `count` numbers with equal quotients, from base^start to base^stop (NumPy's `logspace`).
 * @param count Default: 50.
 * @param options `base`. Default: 10. `dtype`. Default: float32.
 * @throws {TypeError} if an option is invalid.
 * @throws {RangeError} if the count is not an integer ≥ 1, an end is not finite, or the base is not > 0.
 * @example
 * logspace(0, 2, 3); // tensor([ 1, 10, 100])
 */
export function logspace(
  start: number,
  stop: number,
  count = 50,
  options: { readonly base?: number; readonly dtype?: DType } = {},
): Tensor {
  checkTensorOptions('logspace', options, 'base');
  const { base = 10, dtype = 'float32' } = options;
  if (!(base > 0 && base < Infinity)) throw argumentError('logspace', 'base', 'a finite number > 0', base);
  checkEnds('logspace', start, stop, count);
  return tensor(
    interpolate(count, (t) => base ** (start * (1 - t) + stop * t)),
    { dtype },
  );
}

/**
 * Creates `count` numbers with equal quotients from `start` to `stop`, both included exactly (NumPy's `geomspace`).
 * @param count Default: 50.
 * @param options `dtype`. Default: float32.
 * @throws {TypeError} if an option is invalid.
 * @throws {RangeError} if the count is not an integer ≥ 1, or the ends are not finite numbers of the same sign other than 0.
 * @example
 * geomspace(1, 8, 4); // tensor([1, 2, 4, 8])
 */
export function geomspace(start: number, stop: number, count = 50, options: { readonly dtype?: DType } = {}): Tensor {
  checkTensorOptions('geomspace', options);
  const { dtype = 'float32' } = options;
  checkEnds('geomspace', start, stop, count);
  if (!(start > 0 && stop > 0) && !(start < 0 && stop < 0)) {
    throw argumentError('geomspace', 'start and stop', 'numbers of the same sign other than 0', [start, stop], true);
  }
  const [first, last, sign] = [Math.abs(start), Math.abs(stop), Math.sign(start)];
  // Unlike the quotient of the ends, neither power can overflow.
  return tensor(
    interpolate(count, (t) => (t === 1 ? stop : sign * first ** (1 - t) * last ** t)),
    { dtype },
  );
}

function checkEnds(operation: string, start: number, stop: number, count: number): void {
  checkInteger(operation, 'count', count, { min: 1 });
  if (Number.isFinite(start) && Number.isFinite(stop)) return;
  const isKind = typeof start === 'number' && typeof stop === 'number';
  throw argumentError(operation, 'start and stop', 'finite', [start, stop], isKind);
}

/** Evaluates a function at `count` evenly spaced points from 0 to 1. */
function interpolate(count: number, f: (t: number) => number): Float64Array {
  return Float64Array.from({ length: count }, (_, i) => f(count === 1 ? 0 : i / (count - 1)));
}

/**
 * The Vandermonde matrix of a vector (NumPy's `vander`): columns of powers of x, from the highest to x⁰.
 * @param options `columns`. Default: as many as x has elements. `increasing`: whether powers go up, from x⁰. Default: false.
 * @throws {TypeError} if x is not a tensor, or an option is invalid.
 * @throws {RangeError} if x is not a vector, or columns is not an integer ≥ 0.
 * @example
 * vander(tensor([1, 2, 3])); // tensor([[1, 1, 1], [4, 2, 1], [9, 3, 1]])
 */
export function vander(x: Tensor, options: { readonly columns?: number; readonly increasing?: boolean } = {}): Tensor {
  checkTensor('vander', x);
  checkOptions('vander', options, ['columns', 'increasing']);
  checkRank('vander', x, 1);
  const { columns = x.size, increasing = false } = options;
  checkBoolean('vander', 'increasing', increasing);
  checkInteger('vander', 'columns', columns, { min: 0 });
  const exponents = arange(columns);
  return x.expandDims(1).pow(increasing ? exponents : exponents.flip());
}
