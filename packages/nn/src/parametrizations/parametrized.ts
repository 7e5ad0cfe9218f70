import { Tensor, Variable } from '@thetagrad/core';
import { argumentError } from '@thetagrad/core/backend';
import { functionalCall } from '@thetagrad/func';
import { type AnyModule, Module } from '../module.ts';

/**
 * A function from trained originals to the value of a variable. The first parametrization of a variable may have several originals,
 * others have one.
 */
export abstract class Parametrization extends Module<Tensor[]> {
  /** Originals for which `forward` gives this value, or nearly so. Default: the value itself. */
  rightInverse(value: Tensor): Tensor | readonly Tensor[] {
    return value;
  }
}

/** The parametrizations of a variable, in order, and the originals of the first. */
export class ParametrizedVariable {
  /** The variable that has the computed value while the module is called. */
  readonly variable: Variable;
  readonly parametrizations: readonly Parametrization[];
  readonly originals: readonly Variable[];

  /** @param value that originals are derived from */
  constructor(variable: Variable, value: Tensor, parametrizations: readonly Parametrization[]) {
    let values: readonly Tensor[] = [value];
    for (const parametrization of parametrizations.toReversed()) {
      const [only, ...others] = values;
      if (!only || others.length > 0) {
        throw new TypeError('registerParametrization: only the first parametrization may have several originals');
      }
      const inverse = parametrization.rightInverse(only);
      values = inverse instanceof Tensor ? [inverse] : inverse;
    }
    const { name, trainable } = variable;
    this.variable = variable;
    this.parametrizations = parametrizations;
    this.originals = values.map((original, i) => {
      return new Variable(original, { name: `${name}.original${values.length === 1 ? '' : i}`, trainable });
    });
  }

  /** The value of the variable. */
  compute(): Tensor {
    const values = this.originals.map(({ value }) => value);
    const [value = this.variable.value] = this.parametrizations.reduce(
      (inputs, next) => [next.forward(...inputs)],
      values,
    );
    return value;
  }

  /** Originals and parametrizations by PyTorch's names. */
  members(): object {
    const isOnly = this.originals.length === 1;
    const originals = this.originals.map((original, i) => [`original${isOnly ? '' : i}`, original] as const);
    return { ...Object.fromEntries(originals), ...Object.fromEntries(this.parametrizations.entries()) };
  }
}

/**
 * A module in which the values of some variables are computed from others. Paths are PyTorch's: `parametrizations.weight.original` (or
 * `original0`, `original1`, …) and `parametrizations.weight.0` for the first parametrization, in place of `weight`.
 */
export class Parametrized<M extends AnyModule = AnyModule> extends Module<
  Parameters<M['forward']>,
  ReturnType<M['forward']>
> {
  /** The module without parametrizations, whose variables keep the values that they had. */
  readonly module: M;
  /** The computed variables by name. */
  readonly parametrizations: ReadonlyMap<string, ParametrizedVariable>;

  /** Use {@link registerParametrization}. */
  constructor(module: M, parametrizations: ReadonlyMap<string, ParametrizedVariable>) {
    super();
    this.module = module;
    this.parametrizations = parametrizations;
    this.training = module.training;
  }

  override get training(): boolean {
    return super.training;
  }

  /** Sets the mode of the module, too. */
  override set training(isTraining: boolean) {
    super.training = isTraining;
    this.module.training = isTraining;
  }

  protected override members(): object {
    const own = [...this.module.ownVariables()].filter(([name]) => !this.parametrizations.has(name));
    const computed = Array.from(this.parametrizations, ([name, entry]) => [name, entry.members()] as const);
    const parametrizations = Object.fromEntries(computed);
    return { ...Object.fromEntries(own), ...Object.fromEntries(this.module.children()), parametrizations };
  }

  override forward(...inputs: Parameters<M['forward']>): ReturnType<M['forward']> {
    const entries = [...this.parametrizations];
    const variables = Object.fromEntries(entries.map(([name, { variable }]) => [name, variable]));
    const values = Object.fromEntries(entries.map(([name, entry]) => [name, entry.compute()]));
    return functionalCall(variables, values, () => this.module.forward(...inputs)) as ReturnType<M['forward']>;
  }
}

/**
 * Makes the value of a variable a function of other variables (PyTorch's `register_parametrization`). The module itself stays as it is:
 * use the result in its place. A second parametrization of the same variable is applied after the first, to originals that are derived
 * anew.
 * @param name of a variable of the module itself, such as `weight`
 * @throws {TypeError} if the parametrization is not one, or has several originals and is not the first.
 * @throws {RangeError} if the module has no such variable.
 * @example
 * class Positive extends Parametrization {
 *   override forward(x: Tensor): Tensor {
 *     return x.exp();
 *   }
 *   override rightInverse(value: Tensor): Tensor {
 *     return value.log();
 *   }
 * }
 * const layer = registerParametrization(new Linear(2, 2, { weightInit: init.ones }), 'weight', new Positive());
 */
export function registerParametrization<M extends AnyModule>(
  module: M | Parametrized<M>,
  name: string,
  parametrization: Parametrization,
): Parametrized<M> {
  if (!(module instanceof Module)) throw argumentError('registerParametrization', 'module', 'a module', module, false);
  if (!(parametrization instanceof Parametrization)) {
    throw argumentError('registerParametrization', 'parametrization', 'a Parametrization', parametrization, false);
  }
  const before = module instanceof Parametrized ? module.parametrizations : new Map<string, ParametrizedVariable>();
  const inner = module instanceof Parametrized ? module.module : module;
  const found = before.get(name);
  const variable = found?.variable ?? inner.ownVariables().get(name);
  if (!variable) {
    const names = [...inner.ownVariables().keys()].map((other) => `'${other}'`).join(', ');
    throw new RangeError(
      `registerParametrization: the module has no variable '${name}'; expected one of ${names || 'none'}`,
    );
  }
  parametrization.train(inner.training);
  const all = [...(found?.parametrizations ?? []), parametrization];
  const entry = new ParametrizedVariable(variable, found?.compute() ?? variable.value, all);
  return new Parametrized(inner, new Map([...before, [name, entry]]));
}

/**
 * Whether variables of a module are computed (PyTorch's `is_parametrized`).
 * @param name of one variable. Default: any.
 */
export function isParametrized(module: AnyModule, name?: string): boolean {
  return module instanceof Parametrized && (name === undefined || module.parametrizations.has(name));
}

/**
 * Assigns its computed value to a variable (PyTorch's `remove_parametrizations`); `evaluate` stores it.
 * @returns the module without the parametrizations of the variable
 * @throws {RangeError} if the variable has none.
 */
export function removeParametrizations<M extends AnyModule>(
  module: Parametrized<M>,
  name: string,
): M | Parametrized<M> {
  const entry = module.parametrizations.get(name);
  if (!entry) {
    const names = [...module.parametrizations.keys()].map((other) => `'${other}'`).join(', ');
    throw new RangeError(`removeParametrizations: '${name}' has no parametrizations; expected one of ${names}`);
  }
  entry.variable.assign(entry.compute());
  const rest = new Map([...module.parametrizations].filter(([other]) => other !== name));
  return rest.size === 0 ? module.module : new Parametrized(module.module, rest);
}
