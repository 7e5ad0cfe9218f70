import { parameter, type Operand, type Scalar } from '@thetagrad/core/backend';
import { temporaryPlace, type Command, type Place } from '../code/code.ts';
import { coordinatesOf, placeOf, rowMajor } from '../code/views.ts';
import { sumOf, times, valueTypeOf, type Value, type ValueType, type Writer } from '../code/writer.ts';
import { elementwise, type Language, type RoutineKernel } from './language.ts';
import { throughTail } from './map.ts';

/**
 * A bitonic network: lines of indices, as long as the next power of two, are compared and exchanged in pairs. It has no
 * choices that depend on data, so each step is one kernel; equal elements are told apart by their indices, which makes it
 * stable, and what is beyond the end comes last. (Batcher, "Sorting networks and their applications", AFIPS 1968.)
 */
export function lowerArgSort(kernel: RoutineKernel, language: Language): Command[] {
  const axis = kernel.attributes['axis'] as number;
  const descending = kernel.attributes['descending'] as boolean;
  const [x] = kernel.operands as [Operand];
  const length = kernel.shape[axis]!;
  const padded = 2 ** Math.ceil(Math.log2(length));
  const lines = kernel.output.size / length;
  const others = kernel.shape.map((size, i) => (i === axis ? 1 : size));
  const staying = stayingWhere(valueTypeOf(x.slot.dtype), descending, length);
  const commands: Command[] = [];

  // Lines one after another, each in order.
  let order: Place | undefined;
  const at = (writer: Writer, place: string): Value =>
    order ? writer.load(order, place) : writer.fromIndex(writer.remainder(place, padded));
  for (let size = 2; size <= padded; size *= 2) {
    for (let distance = size / 2; distance >= 1; distance /= 2) {
      const next = temporaryPlace('int32', lines * padded);
      commands.push(
        elementwise(language, 'argsort', next, (writer, element) => {
          const own = at(writer, element);
          const other = at(writer, writer.integer(`(${element} ^ ${distance})`, next.size));
          const line = coordinatesOf(writer, writer.quotient(element, padded), others);
          const key = (index: Value): Value => {
            const i = writer.index(index);
            const inside = writer.indexWhere(`${i} < ${length}`, i, '0');
            return writer.load(x.slot, placeOf(line.with(axis, inside), x.view.strides, x.view.offset));
          };
          const isFirst = writer.condition(`(${element} & ${distance}) == 0`);
          // Blocks of `size` rise and fall in turn, so that two of them are a bitonic sequence.
          const isFalling = writer.condition(`(${element} & ${size % padded}) != 0`);
          const stays = writer.evaluate(staying, [key(own), own, key(other), other, isFirst, isFalling]);
          return writer.choose(writer.holds(stays), own, other);
        }),
      );
      order = next;
    }
  }
  commands.push(
    elementwise(language, 'argsort', kernel.output, (writer, element) => {
      const coordinates = coordinatesOf(writer, element, kernel.shape);
      const line = placeOf(coordinates, rowMajor(others).with(axis, 0));
      const place = sumOf([times(writer.integer(`(${line})`, lines), padded), coordinates[axis]!]);
      return throughTail(writer, kernel.tail, at(writer, writer.integer(`(${place})`, lines * padded)), element);
    }),
  );
  return commands;
}

/** Whether an element (key and index) keeps its place, beside the other one of its pair. Indices beyond the end are last. */
function stayingWhere(type: ValueType, descending: boolean, length: number): Scalar {
  const [own, other] = [parameter(type, 0), parameter(type, 2)].map((x) => (type === 'bool' ? x.to('i32') : x)) as [
    Scalar,
    Scalar,
  ];
  const [i, j] = [parameter('i32', 1), parameter('i32', 3)];
  const [isFirst, isFalling] = [parameter('bool', 4), parameter('bool', 5)];
  const [ownNaN, otherNaN] = [own.isNaN(), other.isNaN()];
  const [less, greater] = descending ? [own.gt(other), own.lt(other)] : [own.lt(other), own.gt(other)];
  const before = less.or(otherNaN.and(ownNaN.not()));
  const after = greater.or(ownNaN.and(otherNaN.not()));
  const byKeys = before.or(after.not().and(i.lt(j)));
  const bothInside = i.lt(length).and(j.lt(length));
  const precedes = bothInside.select(byKeys, i.lt(j));
  return precedes.xor(isFirst).xor(isFalling).not();
}
