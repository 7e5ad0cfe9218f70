/** What the command line passes to an example. */
export interface Options {
  /** The number of training steps. Default: one for each example, which takes less than three minutes on two cores. */
  readonly steps?: number | undefined;
  /** A folder with data, for the examples that read one. */
  readonly data?: string | undefined;
}
