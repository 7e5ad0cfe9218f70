// Arithmetic on lists of arrays: the elements of all inputs, or of all outputs, as one vector.
import type { Tensor } from '@thetagrad/core';

/** ⟨a, b⟩ over all arrays; a missing array counts as zeros. */
export function innerProduct(a: readonly Float64Array[], b: readonly (Float64Array | undefined)[]): number {
  let sum = 0;
  a.forEach((part, i) => {
    const other = b[i];
    if (other) for (let k = 0; k < part.length; k++) sum += part[k]! * other[k]!;
  });
  return sum;
}

/** Σ |a · b|: what the rounding error of an inner product is relative to. */
export function absoluteInnerProduct(a: readonly Float64Array[], b: readonly (Float64Array | undefined)[]): number {
  let sum = 0;
  a.forEach((part, i) => {
    const other = b[i];
    if (other) sum += part.reduce((subtotal, value, k) => subtotal + Math.abs(value * other[k]!), 0);
  });
  return sum;
}

/** The largest finite magnitude. */
export function maxMagnitude(values: Float64Array): number {
  return values.reduce((max, value) => Math.max(max, finiteMagnitude(value)), 0);
}

/** The magnitude of a number; 0 for NaN and ±∞, which must not widen a tolerance. */
export function finiteMagnitude(value: number): number {
  return Number.isFinite(value) ? Math.abs(value) : 0;
}

/** Joins arrays end to end. */
export function concatenate(parts: readonly Float64Array[]): Float64Array {
  const whole = new Float64Array(parts.reduce((total, part) => total + part.length, 0));
  let start = 0;
  for (const part of parts) {
    whole.set(part, start);
    start += part.length;
  }
  return whole;
}

/** A vector that is 1 at one element and 0 elsewhere. */
export function basisVector(length: number, element: number): Float64Array {
  const vector = new Float64Array(length);
  vector[element] = 1;
  return vector;
}

/** Reads the elements of a floating-point tensor in double precision. */
export function readElements(x: Tensor): Float64Array {
  const values = x.dataSync();
  return values instanceof Float64Array ? values : Float64Array.from(values);
}
