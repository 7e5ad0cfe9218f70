import { type DType, isFloatingPoint, type Shape, type Tensor } from '@thetagrad/core';
import { argumentError, checkTensor, escapeControls, formatShape, isPlainObject } from '@thetagrad/core/backend';

/** An object with state that can be saved: a module, an optimizer, a generator. */
export interface Stateful {
  /** The state as of the call, as tensors by name: later changes do not affect it. */
  stateDict(): Record<string, Tensor>;
  /** Restores such a state. If it does not fit, throws and changes nothing. */
  loadStateDict(state: Readonly<Record<string, Tensor>>): unknown;
}

export interface LoadStateDictOptions {
  /**
   * Whether a missing or unexpected key, or a value of another floating-point dtype, is an error. If false, such values are
   * cast. Default: true.
   */
  readonly strict?: boolean;
  /**
   * The path of the variable that a key of the state stands for; `undefined` leaves the key out. {@link fromPyTorch} is one
   * for files of PyTorch. Default: the key itself.
   */
  readonly rename?: (key: string) => string | undefined;
}

/**
 * Names of PyTorch's state dicts as paths here, for `loadStateDict(state, { rename: fromPyTorch })`. Underscores become capitals, as
 * in all names: `running_mean` is `runningMean` and `weight_ih_l0` is `weightIhL0`. `num_batches_tracked`, a count without use, is left
 * out. Other names, such as `features.0.weight`, are the same.
 */
export function fromPyTorch(key: string): string | undefined {
  if (/(^|\.)num_batches_tracked$/.test(key)) return undefined;
  return key.replaceAll(/(?<=[^._])_([a-z])/g, (_, letter: string) => letter.toUpperCase());
}

/**
 * Paths as names of PyTorch's state dicts: what {@link fromPyTorch} undoes. `weightIhL0` is `weight_ih_l0`. Of batch normalizations
 * PyTorch expects `num_batches_tracked` as well, unless it loads with `strict=False`.
 * @example
 * Object.fromEntries(Object.entries(model.stateDict()).map(([path, value]) => [toPyTorch(path), value]));
 */
export function toPyTorch(path: string): string {
  return path.replaceAll(/(?<=[^._])[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

/**
 * Renames the keys of a state.
 * @throws {TypeError} if the state is not an object, or `rename` does not return strings.
 * @throws {RangeError} if two keys become one.
 */
export function renameKeys<Value>(
  operation: string,
  state: Readonly<Record<string, Value>>,
  rename: (key: string) => string | undefined,
): Record<string, Value> {
  checkIsState(operation, state);
  if (typeof rename !== 'function') throw argumentError(operation, 'rename', 'a function', rename, false);
  const origins = new Map<string, string>();
  for (const key of Object.keys(state)) {
    const name = rename(key);
    if (name === undefined) continue;
    if (typeof name !== 'string') {
      throw argumentError(operation, `rename(${listNames([key])})`, 'a string or undefined', name, false);
    }
    const other = origins.get(name);
    if (other !== undefined) {
      throw new RangeError(`${operation}: rename makes '${name}' of two keys, ${listNames([other, key])}`);
    }
    origins.set(name, key);
  }
  return Object.fromEntries([...origins].map(([name, key]) => [name, state[key]!]));
}

function checkIsState(operation: string, state: unknown): void {
  if (!isPlainObject(state)) throw argumentError(operation, 'the state', 'an object of tensors', state, false);
}

/** The keys that `loadStateDict` skipped. */
export interface LoadStateDictResult {
  /** Keys that the module expects and the state lacks. */
  readonly missingKeys: readonly string[];
  /** Keys of the state that the module does not expect. */
  readonly unexpectedKeys: readonly string[];
}

interface TensorType {
  readonly shape: Shape;
  readonly dtype: DType;
}

/** The most names that a message lists. */
const maxListed = 20;

/**
 * Compares a state with the expected shapes and dtypes.
 * @throws {TypeError} if the state is not an object of tensors.
 * @throws {RangeError} listing the keys that do not fit.
 */
export function checkState(
  operation: string,
  expected: Readonly<Record<string, TensorType>>,
  state: Readonly<Record<string, TensorType>>,
  { strict = true }: LoadStateDictOptions = {},
): LoadStateDictResult {
  checkIsState(operation, state);
  for (const [name, value] of Object.entries(state)) checkTensor(`${operation}: ${listNames([name])}`, value);
  const missingKeys = Object.keys(expected).filter((name) => !Object.hasOwn(state, name));
  const unexpectedKeys = Object.keys(state).filter((name) => !Object.hasOwn(expected, name));
  const mismatched = Object.entries(expected).flatMap(([name, type]) => {
    if (!Object.hasOwn(state, name)) return [];
    const { shape, dtype } = state[name]!;
    const isCast = !strict && isFloatingPoint(dtype) && isFloatingPoint(type.dtype);
    const [found, wanted] = [formatType({ shape, dtype: isCast ? type.dtype : dtype }), formatType(type)];
    return found === wanted ? [] : [`${name} (expected ${wanted}, got ${formatType(state[name]!)})`];
  });
  const problems = [
    ...(strict && missingKeys.length > 0 ? [`missing: ${listNames(missingKeys)}`] : []),
    ...(strict && unexpectedKeys.length > 0 ? [`unexpected: ${listNames(unexpectedKeys)}`] : []),
    ...(mismatched.length > 0 ? [`mismatched: ${listNames(mismatched)}`] : []),
  ];
  if (problems.length > 0) {
    throw new RangeError(`${operation}: the state does not fit, nothing was changed; ${problems.join('; ')}`);
  }
  return { missingKeys, unexpectedKeys };
}

/** Dtype and shape for messages: `float32 [2, 3]`. */
export function formatType({ dtype, shape }: TensorType): string {
  return `${dtype} ${formatShape(shape)}`;
}

function listNames(names: readonly string[]): string {
  const rest = names.length - maxListed;
  const listed = names.slice(0, maxListed).map((name) => escapeControls(name.slice(0, 200)));
  return `${listed.join(', ')}${rest > 0 ? ` and ${rest} more` : ''}`;
}
