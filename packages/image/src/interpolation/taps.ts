// Interpolation along an axis: which elements each element of the result is a weighted sum of.
import { concat, stack, tensor, type Tensor } from '@thetagrad/core';
import { at } from '@thetagrad/core/backend';
import { doubleAxis } from './doubling.ts';

/** An element, and its weight. */
interface Tap {
  readonly index: number;
  readonly weight: number;
}

/** How an axis is resized. */
export interface AxisResize {
  readonly length: number;
  readonly size: number;
  /** The number of elements for each of the result, if the centers of the outer ones are not aligned. */
  readonly ratio: number;
  readonly alignCorners: boolean;
}

/** The center of element i of the result, in elements of the input. */
function centerOf({ length, size, ratio, alignCorners }: AxisResize, i: number): number {
  if (alignCorners) return size > 1 ? (i * (length - 1)) / (size - 1) : 0;
  return (i + 0.5) * ratio - 0.5;
}

/** The elements before and after a position, also beyond the ends. */
function linearTapsAt(center: number): Tap[] {
  const first = Math.floor(center);
  return [
    { index: first, weight: 1 - (center - first) },
    { index: first + 1, weight: center - first },
  ];
}

/** The two elements before and after a position each, also beyond the ends, weighted by cubic convolution with a = −0.75. */
function cubicTapsAt(center: number): Tap[] {
  const first = Math.floor(center);
  return [-1, 0, 1, 2].map((offset) => ({
    index: first + offset,
    weight: cubicKernel(center - first - offset, -0.75),
  }));
}

/** The most results for each element that are computed together. */
const maxPhases = 8;

/** Interpolates along an axis, on which the outermost elements are repeated beyond the ends. */
export function interpolateAxis(x: Tensor, axis: number, resize: AxisResize, kind: 'linear' | 'cubic'): Tensor {
  const { length, size, ratio, alignCorners } = resize;
  const tapsAt = kind === 'linear' ? linearTapsAt : cubicTapsAt;
  const factor = size / length;
  const isPhased = !alignCorners && Number.isInteger(factor) && factor <= maxPhases && ratio === 1 / factor;
  if (isPhased && factor === 2 && kind === 'linear') return doubleAxis(x, axis);
  if (isPhased && factor > 1) {
    const phases = mapElements(factor, (i) => tapsAt(centerOf(resize, i)));
    return applyPhases(x, axis, phases);
  }
  const taps = mapElements(size, (i) => clampTaps(tapsAt(centerOf(resize, i)), length));
  return applyTaps(x, axis, taps);
}

/** Moves elements beyond the ends to the ends, and adds up what they weigh there. */
function clampTaps(taps: readonly Tap[], length: number): Tap[] {
  const weights = new Map<number, number>();
  for (const { index, weight } of taps) {
    const inside = Math.min(Math.max(index, 0), length - 1);
    weights.set(inside, (weights.get(inside) ?? 0) + weight);
  }
  return Array.from(weights, ([index, weight]) => ({ index, weight }));
}

/** Computes as many results for each element as there are phases, of taps relative to the element. */
function applyPhases(x: Tensor, axis: number, phases: readonly (readonly Tap[])[]): Tensor {
  const length = at(x.shape, axis);
  const reach = Math.max(...phases.flat().map(({ index }) => Math.abs(index)));
  const sliceAxis = (from: Tensor, start: number, stop: number): Tensor =>
    from.slice(x.shape.map((_, i) => (i === axis ? [start, stop] : null)));
  const edge = x.shape.with(axis, reach);
  const extended = concat(
    [sliceAxis(x, 0, 1).broadcastTo(edge), x, sliceAxis(x, length - 1, length).broadcastTo(edge)],
    axis,
  );
  const results = phases.map((taps) =>
    taps
      .filter(({ weight }) => weight !== 0)
      .map(({ index, weight }) => sliceAxis(extended, reach + index, reach + index + length).mul(weight))
      .reduce((sum, term) => sum.add(term)),
  );
  return stack(results, axis + 1).reshape(x.shape.with(axis, length * phases.length));
}

/** Cubic convolution (Keys 1981), of a distance. */
function cubicKernel(distance: number, a: number): number {
  const x = Math.abs(distance);
  if (x <= 1) return ((a + 2) * x - (a + 3)) * x * x + 1;
  return x < 2 ? ((a * x - 5 * a) * x + 8 * a) * x - 4 * a : 0;
}

const antialiasFilters = {
  linear: { support: 1, weigh: (x: number): number => Math.max(0, 1 - Math.abs(x)) },
  cubic: { support: 2, weigh: (x: number): number => cubicKernel(x, -0.5) },
};

/** All elements under a filter that is as wide as `ratio` elements when shrinking, as Pillow resizes. */
export function antialiasTaps(resize: AxisResize, filter: 'linear' | 'cubic'): Tap[][] {
  const { length, size, alignCorners } = resize;
  const ratio = alignCorners ? (size > 1 ? (length - 1) / (size - 1) : 0) : resize.ratio;
  const scale = Math.max(1, ratio);
  const { support, weigh } = antialiasFilters[filter];
  return mapElements(size, (i) => {
    const center = ratio * (i + 0.5);
    const begin = Math.max(0, Math.trunc(center - support * scale + 0.5));
    const end = Math.min(length, Math.trunc(center + support * scale + 0.5));
    const taps = Array.from({ length: Math.max(0, end - begin) }, (_, j) => ({
      index: begin + j,
      weight: weigh((begin + j - center + 0.5) / scale),
    }));
    const total = taps.reduce((sum, { weight }) => sum + weight, 0);
    return taps.map(({ index, weight }) => ({ index, weight: weight / total }));
  });
}

/** The elements from ⌊i·length / size⌋ to ⌈(i + 1)·length / size⌉, evenly. */
export function areaTaps({ length, size }: AxisResize): Tap[][] {
  return mapElements(size, (i) => {
    const begin = Math.floor((i * length) / size);
    const count = Math.ceil(((i + 1) * length) / size) - begin;
    return Array.from({ length: count }, (_, j) => ({ index: begin + j, weight: 1 / count }));
  });
}

/** The element that lies at, or is nearest to, each of the result. */
export function nearestIndices({ length, size, ratio }: AxisResize, isExact: boolean): number[] {
  const offset = isExact ? 0.5 : 0;
  return mapElements(size, (i) => {
    // In one division where the ratio is that of the lengths: the product can be less than a whole number.
    const position = ratio === length / size ? ((i + offset) * length) / size : (i + offset) * ratio;
    return Math.min(Math.floor(position), length - 1);
  });
}

function mapElements<Result>(size: number, of: (i: number) => Result): Result[] {
  return Array.from({ length: size }, (_, i) => of(i));
}

/** The most taps that are taken one by one. */
const maxSingleTaps = 4;

/** Sums weighted elements along an axis. Weights of 0 leave out what they weigh, also NaN and infinities. */
export function applyTaps(x: Tensor, axis: number, given: readonly (readonly Tap[])[]): Tensor {
  const taps = given.map((each) => each.filter(({ weight }) => weight !== 0));
  const count = Math.max(...taps.map((each) => each.length));
  const tapAt = (i: number, k: number): Tap => taps[i]?.[k] ?? { index: taps[i]?.[0]?.index ?? 0, weight: 0 };
  const column = taps.map((_, i) => i);
  const ones = x.shape.slice(axis + 1).map(() => 1);
  if (count === 1 && column.every((i) => tapAt(i, 0).weight === 1)) {
    const indices = column.map((i) => tapAt(i, 0).index);
    return takeAlong(x, axis, indices);
  }
  if (count > maxSingleTaps) {
    const table = column.flatMap((i) => Array.from({ length: count }, (_, k) => tapAt(i, k)));
    const indices = table.map(({ index }) => index);
    const weights = table.map(({ weight }) => weight);
    const shape = [taps.length, count, ...ones];
    return takeAlong(x, axis, indices)
      .reshape([...x.shape.slice(0, axis), taps.length, count, ...x.shape.slice(axis + 1)])
      .strongMul(tensor(weights, { dtype: x.dtype }).reshape(shape))
      .sum(axis + 1);
  }
  return Array.from({ length: count }, (_, k) => {
    const indices = column.map((i) => tapAt(i, k).index);
    const weights = column.map((i) => tapAt(i, k).weight);
    const shape = [taps.length, ...ones];
    return takeAlong(x, axis, indices).strongMul(tensor(weights, { dtype: x.dtype }).reshape(shape));
  }).reduce((sum, term) => sum.add(term));
}

/** Takes elements along an axis: by a view, where they are evenly spaced. */
export function takeAlong(x: Tensor, axis: number, indices: readonly number[]): Tensor {
  const length = at(x.shape, axis);
  const [first = 0, second = first] = indices;
  if (indices.length === length && indices.every((index, i) => index === i)) return x;
  const repeats = countRepeats(indices, length);
  if (repeats !== undefined) return repeatAxes(x, axis, [repeats]);
  const step = second - first;
  if (step > 0 && indices.every((index, i) => index === first + i * step)) {
    const stop = first + (indices.length - 1) * step + 1;
    return x.slice(x.shape.map((_, i) => (i === axis ? [first, stop, step] : null)));
  }
  return x.take(tensor([...indices], { dtype: 'int32' }), axis);
}

/** How often each element of an axis follows itself; `undefined` if that differs, or another order. */
function countRepeats(indices: readonly number[], length: number): number | undefined {
  const repeats = indices.length / length;
  const areRepeated = Number.isInteger(repeats) && indices.every((index, i) => index === Math.floor(i / repeats));
  return areRepeated ? repeats : undefined;
}

/** Repeats each element, along all axes from the given one on, as often as is given for each. */
function repeatAxes(x: Tensor, first: number, repeats: readonly number[]): Tensor {
  const repeatsOf = (axis: number): number => repeats[axis - first] ?? 1;
  const interleave = (of: (axis: number, length: number) => number[]): number[] =>
    x.shape.flatMap((length, axis) => of(axis, length));
  const split = x.reshape(interleave((axis, length) => (repeatsOf(axis) > 1 ? [length, 1] : [length])));
  const shape = interleave((axis, length) => (repeatsOf(axis) > 1 ? [length, repeatsOf(axis)] : [length]));
  return split.broadcastTo(shape).reshape(x.shape.map((length, axis) => length * repeatsOf(axis)));
}

/** Takes elements along all axes from the given one on, where each element is repeated; else `undefined`. */
export function repeatEach(x: Tensor, first: number, indices: readonly (readonly number[])[]): Tensor | undefined {
  const repeats = indices.map((each, i) => countRepeats(each, at(x.shape, first + i)));
  return repeats.every((count) => count !== undefined) ? repeatAxes(x, first, repeats) : undefined;
}
