/** A result as numbers in row-major order. */
export interface Values {
  readonly shape: readonly number[];
  readonly values: ArrayLike<number>;
}

/** A library with a prepared case. */
export interface Contender {
  /** Computes once and reads the results. */
  results(): Promise<readonly Values[]>;
  /** Samples the seconds per call for about the given time. */
  sample(seconds: number): Promise<readonly number[]>;
  /** Frees its resources. */
  close(): Promise<void>;
}

/** Samples the seconds per call of `f` for about the given time. */
export type Sampler = (f: () => Promise<unknown>, seconds: number) => Promise<readonly number[]>;
