// Orthogonal polynomials, by their recurrences in the degree (DLMF 18.9).
import { full, tensor, Tensor, type TensorLike } from '@thetagrad/core';
import { checkInteger, checkTensor, toFloat } from '@thetagrad/core/backend';

/** A family of polynomials: those of degree 1, and of degree k + 1 from those of degrees k and k − 1. */
interface Recurrence {
  readonly first: (x: Tensor) => Tensor;
  readonly next: (x: Tensor, k: number, value: Tensor, before: Tensor) => Tensor;
}

function evaluateAt(operation: string, { first, next }: Recurrence, input: TensorLike, degree: number): Tensor {
  if (typeof input !== 'number') checkTensor(operation, input);
  checkInteger(operation, 'n', degree, { min: 0 });
  const given = input instanceof Tensor ? input : tensor(input);
  const x = given.astype(toFloat(given.dtype));
  let before = full(x.shape, 1, { dtype: x.dtype });
  if (degree === 0) return before;
  let value = first(x);
  for (let k = 1; k < degree; k++) [before, value] = [value, next(x, k, value, before)];
  return value;
}

/** The recurrence of all Chebyshev polynomials. */
const doubled = (x: Tensor, _k: number, value: Tensor, before: Tensor): Tensor => x.mul(2).mul(value).sub(before);
const chebyshevT: Recurrence = { first: (x) => x, next: doubled };
const chebyshevU: Recurrence = { first: (x) => x.mul(2), next: doubled };
const chebyshevV: Recurrence = { first: (x) => x.mul(2).sub(1), next: doubled };
const chebyshevW: Recurrence = { first: (x) => x.mul(2).add(1), next: doubled };

/** A family as a function of 2x − 1. */
function shifted({ first, next }: Recurrence): Recurrence {
  const shift = (x: Tensor): Tensor => x.mul(2).sub(1);
  return { first: (x) => first(shift(x)), next: (x, k, value, before) => next(shift(x), k, value, before) };
}

const shiftedT: Recurrence = shifted(chebyshevT);
const shiftedU: Recurrence = shifted(chebyshevU);
const shiftedV: Recurrence = shifted(chebyshevV);
const shiftedW: Recurrence = shifted(chebyshevW);

const hermiteH: Recurrence = {
  first: (x) => x.mul(2),
  next: (x, k, value, before) => x.mul(value).sub(before.mul(k)).mul(2),
};
const hermiteHe: Recurrence = { first: (x) => x, next: (x, k, value, before) => x.mul(value).sub(before.mul(k)) };
const laguerreL: Recurrence = {
  first: (x) => x.neg().add(1),
  next: (x, k, value, before) =>
    x
      .neg()
      .add(2 * k + 1)
      .mul(value)
      .sub(before.mul(k))
      .div(k + 1),
};
const legendreP: Recurrence = {
  first: (x) => x,
  next: (x, k, value, before) =>
    x
      .mul(2 * k + 1)
      .mul(value)
      .sub(before.mul(k))
      .div(k + 1),
};

/**
 * The Chebyshev polynomial of the first kind Tₙ(x). int32 and bool become float32.
 * @param n the degree, an integer ≥ 0.
 * @throws {TypeError} if x is not a tensor or number.
 * @throws {RangeError} if n is not an integer ≥ 0.
 * @example
 * chebyshevPolynomialT(tensor([0.25, 2]), 3) // tensor([-0.6875, 26.0000])
 */
export function chebyshevPolynomialT(x: TensorLike, n: number): Tensor {
  return evaluateAt('chebyshevPolynomialT', chebyshevT, x, n);
}

/**
 * The Chebyshev polynomial of the second kind Uₙ(x). int32 and bool become float32.
 * @param n the degree, an integer ≥ 0.
 * @throws {TypeError} if x is not a tensor or number.
 * @throws {RangeError} if n is not an integer ≥ 0.
 * @example
 * chebyshevPolynomialU(tensor([0.25, 2]), 3) // tensor([-0.875, 56.000])
 */
export function chebyshevPolynomialU(x: TensorLike, n: number): Tensor {
  return evaluateAt('chebyshevPolynomialU', chebyshevU, x, n);
}

/**
 * The Chebyshev polynomial of the third kind Vₙ(x). int32 and bool become float32.
 * @param n the degree, an integer ≥ 0.
 * @throws {TypeError} if x is not a tensor or number.
 * @throws {RangeError} if n is not an integer ≥ 0.
 * @example
 * chebyshevPolynomialV(tensor([0.25, 2]), 3) // tensor([-0.125, 41.000])
 */
export function chebyshevPolynomialV(x: TensorLike, n: number): Tensor {
  return evaluateAt('chebyshevPolynomialV', chebyshevV, x, n);
}

/**
 * The Chebyshev polynomial of the fourth kind Wₙ(x). int32 and bool become float32.
 * @param n the degree, an integer ≥ 0.
 * @throws {TypeError} if x is not a tensor or number.
 * @throws {RangeError} if n is not an integer ≥ 0.
 * @example
 * chebyshevPolynomialW(tensor([0.25, 2]), 3) // tensor([-1.625, 71.000])
 */
export function chebyshevPolynomialW(x: TensorLike, n: number): Tensor {
  return evaluateAt('chebyshevPolynomialW', chebyshevW, x, n);
}

/**
 * Tₙ(2x − 1), see {@link chebyshevPolynomialT}. int32 and bool become float32.
 * @param n the degree, an integer ≥ 0.
 * @throws {TypeError} if x is not a tensor or number.
 * @throws {RangeError} if n is not an integer ≥ 0.
 * @example
 * shiftedChebyshevPolynomialT(tensor([0.25, 2]), 3) // tensor([ 1, 99])
 */
export function shiftedChebyshevPolynomialT(x: TensorLike, n: number): Tensor {
  return evaluateAt('shiftedChebyshevPolynomialT', shiftedT, x, n);
}

/**
 * Uₙ(2x − 1), see {@link chebyshevPolynomialU}. int32 and bool become float32.
 * @param n the degree, an integer ≥ 0.
 * @throws {TypeError} if x is not a tensor or number.
 * @throws {RangeError} if n is not an integer ≥ 0.
 * @example
 * shiftedChebyshevPolynomialU(tensor([0.25, 2]), 3) // tensor([ 1, 204])
 */
export function shiftedChebyshevPolynomialU(x: TensorLike, n: number): Tensor {
  return evaluateAt('shiftedChebyshevPolynomialU', shiftedU, x, n);
}

/**
 * Vₙ(2x − 1), see {@link chebyshevPolynomialV}. int32 and bool become float32.
 * @param n the degree, an integer ≥ 0.
 * @throws {TypeError} if x is not a tensor or number.
 * @throws {RangeError} if n is not an integer ≥ 0.
 * @example
 * shiftedChebyshevPolynomialV(tensor([0.25, 2]), 3) // tensor([ 1, 169])
 */
export function shiftedChebyshevPolynomialV(x: TensorLike, n: number): Tensor {
  return evaluateAt('shiftedChebyshevPolynomialV', shiftedV, x, n);
}

/**
 * Wₙ(2x − 1), see {@link chebyshevPolynomialW}. int32 and bool become float32.
 * @param n the degree, an integer ≥ 0.
 * @throws {TypeError} if x is not a tensor or number.
 * @throws {RangeError} if n is not an integer ≥ 0.
 * @example
 * shiftedChebyshevPolynomialW(tensor([0.25, 2]), 3) // tensor([ 1, 239])
 */
export function shiftedChebyshevPolynomialW(x: TensorLike, n: number): Tensor {
  return evaluateAt('shiftedChebyshevPolynomialW', shiftedW, x, n);
}

/**
 * The Hermite polynomial Hₙ(x) of physicists, orthogonal for the weight e^(−x²). int32 and bool become float32.
 * @param n the degree, an integer ≥ 0.
 * @throws {TypeError} if x is not a tensor or number.
 * @throws {RangeError} if n is not an integer ≥ 0.
 * @example
 * hermitePolynomialH(tensor([0.25, 2]), 3) // tensor([-2.875, 40.000])
 */
export function hermitePolynomialH(x: TensorLike, n: number): Tensor {
  return evaluateAt('hermitePolynomialH', hermiteH, x, n);
}

/**
 * The Hermite polynomial Heₙ(x) of statisticians, orthogonal for the weight e^(−x²/2). int32 and bool become float32.
 * @param n the degree, an integer ≥ 0.
 * @throws {TypeError} if x is not a tensor or number.
 * @throws {RangeError} if n is not an integer ≥ 0.
 * @example
 * hermitePolynomialHe(tensor([0.25, 2]), 3) // tensor([-0.7344, 2.0000])
 */
export function hermitePolynomialHe(x: TensorLike, n: number): Tensor {
  return evaluateAt('hermitePolynomialHe', hermiteHe, x, n);
}

/**
 * The Laguerre polynomial Lₙ(x), orthogonal for the weight e⁻ˣ. int32 and bool become float32.
 * @param n the degree, an integer ≥ 0.
 * @throws {TypeError} if x is not a tensor or number.
 * @throws {RangeError} if n is not an integer ≥ 0.
 * @example
 * laguerrePolynomialL(tensor([0.25, 2]), 3) // tensor([ 0.3411, -0.3333])
 */
export function laguerrePolynomialL(x: TensorLike, n: number): Tensor {
  return evaluateAt('laguerrePolynomialL', laguerreL, x, n);
}

/**
 * The Legendre polynomial Pₙ(x), orthogonal on [−1, 1]. int32 and bool become float32.
 * @param n the degree, an integer ≥ 0.
 * @throws {TypeError} if x is not a tensor or number.
 * @throws {RangeError} if n is not an integer ≥ 0.
 * @example
 * legendrePolynomialP(tensor([0.25, 2]), 3) // tensor([-0.3359, 17.0000])
 */
export function legendrePolynomialP(x: TensorLike, n: number): Tensor {
  return evaluateAt('legendrePolynomialP', legendreP, x, n);
}
