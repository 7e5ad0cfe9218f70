import { contiguous, sizeOf, type RoutineKernel, type View } from '@thetagrad/core/backend';
import { createScratch, type Command, type Location } from '../code/command.ts';
import type { Language } from '../code/language.ts';
import { coordinatesOf, positionOf } from '../code/positions.ts';
import { times, valueTypeOf, type Value } from '../code/writer.ts';
import { emitElementwise } from './elementwise.ts';
import { applyEpilogue } from './map.ts';
import { sumInRuns } from './runs.ts';

/** Each output element checks whether an input element lands on it. */
export function lowerPad(kernel: RoutineKernel<'pad'>, language: Language): Command[] {
  const { padBefore, step, value } = kernel.attributes;
  const [{ slot, view }] = kernel.operands;
  return [
    emitElementwise(language, 'pad', kernel.output, (writer, element) => {
      const padding = writer.constant(valueTypeOf(slot.dtype), value);
      const conditions: string[] = [];
      const coordinates = coordinatesOf(writer, element, kernel.shape).map((coordinate, axis) => {
        const [before, axisStep] = [padBefore[axis]!, step[axis]!];
        const [length, outputLength] = [view.shape[axis]!, kernel.shape[axis]!];
        if (before === 0 && axisStep === 1 && length === outputLength) return coordinate;
        const fromStart = writer.bindIndex(`(${coordinate} - ${before})`, outputLength + Math.abs(before));
        conditions.push(`${fromStart} >= 0`, `${fromStart} < ${(length - 1) * axisStep + 1}`);
        if (axisStep === 1) return fromStart;
        // Undefined where the conditions above do not hold, but then its value does not matter.
        conditions.push(`${writer.remainder(fromStart, axisStep)} == 0`);
        return writer.quotient(fromStart, axisStep);
      });
      if (view.shape.includes(0)) return applyEpilogue(writer, kernel, padding, element);
      const position = positionOf(coordinates, view.strides, view.offset);
      return applyEpilogue(writer, kernel, writer.loadWhere(conditions, slot, position, padding), element);
    }),
  ];
}

/** An input of a concatenation. */
interface Part {
  readonly slot: Location;
  readonly view: View;
}

/** Each output element picks the input in which it lies. If a command cannot read all inputs, some are joined first. */
export function lowerConcat(kernel: RoutineKernel<'concat'>, language: Language, maxInputs: number): Command[] {
  const { axis } = kernel.attributes;
  const commands: Command[] = [];
  let parts: readonly Part[] = kernel.operands.filter(({ view }) => view.shape[axis]! > 0);
  const epilogueInputs = (kernel.epilogue?.operands.length ?? 1) - 1;
  const join = (parts: readonly Part[]): Part => {
    const shape = kernel.shape.with(
      axis,
      parts.reduce((sum, { view }) => sum + view.shape[axis]!, 0),
    );
    const joined = createScratch(kernel.output.dtype, sizeOf(shape));
    commands.push(emitConcat({ parts, axis, shape }, joined, language));
    return { slot: joined, view: contiguous(shape) };
  };
  // In rounds, so that no element is copied more often than there are rounds.
  while (parts.length + epilogueInputs > maxInputs) {
    const joined: Part[] = [];
    for (let i = 0; i < parts.length; i += maxInputs) {
      const group = parts.slice(i, i + maxInputs);
      joined.push(group.length === 1 ? group[0]! : join(group));
    }
    parts = joined;
  }
  const { shape, output } = kernel;
  commands.push(
    emitConcat({ parts, axis, shape, ...(kernel.epilogue && { epilogue: kernel.epilogue }) }, output, language),
  );
  return commands;
}

function emitConcat(
  concat: Pick<RoutineKernel<'concat'>, 'shape' | 'epilogue'> & {
    readonly parts: readonly Part[];
    readonly axis: number;
  },
  output: Location,
  language: Language,
): Command {
  const { parts, axis, shape } = concat;
  return emitElementwise(language, 'concat', output, (writer, element) => {
    const coordinates = coordinatesOf(writer, element, shape);
    const along = coordinates[axis]!;
    let end = shape[axis]!;
    let result: Value | undefined;
    for (const { slot, view } of parts.toReversed()) {
      const start = end - view.shape[axis]!;
      const position = positionOf(coordinates.with(axis, `(${along} - ${start})`), view.strides, view.offset);
      const conditions = [`${along} >= ${start}`, `${along} < ${end}`];
      const otherwise = result ?? writer.constant(valueTypeOf(slot.dtype), 0);
      result = writer.loadWhere(conditions, slot, position, otherwise);
      end = start;
    }
    return applyEpilogue(writer, concat, result!, element);
  });
}

/** Each output element adds up the windows that contain it, in the order of its index in them. */
export function lowerFold(kernel: RoutineKernel<'fold'>, language: Language): Command[] {
  const { axis, size, step, dilation } = kernel.attributes;
  const [{ slot, view }] = kernel.operands;
  const windows = view.shape[axis]!;
  return [
    emitElementwise(language, 'fold', kernel.output, (writer, element) => {
      const type = valueTypeOf(slot.dtype);
      const coordinates = coordinatesOf(writer, element, kernel.shape);
      const zero = writer.constant(type, 0);
      const sum = sumInRuns(writer, zero, windows > 0 ? size : 0, (sum, k) => {
        const start = writer.bindIndex(
          `(${coordinates[axis]!} - ${times(k, dilation)})`,
          kernel.shape[axis]! + size * dilation,
        );
        const conditions = [`${start} >= 0`, `${start} < ${(windows - 1) * step + 1}`];
        if (step > 1) conditions.push(`${writer.remainder(start, step)} == 0`);
        const window = [...coordinates.with(axis, writer.quotient(start, step)), k];
        const position = positionOf(window, view.strides, view.offset);
        writer.addTo(sum, writer.loadWhere(conditions, slot, position, zero));
      });
      return applyEpilogue(writer, kernel, sum, element);
    }),
  ];
}
