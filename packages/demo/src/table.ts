import { toDegrees } from './report/format.ts';
import type { MethodResult } from './report/contents.ts';

/** Formats the results as a table of aligned text. */
export function formatResults(methods: readonly MethodResult[]): string {
  const percent = (value: number): string => (100 * value).toFixed(1);
  const degrees = (value: number): string => toDegrees(value).toFixed(1);
  const rows = methods.map(({ name, seconds, verification: v }) => [
    name,
    `${percent(v.accuracy)} ± ${percent(v.accuracyStandardError)}`,
    percent(v.eer),
    percent(v.tarAtFar[0.01]!),
    percent(v.rank1),
    v.angularFisherScore.toFixed(3),
    degrees(v.largestIntraClassAngle),
    degrees(v.smallestInterClassAngle),
    seconds.toFixed(0),
  ]);
  const lines = [heading, ...rows];
  const widths = heading.map((_, column) => Math.max(...lines.map((line) => line[column]!.length)));
  return lines
    .map((line) => line.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!))).join('  '))
    .join('\n');
}

const heading = [
  'on unseen classes',
  'accuracy %',
  'EER %',
  'TAR % at 1% FAR',
  'rank-1 %',
  'Fisher',
  'intra °',
  'inter °',
  'train s',
];
