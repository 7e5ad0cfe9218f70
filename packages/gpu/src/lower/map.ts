import type { Body, Kernel, Operand } from '@thetagrad/core/backend';
import type { Command } from '../code/code.ts';
import { placesOf } from '../code/views.ts';
import type { Value, Writer } from '../code/writer.ts';
import { elementwise, type Language } from './language.ts';

export function lowerMap({ body, output }: Kernel & { kind: 'map' }, language: Language): Command[] {
  return [
    elementwise(language, namesOf(body), output, (writer, element) =>
      writer.body(body, loadAll(writer, body.operands, element)),
    ),
  ];
}

/** The operations of a body, in order. */
export function namesOf({ steps }: Body): string {
  return steps.map(({ operation }) => operation.name).join(' → ');
}

/** One element of each operand, all of one shape, by its number in row-major order. */
export function loadAll(writer: Writer, operands: readonly Operand[], element: string): Value[] {
  const places = placesOf(
    writer,
    element,
    operands.map(({ view }) => view),
  );
  return operands.map(({ slot }, i) => writer.load(slot, places[i]!));
}

/** What a routine has computed for an element, through its tail. */
export function throughTail(writer: Writer, tail: Body | undefined, value: Value, element: string): Value {
  return tail ? writer.body(tail, [value, ...loadAll(writer, tail.operands.slice(1), element)]) : value;
}
