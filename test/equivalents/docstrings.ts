// Docstrings of the exported functions of packages, and the examples in them.
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Tensor } from '@thetagrad/core';

/** A line of an example: an expression, the declarations before it, and the text of its value. */
export interface Example {
  readonly declarations: string;
  readonly expression: string;
  readonly expected: string;
}

/** Whether an export is a function, and not a class. */
export function isFunction(value: unknown): boolean {
  return typeof value === 'function' && !Function.prototype.toString.call(value).startsWith('class ');
}

/** The docstring of each exported function, constant or class in the sources of a package, or in a folder of them. */
export function docstringsOf(packageName: string, subfolder = ''): Map<string, string> {
  const folder = fileURLToPath(new URL(`../../packages/${packageName}/src/${subfolder}`, import.meta.url));
  const found = new Map<string, string>();
  for (const file of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
    if (!file.endsWith('.ts')) continue;
    const source = readFileSync(folder + file, 'utf8');
    const documented = /\/\*\*((?:(?!\*\/)[^])*)\*\/\nexport (?:async )?(?:function|const|class) (\w+)/g;
    for (const [, text = '', name = ''] of source.matchAll(documented)) {
      // The docstring of an overload counts for the function.
      if (!found.has(name)) found.set(name, text.replaceAll(/\n \* ?/g, '\n'));
    }
  }
  return found;
}

/** The lines `expression // value` that follow `@example` in a docstring. */
export function examplesOf(docstring: string): Example[] {
  const [, ...parts] = docstring.split('@example');
  return parts.flatMap((part) => {
    let declarations = '';
    return part
      .split(/\n@/)[0]!
      .split('\n')
      .flatMap((line): Example[] => {
        if (line.startsWith('const ')) {
          declarations += `${line}\n`;
          return [];
        }
        const [, expression, expected] = /^(.*?);? \/\/ (.*)$/.exec(line.trim()) ?? [];
        return expression !== undefined && expected !== undefined ? [{ declarations, expression, expected }] : [];
      });
  });
}

/** The value of an expression over the exports of modules, as text; promises are awaited. */
export async function evaluateExample(
  { declarations, expression }: Pick<Example, 'declarations' | 'expression'>,
  scope: Readonly<Record<string, unknown>>,
): Promise<string> {
  const names = Object.keys(scope);
  // oxlint-disable-next-line no-implied-eval -- the expressions are those of our own docstrings
  const compute = new Function(...names, `${declarations} return (${expression});`) as (
    ...values: unknown[]
  ) => unknown;
  return show(await compute(...names.map((name) => scope[name])));
}

function show(value: unknown): string {
  if (value instanceof Tensor) return value.toString().replaceAll(/\s+/g, ' ');
  if (Array.isArray(value)) return `[${value.map(show).join(', ')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'undefined';
  return `{ ${Object.entries(value)
    .map(([key, part]) => `${key}: ${show(part)}`)
    .join(', ')} }`;
}
