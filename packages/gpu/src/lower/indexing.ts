import type { Kernel, RoutineKernel } from '@thetagrad/core/backend';
import type { Command, IndexCheck } from '../code/command.ts';
import type { Language } from '../code/language.ts';
import { coordinatesOf, positionOf, positionsOf } from '../code/positions.ts';
import { valueTypeOf, type Writer } from '../code/writer.ts';
import { emitElementwise } from './elementwise.ts';
import { applyEpilogue } from './map.ts';
import { sumInRuns } from './runs.ts';

/** The indices that a kernel uses, whether or not it computes anything with them; `undefined` if it uses none. */
export function indexCheckOf(kernel: Kernel): IndexCheck | undefined {
  if (kernel.kind !== 'routine' || (kernel.name !== 'take' && kernel.name !== 'scatterAdd')) return undefined;
  const { axis } = kernel.attributes;
  const [indices, length] =
    kernel.name === 'take'
      ? [kernel.operands[1], kernel.operands[0].view.shape[axis]!]
      : [kernel.operands[0], kernel.shape[axis]!];
  const { shape, strides } = indices.view;
  if (shape.includes(0)) return undefined;
  const view = { ...indices.view, shape: shape.map((n, i) => (strides[i] === 0 ? 1 : n)) };
  return { operation: kernel.name, axis, length, indices: indices.slot, view };
}

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
  const command = emitElementwise(language, kernel.name, kernel.output, (writer, element) => {
    // Without its axis, x is a view of the output's shape.
    const strides = x.view.strides.with(axis, 0);
    const views = [{ ...x.view, shape: kernel.shape, strides }, indices.view];
    const [base, indexPosition] = positionsOf(writer, element, views) as [string, string];
    const index = writer.toIndex(writer.load(indices.slot, indexPosition));
    const position = positionOf([base, wrapIndex(writer, index, length)], [1, x.view.strides[axis]!]);
    return applyEpilogue(writer, kernel, writer.load(x.slot, position), element);
  });
  return [command];
}

/** Each output element looks for its own index among all, in order, so that sums are the same in every run. */
export function lowerScatterAdd(kernel: RoutineKernel<'scatterAdd'>, language: Language): Command[] {
  const { axis } = kernel.attributes;
  const [indices, updates] = kernel.operands;
  const length = kernel.shape[axis]!;
  const count = updates.view.shape[axis]!;
  const command = emitElementwise(language, kernel.name, kernel.output, (writer, element) => {
    const type = valueTypeOf(updates.slot.dtype);
    const coordinates = coordinatesOf(writer, element, kernel.shape);
    const sum = sumInRuns(writer, writer.constant(type, 0), count, (sum, k) => {
      const at = coordinates.with(axis, k);
      const indexPosition = positionOf(at, indices.view.strides, indices.view.offset);
      const index = writer.toIndex(writer.load(indices.slot, indexPosition));
      writer.block(`if (${wrapIndex(writer, index, length)} == ${coordinates[axis]!})`, () => {
        const position = positionOf(at, updates.view.strides, updates.view.offset);
        writer.addTo(sum, writer.load(updates.slot, position));
      });
    });
    return applyEpilogue(writer, kernel, sum, element);
  });
  return [command];
}

/** 0, 1, 2, … */
export function lowerIota(kernel: RoutineKernel<'iota'>, language: Language): Command[] {
  return [
    emitElementwise(language, kernel.name, kernel.output, (writer, element) =>
      applyEpilogue(writer, kernel, writer.fromIndex(element), element),
    ),
  ];
}
