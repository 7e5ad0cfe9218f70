import { type Tensor, Variable, type VariableHolder } from '@thetagrad/core';
import { checkState, type LoadOptions, type LoadResult, type Stateful } from './state.ts';

/** A module of any type, for code that does not call it. */
export type AnyModule = Module<never[], unknown>;

/**
 * A part of a network: variables, other modules, and a `forward` that maps tensors to tensors. Write a class, keep
 * variables and modules in its fields (arrays and plain objects of them too), and they are found by name: there is
 * nothing to register. Names are paths as in PyTorch: `features.0.weight`. Private `#fields` are not looked into.
 */
export abstract class Module<Inputs extends unknown[] = [Tensor], Output = Tensor> implements VariableHolder, Stateful {
  /** Whether layers such as dropout and batch normalisation behave as in training; see {@link train}. */
  training = true;

  abstract forward(...inputs: Inputs): Output;

  /** What is searched for variables and modules, by name: the fields, unless a container says otherwise. */
  protected members(): object {
    return this;
  }

  /**
   * All variables by path: each module's own in the order of its fields, then those of the modules in it. What is reached
   * twice (shared weights) is listed once.
   */
  variables(): Record<string, Variable> {
    const found = new Map<Variable, string>();
    for (const [prefix, module] of this.modules()) {
      for (const [name, variable] of module.ownVariables()) {
        if (!found.has(variable)) found.set(variable, joined(prefix, name));
      }
    }
    return Object.fromEntries([...found].map(([variable, path]) => [path, variable]));
  }

  /** The variables that training changes, by path. */
  parameters(): Record<string, Variable> {
    return pick(this.variables(), ({ trainable }) => trainable);
  }

  /** The variables that training does not change by gradients (running statistics), by path. */
  buffers(): Record<string, Variable> {
    return pick(this.variables(), ({ trainable }) => !trainable);
  }

  /** The variables held by this module itself, not by modules in it. */
  ownVariables(): Map<string, Variable> {
    return search(this.members(), (value) => value instanceof Variable);
  }

  /** The modules directly inside this one, by path. */
  children(): Map<string, AnyModule> {
    return search(this.members(), isModule);
  }

  /** This module (under the name `''`) and all modules inside it, to any depth, by path; each is listed once. */
  modules(): Map<string, AnyModule> {
    const found = new Map<AnyModule, string>();
    const visit = (module: AnyModule, path: string): void => {
      if (found.has(module)) return;
      found.set(module, path);
      for (const [name, child] of module.children()) visit(child, joined(path, name));
    };
    visit(this, '');
    return new Map([...found].map(([module, path]) => [path, module]));
  }

  /** Puts this module and all modules inside it in training mode, or out of it. */
  train(mode = true): this {
    for (const module of this.modules().values()) module.training = mode;
    return this;
  }

  /** Puts this module and all modules inside it in evaluation mode: as `train(false)`. */
  eval(): this {
    return this.train(false);
  }

  /** The values of all variables, by path. */
  stateDict(): Record<string, Tensor> {
    return Object.fromEntries(Object.entries(this.variables()).map(([name, variable]) => [name, variable.value]));
  }

  /**
   * Assigns values to the variables, by path; `evaluate(module)` then stores them. Nothing is changed if any of them
   * does not fit.
   * @throws {RangeError} listing what is missing, unexpected (both unless `strict` is false), or of another shape or
   *   dtype.
   */
  loadStateDict(state: Readonly<Record<string, Tensor>>, options: LoadOptions = {}): LoadResult {
    const variables = this.variables();
    const result = checkState('loadStateDict', variables, state, options);
    for (const [name, variable] of Object.entries(variables)) if (name in state) variable.assign(state[name]!);
    return result;
  }
}

function isModule(value: unknown): value is AnyModule {
  return value instanceof Module;
}

function pick(
  variables: Readonly<Record<string, Variable>>,
  wanted: (variable: Variable) => boolean,
): Record<string, Variable> {
  return Object.fromEntries(Object.entries(variables).filter(([, variable]) => wanted(variable)));
}

function joined(prefix: string, name: string): string {
  return prefix === '' ? name : `${prefix}.${name}`;
}

/** The values that are wanted in an object's fields, and in arrays and plain objects there, but not inside modules. */
function search<Found>(members: object, isWanted: (value: unknown) => value is Found): Map<string, Found> {
  const found = new Map<string, Found>();
  const seen = new Set<object>();
  const enter = (container: object, prefix: string): void => {
    if (seen.has(container)) return;
    seen.add(container);
    for (const [key, value] of Object.entries(container) as [string, unknown][]) {
      const path = joined(prefix, key);
      if (isWanted(value)) found.set(path, value);
      else if (Array.isArray(value) || isPlainObject(value)) enter(value, path);
    }
  };
  enter(members, '');
  return found;
}

function isPlainObject(value: unknown): value is object {
  if (typeof value !== 'object' || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}
