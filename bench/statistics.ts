/** Summary of samples. */
export interface Summary {
  readonly median: number;
  /** 10th and 90th percentile. */
  readonly p10: number;
  readonly p90: number;
  readonly min: number;
}

/** @throws {RangeError} if there are no samples. */
export function summarize(samples: readonly number[]): Summary {
  if (samples.length === 0) throw new RangeError('summarize: expected at least one sample, got none');
  const sorted = samples.toSorted((a, b) => a - b);
  const quantile = (q: number): number => {
    const position = q * (sorted.length - 1);
    const [below, above] = [sorted[Math.floor(position)]!, sorted[Math.ceil(position)]!];
    return below + (above - below) * (position - Math.floor(position));
  };
  return { median: quantile(0.5), p10: quantile(0.1), p90: quantile(0.9), min: sorted[0]! };
}
