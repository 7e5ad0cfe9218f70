// Messages between the script and the page, as plain objects.
import type { Effort, Timing } from '../interleave.ts';

/** GPU and backend of the page. */
export interface Machine {
  /** Vendor of the adapter, as far as the browser tells, like the next three. */
  readonly vendor: string;
  readonly architecture: string;
  readonly device: string;
  readonly description: string;
  /** Whether the browser calls the adapter a fallback. */
  readonly isFallback: boolean;
  /** Whether it computes in software. */
  readonly isSoftware: boolean;
  /** Description of the backend of ours. */
  readonly backend: string;
  /** Median milliseconds of an empty submission. */
  readonly emptySubmission: number;
}

/** A case to measure. */
export interface Request {
  /** Name of the case. */
  readonly name: string;
  /** Part of the names of the peers to run. */
  readonly peer: string;
  readonly effort: Effort;
}

/** Result of a case. */
export interface Outcome {
  readonly timings: readonly Timing[];
  /** Peers left out on purpose, and why. */
  readonly notes: readonly string[];
  /** Messages of errors. */
  readonly errors: readonly string[];
}

/** Functions of the page, as the global `bench`. */
export interface Bench {
  start(): Promise<Machine>;
  measure(request: Request): Promise<Outcome>;
}

export const efforts = {
  usual: { rounds: 5, roundSeconds: 0.25 },
  quick: { rounds: 1, roundSeconds: 0.05 },
} as const;
