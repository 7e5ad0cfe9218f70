import { toDegrees } from './report/format.ts';
import type { MethodResult } from './report/contents.ts';
import { meanScore, type ReadScore, scoreSpread } from './report/noise.ts';

interface Column {
  readonly heading: string;
  readonly read: ReadScore;
  readonly digits: number;
  /** Shows the spread as well. */
  readonly spread?: boolean;
}

const columns: readonly Column[] = [
  { heading: 'accuracy %', read: ({ accuracy }) => 100 * accuracy, digits: 1, spread: true },
  { heading: 'EER %', read: ({ eer }) => 100 * eer, digits: 1, spread: true },
  { heading: 'TAR % at 1% FAR', read: ({ tarAtFar }) => tarAtFar && 100 * tarAtFar[0.01]!, digits: 1, spread: true },
  { heading: 'rank-1 %', read: ({ rank1 }) => 100 * rank1, digits: 1 },
  { heading: 'Fisher', read: ({ angularFisherScore }) => angularFisherScore, digits: 3 },
  { heading: 'intra °', read: ({ largestIntraClassAngle: angle }) => toDegrees(angle), digits: 1 },
  { heading: 'inter °', read: ({ smallestInterClassAngle: angle }) => toDegrees(angle), digits: 1 },
];

/** Formats the results, means over the seeds, as a table of aligned text. */
export function formatResults(methods: readonly MethodResult[]): string {
  const rows = methods.map((method) => [
    method.name,
    ...columns.map((column) => formatCell(column, method)),
    method.seconds.toFixed(0),
  ]);
  const lines = [['on unseen classes', ...columns.map(({ heading }) => heading), 'train s'], ...rows];
  const widths = lines[0]!.map((_, column) => Math.max(...lines.map((line) => line[column]!.length)));
  return lines
    .map((line) => line.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!))).join('  '))
    .join('\n');
}

function formatCell({ read, digits, spread }: Column, method: MethodResult): string {
  const value = meanScore(method, read)!.toFixed(digits);
  const deviation = spread ? scoreSpread(method, read) : undefined;
  return deviation === undefined ? value : `${value} ± ${deviation.toFixed(digits)}`;
}
