/**
 * Checks a numeric option, for packages built on this one.
 * @throws {RangeError} if the value is not a finite number ≥ 0.
 */
export function checkNonnegative(operation: string, name: string, value: number): void {
  if (!(value >= 0 && value < Infinity)) {
    throw new RangeError(`${operation}: ${name} must be a finite number ≥ 0, got ${value}`);
  }
}

/** @throws {RangeError} if the value is not in [0, 1]. */
export function checkFraction(operation: string, name: string, value: number): void {
  if (!(value >= 0 && value <= 1)) {
    throw new RangeError(`${operation}: ${name} must be between 0 and 1, got ${value}`);
  }
}
