import type { Code, Command, Location } from '../code/command.ts';
import type { Language } from '../code/language.ts';
import type { Value, Writer } from '../code/writer.ts';

/** Makes a command in which each thread computes one element of the output. */
export function emitElementwise(
  language: Language,
  name: string,
  output: Location,
  compute: (writer: Writer, element: string) => Value,
): Command {
  const writer = language.createWriter(output);
  const code: Code = writer.finish(name, compute(writer, writer.element), output);
  return { code, inputs: writer.inputs, output };
}
