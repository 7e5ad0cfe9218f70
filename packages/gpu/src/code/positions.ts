// Index arithmetic in sources: from the row-major number of an element to its position in memory.
import type { View } from '@thetagrad/core/backend';
import { plus, times, type Writer } from './writer.ts';

/** The axes of several views of one shape, joined where all views allow it; axes of length 1 are dropped. */
export interface Axes {
  readonly lengths: readonly number[];
  /** For each view, its strides along these axes. */
  readonly strides: readonly (readonly number[])[];
}

/** Joins the axes from `from` to before `to`, which must have the same lengths in all views. */
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

/** The coordinates of element number `element`, in row-major order. */
export function coordinatesOf(writer: Writer, element: string, lengths: readonly number[]): string[] {
  const thread = writer.rowAndColumn(element, lengths.at(-1) ?? 1);
  if (thread) return [...coordinatesOf(writer, thread.row, lengths.slice(0, -1)), thread.column];
  let inner = 1;
  const coordinates: string[] = [];
  for (let axis = lengths.length - 1; axis >= 0; axis--) {
    const length = lengths[axis]!;
    const outer = writer.quotient(element, inner);
    if (length === 1) coordinates.unshift('0');
    else coordinates.unshift(writer.bindIndex(axis === 0 ? outer : writer.remainder(outer, length), length));
    inner *= length;
  }
  return coordinates;
}

/** The position in memory of the element at some coordinates. */
export function positionOf(
  coordinates: readonly string[],
  strides: readonly number[],
  offset: number | string = 0,
): string {
  return plus([...coordinates.map((coordinate, axis) => times(coordinate, strides[axis]!)), String(offset)]);
}

/** For each of several views of one shape, the position in memory of element number `element`. */
export function positionsOf(writer: Writer, element: string, views: readonly View[]): string[] {
  const { lengths, strides } = joinAxes(views);
  const coordinates = coordinatesOf(writer, element, lengths);
  return views.map(({ offset }, i) => positionOf(coordinates, strides[i]!, offset));
}
