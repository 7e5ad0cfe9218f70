import type { Body, MapKernel, Operand } from '@thetagrad/core/backend';
import type { Command } from '../code/command.ts';
import type { Language } from '../code/language.ts';
import { positionsOf } from '../code/positions.ts';
import type { Value, Writer } from '../code/writer.ts';
import { emitElementwise } from './elementwise.ts';

export function lowerMap({ body, output }: MapKernel, language: Language): Command[] {
  return [
    emitElementwise(language, nameOf(body), output, (writer, element) =>
      writer.evaluateBody(body, loadOperands(writer, body.operands, element)),
    ),
  ];
}

/** The names of a body's operations, in order. */
export function nameOf({ steps }: Body): string {
  return steps.map(({ operation }) => operation.name).join(' → ');
}

/** Loads element number `element`, in row-major order, of each operand; all have one shape. */
function loadOperands(writer: Writer, operands: readonly Operand[], element: string): Value[] {
  const positions = positionsOf(
    writer,
    element,
    operands.map(({ view }) => view),
  );
  return operands.map(({ slot }, i) => writer.load(slot, positions[i]!));
}

/** Passes the result of a routine for an element through its epilogue, if it has one. */
export function applyEpilogue(
  writer: Writer,
  { epilogue }: { readonly epilogue?: Body },
  value: Value,
  element: string,
): Value {
  if (!epilogue) return value;
  return writer.evaluateBody(epilogue, [value, ...loadOperands(writer, epilogue.operands.slice(1), element)]);
}
