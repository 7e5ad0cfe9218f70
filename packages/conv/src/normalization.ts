import type { Tensor } from '@thetagrad/core';
import {
  argumentError,
  checkInteger,
  checkOptions,
  checkTensor,
  formatShape,
  sizeOf,
  toFloat,
} from '@thetagrad/core/backend';
import { sumWindows } from './pooling/avgPooling.ts';

/** Options of {@link localResponseNorm}. */
export interface LocalResponseNormOptions {
  /** The number of channels that each element is normalized by. */
  readonly size: number;
  /** The factor of the mean square. Default: 1e-4. */
  readonly alpha?: number;
  /** The exponent. Default: 0.75. */
  readonly beta?: number;
  /** The number that is added to the mean square. Default: 1. */
  readonly k?: number;
}

/**
 * Normalization by neighboring channels (PyTorch's `local_response_norm`; Krizhevsky, Sutskever and Hinton 2012, section 3.3):
 * x / (k + alpha · m)^beta, where m is the mean of x² over `size` channels around each, ⌊size / 2⌋ of them before, with zeros
 * beyond the ends. int32 and bool become float32.
 * @param x [N, C, …], with any number of spatial axes
 * @throws {TypeError} if x is not a tensor, or an option is not a number.
 * @throws {RangeError} if x has fewer than two axes, or size is not an integer ≥ 1.
 * @example
 * localResponseNorm(tensor([[3, 4]]), { size: 1, alpha: 1, beta: 0.5, k: 0 }); // tensor([[1, 1]])
 */
export function localResponseNorm(x: Tensor, options: LocalResponseNormOptions): Tensor {
  checkTensor('localResponseNorm', x);
  checkOptions('localResponseNorm', options, ['size', 'alpha', 'beta', 'k']);
  const { size, alpha = 1e-4, beta = 0.75, k = 1 } = options;
  checkInteger('localResponseNorm', 'size', size, { min: 1 });
  for (const [name, value] of Object.entries({ alpha, beta, k })) {
    if (typeof value !== 'number') throw argumentError('localResponseNorm', name, 'a number', value);
  }
  if (x.ndim < 2) throw new RangeError(`localResponseNorm: expected [N, C, …], got ${formatShape(x.shape)}`);
  const [batch, channels, ...rest] = x.shape as [number, number, ...number[]];
  const values = x.astype(toFloat(x.dtype));
  const sums = sumWindows(values.square().reshape([batch, 1, channels, sizeOf(rest)]), {
    kernelSize: [size, 1],
    stride: [1, 1],
    dilation: [1, 1],
    before: [Math.floor(size / 2), 0],
    after: [Math.ceil(size / 2) - 1, 0],
    counts: [channels, sizeOf(rest)],
  });
  return values.div(sums.div(size).mul(alpha).add(k).pow(beta).reshape(x.shape));
}
