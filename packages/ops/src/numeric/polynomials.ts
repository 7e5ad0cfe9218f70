// Polynomials as vectors of their coefficients, the one of the highest power first.
import {
  arange,
  concat,
  full,
  ones,
  promoteTypes,
  stack,
  stopGradient,
  Tensor,
  tensor,
  zeros,
  type TensorLike,
} from '@thetagrad/core';
import { argumentError, checkInteger, checkOptions, checkTensor, formatShape, toFloat } from '@thetagrad/core/backend';
import { convolve } from './convolve.ts';
import { checkVector } from './vectors.ts';

/** int32 for bool, else the dtype. */
function toNumbers(x: Tensor): Tensor {
  return x.astype(promoteTypes(x.dtype, 'int32'));
}

/**
 * The value of a polynomial at x by Horner's rule (NumPy's `polyval`): p₀ xⁿ⁻¹ + … + pₙ₋₁. The shape is that of x, the dtype the
 * common one; bool becomes int32. A polynomial without coefficients is 0.
 * @param p [n]: the coefficients, that of the highest power first.
 * @throws {TypeError} if p is not a tensor, or x neither a tensor nor a number.
 * @throws {RangeError} if p is not a vector.
 * @example
 * polyval(tensor([3, 0, 1]), tensor([5, -1])) // tensor([76, 4])
 */
export function polyval(p: Tensor, x: TensorLike): Tensor {
  checkVector('polyval', 'p', p);
  if (typeof x !== 'number') checkTensor('polyval: x', x);
  const coefficients = toNumbers(p);
  const zero = zeros([], { dtype: coefficients.dtype }).mul(x);
  // Not 0 · x, which is NaN at infinities.
  const zeroOfShape = zeros(zero.shape, { dtype: zero.dtype });
  let value = zeroOfShape;
  for (let i = 0; i < p.size; i++) {
    const coefficient = coefficients.slice([i]);
    value = i === 0 ? zeroOfShape.add(coefficient) : value.mul(x).add(coefficient);
  }
  return value;
}

/** Two polynomials with equally many coefficients. */
function align(operation: string, p: Tensor, q: Tensor): [p: Tensor, q: Tensor] {
  checkVector(operation, 'p', p);
  checkVector(operation, 'q', q);
  const size = Math.max(p.size, q.size);
  return [p.pad([[size - p.size, 0]]), q.pad([[size - q.size, 0]])];
}

/**
 * The sum of two polynomials (NumPy's `polyadd`), with as many coefficients as the longer one. The dtype is the common one; bool
 * becomes int32.
 * @param p [n]: the coefficients, that of the highest power first; `q` likewise.
 * @throws {TypeError} if p or q is not a tensor.
 * @throws {RangeError} if p or q is not a vector.
 * @example
 * polyadd(tensor([1, 2]), tensor([9, 5, 4])) // tensor([9, 6, 6])
 */
export function polyadd(p: Tensor, q: Tensor): Tensor {
  const [first, second] = align('polyadd', p, q);
  return first.add(second);
}

/**
 * The difference p − q of two polynomials (NumPy's `polysub`), with as many coefficients as the longer one. The dtype is the
 * common one; bool becomes int32.
 * @param p [n]: the coefficients, that of the highest power first; `q` likewise.
 * @throws {TypeError} if p or q is not a tensor.
 * @throws {RangeError} if p or q is not a vector.
 * @example
 * polysub(tensor([2, 10, -2]), tensor([3, 10, -4])) // tensor([-1, 0, 2])
 */
export function polysub(p: Tensor, q: Tensor): Tensor {
  const [first, second] = align('polysub', p, q);
  return first.sub(second);
}

/**
 * The product of two polynomials (NumPy's `polymul`). The dtype is the common one; bool becomes int32.
 * @param p [n]: the coefficients, that of the highest power first; `q` likewise [m].
 * @returns [n + m − 1], or [0] if p or q has no coefficients, and so is 0.
 * @throws {TypeError} if p or q is not a tensor.
 * @throws {RangeError} if p or q is not a vector.
 * @example
 * polymul(tensor([1, 2, 3]), tensor([9, 5, 1])) // tensor([ 9, 23, 38, 17, 3])
 */
export function polymul(p: Tensor, q: Tensor): Tensor {
  checkVector('polymul', 'p', p);
  checkVector('polymul', 'q', q);
  if (p.size > 0 && q.size > 0) return convolve(p, q);
  return zeros([0], { dtype: promoteTypes(promoteTypes(p.dtype, q.dtype), 'int32') });
}

/**
 * Divides polynomials (NumPy's `polydiv`): u = quotient · v + remainder, where the degree of the remainder is below that of v.
 * The dtype is the common one; int32 and bool become float32.
 * @param u [n]: the coefficients, that of the highest power first.
 * @param v [m] likewise, m ≥ 1. If the first one is 0, results are infinite or NaN.
 * @returns the quotient [n − m + 1] and the remainder [m − 1], which `trimZeros` makes shorter; for n < m a quotient without
 *   coefficients and u itself.
 * @throws {TypeError} if u or v is not a tensor.
 * @throws {RangeError} if u or v is not a vector, or v has no coefficients.
 * @example
 * polydiv(tensor([3, 5, 2]), tensor([2, 1])) // { quotient: tensor([1.50, 1.75]), remainder: tensor([0.25]) }
 */
export function polydiv(u: Tensor, v: Tensor): { readonly quotient: Tensor; readonly remainder: Tensor } {
  checkVector('polydiv', 'u', u);
  checkVector('polydiv', 'v', v);
  if (v.size === 0) throw new RangeError('polydiv: v has no coefficients, and so is 0');
  const dtype = toFloat(promoteTypes(u.dtype, v.dtype));
  const [dividend, divisor] = [u.astype(dtype), v.astype(dtype)];
  if (u.size < v.size) return { quotient: zeros([0], { dtype }), remainder: dividend };
  const [leading, rest] = [divisor.slice([0]), divisor.slice([[1]])];
  const quotient: Tensor[] = [];
  // The next coefficients of what is left of u, as many as the remainder has.
  let window = dividend.slice([[0, v.size - 1]]);
  for (let i = v.size - 1; i < u.size; i++) {
    const next = concat([window, dividend.slice([[i, i + 1]])]);
    const factor = next.slice([0]).div(leading);
    quotient.push(factor);
    window = next.slice([[1]]).sub(rest.mul(factor));
  }
  return { quotient: stack(quotient), remainder: window };
}

/** The product of the k integers from n on, downwards. */
function fallingFactorial(n: number, k: number): number {
  return Array.from({ length: k }, (_, i) => n - i).reduce((product, factor) => product * factor, 1);
}

/**
 * The derivative of a polynomial (NumPy's `polyder`). The dtype is that of p; bool becomes int32.
 * @param p [n]: the coefficients, that of the highest power first.
 * @param m the order of the derivative. Default: 1.
 * @returns [n − m], or [0] if m exceeds n.
 * @throws {TypeError} if p is not a tensor, or m is not a number.
 * @throws {RangeError} if p is not a vector, m is not an integer ≥ 0 or, for int32, a factor exceeds int32.
 * @example
 * polyder(tensor([1, 2, 3, 4])) // tensor([3, 4, 3])
 */
export function polyder(p: Tensor, m = 1): Tensor {
  checkVector('polyder', 'p', p);
  checkInteger('polyder', 'm', m, { min: 0 });
  const count = Math.max(0, p.size - m);
  const coefficients = toNumbers(p).slice([[0, count]]);
  const factors = Float64Array.from({ length: count }, (_, i) => fallingFactorial(p.size - 1 - i, m));
  const largest = factors[0] ?? 1;
  if (coefficients.dtype === 'int32' && largest >= 2 ** 31) {
    throw new RangeError(
      `polyder: the factor ${largest} of the highest power exceeds int32; convert p with astype('float64')`,
    );
  }
  return coefficients.mul(tensor(factors, { dtype: coefficients.dtype }));
}

export interface PolyintOptions {
  /** The constants of integration, first of the first integral: a number for all, or a tensor [m]. Default: 0. */
  readonly k?: TensorLike;
}

/**
 * The integral of a polynomial (NumPy's `polyint`). The dtype is that of p; int32 and bool become float32.
 * @param p [n]: the coefficients, that of the highest power first.
 * @param m how often to integrate. Default: 1.
 * @returns [n + m].
 * @throws {TypeError} if p is not a tensor, m is not a number, k neither, or an option is unknown.
 * @throws {RangeError} if p is not a vector, m is not an integer ≥ 0, or k has neither one element nor m.
 * @example
 * polyint(tensor([6, 4, 1])) // tensor([2, 2, 1, 0])
 * polyint(tensor([6]), 2, { k: tensor([3, 5]) }) // tensor([3, 3, 5])
 */
export function polyint(p: Tensor, m = 1, options: PolyintOptions = {}): Tensor {
  checkVector('polyint', 'p', p);
  checkInteger('polyint', 'm', m, { min: 0 });
  checkOptions('polyint', options, ['k']);
  const { k = 0 } = options;
  const dtype = toFloat(p.dtype);
  if (k instanceof Tensor) checkTensor('polyint: k', k);
  else if (typeof k !== 'number') throw argumentError('polyint', 'k', 'a number or a tensor', k);
  const given = k instanceof Tensor ? k.astype(promoteTypes(dtype, k.dtype)) : full([], k, { dtype });
  if (given.ndim > 1 || (given.size !== 1 && given.size !== m)) {
    throw argumentError('polyint', 'k', `a scalar or of shape [${m}]`, given.shape, true);
  }
  const table = (count: number, divisor: (i: number) => number): Tensor =>
    tensor(
      Float64Array.from({ length: count }, (_, i) => divisor(i)),
      { dtype: given.dtype },
    );
  const divisors = table(p.size, (i) => fallingFactorial(p.size - 1 - i + m, m));
  const factorials = table(m, (j) => fallingFactorial(m - 1 - j, m - 1 - j));
  return concat([p.astype(given.dtype).div(divisors), given.broadcastTo([m]).div(factorials)]);
}

/**
 * The coefficients of the polynomial with given roots whose highest power has the factor 1, that of the highest power first
 * (NumPy's `poly`). The dtype is that of the roots; int32 and bool become float32.
 * @param roots [n].
 * @returns [n + 1].
 * @throws {TypeError} if the roots are not a tensor.
 * @throws {RangeError} if the roots are not a vector.
 * @example
 * poly(tensor([1, 2, -3])) // tensor([ 1, 0, -7, 6])
 */
export function poly(roots: Tensor): Tensor {
  checkVector('poly', 'roots', roots);
  const dtype = toFloat(roots.dtype);
  const [values, zero] = [roots.astype(dtype), zeros([1], { dtype })];
  let coefficients = ones([1], { dtype });
  for (let i = 0; i < roots.size; i++) {
    const timesX = concat([coefficients, zero]);
    coefficients = timesX.sub(concat([zero, coefficients]).mul(values.slice([i])));
  }
  return coefficients;
}

export interface PolyfitOptions {
  /** [count]: what the residual of each point is multiplied by before it is squared. Default: 1. */
  readonly w?: Tensor;
}

/**
 * The polynomial of a degree that is nearest to points (x, y) by least squares (NumPy's `polyfit`), with coefficients of the
 * highest power first. It is built from polynomials that are orthogonal on the points (Forsythe, Generation and use of
 * orthogonal polynomials for data-fitting, 1957), which loses fewer digits than normal equations. With fewer distinct x than
 * coefficients the result is undefined. The dtype is the common one; int32 and bool become float32.
 * @param x [count].
 * @param y [count], or [count, k] for k polynomials.
 * @returns [degree + 1], or [degree + 1, k].
 * @throws {TypeError} if x, y or w is not a tensor, the degree is not a number, or an option is unknown.
 * @throws {RangeError} if the degree is not an integer ≥ 0, shapes do not match, or there are fewer points than coefficients.
 * @example
 * polyfit(tensor([0, 1, 2, 3]), tensor([1, 3, 5, 7]), 1) // tensor([2, 1])
 */
export function polyfit(x: Tensor, y: Tensor, degree: number, options: PolyfitOptions = {}): Tensor {
  checkOptions('polyfit', options, ['w']);
  checkVector('polyfit', 'x', x);
  checkTensor('polyfit: y', y);
  checkInteger('polyfit', 'degree', degree, { min: 0 });
  const { w = ones([x.size], { dtype: 'bool' }) } = options;
  checkVector('polyfit', 'w', w);
  if (y.ndim < 1 || y.ndim > 2 || y.shape[0] !== x.size || w.size !== x.size) {
    const [points, values, weights] = [x, y, w].map(({ shape }) => formatShape(shape));
    throw new RangeError(
      `polyfit: x and w must be [count] and y [count] or [count, k], got ${points}, ${weights} and ${values}`,
    );
  }
  if (x.size <= degree) {
    throw new RangeError(
      `polyfit: ${x.size} points do not determine ${degree + 1} coefficients; use a degree below ${x.size}`,
    );
  }
  const dtype = toFloat(promoteTypes(promoteTypes(x.dtype, y.dtype), w.dtype));
  const fitted = fit(
    x.astype(dtype),
    y.ndim === 1 ? y.astype(dtype).expandDims(1) : y.astype(dtype),
    w.astype(dtype).square(),
    degree,
  );
  return fitted.reshape([degree + 1, ...y.shape.slice(1)]);
}

/** Coefficients [degree + 1, k] of polynomials nearest to values [count, k] under weights [count]. */
function fit(x: Tensor, y: Tensor, weights: Tensor, degree: number): Tensor {
  const { dtype } = x;
  // The recurrence runs in t = (x − center) / scale from −1 to 1, so that no power is out of range; results do not depend on them.
  const [low, high] = [stopGradient(x.min()), stopGradient(x.max())];
  const center = low.div(2).add(high.div(2));
  const halfRange = high.div(2).sub(low.div(2));
  const scale = halfRange.greater(0).where(halfRange, 1);
  const t = x.sub(center).div(scale);
  // The orthogonal polynomial of each degree by its values, and its coefficients in x; and the one before.
  let [values, coefficients] = [
    ones([x.size], { dtype }),
    arange(degree + 1)
      .equal(degree)
      .astype(dtype),
  ];
  let [valuesBefore, coefficientsBefore] = [zeros([x.size], { dtype }), zeros([degree + 1], { dtype })];
  let normBefore: Tensor | undefined;
  let residual = y;
  let result = zeros([degree + 1, 1], { dtype });
  for (let k = 0; ; k++) {
    const weighted = values.mul(weights);
    const norm = weighted.mul(values).sum();
    const amount = weighted.matmul(residual).strongDiv(norm);
    residual = residual.sub(values.expandDims(1).mul(amount));
    result = result.add(coefficients.expandDims(1).mul(amount));
    if (k === degree) return result;
    const mean = weighted.mul(values).mul(t).sum().strongDiv(norm);
    const ratio = normBefore ? norm.strongDiv(normBefore) : 0;
    const timesX = concat([coefficients.slice([[1]]), zeros([1], { dtype })]);
    const timesT = timesX.sub(coefficients.mul(center)).div(scale);
    const next = [
      t.sub(mean).mul(values).sub(valuesBefore.mul(ratio)),
      timesT.sub(coefficients.mul(mean)).sub(coefficientsBefore.mul(ratio)),
    ] as const;
    [valuesBefore, coefficientsBefore, normBefore] = [values, coefficients, norm];
    [values, coefficients] = next;
  }
}
