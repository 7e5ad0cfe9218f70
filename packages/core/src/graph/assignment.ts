import type { Tensor } from './tensor.ts';
import { unevaluatedOrder } from './order.ts';
import { abandonedCount, dependsOnAbandoned, isInStep } from './transaction.ts';

/** A warning is printed after assignments in this many evaluations without a store, and considered again after as many more. */
const maxUnstored = 100;
let hasWarned = false;
let evaluations = 0;

/** Counts an evaluation. */
export function countEvaluation(): void {
  evaluations++;
}

/** A value that was assigned to a variable and is not stored yet. */
export class Assignment {
  readonly value: Tensor;
  /** Whether it is part of a step: made inside of a transformation or of an optimizer's update. */
  readonly isOfStep: boolean = isInStep();
  /** The value that takes effect if this one is discarded: what was assigned before it, or before its step. */
  readonly fallback: Tensor | undefined;
  /** The number of evaluations between assignments since a value was stored. */
  readonly count: number;
  readonly evaluations: number = evaluations;
  /** The value of the first assignment since the last time that a warning was considered. */
  readonly first: Tensor;
  readonly #abandonedSteps = abandonedCount();

  constructor(variable: string, value: Tensor, previous: Assignment | undefined) {
    this.value = value;
    this.fallback = previous?.isOfStep ? previous.fallback : previous?.value;
    // A value that is known ends the growth of the graph.
    const chain = value.buffer ? undefined : previous;
    const isNew = chain !== undefined && chain.evaluations !== evaluations;
    this.count = (chain?.count ?? 0) + Number(isNew);
    this.first = chain && !(isNew && this.count % maxUnstored === 1) ? chain.first : value;
    if (isNew && this.count % maxUnstored === 0) this.#warn(variable);
  }

  /** Whether the step that it depends on was abandoned after the assignment. */
  get isAbandoned(): boolean {
    return abandonedCount() !== this.#abandonedSteps && dependsOnAbandoned(this.value, this.#abandonedSteps);
  }

  /** Warns once of a loop that forgets to evaluate a variable, whose graph grows with each assignment. */
  #warn(variable: string): void {
    if (hasWarned || !unevaluatedOrder([this.value]).includes(this.first)) return;
    hasWarned = true;
    console.warn(
      `thetagrad: variable '${variable}' has been assigned for ${this.count} evaluations without being evaluated itself, so ` +
        `that the graph behind it keeps growing; pass what owns it (a module, a head, an optimizer) to evaluate(…) in each step`,
    );
  }
}
