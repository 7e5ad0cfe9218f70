/** What is kept of many measurements of one thing. */
export interface Spread {
  readonly median: number;
  /** The 10th and the 90th percentile. */
  readonly p10: number;
  readonly p90: number;
  /** The least. */
  readonly best: number;
}

/** @throws {RangeError} if there are none. */
export function spread(samples: readonly number[]): Spread {
  if (samples.length === 0) throw new RangeError('spread: there are no samples');
  const sorted = samples.toSorted((a, b) => a - b);
  const quantile = (share: number): number => {
    const place = share * (sorted.length - 1);
    const [below, above] = [sorted[Math.floor(place)]!, sorted[Math.ceil(place)]!];
    return below + (above - below) * (place - Math.floor(place));
  };
  return { median: quantile(0.5), p10: quantile(0.1), p90: quantile(0.9), best: sorted[0]! };
}
