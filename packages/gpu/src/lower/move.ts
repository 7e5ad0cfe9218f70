import { temporaryPlace, type Command, type Place } from '../code/code.ts';
import { coordinatesOf, placeOf, rowMajor } from '../code/views.ts';
import { times, valueTypeOf, type Value } from '../code/writer.ts';
import { elementwise, type Language, type RoutineKernel } from './language.ts';
import { throughTail } from './map.ts';

interface PadAttributes {
  readonly low: readonly number[];
  readonly step: readonly number[];
  readonly value: number;
}

/** Each output element looks whether an input element lands on it. */
export function lowerPad(kernel: RoutineKernel, language: Language): Command[] {
  const { low, step, value } = kernel.attributes as unknown as PadAttributes;
  const [{ slot, view }] = kernel.operands as [RoutineKernel['operands'][0]];
  return [
    elementwise(language, 'pad', kernel.output, (writer, element) => {
      const padding = writer.constant(valueTypeOf(slot.dtype), value);
      const conditions: string[] = [];
      const coordinates = coordinatesOf(writer, element, kernel.shape).map((coordinate, axis) => {
        const length = view.shape[axis]!;
        if (low[axis] === 0 && step[axis] === 1 && length === kernel.shape[axis]) return coordinate;
        const from = writer.integer(`(${coordinate} - ${low[axis]!})`, kernel.shape[axis]! + Math.abs(low[axis]!));
        const extent = (length - 1) * step[axis]! + 1;
        conditions.push(`${from} >= 0`, `${from} < ${extent}`);
        if (step[axis] === 1) return from;
        // Only where the two above hold: elsewhere it may be anything.
        conditions.push(`${writer.remainder(from, step[axis]!)} == 0`);
        return writer.quotient(from, step[axis]!);
      });
      if (view.shape.includes(0)) return throughTail(writer, kernel.tail, padding, element);
      const place = placeOf(coordinates, view.strides, view.offset);
      return throughTail(writer, kernel.tail, writer.guarded(conditions, slot, place, padding), element);
    }),
  ];
}

/** Each output element picks the input that it lies in. Where they are too many for one kernel, some are joined first. */
export function lowerConcat(kernel: RoutineKernel, language: Language, mostInputs: number): Command[] {
  const axis = kernel.attributes['axis'] as number;
  const commands: Command[] = [];
  let parts = kernel.operands.filter(({ view }) => view.shape[axis]! > 0);
  const tailInputs = (kernel.tail?.operands.length ?? 1) - 1;
  while (parts.length + tailInputs > mostInputs) {
    const some = parts.slice(0, mostInputs);
    const shape = kernel.shape.with(
      axis,
      some.reduce((sum, { view }) => sum + view.shape[axis]!, 0),
    );
    const joined = temporaryPlace(
      kernel.output.dtype,
      shape.reduce((size, length) => size * length, 1),
    );
    commands.push(concat({ ...kernel, shape, operands: some }, joined, axis, language));
    parts = [
      { slot: joined as RoutineKernel['output'], view: { shape, strides: rowMajor(shape), offset: 0 } },
      ...parts.slice(mostInputs),
    ];
  }
  commands.push(concat({ ...kernel, operands: parts }, kernel.output, axis, language));
  return commands;
}

function concat(kernel: RoutineKernel, output: Place, axis: number, language: Language): Command {
  const { operands, shape } = kernel;
  return elementwise(language, 'concat', output, (writer, element) => {
    const coordinates = coordinatesOf(writer, element, shape);
    const along = coordinates[axis]!;
    let end = shape[axis]!;
    let result: Value | undefined;
    for (const { slot, view } of operands.toReversed()) {
      const start = end - view.shape[axis]!;
      const place = placeOf(coordinates.with(axis, `(${along} - ${start})`), view.strides, view.offset);
      const conditions = [`${along} >= ${start}`, `${along} < ${end}`];
      result = writer.guarded(conditions, slot, place, result ?? writer.constant(valueTypeOf(slot.dtype), 0));
      end = start;
    }
    return throughTail(writer, output === kernel.output ? kernel.tail : undefined, result!, element);
  });
}

interface WindowAttributes {
  readonly axis: number;
  readonly size: number;
  readonly step: number;
  readonly dilation: number;
}

/** Each output element adds up the windows that it is in, in the order of its places in them. */
export function lowerFold(kernel: RoutineKernel, language: Language): Command[] {
  const { axis, size, step, dilation } = kernel.attributes as unknown as WindowAttributes;
  const [{ slot, view }] = kernel.operands as [RoutineKernel['operands'][0]];
  const count = view.shape[axis]!;
  return [
    elementwise(language, 'fold', kernel.output, (writer, element) => {
      const type = valueTypeOf(slot.dtype);
      const coordinates = coordinatesOf(writer, element, kernel.shape);
      const sum = writer.variable(writer.constant(type, 0));
      if (count > 0) {
        writer.loop(size, (k) => {
          const from = writer.integer(
            `(${coordinates[axis]!} - ${times(k, dilation)})`,
            kernel.shape[axis]! + size * dilation,
          );
          const conditions = [`${from} >= 0`, `${from} < ${(count - 1) * step + 1}`];
          if (step > 1) conditions.push(`${writer.remainder(from, step)} == 0`);
          const place = placeOf([...coordinates.with(axis, writer.quotient(from, step)), k], view.strides, view.offset);
          const part = writer.guarded(conditions, slot, place, writer.constant(type, 0));
          writer.set(sum, writer.sum(sum, part));
        });
      }
      return throughTail(writer, kernel.tail, sum, element);
    }),
  ];
}
