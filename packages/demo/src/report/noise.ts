/** Noise of scores, and of their differences: which differences mean something. */

import type { MethodResult, Scores } from './contents.ts';

/** Reads a score, or `undefined` where there is none. */
export type ReadScore = (scores: Scores) => number | undefined;

/** Half-width of the two-sided 95% interval of Student's t, in standard errors, for 1, 2, … degrees of freedom. */
const studentT = [12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262];

/** Estimate with its standard error. */
export interface Estimate {
  readonly value: number;
  readonly standardError: number;
  /** Half-width of the 95% interval. */
  readonly margin: number;
}

/** Scores of all seeds, that of the pictures first. */
export function scoresBySeed({ verification, repeats }: MethodResult): Scores[] {
  return [verification, ...repeats.map(({ scores }) => scores)];
}

/** Mean over the seeds, or `undefined` if one of them has no score. */
export function meanScore(method: MethodResult, read: ReadScore): number | undefined {
  const values = scoresBySeed(method).map(read);
  return values.includes(undefined) ? undefined : mean(values as number[]);
}

/** Standard deviation over the seeds; for one seed the standard error over the unseen classes, where it is known. */
export function scoreSpread(method: MethodResult, read: ReadScore): number | undefined {
  if (method.repeats.length === 0) return jackknifeError(method.parts.map((part) => read(part as Scores)));
  const values = scoresBySeed(method).map(read);
  return values.every(isFiniteNumber) ? deviation(values) : undefined;
}

/**
 * Difference `a − b` of two methods: over the seeds, paired by seed; for one seed over the unseen classes, paired by the
 * part that is left out. `undefined` where neither is known.
 * @param pool the methods whose differences tell the noise, the same for each pair of them. Default: the two.
 */
export function compareScores(
  a: MethodResult,
  b: MethodResult,
  read: ReadScore,
  pool: readonly MethodResult[] = [a, b],
): Estimate | undefined {
  const value = subtract(meanScore(a, read), meanScore(b, read));
  if (!isFiniteNumber(value)) return undefined;
  const seeds = 1 + Math.min(...pool.map(({ repeats }) => repeats.length));
  const samples = pool.map((method) =>
    (seeds > 1 ? scoresBySeed(method).slice(0, seeds) : (method.parts as readonly Scores[])).map(read),
  );
  const known = samples[0]!.flatMap((_, i) => (samples.every((row) => isFiniteNumber(row[i])) ? [i] : []));
  const count = known.length;
  if (count < 2 || (seeds > 1 && count < seeds)) return undefined;
  const rows = samples.map((row) => known.map((i) => row[i]!));
  const freedom = (rows.length - 1) * (count - 1);
  const variance = 2 * (interaction(rows) / freedom);
  // The values without each part vary less than those of seeds, by the factor of the jackknife.
  const standardError = Math.sqrt(variance / count) * (seeds > 1 ? 1 : count - 1);
  return { value, standardError, margin: tQuantile(freedom) * standardError };
}

/**
 * Methods that no other is better than beyond noise, which is pooled over all methods, so that none of them is worse than
 * a method that is not. Empty if that holds of all, or a comparison is unknown.
 * @param better the direction that is better
 */
export function findLeaders(
  methods: readonly MethodResult[],
  read: ReadScore,
  better: 'higher' | 'lower',
): ReadonlySet<MethodResult> {
  const sign = better === 'higher' ? 1 : -1;
  const scored = methods.filter((method) => meanScore(method, read) !== undefined);
  const first = scored.reduce<MethodResult | undefined>((best, method) => {
    const isBetter = best === undefined || sign * (meanScore(method, read)! - meanScore(best, read)!) > 0;
    return isBetter ? method : best;
  }, undefined);
  if (first === undefined) return new Set();
  const leaders = new Set([first]);
  for (const method of scored) {
    if (method === first) continue;
    const difference = compareScores(first, method, read, scored);
    if (difference === undefined) return new Set();
    if (!isBeyondNoise(difference)) leaders.add(method);
  }
  return leaders.size < scored.length ? leaders : new Set();
}

/** Whether zero is outside the 95% interval. */
export function isBeyondNoise({ value, margin }: Estimate): boolean {
  return Math.abs(value) > margin;
}

/** Standard error from the values without each part (delete-a-group jackknife). */
function jackknifeError(values: readonly (number | undefined)[]): number | undefined {
  const known = values.filter(isFiniteNumber);
  if (known.length < 2) return undefined;
  return (deviation(known) * (known.length - 1)) / Math.sqrt(known.length);
}

/** Sum of squares that neither the means of the rows nor those of the columns explain. */
function interaction(rows: readonly (readonly number[])[]): number {
  const rowMeans = rows.map(mean);
  const columnMeans = rows[0]!.map((_, j) => mean(rows.map((row) => row[j]!)));
  const center = mean(rowMeans);
  return rows.reduce(
    (sum, row, i) => row.reduce((total, x, j) => total + (x - rowMeans[i]! - columnMeans[j]! + center) ** 2, sum),
    0,
  );
}

function tQuantile(freedom: number): number {
  return studentT[freedom - 1] ?? 1.96 + 2.8 / freedom;
}

function subtract(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined || b === undefined ? undefined : a - b;
}

function isFiniteNumber(value: number | undefined): value is number {
  return Number.isFinite(value);
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** Sample standard deviation. */
function deviation(values: readonly number[]): number {
  const center = mean(values);
  return Math.sqrt(values.reduce((sum, value) => sum + (value - center) ** 2, 0) / (values.length - 1));
}
