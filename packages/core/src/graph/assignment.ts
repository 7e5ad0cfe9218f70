import { unevaluatedOrder } from './order.ts';
import type { Tensor } from './tensor.ts';
import { dependsOnFailure, failureCount, reportDiscarded } from './transaction.ts';

/** The number of assignments without a store after which a warning is printed, and after which it is considered again. */
const maxUnstored = 100;
let hasWarned = false;

/** A value that was assigned to a variable and is not stored yet. */
export class Assignment {
  readonly value: Tensor;
  /** What takes effect if an evaluation fails to compute the value: one assigned before that was already computed. */
  readonly fallback: Tensor | undefined;
  /** The number of assignments since a value was stored or already computed, and the first of the current hundred. */
  readonly count: number;
  readonly first: Tensor | undefined;
  #failures = failureCount();
  #isDiscarded = false;

  constructor(variable: string, value: Tensor, previous: Assignment | undefined) {
    const isComputed = value.buffer !== undefined;
    this.value = value;
    this.fallback = isComputed ? value : previous?.fallback;
    this.count = isComputed ? 0 : 1 + (previous?.count ?? 0);
    this.first = this.count % maxUnstored === 1 ? value : previous?.first;
    if (this.count > 0 && this.count % maxUnstored === 0) this.#warn(variable);
  }

  /** Whether an evaluation failed to compute the value, or what it is computed from, after it was assigned. */
  get isDiscarded(): boolean {
    const failures = failureCount();
    if (this.#failures !== failures && !this.#isDiscarded) {
      this.#isDiscarded = dependsOnFailure(this.value, this.#failures);
      if (this.#isDiscarded) reportDiscarded(this.value);
      else this.#failures = failures;
    }
    return this.#isDiscarded;
  }

  /** Warns once of a loop that forgets to evaluate a variable, whose graph grows with each assignment. */
  #warn(variable: string): void {
    if (hasWarned || !this.first || !unevaluatedOrder([this.value]).includes(this.first)) return;
    hasWarned = true;
    console.warn(
      `thetagrad: variable '${variable}' has been assigned ${this.count} times without being evaluated, so that the graph ` +
        `behind it keeps growing; pass what owns it (a module, a head, an optimizer) to evaluate(…) in each step`,
    );
  }
}
