// Checks of arguments that the distributions have in common.
import { tensor, Tensor, type DType, type Key, type Shape, type TensorLike } from '@thetagrad/core';
import { checkKey, checkShape, checkTensor, formatShape, toFloat } from '@thetagrad/core/backend';

/** Options that all continuous distributions have. */
export interface DTypeOptions {
  /** 'float32' or 'float64'. Default: that of the parameters, float32 for numbers and integers. */
  readonly dtype?: DType;
}

/** Options of distributions that are shifted and scaled. */
export interface LocationOptions extends DTypeOptions {
  /** What is added: a number or a tensor that broadcasts to the shape. Default: 0. */
  readonly loc?: TensorLike;
  /** The factor, > 0: a number or a tensor that broadcasts to the shape. Default: 1. */
  readonly scale?: TensorLike;
}

/** What a number must be, as text and as a test. */
export interface Condition {
  readonly text: string;
  readonly test: (value: number) => boolean;
}

export const finite: Condition = { text: 'a finite number', test: (x) => Number.isFinite(x) };
export const positive: Condition = { text: 'a finite number > 0', test: (x) => x > 0 && x < Infinity };
export const nonnegative: Condition = { text: 'a finite number ≥ 0', test: (x) => x >= 0 && x < Infinity };
export const fraction: Condition = { text: 'from 0 to 1', test: (x) => x >= 0 && x <= 1 };

/** Parameters of a distribution by name: the value, and what numbers must be. */
export type Parameters = Readonly<Record<string, readonly [TensorLike, Condition]>>;

/**
 * Checks key, shape and parameters, and converts the parameters to tensors of one dtype and the shape.
 * @throws {TypeError} if the key, the shape, a parameter or the dtype is of the wrong kind.
 * @throws {RangeError} if a number is out of range, or a tensor does not broadcast to the shape.
 */
export function prepare(
  operation: string,
  [key, shape]: readonly [Key, Shape],
  parameters: Parameters,
  dtype?: DType,
): { readonly tensors: Tensor[]; readonly dtype: DType } {
  checkKey(operation, key);
  checkShape(operation, shape);
  const given = Object.entries(parameters);
  for (const [name, [value, condition]] of given) checkParameter(operation, [name, value], shape, condition);
  const all = given.flatMap(([, [value]]) => (value instanceof Tensor ? [value.dtype] : []));
  const common = dtype ?? (all.includes('float64') ? 'float64' : 'float32');
  if (common !== toFloat(common)) throw new TypeError(`${operation}: dtype must be float32 or float64, got ${common}`);
  const tensors = given.map(([, [value]]) => toTensor(value, common).broadcastTo(shape));
  return { tensors, dtype: common };
}

function checkParameter(
  operation: string,
  [name, value]: readonly [string, unknown],
  shape: Shape,
  { text, test }: Condition,
): void {
  if (typeof value === 'number') {
    if (test(value)) return;
    throw new RangeError(`${operation}: ${name} must be ${text}, got ${value}`);
  }
  checkTensor(`${operation}: ${name}`, value);
  const aligned = shape.slice(shape.length - value.ndim);
  const fits = value.ndim <= shape.length && value.shape.every((length, i) => length === 1 || length === aligned[i]);
  if (fits) return;
  throw new RangeError(
    `${operation}: ${name} of shape ${formatShape(value.shape)} does not broadcast to the shape ${formatShape(shape)}`,
  );
}

/** A number as a scalar tensor, or a tensor, of a dtype. */
function toTensor(value: TensorLike, dtype: DType): Tensor {
  return value instanceof Tensor ? value.astype(dtype) : tensor(value, { dtype });
}
