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

/** @throws {TypeError} if the options are not an object, or one of their names is unknown. */
export function checkNames(
  operation: string,
  kind: 'option' | 'limit',
  options: object,
  known: readonly string[],
): void {
  if (typeof options !== 'object' || options === null) {
    throw new TypeError(`${operation}: ${kind}s must be an object, got ${show(options)}`);
  }
  for (const name of Object.keys(options)) {
    if (!known.includes(name)) throw unknownValue(operation, kind, name, known.join(', '));
  }
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
  checkNames(operation, 'option', options, [...known, 'limits']);
  const { limits = {} } = options;
  checkNames(operation, 'limit', limits, Object.keys(defaults));
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

/** Formats a value for error messages: objects by the name of their class. */
export function show(value: unknown): string {
  if (typeof value === 'string') return `'${value}'`;
  if (Array.isArray(value)) return `[${value.map(show).join(', ')}]`;
  if (value === null || typeof value !== 'object') return String(value);
  const name = value.constructor?.name ?? 'an object';
  if (!isOfAnotherCopy(value)) return name;
  return `a ${name} of another copy of @thetagrad/core (a program must load one copy: look for two versions, or a bundle beside the package)`;
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
