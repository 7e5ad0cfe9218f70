import { show } from '../data/checks.ts';
import { Tensor } from './tensor.ts';
import { Variable } from './variable.ts';

/** A tree of tensors (JAX's pytree): a tensor, or arrays and plain objects of trees. */
export type TensorTree = Tensor | readonly TensorTree[] | { readonly [key: string]: TensorTree };

/** An object that owns variables, such as a module or an optimiser. */
export interface VariableHolder {
  /** Returns all variables by name. */
  variables(): Readonly<Record<string, Variable>>;
}

/** A tree of variables: a variable, a holder, or arrays and plain objects of trees. */
export type VariableTree =
  | Variable
  | VariableHolder
  | readonly VariableTree[]
  | { readonly [key: string]: VariableTree };

/** The leaves of a tree, in order, and a function that rebuilds the tree with other leaves. */
export interface Flattened {
  readonly leaves: Tensor[];
  rebuild<Leaf>(leaves: readonly Leaf[]): unknown;
}

/**
 * Flattens a tree of tensors.
 * @throws {TypeError} if the tree contains anything but tensors, arrays and plain objects.
 */
export function flatten(operation: string, tree: unknown): Flattened {
  const leaves: Tensor[] = [];
  const collect = (value: unknown, path: string): void => {
    if (value instanceof Tensor) leaves.push(value);
    else if (Array.isArray(value)) value.forEach((item, i) => collect(item, `${path}[${i}]`));
    else if (isPlainObject(value)) for (const [key, item] of Object.entries(value)) collect(item, `${path}.${key}`);
    else
      throw new TypeError(
        `${operation}: expected tensors in arrays or plain objects, got ${describe(value)}${path && ` at ${path}`}`,
      );
  };
  collect(tree, '');
  return {
    leaves,
    rebuild: (others) => {
      let next = 0;
      const build = (value: unknown): unknown => {
        if (Array.isArray(value)) return value.map(build);
        if (isPlainObject(value))
          return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, build(item)]));
        return others[next++];
      };
      return build(tree);
    },
  };
}

/** Whether a value has a method `variables`. */
export function isVariableHolder(value: unknown): value is VariableHolder {
  return typeof value === 'object' && value !== null && 'variables' in value && typeof value.variables === 'function';
}

/**
 * All variables of a tree by path: keys, indices and the names that holders give, joined by dots. A variable that occurs
 * more than once (shared weights) is listed under its first path only.
 * @throws {TypeError} if the tree contains anything but variables, holders, arrays and plain objects.
 * @throws {RangeError} if two variables have the same path.
 */
export function namedVariables(tree: VariableTree): Record<string, Variable> {
  const paths = new Map<Variable, string>();
  const add = (variable: Variable, path: string): void => {
    if (!paths.has(variable)) paths.set(variable, path);
  };
  const collect = (value: unknown, path: string): void => {
    const pathOf = (key: string | number): string => (path === '' ? String(key) : `${path}.${key}`);
    if (value instanceof Variable) add(value, path === '' ? value.name : path);
    else if (isVariableHolder(value))
      for (const [key, variable] of Object.entries(value.variables())) add(variable, pathOf(key));
    else if (Array.isArray(value)) value.forEach((item, i) => collect(item, pathOf(i)));
    else if (isPlainObject(value)) for (const [key, item] of Object.entries(value)) collect(item, pathOf(key));
    else
      throw new TypeError(
        `namedVariables: expected variables, modules, or arrays and objects of them, got ${describe(value)}`,
      );
  };
  collect(tree, '');
  const named: Record<string, Variable> = {};
  for (const [variable, path] of paths) {
    if (Object.hasOwn(named, path)) throw new RangeError(`namedVariables: duplicate variable name '${path}'`);
    named[path] = variable;
  }
  return named;
}

/** Whether a value is an object literal, not an instance of a class. */
export function isPlainObject(value: unknown): value is Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

function describe(value: unknown): string {
  return value instanceof Promise ? 'a Promise (functions must be synchronous)' : show(value);
}

/**
 * Collects the tensors and variables in the arguments of an operation. Skips numbers and strings inside of objects.
 * @throws {TypeError} if an argument, or an object inside of one, cannot hold tensors.
 */
export function collect(
  operation: string,
  trees: readonly unknown[],
): { readonly tensors: ReadonlySet<Tensor>; readonly variables: ReadonlySet<Variable> } {
  const tensors = new Set<Tensor>();
  const variables = new Set<Variable>();
  const visit = (value: unknown): void => {
    if (value instanceof Tensor) tensors.add(value);
    else if (value instanceof Variable) variables.add(value);
    else if (isVariableHolder(value)) for (const variable of Object.values(value.variables())) variables.add(variable);
    else if (Array.isArray(value)) value.forEach(visit);
    else if (isPlainObject(value)) Object.values(value).forEach(visit);
    else if (typeof value === 'object' && value !== null) {
      throw new TypeError(
        `${operation}: a ${show(value)} cannot hold tensors; expected tensors, variables, or objects with variables()`,
      );
    }
  };
  for (const tree of trees) {
    // Numbers are skipped inside objects, such as the settings of an optimiser, but as arguments they are a mistake.
    if (typeof tree !== 'object' || tree === null) {
      throw new TypeError(
        `${operation}: expected tensors, variables, or objects and arrays of them, got ${show(tree)}`,
      );
    }
    visit(tree);
  }
  return { tensors, variables };
}
