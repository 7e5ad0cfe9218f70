import { parseArgs } from 'node:util';
import type { Options } from './example.ts';
import { examples } from './examples.ts';

export type Name = keyof typeof examples;

export const usage = `npm run example <name> [-- --steps <count>] [--data <folder>]

${Object.entries(examples)
  .map(([name, example]) => {
    const data = 'data' in example ? `; --data: ${example.data}` : '';
    return `  ${name.padEnd(16)} ${example.title}${data}`;
  })
  .join('\n')}`;

/**
 * Parses the arguments of the command line: the name of an example, and its options.
 * @returns undefined if they ask for help, or are none.
 * @throws {Error} with a message of one line.
 */
export function parseCommand(args: readonly string[]): { readonly name: Name; readonly options: Options } | undefined {
  const { values, positionals } = parseArgs({
    args: [...args],
    options: { steps: { type: 'string' }, data: { type: 'string' }, help: { type: 'boolean' } },
    allowPositionals: true,
  });
  const [name, ...others] = positionals;
  if (values.help === true || name === undefined) return undefined;
  if (others.length > 0) throw new Error(`give the name of one example, got ${positionals.length}`);
  if (!isName(name)) throw new Error(`there is no example '${name}'`);
  const { steps, data } = values;
  if (steps !== undefined && !/^[1-9]\d{0,8}$/.test(steps)) {
    throw new Error(`--steps must be an integer ≥ 1, got '${steps}'`);
  }
  if (data !== undefined && !('data' in examples[name])) throw new Error(`${name} reads no data, got --data '${data}'`);
  return { name, options: { steps: steps === undefined ? undefined : Number(steps), data } };
}

const isName = (name: string): name is Name => Object.hasOwn(examples, name);
