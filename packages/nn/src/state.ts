import type { DType, Shape, Tensor } from '@thetagrad/core';

/** What keeps state that can be saved: a module, an optimiser, a generator. */
export interface Stateful {
  /** The state as tensors by name. */
  stateDict(): Record<string, Tensor>;
  /** Takes over such a state; changes nothing and throws if it does not fit. */
  loadStateDict(state: Readonly<Record<string, Tensor>>): unknown;
}

export interface LoadOptions {
  /** Whether a missing or an unexpected name is an error; true unless said otherwise. */
  readonly strict?: boolean;
}

/** The names that a load left out. */
export interface LoadResult {
  /** What has a place here and was not in the state. */
  readonly missing: readonly string[];
  /** What was in the state and has no place here. */
  readonly unexpected: readonly string[];
}

interface Type {
  readonly shape: Shape;
  readonly dtype: DType;
}

/**
 * Compares a state with the shapes and dtypes that have a place.
 * @throws {RangeError} listing everything that does not fit.
 */
export function checkState(
  operation: string,
  expected: Readonly<Record<string, Type>>,
  state: Readonly<Record<string, Type>>,
  { strict = true }: LoadOptions = {},
): LoadResult {
  const missing = Object.keys(expected).filter((name) => !Object.hasOwn(state, name));
  const unexpected = Object.keys(state).filter((name) => !Object.hasOwn(expected, name));
  const mismatched = Object.entries(expected).flatMap(([name, type]) => {
    const given = Object.hasOwn(state, name) ? state[name]! : type;
    return describe(given) === describe(type) ? [] : [`${name} (${describe(given)} given, ${describe(type)} expected)`];
  });
  const problems = [
    ...(strict && missing.length > 0 ? [`missing: ${missing.join(', ')}`] : []),
    ...(strict && unexpected.length > 0 ? [`unexpected: ${unexpected.join(', ')}`] : []),
    ...(mismatched.length > 0 ? [`mismatched: ${mismatched.join(', ')}`] : []),
  ];
  if (problems.length > 0) {
    throw new RangeError(`${operation}: the state does not fit, nothing was changed; ${problems.join('; ')}`);
  }
  return { missing, unexpected };
}

export function describe({ dtype, shape }: Type): string {
  return `${dtype} [${shape.join(', ')}]`;
}
