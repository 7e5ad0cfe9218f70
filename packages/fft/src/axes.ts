// Transforms along axes of planar tensors, [2, …shape], and of real ones.
import { customGradient, stack, type Tensor } from '@thetagrad/core';
import { argumentError, at, checkInteger, checkTensor, formatShape, sizeOf, toFloat } from '@thetagrad/core/backend';
import type { Sign } from './constants.ts';
import { inverseTransformReal, transform, transformReal } from './transform.ts';

/** Makes planar of complex, by two strided copies: much faster than one copy with an innermost axis of 2. */
const deinterleave: (x: Tensor) => Tensor = customGradient((x: Tensor) => ({
  value: stack([selectPart(x, 0), selectPart(x, 1)]),
  vjp: (cotangent) => [interleave(cotangent)],
}));

/** The inverse of {@link deinterleave}. */
const interleave: (z: Tensor) => Tensor = customGradient((z: Tensor) => ({
  value: z.permute([...z.shape.keys()].slice(1).concat(0)),
  vjp: (cotangent) => [deinterleave(cotangent)],
}));

/** A part of a complex tensor, without a copy. */
function selectPart(x: Tensor, part: 0 | 1): Tensor {
  return x.slice([...x.shape.slice(0, -1).map(() => null), part]);
}

/** The complex tensors that have been made of planar ones: a transform of such a result need not take it apart again. */
const interleaved = new WeakSet<Tensor>();

/**
 * Checks a complex tensor, […shape, 2], and makes it planar, [2, …shape]. int32 and bool become float32.
 * @param minRank the minimum rank of the shape. Default: 1.
 * @throws {TypeError} if it is not a tensor.
 * @throws {RangeError} if its last axis does not have size 2, or it has no other.
 */
export function toPlanar(operation: string, x: Tensor, minRank = 1): Tensor {
  const values = toComplex(operation, x, minRank);
  return planarForm(x) ?? deinterleave(values);
}

/** Checks a complex tensor, as {@link toPlanar}, and leaves it as it is. int32 and bool become float32. */
export function toComplex(operation: string, x: Tensor, minRank = 1): Tensor {
  checkComplex(operation, x, minRank);
  return x.astype(toFloat(x.dtype));
}

/** As {@link toPlanar}, but as a view, for operations on single elements. */
export function viewPlanar(operation: string, x: Tensor): Tensor {
  checkComplex(operation, x, 0);
  const axes = x.shape.map((_, axis) => axis - 1).with(0, x.ndim - 1);
  return planarForm(x) ?? x.astype(toFloat(x.dtype)).permute(axes);
}

function checkComplex(operation: string, x: Tensor, minRank: number): void {
  checkTensor(operation, x);
  const rank = x.ndim - 1;
  if (rank >= minRank && x.shape[rank] === 2) return;
  throw new RangeError(
    `${operation}: expected a complex tensor of rank ${minRank} or more, with real and imaginary parts in a last axis of size 2, ` +
      `got shape ${formatShape(x.shape)}; complex(x) makes one of real numbers`,
  );
}

/** What a complex tensor has been made of, until it is evaluated, which drops the graph behind it. */
function planarForm(x: Tensor): Tensor | undefined {
  const [, z] = interleaved.has(x) ? x.inputs : [];
  return z;
}

/** Whether {@link toPlanar} of a complex tensor takes no copy. */
export function hasPlanarForm(x: Tensor): boolean {
  return planarForm(x) !== undefined;
}

/** [2, …shape] to […shape, 2]. */
export function fromPlanar(z: Tensor): Tensor {
  const x = interleave(z);
  interleaved.add(x);
  return x;
}

/**
 * Checks a real tensor. int32 and bool become float32.
 * @throws {TypeError} if it is not a tensor.
 * @throws {RangeError} if it is a scalar.
 */
export function toReal(operation: string, x: Tensor): Tensor {
  checkTensor(operation, x);
  if (x.ndim === 0) throw new RangeError(`${operation}: expected a tensor of rank 1 or more, got a scalar`);
  return x.astype(toFloat(x.dtype));
}

/**
 * Checks the length of a transform.
 * @param length of the axis that is transformed, for the message.
 * @throws {TypeError | RangeError} if it is not an integer ≥ 1.
 */
export function checkLength(operation: string, n: number, length: number): void {
  if (n === length && n < 1) throw new RangeError(`${operation}: a transformed axis must not be empty; set its length`);
  checkInteger(operation, 'the length of a transform', n, { min: 1 });
}

/** Cuts an axis at its end, or appends zeros, to the given length. */
export function resize(x: Tensor, axis: number, length: number): Tensor {
  const missing = length - at(x.shape, axis);
  if (missing === 0) return x;
  if (missing < 0) return x.slice(x.shape.map((_, i) => (i === axis ? [0, length] : null)));
  return x.pad(x.shape.map((_, i) => [0, i === axis ? missing : 0]));
}

/** Exchanges the axis with the one at `front`. */
function exchange(x: Tensor, axis: number, front: number): Tensor {
  return axis === front ? x : x.transpose(front, axis);
}

/** The DFT of a planar tensor along an axis of its shape, times a factor. */
export function transformAxis(z: Tensor, axis: number, sign: Sign, factor = 1): Tensor {
  const front = exchange(z, axis + 1, 1);
  const [, n, ...others] = front.shape as [number, number, ...number[]];
  const result = transform(front.reshape([2, n, sizeOf(others)]), sign, factor);
  return exchange(result.reshape([2, n, ...others]), axis + 1, 1);
}

/** The half spectrum along an axis of a real tensor, times a factor, planar. */
export function transformRealAxis(x: Tensor, axis: number, factor = 1): Tensor {
  const front = exchange(x, axis, 0);
  const [n, ...others] = front.shape as [number, ...number[]];
  const result = transformReal(front.reshape([n, sizeOf(others)]), factor);
  return exchange(result.reshape([2, at(result.shape, 1), ...others]), axis + 1, 1);
}

/** The n real numbers whose half spectrum is along an axis of the shape of a planar tensor, times n and a factor. */
export function inverseRealAxis(z: Tensor, axis: number, n: number, factor: number): Tensor {
  const front = exchange(z, axis + 1, 1);
  const [, half, ...others] = front.shape as [number, number, ...number[]];
  const result = inverseTransformReal(front.reshape([2, half, sizeOf(others)]), n, factor);
  return exchange(result.reshape([n, ...others]), axis, 0);
}

/** Where the factor 1/n of a transform and its inverse goes: to the inverse, to both as 1/√n, or to the forward one. */
export type Norm = 'backward' | 'ortho' | 'forward';

/**
 * The factor of a transform over `count` elements.
 * @throws {TypeError} if the norm is unknown.
 */
export function factorOf(operation: string, count: number, norm: Norm, isInverse: boolean): number {
  if (norm === 'ortho') return 1 / Math.sqrt(count);
  if (norm !== 'backward' && norm !== 'forward') {
    throw argumentError(operation, 'norm', `'backward', 'ortho' or 'forward'`, norm, false);
  }
  return (norm === 'backward') === isInverse ? 1 / count : 1;
}
