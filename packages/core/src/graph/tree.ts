import { Tensor } from './tensor.ts';
import { Variable } from './variable.ts';

/** Anything built of tensors: a tensor, or arrays and plain objects of such, to any depth. */
export type TensorTree = Tensor | readonly TensorTree[] | { readonly [key: string]: TensorTree };

/** What owns variables: a module, an optimiser. */
export interface VariableHolder {
  /** All variables by name. */
  variables(): Readonly<Record<string, Variable>>;
}

/** Variables and their holders, in arrays and plain objects. */
export type VariableTree =
  | Variable
  | VariableHolder
  | readonly VariableTree[]
  | { readonly [key: string]: VariableTree };

/** The tensors of a tree, in order, and how to build the same tree of others. */
export interface Flattened {
  readonly leaves: Tensor[];
  rebuild<Leaf>(leaves: readonly Leaf[]): unknown;
}

/** @throws {TypeError} at anything that is not a tensor, an array or a plain object. */
export function flatten(operation: string, tree: unknown): Flattened {
  const leaves: Tensor[] = [];
  const collect = (value: unknown, path: string): void => {
    if (value instanceof Tensor) leaves.push(value);
    else if (Array.isArray(value)) value.forEach((item, i) => collect(item, `${path}[${i}]`));
    else if (isPlainObject(value)) for (const [key, item] of Object.entries(value)) collect(item, `${path}.${key}`);
    else
      throw new TypeError(
        `${operation}: expected tensors in arrays or plain objects, got ${nameOf(value)}${path && ` at ${path}`}`,
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

export function isVariableHolder(value: unknown): value is VariableHolder {
  return typeof value === 'object' && value !== null && 'variables' in value && typeof value.variables === 'function';
}

/**
 * All variables of a tree by their path: keys, indices and the holders' own names, joined by dots. A variable that is
 * reached twice (shared weights) is listed once, under its first path.
 * @throws {TypeError} at anything that is neither a variable, a holder, an array nor a plain object.
 * @throws {RangeError} if two variables have one path.
 */
export function namedVariables(tree: VariableTree): Record<string, Variable> {
  const found = new Map<Variable, string>();
  const add = (variable: Variable, path: string): void => {
    if (!found.has(variable)) found.set(variable, path);
  };
  const collect = (value: unknown, path: string): void => {
    const at = (key: string | number): string => (path === '' ? String(key) : `${path}.${key}`);
    if (value instanceof Variable) add(value, path === '' ? value.name : path);
    else if (isVariableHolder(value))
      for (const [key, variable] of Object.entries(value.variables())) add(variable, at(key));
    else if (Array.isArray(value)) value.forEach((item, i) => collect(item, at(i)));
    else if (isPlainObject(value)) for (const [key, item] of Object.entries(value)) collect(item, at(key));
    else
      throw new TypeError(
        `namedVariables: expected variables, modules, or arrays and objects of them, got ${nameOf(value)}`,
      );
  };
  collect(tree, '');
  const named: Record<string, Variable> = {};
  for (const [variable, path] of found) {
    if (Object.hasOwn(named, path)) throw new RangeError(`namedVariables: two variables are called '${path}'`);
    named[path] = variable;
  }
  return named;
}

export function isPlainObject(value: unknown): value is Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

function nameOf(value: unknown): string {
  if (typeof value !== 'object' || value === null) return typeof value === 'string' ? `'${value}'` : String(value);
  return value instanceof Promise
    ? 'a Promise (functions must be synchronous)'
    : (value.constructor?.name ?? 'an object');
}

/**
 * The tensors and variables in the arguments of an operation.
 * @throws {TypeError} at an argument that holds no tensors. Inside objects, numbers and strings are skipped.
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
        `${operation}: a ${value.constructor.name} holds no tensors; pass tensors, variables, or objects with variables()`,
      );
    }
  };
  for (const tree of trees) {
    // Numbers and the like are skipped inside objects (settings of an optimiser), but alone they are a mistake.
    if (typeof tree !== 'object' || tree === null) {
      throw new TypeError(`${operation}: expected tensors, variables, or what holds them, got ${String(tree)}`);
    }
    visit(tree);
  }
  return { tensors, variables };
}
