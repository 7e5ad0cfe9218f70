// Formats measurements as rows of a table, or as one JSON object per line.
import type { Comparison } from './measure.ts';
import type { Timing } from './interleave.ts';
import type { MemoryComparison } from './processes/memory.ts';
import type { StartUp } from './processes/startUp.ts';
import type { Summary } from './statistics.ts';
import type { Target } from './targets.ts';

const widths = [72, 28, 7];

/** Formats a row of a table: texts on the left, then numbers. */
function formatRow(texts: readonly string[], ...numbers: readonly string[]): string {
  return [...texts.map((text, i) => text.padEnd(widths[i]!)), ...numbers.map((number) => number.padStart(24))].join(
    ' ',
  );
}

export const comparisonHeading: string = formatTimingHeading('threads');

export function formatTimingHeading(place: string): string {
  return formatRow(['', 'peer', place], 'ours ms', 'peer ms', 'ratio', 'ratio of the best');
}

export function formatComparison(comparison: Comparison): string {
  const { threads, peerThreads } = comparison;
  return formatTiming(comparison, `${threads} : ${peerThreads}`);
}

export function toComparisonObject({ threads, peerThreads, ...timing }: Comparison): object {
  return toTimingObject(timing, { threads }, { peer_threads: peerThreads });
}

/** @param place Threads or mode. */
export function formatTiming(
  { name, peer, ours, theirs, ratio, bestRatio, roundRatios }: Timing,
  place: string,
): string {
  return formatRow(
    [name, peer, place],
    formatSummary(ours.median, ours),
    formatSummary(theirs.median, theirs),
    formatSummary(ratio, roundRatios),
    formatNumber(bestRatio),
  );
}

/** @param place Threads or mode. */
export function toTimingObject(timing: Timing, place: object, more: object = {}): object {
  const { name, peer, ours, theirs, ratio, bestRatio, roundRatios } = timing;
  return {
    name,
    peer,
    ...place,
    ours_ms: ours.median,
    peer_ms: theirs.median,
    ratio,
    ...more,
    ours_p10_ms: ours.p10,
    ours_p90_ms: ours.p90,
    ours_best_ms: ours.min,
    peer_p10_ms: theirs.p10,
    peer_p90_ms: theirs.p90,
    peer_best_ms: theirs.min,
    best_ratio: bestRatio,
    ratio_p10: roundRatios.p10,
    ratio_p90: roundRatios.p90,
  };
}

export const memoryHeading: string = formatRow(['', 'peer', 'threads'], 'ours MiB', 'peer MiB', 'ratio');

export function formatMemory({ name, peer, threads, ours, theirs, ratio }: MemoryComparison): string {
  return formatRow(
    [name, peer, `${threads} : ${threads}`],
    formatNumber(ours),
    formatNumber(theirs),
    formatNumber(ratio),
  );
}

export function toMemoryObject({ name, peer, threads, ours, theirs, ratio }: MemoryComparison): object {
  return { name, peer, threads, ours_mib: ours, peer_mib: theirs, ratio };
}

export const startUpHeading: string = formatRow(['start-up to the first result, and package size'], 'ms', 'MiB');

export function formatStartUp({ name, time, size }: StartUp): string {
  return formatRow([name], formatSummary(time.median, time), formatNumber(size));
}

/** Compares a peer with ours. */
export function toStartUpObjects(own: StartUp, { name: peer, time, size }: StartUp, threads: number): object[] {
  const [ours_ms, peer_ms] = [own.time.median, time.median];
  return [
    { name: 'start-up to the first result', peer, threads, ours_ms, peer_ms, ratio: peer_ms / ours_ms },
    { name: 'package size', peer, threads, ours_mib: own.size, peer_mib: size, ratio: size / own.size },
  ];
}

/** Measurement of a target. */
export interface Outcome {
  readonly target: Target;
  readonly ratio: number;
  readonly best?: number;
  readonly rounds?: Summary;
}

export const targetHeading: string = formatRow(['', 'peer', 'threads'], 'target', 'ratio', 'ratio of the best', '');

/** Formats a row that ends in `pass`, or `MISS` and by how much. */
export function formatTarget({ target, ratio, best, rounds }: Outcome): string {
  const { name, peer, threads, atLeast, goal } = target;
  const missing = `MISS by ${(100 * (1 - ratio / atLeast)).toFixed(0)} %`;
  return formatRow(
    [name, peer, String(threads)],
    `≥ ${atLeast}${goal === undefined ? '' : ` (goal ${goal})`}`,
    rounds ? formatSummary(ratio, rounds) : formatNumber(ratio),
    best === undefined ? '' : formatNumber(best),
    isPassed({ target, ratio }) ? 'pass' : missing,
  );
}

export const isPassed = ({ target, ratio }: Outcome): boolean => ratio >= target.atLeast;

/** Formats a median with the 10th and the 90th percentile. */
function formatSummary(median: number, { p10, p90 }: Summary): string {
  return `${formatNumber(median)} (${formatNumber(p10)}–${formatNumber(p90)})`;
}

/** Formats a number with three significant digits. */
function formatNumber(number: number): string {
  if (!Number.isFinite(number)) return '–';
  return number >= 100 ? number.toFixed(0) : number.toPrecision(3);
}
