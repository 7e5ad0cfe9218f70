// Fourier transforms by their definition, on nested arrays whose last axis holds real and imaginary parts.
import type { NestedArray } from '@thetagrad/core';
import { build, flat, get, shapeOf, sumOf } from '../../../../test/support/nested.ts';

/** Σⱼ x[j] e^(sign · 2πijk/n) along an axis, which is cut or continued by zeros. */
export function dft(x: NestedArray, axis: number, sign: -1 | 1, n?: number): NestedArray {
  const shape = shapeOf(x);
  const [length, count] = [shape[axis]!, n ?? shape[axis]!];
  const inner = shape.slice(axis + 1).reduce((size, each) => size * each, 1);
  const values = flat(x);
  const roots = Array.from({ length: count }, (_, i) => (sign * 2 * Math.PI * i) / count).map((angle) => [
    Math.cos(angle),
    Math.sin(angle),
  ]);
  return build(shape.with(axis, count), (...index) => {
    const k = index[axis]!;
    // The position of the real part of x[0] of this line.
    const start = index.reduce((sum, i, a) => sum * shape[a]! + (a === axis || a === shape.length - 1 ? 0 : i), 0);
    return sumOf(Math.min(count, length), (j) => {
      const [re, im] = [values[start + j * inner]!, values[start + j * inner + 1]!];
      const [cosine, sine] = roots[(j * k) % count] as [number, number];
      return index.at(-1) === 0 ? re * cosine - im * sine : re * sine + im * cosine;
    });
  });
}

/** Real numbers as complex ones. */
export function toComplex(x: NestedArray): NestedArray {
  return build([...shapeOf(x), 2], (...index) => (index.at(-1) === 0 ? get(x, ...index.slice(0, -1)) : 0));
}

/** The real parts. */
export function realPart(z: NestedArray): NestedArray {
  return build(shapeOf(z).slice(0, -1), (...index) => get(z, ...index, 0));
}

/** The first elements of an axis. */
export function first(x: NestedArray, axis: number, count: number): NestedArray {
  return build(shapeOf(x).with(axis, count), (...index) => get(x, ...index));
}

/** The spectrum of n elements of which the first n/2 + 1 are given: the others are conjugates. */
export function hermitian(z: NestedArray, axis: number, n: number): NestedArray {
  return build(shapeOf(z).with(axis, n), (...index) => {
    const k = index[axis]!;
    const isMirrored = 2 * k > n;
    const value = get(z, ...index.with(axis, isMirrored ? n - k : k));
    return index.at(-1) === 0 ? value : k === 0 || 2 * k === n ? 0 : isMirrored ? -value : value;
  });
}

export function times(x: NestedArray, factor: number): NestedArray {
  return build(shapeOf(x), (...index) => factor * get(x, ...index));
}

export function conjugate(z: NestedArray): NestedArray {
  return build(shapeOf(z), (...index) => (index.at(-1) === 1 ? -get(z, ...index) : get(z, ...index)));
}
