// The arguments of a compiled function: their structure, and what differs among arguments of one structure.
import { describe, isPlainObject } from '../data/checks.ts';
import { formatShape } from '../data/shape.ts';
import { checkNotDisposed, Tensor } from '../graph/tensor.ts';
import { checkDepth, isVariableHolder } from '../graph/tree.ts';
import { Variable } from '../graph/variable.ts';
import { Key } from '../randomKey.ts';

/** What a replay is given. */
export interface Inputs {
  readonly tensors: readonly Tensor[];
  readonly keys: readonly Key[];
}

/**
 * Finds the tensors and keys among arguments. `structure` is equal for arguments that differ in nothing else.
 * @throws {TypeError} if an argument, or what is in it, is of another kind than a compiled function may take.
 */
export function flattenArguments(parameters: readonly unknown[]): Inputs & { readonly structure: string } {
  const tensors: Tensor[] = [];
  const keys: Key[] = [];
  let structure = '';
  const visit = (value: unknown, path: string, depth: number): void => {
    checkDepth('compile', depth);
    if (value instanceof Tensor) {
      checkNotDisposed('compile', value);
      tensors.push(value);
      structure += `${value.dtype}${formatShape(value.shape)};`;
    } else if (value instanceof Key) {
      keys.push(value);
      structure += 'key;';
    } else if (Array.isArray(value)) {
      structure += '[';
      value.forEach((item: unknown, i) => visit(item, `${path}[${i}]`, depth + 1));
      structure += ']';
    } else if (value instanceof Variable || isVariableHolder(value)) {
      structure += `#${identityOf(value)};`;
    } else if (isPlainObject(value)) {
      structure += '{';
      for (const [key, item] of Object.entries(value)) {
        structure += `${JSON.stringify(key)}:`;
        visit(item, `${path}.${key}`, depth + 1);
      }
      structure += '}';
    } else structure += `${formatPlain(value, path)};`;
  };
  parameters.forEach((parameter, i) => visit(parameter, `${i + 1}`, 0));
  return { tensors, keys, structure };
}

/** The arguments with other tensors and keys, in the order in which {@link flattenArguments} finds them. */
export function replaceInputs(parameters: readonly unknown[], { tensors, keys }: Inputs): unknown[] {
  let [tensor, key] = [0, 0];
  const replace = (value: unknown): unknown => {
    if (value instanceof Tensor) return tensors[tensor++];
    if (value instanceof Key) return keys[key++];
    if (Array.isArray(value)) return value.map(replace);
    if (isVariableHolder(value) || !isPlainObject(value)) return value;
    return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, replace(item)]));
  };
  return parameters.map(replace);
}

const identities = new WeakMap<object, number>();
let nextIdentity = 0;

function identityOf(value: object): number {
  let identity = identities.get(value);
  if (identity === undefined) identities.set(value, (identity = nextIdentity++));
  return identity;
}

function formatPlain(value: unknown, path: string): string {
  if (typeof value === 'string') return JSON.stringify(value);
  if (typeof value === 'number') return Object.is(value, -0) ? '-0' : String(value);
  if (typeof value === 'boolean' || value === null || value === undefined) return String(value);
  throw new TypeError(
    `compile: expected tensors, keys, modules, variables, numbers, strings and booleans, or arrays and plain objects of ` +
      `them, as arguments, got ${describe(value)} as argument ${path}`,
  );
}
