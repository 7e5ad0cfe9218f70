import { Variable, zeros, type Tensor, type VariableHolder } from '@thetagrad/core';
import {
  argumentError,
  checkFraction,
  checkInteger,
  checkOptions,
  renewedScalar,
  repeat,
  snapshot,
} from '@thetagrad/core/backend';
import { checkState, type Stateful } from '../state.ts';
import { Optimizer } from './optimizer.ts';
import type { Schedule } from './schedules/index.ts';

export interface LookaheadOptions {
  /** The number of updates of the fast weights for each of the slow ones. Default: 5. */
  readonly k?: number;
  /** The step of the slow weights toward the fast ones. Default: 0.5. */
  readonly alpha?: number;
}

/** Prefix of the names of slow weights. */
const slowKey = 'slow';

/**
 * Lookahead around another optimizer: after each k of its updates, the slow weights move by α toward the trained variables, and these
 * take their values. The slow weights begin as the variables are before the first update. (Zhang et al., NeurIPS 2019, algorithm 1.)
 */
export class Lookahead implements VariableHolder, Stateful {
  /** The optimizer of the fast weights. */
  readonly optimizer: Optimizer;
  readonly k: number;
  readonly alpha: number;
  readonly #slow: ReadonlyMap<string, Variable>;

  /**
   * @throws {TypeError} if there is no optimizer.
   * @throws {RangeError} if k is not an integer ≥ 1, or α is not between 0 and 1.
   */
  constructor(optimizer: Optimizer, options: LookaheadOptions = {}) {
    if (!(optimizer instanceof Optimizer)) {
      throw argumentError('Lookahead', 'the optimizer', 'an optimizer such as new SGD(…)', optimizer, false);
    }
    checkOptions('Lookahead', options, ['k', 'alpha']);
    const { k = 5, alpha = 0.5 } = options;
    checkInteger('Lookahead', 'k', k, { min: 1 });
    checkFraction('Lookahead', 'alpha', alpha);
    this.optimizer = optimizer;
    this.k = k;
    this.alpha = alpha;
    this.#slow = new Map(
      Object.entries(optimizer.parameters()).map(([name, { shape, dtype }]) => [
        name,
        new Variable(zeros(shape, { dtype }), { name: `${slowKey}.${name}`, trainable: false }),
      ]),
    );
  }

  /** The learning rate of the optimizer, or its schedule. */
  get lr(): number | Schedule {
    return this.optimizer.lr;
  }

  set lr(lr: number | Schedule) {
    this.optimizer.lr = lr;
  }

  /** The number of updates so far. */
  get step(): number {
    return this.optimizer.step;
  }

  /** The learning rate of the next update, as {@link Optimizer.currentLr}. */
  get currentLr(): number {
    return this.optimizer.currentLr;
  }

  /**
   * Updates as the optimizer does, and each k-th time the slow weights.
   * @throws {RangeError} as {@link Optimizer.update}.
   */
  update(grads: Readonly<Record<string, Tensor>>): void {
    const { optimizer, k, alpha } = this;
    const step = repeat(() => optimizer.step);
    const [isFirst, isDue] = [(n: number) => n === 0, (n: number) => (n + 1) % k === 0].map((isNow) =>
      renewedScalar(() => Number(isNow(step())), 'bool'),
    ) as [Tensor, Tensor];
    const variables = optimizer.parameters();
    optimizer.update(grads, (fast, name) => {
      const slow = this.#slow.get(name)!;
      const old = isFirst.where(variables[name]!.value, slow.value);
      const moved = old.add(fast.sub(old).mul(alpha));
      slow.assign(isDue.where(moved, old));
      return isDue.where(moved, fast);
    });
  }

  /** The trained variables by name. */
  parameters(): Record<string, Variable> {
    return this.optimizer.parameters();
  }

  /** The slow weights and what the optimizer keeps, by name, for `evaluate`. */
  variables(): Record<string, Variable> {
    return { ...this.optimizer.variables(), ...this.#slowVariables() };
  }

  /** A snapshot of the values of {@link variables}, and the number of updates as int32 scalar `step`. */
  stateDict(): Record<string, Tensor> {
    return { ...this.optimizer.stateDict(), ...snapshot('Lookahead.stateDict', this.#slowVariables()) };
  }

  /**
   * Restores such a state; `evaluate(optimizer)` then stores it.
   * @throws {RangeError} if it does not fit. Nothing is changed then.
   */
  loadStateDict(state: Readonly<Record<string, Tensor>>): void {
    const own = this.#slowVariables();
    checkState('Lookahead.loadStateDict', { ...this.optimizer.stateDict(), ...own }, state);
    const isOwn = (name: string): boolean => Object.hasOwn(own, name);
    this.optimizer.loadStateDict(Object.fromEntries(Object.entries(state).filter(([name]) => !isOwn(name))));
    for (const [name, variable] of Object.entries(own)) variable.assign(state[name]!);
  }

  #slowVariables(): Record<string, Variable> {
    return Object.fromEntries([...this.#slow].map(([name, variable]) => [`${slowKey}.${name}`, variable]));
  }
}
