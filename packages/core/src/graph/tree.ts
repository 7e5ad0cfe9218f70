import { describe, isOfAnotherCopy, isPlainObject } from '../data/checks.ts';
import { Tensor } from './tensor.ts';
import type { VariableHolder, VariableTreeOf } from './treeTypes.ts';
import { Variable } from './variable.ts';

/** The leaves of a tree in order, their paths (`.weights[0]`), and a function that rebuilds the tree with other values. */
export interface FlatTree<Leaf = Tensor> {
  readonly leaves: readonly Leaf[];
  readonly paths: readonly string[];
  readonly rebuild: (values: readonly unknown[]) => unknown;
}

/**
 * Flattens arrays, plain objects, maps and instances of classes, by their enumerable fields. `isLeaf` decides about anything else:
 * a leaf, or left as it is. It may throw. An instance is rebuilt with its prototype, without its constructor.
 * @param convert what a part of the tree stands for, before it is flattened. Default: itself.
 * @throws {RangeError} if it is nested too deep, or contains itself.
 */
export function flattenTree<Leaf = Tensor>(
  operation: string,
  tree: unknown,
  isLeaf: (value: unknown, path: string, depth: number) => value is Leaf,
  convert: (part: unknown, depth: number) => unknown = (part) => part,
): FlatTree<Leaf> {
  const leaves: Leaf[] = [];
  const paths: string[] = [];
  const visit = (part: unknown, path: string, depth: number): FlatTree['rebuild'] => {
    checkDepth(operation, depth);
    const value = convert(part, depth);
    if (Array.isArray(value)) {
      const items = value.map((item: unknown, i) => visit(item, `${path}[${i}]`, depth + 1));
      return (values) => items.map((item) => item(values));
    }
    if (value instanceof Map) {
      const items = Array.from(
        value as ReadonlyMap<unknown, unknown>,
        ([key, item]) => [key, visit(item, `${path}.${String(key)}`, depth + 1)] as const,
      );
      return (values) => new Map(items.map(([key, item]) => [key, item(values)]));
    }
    const instance = fieldsOf(value);
    const fields = instance ?? (isPlainObject(value) ? Object.entries(value) : undefined);
    if (fields) {
      const count = leaves.length;
      const entries = fields.map(([key, item]) => [key, visit(item, `${path}.${key}`, depth + 1)] as const);
      // What holds no leaf stays the very same instance, with its private fields.
      if (instance && leaves.length === count) return () => value;
      return (values) => {
        const rebuilt = Object.fromEntries(entries.map(([key, item]) => [key, item(values)]));
        return instance ? Object.setPrototypeOf(rebuilt, Object.getPrototypeOf(value) as object) : rebuilt;
      };
    }
    if (!isLeaf(value, path, depth)) return () => value;
    paths.push(path);
    const index = leaves.push(value) - 1;
    return (values) => values[index];
  };
  return { leaves, paths, rebuild: visit(tree, '', 0) };
}

/**
 * Flattens a tree of tensors. Numbers, strings, booleans, null and undefined in it stay as they are.
 * @param depth the depth from which on they may. Default: 1, anywhere but at the root.
 * @throws {TypeError} if the tree contains anything but these, tensors, arrays, plain objects, maps and instances with fields.
 */
export function flattenTensors(operation: string, tree: unknown, depth = 1): FlatTree {
  return flattenTree(operation, tree, (value, path, own): value is Tensor => {
    if (value instanceof Tensor) return true;
    if (own >= depth && isStatic(value)) return false;
    throw treeError(operation, 'tensors', value, path);
  });
}

/** The leaves of a tree in the order of those of another, by their paths; `undefined` if these differ. */
export function alignLeaves({ leaves, paths }: FlatTree, like: FlatTree): readonly Tensor[] | undefined {
  if (paths.length !== like.paths.length) return undefined;
  if (paths.every((path, i) => path === like.paths[i])) return leaves;
  const byPath = new Map(paths.map((path, i) => [path, leaves[i]!]));
  const aligned = like.paths.flatMap((path) => byPath.get(path) ?? []);
  return aligned.length === leaves.length ? aligned : undefined;
}

/** Whether a value is one that trees of tensors keep as it is. */
export function isStatic(value: unknown): boolean {
  return value === null || !['object', 'function', 'symbol'].includes(typeof value);
}

/** Whether a value has a method `variables`. */
export function isVariableHolder(value: unknown): value is VariableHolder {
  return typeof value === 'object' && value !== null && 'variables' in value && typeof value.variables === 'function';
}

/** The enumerable fields of an instance of a user's class, without getters; `undefined` if it has none. */
function fieldsOf(value: unknown): [key: string, item: unknown][] | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value) || isPlainObject(value)) return undefined;
  if (value instanceof Tensor || value instanceof Variable || isVariableHolder(value)) return undefined;
  if (ArrayBuffer.isView(value) || isOfAnotherCopy(value)) return undefined;
  const fields = Object.entries(Object.getOwnPropertyDescriptors(value)).flatMap(([key, field]): [string, unknown][] =>
    field.enumerable && 'value' in field ? [[key, field.value]] : [],
  );
  return fields.length > 0 ? fields : undefined;
}

/**
 * The entries of an array, plain object, map, set or instance with fields; `undefined` of anything else. Items of a set,
 * and those of a map whose keys are neither strings nor numbers, have their position as key.
 */
export function entriesOf(container: unknown): [key: string, item: unknown][] | undefined {
  if (Array.isArray(container) || isPlainObject(container)) return Object.entries(container);
  if (container instanceof Set) return Array.from(container, (item, i) => [String(i), item]);
  if (!(container instanceof Map)) return fieldsOf(container);
  return Array.from(container as ReadonlyMap<unknown, unknown>, ([key, item], i) => [
    String(typeof key === 'string' || typeof key === 'number' ? key : i),
    item,
  ]);
}

/**
 * All variables of a tree by path: keys, indices and the names that holders give, joined by dots. A variable that occurs
 * more than once (shared weights) is listed under its first path only.
 * @throws {TypeError} if the tree contains anything but variables, holders, arrays, objects with fields, maps and sets.
 * @throws {RangeError} if two variables have the same path.
 */
export function namedVariables<Tree>(tree: Tree & VariableTreeOf<Tree>): Record<string, Variable> {
  return collectVariables('namedVariables', tree);
}

/** As {@link namedVariables}, for an operation that messages name. */
export function collectVariables(operation: string, tree: unknown): Record<string, Variable> {
  const paths = new Map<Variable, string>();
  const seen = new Set<unknown>();
  const add = (variable: Variable, path: string): void => {
    if (isOfAnotherCopy(variable)) throw treeError(operation, 'variables, modules', variable, path);
    if (!paths.has(variable)) paths.set(variable, path);
  };
  const visit = (value: unknown, path: string, depth: number): void => {
    checkDepth(operation, depth);
    if (value instanceof Variable) add(value, path === '' ? value.name : path);
    else if (isVariableHolder(value))
      for (const [key, variable] of Object.entries(value.variables())) add(variable, joinPath(path, key));
    else {
      const entries = entriesOf(value);
      if (!entries) throw treeError(operation, 'variables, modules', value, path);
      // Instances may refer to each other.
      if (seen.has(value)) return;
      seen.add(value);
      for (const [key, item] of entries) visit(item, joinPath(path, key), depth + 1);
    }
  };
  visit(tree, '', 0);
  const named: Record<string, Variable> = {};
  for (const [variable, path] of paths) {
    if (Object.hasOwn(named, path)) throw new RangeError(`${operation}: duplicate variable name '${path}'`);
    named[path] = variable;
  }
  return named;
}

/** The maximum depth of trees, which bounds the stack. */
const maxDepth = 500;

/** @throws {RangeError} if a tree is nested too deep, or contains itself. */
export function checkDepth(operation: string, depth: number): void {
  if (depth <= maxDepth) return;
  throw new RangeError(`${operation}: arrays and objects are nested deeper than ${maxDepth}, or contain themselves`);
}

/** Builds the error for a value that is neither one of `leaves` nor a tree of them. */
export function treeError(operation: string, leaves: string, value: unknown, path = ''): TypeError {
  const got = `${describe(value)}${path && ` at ${path}`}`;
  return new TypeError(`${operation}: expected ${leaves}, or arrays and objects of them, got ${got}`);
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
  const seen = new Set<unknown>();
  const visit = (value: unknown, depth: number): void => {
    checkDepth(operation, depth);
    if (value instanceof Tensor) tensors.add(value);
    else if (value instanceof Variable) variables.add(value);
    else if (isVariableHolder(value)) for (const variable of Object.values(value.variables())) visit(variable, 0);
    else {
      if (seen.has(value)) return;
      const entries = entriesOf(value);
      if (entries) seen.add(value);
      for (const [, item] of entries ?? []) visit(item, depth + 1);
      // Numbers are skipped inside objects, such as the settings of an optimizer, but as arguments they are a mistake.
      if (!entries && (depth === 0 || (typeof value === 'object' && value !== null)))
        throw treeError(operation, 'tensors, variables, modules', value);
    }
  };
  for (const tree of trees) visit(tree, 0);
  return { tensors, variables };
}

/** The path of a variable in the arguments of an operation: the name that its holder gives it, or else its own. */
export function pathIn(trees: readonly unknown[], variable: Variable): string {
  const seen = new Set<unknown>();
  const visit = (value: unknown, path: string): string | undefined => {
    if (value === variable) return path || variable.name;
    if (seen.has(value)) return undefined;
    seen.add(value);
    for (const [key, item] of entriesOf(isVariableHolder(value) ? value.variables() : value) ?? []) {
      const found = visit(item, joinPath(path, key));
      if (found !== undefined) return found;
    }
    return undefined;
  };
  return trees.map((tree) => visit(tree, '')).find((path) => path !== undefined) ?? variable.name;
}

function joinPath(path: string, key: string): string {
  return path === '' ? key : `${path}.${key}`;
}
