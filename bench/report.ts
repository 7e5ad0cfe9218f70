// How measurements are printed: as rows of a table, or as one JSON object a line.
import type { Comparison } from './measure.ts';
import type { Timing } from './turns.ts';
import type { MemoryComparison } from './processes/memory.ts';
import type { StartUp } from './processes/startUp.ts';
import type { Spread } from './statistics.ts';
import type { Target } from './targets.ts';

const widths = [72, 28, 7];

/** A row of a table: texts to the left, then numbers. */
export function row(texts: readonly string[], ...numbers: readonly string[]): string {
  return [...texts.map((text, i) => text.padEnd(widths[i]!)), ...numbers.map((number) => number.padStart(24))].join(
    ' ',
  );
}

export const comparisonHeading: string = timingHeading('threads');

export function timingHeading(where: string): string {
  return row(['', 'peer', where], 'ours ms', 'peer ms', 'ratio', 'ratio of the best');
}

export function comparisonRow(comparison: Comparison): string {
  const { threads, peerThreads } = comparison;
  return timingRow(comparison, `${threads} : ${peerThreads}`);
}

export function comparisonObject({ threads, peerThreads, ...timing }: Comparison): object {
  return timingObject(timing, { threads }, { peer_threads: peerThreads });
}

/** @param where both computed. */
export function timingRow({ name, peer, ours, theirs, ratio, bestRatio, roundRatios }: Timing, where: string): string {
  return row(
    [name, peer, where],
    withSpread(ours.median, ours),
    withSpread(theirs.median, theirs),
    withSpread(ratio, roundRatios),
    short(bestRatio),
  );
}

/** @param where both computed. */
export function timingObject(timing: Timing, where: object, more: object = {}): object {
  const { name, peer, ours, theirs, ratio, bestRatio, roundRatios } = timing;
  return {
    name,
    peer,
    ...where,
    ours_ms: ours.median,
    peer_ms: theirs.median,
    ratio,
    ...more,
    ours_p10_ms: ours.p10,
    ours_p90_ms: ours.p90,
    ours_best_ms: ours.best,
    peer_p10_ms: theirs.p10,
    peer_p90_ms: theirs.p90,
    peer_best_ms: theirs.best,
    best_ratio: bestRatio,
    ratio_p10: roundRatios.p10,
    ratio_p90: roundRatios.p90,
  };
}

export const memoryHeading: string = row(['', 'peer', 'threads'], 'ours MiB', 'peer MiB', 'ratio');

export function memoryRow({ name, peer, threads, ours, theirs, ratio }: MemoryComparison): string {
  return row([name, peer, `${threads} : ${threads}`], short(ours), short(theirs), short(ratio));
}

export function memoryObject({ name, peer, threads, ours, theirs, ratio }: MemoryComparison): object {
  return { name, peer, threads, ours_mib: ours, peer_mib: theirs, ratio };
}

export const startUpHeading: string = row(['start-up to the first result, and package size'], 'ms', 'MiB');

export function startUpRow({ name, time, size }: StartUp): string {
  return row([name], withSpread(time.median, time), short(size));
}

/** A peer's, against ours. */
export function startUpObjects(own: StartUp, { name: peer, time, size }: StartUp, threads: number): object[] {
  const [ours_ms, peer_ms] = [own.time.median, time.median];
  return [
    { name: 'start-up to the first result', peer, threads, ours_ms, peer_ms, ratio: peer_ms / ours_ms },
    { name: 'package size', peer, threads, ours_mib: own.size, peer_mib: size, ratio: size / own.size },
  ];
}

/** What came of a target; a row ends in `pass`, or `MISS` and by how much. */
export interface Outcome {
  readonly target: Target;
  readonly ratio: number;
  readonly best?: number;
  readonly rounds?: Spread;
}

export const targetHeading: string = row(['', 'peer', 'threads'], 'target', 'ratio', 'ratio of the best', '');

export function targetRow({ target, ratio, best, rounds }: Outcome): string {
  const { name, peer, threads, atLeast, goal } = target;
  const missing = `MISS by ${(100 * (1 - ratio / atLeast)).toFixed(0)} %`;
  return row(
    [name, peer, String(threads)],
    `≥ ${atLeast}${goal === undefined ? '' : ` (goal ${goal})`}`,
    rounds ? withSpread(ratio, rounds) : short(ratio),
    best === undefined ? '' : short(best),
    passes({ target, ratio }) ? 'pass' : missing,
  );
}

export const passes = ({ target, ratio }: Outcome): boolean => ratio >= target.atLeast;

/** The middle, and from where to where the middle 80 % are. */
function withSpread(middle: number, { p10, p90 }: Spread): string {
  return `${short(middle)} (${short(p10)}–${short(p90)})`;
}

/** Three digits that count. */
function short(number: number): string {
  if (!Number.isFinite(number)) return '–';
  return number >= 100 ? number.toFixed(0) : number.toPrecision(3);
}
