// Convolutions in plain loops, of any number of spatial axes.
import type { NestedArray } from '@thetagrad/core';
import { buildNested, elementOf, fromNested, indicesOf, toNested } from '../../../../test/support/arrays.ts';

/** One entry for each spatial axis. */
export interface NaiveGeometry {
  readonly stride: readonly number[];
  readonly dilation: readonly number[];
  readonly before: readonly number[];
  /** The lengths of the result. */
  readonly size: readonly number[];
  readonly groups?: number;
}

/** The sum over channels and filter elements, for each output. */
export function convolve(
  images: NestedArray,
  weight: NestedArray,
  { stride, dilation, before, size, groups = 1 }: NaiveGeometry,
  bias?: NestedArray,
): NestedArray {
  const [x, w] = [fromNested(images), fromNested(weight)];
  const [outputs, perGroup, ...kernel] = w.shape as [number, number, ...number[]];
  return buildNested([x.shape[0]!, outputs, ...size], ([n, o, ...position]) => {
    let sum = bias ? fromNested(bias).data[o!]! : 0;
    for (const [c, ...k] of indicesOf([perGroup, ...kernel])) {
      const at = position.map((p, axis) => p * stride[axis]! - before[axis]! + k[axis]! * dilation[axis]!);
      const channel = Math.floor(o! / (outputs / groups)) * perGroup + c!;
      sum += (elementOf(x, [n!, channel, ...at]) ?? 0) * elementOf(w, [o!, c!, ...k])!;
    }
    return sum;
  });
}

/** Adds each element, times the filter, to the positions of the result that it reaches. */
export function convolveTransposed(
  images: NestedArray,
  weight: NestedArray,
  { stride, dilation, before, size, groups = 1 }: NaiveGeometry,
  bias?: NestedArray,
): NestedArray {
  const [x, w] = [fromNested(images), fromNested(weight)];
  const [channels, perGroup, ...kernel] = w.shape as [number, number, ...number[]];
  const outputs = perGroup * groups;
  const shape = [x.shape[0]!, outputs, ...size];
  const data = indicesOf(shape).map(([, o]) => (bias ? fromNested(bias).data[o!]! : 0));
  for (const [n, c, ...position] of indicesOf(x.shape)) {
    for (const [o, ...k] of indicesOf([perGroup, ...kernel])) {
      const out = position.map((p, axis) => p * stride[axis]! - before[axis]! + k[axis]! * dilation[axis]!);
      if (out.some((at, axis) => at < 0 || at >= size[axis]!)) continue;
      const channel = Math.floor(c! / (channels / groups)) * perGroup + o!;
      const flat = [n!, channel, ...out].reduce((sum, i, axis) => sum * shape[axis]! + i, 0);
      data[flat]! += elementOf(x, [n!, c!, ...position])! * elementOf(w, [c!, o!, ...k])!;
    }
  }
  return toNested({ shape, data });
}

/** An element of a window, and its row-major index within the spatial axes. */
export interface WindowElement {
  readonly value: number;
  readonly index: number;
}

/** Combines the elements of images [N, C, …] in each window, those outside left out. */
export function pool(
  images: NestedArray,
  kernel: readonly number[],
  { stride, dilation, before, size }: NaiveGeometry,
  combine: (elements: readonly WindowElement[]) => number,
): NestedArray {
  const x = fromNested(images);
  const lengths = x.shape.slice(2);
  return buildNested([...x.shape.slice(0, 2), ...size], ([n, c, ...position]) =>
    combine(
      indicesOf(kernel).flatMap((k) => {
        const at = k.map((i, axis) => position[axis]! * stride[axis]! - before[axis]! + i * dilation[axis]!);
        const value = elementOf(x, [n!, c!, ...at]);
        const index = at.reduce((flat, i, axis) => flat * lengths[axis]! + i, 0);
        return value === undefined ? [] : [{ value, index }];
      }),
    ),
  );
}

/** Combines the elements of images [N, C, …] in the windows of adaptive pooling. */
export function poolAdaptively(
  images: NestedArray,
  size: readonly number[],
  combine: (elements: readonly WindowElement[]) => number,
): NestedArray {
  const x = fromNested(images);
  const lengths = x.shape.slice(2);
  return buildNested([...x.shape.slice(0, 2), ...size], ([n, c, ...position]) => {
    const begin = position.map((p, axis) => Math.floor((p * lengths[axis]!) / size[axis]!));
    const end = position.map((p, axis) => Math.ceil(((p + 1) * lengths[axis]!) / size[axis]!));
    return combine(
      indicesOf(end.map((e, axis) => e - begin[axis]!)).map((offset) => {
        const at = offset.map((i, axis) => begin[axis]! + i);
        const index = at.reduce((flat, i, axis) => flat * lengths[axis]! + i, 0);
        return { value: elementOf(x, [n!, c!, ...at])!, index };
      }),
    );
  });
}

/** Combines the elements of images [N, C, …] in windows that begin at given places along each axis of each channel. */
export function poolAt(
  images: NestedArray,
  kernel: readonly number[],
  starts: (n: number, c: number) => readonly (readonly number[])[],
  combine: (elements: readonly WindowElement[]) => number,
): NestedArray {
  const x = fromNested(images);
  const lengths = x.shape.slice(2);
  const size = starts(0, 0).map(({ length }) => length);
  return buildNested([...x.shape.slice(0, 2), ...size], ([n, c, ...position]) =>
    combine(
      indicesOf(kernel).map((k) => {
        const at = k.map((i, axis) => starts(n!, c!)[axis]![position[axis]!]! + i);
        const index = at.reduce((flat, i, axis) => flat * lengths[axis]! + i, 0);
        return { value: elementOf(x, [n!, c!, ...at])!, index };
      }),
    ),
  );
}

export const first = (elements: readonly WindowElement[]): WindowElement =>
  elements.reduce(
    (best, element) =>
      element.value > best.value || (element.value !== element.value && best.value === best.value) ? element : best,
    elements[0] ?? { value: -Infinity, index: -1 },
  );
export const largest = (elements: readonly WindowElement[]): number => first(elements).value;
export const indexOfLargest = (elements: readonly WindowElement[]): number => first(elements).index;
export const total = (elements: readonly WindowElement[]): number =>
  elements.reduce((sum, { value }) => sum + value, 0);
export const mean = (elements: readonly WindowElement[]): number => total(elements) / Math.max(1, elements.length);
