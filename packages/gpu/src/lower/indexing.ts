import type { Operand } from '@thetagrad/core/backend';
import type { Command } from '../code/code.ts';
import { coordinatesOf, placeOf, placesOf } from '../code/views.ts';
import { valueTypeOf, type Writer } from '../code/writer.ts';
import { elementwise, type Language, type RoutineKernel } from './language.ts';
import { throughTail } from './map.ts';

/** An index with negative ones counted from the end. Those out of range become 0, as memory must not be left. */
function wrapped(writer: Writer, index: string, length: number): string {
  const inside = `${index} >= ${-length} && ${index} < ${length}`;
  const fromStart = writer.indexWhere(`${index} < 0`, `${index} + ${length}`, index);
  return writer.integer(writer.indexWhere(inside, fromStart, '0'), length);
}

export function lowerTake(kernel: RoutineKernel, language: Language): Command[] {
  const axis = kernel.attributes['axis'] as number;
  const operation = kernel.attributes['caller'] as string;
  const [x, indices] = kernel.operands as [Operand, Operand];
  const length = x.view.shape[axis]!;
  const check = { operation, axis, length, indices: indices.slot, view: indices.view };
  const command = elementwise(language, 'takeAlongAxis', kernel.output, (writer, element) => {
    // Without its axis, x is a view of the output's shape.
    const strides = x.view.strides.with(axis, 0);
    const [base, at] = placesOf(writer, element, [{ ...x.view, shape: kernel.shape, strides }, indices.view]);
    const index = writer.index(writer.load(indices.slot, at!));
    writer.reportOutside(index, check);
    const place = placeOf([base!, wrapped(writer, index, length)], [1, x.view.strides[axis]!]);
    return throughTail(writer, kernel.tail, writer.load(x.slot, place), element);
  });
  return [{ ...command, check: { ...check, input: command.inputs.indexOf(indices.slot) } }];
}

/** Each output element looks for the indices that are its own, in order: the same sum in every run. */
export function lowerScatter(kernel: RoutineKernel, language: Language): Command[] {
  const axis = kernel.attributes['axis'] as number;
  const [indices, updates] = kernel.operands as [Operand, Operand];
  const length = kernel.shape[axis]!;
  const count = updates.view.shape[axis]!;
  const check = { operation: 'scatterAdd', axis, length, indices: indices.slot, view: indices.view };
  const command = elementwise(language, 'scatterAdd', kernel.output, (writer, element) => {
    const type = valueTypeOf(updates.slot.dtype);
    const coordinates = coordinatesOf(writer, element, kernel.shape);
    const sum = writer.variable(writer.constant(type, 0));
    if (count > 0) {
      writer.loop(count, (k) => {
        const at = coordinates.with(axis, k);
        const index = writer.index(writer.load(indices.slot, placeOf(at, indices.view.strides, indices.view.offset)));
        writer.reportOutside(index, check);
        writer.block(`if (${wrapped(writer, index, length)} == ${coordinates[axis]!})`, () => {
          const update = writer.load(updates.slot, placeOf(at, updates.view.strides, updates.view.offset));
          writer.set(sum, writer.sum(sum, update));
        });
      });
    }
    return throughTail(writer, kernel.tail, sum, element);
  });
  if (count === 0) return [command];
  return [{ ...command, check: { ...check, input: command.inputs.indexOf(indices.slot) } }];
}

export function lowerIota(kernel: RoutineKernel, language: Language): Command[] {
  return [
    elementwise(language, 'iota', kernel.output, (writer, element) =>
      throughTail(writer, kernel.tail, writer.fromIndex(element), element),
    ),
  ];
}
