/**
 * @throws {RangeError} if `value` is not an integer of the range.
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
  throw new RangeError(`${operation}: ${name} must be ${range}, got ${show(value)}`);
}

/** A value as error messages show it. */
export function show(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(show).join(', ')}]`;
  if (value === null || typeof value !== 'object') return String(value);
  return value.constructor?.name ?? 'an object';
}
