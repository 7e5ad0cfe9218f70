// All partial results of a reduction along one axis: the result has the shape of the input.
import { toFloat } from '../data/dtype.ts';
import { checkTensor } from './define.ts';
import { accumulated, scanned, type Combination } from './scanRecord.ts';
import { normalizeAxis } from '../data/shape.ts';
import type { Tensor } from '../graph/tensor.ts';
import { stopGradient } from './cast.ts';

export interface ScanOptions {
  /** From the end of the axis to its beginning. */
  readonly reverse?: boolean;
}

export interface CumulativeOptions extends ScanOptions {
  /** Each result without the element in its own place: the first is 0 for a sum, 1 for a product. */
  readonly exclusive?: boolean;
}

/**
 * The sums of all elements up to each one along an axis, itself included. int32 and bool give int32, modulo 2³²;
 * float32 is added up in double precision.
 * @param axis from the end if negative.
 */
export function cumsum(x: Tensor, axis: number, options: CumulativeOptions = {}): Tensor {
  return along('cumsum', 'sum', x, axis, options);
}

/**
 * The products of all elements up to each one along an axis, itself included. int32 and bool give int32, modulo 2³².
 * Its gradients divide nothing, and are right where elements are 0.
 * @param axis from the end if negative.
 */
export function cumprod(x: Tensor, axis: number, options: CumulativeOptions = {}): Tensor {
  return along('cumprod', 'prod', x, axis, options);
}

/**
 * The largest of all elements up to each one along an axis; NaN from the first NaN on. The gradient goes to the latest of
 * equal elements, as in PyTorch.
 * @param axis from the end if negative.
 */
export function cummax(x: Tensor, axis: number, { reverse = false }: ScanOptions = {}): Tensor {
  return along('cummax', 'max', x, axis, { reverse });
}

/**
 * The smallest of all elements up to each one along an axis; NaN from the first NaN on. The gradient goes to the latest of
 * equal elements, as in PyTorch.
 * @param axis from the end if negative.
 */
export function cummin(x: Tensor, axis: number, { reverse = false }: ScanOptions = {}): Tensor {
  return along('cummin', 'min', x, axis, { reverse });
}

/**
 * log Σ exp(x) over all elements up to each one along an axis, without overflow. Integers become float32. −∞ as long as
 * all elements are; no gradient flows there.
 * @param axis from the end if negative.
 */
export function logcumsumexp(x: Tensor, axis: number, { reverse = false }: ScanOptions = {}): Tensor {
  checkTensor('logcumsumexp', x);
  const place = normalizeAxis('logcumsumexp', axis, x.ndim);
  const values = x.astype(toFloat(x.dtype));
  const held = stopGradient(values);
  const direction = { exclusive: false, reverse };
  // sᵢ = Σ exp(xⱼ − mᵢ), where m is the largest so far: when m grows, the sum shrinks. The shift cancels in the value.
  const largest = scanned('max', [held], place, direction);
  const previous = scanned('max', [held], place, { exclusive: true, reverse });
  const shrunk = previous.equal(largest).where(1, previous.sub(largest).exp());
  const shift = largest.isfinite().where(largest, 0);
  const sums = scanned('linear', [values.sub(shift).exp(), shrunk], place, direction);
  const none = sums.equal(0);
  return none.where(-Infinity, none.where(1, sums).log().add(shift));
}

function along(
  operation: string,
  combination: Combination,
  x: Tensor,
  axis: number,
  { exclusive = false, reverse = false }: CumulativeOptions,
): Tensor {
  checkTensor(operation, x);
  const place = normalizeAxis(operation, axis, x.ndim);
  return scanned(combination, [x.astype(accumulated(combination, x.dtype))], place, { exclusive, reverse });
}
