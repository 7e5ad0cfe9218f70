import type { Tensor } from '@thetagrad/core';
import { argumentError, toFloat } from '@thetagrad/core/backend';
import { type Rank, toBatch } from '../windows.ts';
import { sumWindows } from './avgPooling.ts';
import { parseWindows, type PoolOptions } from './windows.ts';

/** Options of power-average pooling. */
export interface LpPoolOptions<R extends Rank> extends PoolOptions<R> {
  /** The order p of the norm, a finite number > 0. Default: 2. */
  readonly ord?: number;
}

/**
 * The p-norm of each window, (Σ |x|ᵖ)^(1/p), of signals [N, C, L] or [C, L] (PyTorch's `lp_pool1d`, which does not take the
 * absolute value for odd p). int32 and bool become float32. All derivatives of a
 * window of zeros are 0. Sums of powers must be in the range of the dtype.
 * @throws {TypeError} if x is not a tensor.
 * @throws {RangeError} if x has another rank, an option is out of range, or the window exceeds the signals.
 * @example
 * lpPool1d(tensor([[3, -4, 0, 1]]), { kernelSize: 2 }); // tensor([[5, 1]])
 */
export function lpPool1d(x: Tensor, options: LpPoolOptions<1>): Tensor {
  return lpPool('lpPool1d', 1, x, options);
}

/**
 * The p-norm of each window, (Σ |x|ᵖ)^(1/p), of images [N, C, H, W] or [C, H, W] (PyTorch's `lp_pool2d`, which does not take
 * the absolute value for odd p). int32 and bool become float32. All derivatives of a
 * window of zeros are 0. Sums of powers must be in the range of the dtype.
 * @throws {TypeError} if x is not a tensor.
 * @throws {RangeError} if x has another rank, an option is out of range, or the window exceeds the images.
 * @example
 * lpPool2d(tensor([[[3, -4]]]), { kernelSize: [1, 2], ord: 1 }); // tensor([[[7]]])
 */
export function lpPool2d(x: Tensor, options: LpPoolOptions<2>): Tensor {
  return lpPool('lpPool2d', 2, x, options);
}

/**
 * The p-norm of each window, (Σ |x|ᵖ)^(1/p), of volumes [N, C, D, H, W] or [C, D, H, W] (PyTorch's `lp_pool3d`, which does not
 * take the absolute value for odd p). int32 and bool become float32. All derivatives of a
 * window of zeros are 0. Sums of powers must be in the range of the dtype.
 * @throws {TypeError} if x is not a tensor.
 * @throws {RangeError} if x has another rank, an option is out of range, or the window exceeds the volumes.
 * @example
 * lpPool3d(tensor([[[[3, -4]]]]), { kernelSize: [1, 1, 2] }); // tensor([[[[5]]]])
 */
export function lpPool3d(x: Tensor, options: LpPoolOptions<3>): Tensor {
  return lpPool('lpPool3d', 3, x, options);
}

function lpPool<R extends Rank>(operation: string, rank: R, x: Tensor, options: LpPoolOptions<R>): Tensor {
  const windows = parseWindows(operation, rank, x, options, ['ord']);
  const { images, restore } = toBatch(operation, x, rank);
  const { ord = 2 } = options;
  if (!Number.isFinite(ord) || ord <= 0) throw argumentError(operation, 'ord', 'a finite number > 0', ord);
  const absolute = images.astype(toFloat(x.dtype)).abs();
  if (ord === 1) return restore(sumWindows(absolute, windows));
  const sums = sumWindows(ord === 2 ? absolute.square() : absolute.pow(ord), windows);
  // A root of 1 instead of 0, whose derivatives are infinite.
  const isZero = sums.equal(0);
  const positive = isZero.where(1, sums);
  return restore(isZero.where(0, ord === 2 ? positive.sqrt() : positive.pow(1 / ord)));
}
