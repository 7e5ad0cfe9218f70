/**
 * Checks an integer argument. Default: no minimum, no maximum.
 * @throws {RangeError} if `value` is not an integer from `min` to `max`.
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
  throw new RangeError(`${operation}: ${name} must be ${range}, got ${show(value)}`);
}

/** @throws {RangeError} if the value is not a finite number ≥ 0. */
export function checkNonnegative(operation: string, name: string, value: number): void {
  if (value >= 0 && value < Infinity) return;
  throw new RangeError(`${operation}: ${name} must be a finite number ≥ 0, got ${show(value)}`);
}

/** @throws {RangeError} if the value is not in [0, 1]. */
export function checkFraction(operation: string, name: string, value: number): void {
  if (value >= 0 && value <= 1) return;
  throw new RangeError(`${operation}: ${name} must be between 0 and 1, got ${show(value)}`);
}

/** Formats a value for error messages: objects by the name of their class. */
export function show(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(show).join(', ')}]`;
  if (value === null || typeof value !== 'object') return String(value);
  return value.constructor?.name ?? 'an object';
}
