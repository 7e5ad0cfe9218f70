import { type Tensor, Variable, type VariableHolder } from '@thetagrad/core';
import { isPlainObject, snapshot } from '@thetagrad/core/backend';
import { checkState, type LoadStateDictOptions, type LoadStateDictResult, type Stateful } from './state.ts';

/** A module with any inputs and output, for code that does not call it. */
export type AnyModule = Module<never[], unknown>;

/**
 * Part of a network: variables, submodules, and a `forward` from tensors to tensors. Subclasses keep variables and
 * submodules in their fields, or in arrays and plain objects there, and need not register them: they are found by path,
 * named as in PyTorch (`features.0.weight`). Private `#fields` are not searched.
 */
export abstract class Module<Inputs extends unknown[] = [Tensor], Output = Tensor> implements VariableHolder, Stateful {
  /** Whether layers such as dropout and batch normalization behave as in training. Default: true. See {@link train}. */
  training = true;

  abstract forward(...inputs: Inputs): Output;

  /** The object whose entries are searched for variables and modules. Default: this module, hence its fields. */
  protected members(): object {
    return this;
  }

  /**
   * All variables by path: those of each module in the order of its fields, then those of its submodules. A variable
   * that is reached more than once (shared weights) is listed once.
   */
  variables(): Record<string, Variable> {
    const found = new Map<Variable, string>();
    for (const [prefix, module] of this.modules()) {
      for (const [name, variable] of module.ownVariables()) {
        if (!found.has(variable)) found.set(variable, joinPath(prefix, name));
      }
    }
    return Object.fromEntries([...found].map(([variable, path]) => [path, variable]));
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
    return collect(this.members(), (value) => value instanceof Variable);
  }

  /** The direct submodules by path. */
  children(): Map<string, AnyModule> {
    return collect(this.members(), isModule);
  }

  /** This module (under the path `''`) and its submodules at any depth by path, each once. */
  modules(): Map<string, AnyModule> {
    const found = new Map<AnyModule, string>();
    const visit = (module: AnyModule, path: string): void => {
      if (found.has(module)) return;
      found.set(module, path);
      for (const [name, child] of module.children()) visit(child, joinPath(path, name));
    };
    visit(this, '');
    return new Map([...found].map(([module, path]) => [path, module]));
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
   *   dtype. Nothing is changed then.
   */
  loadStateDict(state: Readonly<Record<string, Tensor>>, options: LoadStateDictOptions = {}): LoadStateDictResult {
    const variables = this.variables();
    const result = checkState('loadStateDict', variables, state, options);
    for (const [name, variable] of Object.entries(variables))
      if (Object.hasOwn(state, name)) variable.assign(state[name]!);
    return result;
  }
}

function isModule(value: unknown): value is AnyModule {
  return value instanceof Module;
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

/** The matching values among an object's entries, and in arrays and plain objects there, by path. */
export function collect<Found>(root: object, matches: (value: unknown) => value is Found): Map<string, Found> {
  const found = new Map<string, Found>();
  const seen = new Set<object>();
  const enter = (container: object, prefix: string): void => {
    if (seen.has(container)) return;
    seen.add(container);
    for (const [key, value] of Object.entries(container) as [string, unknown][]) {
      const path = joinPath(prefix, key);
      if (matches(value)) found.set(path, value);
      else if (Array.isArray(value) || isPlainObject(value)) enter(value, path);
    }
  };
  enter(root, '');
  return found;
}
