// Index arithmetic: from the number of an element to its place in memory.
import type { View } from '@thetagrad/core/backend';
import { sumOf, times, type Writer } from './writer.ts';

/** Several views of one shape, with axes joined where all of them allow it and axes of length 1 left out. */
export interface Axes {
  readonly lengths: readonly number[];
  /** For each view, its strides along these axes. */
  readonly strides: readonly (readonly number[])[];
}

/** The axes from `from` to before `to` of views that have these in common. */
export function joinAxes(views: readonly View[], from = 0, to: number = views[0]?.shape.length ?? 0): Axes {
  const lengths: number[] = [];
  const strides: number[][] = views.map(() => []);
  const { shape } = views[0] ?? { shape: [] };
  for (let axis = from; axis < to; axis++) {
    const length = shape[axis]!;
    if (length === 1) continue;
    const last = lengths.length - 1;
    if (last >= 0 && views.every((view, i) => strides[i]![last] === view.strides[axis]! * length)) {
      lengths[last]! *= length;
      views.forEach((view, i) => (strides[i]![last] = view.strides[axis]!));
    } else {
      lengths.push(length);
      views.forEach((view, i) => strides[i]!.push(view.strides[axis]!));
    }
  }
  return { lengths, strides };
}

/** The coordinates of an element given by its number in row-major order. */
export function coordinatesOf(writer: Writer, element: string, lengths: readonly number[]): string[] {
  const own = writer.rowAndColumn(element, lengths.at(-1) ?? 1);
  if (own) return [...coordinatesOf(writer, own.row, lengths.slice(0, -1)), own.column];
  let inner = 1;
  const coordinates: string[] = [];
  for (let axis = lengths.length - 1; axis >= 0; axis--) {
    const length = lengths[axis]!;
    const outer = writer.quotient(element, inner);
    if (length === 1) coordinates.unshift('0');
    else coordinates.unshift(writer.integer(axis === 0 ? outer : writer.remainder(outer, length), length));
    inner *= length;
  }
  return coordinates;
}

/** The place of an element in memory. */
export function placeOf(
  coordinates: readonly string[],
  strides: readonly number[],
  offset: number | string = 0,
): string {
  return sumOf([...coordinates.map((coordinate, axis) => times(coordinate, strides[axis]!)), String(offset)]);
}

/** For views of one shape, the place in memory of the element with this number in row-major order. */
export function placesOf(writer: Writer, element: string, views: readonly View[]): string[] {
  const { lengths, strides } = joinAxes(views);
  const coordinates = coordinatesOf(writer, element, lengths);
  return views.map(({ offset }, i) => placeOf(coordinates, strides[i]!, offset));
}

/** The strides of a row-major array without gaps. */
export function rowMajor(shape: readonly number[]): number[] {
  let stride = 1;
  return shape.map((_, axis) => {
    stride = shape.slice(axis + 1).reduce((product, length) => product * length, 1);
    return stride;
  });
}

export function product(lengths: readonly number[]): number {
  return lengths.reduce((size, length) => size * length, 1);
}
