// What is said between the script and the page, as plain objects.
import type { Effort, Timing } from '../turns.ts';

/** What computes in the page. */
export interface Machine {
  /** Of the adapter, as far as the browser tells it. */
  readonly vendor: string;
  readonly architecture: string;
  readonly device: string;
  readonly description: string;
  /** Whether the browser calls it a fallback. */
  readonly isFallback: boolean;
  /** Whether it computes in software. */
  readonly isSoftware: boolean;
  /** What ours says that it runs on. */
  readonly backend: string;
  /** Milliseconds from an empty submission until its end is known, the median. */
  readonly emptySubmission: number;
}

export interface Request {
  /** Of the case. */
  readonly name: string;
  /** Part of the names of peers. */
  readonly peer: string;
  readonly effort: Effort;
}

export interface Outcome {
  readonly timings: readonly Timing[];
  /** What was left out on purpose, and why. */
  readonly notes: readonly string[];
  /** What went wrong. */
  readonly errors: readonly string[];
}

/** What the page offers to the script, as the global `bench`. */
export interface Bench {
  start(): Promise<Machine>;
  measure(request: Request): Promise<Outcome>;
}

export const efforts = { usual: { rounds: 5, turn: 0.25 }, quick: { rounds: 1, turn: 0.05 } } as const;
