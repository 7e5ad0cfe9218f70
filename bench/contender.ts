/** A result in plain numbers, in rows. */
export interface Values {
  readonly shape: readonly number[];
  readonly values: ArrayLike<number>;
}

/** Who takes part in the measurement of a case, ready to compute it. */
export interface Contender {
  /** Computes once, and reads what was computed. */
  results(): Promise<readonly Values[]>;
  /** Seconds a call, several times, measured for about as many seconds as are given. */
  sample(seconds: number): Promise<readonly number[]>;
  /** Frees what it holds. */
  close(): Promise<void>;
}

/** Seconds a call of `f`, several times, measured for about as many seconds as are given. */
export type Sampler = (f: () => Promise<unknown>, seconds: number) => Promise<readonly number[]>;
