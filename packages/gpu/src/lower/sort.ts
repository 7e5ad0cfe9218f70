import { parameter, rowMajorStrides, sizeOf, type RoutineKernel, type Scalar } from '@thetagrad/core/backend';
import { createScratch, type Command, type Scratch } from '../code/command.ts';
import type { Language } from '../code/language.ts';
import { coordinatesOf, positionOf } from '../code/positions.ts';
import { plus, times, valueTypeOf, type Value, type ValueType, type Writer } from '../code/writer.ts';
import { emitElementwise } from './elementwise.ts';
import { applyEpilogue } from './map.ts';

/**
 * A bitonic sorting network on indices, for each line along the axis, padded to a power of two. Each step compares and
 * exchanges fixed pairs, in one command. Comparing equal elements by index makes it stable; padding sorts last. (Batcher,
 * "Sorting networks and their applications", AFIPS 1968.)
 */
export function lowerArgsort(kernel: RoutineKernel<'argsort'>, language: Language): Command[] {
  const { axis, descending } = kernel.attributes;
  const [x] = kernel.operands;
  const length = x.view.shape[axis]!;
  const paddedLength = 2 ** Math.ceil(Math.log2(length));
  const lineShape = kernel.shape.with(axis, 1);
  const lines = sizeOf(lineShape);
  const staysExpression = comparison(valueTypeOf(x.slot.dtype), descending, length);
  const commands: Command[] = [];

  /** The order after the previous step: lines one after another. */
  let order: Scratch | undefined;
  const indexAt = (writer: Writer, position: string): Value =>
    order ? writer.load(order, position) : writer.fromIndex(writer.remainder(position, paddedLength));
  for (let size = 2; size <= paddedLength; size *= 2) {
    for (let distance = size / 2; distance >= 1; distance /= 2) {
      const next = createScratch('int32', lines * paddedLength);
      commands.push(
        emitElementwise(language, kernel.name, next, (writer, element) => {
          const index = indexAt(writer, element);
          const otherIndex = indexAt(writer, writer.bindIndex(`(${element} ^ ${distance})`, next.size));
          const line = coordinatesOf(writer, writer.quotient(element, paddedLength), lineShape);
          const loadKey = (index: Value): Value => {
            const i = writer.toIndex(index);
            const clamped = writer.selectIndex(`${i} < ${length}`, i, '0');
            return writer.load(x.slot, positionOf(line.with(axis, clamped), x.view.strides, x.view.offset));
          };
          const isFirst = writer.fromCondition(`(${element} & ${distance}) == 0`);
          // Blocks of `size` alternate between ascending and descending, so that two of them are a bitonic sequence.
          const isDescending = writer.fromCondition(`(${element} & ${size % paddedLength}) != 0`);
          const [key, otherKey] = [loadKey(index), loadKey(otherIndex)];
          const values = [key, index, otherKey, otherIndex, isFirst, isDescending];
          return writer.select(writer.isTrue(writer.evaluate(staysExpression, values)), index, otherIndex);
        }),
      );
      order = next;
    }
  }
  commands.push(
    emitElementwise(language, kernel.name, kernel.output, (writer, element) => {
      const coordinates = coordinatesOf(writer, element, kernel.shape);
      const line = positionOf(coordinates, rowMajorStrides(lineShape).with(axis, 0));
      const position = plus([times(writer.bindIndex(`(${line})`, lines), paddedLength), coordinates[axis]!]);
      const index = indexAt(writer, writer.bindIndex(`(${position})`, lines * paddedLength));
      return applyEpilogue(writer, kernel, index, element);
    }),
  );
  return commands;
}

/**
 * Whether an element stays in its place, rather than being exchanged with the other one of its pair. Parameters: key, index,
 * the other's key and index, whether its place is the first of the pair, whether the block is descending.
 */
function comparison(type: ValueType, descending: boolean, length: number): Scalar {
  const toNumber = (x: Scalar): Scalar => (type === 'bool' ? x.to('i32') : x);
  const [key, other] = [toNumber(parameter(type, 0)), toNumber(parameter(type, 2))];
  const [i, j] = [parameter('i32', 1), parameter('i32', 3)];
  const [isFirst, isDescending] = [parameter('bool', 4), parameter('bool', 5)];
  const [isNaN, isOtherNaN] = [key.isNaN(), other.isNaN()];
  const [less, greater] = descending ? [key.gt(other), key.lt(other)] : [key.lt(other), key.gt(other)];
  const before = less.or(isOtherNaN.and(isNaN.not()));
  const after = greater.or(isNaN.and(isOtherNaN.not()));
  const precedesByKey = before.or(after.not().and(i.lt(j)));
  const areInside = i.lt(length).and(j.lt(length));
  const precedes = areInside.select(precedesByKey, i.lt(j));
  return precedes.xor(isFirst).xor(isDescending).not();
}
