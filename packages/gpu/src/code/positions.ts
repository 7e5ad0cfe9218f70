// Index arithmetic in sources: from the row-major number of an element to its position in memory.
import { joinAxes, type View } from '@thetagrad/core/backend';
import { plus, times, type Writer } from './writer.ts';

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
  const { shape, strides } = joinAxes(views);
  const coordinates = coordinatesOf(writer, element, shape);
  return views.map(({ offset }, i) => positionOf(coordinates, strides[i]!, offset));
}
