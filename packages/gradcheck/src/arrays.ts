import type { Shape } from '@thetagrad/core';

/** ⟨a, b⟩ over all arrays; an absent one is zero. */
export function pairing(a: readonly Float64Array[], b: readonly (Float64Array | undefined)[]): number {
  let sum = 0;
  a.forEach((part, i) => {
    const other = b[i];
    if (other) for (let k = 0; k < part.length; k++) sum += part[k]! * other[k]!;
  });
  return sum;
}

/** Σ |a · b|. */
export function magnitude(a: Float64Array, b: Float64Array): number {
  return a.reduce((sum, value, k) => sum + Math.abs(value * b[k]!), 0);
}

/** The largest magnitude. */
export function largest(values: Float64Array): number {
  return values.reduce((most, value) => Math.max(most, finite(value)), 0);
}

/** The size of a number, but 0 if it is none: a gradient of NaN or ∞ must not widen a tolerance. */
export function finite(value: number): number {
  return Number.isFinite(value) ? Math.abs(value) : 0;
}

export function concatenate(parts: readonly Float64Array[]): Float64Array {
  const whole = new Float64Array(parts.reduce((total, part) => total + part.length, 0));
  let start = 0;
  for (const part of parts) {
    whole.set(part, start);
    start += part.length;
  }
  return whole;
}

/** A unit vector. */
export function one(length: number, element: number): Float64Array {
  const direction = new Float64Array(length);
  direction[element] = 1;
  return direction;
}

/** The index of an element by its place in row-major order. */
export function indexOf(shape: Shape, position: number): number[] {
  const index: number[] = [];
  let rest = position;
  for (const length of shape.toReversed()) {
    index.unshift(rest % length);
    rest = Math.floor(rest / length);
  }
  return index;
}
