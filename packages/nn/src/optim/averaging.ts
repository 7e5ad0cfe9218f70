// Averages of weights over training.
import {
  isFloatingPoint,
  tensor,
  Variable,
  where,
  zeros,
  type Tensor,
  type VariableHolder,
  type VariableTree,
  type VariableTreeOf,
} from '@thetagrad/core';
import {
  argumentError,
  atomically,
  checkBoolean,
  checkFraction,
  checkInteger,
  checkOptions,
  collectVariables,
  onOutcome,
  preventReplay,
  renewedScalar,
  repeat,
  snapshot,
} from '@thetagrad/core/backend';
import { Count } from '../count.ts';
import { checkState, type Stateful } from '../state.ts';

/**
 * The new average of a variable.
 * @param averaged the average so far
 * @param current the value of the variable
 * @param numAveraged how many values have been averaged so far, a scalar of the same dtype
 */
export type AvgFn = (averaged: Tensor, current: Tensor, numAveraged: Tensor) => Tensor;

export interface AveragedModelOptions {
  /** Default: the mean, in which all values have equal weights (stochastic weight averaging). */
  readonly avgFn?: AvgFn;
  /** Whether variables that are not trained, such as running statistics, are averaged as well. Default: false. */
  readonly useBuffers?: boolean;
}

/**
 * The exponential moving average: averaged ← decay · averaged + (1 − decay) · current.
 * @param decay Default: 0.999.
 * @throws {RangeError} if the decay is not between 0 and 1.
 */
export function getEmaAvgFn(decay = 0.999): AvgFn {
  checkFraction('getEmaAvgFn', 'decay', decay);
  return (averaged, current) => averaged.mul(decay).add(current.mul(1 - decay));
}

/** The mean of all values so far, for stochastic weight averaging. (Izmailov et al., UAI 2018.) */
export function getSwaAvgFn(): AvgFn {
  return (averaged, current, numAveraged) => averaged.add(current.sub(averaged).div(numAveraged.add(1)));
}

/**
 * Averages of the variables of a model, as of each call of {@link updateParameters}. The model itself stays as it is: func's
 * `functionalCall(model, averaged.averages(), f)` computes with the averages, and `model.loadStateDict(averaged.averages(), { strict:
 * false })` takes them over.
 */
export class AveragedModel<Tree = VariableTree> implements VariableHolder, Stateful {
  readonly #averages: readonly { readonly name: string; readonly variable: Variable; readonly average: Variable }[];
  readonly #avgFn: AvgFn;
  #count = new Count();

  /**
   * @param tree the variables to average: a model, or arrays and objects of models
   * @throws {TypeError} if `avgFn` is not a function.
   * @throws {RangeError} if there is nothing to average.
   */
  constructor(tree: Tree & VariableTreeOf<Tree>, options: AveragedModelOptions = {}) {
    checkOptions('AveragedModel', options, ['avgFn', 'useBuffers']);
    const { avgFn = getSwaAvgFn(), useBuffers = false } = options;
    if (typeof avgFn !== 'function') throw argumentError('AveragedModel', 'avgFn', 'a function', avgFn, false);
    checkBoolean('AveragedModel', 'useBuffers', useBuffers);
    this.#avgFn = avgFn;
    this.#averages = Object.entries(collectVariables('AveragedModel', tree)).flatMap(([name, variable]) => {
      if (!variable.trainable && !useBuffers) return [];
      const { shape, dtype } = variable;
      return {
        name,
        variable,
        average: new Variable(zeros(shape, { dtype }), { name: `module.${name}`, trainable: false }),
      };
    });
    if (this.#averages.length === 0) throw new RangeError('AveragedModel: there is no variable to average');
  }

  /** The number of updates so far, without those that could not be evaluated. */
  get nAveraged(): number {
    preventReplay();
    // Finds out whether the last update has been discarded.
    void this.#averages[0]!.average.pending;
    return this.#count.value;
  }

  /**
   * Assigns the averages that include the present values, those of `optimizer.update` if it was called before; the first time these
   * values themselves. `evaluate(model, optimizer, averaged)` stores them, in one plan with the step.
   */
  updateParameters(): void {
    atomically(() => {
      const count = repeat(() => this.nAveraged);
      for (const { variable, average } of this.#averages) {
        const current = variable.value;
        if (isFloatingPoint(variable.dtype)) {
          const numAveraged = renewedScalar(count, variable.dtype);
          average.assign(where(numAveraged.equal(0), current, this.#avgFn(average.value, current, numAveraged)));
        } else average.assign(current);
      }
      onOutcome(
        this.#averages[0]!.average.value,
        repeat(() => this.#count.increment()),
      );
    });
  }

  /** The averages by the names that the variables have in the tree. */
  averages(): Record<string, Tensor> {
    return Object.fromEntries(this.#averages.map(({ name, average }) => [name, average.value]));
  }

  /** The averages as variables, for `evaluate`, under names with the prefix `module.`, as in PyTorch's state dict. */
  variables(): Record<string, Variable> {
    return Object.fromEntries(this.#averages.map(({ name, average }) => [`module.${name}`, average]));
  }

  /** A snapshot of the values of {@link variables}, and the number of updates as int32 scalar `nAveraged`. */
  stateDict(): Record<string, Tensor> {
    return {
      nAveraged: tensor(this.nAveraged, { dtype: 'int32' }),
      ...snapshot('AveragedModel.stateDict', this.variables()),
    };
  }

  /**
   * Restores such a state; `evaluate(averaged)` then stores it.
   * @throws {RangeError} if it does not fit. Nothing is changed then.
   */
  loadStateDict(state: Readonly<Record<string, Tensor>>): void {
    const operation = 'AveragedModel.loadStateDict';
    preventReplay();
    const variables = this.variables();
    checkState(operation, { nAveraged: { dtype: 'int32', shape: [] }, ...variables }, state);
    const count = state['nAveraged']!.itemSync();
    checkInteger(operation, 'nAveraged', count, { min: 0 });
    for (const [name, variable] of Object.entries(variables)) variable.assign(state[name]!);
    this.#count = new Count(count);
  }
}
