import { isPlainObject, type Json } from '@thetagrad/core/backend';
import { quoteName } from './safetensorsHeader.ts';

/**
 * The constraint of a type parameter to what JSON can hold: `<Value extends JsonOf<Value>>`. Unlike {@link Json}, whose
 * objects have an index signature, it admits interfaces.
 */
export type JsonOf<Value> = Json | (object & { readonly caller?: never } & JsonMembers<Value>);

/** The members of `Value`, of which those that JSON cannot hold become `never`. */
type JsonMembers<Value> = { readonly [Key in keyof Value]: JsonPart<Value[Key]> };

type JsonPart<Value> = Value extends Json
  ? Value
  : Value extends (...parameters: never[]) => unknown
    ? never
    : Value extends object
      ? JsonMembers<Value>
      : never;

const maxDepth = 64;
/** Of brackets, commas and colons: each may cost the parser some tens of bytes. */
const maxTokens = 4_000_000;

/**
 * Writes a value as JSON.
 * @throws {TypeError} naming the first value that JSON cannot hold: `undefined`, a function, a Date.
 * @throws {RangeError} if a number is not finite, or {@link parseJson} would refuse the text.
 */
export function formatJson(value: unknown): string {
  checkJson(value, 'it', 0);
  const text = JSON.stringify(value);
  checkText(text);
  return text;
}

/**
 * Parses JSON that may come from anyone.
 * @throws {RangeError} if it is nested deeper than 64, has more than 4 million values, or an object has a name twice.
 * @throws {SyntaxError} if it is not JSON.
 */
export function parseJson(text: string): Json {
  checkText(text);
  return JSON.parse(text) as Json;
}

function checkJson(value: unknown, path: string, depth: number): void {
  if (depth > maxDepth) throw new RangeError(`${path} is nested deeper than ${maxDepth}`);
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return;
  if (typeof value === 'number') {
    if (!Number.isFinite(value)) throw new RangeError(`${path} is ${value}, which JSON cannot hold`);
  } else if (Array.isArray(value)) {
    value.forEach((item, i) => checkJson(item, `${path}[${i}]`, depth + 1));
  } else if (isPlainObject(value)) {
    for (const [name, item] of Object.entries(value)) checkJson(item, `${path}.${name}`, depth + 1);
  } else throw new TypeError(`${path} is not JSON`);
}

/** Checks nesting, size and names before the parser spends memory on them; of equal names it would keep the last. */
function checkText(text: string): void {
  let depth = 0;
  let tokens = 0;
  let inString = false;
  let stringStart = 0;
  let string = '';
  /** The names so far of each object that is open. */
  const names: Set<string>[] = [];
  for (let i = 0; i < text.length; i++) {
    const character = text[i];
    if (character === '"') {
      inString = !inString;
      if (inString) stringStart = i;
      else string = text.slice(stringStart, i + 1);
    } else if (inString) {
      if (character === '\\') i++;
    } else if (character === '[' || character === '{') {
      if (++depth > maxDepth) throw new RangeError(`it is nested deeper than ${maxDepth}`);
      names[depth] = new Set();
      tokens++;
    } else if (character === ']' || character === '}') depth--;
    else if (character === ',') tokens++;
    else if (character === ':') {
      tokens++;
      const name = string.includes('\\') ? (JSON.parse(string) as string) : string.slice(1, -1);
      if (names[depth]?.has(name)) throw new RangeError(`it has the name ${quoteName(name)} twice in an object`);
      names[depth]?.add(name);
    }
    if (tokens > maxTokens) throw new RangeError(`it has more than ${maxTokens} values`);
  }
}
