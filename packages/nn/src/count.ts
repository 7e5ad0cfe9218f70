import { recordUndo, type OutcomeListener } from '@thetagrad/core/backend';

/** Counts what steps use up, such as random keys and updates. A step that fails is not counted. */
export class Count {
  #value: number;
  /** Events that failed while a later one was still in use. */
  readonly #failed = new Set<number>();

  constructor(value = 0) {
    this.#value = value;
  }

  get value(): number {
    return this.#value;
  }

  /** Counts an event. The listener must learn how the evaluation of what came of it ends. */
  increment(): OutcomeListener {
    const event = this.#value++;
    const onOutcome = (succeeded: boolean): void => (succeeded ? this.#confirm(event) : this.#revoke(event));
    recordUndo(() => onOutcome(false));
    return onOutcome;
  }

  #confirm(event: number): void {
    this.#failed.delete(event);
    this.#value = Math.max(this.#value, event + 1);
  }

  #revoke(event: number): void {
    if (event < this.#value) this.#failed.add(event);
    while (this.#failed.delete(this.#value - 1)) this.#value--;
  }
}
