import {
  tensor,
  type Tensor,
  Variable,
  type VariableHolder,
  type VariableTree,
  type VariableTreeOf,
  zeros,
} from '@thetagrad/core';
import {
  abandon,
  argumentError,
  atomically,
  checkBoolean,
  checkInteger,
  checkNonnegative,
  checkOptions,
  collectVariables,
  guard,
  onOutcome,
  preventReplay,
  renewedScalar,
  repeat,
  snapshot,
} from '@thetagrad/core/backend';
import { Count } from '../count.ts';
import { checkState, type Stateful } from '../state.ts';
import { matchGrads } from './grads.ts';
import type { Schedule } from './schedules/index.ts';

/** Multipliers of the learning rate and weight decay of some variables. */
export interface ParameterGroup {
  /** Whether a variable belongs to the group. A variable belongs to the first group that matches. */
  readonly match: (name: string, variable: Variable) => boolean;
  /** Default: 1. */
  readonly lrMultiplier?: number;
  /** Default: 1. */
  readonly weightDecayMultiplier?: number;
}

export interface OptimizerOptions {
  /** The learning rate: a number, or a function of the number of updates so far. */
  readonly lr: number | Schedule;
  /** Default: 0. */
  readonly weightDecay?: number;
  /** Default: none. */
  readonly groups?: readonly ParameterGroup[];
  /** Whether the updates ascend: gradients count with the opposite sign. Default: false. */
  readonly maximize?: boolean;
}

/** The names of {@link OptimizerOptions}. */
export const optimizerOptions = ['lr', 'weightDecay', 'groups', 'maximize'] as const;

/** A variable that an optimizer trains. */
export interface TrainedParameter {
  readonly name: string;
  readonly variable: Variable;
  /** The multiplier of its group. */
  readonly lrMultiplier: number;
  /** The weight decay times the multiplier of its group. */
  readonly weightDecay: number;
}

/**
 * Base of optimizers: the trained variables by name with their groups, the count of updates, and a state for each
 * variable. `update` only assigns; `evaluate(model, optimizer)` computes, in one plan with the gradients.
 */
export abstract class Optimizer<Tree = VariableTree> implements VariableHolder, Stateful {
  readonly #tree: VariableTree;
  readonly #parameters: readonly TrainedParameter[];
  /** The names of the trained variables. */
  readonly #nameOf: ReadonlyMap<Variable, string>;
  readonly #state: Record<string, Variable> = {};
  readonly #maximize: boolean;
  #lr: number | Schedule;
  #step = new Count();
  /** The learning rate and the number of updates at the last update, also when it is replayed. */
  #now: () => { readonly lr: number; readonly step: number } = () => ({ lr: this.currentLr, step: this.step });

  /**
   * @param tree the variables to train, of which those that are not trainable are skipped. {@link namedVariables} names
   *   them, as it names the gradients of `valueAndGrad` of the same tree.
   * @param stateKeys names of the values kept for each variable, such as `momentum`
   * @throws {RangeError} if no variable is trainable, an option is out of range, or a group matches no variable.
   */
  constructor(tree: Tree & VariableTreeOf<Tree>, options: OptimizerOptions, stateKeys: readonly string[]) {
    const operation = this.constructor.name;
    checkOptions(operation, options, optimizerOptions);
    const { lr, weightDecay = 0, groups = [], maximize = false } = options;
    if (typeof lr !== 'function') checkNonnegative(operation, 'lr', lr);
    checkNonnegative(operation, 'weightDecay', weightDecay);
    checkBoolean(operation, 'maximize', maximize);
    if (!Array.isArray(groups)) throw argumentError(operation, 'groups', 'an array', groups, false);
    for (const [i, group] of (groups as readonly ParameterGroup[]).entries()) {
      checkOptions(`${operation}: groups[${i}]`, group, ['match', 'lrMultiplier', 'weightDecayMultiplier']);
      if (typeof group.match !== 'function') {
        throw argumentError(`${operation}: groups[${i}]`, 'match', 'a function', group.match, false);
      }
      const { lrMultiplier = 1, weightDecayMultiplier = 1 } = group;
      checkNonnegative(operation, 'lrMultiplier', lrMultiplier);
      checkNonnegative(operation, 'weightDecayMultiplier', weightDecayMultiplier);
    }
    this.#lr = lr;
    this.#maximize = maximize;
    this.#tree = tree as VariableTree;
    const used = new Set<ParameterGroup>();
    this.#parameters = Object.entries(collectVariables(operation, tree)).flatMap(([name, variable]) => {
      if (!variable.trainable) return [];
      const group = groups.find(({ match }) => match(name, variable));
      if (group) used.add(group);
      return {
        name,
        variable,
        lrMultiplier: group?.lrMultiplier ?? 1,
        weightDecay: weightDecay * (group?.weightDecayMultiplier ?? 1),
      };
    });
    this.#nameOf = new Map(this.#parameters.map(({ name, variable }) => [variable, name]));
    if (this.#parameters.length === 0) throw new RangeError(`${operation}: there is no trainable variable`);
    const unused = groups.findIndex((group) => !used.has(group));
    if (unused >= 0) {
      const names = this.#parameters.map(({ name }) => name).join(', ');
      throw new RangeError(
        `${operation}: groups[${unused}] matches none of the variables ${names}` +
          (unused > 0 ? ' that no group before it matches' : ''),
      );
    }
    for (const key of stateKeys) {
      for (const { name, variable } of this.#parameters) {
        const path = `${key}.${name}`;
        const initial = zeros(variable.shape, { dtype: variable.dtype });
        this.#state[path] = new Variable(initial, { name: path, trainable: false });
      }
    }
  }

  /** The learning rate or its schedule; may be set at any time. */
  get lr(): number | Schedule {
    return guard(() => this.#lr);
  }

  set lr(lr: number | Schedule) {
    preventReplay();
    this.#lr = lr;
  }

  /** The number of updates so far, without those that could not be evaluated. */
  get step(): number {
    preventReplay();
    // Finds out whether the last update has been discarded.
    void this.#parameters[0]!.variable.pending;
    return this.#step.value;
  }

  /**
   * The learning rate of the next update, before the groups' multipliers.
   * @throws {RangeError} if the schedule returns a number that is not finite and ≥ 0.
   */
  get currentLr(): number {
    const { lr } = this;
    if (typeof lr === 'number') return lr;
    const rate = lr(this.step);
    checkNonnegative(this.constructor.name, `lr(${this.step})`, rate);
    return rate;
  }

  /**
   * Assigns new values to the trained variables and to the optimizer's state.
   * @param grads the gradients of `valueAndGrad` with respect to the same variables, or others by the names of these
   * @param adjust changes the new value of a variable before it is assigned, such as by a projection. Default: no change.
   * @throws {RangeError} if a gradient is missing, unknown or of another shape, also because a variable of the tree was
   *   replaced after the optimizer was made. Nothing is changed then.
   * @throws {RangeError} if the learning rate is invalid. What the forward pass of the gradients assigned is undone then.
   */
  update(
    grads: Readonly<Record<string, Tensor>>,
    adjust: (value: Tensor, name: string) => Tensor = (value) => value,
  ): void {
    const gradOf = matchGrads(`${this.constructor.name}.update`, grads, this.#tree, this.#nameOf);
    try {
      atomically(() => {
        this.#now = repeat(() => ({ lr: this.currentLr, step: this.step }));
        for (const parameter of this.#parameters) {
          const { name, variable } = parameter;
          const grad = gradOf.get(variable)!.astype(variable.dtype);
          variable.assign(adjust(this.apply(parameter, this.#maximize ? grad.neg() : grad), name));
        }
        onOutcome(
          this.#parameters[0]!.variable.value,
          repeat(() => this.#step.increment()),
        );
      });
    } catch (error) {
      abandon(Object.values(grads));
      throw error;
    }
  }

  /** Computes the new value of a variable and assigns its state. `step` does not count this update yet. */
  protected abstract apply(parameter: TrainedParameter, grad: Tensor): Tensor;

  /**
   * A number that may differ from update to update, as a scalar of the variable's dtype. `compute` is called again when a
   * compiled function replays the update.
   * @param compute a function of the learning rate of this variable, and of the number of updates before this one
   */
  protected scalar(
    { variable, lrMultiplier }: TrainedParameter,
    compute: (lr: number, step: number) => number,
  ): Tensor {
    const now = this.#now;
    return renewedScalar(() => {
      const { lr, step } = now();
      return compute(lr * lrMultiplier, step);
    }, variable.dtype);
  }

  /** The gradient of the loss and of weight decay as a penalty, ½ · weightDecay · p². */
  protected addWeightDecay({ variable, weightDecay }: TrainedParameter, grad: Tensor): Tensor {
    return weightDecay === 0 ? grad : grad.add(variable.value.mul(weightDecay));
  }

  /** The value kept for the variable `name` under one of the constructor's `stateKeys`. */
  protected state(key: string, name: string): Variable {
    return this.#state[`${key}.${name}`]!;
  }

  /** The trained variables by name. */
  parameters(): Record<string, Variable> {
    return Object.fromEntries(this.#parameters.map(({ name, variable }) => [name, variable]));
  }

  /** The values kept for the trained variables, by name, for `evaluate`. */
  variables(): Record<string, Variable> {
    return { ...this.#state };
  }

  /** A snapshot of the values of {@link variables}, and the number of updates as int32 scalar `step`. */
  stateDict(): Record<string, Tensor> {
    return {
      step: tensor(this.step, { dtype: 'int32' }),
      ...snapshot(`${this.constructor.name}.stateDict`, this.#state),
    };
  }

  /**
   * Restores such a state; `evaluate(optimizer)` then stores it.
   * @throws {RangeError} if it does not fit. Nothing is changed then.
   */
  loadStateDict(state: Readonly<Record<string, Tensor>>): void {
    const operation = `${this.constructor.name}.loadStateDict`;
    preventReplay();
    checkState(operation, { step: { dtype: 'int32', shape: [] }, ...this.#state }, state);
    const step = state['step']!.itemSync();
    checkInteger(operation, 'step', step, { min: 0 });
    for (const [name, variable] of Object.entries(this.#state)) variable.assign(state[name]!);
    this.#step = new Count(step);
  }
}
