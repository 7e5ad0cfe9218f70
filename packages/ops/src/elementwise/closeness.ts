// Comparisons with a tolerance, and of whole tensors.
import {
  abs,
  add,
  equal,
  isFloatingPoint,
  isfinite,
  isnan,
  mul,
  sub,
  Tensor,
  tensor,
  type TensorLike,
} from '@thetagrad/core';
import {
  broadcastShapes,
  checkBoolean,
  checkNonnegative,
  checkOperand,
  checkOptions,
  checkTensorOperands,
  sameShape,
} from '@thetagrad/core/backend';

export interface EqualNanOptions {
  /** Whether NaN equals NaN. Default: false. */
  readonly equalNan?: boolean;
}

export interface ClosenessOptions extends EqualNanOptions {
  /** The tolerance relative to |y|. Default: 1e-5. */
  readonly rtol?: number;
  /** The absolute tolerance. Default: 1e-8. */
  readonly atol?: number;
}

/**
 * bool: whether x and y are equal within a tolerance, |x − y| ≤ atol + rtol · |y|, broadcast (NumPy's `isclose`). Infinities are
 * close to themselves alone.
 * @throws {TypeError | RangeError} if a tolerance is not a finite number ≥ 0.
 * @throws {RangeError} if shapes do not broadcast.
 * @example
 * isclose(tensor([1, 2]), tensor([1.000001, 2.1])); // tensor([ true, false], bool)
 */
export function isclose(x: TensorLike, y: TensorLike, options: ClosenessOptions = {}): Tensor {
  return compareClosely('isclose', x, y, options);
}

/**
 * bool, a scalar: whether all elements of x and y are equal within a tolerance, see {@link isclose} (NumPy's `allclose`). True
 * for no elements.
 * @throws {TypeError | RangeError} if a tolerance is not a finite number ≥ 0.
 * @throws {RangeError} if shapes do not broadcast.
 * @example
 * allclose(tensor([1, 2]), tensor([1.000001, 2.1])); // tensor(false, bool)
 */
export function allclose(x: TensorLike, y: TensorLike, options: ClosenessOptions = {}): Tensor {
  return compareClosely('allclose', x, y, options).all();
}

/**
 * bool, a scalar: whether x and y have the same shape and equal elements (NumPy's `array_equal`).
 * @throws {TypeError} if x or y is not a tensor.
 * @example
 * arrayEqual(tensor([1, 2]), tensor([1, 2])); // tensor(true, bool)
 */
export function arrayEqual(x: Tensor, y: Tensor, options: EqualNanOptions = {}): Tensor {
  checkTensorOperands('arrayEqual', [x, y]);
  checkOptions('arrayEqual', options, ['equalNan']);
  checkBoolean('arrayEqual', 'equalNan', options.equalNan ?? false);
  return sameShape(x.shape, y.shape) ? compareExactly(x, y, options).all() : tensor(false);
}

/** bool: whether x and y are equal, NaN too if asked for. */
function compareExactly(x: TensorLike, y: TensorLike, { equalNan = false }: EqualNanOptions): Tensor {
  return equalNan ? equal(x, y).logicalOr(isnan(x).logicalAnd(isnan(y))) : equal(x, y);
}

function compareClosely(operation: string, x: TensorLike, y: TensorLike, options: ClosenessOptions): Tensor {
  checkOptions(operation, options, ['rtol', 'atol', 'equalNan']);
  const { rtol = 1e-5, atol = 1e-8, equalNan = false } = options;
  checkBoolean(operation, 'equalNan', equalNan);
  checkNonnegative(operation, 'rtol', rtol);
  checkNonnegative(operation, 'atol', atol);
  checkOperand(operation, x, 0);
  checkOperand(operation, y, 1);
  if (x instanceof Tensor && y instanceof Tensor) broadcastShapes(operation, x.shape, y.shape);
  const [a, b] = [inFloat(x), inFloat(y)];
  const isWithin = abs(sub(a, b)).lessEqual(add(atol, mul(abs(b), rtol)));
  return compareExactly(x, y, options).logicalOr(isWithin.logicalAnd(isfinite(b)));
}

/** Converts integers to float32, whose differences do not wrap around. */
function inFloat(x: TensorLike): TensorLike {
  return x instanceof Tensor && !isFloatingPoint(x.dtype) ? x.astype('float32') : x;
}
