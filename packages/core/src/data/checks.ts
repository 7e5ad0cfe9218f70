/**
 * Checks an integer argument. Default: no minimum, no maximum.
 * @throws {TypeError | RangeError} {@link argumentError} if `value` is not an integer from `min` to `max`.
 */
export function checkInteger(
  operation: string,
  name: string,
  value: unknown,
  { min, max }: { readonly min?: number; readonly max?: number } = {},
): asserts value is number {
  if (Number.isInteger(value) && !((value as number) < min!) && !((value as number) > max!)) return;
  let range = 'an integer';
  if (min !== undefined) range += max === undefined ? ` ≥ ${min}` : ` from ${min} to ${max}`;
  else if (max !== undefined) range += ` ≤ ${max}`;
  throw argumentError(operation, name, range, value);
}

/** @throws {TypeError | RangeError} {@link argumentError} if the value is not a finite number ≥ 0. */
export function checkNonnegative(operation: string, name: string, value: number): void {
  if (Number.isFinite(value) && value >= 0) return;
  throw argumentError(operation, name, 'a finite number ≥ 0', value);
}

/** @throws {TypeError | RangeError} {@link argumentError} if the value is not a finite number > 0. */
export function checkPositive(operation: string, name: string, value: number): void {
  if (Number.isFinite(value) && value > 0) return;
  throw argumentError(operation, name, 'a finite number > 0', value);
}

/** @throws {TypeError | RangeError} {@link argumentError} if the value is not a number from 0 to 1. */
export function checkFraction(operation: string, name: string, value: number): void {
  if (Number.isFinite(value) && value >= 0 && value <= 1) return;
  throw argumentError(operation, name, 'between 0 and 1', value);
}

/** @throws {TypeError} {@link argumentError} if the value is not a boolean. */
export function checkBoolean(operation: string, name: string, value: unknown): asserts value is boolean {
  if (typeof value !== 'boolean') throw argumentError(operation, name, 'true or false', value, false);
}

/** Builds the error for an argument: a RangeError if its kind is right, else a TypeError. Default: numbers are right. */
export function argumentError(
  operation: string,
  name: string,
  expected: string,
  value: unknown,
  isKind: boolean = typeof value === 'number',
): TypeError | RangeError {
  return new (isKind ? RangeError : TypeError)(`${operation}: ${name} must be ${expected}, got ${show(value)}`);
}

/** Builds the error for a value that is none of the known ones. */
export function unknownValue(operation: string, what: string, value: unknown, expected: string): TypeError {
  return new TypeError(`${operation}: unknown ${what} ${show(value)}; expected ${expected}`);
}

/**
 * Checks the names of options.
 * @param kind what messages call them. Default: 'option'.
 * @throws {TypeError} if the options are not an object, one of their names is unknown, or a flag is not a boolean.
 */
export function checkOptions<Options extends object>(
  operation: string,
  options: Options,
  known: readonly (keyof Options & string)[],
  kind: 'option' | 'limit' | 'field' = 'option',
): void {
  const names: readonly string[] = known;
  const isObject = typeof options === 'object' && options !== null && !Array.isArray(options);
  const given = isObject ? Object.keys(options) : [];
  const unknown = given.find((name) => !names.includes(name));
  // Also accepts an instance of a class whose fields are options, but no Map, Date or tensor.
  if (isPlainObject(options) || (given.length > 0 && unknown === undefined)) {
    if (unknown === undefined) return checkFlags(operation, options as Readonly<Record<string, unknown>>);
    const nearest = nearestName(unknown, names);
    if (nearest === undefined) throw unknownValue(operation, kind, unknown, names.join(', '));
    throw new TypeError(`${operation}: unknown ${kind} ${show(unknown)}; did you mean ${nearest}?`);
  }
  throw argumentError(operation, `${kind}s`, `an object such as { ${names[0]}: … }`, options, false);
}

/** Options that are true or false wherever they occur. */
const flags = ['keepdims', 'reverse', 'exclusive', 'descending', 'largest', 'trainable'];

function checkFlags(operation: string, options: Readonly<Record<string, unknown>>): void {
  for (const name of flags) if (options[name] !== undefined) checkBoolean(operation, name, options[name]);
}

/** The known name that differs least from an unknown one, ignoring case, in at most a third of its letters. */
function nearestName(unknown: string, known: readonly string[]): string | undefined {
  const edits = (name: string): number => countEdits(shorten(unknown).toLowerCase(), name.toLowerCase());
  return known.filter((name) => edits(name) <= name.length / 3).toSorted((a, b) => edits(a) - edits(b))[0];
}

/** The least number of insertions, deletions and replacements of letters that turn a into b (Levenshtein's distance). */
function countEdits(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (const [i, letter] of Array.from(a).entries()) {
    let [left, diagonal] = [i + 1, i];
    row = row.map((above, j) => {
      if (j > 0) [left, diagonal] = [Math.min(left + 1, above + 1, diagonal + Number(b[j - 1] !== letter)), above];
      return left;
    });
  }
  return row.at(-1) ?? 0;
}

/** Whether a value is an object literal, not an instance of a class. */
export function isPlainObject(value: unknown): value is Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  // Also those of another realm, such as a frame or Node's `vm`, which has its own Object.prototype.
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

/**
 * Checks the names of options, and completes the limits among them.
 * @param known names of the options besides `limits`. Default: none.
 * @throws {TypeError | RangeError} if an option or limit is unknown, or a limit is not a positive integer or Infinity.
 */
export function resolveLimits<Limits extends Readonly<Record<keyof Limits, number>>>(
  operation: string,
  options: { readonly limits?: Partial<Limits> },
  defaults: Limits,
  known: readonly string[] = [],
): Limits {
  checkOptions<object>(operation, options, [...known, 'limits'] as never[]);
  const { limits = {} } = options;
  checkOptions<object>(operation, limits, Object.keys(defaults) as never[], 'limit');
  const given = Object.entries(limits).filter(([, value]) => value !== undefined);
  for (const [name, value] of given) {
    if (value === Infinity || (Number.isInteger(value) && (value as number) >= 1)) continue;
    throw argumentError(operation, `limits.${name}`, 'a positive integer or Infinity', value);
  }
  return { ...defaults, ...Object.fromEntries(given) };
}

export function areIntegers(value: unknown, min: number): value is readonly number[] {
  return Array.isArray(value) && value.every((n) => Number.isInteger(n) && n >= min);
}

export function areNumbers(value: unknown): value is readonly number[] {
  return Array.isArray(value) && value.every((n) => typeof n === 'number');
}

const copySymbol = Symbol.for('@thetagrad/copy');
/** Identifies this copy of the package among those that a program has loaded. */
const thisCopy = {};

/** Marks the instances of classes as those of this copy of the package. */
export function markCopy(...classes: readonly { readonly prototype: object }[]): void {
  for (const { prototype } of classes) Object.defineProperty(prototype, copySymbol, { value: thisCopy });
}

/** Whether a value is an instance of a class of another copy of the package, for which `instanceof` is false. */
export function isOfAnotherCopy(value: unknown): boolean {
  if (typeof value !== 'object' || value === null || !(copySymbol in value)) return false;
  return value[copySymbol] !== thisCopy;
}

/** The most items of an array or object, and characters of a string, that messages show. */
const [maxItems, maxCharacters] = [8, 80];

/**
 * Formats a value for error messages, shortly whatever it is: instances of classes by the name of their class.
 * @param depth how many levels of arrays and objects are shown. Default: 2.
 */
export function show(value: unknown, depth = 2): string {
  if (typeof value === 'string') return `'${shorten(value)}'`;
  if (typeof value === 'function') return value.name ? `the function ${shorten(value.name)}` : 'a function';
  if (value === null || typeof value !== 'object') return shorten(String(value));
  if (Array.isArray(value)) {
    return `[${depth === 0 ? '…' : joinFirst<unknown>(value, maxItems, (item) => show(item, depth - 1))}]`;
  }
  if (isPlainObject(value)) {
    const names = Object.keys(value);
    const format = (name: string): string => `${shorten(name)}: ${show(value[name], depth - 1)}`;
    return names.length === 0 ? '{}' : `{ ${depth === 0 ? '…' : joinFirst(names, maxItems, format)} }`;
  }
  const { constructor } = value;
  const name = typeof constructor === 'function' && constructor.name ? shorten(constructor.name) : 'an object';
  if (!isOfAnotherCopy(value)) return name;
  return `a ${name} of another copy of @thetagrad/core (a program must load one copy: look for two versions, or a bundle beside the package)`;
}

/** Formats and joins the first `count` items of a list. */
export function joinFirst<Item>(items: readonly Item[], count: number, format: (item: Item) => string): string {
  const parts = items.slice(0, count).map((item) => format(item));
  if (items.length > count) parts.push(`… ${items.length - count} more`);
  return parts.join(', ');
}

/** Shortens text for messages. */
export function shorten(text: string): string {
  return text.length > maxCharacters ? `${text.slice(0, maxCharacters)}…` : text;
}

/** Text for a terminal: characters that would control it, or the direction of writing, as `\u001b`. */
export function escapeControls(text: string): string {
  const escape = (c: string): string => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`;
  return text.replaceAll(/[\p{Cc}\p{Bidi_Control}\u2028\u2029]/gu, escape);
}

/** Formats the result of a function for error messages. */
export function describe(value: unknown): string {
  return value instanceof Promise ? 'a Promise (functions must be synchronous)' : show(value);
}
