// The steps of a loop.
import type { Tensor } from '@thetagrad/core';

/** The number of steps and their order. */
export type Steps = {
  readonly count: number;
  /** Whether the last row comes first. */
  readonly reverse: boolean;
  /** Whether the first carry, of one element, ends the loop when it is 0, and if so whether `count` bounds the steps. */
  readonly condition: Condition;
  /** For each result of a loop with a condition, the carry that it equals in the steps left out. */
  readonly resultCarries: readonly number[];
};

/** The attributes of the routine of a loop. */
export type LoopAttributes = Steps & {
  /** The signature of the plan of a step. */
  readonly signature: readonly number[];
  /** For each input of the plan, the number of the routine's input. */
  readonly inputs: readonly number[];
  readonly carries: number;
  readonly rows: number;
};

export type Condition = 'none' | 'bounded' | 'unbounded';

/** Computes the next carries, followed by the results, of one step. All have one floating-point dtype. */
export type RunStep = (carries: readonly Tensor[], rows: readonly Tensor[]) => readonly Tensor[];

export interface StepOptions {
  /** What messages call the loop. */
  readonly operation: string;
  /** Whether what depends on neither carries nor rows is computed once, before the loop. Default: true. */
  readonly hoists?: boolean;
  /** Whether the results begin with the next carries already. Default: false. */
  readonly keepsCarries?: boolean;
  /** The id of the first tensor that belongs to the step. Default: that of the next tensor. */
  readonly start?: number;
}
