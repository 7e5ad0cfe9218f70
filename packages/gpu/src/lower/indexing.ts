import type { RoutineKernel } from '@thetagrad/core/backend';
import type { Command } from '../code/command.ts';
import type { Language } from '../code/language.ts';
import { coordinatesOf, positionOf, positionsOf } from '../code/positions.ts';
import { valueTypeOf, type Writer } from '../code/writer.ts';
import { emitElementwise } from './elementwise.ts';
import { applyEpilogue } from './map.ts';

/** Counts negative indices from the end. Replaces indices out of range by 0, to stay within memory. */
function wrapIndex(writer: Writer, index: string, length: number): string {
  const inside = `${index} >= ${-length} && ${index} < ${length}`;
  const fromStart = writer.selectIndex(`${index} < 0`, `${index} + ${length}`, index);
  return writer.bindIndex(writer.selectIndex(inside, fromStart, '0'), length);
}

export function lowerTake(kernel: RoutineKernel<'take'>, language: Language): Command[] {
  const { axis } = kernel.attributes;
  const [x, indices] = kernel.operands;
  const length = x.view.shape[axis]!;
  const check = { operation: kernel.name, axis, length, indices: indices.slot, view: indices.view };
  const command = emitElementwise(language, kernel.name, kernel.output, (writer, element) => {
    // Without its axis, x is a view of the output's shape.
    const strides = x.view.strides.with(axis, 0);
    const views = [{ ...x.view, shape: kernel.shape, strides }, indices.view];
    const [base, indexPosition] = positionsOf(writer, element, views) as [string, string];
    const index = writer.toIndex(writer.load(indices.slot, indexPosition));
    writer.reportOutOfRange(index, check);
    const position = positionOf([base, wrapIndex(writer, index, length)], [1, x.view.strides[axis]!]);
    return applyEpilogue(writer, kernel, writer.load(x.slot, position), element);
  });
  return [{ ...command, check: { ...check, input: command.inputs.indexOf(indices.slot) } }];
}

/** Each output element looks for its own index among all, in order, so that sums are the same in every run. */
export function lowerScatterAdd(kernel: RoutineKernel<'scatterAdd'>, language: Language): Command[] {
  const { axis } = kernel.attributes;
  const [indices, updates] = kernel.operands;
  const length = kernel.shape[axis]!;
  const count = updates.view.shape[axis]!;
  const check = { operation: kernel.name, axis, length, indices: indices.slot, view: indices.view };
  const command = emitElementwise(language, kernel.name, kernel.output, (writer, element) => {
    const type = valueTypeOf(updates.slot.dtype);
    const coordinates = coordinatesOf(writer, element, kernel.shape);
    const sum = writer.variable(writer.constant(type, 0));
    if (count > 0) {
      writer.loop(count, (k) => {
        const at = coordinates.with(axis, k);
        const indexPosition = positionOf(at, indices.view.strides, indices.view.offset);
        const index = writer.toIndex(writer.load(indices.slot, indexPosition));
        writer.reportOutOfRange(index, check);
        writer.block(`if (${wrapIndex(writer, index, length)} == ${coordinates[axis]!})`, () => {
          const position = positionOf(at, updates.view.strides, updates.view.offset);
          writer.addTo(sum, writer.load(updates.slot, position));
        });
      });
    }
    return applyEpilogue(writer, kernel, sum, element);
  });
  if (count === 0) return [command];
  return [{ ...command, check: { ...check, input: command.inputs.indexOf(indices.slot) } }];
}

/** 0, 1, 2, … */
export function lowerIota(kernel: RoutineKernel<'iota'>, language: Language): Command[] {
  return [
    emitElementwise(language, kernel.name, kernel.output, (writer, element) =>
      applyEpilogue(writer, kernel, writer.fromIndex(element), element),
    ),
  ];
}
