import { Tensor, Variable, type VariableHolder } from '@thetagrad/core';
import {
  checkBoolean,
  checkOptions,
  entriesOf,
  guard,
  isOfAnotherCopy,
  isVariableHolder,
  preventReplay,
  show,
  snapshot,
} from '@thetagrad/core/backend';
import { checkState, renameKeys, type LoadStateDictOptions, type LoadStateDictResult, type Stateful } from './state.ts';

/** Marks modules of every copy of the package. */
const moduleMark = Symbol.for('@thetagrad/nn.Module');

/** A module with any inputs and output, for code that does not call it. */
export type AnyModule = Module<never[], unknown>;

/**
 * Part of a network: variables, submodules, and a `forward` from tensors to tensors. Subclasses keep variables and
 * submodules in their fields, or in arrays, objects, maps, sets and instances of classes there, and need not register them:
 * they are found by path, named as in PyTorch (`features.0.weight`). Private `#fields` and getters are not searched.
 */
export abstract class Module<Inputs extends unknown[] = [Tensor], Output = Tensor> implements VariableHolder, Stateful {
  /** Whether layers such as dropout and batch normalization behave as in training. Default: true. See {@link train}. */
  get training(): boolean {
    return guard(() => this.#training);
  }

  set training(isTraining: boolean) {
    preventReplay();
    this.#training = isTraining;
  }

  #training = true;

  static {
    Object.defineProperty(this.prototype, moduleMark, { value: true });
  }

  abstract forward(...inputs: Inputs): Output;

  /** The object whose entries are searched for variables and modules. Default: this module, hence its fields. */
  protected members(): object {
    return this;
  }

  /**
   * All variables by path: those of each module in the order of its fields, then those of its submodules. A variable
   * that is reached more than once (shared weights) is listed once.
   * @throws {RangeError} if two have the same path.
   */
  variables(): Record<string, Variable> {
    const found = new Map<Variable, string>();
    for (const [prefix, { variables }] of Module.#walk(this).values()) {
      for (const [name, variable] of variables) {
        if (!found.has(variable)) found.set(variable, joinPath(prefix, name));
      }
    }
    return Object.fromEntries(byPath(found));
  }

  /** The trainable variables by path. */
  parameters(): Record<string, Variable> {
    return filterVariables(this.variables(), ({ trainable }) => trainable);
  }

  /** The variables that are not trained, such as running statistics, by path. */
  buffers(): Record<string, Variable> {
    return filterVariables(this.variables(), ({ trainable }) => !trainable);
  }

  /** The variables of this module without those of its submodules, by path. */
  ownVariables(): Map<string, Variable> {
    return new Map(Module.#membersOf(this).variables);
  }

  /** The direct submodules by path. */
  children(): Map<string, AnyModule> {
    return new Map(Module.#membersOf(this).modules);
  }

  /** This module (under the path `''`) and its submodules at any depth by path, each once. */
  modules(): Map<string, AnyModule> {
    return byPath(new Map(Array.from(Module.#walk(this), ([module, [path]]) => [module, path])));
  }

  /** The variables and submodules in the fields of a module. */
  static #membersOf(module: AnyModule): Members {
    const members: Members = { variables: [], modules: [] };
    for (const [path, member] of collect(module.members(), isMember)) {
      if (member instanceof Module) members.modules.push([path, member]);
      else members.variables.push([path, member]);
    }
    return members;
  }

  /** The module and its submodules at any depth, each once, with their paths and members. */
  static #walk(root: AnyModule): Map<AnyModule, readonly [path: string, members: Members]> {
    const found = new Map<AnyModule, readonly [string, Members]>();
    const visit = (module: AnyModule, path: string, depth: number): void => {
      if (found.has(module)) return;
      checkDepth(depth);
      const members = Module.#membersOf(module);
      found.set(module, [path, members]);
      for (const [name, child] of members.modules) visit(child, joinPath(path, name), depth + 1);
    };
    visit(root, '', 0);
    return found;
  }

  /** Sets training mode (or, with `false`, evaluation mode) for this module and all submodules. */
  train(mode = true): this {
    for (const module of this.modules().values()) module.training = mode;
    return this;
  }

  /** Sets evaluation mode for this module and all submodules: `train(false)`. */
  eval(): this {
    return this.train(false);
  }

  /** A snapshot of the values of all variables by path, which later steps do not change. */
  stateDict(): Record<string, Tensor> {
    return snapshot(`${this.constructor.name}.stateDict`, this.variables());
  }

  /**
   * Assigns values to the variables by path; `evaluate(module)` then stores them.
   * @throws {RangeError} listing missing and unexpected keys (unless `strict` is false) and values of another shape or
   *   dtype (unless `strict` is false and both are floating point). Nothing is changed then.
   */
  loadStateDict(state: Readonly<Record<string, Tensor>>, options: LoadStateDictOptions = {}): LoadStateDictResult {
    checkOptions('loadStateDict', options, ['strict', 'rename']);
    const variables = this.variables();
    const { strict = true, rename } = options;
    checkBoolean('loadStateDict', 'strict', strict);
    const values = rename === undefined ? state : renameKeys('loadStateDict', state, rename);
    const result = checkState('loadStateDict', variables, values, options);
    for (const [name, variable] of Object.entries(variables))
      if (Object.hasOwn(values, name)) variable.assign(values[name]!.astype(variable.dtype));
    return result;
  }
}

/** The variables and submodules of a module, by path. */
interface Members {
  readonly variables: [path: string, Variable][];
  readonly modules: [path: string, AnyModule][];
}

function isMember(value: unknown): value is Variable | AnyModule {
  return value instanceof Variable || value instanceof Module;
}

function filterVariables(
  variables: Readonly<Record<string, Variable>>,
  isWanted: (variable: Variable) => boolean,
): Record<string, Variable> {
  return Object.fromEntries(Object.entries(variables).filter(([, variable]) => isWanted(variable)));
}

function joinPath(prefix: string, name: string): string {
  return prefix === '' ? name : `${prefix}.${name}`;
}

function duplicatePath(path: string): RangeError {
  return new RangeError(`Module: two variables or modules have the path '${path}'; rename one`);
}

/** Exchanges keys and values. */
function byPath<Value>(paths: ReadonlyMap<Value, string>): Map<string, Value> {
  const found = new Map<string, Value>();
  for (const [value, path] of paths) {
    if (found.has(path)) throw duplicatePath(path);
    found.set(path, value);
  }
  return found;
}

/** The maximum depth of modules and containers, which bounds the stack. */
const maxDepth = 500;

function checkDepth(depth: number): void {
  if (depth > maxDepth) throw new RangeError(`Module: its fields are nested deeper than ${maxDepth}`);
}

/** The matching values among an object's entries, and in arrays, objects, maps, sets and instances there, by path. */
export function collect<Found>(root: object, matches: (value: unknown) => value is Found): Map<string, Found> {
  const found = new Map<string, Found>();
  const seen = new Set<object>();
  const enter = (container: object, prefix: string, depth: number): void => {
    if (seen.has(container)) return;
    checkDepth(depth);
    seen.add(container);
    for (const [key, value] of entriesOf(container) ?? (container instanceof Module ? Object.entries(container) : [])) {
      if (typeof value !== 'object' || value === null) continue;
      const path = joinPath(prefix, key);
      if (matches(value)) add(path, value);
      else if (isOfAnotherCopy(value)) throw new TypeError(`Module: ${path} is ${show(value)}`);
      else if (moduleMark in value && !(value instanceof Module)) {
        throw new TypeError(`Module: ${path} is a ${show(value)} of another copy of @thetagrad/nn; load one copy`);
      } else if (!isOpaque(value)) enter(isVariableHolder(value) ? value.variables() : value, path, depth + 1);
    }
  };
  const add = (path: string, value: Found): void => {
    if (found.has(path)) throw duplicatePath(path);
    found.set(path, value);
  };
  enter(root, '', 0);
  return found;
}

/** Whether an object is searched by itself, or cannot hold modules. */
function isOpaque(value: object): boolean {
  return value instanceof Tensor || value instanceof Variable || value instanceof Module || ArrayBuffer.isView(value);
}
