import {
  namedVariables,
  tensor,
  type Tensor,
  Variable,
  type VariableHolder,
  type VariableTree,
  zeros,
} from '@thetagrad/core';
import { checkState, describe, type Stateful } from '../state.ts';
import type { Schedule } from './schedules.ts';

/** Some of the variables, trained at their own pace. */
export interface ParameterGroup {
  /** Which variables are in the group, by name and properties; the first group that matches counts. */
  readonly match: (name: string, variable: Variable) => boolean;
  /** Multiplies the learning rate; 1 unless said otherwise. */
  readonly learningRateMultiplier?: number;
  /** Multiplies the weight decay; 1 unless said otherwise. */
  readonly weightDecayMultiplier?: number;
}

export interface OptimizerOptions {
  /** A number, or a function from the number of updates done to the rate of the next. */
  readonly learningRate: number | Schedule;
  /** 0 unless said otherwise. */
  readonly weightDecay?: number;
  readonly groups?: readonly ParameterGroup[];
}

/** A variable under training. */
export interface Trained {
  readonly name: string;
  readonly variable: Variable;
  readonly rateMultiplier: number;
  /** The weight decay with the group's multiplier. */
  readonly weightDecay: number;
}

/**
 * What optimisers share: the trained variables by name with their groups, the count of updates, and state that follows
 * the variables. `update` only assigns; `evaluate(model, optimizer)` computes, in one plan with the gradients.
 */
export abstract class Optimizer implements VariableHolder, Stateful {
  /** The rate, or the schedule it follows; may be set at any time. */
  learningRate: number | Schedule;
  readonly #trained: readonly Trained[];
  readonly #slots: Record<string, Variable> = {};
  #step = 0;

  /**
   * @param tree the variables to train: those that are trainable, named as {@link namedVariables} names them, which is
   *   how `valueAndGrad` of the same tree names their gradients.
   * @param slots the names of the values kept for each variable, such as moments.
   * @throws {RangeError} if there is nothing to train, an option is out of range, or a group matches no variable.
   */
  constructor(tree: VariableTree, options: OptimizerOptions, slots: readonly string[]) {
    const { learningRate, weightDecay = 0, groups = [] } = options;
    const operation = this.constructor.name;
    if (typeof learningRate !== 'function') checkAtLeast0(operation, 'learningRate', learningRate);
    checkAtLeast0(operation, 'weightDecay', weightDecay);
    for (const { learningRateMultiplier = 1, weightDecayMultiplier = 1 } of groups) {
      checkAtLeast0(operation, 'learningRateMultiplier', learningRateMultiplier);
      checkAtLeast0(operation, 'weightDecayMultiplier', weightDecayMultiplier);
    }
    this.learningRate = learningRate;
    const used = new Set<ParameterGroup>();
    this.#trained = Object.entries(namedVariables(tree)).flatMap(([name, variable]) => {
      if (!variable.trainable) return [];
      const group = groups.find(({ match }) => match(name, variable));
      if (group) used.add(group);
      return {
        name,
        variable,
        rateMultiplier: group?.learningRateMultiplier ?? 1,
        weightDecay: weightDecay * (group?.weightDecayMultiplier ?? 1),
      };
    });
    if (this.#trained.length === 0) throw new RangeError(`${operation}: there is no trainable variable`);
    const unused = groups.findIndex((group) => !used.has(group));
    if (unused >= 0) {
      throw new RangeError(
        `${operation}: groups[${unused}] matches none of the variables ${this.#trained.map(({ name }) => name).join(', ')}` +
          (unused > 0 ? ' that no group before it matches' : ''),
      );
    }
    for (const slot of slots) {
      for (const { name, variable } of this.#trained) {
        const path = `${slot}.${name}`;
        const initial = zeros(variable.shape, { dtype: variable.dtype });
        this.#slots[path] = new Variable(initial, { name: path, trainable: false });
      }
    }
  }

  /** How many updates were done. */
  get step(): number {
    return this.#step;
  }

  /** The learning rate of the next update, before the groups' multipliers. */
  get currentLearningRate(): number {
    const { learningRate } = this;
    if (typeof learningRate === 'number') return learningRate;
    const rate = learningRate(this.#step);
    checkAtLeast0(this.constructor.name, `learningRate(${this.#step})`, rate);
    return rate;
  }

  /**
   * Assigns new values to the trained variables and to the optimiser's own, from the gradients that `valueAndGrad` of
   * the same variables gave.
   * @throws {RangeError} if a gradient is missing, unknown or of another shape; nothing is changed then.
   */
  update(grads: Readonly<Record<string, Tensor>>): void {
    const operation = `${this.constructor.name}.update`;
    const expected = Object.fromEntries(this.#trained.map(({ name, variable }) => [name, variable]));
    const missing = Object.keys(expected).filter((name) => !Object.hasOwn(grads, name));
    const unknown = Object.keys(grads).filter((name) => !Object.hasOwn(expected, name));
    if (missing.length > 0 || unknown.length > 0) {
      const problems = [
        ...(missing.length > 0 ? [`no gradient for ${missing.join(', ')}`] : []),
        ...(unknown.length > 0 ? [`no variable for the gradients of ${unknown.join(', ')}`] : []),
      ];
      throw new RangeError(
        `${operation}: ${problems.join('; ')}; differentiate with respect to the variables that the optimiser was made with`,
      );
    }
    for (const { name, variable } of this.#trained) {
      if (grads[name]!.shape.join() !== variable.shape.join()) {
        throw new RangeError(
          `${operation}: the gradient of ${name} is ${describe(grads[name]!)}, the variable ${describe(variable)}`,
        );
      }
    }
    const rate = this.currentLearningRate;
    for (const trained of this.#trained) {
      const { name, variable, rateMultiplier } = trained;
      variable.assign(this.apply(trained, grads[name]!.astype(variable.dtype), rate * rateMultiplier));
    }
    this.#step++;
  }

  /** The new value of a variable, from its gradient and rate; assigns the slots. `step` counts the updates before. */
  protected abstract apply(trained: Trained, grad: Tensor, rate: number): Tensor;

  /** What is kept for a variable under a name that the constructor was given. */
  protected slot(slot: string, name: string): Variable {
    return this.#slots[`${slot}.${name}`]!;
  }

  /** The values kept for the trained variables, by name: for `evaluate`. */
  variables(): Record<string, Variable> {
    return { ...this.#slots };
  }

  /** The count of updates (an int32 scalar `step`) and the values of {@link variables}. */
  stateDict(): Record<string, Tensor> {
    const slots = Object.entries(this.#slots).map(([name, variable]): [string, Tensor] => [name, variable.value]);
    return { step: tensor(this.#step, { dtype: 'int32' }), ...Object.fromEntries(slots) };
  }

  /**
   * Takes over such a state; `evaluate(optimizer)` then stores it.
   * @throws {RangeError} if it does not fit; nothing is changed then.
   */
  loadStateDict(state: Readonly<Record<string, Tensor>>): void {
    const operation = `${this.constructor.name}.loadStateDict`;
    checkState(operation, this.stateDict(), state);
    const step = state['step']!.itemSync();
    checkAtLeast0(operation, 'step', step);
    for (const [name, variable] of Object.entries(this.#slots)) variable.assign(state[name]!);
    this.#step = step;
  }
}

/** @throws {RangeError} unless the value is a finite number ≥ 0. */
export function checkAtLeast0(operation: string, name: string, value: number): void {
  if (!(Number.isFinite(value) && value >= 0)) {
    throw new RangeError(`${operation}: ${name} must be a finite number ≥ 0, got ${value}`);
  }
}
